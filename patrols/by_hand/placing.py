"""Where in a team's order a stop costs least."""

from __future__ import annotations

from collections.abc import Sequence

from patrols.by_hand.ground import ground_of, tour
from patrols.problem import PatrolProblem


def near_places(
    problem: PatrolProblem, order: Sequence[str], team_id: str, stop_id: str, most: int
) -> list[int]:
    """Places (before which visit, from 0) of a team's order for one more stop, the least detour first.

    At most `most`; none is left out because it would break a rule.

    Raises
    ------
    LianfangError
        When the team has no way to the stop.
    """
    ground = ground_of(problem)
    team = next(row for row, one in enumerate(ground.teams) if one.team_id == team_id)
    rows = [ground.stop_row[stop] for stop in order]
    took = []
    for place in range(len(rows) + 1):
        tried = [*rows[:place], ground.stop_row[stop_id], *rows[place:]]
        took.append((tour(ground, team, tried)[0], place))
    return [place for _, place in sorted(took)[:most]]
