"""A list of cameras held against the records there are: what is new, what changed, what is as it was.

A list speaks where it has a value: an empty cell takes nothing away. A coarse direction (a compass point)
leaves the measured one of the record alone; where it does not fit it, that is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from cameras.fields import FIELDS, POSE_NAMES

BoolArray = NDArray[np.bool_]

ADDED, UNCHANGED, CHANGED, MOVED = "added", "unchanged", "changed", "moved"
POSITION = "position"
# Lists round to six decimals (0.1 m); nobody means a camera that was moved by less than this, metres.
SAME_PLACE_M = 0.5
# Half the sector of a compass point.
COARSE_HALF_DEG = 22.5
_METRES_PER_DEG = 111_320.0


@dataclass(frozen=True, eq=False)
class Reconciled:
    """What a list says of the records.

    Parameters
    ----------
    rows : GeoDataFrame
        On the list's index: the records as they are to be, with `kind` ("added", "unchanged", "changed", or
        "moved" where what the camera sees changed) and `previous` (id of the open record, -1 where none is).
    differences : DataFrame
        One row a changed field: row, code, field, before, after; None where there was nothing.
    contradicted : tuple
        Labels of rows whose compass point does not fit the measured direction, which stays.
    """

    rows: gpd.GeoDataFrame
    differences: pd.DataFrame
    contradicted: tuple[object, ...] = ()

    def of(self, *kinds: str) -> gpd.GeoDataFrame:
        """The rows of some kinds."""
        return self.rows[self.rows["kind"].isin(kinds)]

    def by_row(self) -> dict[int, tuple[dict[str, Any], dict[str, Any]]]:
        """Fields and values before and after, of each row that has any."""
        found: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}
        for one in self.differences.itertuples():
            before, after = found.setdefault(int(str(one.row)), ({}, {}))
            before[str(one.field)], after[str(one.field)] = one.before, one.after
        return found

    def counts(self) -> dict[str, int]:
        """How many rows are of each kind."""
        found = self.rows["kind"].value_counts()
        return {kind: int(found.get(kind, 0)) for kind in (ADDED, CHANGED, MOVED, UNCHANGED)}


def reconcile(recorded: gpd.GeoDataFrame, listed: gpd.GeoDataFrame) -> Reconciled:
    """Hold CAMERAS of a list against the open records of their codes.

    Parameters
    ----------
    recorded : GeoDataFrame
        CAMERAS by id with all of `cameras.fields.FIELDS`, EPSG:4326; codes unique.
    listed : GeoDataFrame
        CAMERAS as an importer gives them, EPSG:4326, codes unique; fields it lacks are not spoken of, and
        `ptz` only counts where `ptz_said` (everywhere, without that column).

    Returns
    -------
    Reconciled
    """
    ids = pd.Series(recorded.index.to_numpy(), index=recorded["code"].to_numpy())
    previous = listed["code"].map(ids).fillna(-1).astype(np.int64).to_numpy()
    known = previous >= 0
    before = recorded.reindex(previous[known])
    after = listed[known].copy()
    changed: dict[str, BoolArray] = {}
    for one in FIELDS:
        if one.name not in after or one.name == "azimuth_deg":
            continue
        old, new = before[one.name].to_numpy(), after[one.name].to_numpy()
        said = _present(new)
        if one.name == "ptz" and "ptz_said" in after:
            said = after["ptz_said"].to_numpy(dtype=np.bool_)
        differs = said & ~_same(old, new, one.kind)
        changed[one.name] = differs
        after[one.name] = np.where(differs, new, old)
    changed["azimuth_deg"] = _turned(before, after)
    quality = before["azimuth_quality"].to_numpy() != after["azimuth_quality"].to_numpy()
    changed["azimuth_quality"] = changed["azimuth_deg"] & quality
    for name in ("azimuth_deg", "azimuth_quality"):
        after[name] = np.where(changed["azimuth_deg"], after[name], before[name])
    changed[POSITION] = _moved(before.geometry.to_numpy(), after.geometry.to_numpy())
    after.geometry = np.where(changed[POSITION], after.geometry.to_numpy(), before.geometry.to_numpy())
    rows = listed.copy()
    for name in changed.keys() - {POSITION}:
        column = rows[name].to_numpy().copy() if rows[name].dtype != bool else rows[name].to_numpy(copy=True)
        column[known] = after[name].to_numpy()
        rows[name] = column
    places = rows.geometry.to_numpy().copy()
    places[known] = after.geometry.to_numpy()
    rows.geometry = gpd.GeoSeries(places, index=rows.index, crs=rows.crs)
    rows["kind"], rows["previous"] = _kinds(known, changed), previous
    against = after.index[_contradicted(before, listed[known])]
    return Reconciled(rows, _differences(listed[known], before, changed), tuple(against))


def _kinds(known: BoolArray, changed: dict[str, BoolArray]) -> NDArray[np.object_]:
    kinds = np.full(len(known), ADDED, dtype=object)
    if not known.any():
        return kinds
    any_of = np.any(list(changed.values()), axis=0)
    pose = np.any([flags for name, flags in changed.items() if name in POSE_NAMES | {POSITION}], axis=0)
    kinds[known] = np.where(pose, MOVED, np.where(any_of, CHANGED, UNCHANGED))
    return kinds


def _present(values: NDArray[Any]) -> BoolArray:
    """Where a list says something: not None, not NaN, not an empty text."""
    if values.dtype.kind == "f":
        return np.isfinite(values)
    if values.dtype.kind == "b":
        return np.ones(len(values), dtype=np.bool_)
    return np.array([not (one is None or one == "" or one != one) for one in values], dtype=np.bool_)


def _same(old: NDArray[Any], new: NDArray[Any], kind: str) -> BoolArray:
    if kind in ("number", "whole", "choice"):
        return np.isclose(old.astype(np.float64), new.astype(np.float64), rtol=1e-6, atol=1e-6)
    return np.asarray(old == new, dtype=np.bool_)


def _turned(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> BoolArray:
    """Where the list's direction replaces that of the record."""
    old, new = (frame["azimuth_deg"].to_numpy(dtype=np.float64) for frame in (before, after))
    old_kind, new_kind = (frame["azimuth_quality"].to_numpy() for frame in (before, after))
    apart = np.abs((new - old + 180.0) % 360.0 - 180.0)
    # A compass point never takes the place of what somebody measured.
    fits = (new_kind == "coarse") & (old_kind == "measured")
    alike = (new_kind == old_kind) & (apart <= 1e-6)
    return np.asarray((new_kind != "unknown") & ~fits & ~alike, dtype=np.bool_)


def _contradicted(before: gpd.GeoDataFrame, listed: gpd.GeoDataFrame) -> BoolArray:
    """Where a compass point of the list lies apart from the measured direction of the record."""
    apart = listed["azimuth_deg"].to_numpy(dtype=np.float64) - before["azimuth_deg"].to_numpy(
        dtype=np.float64
    )
    away = np.abs((apart + 180.0) % 360.0 - 180.0) > COARSE_HALF_DEG
    coarse = listed["azimuth_quality"].to_numpy() == "coarse"
    return np.asarray(coarse & (before["azimuth_quality"].to_numpy() == "measured") & away, dtype=np.bool_)


def _moved(old: NDArray[np.object_], new: NDArray[np.object_]) -> BoolArray:
    north = (shapely.get_y(new) - shapely.get_y(old)) * _METRES_PER_DEG
    shrink = np.cos(np.radians(shapely.get_y(new)))
    east = (shapely.get_x(new) - shapely.get_x(old)) * _METRES_PER_DEG * shrink
    return np.asarray(np.hypot(east, north) > SAME_PLACE_M, dtype=np.bool_)


def _differences(
    listed: gpd.GeoDataFrame, before: gpd.GeoDataFrame, changed: dict[str, BoolArray]
) -> pd.DataFrame:
    parts = []
    for name, flags in changed.items():
        if not flags.any():
            continue
        if name == POSITION:
            old, new = (_written(frame.geometry.to_numpy()[flags]) for frame in (before, listed))
        else:
            old, new = (_plain(frame[name].to_numpy()[flags]) for frame in (before, listed))
        part = {
            "row": listed.index.to_numpy()[flags],
            "code": listed["code"].to_numpy()[flags],
            "field": name,
            "before": old,
            "after": new,
        }
        parts.append(pd.DataFrame(part).astype({"before": object, "after": object}))
    if not parts:
        return pd.DataFrame({name: [] for name in ("row", "code", "field", "before", "after")}, dtype=object)
    return pd.concat(parts).sort_values("row", kind="stable", ignore_index=True)


def _plain(values: NDArray[Any]) -> NDArray[np.object_]:
    """Values as they go into JSON: None for nothing, whole numbers whole."""
    made = np.full(len(values), None, dtype=object)
    for i, value in enumerate(values):
        if value is None or value != value:
            continue
        number = isinstance(value, float) and value.is_integer()
        made[i] = int(value) if number else value.item() if isinstance(value, np.generic) else value
    return made


def _written(points: NDArray[np.object_]) -> NDArray[np.object_]:
    made = np.full(len(points), None, dtype=object)
    for i, point in enumerate(points):
        made[i] = f"{point.x:.6f}, {point.y:.6f}"
    return made
