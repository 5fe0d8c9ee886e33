"""What is other in a plan than in the one that it goes on from: which team goes where at another time."""

from __future__ import annotations

import pandas as pd

NEW, GONE, MOVED = "new", "gone", "moved"
# Who is told to come a little later or earlier need not be told.
TOLD_S = 300


def changed_visits(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Visits that only one of two plans has, and those that move.

    Parameters
    ----------
    before, after : DataFrame
        team, stop_id, start_at (tz-aware); what was made already is in neither.

    Returns
    -------
    DataFrame
        team, stop_id, before, after (start of the visit; NaT where the plan does not have it), what (`NEW`,
        `GONE`, `MOVED`), told (whether the team must know: not of a visit that moves by less than
        `TOLD_S`), by team, then by the earlier of the two times. A visit that is in both at the same second
        is left out. Of several visits of a team to one stop the first is paired with the first.
    """
    sides = []
    for frame, name in ((before, "before"), (after, "after")):
        ordered = frame.sort_values("start_at", kind="stable")
        nth = ordered.groupby(["team", "stop_id"]).cumcount()
        side = ordered[["team", "stop_id"]].assign(
            nth=nth, **{name: pd.to_datetime(ordered["start_at"], utc=True)}
        )
        sides.append(side)
    both = sides[0].merge(sides[1], on=["team", "stop_id", "nth"], how="outer")
    both = both[both["before"].isna() | both["after"].isna() | (both["before"] != both["after"])]
    what = (
        pd.Series(MOVED, index=both.index).mask(both["before"].isna(), NEW).mask(both["after"].isna(), GONE)
    )
    apart_s = (both["after"] - both["before"]).abs().dt.total_seconds()
    found = both.assign(what=what, told=apart_s.isna() | (apart_s >= TOLD_S))
    found["first"] = found[["before", "after"]].min(axis=1)
    found = found.sort_values(["team", "first", "stop_id"], ignore_index=True)
    return found[["team", "stop_id", "before", "after", "what", "told"]]
