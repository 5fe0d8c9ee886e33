"""Trials on stored data that change nothing: a camera that is lost, a camera that is turned."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import geopandas as gpd
import pandas as pd
from shapely import Point
from sqlalchemy.orm import Session

from cameras.footprint import footprints
from cameras.levels import DORI
from cameras.optics import OPTICS_FIELDS, AssumedOptics, completed, vfov_from_hfov_deg
from cameras.repository import at_instant, one
from cameras.repository.siting import places_in
from cameras.standpoint import standpoints
from cameras.tables import Analysis
from cameras.trial import watched_alone, watched_length, watched_places
from geo.crs import to_lonlat, to_metric, true_north_deg
from geo.errors import InputRefused, Sentence
from geo.services import site_crs

# Beyond the farthest that any camera of today tells a person from the ground.
REACH_M = 250.0
VIEW_OPTICS = ("tilt_deg", "hfov_deg", "vfov_deg", "width_px", "mount_height_m")


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
    places : int
        Places that nobody else saw then.
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
    places: int
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
    alone = wedge.difference(others.geometry.union_all())
    near = to_metric(_places_near(session, record), crs)
    return LostGround(
        code=code,
        name=record["name"],
        at=at,
        level=analysis.level,
        wedge=to_lonlat(gpd.GeoDataFrame({"name": [record["name"]]}, geometry=[wedge], crs=crs)),
        ground=to_lonlat(ground),
        places=watched_places(alone, near.geometry),
        shared_m=max(0.0, whole - float(left.length.sum())),
        watchers=dict(zip(others["code"], others["name"], strict=True)),
    )


@dataclass(frozen=True)
class View:
    """How a camera looks: azimuth clockwise from true north (None: not known), tilt, lens and height.

    `assumed` names those of them that nobody told, joined by commas.
    """

    azimuth_deg: float | None
    tilt_deg: float
    hfov_deg: float
    vfov_deg: float
    width_px: float
    mount_height_m: float
    assumed: str = ""


def held_view(session: Session, code: str, *, assumed: AssumedOptics | None = None) -> View:
    """How a camera looks as the newest analysis has it, as the record says without; the rest is assumed.

    Raises
    ------
    InputRefused
        When the camera is unknown.
    """
    record = _known(session, code)
    held = one.held_pose(session, code) or {}
    told = {name: record[name] if held.get(name) is None else held[name] for name in OPTICS_FIELDS}
    row = pd.DataFrame([{**told, "height_px": record["height_px"]}], dtype=float)
    # What an analysis assumed stands in its pose as a number, and is still not known.
    optics = completed(row.assign(assumed=held.get("assumed") or ""), assumed).iloc[0]
    azimuth = held["azimuth_deg"] if held else record["azimuth_deg"]
    told = {name: float(optics[name]) for name in VIEW_OPTICS}
    return View(azimuth_deg=azimuth, assumed=str(optics["assumed"]), **told)


def turned(
    session: Session,
    code: str,
    azimuth_deg: float,
    *,
    tilt_deg: float | None = None,
    hfov_deg: float | None = None,
    assumed: AssumedOptics | None = None,
    dimension: str = "2d",
    target_height_m: float = 1.5,
) -> gpd.GeoDataFrame:
    """What a camera would see if it looked towards `azimuth_deg` (clockwise from true north).

    Through the lens and at the tilt that the newest analysis knows of, where none is given; the record's, or
    the assumed ones, without. Another lens keeps the shape of the picture. Walls hide as the dimension says
    (`cameras.footprint`).

    Returns
    -------
    GeoDataFrame in EPSG:4326
        One row a level of the DORI set, the widest first: level, area_m2, street_m and places (of watched
        ground in it).

    Raises
    ------
    InputRefused
        When the camera is unknown, or the azimuth is not 0 to below 360, the tilt not -90 to 90, the lens not
        above 0 and below 180 degrees.
    """
    if not 0 <= azimuth_deg < 360:
        raise InputRefused(
            Sentence(
                "azimuth %(azimuth)s deg; give 0 to below 360, clockwise from north",
                azimuth=f"{azimuth_deg:g}",
            )
        )
    if tilt_deg is not None and not -90 <= tilt_deg <= 90:
        raise InputRefused(
            Sentence("tilt %(tilt)s deg; give -90 to 90, downwards positive", tilt=f"{tilt_deg:g}")
        )
    if hfov_deg is not None and not 0 < hfov_deg < 180:
        raise InputRefused(
            Sentence("angle of view %(hfov)s deg; give above 0 and below 180", hfov=f"{hfov_deg:g}")
        )
    record, view = _known(session, code), held_view(session, code, assumed=assumed)
    crs = site_crs(session)
    stand = to_metric(gpd.GeoSeries([Point(record["lon"], record["lat"])], crs=4326), crs)
    walls = to_metric(one.walls_around(session, record["lon"], record["lat"], REACH_M), crs)
    stand = _outside(stand, walls.geometry)
    lens = _through(view, hfov_deg)
    viewer = gpd.GeoDataFrame(
        {
            "azimuth_deg": (azimuth_deg + true_north_deg(stand)) % 360.0,
            "hfov_deg": [lens.hfov_deg],
            "vfov_deg": [lens.vfov_deg],
            "width_px": [lens.width_px],
            "tilt_deg": [lens.tilt_deg if tilt_deg is None else tilt_deg],
            "mount_height_m": [lens.mount_height_m],
            "assumed": [lens.assumed],
        },
        geometry=stand.to_numpy(),
        crs=crs,
    )
    streets = to_metric(at_instant.streets_near(session, record["lon"], record["lat"], REACH_M), crs)
    places = to_metric(_places_near(session, record), crs)
    rows = []
    for level in sorted(DORI, key=lambda name: DORI[name]):
        shape = footprints(
            viewer, walls, level=level, dimension=dimension, target_height_m=target_height_m
        ).iloc[0]
        street_m = watched_length(shape, streets.geometry)
        rows.append((level, shape.area, street_m, watched_places(shape, places.geometry), shape))
    frame = pd.DataFrame(rows, columns=["level", "area_m2", "street_m", "places", "geometry"])
    return to_lonlat(gpd.GeoDataFrame(frame, geometry="geometry", crs=crs))


def _known(session: Session, code: str) -> dict[str, Any]:
    record = one.record(session, code)
    if record is None:
        raise InputRefused(Sentence("camera '%(code)s' is not known", code=code))
    return record


def _through(view: View, hfov_deg: float | None) -> View:
    """The same view through another lens: the picture keeps its shape, so tan(HFOV/2) / tan(VFOV/2) stays."""
    if hfov_deg is None or not view.hfov_deg < 180:
        return view if hfov_deg is None else replace(view, hfov_deg=hfov_deg, vfov_deg=math.nan)
    shape = math.tan(math.radians(view.hfov_deg) / 2) / math.tan(math.radians(view.vfov_deg) / 2)
    vfov = float(vfov_from_hfov_deg(hfov_deg, shape))
    return replace(view, hfov_deg=hfov_deg, vfov_deg=vfov)


def _places_near(session: Session, record: dict[str, Any]) -> gpd.GeoDataFrame:
    """Places within reach of a camera."""
    up = REACH_M / 111_320.0
    aside = up / math.cos(math.radians(record["lat"]))
    lon, lat = record["lon"], record["lat"]
    return places_in(session, (lon - aside, lat - up, lon + aside, lat + up))


def _outside(stand: gpd.GeoSeries, walls: gpd.GeoSeries) -> gpd.GeoSeries:
    """The stand moved off the building it lies in, as analyses move it."""
    cameras = gpd.GeoDataFrame(geometry=stand)
    solid = gpd.GeoDataFrame(geometry=walls.to_numpy(), crs=walls.crs)
    moved = standpoints(cameras, solid)
    return gpd.GeoSeries(moved["geometry"].to_numpy(), crs=stand.crs)
