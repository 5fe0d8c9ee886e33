"""How much street is watched, hour by hour: by cameras, and by cameras and patrols together.

A piece of street is watched by cameras while no gap that it is part of is open, and by a patrol while a team
stands at a stop within sight of it. Gaps are open or not slot by slot, so that these are shares of the slots
that count as watched, not of the seconds inside them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

COLUMNS = ["start_s", "end_s", "cameras", "together"]


def watched_by_hour(
    pieces: pd.DataFrame,
    windows: pd.DataFrame,
    stands: pd.DataFrame,
    *,
    street_m: float,
    edges_s: NDArray[np.int64],
    sight_m: float,
) -> pd.DataFrame:
    """The watched share of street in each hour of a shift.

    Parameters
    ----------
    pieces : DataFrame
        The pieces of street that lie in gaps: gap, x, y (metres), metres (its length). Street that is in
        several gaps, at different times, has a piece for each.
    windows : DataFrame
        gap, start_s, end_s: when each gap is open, seconds from the beginning of the shift, half-open.
        Windows of one gap do not meet.
    stands : DataFrame
        x, y, start_s, end_s: where and when a team stands.
    street_m : float
        All the street there is, watched or not, metres, > 0.
    edges_s : (H + 1,) array of int
        Borders of the hours, rising.
    sight_m : float
        Street this near to a team that stands is watched, metres.

    Returns
    -------
    DataFrame
        One row an hour: start_s, end_s, cameras, together (shares of street × time, 0–1).

    Raises
    ------
    ValueError
        For no street, borders that do not rise, or more open street than there is street.
    """
    if not street_m > 0:
        raise ValueError(f"street_m is {street_m}; give the length of all streets, above 0")
    if len(edges_s) < 2 or (np.diff(edges_s) <= 0).any():
        raise ValueError("edges_s must rise and hold two borders or more")
    attended = _attended(pieces, stands, sight_m)
    rows = []
    for start_s, end_s in zip(edges_s[:-1].tolist(), edges_s[1:].tolist(), strict=True):
        inside = _clipped(windows, start_s, end_s)
        open_s = inside.assign(open_s=inside["end_s"] - inside["start_s"]).groupby("gap")["open_s"].sum()
        lost = float((pieces["metres"] * pieces["gap"].map(open_s).fillna(0)).sum())
        seen = _overlap(inside, _clipped(attended, start_s, end_s))
        whole = street_m * (end_s - start_s)
        if lost > whole * (1 + 1e-6):
            raise ValueError(
                f"{lost / (end_s - start_s):.1f} m of street are open, of {street_m:.1f} m in all; "
                "give all the street that the gaps lie on"
            )
        rows.append(
            (start_s, end_s, max(0.0, 1 - lost / whole), min(1.0, max(0.0, 1 - (lost - seen) / whole)))
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def _attended(pieces: pd.DataFrame, stands: pd.DataFrame, sight_m: float) -> pd.DataFrame:
    """When somebody stands in sight of each piece: gap, metres, start_s, end_s; none overlap for a piece."""
    empty = pd.DataFrame({"gap": [], "metres": [], "start_s": [], "end_s": []})
    if pieces.empty or stands.empty:
        return empty
    near = cKDTree(stands[["x", "y"]].to_numpy()).query_ball_point(pieces[["x", "y"]].to_numpy(), sight_m)
    count = np.array([len(found) for found in near])
    if not count.any():
        return empty
    piece = np.repeat(np.arange(len(pieces)), count)
    stand = np.concatenate([np.asarray(found, np.int64) for found in near if found])
    times = pd.DataFrame(
        {
            "piece": piece,
            "start_s": stands["start_s"].to_numpy()[stand],
            "end_s": stands["end_s"].to_numpy()[stand],
        }
    ).sort_values(["piece", "start_s"], kind="stable")
    # Two teams at once watch a piece no more than one does.
    reached = times.groupby("piece")["end_s"].cummax().groupby(times["piece"]).shift(fill_value=-(2**62))
    block = (times["start_s"] > reached).cumsum()
    merged = times.groupby(["piece", block], sort=False).agg(
        start_s=("start_s", "min"), end_s=("end_s", "max")
    )
    rows = merged.reset_index(level=0)
    of = rows["piece"].to_numpy()
    return pd.DataFrame(
        {
            "gap": pieces["gap"].to_numpy()[of],
            "metres": pieces["metres"].to_numpy()[of],
            "start_s": rows["start_s"].to_numpy(),
            "end_s": rows["end_s"].to_numpy(),
        }
    )


def _clipped(times: pd.DataFrame, start_s: int, end_s: int) -> pd.DataFrame:
    """Periods cut to `[start_s, end_s)`; those outside are left out."""
    cut = times.assign(start_s=times["start_s"].clip(lower=start_s), end_s=times["end_s"].clip(upper=end_s))
    return cut[cut["start_s"] < cut["end_s"]]


def _overlap(windows: pd.DataFrame, attended: pd.DataFrame) -> float:
    """Metres × seconds of open street that is attended."""
    if windows.empty or attended.empty:
        return 0.0
    both = attended.merge(windows, on="gap", suffixes=("", "_open"))
    shared = both[["end_s", "end_s_open"]].min(axis=1) - both[["start_s", "start_s_open"]].max(axis=1)
    return float((both["metres"] * shared.clip(lower=0)).sum())
