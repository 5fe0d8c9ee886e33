"""A shift as it went: what was signed for stands, what follows is as late as that makes it."""

from __future__ import annotations

import pandas as pd
from patrol_strategies import two_villages

from patrols.plan import PatrolPlan
from patrols.replaying import as_it_went
from patrols.resuming import rest_of_shift

Q = 3


def plan_of(*visits: tuple[str, str, int]) -> PatrolPlan:
    """Visits (team, stop, start) of a minute each."""
    seq: dict[str, int] = {}
    rows = []
    for team, stop, start in visits:
        rows.append((team, seq.get(team, 0), stop, start, start, start + 60))
        seq[team] = seq.get(team, 0) + 1
    frame = pd.DataFrame(rows, columns=["team_id", "seq", "stop_id", "arrive_s", "start_s", "end_s"])
    return PatrolPlan(frame, 0, (), (), 0, 1, (0,), "iterations")


def signed(*rows: tuple[str, str, int, int | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["team_id", "stop_id", "start_s", "end_s"])
    return frame.astype({"start_s": "Int64", "end_s": "Int64"})


PLAN = plan_of(("E", "p", 100), ("E", "q", 460), ("W", "q", 1100), ("W", "p", 1500))
NOBODY = signed()


def went(rows: pd.DataFrame, now_s: int, **more) -> PatrolPlan:
    return as_it_went(two_villages(), PLAN, rows, now_s=now_s, **more)


def starts(plan: PatrolPlan, team: str) -> list[tuple[str, int]]:
    own = plan.visits[plan.visits["team_id"] == team]
    return list(zip(own["stop_id"], own["start_s"].tolist(), strict=True))


def test_without_a_signature_all_went_as_planned():
    assert went(NOBODY, 900).same_as(PLAN)


def test_who_came_late_is_late_from_then_on():
    """Left p at 400 instead of 160; q is 300 s away. The other team is as planned."""
    found = went(signed(("E", "p", 300, 400)), 450)
    assert starts(found, "E") == [("p", 300), ("q", 700)]
    assert starts(found, "W") == [("q", 1100), ("p", 1500)]
    assert found.visits.set_index("stop_id").loc["p", "end_s"].tolist() == [400, 1560]


def test_a_time_of_leaving_that_nobody_wrote_is_the_stops_own():
    found = went(signed(("E", "p", 300, None)), 450)
    assert starts(found, "E") == [("p", 300), ("q", 660)]


def test_who_came_early_waits_for_what_is_planned():
    found = went(signed(("E", "p", 50, 110)), 450)
    assert starts(found, "E") == [("p", 50), ("q", 460)]


def test_a_visit_that_was_not_made_is_gone_unless_somebody_signed_for_it():
    pair = [("E", "p")]
    assert starts(went(NOBODY, 300, not_made=pair), "E") == [("q", 460)]
    assert starts(went(signed(("E", "p", 120, 180)), 300, not_made=pair), "E") == [("p", 120), ("q", 480)]
    # Still to come: nobody can know yet.
    assert starts(went(NOBODY, 50, not_made=pair), "E") == [("p", 100), ("q", 460)]


def test_who_comes_to_a_later_stop_first_has_been_there():
    found = went(signed(("W", "p", 600, 660)), 700)
    assert starts(found, "W") == [("p", 600), ("q", 1100)]


def test_a_visit_that_nobody_planned_is_one_all_the_same():
    found = went(signed(("W", "p", 600, 660), ("W", "p", 1510, None)), 1600)
    assert starts(found, "W") == [("p", 600), ("q", 1100), ("p", 1510)]


def test_one_that_nobody_signed_for_was_over_when_the_next_was_signed():
    found = went(signed(("E", "q", 130, 190)), 500)
    own = found.visits[found.visits["team_id"] == "E"]
    assert own[["stop_id", "start_s", "end_s"]].to_numpy().tolist() == [["p", 100, 130], ["q", 130, 190]]


def test_signatures_of_later_and_of_strangers_are_passed_over():
    strangers = signed(("E", "p", 999, None), ("nobody", "p", 10, None), ("E", "nowhere", 10, None))
    assert went(strangers, 900).same_as(PLAN)


def test_a_late_team_goes_on_to_where_it_is_going():
    """At 500 it is on its way to q, where it is at 700; it stood at p until 400."""
    problem = two_villages()
    rest = rest_of_shift(problem, went(signed(("E", "p", 300, 400)), 500), 500)
    team = rest.teams.set_index("team_id").loc["E"]
    assert (team["start_node"], team["start_s"]) == (Q, 700)
    assert rest.done[["stop_id", "start_s", "end_s"]].to_numpy().tolist() == [["p", 300, 400]]


def test_without_its_visit_a_team_stands_where_it_was_before():
    """It did not come to p; on its way to q from its base it is there at 460 as planned."""
    rest = rest_of_shift(two_villages(), went(NOBODY, 300, not_made=[("E", "p")]), 300)
    assert rest.done.empty
    team = rest.teams.set_index("team_id").loc["E"]
    assert (team["start_node"], team["start_s"]) == (Q, 460)
