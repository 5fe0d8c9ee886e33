"""Whether the positions of a file were given in another datum than was said.

A wrong datum moves a whole file by one and the same 57 to 1471 m (DOMAIN §7): cameras that stand along
streets come to stand anywhere. So each hypothesis is asked how many cameras it puts along a street.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from cameras.audit.found import COLUMNS, number
from cameras.audit.kinds import KINDS
from cameras.audit.places import street_distance
from cameras.audit.scene import AuditScene, AuditSettings
from geo.datums import from_wgs84, to_wgs84
from geo.errors import Sentence

FloatArray = NDArray[np.float64]

#: Positions of a file that are looked at, evenly over its extent; more make no other answer.
MOST_POSITIONS = 2000
#: Standard errors of McNemar's test that a better hypothesis must lie above: 1 in 30,000.
LEAST_Z = 4.0
#: Shifts of the same length in other directions, which must not do as well: streets lie in grids.
CONTROLS = 12
#: Positions of fewer squares of this size lie along one street, which other streets are parallel to.
_SQUARE_M, _LEAST_SQUARES = 250.0, 5
# Positions nearer than this are one: cameras of one pole are no independent witnesses.
_ONE_PLACE_M = 1.0

NAMES = {
    "wgs84": "WGS 84",
    "cgcs2000": "CGCS2000",
    "gcj02": "GCJ-02",
    "bd09": "BD-09",
    "over_gcj02": "WGS 84",
    "over_bd09": "WGS 84",
}
_SAME = ("wgs84", "cgcs2000")


@dataclass(frozen=True)
class Judged:
    """How well one hypothesis explains a file's positions: median distance to a street, share near one."""

    name: str
    median_m: float
    near: NDArray[np.bool_]

    @property
    def share(self) -> float:
        """Share of the positions along a street."""
        return float(self.near.mean())


def corrected(points: gpd.GeoSeries, declared: str, really: str) -> gpd.GeoSeries:
    """Where cameras stand when their file was in another datum than was said.

    Parameters
    ----------
    points : GeoSeries of Point
        As stored, EPSG:4326.
    declared : str
        Datum the file was taken in with.
    really : str
        ``wgs84``, ``cgcs2000``, ``gcj02``, ``bd09``: what the file was in; ``over_gcj02``, ``over_bd09``: in
        WGS 84, but somebody had taken that shift off before, for nothing.

    Returns
    -------
    GeoSeries
        In EPSG:4326, on the same index. Nothing is stored.
    """
    lonlat = shapely.get_coordinates(points.to_numpy())
    moved = _moved(lonlat, declared, really)
    return gpd.GeoSeries(shapely.points(moved), index=points.index, crs=points.crs)


def _moved(lonlat: FloatArray, declared: str, really: str) -> FloatArray:
    given = from_wgs84(lonlat[:, 0], lonlat[:, 1], declared)
    if really.startswith("over_"):
        return np.column_stack(from_wgs84(*given, really.removeprefix("over_")))
    return np.column_stack(to_wgs84(*given, really))


def hypotheses(declared: str) -> tuple[str, ...]:
    """What else a file may have been in."""
    if declared in _SAME:
        return ("gcj02", "bd09", "over_gcj02", "over_bd09")
    return tuple(one for one in ("wgs84", "gcj02", "bd09") if one != declared)


def datum_wrong(scene: AuditScene, settings: AuditSettings) -> pd.DataFrame:
    """Files whose cameras lie along streets under another datum; `value` is the median shift in metres.

    A hypothesis is told when (1) there are enough positions over enough ground, (2) it puts a share of them
    near a street that is larger by `datum_gain`, (3) McNemar's test of the positions that only one of the two
    puts there exceeds `LEAST_Z`, (4) it halves the median distance, and (5) none of `CONTROLS` shifts of the
    same length in other directions does as well. Of several the one with the largest share is told.
    """
    frame = scene.cameras
    said = frame["batch_id"].map(scene.batches["datum"]).to_numpy(dtype=object)
    if "source_datum" in frame:
        own = frame["source_datum"].to_numpy(dtype=object)
        said = np.where(pd.notna(own), own, said)
    streets = shapely.STRtree(scene.streets.to_numpy())
    rows = []
    groups = pd.Series(np.arange(len(frame))).groupby(
        [frame["batch_id"].to_numpy(), said.astype(str)], sort=True
    )
    for _, places in groups:
        here = places.to_numpy(np.int64)
        declared = str(said[here[0]])
        if declared not in NAMES:
            continue
        found = wrong_datum(frame.geometry.iloc[here], declared, streets, settings)
        if found is not None:
            rows.append(_told(int(frame["batch_id"].iloc[here[0]]), declared, *found, scene, settings))
    # As objects, or pandas would make plain texts of the sentences.
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object).astype(
        {"camera": np.int64, "batch": np.int64, "value": np.float64}
    )


def wrong_datum(
    points: gpd.GeoSeries, declared: str, streets: shapely.STRtree, settings: AuditSettings
) -> tuple[Judged, Judged, float] | None:
    """As it was said, as it probably was, and the median shift in metres; None where nothing speaks for it.

    Parameters
    ----------
    points : GeoSeries of Point
        Of one file, in the projected CRS of the streets.
    """
    spots = _witnesses(points)
    squares = np.unique(np.floor(spots / _SQUARE_M), axis=0)
    if len(spots) < settings.datum_positions or len(squares) < _LEAST_SQUARES:
        return None
    assert points.crs is not None
    flat = shapely.points(spots)
    at_first = _judge(declared, flat, streets, settings)
    best: tuple[Judged, Judged, float] | None = None
    for really, moved in _positions(spots, points.crs, declared):
        shift = np.hypot(*(moved - spots).T)
        # Outside the rectangle of the Chinese datums nothing moves, and there is nothing to tell apart.
        if np.median(shift) < settings.datum_near_m:
            continue
        then = _judge(really, shapely.points(moved), streets, settings)
        if not _better(at_first, then, settings) or (best is not None and then.share <= best[1].share):
            continue
        if then.share > _best_control(spots, moved, streets, settings) + settings.datum_gain / 2.0:
            best = at_first, then, float(np.median(shift))
    return best


def _witnesses(points: gpd.GeoSeries) -> FloatArray:
    """Different positions, at most `MOST_POSITIONS`, evenly taken in the order of where they lie."""
    xy = shapely.get_coordinates(points.to_numpy())
    _, first = np.unique(np.round(xy / _ONE_PLACE_M), axis=0, return_index=True)
    taken = np.linspace(0, len(first) - 1, min(len(first), MOST_POSITIONS)).astype(np.int64)
    spots: FloatArray = xy[first][taken]
    return spots


def _positions(spots: FloatArray, crs: CRS, declared: str) -> Iterator[tuple[str, FloatArray]]:
    """Where the positions would lie under each hypothesis."""
    to_lonlat = Transformer.from_crs(crs, 4326, always_xy=True)
    lonlat = np.column_stack(to_lonlat.transform(spots[:, 0], spots[:, 1]))
    for really in hypotheses(declared):
        moved = _moved(lonlat, declared, really)
        yield really, np.column_stack(to_lonlat.transform(moved[:, 0], moved[:, 1], direction="INVERSE"))


def _judge(
    name: str, points: NDArray[np.object_], streets: shapely.STRtree, settings: AuditSettings
) -> Judged:
    distance = street_distance(points, streets)
    return Judged(name, float(np.median(distance)), distance <= settings.datum_near_m)


def _better(one: Judged, other: Judged, settings: AuditSettings) -> bool:
    gained = int(np.count_nonzero(other.near & ~one.near))
    lost = int(np.count_nonzero(one.near & ~other.near))
    # No position that only one of the two puts near a street: nothing to choose by.
    z = (gained - lost) / max(1.0, float(gained + lost)) ** 0.5
    return bool(
        z >= LEAST_Z
        and other.share - one.share >= settings.datum_gain
        and other.median_m <= one.median_m / 2.0
    )


def _best_control(
    spots: FloatArray, moved: FloatArray, streets: shapely.STRtree, settings: AuditSettings
) -> float:
    """The largest share near a street after shifts of the same length in other directions."""
    step: FloatArray = np.asarray(np.median(moved - spots, axis=0))
    length, heading = float(np.hypot(step[0], step[1])), float(np.arctan2(step[1], step[0]))
    best = 0.0
    for n in range(1, CONTROLS):
        turned = heading + 2.0 * np.pi * n / CONTROLS
        points = shapely.points(spots + length * np.array([np.cos(turned), np.sin(turned)]))
        best = max(best, _judge("", points, streets, settings).share)
    return best


def _told(
    batch: int,
    declared: str,
    at_first: Judged,
    then: Judged,
    shift_m: float,
    scene: AuditScene,
    settings: AuditSettings,
) -> tuple[object, ...]:
    file = str(scene.batches.at[batch, "file_name"])
    values = {
        "n": len(then.near),
        "file": file,
        "near": number(settings.datum_near_m, 0),
        "before": f"{number(100.0 * at_first.share, 0)} %",
        "after": f"{number(100.0 * then.share, 0)} %",
        "declared": NAMES[declared],
        "really": NAMES[then.name],
        "before_m": number(at_first.median_m, 0),
        "after_m": number(then.median_m),
        "shift": number(shift_m, 0),
    }
    text = (
        Sentence(
            "of %(n)s positions of %(file)s, %(before)s lie within %(near)s m of a street as %(declared)s "
            "and %(after)s once a shift of %(really)s is put back that was taken off for nothing "
            "(median %(before_m)s m and %(after_m)s m; shift %(shift)s m)",
            **(values | {"really": NAMES[then.name.removeprefix("over_")]}),
        )
        if then.name.startswith("over_")
        else Sentence(
            "of %(n)s positions of %(file)s, %(before)s lie within %(near)s m of a street as %(declared)s "
            "and %(after)s as %(really)s (median %(before_m)s m and %(after_m)s m; shift %(shift)s m)",
            **values,
        )
    )
    kind = KINDS["datum_wrong"]
    subject = f"batch:{batch}:{declared}"
    return -1, batch, subject, kind.name, kind.severity, shift_m, text, f"{declared}>{then.name}"
