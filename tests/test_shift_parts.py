"""Figures of a plan that goes on count the part of the shift before it, too."""

from __future__ import annotations

from datetime import timedelta

import pytest
from test_going_on import NOW, gone_on
from test_going_on import first as first
from test_planning import END, START

from patrols.outcomes import ground_matrix
from patrols.repository import check_ins, nights, of_plan, on_map
from patrols.repository.parts import earlier_parts, planned_of_shift, visits_of_shift
from patrols.services.figures import plan_figures, plan_file
from patrols.tables import Plan

LATER = NOW + timedelta(minutes=20)


def visited(frame) -> set[tuple[str, str]]:
    rows = frame[frame["stop_id"].notna()]
    return set(zip(rows["team"], rows["stop_id"], strict=True))


def begun(session, plan_id, until=NOW):
    rows = on_map.visits(session, plan_id)
    return rows[rows["stop_id"].notna() & (rows["start_at"] <= until)]


def test_a_plan_of_a_whole_shift_has_no_earlier_part(session, first):
    assert earlier_parts(session, first.plan_id) == []
    whole, own = visits_of_shift(session, first.plan_id), on_map.visits(session, first.plan_id)
    assert whole.equals(own)


def test_the_parts_of_a_shift_are_told_the_latest_first(session, first):
    second = gone_on(session, first, out=("v",))
    third = gone_on(session, second, now=LATER, dropped=())
    parts = earlier_parts(session, third.plan_id)
    assert [(part.plan, part.until) for part in parts] == [(second.plan_id, LATER), (first.plan_id, NOW)]
    whole = visits_of_shift(session, third.plan_id)
    own = [begun(session, first.plan_id), begun(session, second.plan_id, LATER)]
    last = on_map.visits(session, third.plan_id)
    stops = last[last["stop_id"].notna()]
    assert len(whole[whole["stop_id"].notna()]) == sum(map(len, own)) + len(stops)
    at = nights.visits_at_places(session, [third.plan_id])
    assert len(at) == sum(map(len, own)) + len(stops)
    # Nobody is at two stops at once.
    for _, one in whole[whole["stop_id"].notna()].sort_values("start_at").groupby("team"):
        assert (one["end_at"].shift()[1:] <= one["start_at"][1:]).all()


def test_a_team_that_dropped_out_stays_in_the_first_part(session, first):
    """With a number behind those of the plan; who crosses whom counts what it did."""
    made = gone_on(session, first, out=("v",))
    whole = visits_of_shift(session, made.plan_id)
    before = begun(session, first.plan_id)
    assert visited(before) <= visited(whole) and "v" in set(before["team"])
    own = on_map.visits(session, made.plan_id)
    numbers = whole.groupby("team")["number"].agg(["min", "max"])
    assert numbers.loc["v"].tolist() == [own["number"].max() + 1] * 2
    for team, number in own.groupby("team")["number"].first().items():
        assert numbers.loc[team].tolist() == [number] * 2
    crossings = of_plan.crossings(whole)
    assert crossings.to_numpy().sum() > of_plan.crossings(own).to_numpy().sum()
    times = whole[whole["stop_id"].notna()].sort_values("start_at")
    assert times.groupby("stop_id")["nth"].apply(list).map(lambda n: n == [*range(1, len(n) + 1)]).all()


def test_what_was_not_made_is_in_no_part(session, first):
    gone = begun(session, first.plan_id).iloc[0]
    pair = (gone["team"], gone["stop_id"])
    made = gone_on(session, first, not_made=(pair,))
    before = len(begun(session, first.plan_id))
    rest = on_map.visits(session, made.plan_id)
    count = len(rest[rest["stop_id"].notna()])
    assert len(nights.visits_at_places(session, [made.plan_id])) == before - 1 + count
    whole = visits_of_shift(session, made.plan_id)
    assert len(whole[whole["stop_id"].notna()]) == before - 1 + count


def test_whose_ground_is_visited_and_the_hours_are_those_of_the_whole_shift(session, first):
    stored = session.get(Plan, first.plan_id)
    hours = plan_figures(session, stored, plan_file(stored)).team_hours
    same = gone_on(session, first)
    plan = session.get(Plan, same.plan_id)
    assert plan_figures(session, plan, plan_file(plan)).team_hours == pytest.approx(hours)
    counts = ground_matrix(nights.visits_at_places(session, [same.plan_id])).to_numpy().sum()
    rest = on_map.visits(session, same.plan_id)
    assert counts == len(begun(session, first.plan_id)) + rest["stop_id"].notna().sum()
    # Two of three walkers go on, all three were there before.
    fewer = gone_on(session, first, out=("v",))
    plan = session.get(Plan, fewer.plan_id)
    own = next(row for row in plan_file(stored).problem.teams.to_dict("records") if row["team_id"] == "v")
    lost = (own["end_s"] - (NOW - START).total_seconds()) / 3600
    assert plan_figures(session, plan, plan_file(plan)).team_hours == pytest.approx(hours - lost)
    # Who is bound is not on patrol until it is free.
    bound = gone_on(session, first, bound_until={"m": NOW + timedelta(minutes=30)})
    plan = session.get(Plan, bound.plan_id)
    assert plan_figures(session, plan, plan_file(plan)).team_hours == pytest.approx(hours - 0.5)


def test_each_plan_that_is_asked_for_is_told_with_its_own_parts(session, first):
    """As the spread asks for a plan and the nights before it: none gets the parts of another."""
    made = gone_on(session, first)
    found = nights.visits_at_places(session, [made.plan_id, first.plan_id]).groupby("plan").size()
    rest = on_map.visits(session, made.plan_id)["stop_id"].notna().sum()
    assert found[made.plan_id] == len(begun(session, first.plan_id)) + rest
    assert found[first.plan_id] == on_map.visits(session, first.plan_id)["stop_id"].notna().sum()


def test_what_was_signed_for_in_the_first_part_is_done_in_the_whole(session, first):
    """Of the plan it goes on from what was begun, and signed, before; a check-in by either plan counts."""
    rows = begun(session, first.plan_id).sort_values("start_at")
    made = gone_on(session, first)
    team = {
        row["code"]: row["id"] for row in of_plan.teams(session, _zone(session, first)).to_dict("records")
    }

    def sign(plan, row, at):
        check_ins.add(
            session,
            [
                {
                    "plan_id": plan,
                    "team_id": team[row["team"]],
                    "stop_id": row["stop_id"],
                    "arrived_at": at,
                    "left_at": None,
                    "signer": "",
                    "note": "",
                    "origin": "sheet",
                    "pack_id": None,
                    "author": "tester",
                    "entered_at": END,
                }
            ],
        )

    sign(first.plan_id, rows.iloc[0], rows.iloc[0]["start_at"])
    sign(made.plan_id, rows.iloc[1], rows.iloc[1]["start_at"])
    # After the other plan had taken over nobody went by this one.
    sign(first.plan_id, rows.iloc[1], NOW + timedelta(minutes=1))
    planned, done = planned_of_shift(session, made.plan_id)
    rest = on_map.visits(session, made.plan_id)
    assert len(planned) == len(rows) + rest["stop_id"].notna().sum()
    assert sorted(zip(done["team_id"], done["stop_id"], strict=True)) == sorted(
        zip(rows.iloc[:2]["team"], rows.iloc[:2]["stop_id"], strict=True)
    )


def _zone(session, outcome) -> int:
    return int(session.get(Plan, outcome.plan_id).zone_id)
