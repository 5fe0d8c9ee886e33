"""Random small patrol problems for Hypothesis, and the ones worked by hand that several tests share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from patrols.problem import CrossRule, PatrolProblem

ORIGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHIFT_S = 3000


def problem_of(
    duration: Any,
    stops: list[dict[str, Any]],
    teams: list[dict[str, Any]],
    *,
    rule: CrossRule | None = None,
    **frames: list[dict[str, Any]],
) -> PatrolProblem:
    """A problem from short rows; what a row leaves out is plain (no village, prize 1, no service, one shift).

    `duration` is one matrix for the mode "foot", or a mapping of modes to matrices; metres are seconds.
    """
    matrices = duration if isinstance(duration, dict) else {"foot": duration}
    matrices = {mode: np.array(matrix, np.int64) for mode, matrix in matrices.items()}
    stop = {"village": None, "prize": 1, "service_s": 0, "required": False}
    team = {"village": None, "mode": "foot", "start_node": 0, "end_node": 0, "start_s": 0, "end_s": SHIFT_S}
    return PatrolProblem(
        duration_s=matrices,
        distance_m=matrices,
        stops=pd.DataFrame([stop | row for row in stops]),
        windows=pd.DataFrame([{"on_visit": "each"} | row for row in frames.get("windows", [])]),
        through=pd.DataFrame(frames.get("through", [])),
        teams=pd.DataFrame([team | row for row in teams]),
        breaks=pd.DataFrame(frames.get("breaks", [])),
        forbidden=pd.DataFrame(frames.get("forbidden", [])),
        rule=rule or CrossRule(separation_s=600),
        origin=ORIGIN,
    )


def line(*places_s: int) -> np.ndarray:
    """Travel times between points on one straight street, given by their seconds from its end."""
    at = np.array(places_s)
    return np.abs(at[:, None] - at[None])


def two_villages(**more: Any) -> PatrolProblem:
    """One street: base of east (node 0) at 0 s, of west (node 1) at 600 s, stop p at 100 s, q at 400 s.

    Service 60 s, separation 600 s, shift 3,000 s. East can serve p from 100 s on and q from 400 s on, west q
    from 200 s and p from 500 s on.
    """
    stops = [
        {"stop_id": "p", "node": 2, "prize": 3, "service_s": 60},
        {"stop_id": "q", "node": 3, "prize": 2, "service_s": 60},
    ]
    teams = [
        {"team_id": "E", "village": "east", "start_node": 0, "end_node": 0},
        {"team_id": "W", "village": "west", "start_node": 1, "end_node": 1},
    ]
    return problem_of(line(0, 600, 100, 400), stops, teams, **more)


@st.composite
def problems(
    draw: st.DrawFn, *, most_stops: int = 7, most_teams: int = 4, plain: bool = False
) -> PatrolProblem:
    """Problems of a few stops and teams, metric or wild, with every kind of demand.

    Parameters
    ----------
    draw
    most_stops, most_teams : int
    plain : bool
        Without windows, breaks, forbidden pairs, required stops, limits on idleness and wild
        matrices: what a brute force over orders can answer.
    """
    size = draw(st.integers(2, 7))
    modes = {"foot": draw(_matrices(size, plain))}
    if draw(st.booleans()):
        modes["ebike"] = draw(_matrices(size, plain))
    stops = [
        {
            "stop_id": f"s{number}",
            "node": draw(st.integers(0, size - 1)),
            "prize": draw(st.integers(0, 5)),
            "service_s": draw(st.sampled_from([0, 60, 300])),
            "required": not plain and draw(st.integers(0, 9)) == 0,
            "villages": 0 if plain else draw(st.sampled_from([0, 0, 0, 1, 2])),
            "max_idle_s": 0 if plain else draw(st.sampled_from([0, 0, 0, 1200])),
        }
        for number in range(draw(st.sampled_from([0, *range(1, most_stops + 1), most_stops])))
    ]
    villages = ["a", "b", "c"] if plain else ["a", "b", "c", None]
    teams = []
    for number in range(draw(st.sampled_from([0, *range(1, most_teams + 1), *[most_teams] * most_teams]))):
        start_s = draw(st.sampled_from([0, 0, 400]))
        teams.append(
            {
                "team_id": f"t{number}",
                "village": draw(st.sampled_from(villages)),
                "mode": draw(st.sampled_from(sorted(modes))),
                "start_node": draw(st.integers(0, size - 1)),
                "end_node": draw(st.integers(-1, size - 1)),
                "start_s": start_s,
                "end_s": start_s + draw(st.sampled_from([900, 2000, SHIFT_S])),
            }
        )
    rule = CrossRule(
        separation_s=draw(st.sampled_from([0, 300, 900])),
        max_idle_s=None if plain else draw(st.sampled_from([None, None, 1500])),
    )
    extra = {} if plain else draw(_extras(stops, teams))
    extra["through"] = draw(_stretches(stops, size, sorted(modes), plain))
    if not stops or not teams:
        return _with_empty(modes, stops, teams, rule, extra["through"] if stops else [])
    return problem_of(modes, stops, teams, rule=rule, **extra)


def fitting(stops: pd.DataFrame, rule: CrossRule) -> pd.DataFrame:
    """The stops, each asking for no more villages of its own than another rule can have."""
    most = 0 if rule.pattern == "joint" else rule.visits
    return stops.assign(villages=stops["villages"].clip(upper=most))


@st.composite
def _matrices(draw: st.DrawFn, size: int, plain: bool) -> np.ndarray:
    """Rounded-up ways between points in the plane; or any numbers at all, unreachable pairs included."""
    if plain or draw(st.booleans()):
        points = np.array(draw(st.lists(st.tuples(*[st.integers(0, 500)] * 2), min_size=size, max_size=size)))
        return np.ceil(np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))).astype(np.int64)
    rows = draw(
        st.lists(st.lists(st.integers(-1, 600), min_size=size, max_size=size), min_size=size, max_size=size)
    )
    matrix = np.array(rows)
    np.fill_diagonal(matrix, 0)
    return matrix


@st.composite
def _stretches(
    draw: st.DrawFn, stops: list[dict[str, Any]], size: int, modes: list[str], plain: bool
) -> list[dict[str, Any]]:
    """Ways through some of the stops, which get a second end; some modes, and some ways, are left out."""
    found = []
    for stop in stops:
        if draw(st.integers(0, 2)):
            continue
        stop["end_node"] = draw(st.integers(0, size - 1))
        wanted = modes if plain or draw(st.booleans()) else [draw(st.sampled_from(modes))]
        for mode in wanted:
            forth, back = draw(st.tuples(*[st.integers(-1, 300)] * 2).filter(lambda ways: max(ways) >= 0))
            found.append(
                {"stop_id": stop["stop_id"], "mode": mode, "forth_s": forth, "forth_m": forth}
                | {"back_s": back, "back_m": back}
            )
    return found


@st.composite
def _extras(draw: st.DrawFn, stops: list[dict[str, Any]], teams: list[dict[str, Any]]) -> dict[str, Any]:
    """Windows, breaks and forbidden pairs."""
    found: dict[str, list[dict[str, Any]]] = {"windows": [], "breaks": [], "forbidden": []}
    for stop in stops:
        for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
            start_s = draw(st.integers(0, 2000))
            kind = draw(st.sampled_from(["each", "first"]))
            end_s = start_s + draw(st.integers(0, 1500))
            found["windows"].append(
                {"stop_id": stop["stop_id"], "start_s": start_s, "end_s": end_s, "on_visit": kind}
            )
    for team in teams:
        now = team["start_s"]
        for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
            # One after another and all inside the shortest shift: always possible by themselves.
            earliest = now + draw(st.integers(0, 150))
            latest, duration = earliest + draw(st.integers(0, 100)), draw(st.integers(1, 200))
            found["breaks"].append(
                {
                    "team_id": team["team_id"],
                    "earliest_s": earliest,
                    "latest_s": latest,
                    "duration_s": duration,
                }
            )
            now = latest + duration
        if stops and draw(st.integers(0, 3)) == 0:
            stop = draw(st.sampled_from(stops))
            found["forbidden"].append({"team_id": team["team_id"], "stop_id": stop["stop_id"]})
    return found


def _with_empty(
    modes: dict[str, np.ndarray],
    stops: list[dict[str, Any]],
    teams: list[dict[str, Any]],
    rule: CrossRule,
    through: list[dict[str, Any]],
) -> PatrolProblem:
    """A problem without stops or without teams, which short rows cannot name the columns of."""
    whole = problem_of(
        modes,
        stops or [{"stop_id": "none", "node": 0}],
        teams or [{"team_id": "none"}],
        rule=rule,
        through=through,
    )
    return PatrolProblem(
        whole.duration_s,
        whole.distance_m,
        whole.stops if stops else whole.stops.iloc[:0],
        whole.windows,
        whole.teams if teams else whole.teams.iloc[:0],
        whole.breaks,
        whole.forbidden,
        rule,
        ORIGIN,
        through=whole.through,
    )
