"""Which loss of now is one that was told before, and what became of those that are not found any more."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from pandas import DataFrame

from cameras.alerts.usual import same_place
from cameras.comparing import lying_on

#: Checks in a row in which a loss must not be found before it has ended: what flickers is one loss.
CHECKS_TO_END = 2
# How an alert ended: the ground is watched again; it is not usually watched at this hour; its cameras are
# under maintenance now, or no longer; it is a part of another alert; too few days are known of this hour.
WATCHED, USUAL, MAINTENANCE, JOINED, UNJUDGED = "watched", "usual", "maintenance", "joined", "unjudged"
ENDINGS = (WATCHED, USUAL, MAINTENANCE, JOINED, UNJUDGED)
# As many metres as a place weighs where shared ground is compared; `CoverageSettings.place_weight_m`.
_PLACE_M = 75.0


def shared_ground(some: GeoDataFrame, others: GeoDataFrame) -> DataFrame:
    """Ground that losses have in common, whatever their causes.

    Parameters
    ----------
    some, others : GeoDataFrame
        Lines, points or both in each row, in one CRS in metres.

    Returns
    -------
    DataFrame
        one, other (positions), amount (> 0; metres of street, a place as many as 75).
    """
    (lines, of_line, spots, of_spot), (others_lines, of_other, other_spots, of_other_spot) = (
        _parts(frame) for frame in (some, others)
    )
    straight = lying_on(lines, others_lines)
    spans = straight.spans
    streets = DataFrame(
        {
            "one": of_line[straight.street[spans["piece"].to_numpy(np.int64)]],
            "other": of_other[spans["other"].to_numpy(np.int64)],
            "amount": spans["last_m"] - spans["first_m"],
        }
    )
    near = same_place(spots, other_spots)
    places = DataFrame({"one": of_spot[near[0]], "other": of_other_spot[near[1]], "amount": _PLACE_M})
    pairs = pd.concat([streets, places])
    return DataFrame(pairs.groupby(["one", "other"], as_index=False)["amount"].sum()).astype(
        {"one": np.int64, "other": np.int64, "amount": np.float64}
    )


def continued(losses: GeoDataFrame, alerts: GeoDataFrame) -> dict[int, int]:
    """Which losses go on with which alerts: positions of losses → positions of alerts.

    Parameters
    ----------
    losses, alerts : GeoDataFrame
        leaf, planned, cameras (tuple), geometry; one CRS in metres.

    Notes
    -----
    A loss goes on with an alert of the same leaf, planned or not like it, that has a camera and some ground
    in common with it; its cause may have changed. Those that share most come first, and each goes on once.
    """
    pairs = shared_ground(losses, alerts).sort_values(
        ["amount", "other", "one"], ascending=[False, True, True]
    )
    found: dict[int, int] = {}
    taken: set[int] = set()
    for one, other in pairs[["one", "other"]].itertuples(index=False):
        new, old = losses.iloc[one], alerts.iloc[other]
        alike = new["leaf"] == old["leaf"] and bool(new["planned"]) == bool(old["planned"])
        if alike and one not in found and other not in taken and set(new["cameras"]) & set(old["cameras"]):
            found[int(one)] = int(other)
            taken.add(int(other))
    return found


def endings(gone: GeoDataFrame, losses: GeoDataFrame, usual: GeoDataFrame) -> list[str]:
    """What became of alerts that go on with no loss.

    Parameters
    ----------
    gone : GeoDataFrame
        planned, geometry.
    losses : GeoDataFrame
        Those of now: planned, geometry.
    usual : GeoDataFrame
        Ground that is open now, and usually is.

    Returns
    -------
    list of str
        Of `ENDINGS`, one each.
    """
    told = [WATCHED] * len(gone)
    for one in shared_ground(gone, usual)["one"].tolist():
        told[one] = USUAL
    pairs = shared_ground(gone, losses)
    same = losses["planned"].to_numpy(bool)[pairs["other"]] == gone["planned"].to_numpy(bool)[pairs["one"]]
    for how, kept in ((MAINTENANCE, ~same), (JOINED, same)):
        for one in pairs["one"][kept].tolist():
            told[one] = how
    return told


def _parts(frame: GeoDataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Lines and points of every row, each with the position of its row."""
    flat = frame.geometry.to_numpy()
    row = np.arange(len(flat))
    # A collection holds lines; a line of several pieces comes apart at the second time.
    for _ in range(2):
        flat, of = shapely.get_parts(flat, return_index=True)
        row = row[of]
    is_point = shapely.get_type_id(flat) == 0
    return flat[~is_point], row[~is_point], flat[is_point], row[is_point]
