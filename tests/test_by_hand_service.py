"""A draft changed by hand: tried without storing, stored exactly as ordered, and made again around it."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from sqlalchemy import func, select
from test_planning import END, MIDDLE, START, WEST, add_team_rows, planned, team, town

from geo.errors import InputRefused, LianfangError
from patrols import repository
from patrols.by_hand import moved, put_in, taken_out
from patrols.plan import read_plan
from patrols.services import Wishes, plan_shift
from patrols.services.by_hand import (
    draft_of,
    keep_by_hand,
    same_orders,
    try_by_hand,
    wishes_by_hand,
    with_stop,
)
from patrols.solve import Budget
from patrols.tables import Plan


@pytest.fixture
def made(session):
    """A plan of two walkers."""
    zone = town(session)
    add_team_rows(session, zone, team("w", WEST, 0, 0), team("m", MIDDLE, 500, 400))
    return planned(session)


def again(session, wishes):
    return plan_shift(
        session,
        zone="z",
        start=START,
        end=END,
        budget=Budget(iterations=(20, 20)),
        seed=1,
        author="tester",
        wishes=wishes,
    )


def file_of(session, plan_id):
    return read_plan(json.dumps(session.get(Plan, plan_id).document))


def shared(draft) -> str:
    """The first stop of `w` that `m` visits, too."""
    return next(stop for stop in draft.orders["w"] if stop in draft.orders["m"])


def test_a_draft_that_nobody_changed_is_as_it_is(session, made):
    draft = draft_of(session, made.plan_id)
    tried = try_by_hand(session, draft, draft.orders)
    assert tried.plan.same_as(draft.plan) and tried.broken == ()


def test_a_visit_that_is_taken_out_costs_its_stops_prize_and_nothing_is_stored(session, made):
    draft = draft_of(session, made.plan_id)
    stop = shared(draft)
    tried = try_by_hand(session, draft, taken_out(draft.orders, "w", draft.orders["w"].index(stop)))
    prize = dict(zip(made.problem.stops["stop_id"], made.problem.stops["prize"], strict=True))[stop]
    assert tried.broken == () and tried.plan.value == draft.plan.value - prize
    assert set(draft.plan.crossed) - set(tried.plan.crossed) == {stop}
    assert session.scalar(select(func.count()).select_from(Plan)) == 1


def test_what_is_kept_is_exactly_what_was_ordered(session, made):
    draft = draft_of(session, made.plan_id)
    orders = moved(draft.orders, "w", 0, "w", len(draft.orders["w"]))
    kept = keep_by_hand(session, made.plan_id, orders, author="hand")
    stored, file = session.get(Plan, kept.plan_id), file_of(session, kept.plan_id)
    assert same_orders(draft_of(session, kept.plan_id).orders, orders)
    assert (stored.status, stored.author, stored.value) == ("draft", "hand", file.plan.value)
    assert stored.parameters["by_hand"] == {"plan": made.plan_id, "pinned": [], "forbidden": []}
    legs = repository.plan_visits(session, kept.plan_id)
    for code, own in legs[legs["stop_id"].notna()].groupby("team"):
        assert own.sort_values("seq")["stop_id"].tolist() == orders[code]
    before = session.get(Plan, made.plan_id)
    assert (stored.shift, stored.zone_id) == (before.shift, before.zone_id)
    assert stored.violations == [one.as_json() for one in kept.violations]


def test_a_stop_goes_where_it_fits_best(session, made):
    """No place in the order of `m` is better than the one that was found, of those with the least detour."""
    draft = draft_of(session, made.plan_id)
    stop = shared(draft)
    without = taken_out(draft.orders, "m", draft.orders["m"].index(stop))
    found = with_stop(session, draft, without, stop, "m")
    assert Counter(found["m"]) == Counter(draft.orders["m"])
    value = try_by_hand(session, draft, found).plan.value
    assert value >= try_by_hand(session, draft, without).plan.value
    assert value > 0


def test_what_breaks_a_rule_is_told_and_stored_all_the_same(session, made):
    """Both teams' visits on one of them do not end in time; a wish of before is no rule any more."""
    draft = draft_of(session, made.plan_id)
    stop = draft.orders["w"][0]
    forbidden = again(session, Wishes(made.plan_id, forbidden=(("w", stop),)))
    draft = draft_of(session, forbidden.plan_id)
    assert stop not in draft.orders["w"]
    # Somebody's own wish is overruled by their own hand.
    tried = try_by_hand(session, draft, put_in(draft.orders, stop, "w", 0))
    assert [one.code for one in tried.broken if one.code == "forbidden"] == []
    late = {"w": draft.orders["m"] * 2, "m": []}
    broken = try_by_hand(session, draft, late).broken
    assert {"shift"} <= {one.code for one in broken}
    kept = keep_by_hand(session, forbidden.plan_id, late, author="hand")
    assert kept.violations == tuple(one.message for one in broken)


def test_a_pin_that_a_hand_overrules_is_no_pin_any_more(session, made):
    draft = draft_of(session, made.plan_id)
    stop = shared(draft)
    pinned = again(session, Wishes(made.plan_id, pinned=(("w", stop),)))
    draft = draft_of(session, pinned.plan_id)
    orders = taken_out(draft.orders, "w", draft.orders["w"].index(stop))
    assert "pinned" not in [one.code for one in try_by_hand(session, draft, orders).broken]
    kept = keep_by_hand(session, pinned.plan_id, orders, author="hand")
    parameters = session.get(Plan, kept.plan_id).parameters
    assert parameters["wishes"]["pinned"] == []
    assert parameters["by_hand"]["forbidden"] == [["w", stop]]
    # And it stays as it was in the plan that it was changed in.
    assert session.get(Plan, pinned.plan_id).parameters["wishes"]["pinned"] == [["w", stop]]


def test_the_planner_puts_the_rest_around_what_was_changed(session, made):
    """What went from one team to another is kept and forbidden, beside what was wished before."""
    draft = draft_of(session, made.plan_id)
    own = [stop for stop in draft.orders["w"] if stop in draft.orders["m"]]
    wished = again(session, Wishes(made.plan_id, pinned=(("m", own[1]),)))
    draft = draft_of(session, wished.plan_id)
    assert own[0] in draft.orders["w"]
    orders = taken_out(draft.orders, "w", draft.orders["w"].index(own[0]))
    pinned, forbidden = wishes_by_hand(draft, orders)
    assert (pinned, forbidden) == ([["m", own[1]]], [["w", own[0]]])
    around = again(
        session,
        Wishes(wished.plan_id, tuple(map(tuple, pinned)), tuple(map(tuple, forbidden))),
    )
    visits = set(zip(around.plan.visits["team_id"], around.plan.visits["stop_id"], strict=True))
    assert ("m", own[1]) in visits and ("w", own[0]) not in visits
    # Brought back by hand, it is not forbidden any more.
    draft = draft_of(session, around.plan_id)
    assert wishes_by_hand(draft, put_in(draft.orders, own[0], "w", 0))[0] == sorted(
        [["m", own[1]], ["w", own[0]]]
    )


def test_only_a_draft_is_changed_and_only_by_a_change(session, made):
    draft = draft_of(session, made.plan_id)
    with pytest.raises(InputRefused, match="nothing was changed"):
        keep_by_hand(session, made.plan_id, draft.orders, author="hand")
    with pytest.raises(InputRefused, match="the plan has no stop 'x'"):
        try_by_hand(session, draft, put_in(draft.orders, "x", "w", 0))
    draft.stored.status = "published"
    with pytest.raises(InputRefused, match="is not a draft any more"):
        keep_by_hand(session, made.plan_id, draft.orders, author="hand")
    with pytest.raises(LianfangError, match="is not stored"):
        draft_of(session, made.plan_id + 999)
