"""The same two rolling stages with VROOM (BSD-2-Clause, through `pyvroom`).

Only what the family of `bench.families` has is translated: windows of the first visit, no breaks, no required
stops, no limit on idleness. Prizes are priorities; villages are skills.
"""

from __future__ import annotations

import time
from datetime import timedelta

import numpy as np
import vroom

from bench.rolling.draft import Draft, Stand, Stay, base_of, closing_from, settle_dropping
from bench.rolling.stages import FIRST_SHARE
from patrols.arrays import IntArray, ProblemArrays

# VROOM's most thorough search.
THOROUGH = 5
# Longer than any shift, and within the 32 bits that VROOM counts in.
NEVER = 10**7


def vroom_rolling(arrays: ProblemArrays, seconds: float) -> Draft:
    """The draft of the two stages, each within half of the seconds.

    Parameters
    ----------
    arrays : ProblemArrays
    seconds : float
        VROOM ends by itself where it finds nothing better, mostly long before.
    """
    end = time.monotonic() + seconds
    cut = arrays.part_of_span(FIRST_SHARE)
    stands = [base_of(arrays, team) for team in range(arrays.team_count)]
    windows = {
        stop: (max(arrays.first.windows[stop][0][0], 0), min(arrays.first.windows[stop][0][1], cut))
        for stop in range(arrays.stop_count)
    }
    opening = _orders(arrays, windows, stands, {}, (end - time.monotonic()) / 2)
    opened = settle_dropping(arrays, tuple(tuple(Stay(s, False) for s in order) for order in opening))
    stands = [
        Stand(times[-1].end, int(arrays.node[route[-1].stop]), ()) if route else stands[team]
        for team, (route, times) in enumerate(zip(opened.routes, opened.times, strict=True))
    ]
    windows = {
        stop: (closing_from(arrays, stop, times)[0], arrays.span[1]) for stop, times in opened.opened.items()
    }
    openers = {stop: int(arrays.village[team]) for stop, (team, *_) in opened.opened.items()}
    closing = _orders(arrays, windows, stands, openers, end - time.monotonic())
    return settle_dropping(
        arrays,
        tuple(
            (*done, *(Stay(stop, True) for stop in order))
            for done, order in zip(opened.routes, closing, strict=True)
        ),
    )


def _orders(
    arrays: ProblemArrays,
    windows: dict[int, tuple[int, int]],
    stands: list[Stand],
    openers: dict[int, int],
    seconds: float,
) -> list[list[int]]:
    """Per team the stops that VROOM lets it serve, in order."""
    nodes = np.concatenate([arrays.node, [stand.node for stand in stands], arrays.end_node])
    places, teams = arrays.stop_count, arrays.team_count
    asked = vroom.Input()
    for mode in np.unique(arrays.mode):
        asked.set_durations_matrix(str(mode), _short(arrays.travel[mode][np.ix_(nodes, nodes)]))
    villages = set(arrays.village.tolist())
    for team, stand in enumerate(stands):
        asked.add_vehicle(
            vroom.Vehicle(
                team,
                start=places + team,
                end=places + teams + team,
                profile=str(arrays.mode[team]),
                time_window=(stand.time, int(arrays.end[team])),
                # A skill for every village that is not the team's own: to follow that village.
                skills={village + 1 for village in villages if village != arrays.village[team]},
            )
        )
    most = float(arrays.prize.max())
    for stop, (low, high) in windows.items():
        if low <= high:
            asked.add_job(
                vroom.Job(
                    stop,
                    location=stop,
                    default_service=int(arrays.service[stop]),
                    priority=round(100 * float(arrays.prize[stop]) / most),
                    time_windows=[(low, high)],
                    skills={openers[stop] + 1} if stop in openers else set(),
                )
            )
    answer = asked.solve(THOROUGH, nb_threads=1, timeout=timedelta(seconds=max(seconds, 0.01)))
    steps = answer.routes
    jobs = steps[steps["type"] == "job"]
    return [jobs.loc[jobs["vehicle_id"] == team, "id"].astype(int).tolist() for team in range(teams)]


def _short(travel: IntArray) -> IntArray:
    return np.minimum(travel, NEVER).astype(np.uint32)
