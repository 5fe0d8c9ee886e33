"""What a scene of the demo has of its own, and the words its steps share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import geopandas as gpd
from shapely import MultiPolygon, Point, Polygon
from sqlalchemy.orm import Session

from cameras.synthetic import SyntheticDay
from geo.crs import to_lonlat
from geo.roads import RoadNetwork
from geo.services import ImportReport, Source
from patrols.services import store_teams, store_zones
from web.demostate import AUTHOR

# Everybody crosses: two visits by teams of two villages, half an hour apart.
RULE = {"pattern": "separate", "visits": 2, "villages": 2, "separation_s": 1800}
MODE_NAMES = {"foot": "步行", "ebike": "电动车", "car": "汽车"}
ORDINALS = "一二三四"


class DemoScene(Protocol):
    """A scene: where it lies, what is stored of it, and one synthetic day of it.

    Every method is the same for the same seed. Sessions are open; nobody here commits.
    """

    @property
    def name(self) -> str:
        """Its key: in the site's row, on the command line."""

    @property
    def day(self) -> datetime:
        """Local midnight of the day that is analysed."""

    @property
    def shift(self) -> tuple[timedelta, timedelta]:
        """The shift that is planned, counted from `day`."""

    @property
    def zone(self) -> str:
        """Code of its joint-defence zone."""

    def load_places(self, session: Session, seed: int) -> None:
        """Open the site and store streets, buildings, places, water and jurisdictions."""

    def load_cameras(self, session: Session, folder: Path, seed: int) -> Loaded:
        """Store camera records; files that were read for it are left in `folder`."""

    def day_of_frames(self, session: Session, seed: int) -> SyntheticDay:
        """The day of the stored cameras, told apart by their codes."""

    def load_zone(self, session: Session, seed: int) -> None:
        """Store zone and teams."""


@dataclass(frozen=True)
class Loaded:
    """What came of storing cameras: the day, if it was made on the way, and what a list's reader said."""

    day: SyntheticDay | None
    report: ImportReport | None


def made_here(scene: str, kind: str, seed: int, label: str) -> Source:
    """The source of what a scene makes: no file, so its name and seed stand for the content."""
    name = f"{scene}-{kind}-seed-{seed}"
    return Source(name, hashlib.sha256(name.encode()).hexdigest(), "wgs84", label, AUTHOR)


def store_zone(
    session: Session,
    villages: gpd.GeoDataFrame,
    *,
    code: str,
    name: str,
    name_en: str,
    source: Source,
) -> int:
    """Store the zone of all `villages` (path as index, in a projected CRS); answers its id."""
    zone = gpd.GeoDataFrame(
        {
            "code": [code],
            "name": [name],
            "name_en": [name_en],
            "rule": [RULE],
            "members": [[str(path) for path in villages.index]],
        },
        geometry=[_multi(villages.geometry.union_all())],
        crs=villages.crs,
    )
    return int(store_zones(session, to_lonlat(zone), source)[0])


def store_zone_teams(
    session: Session, rows: list[dict[str, object]], zone: int, crs: object, source: Source
) -> None:
    """Store teams of two: code, name, name_en, village (or None), mode, geometry (base in `crs`)."""
    teams = gpd.GeoDataFrame(rows, crs=crs).assign(size=2)
    store_teams(session, to_lonlat(teams), zone, source)


def base_near(
    network: RoadNetwork,
    junctions: gpd.GeoSeries,
    village: Polygon | MultiPolygon,
    mode: str,
    near: Point | None = None,
) -> Point:
    """The street junction of a village, usable by `mode`, nearest to `near` (its middle where left out)."""
    inside = junctions[junctions.within(village)]
    usable = inside[(network.snap(inside, mode, 0.5)["edge_id"] >= 0).to_numpy()]
    return usable.loc[usable.distance(near or village.centroid).idxmin()]


def _multi(shape: Polygon | MultiPolygon) -> MultiPolygon:
    return shape if isinstance(shape, MultiPolygon) else MultiPolygon([shape])
