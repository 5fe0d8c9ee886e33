"""Raw SQL as the program's role sees and writes what its scope covers, and nothing without one."""

from __future__ import annotations

import json

import psycopg
import pytest
import small_site
from click.testing import CliRunner
from databases import another_database
from hypothesis import given
from hypothesis import strategies as st
from psycopg.errors import InsufficientPrivilege
from psycopg.rows import dict_row
from small_site import CHILD, OWN, PARENT, SIBLING
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from bench import boxes
from geo.db import ALWAYS, Base, copy_rows, make_engine, session_factory, transaction
from geo.scope import NOWHERE, WHOLE_SITE, Scope
from migrations import runner
from web.cli import main
from web.database import TABLES
from web.rowsecurity import OPEN, unguarded_tables
from web.tables import AuditEntry

assert TABLES
GUARDED = sorted(set(Base.metadata.tables) - set(OPEN))

# What decides who sees a row, as SQL over the row `t`: one path, or those of all members of a zone.
CAMERA = "ARRAY(SELECT c.jurisdiction_path FROM camera c WHERE c.id = t.camera_id)"
MEMBERS = "ARRAY(SELECT m.jurisdiction_path FROM zone_member m WHERE m.zone_id = {})"
OF_PLAN = MEMBERS.format("(SELECT p.zone_id FROM plan p WHERE p.id = t.plan_id)")
PATHS = {
    "jurisdiction": "ARRAY[t.path]",
    "zone": MEMBERS.format("t.id"),
    "roster_step": MEMBERS.format("(SELECT r.zone_id FROM roster r WHERE r.id = t.roster_id)"),
    **dict.fromkeys(("zone_member", "team", "plan", "roster", "meeting_place"), MEMBERS.format("t.zone_id")),
    **dict.fromkeys(
        ("team_keep_out", "team_partner"),
        MEMBERS.format("(SELECT o.zone_id FROM team o WHERE o.id = t.team_id)"),
    ),
    **dict.fromkeys(("plan_step", "plan_stop", "plan_visit", "check_in"), OF_PLAN),
    **dict.fromkeys(
        (
            *("camera_change", "camera_proposal", "camera_preset", "camera_source", "frame", "pose"),
            *("recording", "recording_list", "still"),
        ),
        CAMERA,
    ),
    "camera_threshold": "ARRAY(SELECT c.jurisdiction_path FROM camera c WHERE c.code = t.code)",
    "gap_camera": "ARRAY(SELECT g.jurisdiction_path FROM gap g WHERE g.id = t.gap_id)",
    "alert_camera": "ARRAY(SELECT a.jurisdiction_path FROM alert a WHERE a.id = t.alert_id)",
    "audit_step": "ARRAY(SELECT f.jurisdiction_path FROM audit_finding f WHERE f.id = t.finding_id)",
    "sampled_camera": "ARRAY(SELECT s.jurisdiction_path FROM sample_sheet s WHERE s.id = t.sheet_id)",
    "siting_camera": "ARRAY(SELECT p.jurisdiction_path FROM siting_proposal p WHERE p.id = t.proposal_id)",
    **dict.fromkeys(("camera_audit", "assessed_list"), "ARRAY[t.within_path]"),
    "maintenance": "ARRAY(SELECT jurisdiction_path FROM maintenance_camera WHERE maintenance_id = t.id)",
}
# Of no jurisdiction: seen by whoever sees anything.
SHARED = {
    *("site", "setting", "import_batch", "road_node", "water"),
    *("frame_source", "frame_file", "frame_delivery", "frame_day", "analysis", "alert_check"),
    *("duty_calendar", "public_holiday"),
}
# Made for a jurisdiction (null: the whole site): seen at, above and below it, written where it lies.
MADE_FOR = ("camera_audit", "assessed_list")
SCOPES = [
    NOWHERE,
    Scope.of([OWN]),
    Scope.of([CHILD]),
    Scope.of([PARENT]),
    Scope.of([CHILD, SIBLING]),
    # Not there; and as text the beginning of one that is.
    Scope.of(["c.d.t.v9", "c.d.tx", "c.d_"]),
    WHOLE_SITE,
]
# What the small site lacks: rows of its empty tables, rows of no jurisdiction, a jurisdiction whose path
# begins as another's does, and a zone that spans two.
MORE = f"""
SELECT make_frame_partition('2026-11-21');
INSERT INTO jurisdiction (path, code, level, name, origin, valid, batch_id)
    SELECT '{OWN}2', 't2', 2, '名近镇', 'synthetic', '{ALWAYS}', min(id) FROM import_batch;
INSERT INTO place (key, kind, geom, jurisdiction_path, valid, batch_id)
    SELECT 'near', 'school', ST_Point(116.6, 23.3, 4326), '{OWN}2', '{ALWAYS}', min(id) FROM import_batch;
INSERT INTO setting (name, value, changed_at, author) VALUES ('a.b', '1', now(), 'test');
INSERT INTO water (geom, batch_id)
    SELECT ST_Multi(ST_MakeEnvelope(116.6, 23.3, 116.601, 23.301, 4326)), min(id) FROM import_batch;
INSERT INTO frame_source (code, kind, expected_interval_s) VALUES ('gw', 'gateway', 60);
INSERT INTO frame_file (sha256, source_id, file_name, row_count)
    SELECT 'ab', id, 'f.csv', 5 FROM frame_source;
INSERT INTO frame_delivery (account_name, key, sha256, answer) VALUES ('test', 'k', 'ab', '{{}}');
INSERT INTO frame_day (day, changed_at, label) VALUES ('2026-11-21', now(), 'real');
INSERT INTO camera (code, name, azimuth_quality, ptz, geom, valid, batch_id)
    SELECT 'outside', '界外', 'unknown', false, ST_Point(116.7, 23.3, 4326), '{ALWAYS}', min(id)
    FROM import_batch;
INSERT INTO camera_change (code, camera_id, author, kind, before, after)
    SELECT code, id, 'test', 'changed', '{{}}', '{{}}' FROM camera;
INSERT INTO camera_proposal (code, camera_id, author, origin, before, after)
    SELECT code, id, 'test', 'page', '{{}}', '{{}}' FROM camera;
INSERT INTO camera_preset (camera_id, name, azimuth_deg) SELECT id, '1', 0 FROM camera;
INSERT INTO camera_threshold (code, name, value, origin, author)
    SELECT DISTINCT code, 'dark_luma', 12, 'set', 'test' FROM camera;
INSERT INTO still (camera_id, taken_at, reason, jpeg)
    SELECT id, '2026-11-21 04:00+00', 'dark', '\\xff' FROM camera;
INSERT INTO camera_source (camera_id, source_id) SELECT c.id, s.id FROM camera c, frame_source s;
INSERT INTO frame (camera_id, source_id, captured_at, event)
    SELECT c.id, s.id, '2026-11-21 04:00+00', 0 FROM camera c, frame_source s;
INSERT INTO recording (camera_id, source_id, period, kind, seen_at)
    SELECT c.id, s.id, '[2026-11-21 04:00+00,2026-11-21 05:00+00)', 'time', '2026-11-22 04:00+00'
    FROM camera c, frame_source s;
INSERT INTO recording_list (camera_id, source_id, period, seen_at)
    SELECT camera_id, source_id, period, seen_at FROM recording;
INSERT INTO camera_audit (author, within_path, parameters, checked, code_version, cameras, found, opened,
                          returned, gone)
    SELECT 'test', jurisdiction_path, '{{}}', '[]', 'v', 1, 1, 1, 0, 0 FROM camera;
INSERT INTO audit_finding (kind, subject, severity, state, evidence, mark, code, found_at, seen_at,
                           changed_at, geom, jurisdiction_path)
    SELECT 'no_height', code, 'minor', 'open', '{{}}', '', code, now(), now(), now(), geom, jurisdiction_path
    FROM camera;
INSERT INTO audit_step (finding_id, step, at, author, detail)
    SELECT id, 'found', now(), 'test', '{{}}' FROM audit_finding;
INSERT INTO maintenance (period, reason, author, jurisdiction_path)
    SELECT '[2026-11-22 10:00+00,2026-11-22 14:00+00)', 'x', 'test', jurisdiction_path FROM camera;
INSERT INTO maintenance_camera (maintenance_id, code, jurisdiction_path)
    SELECT id, 'c', jurisdiction_path FROM maintenance;
INSERT INTO assessed_list (month, within_path, cameras, frozen_by)
    SELECT '2026-11-01', jurisdiction_path, 5, 'test' FROM camera;
INSERT INTO assessed_camera (list_id, code, name, jurisdiction_path)
    SELECT l.id, c.code, c.name, c.jurisdiction_path FROM camera c, assessed_list l;
INSERT INTO sample_sheet (author, seed, drawn, drawn_from, jurisdiction_path)
    SELECT 'test', 1, 1, '{{}}', jurisdiction_path FROM camera;
INSERT INTO sampled_camera (sheet_id, rank, code, record) SELECT id, 1, 'c', '{{}}' FROM sample_sheet;
INSERT INTO siting_proposal (level, asked, status, bound_by, before_mm, value_mm, bound_mm, greedy_mm,
                             totals, parameters, input_revision, code_version, author, jurisdiction_path)
    SELECT 'observe', 1, 'optimal', 'all', 0, 1, 1, 1, '{{}}', '{{}}', 'r', 'v', 'test', jurisdiction_path
    FROM camera;
INSERT INTO siting_camera (proposal_id, rank, kind, spot, azimuth_deg, street_mm, places, weight_mm, seen_mm,
                           seen_places, share, geom, seen, jurisdiction_path)
    SELECT p.id, 1, 'new', 'corner', 0, 1, 0, 1, 1, 0, 1, ST_Point(116.6, 23.3, 4326),
           ST_Expand(ST_Point(116.6, 23.3, 4326), 0.0001), p.jurisdiction_path
    FROM siting_proposal p;
INSERT INTO obstruction (key, geom, jurisdiction_path, valid, batch_id)
    SELECT 'o' || id, ST_Multi(ST_Expand(geom, 0.0001)), jurisdiction_path, '{ALWAYS}', batch_id FROM camera;
INSERT INTO camera_finding (analysis_id, camera_id, kind, jurisdiction_path)
    SELECT a.id, c.id, 'tilted', c.jurisdiction_path FROM camera c, analysis a;
INSERT INTO alert (planned, cause, reasons, street_mm, places, open_days, days, since_at, first_seen_at,
                   last_seen_at, geom, jurisdiction_path)
    SELECT false, 'outage', '[]', 1, 0, 0, 3, now(), now(), now(), geom, jurisdiction_path FROM camera;
INSERT INTO alert_camera (alert_id, camera_id)
    SELECT a.id, c.id FROM alert a JOIN camera c ON c.geom = a.geom;
INSERT INTO alert_check (id, days) VALUES (1, 3);
INSERT INTO fixed_duty (code, name, kind, stay_s, required, prize, geom, jurisdiction_path, author, batch_id,
                        valid)
    SELECT 'd' || id, 'x', 'other', 360, false, 5, geom, jurisdiction_path, 'test', batch_id, '{ALWAYS}'
    FROM camera WHERE jurisdiction_path IS NOT NULL;
INSERT INTO duty_calendar (code, name, weekdays, terms, left_out, single, follows_holidays, author, valid)
    VALUES ('c', 'x', '{{1}}', '[]', '{{}}', '{{}}', false, 'test', '{ALWAYS}');
INSERT INTO public_holiday (on_date, is_off, name, author) VALUES ('2027-01-01', true, 'x', 'test');
INSERT INTO job_run (kind, title, arguments, author, jurisdiction_path)
    SELECT 'analysis', '{{"text": "x"}}', '{{}}', 'test', jurisdiction_path FROM camera;
INSERT INTO audit_entry (account_name, event, subject, jurisdiction_path, detail, peer)
    SELECT 'a', 'view', code, jurisdiction_path, '{{}}', '' FROM camera;
INSERT INTO zone (code, name, rule, geom, valid, batch_id)
    SELECT code, code, '{{}}', ST_Multi(ST_MakeEnvelope(116.6, 23.3, 116.64, 23.32, 4326)), '{ALWAYS}', id
    FROM import_batch, (VALUES ('span'), ('empty')) AS made (code);
INSERT INTO zone_member (zone_id, jurisdiction_path)
    SELECT id, path::ltree FROM zone, (VALUES ('{CHILD}'), ('{SIBLING}')) AS member (path)
    WHERE code = 'span';
INSERT INTO team (code, name, zone_id, mode, size, base, jurisdiction_path, valid, batch_id)
    SELECT 'span' || coalesce(path, ''), 'x', zone.id, 'foot', 2, ST_Point(116.6, 23.3, 4326), path::ltree,
           '{ALWAYS}', batch_id
    FROM zone, (VALUES ('{CHILD}'), ('{SIBLING}'), (NULL)) AS home (path) WHERE code = 'span';
INSERT INTO team_keep_out (team_id, jurisdiction_path) SELECT id, '{SIBLING}' FROM team;
INSERT INTO team_partner (team_id, jurisdiction_path) SELECT id, '{SIBLING}' FROM team;
INSERT INTO meeting_place (zone_id, left_path, right_path, origin, author, changed_at, geom)
    SELECT zone_id, jurisdiction_path, jurisdiction_path, 'by_hand', 'test', now(),
           ST_Point(116.6, 23.3, 4326)
    FROM zone_member;
INSERT INTO plan (zone_id, shift, status, document, road_revision, value, upper_bound, crossed, reachable,
                  violations, seed, parameters, code_version, author)
    SELECT id, '[2026-11-22 10:00+00,2026-11-22 14:00+00)', 'draft', '{{}}', 'r', 5, 5, 1, 1, '[]', 1, '{{}}',
           'v', 'test'
    FROM zone WHERE code = 'span';
INSERT INTO roster (zone_id, days, status, document, author)
    SELECT id, '[2026-11-23,2026-11-30)', 'draft', '{{}}', 'test' FROM zone;
INSERT INTO roster_step (roster_id, step, at, author, detail, before)
    SELECT id, 'made', now(), 'test', '{{}}', '{{}}' FROM roster;
INSERT INTO plan_stop (plan_id, stop_id, prize, service_s, why, crossed, crossable, geom, jurisdiction_path)
    SELECT plan.id, 's' || team.id, 1, 60, '[]', true, true, team.base, team.jurisdiction_path
    FROM plan JOIN zone ON zone.id = zone_id AND zone.code = 'span' JOIN team ON team.zone_id = zone.id;
INSERT INTO plan_step (plan_id, step, at, author) SELECT id, 'approved', now(), 'test' FROM plan;
INSERT INTO plan_visit (plan_id, team_id, seq, stop_id, arrive_at, distance_m)
    SELECT plan.id, team.id, 1, 's' || team.id, lower(shift), 0
    FROM plan JOIN zone ON zone.id = zone_id AND zone.code = 'span' JOIN team ON team.zone_id = zone.id;
INSERT INTO check_in (plan_id, team_id, stop_id, arrived_at, origin, author, entered_at)
    SELECT plan_id, team_id, stop_id, arrive_at, 'sheet', 'test', now() FROM plan_visit
    WHERE stop_id IS NOT NULL;
"""


@pytest.fixture(scope="module")
def store(cluster):
    """The small site and what it lacks, in a database of its own: addresses for the program and the owner."""
    with another_database(cluster, "lianfang_scope") as urls:
        runner.upgrade(urls[1])
        engine = make_engine(urls[0])
        with transaction(engine, scope=WHOLE_SITE) as session:
            small_site.fill(session)
            session.execute(text(MORE))
        engine.dispose()
        yield urls


def connect(url):
    """A raw connection, outside SQLAlchemy."""
    return psycopg.connect(url.replace("+psycopg", ""), row_factory=dict_row)


@pytest.fixture(scope="module")
def connections(store):
    """One for the program and one for the owner."""
    with connect(store[0]) as app, connect(store[1]) as owner:
        yield app, owner


@pytest.fixture
def app(connections):
    """The program's role on the small site; what the test does is rolled back, the scope with it."""
    yield connections[0]
    connections[0].rollback()


@pytest.fixture
def owner(connections):
    """The owner's role, which no policy holds."""
    yield connections[1]
    connections[1].rollback()


@pytest.fixture
def engine(store):
    """An engine of one connection, which every session therefore shares."""
    made = make_engine(store[0], pool_size=1, max_overflow=0)
    yield made
    made.dispose()


def enter(connection, scope):
    connection.execute("SELECT set_config('app.scope', %s, true)", [scope.text])


def rows(connection, table, where="true"):
    """Every row there is to see, as text, with its paths."""
    paths = PATHS.get(table, "NULL" if table in SHARED else "ARRAY[t.jurisdiction_path]")
    asked = f"SELECT to_jsonb(t)::text AS row, ({paths})::text[] AS paths FROM {table} t WHERE {where}"
    return {row["row"]: row["paths"] for row in connection.execute(asked)}


def covered(table, scope, paths):
    """Whether a row of these paths should be seen, by the program's own arithmetic of paths."""
    if table in SHARED:
        return bool(scope)
    return scope.everywhere or any(scope.covers(path) for path in paths)


def seen(table, scope, paths):
    """As `covered`; of what was made for an area, also what was made for a larger one."""
    if table not in MADE_FOR or not scope:
        return covered(table, scope, paths)
    above = any(path is None or Scope.of([path]).covers(own) for path in paths for own in scope.paths)
    return above or covered(table, scope, paths)


def test_every_table_has_policies_or_a_stated_reason(owner):
    """A table without a policy fails here: write one in its migration, or say why in web.rowsecurity."""
    found = owner.execute(
        """SELECT c.relname, c.relrowsecurity AND EXISTS (
                      SELECT FROM pg_policies p
                      WHERE p.tablename = c.relname AND 'lianfang_app' = ANY (p.roles)
                  ) AS guarded
           FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"""
    )
    guarded = {row["relname"]: row["guarded"] for row in found}
    assert {name for name in Base.metadata.tables if not guarded[name]} == {*OPEN} - {"alembic_version"}
    assert all(reason for reason in OPEN.values())


def test_a_table_that_escapes_is_told_and_there_is_none(store):
    """Partitions are looked at too, and the role that asks: its owner sees past every policy."""
    for url, told in ((store[0], False), (store[1], True)):
        with create_engine(url, poolclass=NullPool).connect() as connection:
            assert ("frame_day_20261121" in unguarded_tables(connection)) is told
            assert bool(unguarded_tables(connection)) is told
    superuser = store[1].replace("lianfang_owner", "postgres")
    with create_engine(superuser, poolclass=NullPool).connect() as connection:
        connection.execute(text("SET ROLE lianfang_owner"))
        connection.execute(text("CREATE TABLE later (id int)"))
        connection.execute(text("ALTER TABLE camera DISABLE ROW LEVEL SECURITY"))
        connection.execute(text("SET ROLE lianfang_app"))
        assert unguarded_tables(connection) == ["camera", "later"]


@pytest.mark.parametrize("scope", SCOPES, ids=lambda scope: scope.text or "none")
@pytest.mark.parametrize("table", GUARDED)
def test_a_row_is_seen_by_whoever_may_see_its_jurisdiction_and_by_nobody_else(owner, app, table, scope):
    everything = rows(owner, table)
    expected = {row for row, paths in everything.items() if seen(table, scope, paths)}
    # No table passes for being empty: with a scope there is something to see and something to hide.
    assert len(everything) >= 1
    if table not in SHARED and scope == Scope.of([OWN]):
        assert 0 < len(expected) < len(everything)
    enter(app, scope)
    assert rows(app, table).keys() == expected


@pytest.mark.parametrize("table", GUARDED)
def test_nothing_is_seen_where_no_scope_was_ever_set(app, table):
    assert rows(app, table) == {}


def test_an_unreadable_scope_shows_nothing_but_an_error(app):
    app.execute("SELECT set_config('app.scope', 'c.d-1', true)")
    with pytest.raises(psycopg.Error, match="ltree syntax error"):
        app.execute("SELECT FROM camera")


# Rows that are seen through their zone but written by whoever may write in their own village.
BY_HOME = ("zone_member", "team")


@pytest.mark.parametrize("table", sorted(set(GUARDED) - {"audit_entry"}))
def test_only_rows_in_the_scope_can_be_changed_or_removed(owner, app, table):
    """An UPDATE that changes nothing touches every row that may be changed."""
    scope = Scope.of([CHILD, "c.d.x"])
    expected = {row for row, paths in rows(owner, table).items() if covered(table, scope, paths)}
    if table in BY_HOME:
        expected = {row for row in expected if home(table, row) is None or scope.covers(home(table, row))}
    column = next(iter(Base.metadata.tables[table].columns)).name
    enter(app, scope)
    touched = app.execute(f"UPDATE {table} SET {column} = {column}").rowcount
    assert touched == len(expected)
    enter(app, NOWHERE)
    assert app.execute(f"UPDATE {table} SET {column} = {column}").rowcount == 0
    assert app.execute(f"DELETE FROM {table}").rowcount == 0


def home(table, row):
    return json.loads(row)["jurisdiction_path"]


@pytest.mark.parametrize("table", sorted(set(GUARDED) - {"audit_entry"}))
def test_a_row_outside_the_scope_cannot_be_added(owner, app, table):
    """Each row there is, once more: refused by policy when outside; inside, only as the duplicate it is."""
    scope = Scope.of([CHILD])
    for row, paths in rows(owner, table).items():
        inside = covered(table, scope, paths) or table in ("zone", "maintenance")
        if table in BY_HOME:
            inside = inside and (home(table, row) is None or scope.covers(home(table, row)))
        for tried, fits in ((scope, inside), (NOWHERE, False), (WHOLE_SITE, True)):
            enter(app, tried)
            app.execute("SAVEPOINT before")
            with pytest.raises(psycopg.Error) as refused:
                app.execute(
                    f"INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, %s::jsonb)",
                    [row],
                )
            app.execute("ROLLBACK TO before")
            assert isinstance(refused.value, InsufficientPrivilege) is not fits, (tried, row)


@pytest.mark.parametrize("table", ["camera", "gap", "place", "road_edge", "footprint", "job_run"])
def test_a_row_cannot_be_moved_out_of_the_scope_or_into_none(app, table):
    enter(app, Scope.of([OWN]))
    assert app.execute(f"UPDATE {table} SET jurisdiction_path = %s", [CHILD]).rowcount >= 1
    for path in (SIBLING, PARENT, None):
        app.execute("SAVEPOINT before")
        # `gap` must have a path, and says so first.
        with pytest.raises((InsufficientPrivilege, psycopg.errors.NotNullViolation)):
            app.execute(f"UPDATE {table} SET jurisdiction_path = %s", [path])
        app.execute("ROLLBACK TO before")


def test_a_zone_that_spans_villages_is_whole_to_whoever_sees_one_of_them(app):
    for path in (CHILD, SIBLING, PARENT):
        enter(app, Scope.of([path]))
        found = app.execute(
            """SELECT (SELECT count(*) FROM zone_member m WHERE m.zone_id = z.id) AS members,
                      (SELECT count(*) FROM team t WHERE t.zone_id = z.id) AS teams,
                      (SELECT count(*) FROM plan_stop s JOIN plan p ON p.id = plan_id
                       WHERE p.zone_id = z.id) AS stops
               FROM zone z WHERE code = 'span'"""
        ).fetchall()
        assert found == [{"members": 2, "teams": 3, "stops": 3}], path
    enter(app, Scope.of(["c.e"]))
    assert app.execute("SELECT FROM zone").rowcount == 0


def test_of_a_zone_that_one_sees_all_streets_are_read_and_of_no_other(app):
    """A team is sent to its neighbours' streets; whoever sees no member of the zone sees no street of it."""
    box = "ST_MakeEnvelope(116.6, 23.3, 116.64, 23.32, 4326)"
    own = f"SELECT count(*) AS n FROM road_edge WHERE geom && {box}"
    through = "SELECT count(*) AS n FROM zone z CROSS JOIN LATERAL zone_streets(z.id) WHERE z.code = 'span'"
    for path, seen in ((CHILD, 1), (SIBLING, 1), (PARENT, 3)):
        enter(app, Scope.of([path]))
        assert app.execute(own).fetchone()["n"] == seen, path
        assert app.execute(through).fetchone()["n"] == 3, path
    enter(app, WHOLE_SITE)
    number = app.execute("SELECT id FROM zone WHERE code = 'span'").fetchone()["id"]
    for scope in (Scope.of(["c.e"]), NOWHERE):
        enter(app, scope)
        assert app.execute("SELECT count(*) AS n FROM zone_streets(%s)", [number]).fetchone()["n"] == 0


def test_a_camera_joins_a_maintenance_only_where_all_of_it_is_held(owner, app):
    """One's own camera on another's list would show that list; on one's own, or a new one, it may stand."""
    add = "INSERT INTO maintenance_camera (maintenance_id, code, jurisdiction_path) VALUES (%s, %s, %s)"
    by_path = "SELECT maintenance_id AS id FROM maintenance_camera WHERE jurisdiction_path = %s"
    ids = {path: owner.execute(by_path, [path]).fetchone()["id"] for path in (OWN, CHILD, SIBLING)}
    enter(app, Scope.of([OWN]))
    before = app.execute("SELECT count(*) AS n FROM maintenance").fetchone()["n"]
    for statement, values in (
        (add, [ids[SIBLING], "new", OWN]),
        (
            "UPDATE maintenance_camera SET maintenance_id = %s WHERE jurisdiction_path = %s",
            [ids[SIBLING], OWN],
        ),
    ):
        app.execute("SAVEPOINT before")
        with pytest.raises(InsufficientPrivilege):
            app.execute(statement, values)
        app.execute("ROLLBACK TO before")
    assert app.execute("SELECT count(*) AS n FROM maintenance").fetchone()["n"] == before
    app.execute(add, [ids[CHILD], "new", OWN])
    period = "[2026-11-22,2026-11-23)"
    app.execute("INSERT INTO maintenance (id, period, reason, author) VALUES (999, %s, 'x', 'y')", [period])
    app.execute(add, [999, "first", CHILD])
    app.execute(add, [999, "second", OWN])
    # The town's camera makes it more than the village's.
    enter(app, Scope.of([CHILD]))
    with pytest.raises(InsufficientPrivilege):
        app.execute(add, [999, "third", CHILD])


@pytest.mark.parametrize("table", MADE_FOR)
def test_a_village_writes_no_audit_or_list_of_the_whole_site(app, table):
    enter(app, Scope.of([OWN]))
    assert app.execute(f"SELECT count(*) AS n FROM {table} WHERE within_path IS NULL").fetchone()["n"] == 1
    for path in (None, PARENT, SIBLING):
        app.execute("SAVEPOINT before")
        with pytest.raises(InsufficientPrivilege):
            app.execute(f"UPDATE {table} SET within_path = %s WHERE within_path = %s", [path, OWN])
        app.execute("ROLLBACK TO before")
    gone = app.execute(f"DELETE FROM {table} RETURNING within_path::text AS path").fetchall()
    assert {one["path"] for one in gone} == {OWN, CHILD}


def test_a_village_brings_itself_into_a_zone_and_no_other(app):
    """Whoever may act in the child makes a zone of it, and can neither add nor remove a neighbour."""
    enter(app, Scope.of([CHILD]))
    app.execute(
        """INSERT INTO zone (id, code, name, rule, geom, valid, batch_id)
           SELECT 9000, 'new', 'new', '{}', geom, valid, batch_id FROM zone WHERE code = 'span'"""
    )
    # No member yet, so nobody but the whole site sees it.
    assert app.execute("SELECT FROM zone WHERE id = 9000").rowcount == 0
    app.execute("INSERT INTO zone_member VALUES (9000, %s)", [CHILD])
    assert app.execute("SELECT FROM zone WHERE id = 9000").rowcount == 1
    with pytest.raises(InsufficientPrivilege), app.transaction():
        app.execute("INSERT INTO zone_member VALUES (9000, %s)", [SIBLING])
    removed = app.execute(
        "DELETE FROM zone_member USING zone WHERE code = 'span' AND zone_id = id RETURNING jurisdiction_path"
    ).fetchall()
    assert removed == [{"jurisdiction_path": CHILD}]


def test_a_partition_asked_by_its_own_name_shows_no_more_than_its_table(app):
    for scope in (NOWHERE, Scope.of([OWN]), WHOLE_SITE):
        enter(app, scope)
        app.execute("SELECT make_frame_partition('2026-11-22')")
        whole = rows(app, "frame").keys()
        for day in ("20261121", "20261122"):
            asked = app.execute(f"SELECT to_jsonb(t)::text AS row FROM frame_day_{day} t").fetchall()
            assert {row["row"] for row in asked} <= whole
        with pytest.raises(InsufficientPrivilege), app.transaction():
            app.execute(
                """INSERT INTO frame_day_20261122 (camera_id, source_id, captured_at, event)
                   VALUES (1, 1, '2026-11-22 00:00+00', 0)"""
            )


def test_the_audit_log_takes_an_entry_from_anywhere_and_is_never_changed(app, engine):
    for scope in (NOWHERE, Scope.of([OWN])):
        with transaction(engine, scope=scope) as session:
            session.add(
                AuditEntry(account_name="x", event="sign-in", subject=scope.text, detail={}, peer="127.0.0.1")
            )
    enter(app, Scope.of([OWN]))
    assert app.execute("SELECT FROM audit_entry WHERE event = 'sign-in'").rowcount == 0
    enter(app, WHOLE_SITE)
    assert app.execute("SELECT FROM audit_entry WHERE event = 'sign-in'").rowcount == 2
    for statement in ("UPDATE audit_entry SET peer = ''", "DELETE FROM audit_entry"):
        with pytest.raises(InsufficientPrivilege), app.transaction():
            app.execute(statement)


COUNT = text("SELECT count(*) FROM camera")
HERE = text("SELECT pg_backend_pid()")


def test_a_session_keeps_its_scope_when_it_commits_rolls_back_and_goes_on(engine):
    with session_factory(engine, scope=Scope.of([OWN]))() as session:
        for end in (session.commit, session.rollback, session.commit):
            assert session.scalar(COUNT) == 2
            with session.begin_nested():
                assert session.scalar(COUNT) == 2
            session.begin_nested().rollback()
            assert session.scalar(COUNT) == 2
            end()


def test_a_pooled_connection_forgets_the_scope_of_the_request_before(engine):
    with transaction(engine, scope=WHOLE_SITE) as session:
        assert session.scalar(COUNT) == 6
        before = session.scalar(HERE)
    with pytest.raises(ZeroDivisionError), transaction(engine, scope=WHOLE_SITE) as session:
        assert session.scalar(COUNT) == 6
        raise ZeroDivisionError
    with Session(engine) as session:
        assert session.scalar(HERE) == before
        assert session.scalar(COUNT) == 0
    with transaction(engine, scope=Scope.of([CHILD])) as session:
        assert session.scalar(COUNT) == 1


def test_rows_written_in_bulk_are_held_by_the_policies_too(engine):
    columns = ["camera_id", "name", "azimuth_deg"]
    with transaction(engine, scope=WHOLE_SITE) as session:
        found = session.execute(text("SELECT jurisdiction_path::text, id FROM camera"))
        ids = {row.jurisdiction_path: row.id for row in found}
    scope = Scope.of([OWN])
    with transaction(engine, scope=scope) as session:
        assert copy_rows(session, "camera_preset", columns, [(ids[OWN], "a", 1.0), (ids[CHILD], "b", 2)]) == 2
        assert copy_rows(session, "camera_preset", columns, [(ids[OWN], "c", 3.0)]) == 1
        assert copy_rows(session, "camera_preset", columns, []) == 0
        stored = session.scalar(text("SELECT count(*) FROM camera_preset WHERE name IN ('a', 'b', 'c')"))
        assert stored == 3
        session.rollback()
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        transaction(engine, scope=scope) as session,
    ):
        copy_rows(session, "camera_preset", columns, [(ids[OWN], "a", 1.0), (ids[SIBLING], "b", 2.0)])


def test_doctor_tells_a_database_whose_policies_do_not_hold(store, monkeypatch):
    monkeypatch.setenv("LIANFANG_DATABASE_URL", store[0])
    monkeypatch.setenv("LIANFANG_OWNER_DATABASE_URL", store[1])
    answer = CliRunner().invoke(main, ["doctor"])
    assert answer.exit_code == 0, answer.output
    # The owner's address where the program's should be.
    monkeypatch.setenv("LIANFANG_DATABASE_URL", store[1])
    answer = CliRunner().invoke(main, ["doctor"])
    assert answer.exit_code == 1
    assert "row-level security does not hold" in answer.output
    assert "connect as lianfang_app" in answer.output


def test_a_bounding_box_is_found_by_the_spatial_index_under_the_policies(cluster):
    """Without the LEAKPROOF mark PostgreSQL asks the policy of all 27,000 rows first, one by one."""
    with another_database(cluster, "lianfang_boxes") as (app_url, owner_url):
        runner.upgrade(owner_url)
        boxes.store(owner_url)
        with connect(app_url) as app:
            enter(app, Scope.of([boxes.PATH]))
            assert app.execute(boxes.QUERY, boxes.BOX).fetchone() == {"count": boxes.expected()}
            assert "idx_place_geom" in explained(app)
        with psycopg.connect(cluster.superuser_dsn, dbname="lianfang_boxes") as superuser:
            superuser.execute("ALTER FUNCTION geometry_overlaps(geometry, geometry) NOT LEAKPROOF")
        with connect(app_url) as app:
            enter(app, Scope.of([boxes.PATH]))
            assert "Seq Scan on place" in explained(app)


def explained(app):
    """The plan of the bench's query."""
    return "\n".join(row["QUERY PLAN"] for row in app.execute(f"EXPLAIN {boxes.QUERY}", boxes.BOX))


LABELS = st.lists(st.sampled_from(["a", "b", "a1", "a_", "c"]), min_size=1, max_size=4).map(".".join)


@given(st.lists(LABELS, max_size=5), LABELS)
def test_a_scope_covers_what_lies_at_or_below_one_of_its_paths(paths, path):
    scope = Scope.of(paths)
    labels = path.split(".")
    below = any(labels[: len(own.split("."))] == own.split(".") for own in paths)
    assert scope.covers(path) is below
    assert bool(scope) is bool(paths)
    # None of its paths is said by another, and none is lost.
    assert all(
        not Scope.of([other]).covers(own) for own in scope.paths for other in scope.paths if own != other
    )
    assert all(scope.covers(own) for own in paths)


def test_a_row_of_no_jurisdiction_is_the_whole_sites_alone():
    assert WHOLE_SITE.covers(None)
    assert not Scope.of(["a"]).covers(None)
    assert not NOWHERE.covers("a")
    assert (WHOLE_SITE.text, NOWHERE.text, Scope.of(["b", "a.c", "a"]).text) == ("*", "", "a,b")


@pytest.mark.parametrize("path", ["", "*", "a,b", "a..b", "A", "a-b", "a.", "a\n", "甲"])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(ValueError, match=r"labels of a-z, 0-9 and _"):
        Scope.of([path])
