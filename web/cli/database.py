"""`lianfang db ...` and `lianfang doctor`: the database's own commands."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
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
        url = urls.owner or urls.app
        unfinished = file.with_name(file.name + ".part")
        try:
            _run_client(
                [_client("pg_dump"), "--format=custom", "--no-owner", f"--file={unfinished}", _libpq(url)]
            )
            unfinished.rename(file)
        finally:
            unfinished.unlink(missing_ok=True)
    click.echo(f"Wrote {file} ({file.stat().st_size / 1e6:.1f} MB).", err=True)
    return {"file": str(file), "bytes": file.stat().st_size}


@database.command("restore")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@command_options
def restore(file: Path) -> dict[str, Any]:
    """Replace everything in the database with a backup, all or nothing.

    Example: lianfang db restore lianfang-2026-11-22.dump
    """
    with running_database() as urls:
        if urls.owner is None:
            raise LianfangError("a restore is the owner role's; set LIANFANG_OWNER_DATABASE_URL")
        # Extensions belong to the superuser and stay; the list leaves them out of the restore.
        listing = subprocess.run(
            [_client("pg_restore"), "--list", str(file)], capture_output=True, text=True, check=False
        )
        if listing.returncode:
            raise LianfangError(f"{file} is not a backup made by `lianfang db backup`")
        kept = [
            line
            for line in listing.stdout.splitlines()
            if " EXTENSION " not in line and " SCHEMA " not in line
        ]
        chosen = file.with_name(f".{file.name}.{os.getpid()}.list")
        try:
            chosen.write_text("\n".join(kept) + "\n", encoding="utf8")
            _run_client(
                [
                    _client("pg_restore"),
                    "--clean",
                    "--if-exists",
                    "--no-owner",
                    "--single-transaction",
                    f"--use-list={chosen}",
                    f"--dbname={_libpq(urls.owner)}",
                    str(file),
                ]
            )
        finally:
            chosen.unlink(missing_ok=True)
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
