"""What is open now and usually is not, put together as a person would name it: a loss a line."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

IntArray = NDArray[np.int64]

COLUMNS = (
    *("leaf", "cause", "planned", "cameras", "reasons", "common", "street_mm", "places"),
    *("since_ms", "open_days"),
)


def losses_of(
    gaps: GeoDataFrame, pieces: GeoDataFrame, common: pd.Series, planned: Collection[int]
) -> GeoDataFrame:
    """Losses of ground, one row each.

    Parameters
    ----------
    gaps : GeoDataFrame
        Gaps of now, a row each: leaf, cause, cameras (tuple of ids, those whose fault it is), reasons
        (tuple), since_ms (from when on the first of them was at fault).
    pieces : GeoDataFrame
        Ground of these gaps that is told: row (position in `gaps`), ground, measure, days, geometry.
    common : Series of str
        By camera: what went, taking several with it (a recorder, a source); "" for a camera on its own.
    planned : collection of int
        Cameras under registered maintenance.

    Returns
    -------
    GeoDataFrame
        leaf, cause, planned (all of its cameras are under maintenance), cameras, reasons (tuples), common
        ("" where not all of its cameras share one), street_mm, places, since_ms, open_days (of its pieces
        the most), geometry. Ordered by leaf, cause and first camera.

    Notes
    -----
    Gaps of one leaf jurisdiction and one cause are one loss when they concern a camera in common, or cameras
    that went together; what is under maintenance stays apart from what is not.
    """
    rows = np.unique(pieces["row"].to_numpy(np.int64))
    if not len(rows):
        return GeoDataFrame({name: [] for name in COLUMNS}, geometry=[], crs=gaps.crs)
    own = gaps.iloc[rows].reset_index(drop=True)
    held = set(planned)
    own["planned"] = [bool(one) and held.issuperset(one) for one in own["cameras"]]
    group = _joined(own, common)
    of_piece = group[np.searchsorted(rows, pieces["row"].to_numpy(np.int64))]
    is_street = (pieces["ground"] == "street").to_numpy()
    measure, days = pieces["measure"].to_numpy(np.int64), pieces["days"].to_numpy(np.int64)
    shapes = pieces.geometry.to_numpy()
    # Pieces of each group lie together once they are sorted: there may be as many groups as pieces.
    order = np.argsort(of_piece, kind="stable")
    is_street, measure, days, shapes = (part[order] for part in (is_street, measure, days, shapes))
    first = np.searchsorted(of_piece[order], np.arange(group.max() + 2))
    told = []
    for number, members in own.groupby(group):
        mine = slice(first[number], first[number + 1])
        of_street = is_street[mine]
        cameras = tuple(sorted({one for each in members["cameras"] for one in each}))
        names = {str(common.get(one, "")) for one in cameras}
        told.append(
            {
                "leaf": str(members["leaf"].iloc[0]),
                "cause": str(members["cause"].iloc[0]),
                "planned": bool(members["planned"].iloc[0]),
                "cameras": cameras,
                "reasons": tuple(sorted({one for each in members["reasons"] for one in each})),
                "common": names.pop() if len(names) == 1 else "",
                "street_mm": int(measure[mine][of_street].sum()),
                "places": int(measure[mine][~of_street].sum()),
                "since_ms": int(members["since_ms"].min()),
                "open_days": int(days[mine].max()),
                "geometry": _shape(shapes[mine][of_street], shapes[mine][~of_street]),
            }
        )
    told.sort(key=lambda one: (one["leaf"], one["cause"], one["planned"], one["cameras"]))
    return GeoDataFrame(told, geometry="geometry", crs=gaps.crs)


def _joined(gaps: GeoDataFrame, common: pd.Series) -> IntArray:
    """The loss each gap belongs to, numbered from 0."""
    tokens: dict[tuple[object, ...], int] = {}
    gap, token = [], []
    for row, (leaf, cause, planned, cameras) in enumerate(
        zip(*(gaps[name] for name in ("leaf", "cause", "planned", "cameras")), strict=True)
    ):
        # A gap without a camera is a loss of its own.
        marks: set[object] = {("camera", one) for one in cameras} or {("gap", row)}
        marks |= {("common", common[one]) for one in cameras if common.get(one, "")}
        for mark in marks:
            gap.append(row)
            token.append(tokens.setdefault((leaf, cause, planned, mark), len(tokens)))
    n = len(gaps)
    size = n + len(tokens)
    graph = coo_array((np.ones(len(gap), np.int8), (gap, n + np.array(token))), shape=(size, size))
    label = connected_components(graph, directed=False)[1][:n]
    return np.unique(label, return_inverse=True)[1].astype(np.int64)


def _shape(streets: NDArray[np.object_], places: NDArray[np.object_]) -> shapely.Geometry:
    """One geometry of lines that follow each other joined, and points."""
    lines = shapely.line_merge(shapely.multilinestrings(list(streets)))
    parts = [*shapely.get_parts(lines), *places]
    if not len(places):
        return shapely.multilinestrings(parts)
    return shapely.geometrycollections(parts) if len(streets) else shapely.multipoints(parts)
