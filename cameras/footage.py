"""Which cameras had a place in view during a period, and what is known of their pictures (案发查像).

Cameras and places, never people: the answer is which recordings to fetch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from cameras.causes import DEGRADED, OUTAGE, STATES, USABLE
from cameras.frames.columns import BoolArray, FloatArray
from cameras.moving import looks_down
from cameras.optics import pixel_density
from cameras.validity import recorded
from geo.crs import need_metric, true_north_deg

#: What a camera has to do with the place while a piece of time lasts, the most useful first.
CERTAIN, UNFIT, POSSIBLE, UNSEEN, HIDDEN, ELSEWHERE, LOST = (
    "certain",
    "degraded",
    "possible",
    "not_measured",
    "occluded",
    "elsewhere",
    "outage",
)
VERDICTS: Final = (CERTAIN, UNFIT, POSSIBLE, UNSEEN, ELSEWHERE, LOST, HIDDEN)
#: Those of which there may be a picture of the place.
IN_VIEW: Final = (CERTAIN, UNFIT, POSSIBLE, UNSEEN)

PIECE_COLUMNS: Final = (
    "camera",
    "start_ms",
    "end_ms",
    "verdict",
    "state",
    "reason",
    "pose",
    "level",
    "share",
    "distance_m",
    "bearing_deg",
    "azimuth_deg",
    "density",
)


@dataclass(frozen=True, eq=False)
class Target:
    """The place asked for, in a projected CRS in metres.

    Parameters
    ----------
    points : GeoSeries of Point
        One point, or several along a street.
    radius_m : float
        Above 0: all ground so far around them.
    """

    points: gpd.GeoSeries
    radius_m: float = 0.0
    ground: shapely.Geometry = field(init=False)

    def __post_init__(self) -> None:
        need_metric(self.points.crs, "the place")
        together = shapely.union_all(self.points.to_numpy())
        object.__setattr__(self, "ground", together.buffer(self.radius_m) if self.radius_m > 0 else together)

    def share_in(self, shapes: NDArray[np.object_]) -> FloatArray:
        """Share of the place in each of some polygons, rims included: of its area, else of its points."""
        if self.radius_m > 0:
            return np.asarray(shapely.area(shapely.intersection(shapes, self.ground)) / self.ground.area)
        return np.asarray(self.points_in(shapes).mean(axis=1))

    def points_in(self, shapes: NDArray[np.object_]) -> BoolArray:
        """Which of the points lie in which of some polygons, rims included: (polygons, points)."""
        inside: BoolArray = np.asarray(shapely.covers(shapes[:, None], self.points.to_numpy()[None, :]))
        return inside


@dataclass(frozen=True, eq=False)
class Sights:
    """What each pose sees, row by row of POSES.

    Parameters
    ----------
    viewers : GeoDataFrame
        POSES where they stand, azimuths against grid north (`cameras.analysis.pose_cameras`).
    at_level : dict of level to GeoSeries
        Footprints, the levels of one set, the lowest first.
    unobstructed : GeoSeries
        At the lowest level, if nothing stood in the way.
    reach : GeoSeries
        By camera: what turning ones can look at, at the lowest level (`cameras.ptz.reach`).
    """

    viewers: gpd.GeoDataFrame
    at_level: dict[str, gpd.GeoSeries]
    unobstructed: gpd.GeoSeries
    reach: gpd.GeoSeries

    @property
    def widest(self) -> NDArray[np.object_]:
        """The footprint of each pose at the lowest level at which it has one."""
        found = np.full(len(self.viewers), shapely.Polygon(), dtype=object)
        for shapes in reversed(self.at_level.values()):
            drawn = shapes.to_numpy()
            found = np.where(shapely.is_empty(drawn), found, drawn)
        return found


def sightings(
    target: Target, sights: Sights, segments: pd.DataFrame, period: tuple[int, int]
) -> pd.DataFrame:
    """For what part of a period each camera had a place in view, and with which evidence.

    Parameters
    ----------
    target : Target
    sights : Sights
    segments : DataFrame
        SEGMENTS, of the period and any more; `pose` and `nominal` are rows of `sights.viewers`.
    period : (int, int)
        Epoch milliseconds, half-open.

    Returns
    -------
    DataFrame
        `PIECE_COLUMNS` by camera and start, without the time in which a camera has nothing to do with the
        place; what is alike and follows each other is one piece. `verdict` of `VERDICTS`; `state` of
        `cameras.causes.STATES` and `reason` (`cameras.diagnosis.REASONS`); `pose`, the one looked at, the
        nominal one where nobody knows; `level`, the highest at which one of the points is seen ("" for none,
        the lowest where only ground around them is);
        `share` of the place in view at the lowest; `distance_m` to the place (to the nearest point of it in
        view, of several), `bearing_deg` to it and `azimuth_deg` of the pose, both clockwise from true north,
        NaN where not known; `density`, pixels per metre there.

    Notes
    -----
    Of a live camera (usable, degraded) its measured pose counts, of any other its nominal one.

    - certain: usable, the pose certain, some of the place in its footprint at the set's lowest level. At a
      level, that is rank 0 of `cameras.sweep.camera_rank`: what an analysis calls covered.
    - degraded: the same with a picture unfit to be used.
    - possible: in the footprint of a pose that is not certain; or a camera of which nobody knows where it
      looked, and which can turn to the place.
    - not_measured: no evidence, the nominal pose certain and the place in its footprint.
    - elsewhere: live, and another pose of the same camera, or its drive, could have seen the place.
    - outage: lost, and its nominal pose or its drive could have seen the place.
    - occluded: in its sector, but a building stands between.
    """
    poses = sights.viewers
    widest = sights.widest
    share = target.share_in(widest)
    unhidden = target.share_in(sights.unobstructed.to_numpy())
    level = np.where(share > 0, next(iter(sights.at_level)), "").astype(object)
    for name, shapes in sights.at_level.items():
        level[target.points_in(shapes.to_numpy()).any(axis=1)] = name
    certain = poses["certain"].to_numpy(dtype=bool)

    told = recorded(segments)
    begins = np.maximum(told["start_ms"].to_numpy(dtype=np.int64), period[0])
    ends = np.minimum(told["end_ms"].to_numpy(dtype=np.int64), period[1])
    rows = told.assign(start_ms=begins, end_ms=ends)[begins < ends].reset_index(drop=True)
    state = rows["state"].to_numpy()
    live = (state == USABLE) | (state == DEGRADED)
    look = np.where(live, rows["pose"], rows["nominal"]).astype(np.int64)
    # Row -1 stands for no pose at all.
    seen, hidden, sure = (
        np.append(share, 0.0)[look] > 0,
        np.append(unhidden, 0.0)[look] > 0,
        np.append(certain, False)[look],
    )
    could = _could(rows["camera"], poses, share, target, sights.reach)
    verdict = np.select(
        [
            seen & sure & (state == USABLE),
            seen & sure & (state == DEGRADED),
            seen & (state == OUTAGE),
            seen & sure,
            seen,
            could & live,
            could & (state == OUTAGE),
            could,
            hidden,
        ],
        [CERTAIN, UNFIT, LOST, UNSEEN, POSSIBLE, ELSEWHERE, LOST, POSSIBLE, HIDDEN],
        default="",
    )
    distance, bearing, azimuth, density = _geometry(target, poses, widest)
    pieces = rows.assign(
        verdict=verdict,
        state=[STATES[one] for one in state],
        reason=rows["reason"].astype(str),
        pose=look,
        level=np.append(level, "")[look],
        share=np.append(share, 0.0)[look],
        distance_m=np.append(distance, np.nan)[look],
        bearing_deg=np.append(bearing, np.nan)[look],
        azimuth_deg=np.append(azimuth, np.nan)[look],
        density=np.append(density, np.nan)[look],
    )[list(PIECE_COLUMNS)]
    return _joined(pieces[pieces["verdict"] != ""])


def by_camera(pieces: pd.DataFrame) -> pd.DataFrame:
    """The best that each camera has to offer, the most useful camera first.

    Returns
    -------
    DataFrame
        By camera id: verdict, level, share, distance_m, bearing_deg, azimuth_deg, density of its best piece
        (by verdict, then the pixels per metre, then the length), and `best_ms`, how long it was that good.
    """
    order = pieces.assign(
        grade=pieces["verdict"].map(VERDICTS.index), lasts=pieces["end_ms"] - pieces["start_ms"]
    ).sort_values(
        ["grade", "density", "lasts", "start_ms"], ascending=[True, False, False, True], kind="stable"
    )
    best = order.drop_duplicates("camera").set_index("camera")
    lasts = order.groupby(["camera", "verdict"])["lasts"].sum()
    best["best_ms"] = [int(lasts[key]) for key in zip(best.index, best["verdict"], strict=True)]
    names = ["verdict", "level", "share", "distance_m", "bearing_deg", "azimuth_deg", "density", "best_ms"]
    return best[names]


def _could(
    camera: pd.Series, poses: pd.DataFrame, share: FloatArray, target: Target, reach: gpd.GeoSeries
) -> BoolArray:
    """Whether another pose that the camera should take, or its drive, has the place in view."""
    own = (poses["nominal"] | (poses["origin"] == "preset")).to_numpy(dtype=bool)
    able = set(poses["camera"].to_numpy()[own & (share > 0)])
    able |= set(reach.index[target.share_in(reach.to_numpy()) > 0]) if len(reach) else set()
    return camera.isin(able).to_numpy(dtype=bool)


def _geometry(
    target: Target, poses: gpd.GeoDataFrame, widest: NDArray[np.object_]
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Of each pose: distance and bearing to the place, its azimuth, pixels per metre at the place."""
    stands, points = poses.geometry.to_numpy(), target.points.to_numpy()
    away = shapely.distance(stands[:, None], points[None, :])
    inside: BoolArray = target.points_in(widest)
    nearest = np.argmin(np.where(inside | ~inside.any(axis=1, keepdims=True), away, np.inf), axis=1)
    distance = away[np.arange(len(poses)), nearest]
    to = points[nearest]
    north = true_north_deg(poses.geometry)
    east, up = shapely.get_x(to) - shapely.get_x(stands), shapely.get_y(to) - shapely.get_y(stands)
    bearing = (np.degrees(np.arctan2(east, up)) - north) % 360.0
    azimuth = (poses["azimuth_deg"].to_numpy(dtype=np.float64) - north) % 360.0
    # From above, the picture is as fine as the way through the air is long.
    above = np.where(looks_down(poses), poses["above_m"].to_numpy(dtype=np.float64), 0.0)
    along = np.hypot(distance, above)
    density = pixel_density(poses["width_px"], poses["hfov_deg"], np.maximum(along, 0.01))
    return distance, np.where(distance > 0, bearing, np.nan), azimuth, density


def _joined(pieces: pd.DataFrame) -> pd.DataFrame:
    """Pieces of one camera that follow each other and say the same, made one."""
    ordered = pieces.sort_values(["camera", "start_ms"], kind="stable", ignore_index=True)
    if ordered.empty:
        return ordered
    same = ordered["start_ms"].to_numpy()[1:] == ordered["end_ms"].to_numpy()[:-1]
    for name in ("camera", "verdict", "state", "reason", "pose"):
        values = ordered[name].to_numpy()
        same &= values[1:] == values[:-1]
    first = np.append(0, np.flatnonzero(~same) + 1)
    joined = ordered.iloc[first].reset_index(drop=True)
    joined["end_ms"] = ordered["end_ms"].to_numpy()[np.append(first[1:], len(ordered)) - 1]
    return joined
