"""Fixed duties in a plan: as stops in their hours, required or for a prize, pinned, told, and stale."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import geopandas as gpd
import pytest
from shapely import Point
from sqlalchemy import text
from test_planning import CRS_M, END, MIDDLE, START, WEST, X, Y, add_team_rows, planned, team, town

from geo.crs import to_lonlat
from geo.errors import LianfangError
from patrols import repository
from patrols.calendars import Calendar
from patrols.demand import DemandSettings
from patrols.duties import Duty, read_windows
from patrols.repository import calendars as calendar_store
from patrols.repository import duties as store
from patrols.services import Wishes, plan_shift, stale_reasons
from patrols.services.calendars import add_calendar
from patrols.services.duty_stops import duty_in
from patrols.services.fixed_duties import add_duty, change_duty, end_duty, uncounted_teams
from patrols.solve import Budget

NOW = datetime(2026, 11, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


def lonlat(x: float, y: float) -> tuple[float, float]:
    """A place of the town, metres from its corner."""
    point = to_lonlat(gpd.GeoSeries([Point(X + x, Y + y)], crs=CRS_M)).iloc[0]
    return point.x, point.y


def pinned_at(session, x: float, y: float, *, code: str = "gate", calendar: str | None = None, **own) -> None:
    given = {"name": "下寨小学", "kind": "school_gate", "stay_s": 600, "prize": 7} | own
    add_duty(session, Duty(code, **given), place=lonlat(x, y), calendar=calendar, now=NOW, author="test")


def clock(minutes: float) -> str:
    return f"{START + timedelta(minutes=minutes):%H:%M}"


@pytest.fixture
def zone(session) -> int:
    """The town with a walker of each of two villages."""
    number = town(session)
    add_team_rows(session, number, team("w", WEST, 0, 0), team("m", MIDDLE, 500, 400))
    return number


def duty_stop(session, made):
    stops = repository.plan_stops(session, made.plan_id)
    return next(row for row in stops.to_dict("records") if duty_in(row["why"]))


def test_a_required_duty_is_visited_in_its_hours(session, zone) -> None:
    """The second half hour of the shift, ten minutes of it at the gate."""
    hours = read_windows(f"{clock(30)}-{clock(60)}")
    pinned_at(session, 200, 200, hours=hours, required=True)
    made = planned(session)
    stop = duty_stop(session, made)
    visits = made.plan.visits
    starts = visits.loc[visits["stop_id"] == stop["stop_id"], "start_s"]
    assert len(starts) and starts.between(1800, 3600 - 600).all()
    assert made.violations == () and stop["prize"] == 7 and stop["service_s"] == 600
    assert stop["why"][0]["name"] == "下寨小学" and stop["why"][0]["kind"] == "school_gate"
    problem = made.problem
    assert problem.stops.set_index("stop_id")["required"].sum() == 1
    assert problem.windows["on_visit"].tolist() == ["each"]


def test_a_gap_within_sight_of_a_duty_has_no_stop_of_its_own(session, zone) -> None:
    """A junction of the town is a stop; pinned 20 m off, the duty is the only one there."""
    before = planned(session)
    stops = repository.plan_stops(session, before.plan_id).to_crs(CRS_M)
    near = stops.geometry.iloc[0]
    pinned_at(session, near.x - X + 20, near.y - Y)
    after = repository.plan_stops(session, planned(session).plan_id).to_crs(CRS_M)
    there = after[after.distance(Point(near.x + 20, near.y)) <= DemandSettings().sight_m]
    assert len(there) == 1 and duty_in(there["why"].iloc[0])
    assert after["stop_id"].tolist() == sorted(after["stop_id"])


def test_hours_outside_the_shift_ask_for_nothing(session, zone) -> None:
    pinned_at(session, 200, 200, hours=read_windows("03:00-04:00"), required=True)
    made = planned(session)
    assert not any(duty_in(why) for why in repository.plan_stops(session, made.plan_id)["why"])
    assert not any("gate" in one for one in made.remarks)


def test_too_little_of_the_hours_is_told(session, zone) -> None:
    hours = read_windows(f"{(START - timedelta(minutes=30)):%H:%M}-{clock(5)}")
    pinned_at(session, 200, 200, hours=hours, required=True)
    made = planned(session)
    assert any("has too little of its hours in this shift" in one for one in made.remarks)


def test_a_calendar_says_on_which_days(session, zone) -> None:
    day = START.date()
    for code, single in (("today", day), ("never", day + timedelta(days=3))):
        add_calendar(
            session,
            code=code,
            name=code,
            name_en="",
            calendar=Calendar(single=frozenset({single})),
            now=NOW,
            author="test",
        )
    pinned_at(session, 200, 200, calendar="never")
    pinned_at(session, 400, 400, code="always")
    assert duty_stop(session, planned(session))["why"][0]["duty"] == "always"
    end_duty(session, "always", now=LATER)
    assert not any(duty_in(why) for why in repository.plan_stops(session, planned(session).plan_id)["why"])
    change_duty(
        session,
        Duty("gate", "下寨小学", "school_gate", stay_s=600),
        place=lonlat(200, 200),
        calendar="today",
        now=LATER,
        author="test",
    )
    assert duty_stop(session, planned(session))


def test_a_year_without_known_holidays_is_told(session, zone) -> None:
    """The shift lies in a year after the installed list ends; the calendar follows the holidays."""
    later = START.replace(year=2099), END.replace(year=2099)
    calendar = Calendar(frozenset(range(1, 8)), holidays=calendar_store.holidays(session))
    add_calendar(session, code="c", name="c", name_en="", calendar=calendar, now=NOW, author="test")
    pinned_at(session, 200, 200, calendar="c")
    made = planned(session, *later)
    assert any("the public holidays of 2099 are not all known" in one for one in made.remarks)


def test_a_team_that_must_come_comes(session, zone) -> None:
    pinned_at(session, 200, 200, teams=("m",), villages=(WEST,))
    made = planned(session)
    stop = duty_stop(session, made)["stop_id"]
    visits = made.plan.visits
    assert set(visits.loc[visits["stop_id"] == stop, "team_id"]) == {"m", "w"}


def test_a_team_that_is_not_there_is_told(session, zone) -> None:
    pinned_at(session, 200, 200, teams=("gone",), villages=("c.d.t.east",))
    told = " ".join(planned(session).remarks)
    assert "team 'gone', which is not on duty" in told and "a team of east, and none" in told


def test_a_team_whose_visit_does_not_count_is_told_where_it_is_asked_for(session, zone) -> None:
    """A police car takes one of the two visits; the other village comes for nothing."""
    add_team_rows(session, zone, team("p", None, 0, 0))
    pinned_at(session, 200, 200, teams=("p", "m"))
    (told,) = [one for one in planned(session).remarks if "asks for team 'p'" in one]
    assert "is of no village: its visit is one of the 2 that the rule asks for and does not count" in told
    assert uncounted_teams(session, "gate") == [told]
    joint = {"pattern": "joint", "visits": 1, "villages": 2}
    session.execute(text("UPDATE zone SET rule = rule || CAST(:rule AS jsonb)"), {"rule": json.dumps(joint)})
    assert [one.partition(":")[0] for one in uncounted_teams(session, "gate")] == [
        f"fixed duty 'gate' asks for team '{code}', which is not mixed of 2 villages" for code in ("m", "p")
    ]


def test_more_teams_than_the_rule_has_visits_are_refused(session, zone) -> None:
    session.execute(text('UPDATE zone SET rule = rule || \'{"visits": 1, "villages": 1}\''))
    pinned_at(session, 200, 200, teams=("m", "w"))
    with pytest.raises(LianfangError, match=r"'gate' asks for 2 teams \(m, w\), and the zone's rule for 1"):
        planned(session)


def test_a_required_duty_nobody_can_do_is_refused_by_its_name(session, zone) -> None:
    """In the first minute of the shift, hundreds of metres from both walkers; without a must it is told."""
    hours = read_windows(f"{clock(0)}-{clock(10)}")
    pinned_at(session, 400, 0, hours=hours, required=True)
    with pytest.raises(LianfangError, match="no team can be at fixed duty 'gate'"):
        planned(session)
    end_duty(session, "gate", now=LATER)
    pinned_at(session, 400, 0, code="gate2", hours=hours)
    assert any("no team can be at fixed duty 'gate2'" in one for one in planned(session).remarks)


def test_a_zone_with_duties_and_no_gap_is_planned(session, zone) -> None:
    session.execute(text("DELETE FROM gap"))
    with pytest.raises(LianfangError, match="no gap"):
        planned(session)
    pinned_at(session, 200, 200, required=True)
    made = planned(session)
    assert len(made.problem.stops) == 1 and len(made.plan.visits)


def test_a_plan_made_again_keeps_its_duties(session, zone) -> None:
    pinned_at(session, 200, 200, hours=read_windows(f"{clock(30)}-{clock(60)}"), required=True)
    first = planned(session)
    end_duty(session, "gate", now=LATER)
    made = plan_shift(
        session,
        zone="z",
        start=START,
        end=END,
        budget=Budget(iterations=(20, 20)),
        seed=1,
        author="tester",
        wishes=Wishes(first.plan_id),
    )
    assert made.problem.windows.equals(first.problem.windows)
    assert made.problem.stops["required"].sum() == 1
    reasons = stale_reasons(session, [first.plan_id, made.plan_id])
    assert reasons[made.plan_id] == reasons[first.plan_id] != []


def test_a_duty_that_changes_makes_its_plan_stale(session, zone) -> None:
    pinned_at(session, 200, 200)
    made = planned(session)
    assert stale_reasons(session, [made.plan_id])[made.plan_id] == []
    duty = Duty("gate", "下寨小学", "school_gate", stay_s=900, prize=7)
    change_duty(session, duty, place=lonlat(200, 200), now=LATER, author="test")
    assert stale_reasons(session, [made.plan_id])[made.plan_id] == ["fixed duty 'gate' has changed since"]
    end_duty(session, "gate", now=LATER + timedelta(days=1))
    pinned_at(session, 200, 200, code="other")
    assert stale_reasons(session, [made.plan_id])[made.plan_id] == [
        "fixed duty 'gate' does not fall due in this shift any more",
        "fixed duty 'other' falls due in this shift now and has no stop",
    ]


def test_another_name_or_a_duty_at_other_hours_makes_no_plan_stale(session, zone) -> None:
    pinned_at(session, 200, 200)
    made = planned(session)
    duty = Duty("gate", "新名", "school_gate", stay_s=600, prize=7)
    change_duty(session, duty, place=lonlat(200, 200), now=LATER, author="test")
    pinned_at(session, 300, 200, code="dawn", hours=read_windows("03:00-04:00"))
    assert stale_reasons(session, [made.plan_id])[made.plan_id] == []


def test_a_duty_outside_the_zone_is_not_its_own(session, zone) -> None:
    """In the east village, which is not in the zone."""
    pinned_at(session, 900, 200, required=True)
    assert store.duties(session, zone_id=zone).empty and len(store.duties(session)) == 1
    made = planned(session)
    assert not any(duty_in(why) for why in repository.plan_stops(session, made.plan_id)["why"])


# --- The baseline grows with the time since the last visit ----------------


def test_ground_visited_last_night_is_worth_less_tonight(session, zone) -> None:
    """Published and over: what its stops see weighs as today, all other ground as where nobody ever was."""
    before = planned(session)
    week = timedelta(days=7)
    stops = repository.plan_stops(session, before.plan_id)
    whole = float(sum(entry["weight"] for why in stops["why"] for entry in why))
    assert all(entry["growth"] == 3 and entry["or_more"] for why in stops["why"] for entry in why)
    later = planned(session, START + week, END + week)
    assert total(session, later) == pytest.approx(whole), "a draft is no visit"
    session.execute(text("UPDATE plan SET status = 'published' WHERE id = :id"), {"id": before.plan_id})
    assert total(session, planned(session, START + week, END + week)) < whole
    growths = [
        entry["growth"]
        for why in repository.plan_stops(
            session, planned(session, START + timedelta(days=1), END + timedelta(days=1)).plan_id
        )["why"]
        for entry in why
    ]
    assert min(growths) < 2, "a night after the visit it has grown by a seventh"


def total(session, made) -> float:
    stops = repository.plan_stops(session, made.plan_id)
    return float(sum(entry["weight"] for why in stops["why"] for entry in why))


def test_check_ins_count_instead_of_what_was_planned(session, zone) -> None:
    """Nobody signed in but at one stop: only what that one sees is fresh."""
    made = planned(session)
    session.execute(text("UPDATE plan SET status = 'published' WHERE id = :id"), {"id": made.plan_id})
    day = timedelta(days=1)
    planned_visits = total(session, planned(session, START + day, END + day))
    row = session.execute(
        text(
            """SELECT v.team_id, v.stop_id, v.start_at FROM plan_visit v
               WHERE v.plan_id = :id AND v.stop_id IS NOT NULL ORDER BY v.stop_id LIMIT 1"""
        ),
        {"id": made.plan_id},
    ).one()
    session.execute(
        text(
            """INSERT INTO check_in (plan_id, team_id, stop_id, arrived_at, origin, author, entered_at)
               VALUES (:plan, :team, :stop, :at, 'sheet', 'test', :at)"""
        ),
        {"plan": made.plan_id, "team": row.team_id, "stop": row.stop_id, "at": row.start_at},
    )
    assert total(session, planned(session, START + day, END + day)) > planned_visits


def test_dates_are_those_of_the_site(session, zone) -> None:
    """A shift from 20:00 UTC on the 20th begins on the 21st in Shanghai."""
    session.execute(text("UPDATE site SET timezone = 'Asia/Shanghai'"))
    calendar = Calendar(single=frozenset({date(2026, 11, 21)}))
    add_calendar(session, code="c", name="c", name_en="", calendar=calendar, now=NOW, author="test")
    pinned_at(session, 200, 200, calendar="c")
    start = datetime(2026, 11, 20, 20, tzinfo=UTC)
    made = planned(session, start, start + timedelta(hours=2))
    assert duty_stop(session, made)


def test_a_duty_in_a_yard_is_done_on_the_street_beside_it(session, zone) -> None:
    """50 m from the next street."""
    pinned_at(session, 250, 250)
    place = gpd.GeoSeries([duty_stop(session, planned(session))["geometry"]], crs=4326).to_crs(CRS_M).iloc[0]
    assert place.distance(Point(X + 250, Y + 250)) == pytest.approx(50, abs=0.5)


def test_a_duty_off_every_street_is_told_and_a_required_one_refused(session, zone) -> None:
    """The corner of the west village lies 140 m from its first junction."""
    pinned_at(session, -99, 499, code="far")
    assert any("lies farther than 100 m from every street" in one for one in planned(session).remarks)
    end_duty(session, "far", now=LATER)
    pinned_at(session, -99, 499, code="must", required=True)
    with pytest.raises(LianfangError, match="put it on a street, or require it no more"):
        planned(session)
