"""Two analyses compared: what became of gaps, shares and cameras (docs/gaps.md, "Two periods compared").

Periods may differ in length: shares, time a day and mean amounts are compared, never sums. Everything is
counted in integers (micrometres, milliseconds), so that no answer hangs on the last bit of a float and the
answer to "B against A" mirrors the one to "A against B".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pandas import DataFrame

from cameras.causes import CAUSE_BY_NAME, CAUSE_NAMES
from geo.crs import need_metric

IntArray = NDArray[np.int64]
Points = NDArray[np.float64]

NEW, LONGER, SAME, SHORTER, GONE = "new", "longer", "same", "shorter", "gone"
OUTCOMES = (NEW, LONGER, SAME, SHORTER, GONE)

DAY_MS = 86_400_000
#: Streets nearer than this are one street. Cuts of an analysis lie on their street to a millimetre.
NEAR_M = 0.01
_UM = 1_000_000


def shared_ground(before: GeoDataFrame, after: GeoDataFrame) -> DataFrame:
    """Ground that gaps of two analyses have in common, for the same cause.

    Parameters
    ----------
    before, after : GeoDataFrame
        One row a gap, in one CRS in metres: cause, ground ("street" | "place"), geometry (lines | Point).

    Returns
    -------
    DataFrame
        before, after (int64: positions of rows), amount (int64, > 0): micrometres of street on which both
        lie, or 1 for one and the same place.

    Raises
    ------
    ValueError
        A frame that is not in metres, or two CRSs.
    """
    if need_metric(before.crs) != need_metric(after.crs):
        raise ValueError("the gaps of the two analyses are in two CRSs; project them into one")
    pairs = [_shared_places(before, after), _shared_streets(before, after)]
    return DataFrame(pd.concat(pairs).groupby(["before", "after"]).sum().reset_index()).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Straight:
    """Streets as straight pieces, and where others lie on them.

    Parameters
    ----------
    starts, ends : (n, 2) arrays
        Of the pieces, metres.
    street : (n,) array of int
        Which street each piece is of.
    spans : DataFrame
        piece, other (positions), first_m, last_m (along the piece, first before last).
    """

    starts: Points
    ends: Points
    street: IntArray
    spans: DataFrame


def lying_on(streets: NDArray[np.object_], others: NDArray[np.object_]) -> Straight:
    """Where lines lie on streets, as `shared_ground` judges it but whatever the cause.

    Parameters
    ----------
    streets, others : arrays of LineString or MultiLineString
        In one CRS in metres.
    """
    starts, ends, street = _segments(streets)
    q0, q1, other = _segments(others)
    tree = shapely.STRtree(shapely.linestrings(np.stack([starts, ends], axis=1)))
    lines = shapely.linestrings(np.stack([q0, q1], axis=1))
    q, p = tree.query(lines, predicate="dwithin", distance=NEAR_M)
    first, last = _span(starts[p], ends[p], q0[q], q1[q])
    kept = last > first
    spans = DataFrame(
        {"piece": p[kept], "other": other[q[kept]], "first_m": first[kept], "last_m": last[kept]}
    )
    return Straight(starts, ends, street, spans)


def amounts(gaps: GeoDataFrame) -> IntArray:
    """Micrometres of street of each gap, as `shared_ground` counts them; 1 for a place."""
    out = np.ones(len(gaps), np.int64)
    street = np.flatnonzero(gaps["ground"] == "street")
    out[street] = 0
    starts, ends, row = _segments(gaps.geometry.to_numpy()[street])
    np.add.at(out, street[row], _micrometres(np.hypot(*(ends - starts).T)))
    return out


def compare_gaps(
    before: GeoDataFrame, after: GeoDataFrame, *, before_ms: int, after_ms: int, slot_ms: int
) -> DataFrame:
    """What became of each gap.

    Parameters
    ----------
    before, after : GeoDataFrame
        As for `shared_ground`, with open_ms.
    before_ms, after_ms : int
        Lengths of the two periods.
    slot_ms : int
        The longer of their slots: differences below one slot a day are none.

    Returns
    -------
    DataFrame
        Every gap of the later analysis, then those of the earlier one that are gone. Columns: side ("after" |
        "before"), row (position in that frame), outcome (one of `OUTCOMES`), before_h, after_h (hours a day
        open on the ground compared), shared (share of its ground that both have, 0 to 1).

    Notes
    -----
    Gaps of one cause are compared by their ground. A gap less than half of whose ground was a gap before is
    *new*; a gap of before less than half of whose ground is one now is *gone*. Of any other gap of now, the
    hours a day that its ground was open before (mean over the ground both have) are compared with those of
    now: *longer* or *shorter* by a slot a day or more, else the *same*.
    """
    pairs = shared_ground(before, after)
    whole_before, whole_after = amounts(before), amounts(after)
    open_before = before["open_ms"].to_numpy(np.int64)
    common_before, common_after = np.zeros(len(before), np.int64), np.zeros(len(after), np.int64)
    np.add.at(common_before, pairs["before"], pairs["amount"])
    np.add.at(common_after, pairs["after"], pairs["amount"])
    # Amount times open time, as Python's integers: micrometres times milliseconds leave 64 bits.
    weighted = [0] * len(after)
    for a, b, amount in pairs.itertuples(index=False):
        weighted[b] += int(amount) * int(open_before[a])
    rows = []
    for b, open_ms in enumerate(after["open_ms"].tolist()):
        common, whole = int(common_after[b]), int(whole_after[b])
        earlier = weighted[b] / common / before_ms if common else 0.0
        outcome = NEW
        if 2 * common >= whole and common:
            # open a day now less open a day before, times everything that would divide it
            more = (open_ms * common * before_ms - weighted[b] * after_ms) * DAY_MS
            slot = slot_ms * common * before_ms * after_ms
            outcome = LONGER if more >= slot else SHORTER if -more >= slot else SAME
        rows.append(("after", b, outcome, 24.0 * earlier, 24.0 * open_ms / after_ms, _share(common, whole)))
    gone = np.flatnonzero(2 * common_before < whole_before)
    for a in gone.tolist():
        share = _share(int(common_before[a]), int(whole_before[a]))
        rows.append(("before", a, GONE, 24.0 * float(open_before[a]) / before_ms, 0.0, share))
    return DataFrame(rows, columns=["side", "row", "outcome", "before_h", "after_h", "shared"])


def compare_causes(before: DataFrame, after: DataFrame, *, before_ms: int, after_ms: int) -> DataFrame:
    """Gaps by cause: their number, and how much ground was unseen on the mean.

    Parameters
    ----------
    before, after : DataFrame
        One row a gap: cause, ground, deficit (mm or places times ms).
    before_ms, after_ms : int
        Lengths of the two periods.

    Returns
    -------
    DataFrame
        Index cause, all of `CAUSE_NAMES`. Columns: list, and for `before_` and `after_`: gaps, street_m
        (deficit of streets by the period: metres unseen on the mean), places (the same of places).
    """
    out = DataFrame(
        {"list": [CAUSE_BY_NAME[name].list.name for name in CAUSE_NAMES]},
        index=pd.Index(CAUSE_NAMES, name="cause"),
    )
    for side, gaps, period in (("before", before, before_ms), ("after", after, after_ms)):
        out[f"{side}_gaps"] = gaps["cause"].value_counts().reindex(out.index, fill_value=0).astype(int)
        for name, ground, unit in (("street_m", "street", 1000), ("places", "place", 1)):
            kind = gaps[gaps["ground"] == ground]
            deficit = kind["deficit"].groupby(kind["cause"]).sum().reindex(out.index, fill_value=0)
            out[f"{side}_{name}"] = deficit.astype(float) / (period * unit)
    return out


def compare_shares(before: DataFrame, after: DataFrame) -> DataFrame:
    """Watched shares side by side.

    Parameters
    ----------
    before, after : DataFrame
        Index (path, ground, level); total, certain, possible (measure times ms).

    Returns
    -------
    DataFrame
        The union of both indexes, sorted; before_certain, before_possible, after_certain, after_possible (0
        to 1, NaN where there was no ground), change (of the certain share).
    """
    out = DataFrame(index=before.index.union(after.index))
    for side, shares in (("before", before), ("after", after)):
        total = shares["total"].astype(float).where(shares["total"] > 0)
        for name in ("certain", "possible"):
            out[f"{side}_{name}"] = (shares[name].astype(float) / total).reindex(out.index)
    return out.assign(change=out["after_certain"] - out["before_certain"])


def compare_cameras(before: DataFrame, after: DataFrame, *, before_ms: int, after_ms: int) -> DataFrame:
    """Hours a day that cameras were lost, and that nothing was known of them.

    Parameters
    ----------
    before, after : DataFrame
        Index camera; outage_ms, unmeasured_ms.
    before_ms, after_ms : int
        Lengths of the two periods.

    Returns
    -------
    DataFrame
        Index camera, the union; before_h, after_h (lost), before_unknown_h, after_unknown_h, change (of the
        hours lost). NaN where an analysis did not know the camera.
    """
    out = DataFrame(index=before.index.union(after.index))
    for side, told, period in (("before", before, before_ms), ("after", after, after_ms)):
        for name, column in (("h", "outage_ms"), ("unknown_h", "unmeasured_ms")):
            out[f"{side}_{name}"] = (24.0 * told[column].astype(float) / period).reindex(out.index)
    return out.assign(change=out["after_h"] - out["before_h"])


def _share(part: int, whole: int) -> float:
    return min(1.0, part / whole) if whole else 0.0


def _shared_places(before: GeoDataFrame, after: GeoDataFrame) -> DataFrame:
    """Pairs of gaps at the same point for the same cause; of several places there first with first."""
    sides = []
    for gaps in (before, after):
        at = np.flatnonzero(gaps["ground"] == "place")
        points = gaps.geometry.to_numpy()[at]
        keys = DataFrame(
            {
                "cause": gaps["cause"].astype(str).to_numpy()[at],
                "x": np.round(shapely.get_x(points), 3),
                "y": np.round(shapely.get_y(points), 3),
                "row": at,
            }
        )
        sides.append(keys.assign(nth=keys.groupby(["cause", "x", "y"]).cumcount()))
    pairs = sides[0].merge(sides[1], on=["cause", "x", "y", "nth"])
    return DataFrame({"before": pairs["row_x"], "after": pairs["row_y"], "amount": 1})


def _shared_streets(before: GeoDataFrame, after: GeoDataFrame) -> DataFrame:
    """Pairs of street gaps for the same cause and the length both lie on, micrometres."""
    found = []
    for cause in np.intersect1d(before["cause"].astype(str), after["cause"].astype(str)):
        rows, parts = [], []
        for gaps in (before, after):
            at = np.flatnonzero((gaps["ground"] == "street") & (gaps["cause"] == cause))
            starts, ends, of = _segments(gaps.geometry.to_numpy()[at])
            rows.append(at[of])
            parts.append((starts, ends))
        (p0, p1), (q0, q1) = parts
        tree = shapely.STRtree(shapely.linestrings(np.stack([p0, p1], axis=1)))
        others = shapely.linestrings(np.stack([q0, q1], axis=1))
        b, a = tree.query(others, predicate="dwithin", distance=NEAR_M)
        # Either measures along itself: half of the sum is the same from both sides.
        one, two = _along(p0[a], p1[a], q0[b], q1[b]), _along(q0[b], q1[b], p0[a], p1[a])
        amount = np.where((one > 0) & (two > 0), _micrometres((one + two) / 2), 0)
        pairs = DataFrame({"before": rows[0][a], "after": rows[1][b], "amount": amount})
        found.append(pairs[pairs["amount"] > 0])
    return pd.concat(found) if found else DataFrame({"before": [], "after": [], "amount": []}, dtype=np.int64)


def _along(p0: Points, p1: Points, q0: Points, q1: Points) -> NDArray[np.float64]:
    """Metres of each line p that line q lies on; 0 where the two part by more than `NEAR_M`."""
    first, last = _span(p0, p1, q0, q1)
    return last - first


def _span(p0: Points, p1: Points, q0: Points, q1: Points) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """From where to where on each line p line q lies on it, metres; twice the same where the two part."""
    length = np.hypot(*(p1 - p0).T)
    unit = (p1 - p0) / length[:, None]
    # Both ends of q as p sees them: how far along it, how far beside it.
    t0, t1 = (((q - p0) * unit).sum(axis=1) for q in (q0, q1))
    beside0, beside1 = (_cross(unit, q - p0) for q in (q0, q1))
    first = np.clip(np.minimum(t0, t1), 0.0, length)
    last = np.clip(np.maximum(t0, t1), 0.0, length)
    slope = (beside1 - beside0) / np.where(t1 == t0, 1.0, t1 - t0)
    apart = np.maximum(*(np.abs(beside0 + slope * (at - t0)) for at in (first, last)))
    return first, np.where(apart <= NEAR_M, last, first)


def _segments(streets: NDArray[np.object_]) -> tuple[Points, Points, IntArray]:
    """The straight pieces of lines: where they start and end, and which line they are of."""
    parts, of = shapely.get_parts(streets, return_index=True)
    points, part = shapely.get_coordinates(parts, return_index=True)
    follows = (part[1:] == part[:-1]) & (points[1:] != points[:-1]).any(axis=1)
    at = np.flatnonzero(follows)
    return points[at], points[at + 1], of[part[at]].astype(np.int64)


def _micrometres(metres: NDArray[np.float64]) -> IntArray:
    return np.rint(metres * _UM).astype(np.int64)


def _cross(one: Points, other: Points) -> NDArray[np.float64]:
    return one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
