"""What was planned beside what was done: which check-in belongs to which visit, and how late it was."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment


def planned_and_done(planned: pd.DataFrame, done: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Which check-in belongs to each planned visit.

    A check-in belongs to a visit of the same team at the same stop. Where a team was to be there several
    times, or was there several times, the visits and check-ins are paired so that the differences of their
    times are the least in sum.

    Parameters
    ----------
    planned : DataFrame
        team_id, stop_id, start_at (tz-aware).
    done : DataFrame
        team_id, stop_id, arrived_at (tz-aware).

    Returns
    -------
    (Series, Series)
        On the index of `planned`: the index of the check-in that belongs to it, missing where nobody came;
        and on the same index by how many seconds the team arrived after the planned begin, negative before
        it, missing where nobody came. Both of dtype Int64. Check-ins that are not in the first belong to no
        visit.
    """
    whose = pd.Series(pd.NA, index=planned.index, dtype="Int64")
    late_s = pd.Series(pd.NA, index=planned.index, dtype="Int64")
    if planned.empty or done.empty:
        return whose, late_s
    came = dict(tuple(done.groupby(["team_id", "stop_id"])))
    for key, visits in planned.groupby(["team_id", "stop_id"]):
        if key not in came:
            continue
        ins = came[key]
        begins, arrivals = _seconds(visits["start_at"]), _seconds(ins["arrived_at"])
        apart = arrivals[None, :] - begins[:, None]
        rows, columns = linear_sum_assignment(abs(apart))
        whose.loc[visits.index[rows]] = ins.index[columns]
        late_s.loc[visits.index[rows]] = apart[rows, columns]
    return whose, late_s


def _seconds(times: pd.Series) -> np.ndarray:
    return np.array([round(one.timestamp()) for one in times], dtype=np.int64)
