"""Rosters from the database: made of a zone's teams, changed by people, and taken up by a planned shift."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import text
from test_planning import END, MIDDLE, START, WEST, add_team_rows, planned, team, town

from geo.errors import InputRefused, LianfangError
from patrols.hours import Terms
from patrols.problem import CrossRule
from patrols.repository import rosters as store
from patrols.rosters.figures import faults_of, team_figures
from patrols.rosters.slots import days_between, read_slots
from patrols.services import Wishes, life, plan_shift, rostering
from patrols.services.ruling import change_rule
from patrols.services.staleness import stale_reasons
from patrols.services.teams import end_team
from patrols.solve import Budget
from patrols.tables import Plan

FIRST = date(2026, 11, 21)
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
WHO = {"now": AT, "author": "li"}
CODES = ("w1", "w2", "m1", "m2")


@pytest.fixture
def zone(session):
    """Two teams each of two villages."""
    number = town(session)
    add_team_rows(
        session,
        number,
        team("w1", WEST, 0, 0),
        team("w2", WEST, 200, 0),
        team("m1", MIDDLE, 400, 0),
        team("m2", MIDDLE, 600, 0),
    )
    return number


def made(session, days=4, slots="18:00-22:00 2 2", **more):
    return rostering.make(
        session,
        zone="z",
        first=FIRST,
        last=FIRST + timedelta(days=days - 1),
        slots=read_slots(slots),
        author="li",
        **more,
    )


def turns(session, number):
    return [turn["teams"] for turn in store.head(session, number)["document"]["turns"]]


def test_a_roster_is_stored_sound_with_its_figures(session, zone):
    number = made(session, leaders=["孙队", " ", "李队", "孙队"])
    head = store.head(session, number)
    assert (head["status"], head["first"], head["last"], head["zone_code"]) == (
        "draft",
        FIRST,
        FIRST + timedelta(days=3),
        "z",
    )
    kept = head["document"]
    assert faults_of(kept, UTC) == [] and kept["proven"] and kept["repeats"] == 0
    for figures in team_figures(kept, UTC):
        assert figures.turns["all"] == 2 and figures.share["all"] == 2.0
        # Saturday and Sunday come first.
        assert figures.turns["weekend"] == 1
    assert sorted(turn["leader"] for turn in kept["turns"]) == sorted(["孙队", "李队"] * 2)
    assert sorted(turn["village"] for turn in kept["turns"]) == [MIDDLE, MIDDLE, WEST, WEST]


def test_terms_of_teams_say_when_they_can(session, zone):
    """Two that serve by day only are in no evening; then two evenings in a row cannot be avoided."""
    session.execute(text("UPDATE team SET daytime_only = true WHERE code IN ('w2', 'm2')"))
    number = made(session, days=2)
    assert turns(session, number) == [["m1", "w1"]] * 2
    assert store.head(session, number)["document"]["repeats"] == 2


@pytest.mark.parametrize(
    "given, words, told",
    [
        ({"slots": "18:00-22:00 5 2"}, "no roster can be made", "5 teams are needed and 4 can serve"),
        ({"slots": "18:00-22:00 2 3"}, "2 teams and 3 villages cannot be", None),
        ({"slots": ""}, "1 to 4 slots a day, not 0", None),
        ({"slots": "18:00 2"}, "'18:00' are no hours", None),
        ({"slots": "18:00-22:00 1 1 2"}, "1 teams, 2 of them mixed, cannot be", None),
        ({"slots": "18:00-22:00 x"}, "'18:00-22:00 x' is no slot", None),
        ({"days": 0}, "from 2026-11-21 to 2026-11-20 are 0", None),
        ({"days": 32}, "1 to 31 days", None),
        ({"rest_h": 73.0}, "a rest of 73 h is out of limits", None),
        ({"leaders": ["x" * 61]}, "at most 60 characters", None),
    ],
)
def test_what_cannot_be_asked_is_refused(session, zone, given, words, told):
    with pytest.raises(InputRefused, match=words) as refused:
        made(session, **given)
    assert told is None or told in refused.value.problems[0]
    assert told is None or refused.value.problems[0].startswith("2026-11-21 18:00–22:00")


def test_an_unknown_zone_and_roster_are_told(session, zone):
    with pytest.raises(LianfangError, match="zone 'x' is not known"):
        rostering.make(
            session, zone="x", first=FIRST, last=FIRST, slots=read_slots("18:00-22:00"), author="li"
        )
    with pytest.raises(LianfangError, match="roster 9999 is not stored"):
        rostering.publish(session, 9999, **WHO)


# ---------------------------------------------------------------- by hand


def test_two_entries_are_swapped_and_it_is_undone(session, zone):
    number = made(session)
    before = turns(session, number)
    (one,) = (code for code in before[0] if code.startswith("w"))
    (other,) = (code for code in before[1] if code.startswith("w"))
    assert one != other
    rostering.swap(session, number, (0, one), (1, other), **WHO)
    after = turns(session, number)
    assert other in after[0] and one not in after[0] and one in after[1] and other not in after[1]
    kept = store.head(session, number)["document"]
    assert faults_of(kept, UTC) == [] and not kept["proven"]
    (step,) = store.steps(session, number)
    assert (step["step"], step["author"], step["detail"]["one"]) == (
        "swapped",
        "li",
        ["2026-11-21 18:00–22:00", one],
    )
    rostering.undo(session, number)
    assert turns(session, number) == before and store.steps(session, number) == []
    with pytest.raises(InputRefused, match="nothing to undo"):
        rostering.undo(session, number)


def test_a_swap_that_breaks_a_rule_changes_nothing(session, zone):
    number = made(session)
    before = turns(session, number)
    west, middle = sorted(before[0], reverse=True)
    mate = next(code for code in before[1] if code.startswith("m") != west.startswith("m"))
    with pytest.raises(InputRefused, match="nothing was changed") as refused:
        rostering.swap(session, number, (0, west), (1, mate), **WHO)
    assert any("villages" in one for one in refused.value.problems)
    for one, other, words in (
        ((0, "nobody"), (1, mate), "does not serve in the turn that is swapped"),
        ((9, west), (1, mate), "does not serve in the turn that is swapped"),
        ((0, west), (0, middle), "a swap is of two teams in two turns"),
    ):
        with pytest.raises(InputRefused, match=words):
            rostering.swap(session, number, one, other, **WHO)
    assert turns(session, number) == before


def test_fixed_and_forbidden_entries_stay_when_it_is_made_again(session, zone):
    number = made(session)
    serving = turns(session, number)[0]
    absent = next(code for code in CODES if code not in serving and code.startswith("w"))
    rostering.mark(session, number, 0, absent, "fixed", **WHO)
    gone = next(code for code in serving if code.startswith("m"))
    rostering.mark(session, number, 0, gone, "forbidden", **WHO)
    rostering.make_again(session, number, **WHO)
    assert absent in turns(session, number)[0] and gone not in turns(session, number)[0]
    rostering.mark(session, number, 0, gone, "open", **WHO)
    assert store.head(session, number)["document"]["turns"][0]["forbidden"] == []
    for turn, code, state, words in (
        (0, "x", "fixed", "no team 'x'"),
        (9, "w1", "fixed", "no such turn"),
        (0, "w1", "perhaps", "not 'perhaps'"),
    ):
        with pytest.raises(InputRefused, match=words):
            rostering.mark(session, number, turn, code, state, **WHO)


# ---------------------------------------------------------------- after another


def test_a_roster_goes_on_from_the_published_one_before_it(session, zone):
    """Of three evenings two teams have two turns; the next roster's three evenings even that out."""
    before = made(session, days=3, slots="18:00-22:00 2 2")
    free = made_later(session, 3)
    assert store.head(session, free)["document"]["before"] == []
    rostering.publish(session, before, **WHO)
    number = made_later(session, 3)
    kept = store.head(session, number)["document"]
    assert [one["roster"] for one in kept["before"]] == [before] and faults_of(kept, UTC) == []
    served = [code for turn in [*turns(session, before), *turns(session, number)] for code in turn]
    assert {code: served.count(code) for code in CODES} == dict.fromkeys(CODES, 3)
    # Not the same slot two days running, over the border too.
    assert not set(turns(session, before)[-1]) & set(turns(session, number)[0]) and kept["repeats"] == 0
    figures = {one.code: one for one in team_figures(kept, UTC)}
    for code in CODES:
        assert figures[code].before["all"] + figures[code].share["all"] == 3.0
    # A roster counts what was before its days alone.
    assert store.head(session, made(session, days=3))["document"]["before"] == []


def made_later(session, days):
    return rostering.make(
        session,
        zone="z",
        first=FIRST + timedelta(days=days),
        last=FIRST + timedelta(days=2 * days - 1),
        slots=read_slots("18:00-22:00 2 2"),
        leaders=["孙队", "李队"],
        author="li",
    )


def test_villages_and_police_leaders_go_on_in_turn(session, zone):
    before = made(session, days=3, leaders=["孙队", "李队"])
    rostering.publish(session, before, **WHO)
    number = made_later(session, 3)
    both = [turn for one in (before, number) for turn in store.head(session, one)["document"]["turns"]]
    for name in ("village", "leader"):
        had = [turn[name] for turn in both]
        assert {one: had.count(one) for one in had} == dict.fromkeys(had, 3)
        assert had[2] != had[3]


def test_too_little_rest_after_a_roster_that_changed_is_told(session, zone):
    first = made(session, days=1, slots="18:00-23:00 2 2")
    rostering.publish(session, first, **WHO)
    second = rostering.make(
        session,
        zone="z",
        first=FIRST + timedelta(days=1),
        last=FIRST + timedelta(days=1),
        slots=read_slots("06:00-10:00 2 2"),
        author="li",
    )
    (evening,), (morning,) = turns(session, first), turns(session, second)
    assert not set(evening) & set(morning) and rostering.stale(session, second) == []
    rostering.withdraw(session, first)
    for code in morning:
        rostering.mark(session, first, 0, code, "fixed", **WHO)
    rostering.make_again(session, first, **WHO)
    rostering.publish(session, first, **WHO)
    told = rostering.stale(session, second)
    assert [
        f"team '{code}' serves in 2026-11-21 18:00–23:00 and in 2026-11-22 06:00–10:00"
        for code in sorted(morning)
    ] == [one.partition(",")[0] for one in told]
    rostering.make_again(session, second, **WHO)
    assert rostering.stale(session, second) == [] and turns(session, second) == [evening]


# ---------------------------------------------------------------- a joint rule


def mix(session, code, *paths):
    session.execute(
        text("DELETE FROM team_partner WHERE team_id = (SELECT id FROM team WHERE code = :code)"),
        {"code": code},
    )
    for path in paths:
        session.execute(
            text(
                """INSERT INTO team_partner (team_id, jurisdiction_path)
                   SELECT id, :path FROM team WHERE code = :code"""
            ),
            {"code": code, "path": path},
        )


JOINT = CrossRule(pattern="joint", visits=1, villages=2)


def test_under_a_joint_rule_every_turn_has_a_mixed_team_and_its_plan_crosses(session, zone):
    """Of four teams one has people of both villages; a roster that knows nothing of it leaves it out."""
    mix(session, "w1", MIDDLE)
    loose = made(session, days=2)
    assert not all("w1" in turn for turn in turns(session, loose))
    change_rule(session, "z", JOINT)
    assert rostering.stale(session, loose) == ["the zone's rule asks for mixed teams of 2 villages now"]
    number = made(session, days=2)
    assert all("w1" in turn for turn in turns(session, number))
    kept = store.head(session, number)["document"]
    assert kept["slots"][0]["mixed"] == 1 and faults_of(kept, UTC) == [] and kept["repeats"] == 1
    rostering.publish(session, number, **WHO)
    plan = planned(session)
    assert set(plan.problem.teams["team_id"]) == set(turns(session, number)[0])
    assert len(plan.plan.crossed) and not any("nothing can be crossed" in one for one in plan.remarks)
    # With more to say: as many mixed teams as are asked for, or none at all.
    with pytest.raises(InputRefused) as refused:
        made(session, days=2, slots="18:00-22:00 2 2 2")
    assert "2 mixed teams are needed and 1 can serve" in refused.value.problems[0]
    assert not all("w1" in turn for turn in turns(session, made(session, slots="18:00-22:00 2 2 0")))


def test_a_turn_without_its_mixed_team_is_refused_and_stale(session, zone):
    mix(session, "w1", MIDDLE)
    mix(session, "w2", MIDDLE)
    change_rule(session, "z", JOINT)
    number = made(session, days=2)
    first, second = turns(session, number)
    (west,), (mate,) = (
        [code for code in turn if code.startswith(one)] for turn, one in ((first, "w"), (second, "m"))
    )
    with pytest.raises(InputRefused, match="nothing was changed") as refused:
        rostering.swap(session, number, (0, west), (1, mate), **WHO)
    assert "2026-11-21 18:00–22:00: 0 mixed teams serve, 1 are needed" in refused.value.problems
    mix(session, west)
    told = rostering.stale(session, number)
    assert told == ["2026-11-21 18:00–22:00: 0 mixed teams serve, 1 are needed"]
    rostering.make_again(session, number, **WHO)
    assert rostering.stale(session, number) == [] and all(
        set(turn) & {"w1", "w2"} == {"w1", "w2"} - {west} for turn in turns(session, number)
    )
    change_rule(session, "z", CrossRule())
    assert rostering.stale(session, number) == ["the zone's rule asks for no mixed teams any more"]
    rostering.make_again(session, number, **WHO)
    assert store.head(session, number)["document"]["slots"][0]["mixed"] is None
    with pytest.raises(InputRefused, match="the rule of zone 'z' is not joint"):
        made(session, slots="18:00-22:00 2 2 1")


# ---------------------------------------------------------------- published


def test_a_shift_is_planned_with_the_teams_of_its_turn(session, zone):
    number = made(session, slots="18:00-22:00 2 2", leaders=["孙队"])
    before = planned(session)
    assert set(before.problem.teams["team_id"]) == set(CODES)
    assert rostering.rostered(session, "z", START, END) is None
    rostering.publish(session, number, **WHO)
    told = rostering.rostered(session, "z", START, END)
    assert (told.roster, list(told.teams), told.leader) == (number, turns(session, number)[0], "孙队")
    after = planned(session)
    assert list(after.problem.teams["team_id"]) == turns(session, number)[0]
    assert f"by roster {number} these teams serve in this shift: {', '.join(told.teams)}" in after.remarks
    assert session.get(Plan, after.plan_id).parameters["police_leader"] == "孙队"
    assert stale_reasons(session, [after.plan_id])[after.plan_id] == []
    # Made again, a plan keeps who was named for it.
    life.name_leader(session, after.plan_id, "李队")
    again = plan_shift(
        session,
        zone="z",
        start=START,
        end=END,
        budget=Budget(iterations=(5, 5)),
        seed=1,
        author="t",
        wishes=Wishes(after.plan_id),
    )
    assert session.get(Plan, again.plan_id).parameters["police_leader"] == "李队"
    # The plan of before has teams that do not serve by it.
    assert len(stale_reasons(session, [before.plan_id])[before.plan_id]) == 2
    # A shift that no turn holds takes all teams, as without a roster.
    late = planned(session, START - timedelta(hours=1), END)
    assert set(late.problem.teams["team_id"]) == set(CODES)


def test_a_turn_past_midnight_belongs_to_the_day_it_begins_on(session, zone):
    number = made(session, days=1, slots="18:00-22:00 2 2\n22:00-02:00 2 2")
    rostering.publish(session, number, **WHO)
    two = datetime(2026, 11, 22, 0, 30, tzinfo=UTC)
    told = rostering.rostered(session, "z", two, two + timedelta(hours=1))
    assert told is not None and list(told.teams) == turns(session, number)[1]
    assert rostering.rostered(session, "z", two, two + timedelta(hours=2)) is None


def test_of_rosters_for_one_day_only_one_is_published(session, zone):
    first, second = made(session), made(session)
    rostering.publish(session, first, **WHO)
    with pytest.raises(InputRefused, match=f"roster {first} is published for days of this one"):
        rostering.publish(session, second, **WHO)
    for deed in (
        lambda: rostering.publish(session, first, **WHO),
        lambda: rostering.make_again(session, first, **WHO),
        lambda: rostering.remove(session, first),
    ):
        with pytest.raises(InputRefused, match=f"roster {first} is published"):
            deed()
    rostering.withdraw(session, first)
    with pytest.raises(InputRefused, match="is a draft; there is nothing to withdraw"):
        rostering.withdraw(session, first)
    rostering.publish(session, second, **WHO)
    rostering.remove(session, first)
    assert store.head(session, first) is None


def test_a_roster_is_stale_once_a_team_left_or_cannot(session, zone):
    number = made(session)
    assert rostering.stale(session, number) == []
    end_team(session, "z", "w1", now=AT)
    session.execute(text("UPDATE team SET daytime_only = true WHERE code = 'm1'"))
    add_team_rows(session, zone, team("new", WEST, 0, 0, terms=Terms(hours=(time(8), time(12)))))
    told = rostering.stale(session, number)
    assert told[0] == "team 'w1' serves no more"
    assert sum("team 'm1' serves and cannot then" in one for one in told) == 2
    assert told[-1] == "team 'new' serves now and has no place in the roster"
    with pytest.raises(InputRefused, match="out of date; make it again"):
        rostering.publish(session, number, **WHO)


def test_a_police_leader_is_named_for_a_turn(session, zone):
    number = made(session)
    rostering.name_leader(session, number, 1, "440513", **WHO)
    assert [turn["leader"] for turn in store.head(session, number)["document"]["turns"]] == [
        "",
        "440513",
        "",
        "",
    ]
    with pytest.raises(InputRefused, match="no such turn"):
        rostering.name_leader(session, number, 4, "x", **WHO)


@pytest.mark.parametrize("year", [1, 1999, 2200, 9999])
def test_a_roster_is_for_days_that_have_a_night_before_and_after(year):
    """Hours past midnight of the last day of all would be on no day."""
    with pytest.raises(InputRefused, match=f"the year {year} lies outside 2000 to 2199; correct the date"):
        days_between(date(year, 1, 1), date(year, 1, 2))
    assert len(days_between(date(2199, 12, 1), date(2199, 12, 31))) == 31


def test_police_leaders_are_counted_as_such(session, zone):
    """Many names are a paste that went wrong; no word of teams."""
    with pytest.raises(InputRefused, match="61 police leaders are named; give at most 60"):
        made(session, leaders=[f"n{i}" for i in range(61)])
