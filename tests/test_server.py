"""The private PostGIS server, started for real."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from geo import server
from geo.errors import LianfangError
from geo.server import place as place_module
from geo.server.binaries import EXTENSIONS, newest
from geo.server.place import LONGEST_SOCKET_PATH, ServerUser, candidates, server_user, socket_length
from geo.server.roles import APP, ATTRIBUTES, DATABASE, GRANTS, LEAKPROOF, OWNER
from geo.server.temporary import PREFIX, remove_leftovers

ROOT = Path(__file__).parent.parent


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the server's user can enter, unlike pytest's own; the server in it is stopped."""
    path = Path(tempfile.mkdtemp(prefix="lf-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        for var_dir in path.rglob("postgres.lock"):
            server.shutdown(var_dir.parent)
        shutil.rmtree(path)


@pytest.fixture(autouse=True)
def _fallback_of_its_own(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Nothing here may write to the machine's shared folder, whoever runs the tests."""
    shared = folder / "shared"
    monkeypatch.setattr(place_module, "SHARED_PLACE", shared)
    monkeypatch.setenv("XDG_DATA_HOME", str(shared))


@pytest.fixture(scope="module")
def original() -> Iterator[Path]:
    """A `var` folder with a cluster that was made, used and stopped: making one takes a second."""
    path = Path(tempfile.mkdtemp(prefix="lf-"))
    path.chmod(0o755)
    cluster = server.ensure_running(path)
    with psycopg.connect(cluster.superuser_dsn, dbname=DATABASE) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS answer")
    assert server.stop(cluster)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def var(original: Path, folder: Path) -> Path:
    """A copy of `original`."""
    subprocess.run(["cp", "-a", f"{original}/.", folder / "var"], check=True)
    (folder / "var").chmod(0o755)
    return folder / "var"


def answer(cluster: server.Cluster) -> int:
    """Read back what `original` holds."""
    with psycopg.connect(cluster.superuser_dsn, dbname=DATABASE) as connection:
        row = connection.execute("SELECT answer FROM kept").fetchone()
    assert row is not None
    return int(row[0])


def in_another_process(code: str, var_dir: Path) -> subprocess.Popen[str]:
    """Run `code` with `server`, `cluster` (running) and `say` at hand."""
    program = (
        "import sys, os, time\nfrom pathlib import Path\nfrom geo import server\n"
        "def say(*words): print(*words, flush=True)\n"
        "var_dir = Path(sys.argv[1])\ncluster = server.ensure_running(var_dir)\n" + code
    )
    return subprocess.Popen(
        [sys.executable, "-c", program, str(var_dir)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def says(process: subprocess.Popen[str]) -> str:
    """The next line of the other process."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_first_use_makes_a_utf8_cluster_reachable_by_socket_alone(folder: Path) -> None:
    cluster = server.ensure_running(folder / "var")
    assert cluster.started_here
    assert cluster.place == (folder / "var" / "postgres").resolve()
    with psycopg.connect(cluster.superuser_dsn, dbname=DATABASE) as connection:
        shown = connection.execute(
            "SELECT current_setting('server_encoding'), datcollate, current_setting('listen_addresses'), "
            "current_setting('TimeZone'), inet_server_addr() FROM pg_database WHERE datname = %s",
            [DATABASE],
        ).fetchone()
    assert shown == ("UTF8", "C.UTF-8", "", "UTC", None)
    assert (cluster.place / "data").stat().st_mode & 0o777 == 0o700
    assert cluster.place.stat().st_mode & 0o777 == 0o700
    assert server.status(folder / "var").is_running
    assert server.stop(cluster)
    assert not server.status(folder / "var").is_running


def test_status_of_an_unused_folder_makes_nothing(folder: Path) -> None:
    found = server.status(folder / "var")
    assert (found.place, found.is_running) == (None, False)
    assert not (folder / "var").exists()
    assert not server.shutdown(folder / "var")


def test_program_role_owns_nothing_and_cannot_make_tables(var: Path) -> None:
    cluster = server.ensure_running(var)
    engine = sa.create_engine(cluster.app_url)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT current_user")) == APP
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied for schema public"):
            connection.execute(sa.text("CREATE TABLE mine (x int)"))
        connection.rollback()
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied for database"):
            connection.execute(sa.text("CREATE SCHEMA mine"))
        connection.rollback()
        rights = connection.execute(
            sa.text(
                "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls, "
                "(SELECT count(*) FROM pg_class WHERE relowner = r.oid), "
                "(SELECT count(*) FROM pg_database WHERE datdba = r.oid) FROM pg_roles r WHERE rolname = :me"
            ),
            {"me": APP},
        ).one()
        assert tuple(rights) == (False, 0, 0)
    engine.dispose()


def test_owner_role_makes_tables_but_no_databases(var: Path) -> None:
    cluster = server.ensure_running(var)
    engine = sa.create_engine(cluster.owner_url)
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE TABLE seen (at geometry(Point, 4326), path ltree)"))
        owner = sa.text("SELECT tableowner FROM pg_tables WHERE tablename = 'seen'")
        assert connection.scalar(owner) == OWNER
        attributes = sa.text("SELECT rolsuper, rolcreatedb, rolbypassrls FROM pg_roles WHERE rolname = :me")
        assert tuple(connection.execute(attributes, {"me": OWNER}).one()) == (False, False, False)
    engine.dispose()


def test_bounding_box_test_is_leakproof_again_after_an_upgrade_forgot_it(var: Path) -> None:
    query = (
        "SELECT proleakproof FROM pg_proc WHERE oid = 'geometry_overlaps(geometry, geometry)'::regprocedure"
    )
    cluster = server.ensure_running(var)
    with psycopg.connect(cluster.superuser_dsn, dbname=DATABASE, autocommit=True) as connection:
        assert connection.execute(query).fetchone() == (True,)
        connection.execute("ALTER FUNCTION geometry_overlaps(geometry, geometry) NOT LEAKPROOF")
    assert server.stop(cluster)
    cluster = server.ensure_running(var)
    with psycopg.connect(cluster.superuser_dsn, dbname=DATABASE) as connection:
        assert connection.execute(query).fetchone() == (True,)


def test_settings_in_the_users_shell_do_not_lead_elsewhere(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGHOST", "nowhere.invalid")
    monkeypatch.setenv("PGDATABASE", "other")
    cluster = server.ensure_running(var)
    assert answer(cluster) == 7
    engine = sa.create_engine(cluster.app_url)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT current_database()")) == DATABASE
    engine.dispose()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
def test_another_user_of_the_machine_is_not_let_in(var: Path) -> None:
    """Even with every folder and the socket opened, the kernel says who is calling."""
    cluster = server.ensure_running(var)
    for opened in (cluster.place, cluster.socket_dir, cluster.socket_dir / place_module.SOCKET_NAME):
        opened.chmod(0o777)
    psql = newest().program("psql")
    call = [psql, "-h", str(cluster.socket_dir), "-U", APP, "-d", DATABASE, "-c", "SELECT 1"]
    refused = subprocess.run(call, user="nobody", cwd="/", capture_output=True, text=True)
    assert refused.returncode != 0
    assert "Peer authentication failed" in refused.stderr
    assert subprocess.run(call, cwd="/", capture_output=True).returncode == 0


def test_second_process_uses_the_server_and_leaves_it_running(var: Path) -> None:
    cluster = server.ensure_running(var)
    other = in_another_process("say(cluster.started_here, server.stop(cluster))", var)
    assert says(other) == "False False"
    assert other.wait() == 0
    assert answer(cluster) == 7
    assert server.stop(cluster)


def test_server_outlives_its_starter_while_another_process_uses_it(var: Path) -> None:
    cluster = server.ensure_running(var)
    other = in_another_process("say('in'); sys.stdin.readline(); say(server.stop(cluster))", var)
    assert says(other) == "in"
    assert not server.stop(cluster)
    assert answer(cluster) == 7
    other.communicate("\n")
    assert server.status(var).is_running
    assert server.shutdown(var)
    assert not server.status(var).is_running


def test_use_of_a_killed_process_does_not_keep_the_server_up(var: Path) -> None:
    cluster = server.ensure_running(var)
    other = in_another_process("say('in'); sys.stdin.readline()", var)
    assert says(other) == "in"
    other.kill()
    other.wait()
    assert server.stop(cluster)


def test_forked_worker_does_not_stop_its_parents_server(var: Path) -> None:
    code = (
        "child = os.fork()\n"
        "if child == 0:\n    os._exit(int(server.stop(cluster)))\n"
        "stopped_by_child = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])\n"
        "say(cluster.started_here, stopped_by_child, server.status(var_dir).is_running, server.stop(cluster))"
    )
    starter = in_another_process(code, var)
    assert says(starter) == "True 0 True True"
    starter.communicate()


def test_of_two_processes_at_once_exactly_one_makes_the_cluster(folder: Path) -> None:
    var_dir = folder / "var"
    var_dir.mkdir()
    code = "say(cluster.started_here); sys.stdin.readline()"
    both = [in_another_process(code, var_dir) for _ in range(2)]
    assert sorted(says(process) for process in both) == ["False", "True"]
    for process in both:
        process.communicate("\n")
    assert not list((var_dir / "postgres").glob("data.new*"))


def test_killed_server_comes_back_with_its_data(var: Path) -> None:
    cluster = server.ensure_running(var)
    pid = server.status(var).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert (cluster.place / "data" / "postmaster.pid").exists()
    server.stop(cluster)
    again = server.ensure_running(var)
    assert again.started_here
    assert server.status(var).pid != pid
    assert answer(again) == 7


def test_stale_pid_file_naming_a_living_stranger_is_seen_through(var: Path) -> None:
    """After a reboot the old number may be any program's; PostgreSQL alone would refuse to start."""
    cluster = server.ensure_running(var)
    notes = [
        cluster.place / "data" / "postmaster.pid",
        cluster.socket_dir / f"{place_module.SOCKET_NAME}.lock",
    ]
    kept = [note.read_text() for note in notes]
    assert server.stop(cluster)
    # Of the server's own user, or PostgreSQL may not signal it and knows it for a stranger itself.
    stranger = subprocess.Popen(["sleep", "60"], user=cluster.place.stat().st_uid, cwd="/")
    try:
        for note, text in zip(notes, kept, strict=True):
            note.write_text(re.sub(r"^\d+", str(stranger.pid), text))
            os.chown(note, cluster.place.stat().st_uid, -1)
        assert not server.status(var).is_running
        assert answer(server.ensure_running(var)) == 7
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_cluster_of_an_older_version_is_refused_with_the_dump_command(var: Path) -> None:
    marker = var / "postgres" / "data" / "PG_VERSION"
    marker.write_text("13\n")
    with pytest.raises(LianfangError, match=r"made by PostgreSQL 13 .*pg_dump -Fc .*lianfang db restore"):
        server.ensure_running(var)
    assert not server.status(var).is_running
    marker.write_text(f"{newest().major}\n")
    assert answer(server.ensure_running(var)) == 7


def test_cluster_of_a_newer_version_is_refused_with_the_package_to_install(var: Path) -> None:
    (var / "postgres" / "data" / "PG_VERSION").write_text("99\n")
    with pytest.raises(LianfangError, match=r"made by PostgreSQL 99 .*apt-get install postgresql-99 "):
        server.ensure_running(var)


def test_socket_path_too_long_moves_a_new_cluster_to_the_short_place(folder: Path) -> None:
    var_dir = folder / ("x" * LONGEST_SOCKET_PATH) / "var"
    cluster = server.ensure_running(var_dir)
    assert cluster.place == candidates(var_dir)[1]
    assert cluster.place.is_relative_to(folder / "shared")
    assert server.stop(cluster)


def test_existing_cluster_whose_path_became_too_long_is_refused(var: Path, folder: Path) -> None:
    moved = folder / ("x" * LONGEST_SOCKET_PATH)
    var.rename(moved)
    length = socket_length(moved / "postgres")
    with pytest.raises(LianfangError, match=rf"has {length} characters, the limit is 100: move the checkout"):
        server.ensure_running(moved)


def test_no_short_place_at_all_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = folder / ("x" * LONGEST_SOCKET_PATH)
    monkeypatch.setattr(place_module, "SHARED_PLACE", deep)
    monkeypatch.setenv("XDG_DATA_HOME", str(deep))
    with pytest.raises(LianfangError, match="at most 100 characters"):
        server.ensure_running(deep / "var")


def test_folder_the_servers_user_cannot_enter_moves_the_cluster(folder: Path) -> None:
    closed = folder / "closed"
    var_dir = closed / "var"
    var_dir.mkdir(parents=True)
    if os.geteuid() == 0:
        closed.chmod(0o700)  # root's own: `postgres` cannot pass
    else:
        var_dir.chmod(0o500)
    options = candidates(var_dir)
    user = server_user()
    assert place_module.choose_place(var_dir, user) == options[1]
    assert options[1].stat().st_uid == user.uid
    assert not options[0].exists()


def test_two_checkouts_never_share_a_fallback(folder: Path) -> None:
    assert candidates(folder / "a")[1] != candidates(folder / "b")[1]


def test_failed_start_says_why_and_leaves_nothing_running(var: Path) -> None:
    with (var / "postgres" / "data" / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with pytest.raises(
        LianfangError, match=r"did not start: .*no_such_setting|did not start: .*contains errors"
    ):
        server.ensure_running(var)
    assert not server.status(var).is_running


def test_failed_making_leaves_no_half_cluster(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = ServerUser.run

    def with_bad_locale(self: ServerUser, *args: str | Path, timeout_s: float = 120.0) -> object:
        changed = ["--locale=xx_XX" if str(arg).startswith("--locale") else arg for arg in args]
        return run(self, *changed, timeout_s=timeout_s)

    monkeypatch.setattr(ServerUser, "run", with_bad_locale)
    with pytest.raises(LianfangError, match=r"could not be made in .*locale"):
        server.ensure_running(folder / "var")
    assert not list((folder / "var" / "postgres").glob("data*"))


def test_interrupted_bootstrap_is_made_up_for(var: Path) -> None:
    """The cluster runs, but the process died before the database was there."""
    cluster = server.ensure_running(var)
    with psycopg.connect(cluster.superuser_dsn, dbname="postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {DATABASE}")
    (cluster.place / "bootstrapped").unlink()
    again = server.ensure_running(var)
    engine = sa.create_engine(again.app_url)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT ST_Area(ST_MakeEnvelope(0, 0, 2, 3))")) == 6
    engine.dispose()


def test_throw_away_cluster_is_gone_at_the_end() -> None:
    with server.temporary_cluster() as cluster:
        place = cluster.place
        engine = sa.create_engine(cluster.owner_url)
        with engine.connect() as connection:
            assert connection.scalar(sa.text("SHOW fsync")) == "off"
        engine.dispose()
        assert remove_leftovers(place.parent) == []
        assert place.exists()
    assert not place.exists()


def test_throw_away_cluster_of_a_killed_run_is_cleared_by_the_next(folder: Path) -> None:
    code = (
        "from geo.server import temporary_cluster\n"
        "with temporary_cluster() as cluster:\n    print(cluster.place, flush=True)\n    input()\n"
    )
    environment = os.environ | {"TMPDIR": str(folder)}
    run = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    place = Path(says(run))
    assert place.parent == folder
    assert place.name.startswith(PREFIX)
    pid = int((place / "data" / "postmaster.pid").read_text().split()[0])
    run.kill()
    run.communicate()
    assert remove_leftovers(folder) == [place]
    assert not place.exists()
    give_up_at = time.monotonic() + 10
    while Path("/proc", str(pid)).exists() and time.monotonic() < give_up_at:
        time.sleep(0.05)
    assert not Path("/proc", str(pid)).exists()


def test_documented_statements_are_those_the_program_runs() -> None:
    """An administrator who prepares a server by hand gets the same rights."""
    text = (ROOT / "docs" / "server.md").read_text(encoding="utf-8")
    made = (f"CREATE EXTENSION IF NOT EXISTS {name}" for name in EXTENSIONS)
    roles = (f"CREATE ROLE {role} {ATTRIBUTES}" for role in (OWNER, APP))
    for statement in (*roles, *GRANTS, *made, LEAKPROOF):
        assert f"{statement};" in text
