"""A backup brings back what was there, whatever came after it, or leaves everything as it is."""

from __future__ import annotations

import json

import psycopg
import pytest
from click.testing import CliRunner
from databases import another_database
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from migrations import runner
from web.cli import main


@pytest.fixture
def store(cluster, monkeypatch):
    """A database of its own, empty: its two addresses, which the commands use too."""
    with another_database(cluster, "lianfang_backup") as (app_url, owner_url):
        monkeypatch.setenv("LIANFANG_DATABASE_URL", app_url)
        monkeypatch.setenv("LIANFANG_OWNER_DATABASE_URL", owner_url)
        yield app_url, owner_url


def do(url, *statements):
    """Run statements in one transaction that sees the whole site; answers the rows of the last one."""
    with create_engine(url, poolclass=NullPool).begin() as connection:
        connection.execute(text("SELECT set_config('app.scope', '*', true)"))
        for statement in statements:
            result = connection.execute(text(statement))
        return [tuple(row) for row in result] if result.returns_rows else []


def call(*arguments):
    result = CliRunner().invoke(main, [*map(str, arguments), "--json"])
    return result.exit_code, result.output


BATCH = """INSERT INTO import_batch (kind, file_name, sha256, datum, label, row_count, author)
           VALUES ('places', 'p.csv', 'abc', 'gcj02', 'real', 1, 'test')"""
PLACE = """INSERT INTO place (key, kind, name, geom, valid, batch_id)
           SELECT 'p' || n, 'school', '学校' || n, ST_SetSRID(ST_MakePoint(116.6 + n / 1e7, 23.2), 4326),
                  '[1970-01-01,)', b.id FROM generate_series(1, 2000) AS n, import_batch AS b"""
DAYS = "SELECT make_frame_partition('2026-11-21'), make_frame_partition('2026-11-22')"
FRAMES = """INSERT INTO frame (camera_id, source_id, captured_at, event) VALUES
            (1, 1, '2026-11-21 23:59:59.999+00', 0), (1, 1, '2026-11-22 00:00:00+00', 1)"""
PLACES_THERE = "SELECT id, key, name, ST_AsEWKT(geom), batch_id FROM place ORDER BY id"
FRAMES_THERE = "SELECT tableoid::regclass::text, captured_at, event FROM frame ORDER BY captured_at"
PRIVILEGES = """SELECT table_name, privilege_type FROM information_schema.role_table_grants
                WHERE grantee = 'lianfang_app' AND table_schema = 'public' ORDER BY 1, 2"""
FUNCTION = """SELECT proacl::text FROM pg_proc
              WHERE proname IN ('make_frame_partition', 'scope_zones', 'zone_villages') ORDER BY 1"""
POLICIES = "SELECT tablename, policyname, roles::text, cmd, qual, with_check FROM pg_policies ORDER BY 1, 2"
GUARDED = """SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relrowsecurity
             ORDER BY relname"""


def test_a_restore_brings_back_rows_partitions_privileges_and_policies(store, tmp_path):
    app_url, owner_url = store
    runner.upgrade(owner_url)
    do(app_url, BATCH, PLACE, DAYS, FRAMES)
    asked = (PLACES_THERE, FRAMES_THERE, PRIVILEGES, FUNCTION, POLICIES, GUARDED)
    before = [do(owner_url, query) for query in asked]
    assert (len(before[0]), [row[0] for row in before[1]]) == (
        2000,
        ["frame_day_20261121", "frame_day_20261122"],
    )
    status, said = call("db", "backup", tmp_path / "a.dump")
    assert status == 0, said
    do(app_url, "DELETE FROM place WHERE id % 2 = 0", "UPDATE place SET name = 'x'", "DELETE FROM frame")
    # What came after the backup goes: another day, and a table and a type no backup knows.
    do(app_url, "SELECT make_frame_partition('2026-11-23')")
    do(owner_url, "CREATE TYPE odd AS ENUM ('a')", "CREATE TABLE later (id int REFERENCES site (id), o odd)")
    status, said = call("db", "restore", tmp_path / "a.dump")
    assert status == 0, said
    assert [do(owner_url, query) for query in asked] == before
    assert do(owner_url, "SELECT to_regclass('later'), to_regtype('odd')") == [(None, None)]
    assert do(owner_url, "SELECT to_regclass('frame_day_20261123')") == [(None,)]
    runner.check(owner_url)
    # The program goes on: a new day, and keys that do not collide with restored ones.
    do(app_url, "SELECT make_frame_partition('2026-11-23')", BATCH)
    assert do(app_url, "SELECT count(DISTINCT id) FROM import_batch") == [(2,)]


def test_a_backup_of_an_older_revision_is_restored_and_brought_up_to_date(store, tmp_path):
    app_url, owner_url = store
    runner.upgrade(owner_url, "0002")
    do(app_url, BATCH, PLACE, DAYS, FRAMES)
    before = do(app_url, PLACES_THERE), do(app_url, FRAMES_THERE)
    status, said = call("db", "backup", tmp_path / "old.dump")
    assert status == 0, said
    runner.upgrade(owner_url)
    do(app_url, "DELETE FROM place", "DELETE FROM frame")
    status, said = call("db", "restore", tmp_path / "old.dump")
    assert status == 0, said
    assert json.loads(said.strip().splitlines()[-1])["revision"] == runner.head_revision()
    assert runner.current_revision(owner_url) == runner.head_revision()
    assert (do(app_url, PLACES_THERE), do(app_url, FRAMES_THERE)) == before
    runner.check(owner_url)
    # The partitions that came with it show nothing past the policies of their table.
    assert {("frame_day_20261121",), ("frame_day_20261122",)} <= set(do(owner_url, GUARDED))
    # Tables made by the upgrade after the restore are the program's to write, as ever.
    assert ("plan", "INSERT") in do(owner_url, PRIVILEGES)


def test_the_programs_own_role_makes_no_backup(store, tmp_path, monkeypatch):
    """It sees what its scope shows: a backup by it would be no backup."""
    runner.upgrade(store[1])
    monkeypatch.delenv("LIANFANG_OWNER_DATABASE_URL")
    status, said = call("db", "backup", tmp_path / "a.dump")
    assert status == 1
    assert "set LIANFANG_OWNER_DATABASE_URL" in said
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_or_foreign_or_newer_backup_is_refused_and_the_data_stays(store, tmp_path):
    app_url, owner_url = store
    runner.upgrade(owner_url)
    do(app_url, BATCH, PLACE)
    before = do(app_url, PLACES_THERE)
    whole, cut, foreign = (tmp_path / name for name in ("whole.dump", "cut.dump", "foreign.dump"))
    assert call("db", "backup", whole)[0] == 0
    content = whole.read_bytes()
    # The contents are whole and the revision can be read; the places, the last big block, end half way.
    cut.write_bytes(content[:-12_000])
    foreign.write_bytes(b"no backup at all")
    status, said = call("db", "restore", cut)
    assert status == 1
    assert "is damaged" in said
    assert "everything is as it was" in said
    assert do(app_url, PLACES_THERE) == before
    status, said = call("db", "restore", foreign)
    assert status == 1
    assert "is not a backup made by" in said
    do(owner_url, "UPDATE alembic_version SET version_num = '9999'")
    newer = tmp_path / "newer.dump"
    assert call("db", "backup", newer)[0] == 0
    do(owner_url, f"UPDATE alembic_version SET version_num = '{runner.head_revision()}'")
    status, said = call("db", "restore", newer)
    assert status == 1
    assert "revision 9999, newer than" in said
    assert do(app_url, PLACES_THERE) == before


def test_a_restore_that_the_server_refuses_leaves_everything(store, cluster, tmp_path):
    """A table of the superuser's has the name of one in the backup: psql stops, and nothing was dropped."""
    app_url, owner_url = store
    runner.upgrade(owner_url)
    do(app_url, BATCH, PLACE)
    do(owner_url, "CREATE TABLE mine (id int)")
    assert call("db", "backup", tmp_path / "a.dump")[0] == 0
    do(owner_url, "DROP TABLE mine")
    with psycopg.connect(cluster.superuser_dsn, dbname="lianfang_backup", autocommit=True) as connection:
        connection.execute("CREATE TABLE mine (id int)")
    before = [do(owner_url, query) for query in (PLACES_THERE, PRIVILEGES, FUNCTION)]
    status, said = call("db", "restore", tmp_path / "a.dump")
    assert status == 1
    assert "everything is as it was" in said
    assert '"mine" already exists' in said
    assert [do(owner_url, query) for query in (PLACES_THERE, PRIVILEGES, FUNCTION)] == before
