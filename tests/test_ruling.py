"""A zone's rule changed, taken in turns, and kept within a week, on several nights."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from test_planning import END, MIDDLE, START, WEST, add_team_rows, at, planned, team, town

from geo.errors import InputRefused, LianfangError
from patrols.demand import DemandSettings
from patrols.hours import Terms
from patrols.problem import CrossRule
from patrols.search.placing import GUESSABLE_S
from patrols.services import PlanSettings, plan_nights, plan_shift, stale_reasons
from patrols.services.ruling import change_rule
from patrols.solve import Budget
from patrols.spans import as_made, met, span_begins, visits_at_stops
from patrols.tables import Plan, Zone
from web.jobs.bodies import plan as body

FEW = Budget(iterations=(50,))


def two_teams(session) -> int:
    zone = town(session)
    add_team_rows(session, zone, team("w", WEST, 0, 0), team("m", MIDDLE, 400, 400))
    return zone


def nights(session, number, **more):
    given = {"zone": "z", "start": START, "end": END, "budget": FEW, "seed": 1, "author": "tester"}
    return plan_nights(session, nights=number, **(given | more))


def places_of(session, plan_id, crossed=True):
    """Where a plan's stops stand, to the metre."""
    rows = session.execute(
        text(
            """SELECT round(ST_X(ST_Transform(geom, 32635))), round(ST_Y(ST_Transform(geom, 32635)))
               FROM plan_stop WHERE plan_id = :plan AND (crossed OR NOT :crossed)"""
        ),
        {"plan": plan_id, "crossed": crossed},
    )
    return {tuple(row) for row in rows}


# --- the rule --------------------------------------------------------------------------------------


def test_a_rule_is_changed_and_plans_made_before_are_stale(session) -> None:
    zone = two_teams(session)
    before = planned(session)
    old, new = change_rule(session, "z", CrossRule(visits=3, villages=2, separation_s=600))
    assert (old.visits, new.visits) == (2, 3)
    assert session.get_one(Zone, zone, populate_existing=True).rule["visits"] == 3
    assert any(
        "rule has changed" in reason for reason in stale_reasons(session, [before.plan_id])[before.plan_id]
    )
    assert planned(session).problem.rule.visits == 3


def test_a_rule_that_cannot_be_is_refused_and_nothing_changed(session) -> None:
    zone = two_teams(session)
    with pytest.raises(LianfangError, match="asks for 3 villages at a stop, zone 'z' has 2"):
        change_rule(session, "z", CrossRule(visits=3, villages=3))
    with pytest.raises(LianfangError, match="duty village is named for each shift"):
        change_rule(session, "z", CrossRule(pattern="rota", leader=WEST))
    with pytest.raises(LianfangError, match="'nowhere'"):
        change_rule(session, "nowhere", CrossRule())
    assert session.get_one(Zone, zone, populate_existing=True).rule["visits"] == 2


# --- turns -----------------------------------------------------------------------------------------


def test_villages_take_turns_in_leading(session) -> None:
    two_teams(session)
    change_rule(session, "z", CrossRule(pattern="rota", separation_s=600))
    made = nights(session, 3)
    leaders = [one.problem.rule.leader for one in made]
    assert leaders == [MIDDLE, WEST, MIDDLE]
    assert all(one.plan.crossed and one.violations == () for one in made)
    # Drafts of other days give nobody a turn; a published plan does.
    assert planned(session, START + timedelta(days=9), END + timedelta(days=9)).problem.rule.leader == MIDDLE
    session.get_one(Plan, made[0].plan_id).status = "published"
    session.flush()
    assert planned(session, START + timedelta(days=9), END + timedelta(days=9)).problem.rule.leader == WEST
    assert not any("rule" in reason for reason in stale_reasons(session, [made[1].plan_id])[made[1].plan_id])


def test_a_duty_village_is_chosen_or_refused(session) -> None:
    two_teams(session)
    asked = {"zone": "z", "start": START, "end": END, "budget": FEW, "seed": 1, "author": "tester"}
    with pytest.raises(LianfangError, match=f"is no rota, so no village leads; leave out '{WEST}'"):
        plan_shift(session, **asked, leads=WEST)
    change_rule(session, "z", CrossRule(pattern="rota", separation_s=600))
    made = plan_shift(session, **asked, leads=WEST)
    assert session.get_one(Plan, made.plan_id).parameters["leads"] == WEST
    with pytest.raises(LianfangError, match=r"'c.d.t.east' has no team on duty.*choose one of .*west"):
        plan_shift(session, **asked, leads="c.d.t.east")


def test_a_joint_rule_without_a_mixed_team_crosses_nothing_and_says_so(session) -> None:
    two_teams(session)
    change_rule(session, "z", CrossRule(pattern="joint", visits=1, villages=2))
    made = planned(session)
    assert made.plan.crossed == ()
    assert any("takes a mixed team of 2 villages" in remark for remark in made.remarks)


def test_a_mixed_team_crosses_by_itself_under_a_joint_rule(session) -> None:
    zone = two_teams(session)
    mixed = team("x", WEST, 200, 0, terms=Terms(partners=(MIDDLE,)))
    add_team_rows(session, zone, mixed)
    change_rule(session, "z", CrossRule(pattern="joint", visits=1, villages=2))
    made = planned(session)
    assert made.plan.crossed
    assert made.violations == ()
    assert set(made.plan.visits["team_id"]) == {"x"}
    assert made.problem.teams.set_index("team_id")["villages"].to_dict() == {"m": 1, "w": 1, "x": 2}
    session.execute(text("DELETE FROM team_partner"))
    told = stale_reasons(session, [made.plan_id])[made.plan_id]
    assert any("'x' has people of other villages now" in one for one in told)


# --- within a week ---------------------------------------------------------------------------------


def test_what_one_night_crossed_the_next_one_of_the_week_leaves_alone(session) -> None:
    two_teams(session)
    settings = PlanSettings(demand=DemandSettings(stops=4))
    change_rule(session, "z", CrossRule(separation_s=600, within="week"))
    one, other = nights(session, 2, settings=settings)
    first, second = places_of(session, one.plan_id), places_of(session, other.plan_id, crossed=False)
    assert first
    assert second
    assert not first & second
    assert len(one.problem.stops) == 4
    # Within one shift every night has the same four.
    change_rule(session, "z", CrossRule(separation_s=600))
    one, other = nights(session, 2, settings=settings)
    assert places_of(session, one.plan_id, False) == places_of(session, other.plan_id, False)


def test_a_night_is_stale_when_those_it_counted_on_are_others(session) -> None:
    two_teams(session)
    change_rule(session, "z", CrossRule(separation_s=600, within="week"))
    one, other = nights(session, 2, settings=PlanSettings(demand=DemandSettings(stops=4)))

    def told(plan):
        return " ".join(stale_reasons(session, [plan.plan_id])[plan.plan_id])

    assert told(other) == ""
    session.get_one(Plan, one.plan_id).status = "published"
    session.flush()
    assert told(other) == "", "what was a draft counts as before"
    session.execute(text("DELETE FROM plan_visit WHERE plan_id = :plan AND seq = 1"), {"plan": one.plan_id})
    assert f"visits of plan {one.plan_id}, an earlier shift's, are others" in told(other)
    session.execute(text("DELETE FROM plan WHERE id = :plan"), {"plan": one.plan_id})
    assert f"plan {one.plan_id} of an earlier shift, whose visits counted, counts no more" in told(other)


def test_what_was_begun_another_night_completes(session) -> None:
    """On the first night only the west is there; on the second only the middle."""
    zone = town(session)
    day = timedelta(days=1)
    add_team_rows(
        session,
        zone,
        team("w", WEST, 0, 0, starts_at=START, ends_at=END),
        team("m", MIDDLE, 400, 400, starts_at=START + day, ends_at=END + day),
    )
    change_rule(session, "z", CrossRule(separation_s=600, within="week"))
    one = planned(session)
    assert one.plan.crossed == ()
    row = one.problem.stops.iloc[0]
    number = session.scalar(text("SELECT id FROM team WHERE code = 'w'"))
    session.execute(
        text(
            """INSERT INTO plan_visit (plan_id, team_id, seq, stop_id, arrive_at, start_at, end_at,
                                       distance_m)
               VALUES (:plan, :team, 1, :stop, :at, :at, :at, 0)"""
        ),
        {"plan": one.plan_id, "team": number, "stop": row["stop_id"], "at": START + timedelta(hours=1)},
    )
    alone = plan_shift(
        session, zone="z", start=START + day, end=END + day, budget=FEW, seed=1, author="tester"
    )
    assert alone.plan.crossed == (), "the first night is a draft"
    session.get_one(Plan, one.plan_id).status = "published"
    session.flush()
    completed = plan_shift(
        session, zone="z", start=START + day, end=END + day, budget=FEW, seed=1, author="tester"
    )
    assert len(completed.plan.crossed) == 1
    assert completed.violations == ()
    assert completed.problem.done["village"].tolist() == [WEST]
    # Next week it does not count any more; START is a Saturday.
    later = START + timedelta(days=2)
    assert later.weekday() == 0
    assert nights(session, 1, start=START + day, end=END + day)[0].plan.crossed
    assert span_begins("week", later, UTC) > START + day


def test_signed_visits_stand_for_a_plan_that_somebody_signed(session) -> None:
    two_teams(session)
    change_rule(session, "z", CrossRule(separation_s=600, within="week"))
    one = planned(session)
    session.get_one(Plan, one.plan_id).status = "published"
    visit = one.plan.visits.iloc[0]
    session.execute(
        text(
            """INSERT INTO check_in (plan_id, team_id, stop_id, arrived_at, origin, author, entered_at)
               SELECT :plan, id, :stop, :at, 'sheet', 'a', now() FROM team WHERE code = :team"""
        ),
        {"plan": one.plan_id, "stop": visit["stop_id"], "team": visit["team_id"], "at": START},
    )
    session.flush()
    day = timedelta(days=1)
    next_night = planned(session, START + day, END + day)
    assert len(next_night.problem.done) == 1, "only what was signed for was made"


def test_nights_that_follow_send_others_at_other_times(session) -> None:
    """By the same seed the same plan came every night, where nothing was known of the nights before."""
    zone = two_teams(session)
    add_team_rows(session, zone, team("w2", WEST, 0, 400), team("m2", MIDDLE, 600, 0))
    one = planned(session)
    day = timedelta(days=1)
    again = planned(session, START + day, END + day)
    assert again.plan.visits.equals(one.plan.visits), "a draft is not seen by anybody"
    session.get_one(Plan, one.plan_id).status = "published"
    session.flush()
    other = planned(session, START + day, END + day)
    assert len(other.plan.crossed) == len(one.plan.crossed)

    def pairs(plan):
        return set(plan.visits[["team_id", "stop_id"]].itertuples(index=False, name=None))

    def times(plan):
        return plan.visits.groupby("stop_id")["start_s"].min()

    assert len(pairs(other.plan) & pairs(one.plan)) < len(pairs(one.plan)) / 2
    apart = (times(other.plan) - times(one.plan)).abs()
    assert (apart > GUESSABLE_S).mean() > 0.5


@pytest.mark.parametrize(("number", "words"), [(0, "0 nights; give 1 to 31"), (32, "32 nights")])
def test_a_number_of_nights_out_of_limits_is_refused(session, number: int, words: str) -> None:
    two_teams(session)
    with pytest.raises(LianfangError, match=words):
        nights(session, number)


def test_hours_stay_the_same_where_clocks_are_put_back(session) -> None:
    two_teams(session)
    session.execute(text("UPDATE site SET timezone = 'Europe/Helsinki'"))
    session.expire_all()
    zone = ZoneInfo("Europe/Helsinki")
    start = datetime(2026, 10, 24, 20, tzinfo=zone)
    made = nights(session, 2, start=start, end=start + timedelta(hours=2))
    assert [one.problem.origin.astimezone(zone).hour for one in made] == [20, 20]
    assert made[1].problem.origin.astimezone(UTC) - made[0].problem.origin.astimezone(UTC) == timedelta(
        hours=25
    )


# --- the rule of earlier visits, alone -------------------------------------------------------------


def visits(*rows):
    """(village, minute) of visits to one stop."""
    moment = [START + timedelta(minutes=minute) for _, minute in rows]
    return pd.DataFrame(
        {
            "stop_id": "p",
            "village": [village for village, _ in rows],
            "villages": [village is not None for village, _ in rows],
            "start_at": moment,
            "end_at": moment,
        }
    ).astype({"villages": int})


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 100)), max_size=6),
    st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 100)),
)
def test_one_more_visit_never_undoes_what_was_met(rows: list, extra: tuple) -> None:
    rule = CrossRule(separation_s=1800)
    if met(rule, visits(*rows)):
        assert met(rule, visits(*rows, extra))


def test_earlier_visits_belong_to_the_stop_where_they_were_made() -> None:
    stops = gpd.GeoDataFrame({"stop_id": ["p", "q"]}, geometry=[at(0, 0), at(50, 0)], crs=32635)
    made = gpd.GeoDataFrame(
        visits(("a", 0), ("b", 1), (None, 2)), geometry=[at(50.5, 0), at(25, 0), at(0, 0)], crs=32635
    ).drop(columns="stop_id")
    found = visits_at_stops(made, stops)
    assert found[["stop_id", "village"]].to_numpy().tolist() == [["q", "a"], ["p", None]]
    done = as_made(found, START, leave_out=["p"])
    assert done[["stop_id", "village", "start_s"]].to_numpy().tolist() == [["q", "a", 0]]


@pytest.mark.parametrize(
    ("within", "begins"), [("shift", START), ("week", datetime(2026, 11, 16, tzinfo=UTC)), ("month", None)]
)
def test_spans_begin_on_their_monday_or_first(within: str, begins: datetime | None) -> None:
    assert span_begins(within, START, UTC) == (begins or datetime(2026, 11, 1, tzinfo=UTC))


# --- as a job --------------------------------------------------------------------------------------

ORDER = {"zone": "z", "start": START.isoformat(), "end": END.isoformat(), "iterations": 20}


class Telling:
    """A job's ear: what it was told."""

    author = "tester"

    def __init__(self) -> None:
        self.words: list[str] = []
        self.share = 0.0

    def __call__(self, share: float, words: str) -> None:
        self.reached(share)

    def noted(self, words: str, **values: object) -> None:
        self.words.append(words % values)

    def reached(self, share: float) -> None:
        assert share >= self.share
        self.share = share

    def should_stop(self) -> bool:
        return False


def test_a_job_plans_several_nights_and_says_which_one(session) -> None:
    two_teams(session)
    tell = Telling()
    outcome = body.run(session, body.order(ORDER | {"nights": 2}), tell)
    assert session.scalar(text("SELECT count(*) FROM plan")) == 2
    assert len(outcome.details["plans"]) == 2
    assert {"Planning night 1 of 2", "Planning night 2 of 2"} <= set(tell.words)
    assert tell.share == 1.0


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"nights": 0}, "0 nights; give 1 to 31"),
        ({"nights": 2, "again": 7}, "made again for its own shift"),
        ({"nights": "2"}, "give a whole number"),
        ({"leads": 3}, "leads is 3"),
    ],
)
def test_a_wrong_order_of_nights_is_refused_at_the_door(more: dict, words: str) -> None:
    with pytest.raises(InputRefused, match=words):
        body.order(ORDER | more)
