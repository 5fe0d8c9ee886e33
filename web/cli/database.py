"""`lianfang db ...` and `lianfang doctor`: the database's own commands."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

import click
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from geo import server
from geo.db import urls_from_environment
from geo.errors import LianfangError
from geo.server.binaries import installations
from migrations import runner
from web.cli.common import command_options
from web.database import Urls, migrate, running_database, var_dir
from web.rowsecurity import unguarded_tables


@click.group("db")
def database() -> None:
    """The private PostGIS server: start, stop, look, upgrade, back up, restore."""


def _only_private() -> None:
    if urls_from_environment()[0]:
        raise LianfangError(
            "LIANFANG_DATABASE_URL names a real server, which its administrator starts and stops; "
            "unset it to use the private one"
        )


@database.command("start")
@command_options
def start() -> dict[str, Any]:
    """Start the private server and leave it running.

    Example: lianfang db start
    """
    _only_private()
    cluster = server.ensure_running(var_dir())
    changed = migrate(Urls(cluster.app_url, cluster.owner_url, private=True))
    click.echo(f"The database runs; connect with: psql '{cluster.superuser_dsn} dbname=lianfang'", err=True)
    return {"running": True, "started": cluster.started_here, "migrated": changed}


@database.command("stop")
@command_options
def stop() -> dict[str, Any]:
    """Stop the private server.

    Example: lianfang db stop
    """
    _only_private()
    stopped = server.shutdown(var_dir())
    click.echo("The database is stopped." if stopped else "The database was not running.", err=True)
    return {"running": False, "stopped": stopped}


@database.command("status")
@command_options
def status() -> dict[str, Any]:
    """Say whether the server runs and at which revision the schema is.

    Example: lianfang db status --json
    """
    app, _ = urls_from_environment()
    if app:
        revision = runner.current_revision(app)
        click.echo(f"A real server, schema {revision}, this program {runner.head_revision()}.", err=True)
        return {"private": False, "running": True, "revision": revision, "head": runner.head_revision()}
    found = server.status(var_dir())
    if found.place is None:
        click.echo("There is no database yet; `lianfang db start` makes one.", err=True)
    else:
        state = f"runs as process {found.pid}" if found.is_running else "does not run"
        click.echo(f"PostgreSQL {found.major} in {found.place} {state}.", err=True)
    return {
        "private": True,
        "running": found.is_running,
        "major": found.major,
        "head": runner.head_revision(),
    }


@database.command("upgrade")
@command_options
def upgrade() -> dict[str, Any]:
    """Migrate the schema to this program's revision, as the owner role.

    Example: LIANFANG_OWNER_DATABASE_URL=postgresql+psycopg://lianfang_owner@host/lianfang lianfang db upgrade
    """
    with running_database() as urls:
        if urls.owner is None:
            raise LianfangError(
                "a real server is migrated by its owner role; set LIANFANG_OWNER_DATABASE_URL"
            )
        changed = runner.upgrade(urls.owner)
        click.echo(f"The schema is at {runner.head_revision()}.", err=True)
    return {"revision": runner.head_revision(), "changed": changed}


def _client(program: str) -> str:
    """Path of a PostgreSQL client program as new as the server's."""
    beside = [place.bin_dir / program for place in installations()]
    found = next((str(path) for path in beside if path.exists()), None) or shutil.which(program)
    if not found:
        raise LianfangError(f"{program} is not installed; install postgresql-client")
    return found


def _libpq(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _run_client(arguments: list[str]) -> None:
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise LianfangError(f"{Path(arguments[0]).name} failed: {last}")


@database.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@command_options
def backup(file: Path) -> dict[str, Any]:
    """Write everything to FILE (pg_dump custom format).

    Example: lianfang db backup lianfang-2026-11-22.dump
    """
    if file.exists():
        raise LianfangError(f"{file} exists; name a new file, or remove it first")
    with running_database() as urls:
        if urls.owner is None:
            # The program's own role sees only what a scope shows it.
            raise LianfangError("a backup is the owner role's; set LIANFANG_OWNER_DATABASE_URL")
        unfinished = file.with_name(file.name + ".part")
        try:
            _run_client(
                [
                    _client("pg_dump"),
                    "--format=custom",
                    "--no-owner",
                    f"--file={unfinished}",
                    _libpq(urls.owner),
                ]
            )
            unfinished.rename(file)
        finally:
            unfinished.unlink(missing_ok=True)
    click.echo(f"Wrote {file} ({file.stat().st_size / 1e6:.1f} MB).", err=True)
    return {"file": str(file), "bytes": file.stat().st_size}


# Everything in `public` that the restoring role owns, but what came with an extension. Day partitions go with
# their table, indexes and triggers too. Default privileges go first: tables of the backup get the privileges
# that were backed up, and the backup brings the default ones again.
DROP_EVERYTHING = """
SET lock_timeout = '30s';
DO $$
DECLARE found record;
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'lianfang_app') THEN
        ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM lianfang_app;
        ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM lianfang_app;
    END IF;
    FOR found IN
        SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
                              ELSE 'TABLE' END AS kind,
               format('public.%I', c.relname) AS name
        FROM pg_class c JOIN pg_roles o ON o.oid = c.relowner
        WHERE c.relnamespace = 'public'::regnamespace AND o.rolname = current_user
              AND c.relkind IN ('r', 'p', 'v', 'm', 'S') AND NOT c.relispartition
              AND NOT EXISTS (SELECT FROM pg_depend d
                              WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
        ORDER BY c.relkind = 'S'
    LOOP
        EXECUTE format('DROP %s IF EXISTS %s CASCADE', found.kind, found.name);
    END LOOP;
    FOR found IN
        SELECT p.oid::regprocedure AS name
        FROM pg_proc p JOIN pg_roles o ON o.oid = p.proowner
        WHERE p.pronamespace = 'public'::regnamespace AND o.rolname = current_user
              AND NOT EXISTS (SELECT FROM pg_depend d
                              WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
    LOOP
        EXECUTE format('DROP ROUTINE IF EXISTS %s CASCADE', found.name);
    END LOOP;
    FOR found IN
        SELECT format('public.%I', t.typname) AS name
        FROM pg_type t JOIN pg_roles o ON o.oid = t.typowner LEFT JOIN pg_class c ON c.oid = t.typrelid
        WHERE t.typnamespace = 'public'::regnamespace AND o.rolname = current_user
              AND (t.typtype IN ('e', 'd') OR c.relkind = 'c')
              AND NOT EXISTS (SELECT FROM pg_depend d
                              WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
    LOOP
        EXECUTE format('DROP TYPE IF EXISTS %s CASCADE', found.name);
    END LOOP;
END
$$;
"""


def _refuse_foreign(file: Path) -> list[str]:
    """Table of contents of a backup that this program can restore; LianfangError for any other file."""
    listing = subprocess.run(
        [_client("pg_restore"), "--list", str(file)], capture_output=True, text=True, check=False
    )
    if listing.returncode or " alembic_version " not in listing.stdout:
        raise LianfangError(f"{file} is not a backup made by `lianfang db backup`; name one that is")
    marked = subprocess.run(
        [_client("pg_restore"), "--data-only", "--table=alembic_version", "--file=-", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    revision = re.search(r"^COPY public\.alembic_version .*\n(\w+)$", marked.stdout, re.MULTILINE)
    if marked.returncode or revision is None:
        raise LianfangError(f"{file} is damaged, its revision cannot be read; use another backup")
    known = {
        script.revision for script in ScriptDirectory(str(Path(runner.__file__).parent)).walk_revisions()
    }
    if revision[1] not in known:
        raise LianfangError(
            f"{file} is at revision {revision[1]}, newer than this program's {runner.head_revision()}; "
            "update Lianfang first"
        )
    return listing.stdout.splitlines()


def _replace_everything(file: Path, contents: list[str], url: str) -> None:
    """Drop what there is and put the backup in its place, in one transaction: all of it or nothing.

    `pg_restore --clean` drops only what the backup knows, so that tables of a newer revision are in its way;
    and what it writes cannot be told to begin with statements of ours. So psql runs it as a script, and gets
    its COMMIT only when the backup was read to its end.
    """
    # Extensions, their table of projections and the schema belong to the superuser and stay.
    stay = (" EXTENSION ", " SCHEMA ", " public spatial_ref_sys ")
    kept = [line for line in contents if not any(word in line for word in stay)]
    with tempfile.TemporaryDirectory() as folder:
        chosen = Path(folder, "contents")
        chosen.write_text("\n".join(kept) + "\n", encoding="utf8")
        with (
            Path(folder, "reader").open("w+b") as told_by_reader,
            Path(folder, "writer").open("w+b") as told_by_writer,
            subprocess.Popen(
                [_client("pg_restore"), "--no-owner", f"--use-list={chosen}", "--file=-", str(file)],
                stdout=subprocess.PIPE,
                stderr=told_by_reader,
            ) as reader,
            subprocess.Popen(
                [
                    _client("psql"),
                    "--no-psqlrc",
                    "--quiet",
                    "--set=ON_ERROR_STOP=1",
                    f"--dbname={_libpq(url)}",
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=told_by_writer,
            ) as writer,
        ):
            assert reader.stdout is not None and writer.stdin is not None
            try:
                writer.stdin.write(b"BEGIN;" + DROP_EVERYTHING.encode())
                shutil.copyfileobj(reader.stdout, writer.stdin, 1 << 20)
                if reader.wait() == 0:
                    writer.stdin.write(b"\nCOMMIT;\n")
                writer.stdin.close()
            except BrokenPipeError:
                # psql ended at an error, which it has told; a reader that still writes must not wait.
                reader.kill()
                with contextlib.suppress(BrokenPipeError):
                    writer.stdin.close()
            failed = writer.wait() != 0
            # Below 0 it was stopped just above; what a damaged file made psql say is of no help.
            if reader.wait() > 0:
                raise LianfangError(
                    f"{file} is damaged ({_said(told_by_reader)}) and was not restored, everything is "
                    "as it was; use another backup"
                )
            if failed:
                raise LianfangError(
                    f"{file} was not restored, everything is as it was: {_said(told_by_writer)}"
                )


def _said(log: BinaryIO) -> str:
    """The first error a client program told, else its last words."""
    log.seek(0)
    lines = log.read().decode(errors="replace").strip().splitlines() or ["no message"]
    return next((line for line in lines if "ERROR" in line), lines[-1])


@database.command("restore")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@command_options
def restore(file: Path) -> dict[str, Any]:
    """Replace everything in the database with a backup, all or nothing.

    The backup may be of an older revision; the schema is brought up to this program's.

    Example: lianfang db restore lianfang-2026-11-22.dump
    """
    with running_database() as urls:
        if urls.owner is None:
            raise LianfangError("a restore is the owner role's; set LIANFANG_OWNER_DATABASE_URL")
        _replace_everything(file, _refuse_foreign(file), urls.owner)
        runner.upgrade(urls.owner)
    click.echo(f"Restored {file}.", err=True)
    return {"file": str(file), "revision": runner.head_revision()}


@click.command("doctor")
@command_options
def doctor() -> dict[str, Any]:
    """Check what the program needs and say what is wrong, with the remedy.

    Example: lianfang doctor
    """
    checks: dict[str, str] = {}
    with running_database() as urls:
        current, head = runner.current_revision(urls.app), runner.head_revision()
        checks["schema"] = (
            "ok" if current == head else f"at {current}, needs {head}; run `lianfang db upgrade`"
        )
        engine = create_engine(urls.app, poolclass=NullPool)
        with engine.connect() as connection:
            for extension in ("postgis", "ltree", "btree_gist"):
                found = connection.execute(
                    text("SELECT extversion FROM pg_extension WHERE extname = :name"), {"name": extension}
                ).scalar()
                checks[extension] = (
                    "ok" if found else f"missing; a superuser runs CREATE EXTENSION {extension}"
                )
            bare = unguarded_tables(connection)
            checks["policies"] = (
                "ok"
                if not bare
                else f"row-level security does not hold for {len(bare)} tables ({bare[0]}, ...); run "
                "`lianfang db upgrade`, and connect as lianfang_app, which owns no table and is no superuser"
            )
            sealed = connection.execute(
                text("SELECT bool_and(proleakproof) FROM pg_proc WHERE proname = 'geometry_overlaps'")
            ).scalar()
            checks["leakproof"] = (
                "ok"
                if sealed
                else "geometry_overlaps is not LEAKPROOF (a PostGIS upgrade resets it); a superuser runs "
                "ALTER FUNCTION geometry_overlaps(geometry, geometry) LEAKPROOF"
            )
    free_gb = shutil.disk_usage(var_dir() if var_dir().exists() else Path.cwd()).free / 1e9
    checks["disk"] = "ok" if free_gb > 1 else f"{free_gb:.1f} GB free; free at least 1 GB"
    for name, word in checks.items():
        click.echo(f"{name:<12} {word}", err=True)
    wrong = [name for name, word in checks.items() if word != "ok"]
    if wrong:
        raise LianfangError(f"not in order: {', '.join(wrong)}; see above")
    return {"checks": checks}
