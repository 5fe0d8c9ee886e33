"""Figures of a stored plan: against its nights before, per hour, and the watched share by hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from sqlalchemy import text
from test_planning import END, MIDDLE, START, WEST, add_team_rows, planned, team, town

from geo.repository import ground_changes
from patrols import repository
from patrols.services.figures import _days_back, hour_edges, plan_figures, plan_file, watched_share
from patrols.tables import Plan

DAY = timedelta(days=1)


@pytest.fixture
def site(session):
    """The town with two walkers; the analysis knows its streets."""
    zone = town(session)
    add_team_rows(session, zone, team("w", WEST, 0, 0), team("m", MIDDLE, 500, 470))
    session.execute(text("UPDATE analysis SET ground = CAST(:ground AS jsonb)"), {"ground": _ground(session)})
    return session


def _ground(session):
    return f'{{"road_edge": {ground_changes(session)["road_edge"]}}}'


def plan_of(session, start=START, *, published=False):
    plan = session.get(Plan, planned(session, start, start + (END - START)).plan_id)
    if published:
        plan.status = "published"
        session.flush()
    return plan


def figures(session, plan):
    return plan_figures(session, plan, plan_file(plan))


def test_gaps_closed_for_each_hour_that_a_team_is_on_duty(site):
    """Two hours each; the team 70 m off its street walks 50 s at both ends. Gaps by their ids, each once."""
    plan = plan_of(site)
    found = figures(site, plan)
    assert found.team_hours == pytest.approx(4 - 100 / 3600)
    stops = repository.plan_stops(site, plan.id)
    closed = {gap for why in stops.loc[stops["crossed"], "why"] for cause in why for gap in cause["gap_ids"]}
    assert found.gaps_closed == len(closed) > 0
    assert found.gaps_per_hour == pytest.approx(len(closed) / found.team_hours)


def test_a_plan_without_its_problem_has_no_hours(site):
    plan = plan_of(site)
    plan.document = {}
    assert plan_file(plan) is None
    found = figures(site, plan)
    assert found.team_hours is None and found.gaps_per_hour is None and found.gaps_closed > 0


def test_the_nights_before_are_the_published_plans_of_seven_days(site):
    """Not a draft, not one of the same evening, not one of eight days ago."""
    tonight = plan_of(site, START, published=True)
    assert figures(site, tonight).spread.nights == 0 and figures(site, tonight).before is None
    plan_of(site, START - DAY)
    plan_of(site, START - 8 * DAY, published=True)
    assert figures(site, tonight).spread.nights == 0
    week = plan_of(site, START - 7 * DAY, published=True)
    last = plan_of(site, START - 2 * DAY, published=True)
    found = figures(site, tonight)
    assert found.spread.nights == 2
    assert found.before["id"] == last.id and found.before["value"] == last.value
    assert figures(site, last).before["id"] == week.id


def as_before(session, start):
    """The plan of tonight, and one of a night before that was published when tonight's was made already.

    Else it would have sent others at other times.
    """
    night, tonight = plan_of(session, start), plan_of(session)
    night.status = "published"
    session.flush()
    return tonight


def test_the_same_seed_on_two_nights_is_guessed_wholly(site):
    """Same stops, teams and times of day: nothing is spread."""
    found = figures(site, as_before(site, START - DAY)).spread
    assert (found.shift_s, found.same_team, found.guessed) == (0.0, 1.0, 1.0)
    assert found.same_stops == found.stops > 0


def test_times_are_those_of_the_sites_clock(site):
    """Half an hour later by the clock is half an hour of spread, whatever the day."""
    tonight = as_before(site, START - DAY + timedelta(minutes=30))
    assert figures(site, tonight).spread.shift_s == 1800.0


def share(session, plan):
    found = watched_share(session, plan)
    return found["cameras"].round(6).tolist(), found["together"].round(6).tolist()


def test_the_hours_of_the_shift_are_those_of_the_analysed_day(site):
    """Every street is in a gap, open all day: no camera watches; then open until 19:00 alone."""
    plan = plan_of(site)
    cameras, together = share(site, plan)
    assert cameras == [0.0, 0.0]
    assert 0 < together[0] < 1
    site.execute(text("UPDATE gap SET windows = '{[2026-11-20 00:00+00,2026-11-20 19:00+00)}'"))
    assert share(site, plan) == ([0.0, 1.0], [together[0], 1.0])


def test_who_stands_watches_what_is_in_sight(site):
    """A stop in the middle of a street of 200 m: 90 m are in sight, to a piece of 10 m, for half an hour."""
    plan = plan_of(site)
    site.execute(text("DELETE FROM plan_visit WHERE seq > 1 OR stop_id IS NULL"))
    before = share(site, plan)[1]
    site.execute(
        text(
            """UPDATE plan_visit SET start_at = :start, end_at = :end,
                      stop_id = (SELECT min(stop_id) FROM plan_stop)"""
        ),
        {"start": START, "end": START + timedelta(minutes=30)},
    )
    site.execute(
        text(
            """UPDATE plan_stop SET geom = (SELECT ST_LineInterpolatePoint(geom, 0.5) FROM road_edge
                                            WHERE way_id = 1)
               WHERE stop_id = (SELECT min(stop_id) FROM plan_stop)"""
        )
    )
    zone = 3 * 3 * 200 + 3 * 100 + 4 * 2 * 200
    after = share(site, plan)[1]
    assert after[0] * zone / 0.5 == pytest.approx(90, abs=10.5) and after[0] != before[0]
    assert after[1] == 0.0


def test_without_a_ground_to_compare_there_is_no_share(site):
    """Streets changed since the analysis, an analysis of an older program, none at all."""
    plan = plan_of(site)
    site.execute(text("UPDATE road_edge SET name = 'x' WHERE way_id = 1"))
    assert watched_share(site, plan) is None
    site.execute(text("UPDATE analysis SET ground = NULL"))
    assert watched_share(site, plan) is None
    site.execute(text("DELETE FROM analysis"))
    assert watched_share(site, plan) is None


def test_an_hour_that_the_analysis_does_not_have_is_told_as_unknown(site):
    """It ends at 19:00."""
    plan = plan_of(site)
    site.execute(text("UPDATE analysis SET period = '[2026-11-20 12:00+00,2026-11-20 19:00+00)'"))
    found = watched_share(site, plan)
    assert found["cameras"].isna().tolist() == [False, True] == found["together"].isna().tolist()


AT = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_hours_are_whole_hours_of_the_sites_clock():
    half = timedelta(minutes=30)
    assert hour_edges(AT, AT + 2 * timedelta(hours=1), SHANGHAI) == [AT + n * 2 * half for n in range(3)]
    assert hour_edges(AT + half, AT + 3 * half, SHANGHAI) == [AT + half, AT + 2 * half, AT + 3 * half]
    assert hour_edges(AT, AT + half, SHANGHAI) == [AT, AT + half]
    # India is five and a half hours ahead: its whole hours lie between those of UTC.
    assert hour_edges(AT, AT + 2 * half, ZoneInfo("Asia/Kolkata")) == [AT, AT + half, AT + 2 * half]


def test_the_night_the_clocks_go_back_has_its_hours():
    """In Helsinki 03:00 to 04:00 comes twice: five hours from 00:00 to 04:00 by the clock."""
    zone = ZoneInfo("Europe/Helsinki")
    start = datetime(2026, 10, 25, 0, 0, tzinfo=zone)
    end = datetime(2026, 10, 25, 4, 0, tzinfo=zone)
    edges = hour_edges(start.astimezone(UTC), end.astimezone(UTC), zone)
    assert len(edges) == 6
    assert np.ptp(np.diff([edge.timestamp() for edge in edges])) == 0


@pytest.mark.parametrize(
    ("since", "until", "days"),
    [
        (AT - DAY, AT + timedelta(hours=1), 0),
        (AT - DAY, AT, 1),
        (AT - 3 * DAY, AT - 2 * DAY, 3),
        (AT + DAY, AT + 2 * DAY, -1),
        (AT - timedelta(hours=2), AT - timedelta(hours=1), None),
        (AT, AT + timedelta(minutes=59), None),
    ],
)
def test_an_hour_is_looked_up_on_the_last_day_that_has_it_whole(since, until, days):
    assert _days_back(AT, AT + timedelta(hours=1), since, until) == days
