"""The report of a week from a database, worked by hand on the small site."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
import small_site
from small_site import CHILD, OWN, SIBLING, SmallSite
from sqlalchemy import text

from cameras.services.weekly import WeekReport, ground_of, street_names, week_report, weeks_analysed
from cameras.weekly import week_from
from geo.errors import InputRefused
from geo.scope import WHOLE_SITE, Scope

ZONE = ZoneInfo("Asia/Shanghai")
WEEK = week_from(date(2026, 11, 16), ZONE)
NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
HOUR = 3_600_000

# A day of the week before on which all was seen for 18 of 24 h; a newer analysis of the last six hours of the
# Saturday there is, in which the town's gap alone was open; and one of the Sunday made at another level.
FILL = """
INSERT INTO analysis SELECT (jsonb_populate_record(a,
    '{"id": 9201, "period": "[2026-11-10T16:00:00+00,2026-11-11T16:00:00+00)"}')).*
FROM analysis a WHERE id = :first;
INSERT INTO coverage_share SELECT (jsonb_populate_record(s, jsonb_build_object('id', 9200 + s.id,
    'analysis_id', 9201, 'certain', s.total * 3 / 4, 'possible', s.total * 3 / 4,
    'deficit_by_cause', jsonb_build_object('outage', s.total / 4)))).*
FROM coverage_share s WHERE analysis_id = :first;
INSERT INTO analysis SELECT (jsonb_populate_record(a,
    '{"id": 9202, "period": "[2026-11-21T10:00:00+00,2026-11-21T16:00:00+00)"}')).*
FROM analysis a WHERE id = :first;
INSERT INTO coverage_share SELECT (jsonb_populate_record(s, jsonb_build_object('id', 9300 + s.id,
    'analysis_id', 9202, 'total', s.total / 4, 'certain', CASE WHEN s.jurisdiction_path = 'c.d.t' THEN 0
        ELSE s.total / 4 END, 'possible', s.total / 4, 'deficit_by_cause',
    CASE WHEN s.jurisdiction_path = 'c.d.t' THEN jsonb_build_object('outage', s.total / 4)
        ELSE '{}'::jsonb END))).*
FROM coverage_share s WHERE analysis_id = :first;
INSERT INTO gap SELECT (jsonb_populate_record(g, jsonb_build_object('id', 9200 + g.id, 'analysis_id', 9202,
    'windows', '{[2026-11-21T10:00:00+00,2026-11-21T16:00:00+00)}'))).*
FROM gap g WHERE g.id = :own;
INSERT INTO gap_camera SELECT 9200 + gap_id, camera_id, 360 FROM gap_camera WHERE gap_id = :own;
INSERT INTO availability SELECT (jsonb_populate_record(v, jsonb_build_object('id', 9200 + v.id,
    'analysis_id', 9202, 'pose_id', NULL, 'nominal_id', NULL,
    'period', '[2026-11-21T10:00:00+00,2026-11-21T16:00:00+00)',
    'state', CASE WHEN v.jurisdiction_path = 'c.d.u' THEN 'not_measured' ELSE 'outage' END,
    'reason', CASE WHEN v.jurisdiction_path = 'c.d.u' THEN 'source_silent' ELSE 'lost' END))).*
FROM availability v WHERE analysis_id = :first AND state = 'outage';
INSERT INTO frame_source (id, code, kind, expected_interval_s) VALUES (9200, 'gateway-9', 'gateway', 60);
INSERT INTO camera_source (camera_id, source_id)
SELECT id, 9200 FROM camera WHERE jurisdiction_path = 'c.d.u';
INSERT INTO audit_finding (id, kind, subject, severity, state, evidence, mark, code, found_at, seen_at,
    changed_at, geom, jurisdiction_path, unit, due_on, order_no)
SELECT 9200, 'no_height', code, 'minor', 'assigned', '{"text": "Home", "values": {}}', '', code, now(), now(),
    now(), geom, jurisdiction_path, '一公司', '2026-11-20', 'GD1'
FROM camera WHERE jurisdiction_path = 'c.d.t';
INSERT INTO audit_step (finding_id, step, at, author, detail) VALUES
    (9200, 'found', '2026-11-15T15:59:59+00', 'test', '{}'),
    (9200, 'gone', '2026-11-15T16:00:00+00', 'test', '{}'),
    (9200, 'returned', '2026-11-20T00:00:00+00', 'test', '{}'),
    (9200, 'assigned', '2026-11-20T01:00:00+00', 'test', '{}');
INSERT INTO analysis SELECT (jsonb_populate_record(a, '{"id": 9100, "level": "identify",
    "period": "[2026-11-21T16:00:00+00,2026-11-22T16:00:00+00)"}')).*
FROM analysis a WHERE id = :first;
"""


@pytest.fixture
def site(session) -> SmallSite:
    """The small site: a Saturday, on which each of five streets was seen from 0 to 10 o'clock."""
    return small_site.fill(session)


@pytest.fixture
def filled(session, site) -> SmallSite:
    """The same with what `FILL` says."""
    for statement in FILL.split(";\n")[:-1]:
        session.execute(text(statement), {"first": site.analysis, "own": site.gaps[OWN]})
    return site


def report(session, area=WHOLE_SITE, *, now=NOW, cameras=True, week=WEEK) -> WeekReport:
    made = week_report(session, week, area, now=now, cameras=session if cameras else None)
    assert made is not None
    return made


def test_one_day_of_the_week_is_not_the_week(session, site) -> None:
    """24 of 168 hours are analysed; of them 10 were seen, and 82 m for 14 of 24 h are 47.8 m on the mean."""
    told = report(session).spent
    assert told.analysed == pytest.approx(24 / 168) and told.counted_ms == 24 * HOUR
    assert [(a - WEEK.period[0], b - WEEK.period[0]) for a, b in told.holes] == [
        (0, 120 * HOUR),
        (144 * HOUR, 168 * HOUR),
    ]
    share = told.shares.loc[("c", "street", "observe")]
    assert share["certain"] == pytest.approx(10 / 24) and share["possible"] == pytest.approx(0.5)
    assert told.deficits.loc["c", ("street", "outage")] == pytest.approx(82 * 14 / 24)
    assert (told.partly, told.superseded, told.otherwise) == (0, 0, 0)
    assert report(session).before is None


def test_a_newer_analysis_counts_for_the_hours_it_covers(session, filled) -> None:
    """From 18 to 24 o'clock the newer: only the town's street was open. The older enters with its mean."""
    made = report(session)
    told = made.spent
    assert made.made_with.id == 9202 and [one.id for one in told.analyses] == [9202, filled.analysis]
    assert (told.partly, told.superseded, told.otherwise) == (1, 0, 1)
    # 18 of 24 h at 10/24, then 6 h at all or at nothing.
    shares = told.shares.loc[(slice(None), "street", "observe"), "certain"].droplevel([1, 2])
    assert shares["c"] == pytest.approx((18 * 10 / 24 + 6) / 24)
    assert told.deficits.loc["c", ("street", "outage")] == pytest.approx(82 * 18 * 14 / 24 / 24)
    assert made.before is not None and made.before.shares["certain"].tolist() == [0.75, 0.75]
    assert made.before.things.empty and made.before.analysed == pytest.approx(24 / 168)
    # 10–18 in all, 10–24 in the town; whole again although two analyses tell of it.
    assert told.things["open_ms"].tolist() == [14 * HOUR] + 4 * [8 * HOUR]
    first = told.things.iloc[0]
    assert first["leaves"] == (OWN,) and len(first["windows"]) == 1 and first["street_mm"] == 82_000
    assert first["gaps"] == tuple(sorted((filled.gaps[OWN], 9200 + filled.gaps[OWN])))
    # Each of 14 hours of the Saturday, 410 m until 18 o'clock and 82 m from then on.
    assert made.pattern.open_mean[5, 9:].round(6).tolist() == [0] + 8 * [410] + 6 * [82]
    assert made.pattern.days.sum() == 24


def test_cameras_findings_and_sources_of_the_week(session, filled) -> None:
    """Ten of 24 h online; five new losses, one of them for want of its source; what came and went."""
    told = report(session)
    cameras, records = told.spent.cameras, told.records
    assert cameras["online_share"].tolist() == pytest.approx(5 * [10 / 24])
    own = cameras.loc[filled.cameras[SIBLING]]
    assert own["measured_share"] == pytest.approx(18 / 24) and cameras["measured_share"].sum() == 4.75
    assert cameras["normal"].eq(1).all()
    assert records is not None and records.losses["change"].tolist() == 5 * ["new"]
    assert records.losses["group"].nunique() == 5
    assert records.silent[["source", "cameras", "silent_ms"]].values.tolist() == [["gateway-9", 1, 6 * HOUR]]
    # Found a second before the week began; gone as it began, and back on Friday.
    assert records.steps.loc["no_height"].to_dict() == {"opened": 1, "closed": 1, "left": 1}
    assert records.overdue["order_no"].tolist() == ["GD1"] and records.overdue["id"].tolist() == [9200]
    assert records.recorded is not None and records.recorded.empty
    assert report(session, cameras=False).records is None
    assert report(session, cameras=False).spent.cameras.empty


def test_an_area_is_told_by_itself(session, filled) -> None:
    """The town: its own street and its village's; a village: its own alone; nothing of a neighbour."""
    town = report(session, Scope.of([OWN]))
    assert town.areas[["path", "top"]].values.tolist() == [[OWN, True], [CHILD, False]]
    assert {leaf for leaves in town.spent.things["leaves"] for leaf in leaves} == {OWN, CHILD}
    assert town.spent.shares.loc[(OWN, "street", "observe"), "certain"] == pytest.approx(18 * 10 / 24 / 24)
    assert set(town.spent.cameras["path"]) == {OWN, CHILD}
    village = report(session, Scope.of([CHILD]))
    assert village.areas["path"].tolist() == [CHILD] and len(village.spent.things) == 1
    assert village.records is not None and village.records.overdue.empty and village.records.steps.empty
    assert street_names(session, village.spent.things).tolist() == ["下寨村大街"]
    ground, streets, borders = ground_of(session, village)
    assert len(ground) == 1 and len(streets) == 1 and borders["path"].tolist() == [CHILD]
    whole = ground_of(session, report(session))
    assert len(whole[0]) == 5, "the town's street lies in two analyses and is drawn once"


def test_an_area_without_anything_is_told_empty(session, filled) -> None:
    """No street, no camera, no gap: nothing fails, and nothing is watched."""
    session.execute(
        text(
            """INSERT INTO jurisdiction SELECT (jsonb_populate_record(j, jsonb_build_object('id', 9200,
                   'path', 'c.x', 'code', 'x'))).* FROM jurisdiction j WHERE j.path = 'c.d'"""
        )
    )
    made = report(session, Scope.of(["c.x"]))
    assert made.spent.things.empty and made.spent.shares.empty and made.spent.cameras.empty
    assert made.records is not None and made.records.losses.empty and made.records.silent.empty
    assert made.pattern.days.sum() == 24


def test_weeks_are_those_that_analyses_reach_into(session, filled) -> None:
    """Two; with what share of each is analysed by those that are made alike."""
    told = weeks_analysed(session, ZONE)
    assert told["monday"].tolist() == [date(2026, 11, 16), date(2026, 11, 9)]
    assert told["analyses"].tolist() == [2, 1]
    assert told["analysed"].tolist() == pytest.approx([24 / 168, 24 / 168])


def test_a_week_without_analysis_has_no_report(session, site) -> None:
    """None of a week that is over; a week to come is refused in words."""
    empty = week_from(date(2026, 11, 2), ZONE)
    assert week_report(session, empty, WHOLE_SITE, now=NOW, cameras=session) is None
    with pytest.raises(InputRefused, match="2026-11-30 has not begun yet"):
        week_report(session, week_from(date(2026, 11, 30), ZONE), WHOLE_SITE, now=NOW)


def test_recordings_of_long_ago_are_not_told(session, site) -> None:
    """What lists name now of a week that is long over may have been overwritten since."""
    late = report(session, now=datetime(2026, 12, 24, tzinfo=UTC))
    assert late.records is not None and late.records.recorded is None
