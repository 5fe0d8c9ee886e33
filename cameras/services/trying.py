"""Trials on stored data that change nothing: a camera that is lost, a camera that is turned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import geopandas as gpd
import pandas as pd
from shapely import Point
from sqlalchemy.orm import Session

from cameras.footprint import footprints
from cameras.levels import DORI
from cameras.optics import AssumedOptics
from cameras.repository import at_instant, one
from cameras.standpoint import standpoints
from cameras.tables import Analysis
from cameras.trial import watched_alone, watched_length
from geo.crs import to_lonlat, to_metric, true_north_deg
from geo.errors import InputRefused, Sentence
from geo.services import site_crs

# Beyond the farthest that any camera of today tells a person from the ground.
REACH_M = 250.0


@dataclass(frozen=True, eq=False)
class LostGround:
    """What would not be seen any more if one camera were lost at an instant.

    Parameters
    ----------
    code, name : str
        The camera.
    at : datetime
        The instant: the last at which the analysis has it working and certain.
    level : str
        Pixel-density level of the analysis.
    wedge : GeoDataFrame
        What it saw (EPSG:4326), one row.
    ground : GeoDataFrame
        Streets that nobody else saw then (EPSG:4326): name, length_m.
    shared_m : float
        Metres of street in its wedge that another camera saw too.
    watchers : dict
        Code → name of those cameras, wherever they stand.
    """

    code: str
    name: str
    at: datetime
    level: str
    wedge: gpd.GeoDataFrame
    ground: gpd.GeoDataFrame
    shared_m: float
    watchers: dict[str, str]

    @property
    def lost_m(self) -> float:
        """Metres of street that would not be seen."""
        return float(self.ground["length_m"].sum())


def lost_ground(session: Session, analysis_id: int, code: str) -> LostGround:
    """What would not be seen any more if a camera were lost.

    Exact at one instant: the atoms that its certain footprint holds and no other usable camera's does. The
    session sees the whole site, so that a neighbour's camera counts.

    Raises
    ------
    InputRefused
        When the camera is unknown, or was never usable and certain in the analysis: nothing hangs on it then.
    """
    record = one.record(session, code)
    found = at_instant.last_certain(session, analysis_id, code)
    if record is None or found is None:
        raise InputRefused(
            Sentence(
                "camera '%(code)s' saw nothing for certain in this analysis, so nothing would be lost with "
                "it; try another one",
                code=code,
            )
        )
    analysis = session.get_one(Analysis, analysis_id)
    at = found["until"] - timedelta(milliseconds=1)
    crs = site_crs(session)
    seen = to_metric(at_instant.certain_footprints(session, analysis_id, analysis.level, at), crs)
    own = seen[seen["camera_id"] == found["camera_id"]]
    wedge = own.geometry.union_all()
    others = seen[(seen["camera_id"] != found["camera_id"]) & seen.geometry.intersects(wedge)]
    streets = to_metric(at_instant.streets_near(session, record["lon"], record["lat"], REACH_M), crs)
    left = watched_alone(wedge, others.geometry, streets.geometry)
    ground = gpd.GeoDataFrame(
        {"name": streets["name"].reindex(left.index), "length_m": left.length}, geometry=left, crs=crs
    )
    whole = watched_length(wedge, streets.geometry)
    return LostGround(
        code=code,
        name=record["name"],
        at=at,
        level=analysis.level,
        wedge=to_lonlat(gpd.GeoDataFrame({"name": [record["name"]]}, geometry=[wedge], crs=crs)),
        ground=to_lonlat(ground),
        shared_m=max(0.0, whole - float(left.length.sum())),
        watchers=dict(zip(others["code"], others["name"], strict=True)),
    )


def turned(
    session: Session, code: str, azimuth_deg: float, *, assumed: AssumedOptics | None = None
) -> gpd.GeoDataFrame:
    """What a camera would see if it looked towards `azimuth_deg` (clockwise from true north).

    Through the lens that the newest analysis knows of; the record's, or the assumed one, without.

    Returns
    -------
    GeoDataFrame in EPSG:4326
        One row a level of the DORI set, the widest first: level, area_m2, street_m (of watched street in it).

    Raises
    ------
    InputRefused
        When the camera is unknown, or the azimuth is not 0 to below 360.
    """
    if not 0 <= azimuth_deg < 360:
        raise InputRefused(
            Sentence(
                "azimuth %(azimuth)s deg; give 0 to below 360, clockwise from north",
                azimuth=f"{azimuth_deg:g}",
            )
        )
    record = one.record(session, code)
    if record is None:
        raise InputRefused(Sentence("camera '%(code)s' is not known", code=code))
    optics = assumed or AssumedOptics()
    pose = one.held_pose(session, code) or record
    crs = site_crs(session)
    stand = to_metric(gpd.GeoSeries([Point(record["lon"], record["lat"])], crs=4326), crs)
    walls = to_metric(one.walls_around(session, record["lon"], record["lat"], REACH_M), crs)
    stand = _outside(stand, walls.geometry)
    viewer = gpd.GeoDataFrame(
        {
            "azimuth_deg": (azimuth_deg + true_north_deg(stand)) % 360.0,
            "hfov_deg": [pose["hfov_deg"] or optics.hfov_deg],
            "width_px": [pose["width_px"] or optics.width_px],
        },
        geometry=stand.to_numpy(),
        crs=crs,
    )
    solid = gpd.GeoDataFrame(geometry=walls.geometry, crs=crs)
    streets = to_metric(at_instant.streets_near(session, record["lon"], record["lat"], REACH_M), crs)
    rows = []
    for level in sorted(DORI, key=lambda name: DORI[name]):
        shape = footprints(viewer, solid, level=level).iloc[0]
        rows.append((level, shape.area, watched_length(shape, streets.geometry), shape))
    frame = pd.DataFrame(rows, columns=["level", "area_m2", "street_m", "geometry"])
    return to_lonlat(gpd.GeoDataFrame(frame, geometry="geometry", crs=crs))


def _outside(stand: gpd.GeoSeries, walls: gpd.GeoSeries) -> gpd.GeoSeries:
    """The stand moved off the building it lies in, as analyses move it."""
    cameras = gpd.GeoDataFrame(geometry=stand)
    solid = gpd.GeoDataFrame(geometry=walls.to_numpy(), crs=walls.crs)
    moved = standpoints(cameras, solid)
    return gpd.GeoSeries(moved["geometry"].to_numpy(), crs=stand.crs)
