"""What a map shows, as plain frames: the one input of `render_map`.

Whoever has the database fills it from there; a test fills it by hand. Every frame is in EPSG:4326,
longitude first. Columns beyond the listed ones are ignored.

``None`` and an empty frame mean two things: ``None`` is *not worked out, or not for this reader*, an
empty frame is *worked out, and there is nothing*. A map must not say "no gaps" of a night nobody analysed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import geopandas as gpd

from geo.errors import LianfangError
from web.maps.words import BANNERS, CAUSES, DIMENSIONS, LEVELS

COLUMNS: dict[str, tuple[str, ...]] = {
    "jurisdictions": ("path", "level", "name", "name_en", "origin", "certain_share", "possible_share"),
    "streets": ("road_class", "name"),
    "buildings": (),
    "water": (),
    "cameras": (
        "code",
        "name",
        "state",
        "online_share",
        "azimuth_quality",
        "assumed",
        "moved_m",
        "findings",
    ),
    "footprints": ("camera", "level", "certain"),
    "gaps": ("cause", "measure", "windows", "minutes", "cameras", "reasons", "leaf", "priority"),
    "zone": ("name", "rule"),
    "stops": ("stop_id", "label", "prize", "village", "why"),
    "routes": ("team", "mode", "village", "visits"),
    "siting": (
        "rank",
        "kind",
        "spot",
        "camera_code",
        "street",
        "leaf",
        "leaf_en",
        "azimuth_deg",
        "azimuth_before_deg",
        "street_mm",
        "places",
        "share",
        "gap_share",
        "gap_closed_share",
        "seen",
    ),
}
"""The columns each frame must have beside its geometry. Optional ones, used when present:
`cameras` azimuth_deg; `zone` name_en; `stops` crossed; `routes` name, name_en."""

FIGURES = (
    "street_length_m",
    "certain_share",
    "possible_share",
    "cameras",
    "frames",
    "online_rate",
    "stops",
    "reachable_stops",
    "crossed_stops",
    "violations",
    "computed_at",
)
"""The headline numbers a map knows how to word; shares and rates are 0–1, `computed_at` is tz-aware."""


class NoMapYet(LianfangError):
    """There is nothing to draw yet; the message says what to do first."""


def blank(name: str) -> gpd.GeoDataFrame:
    """An empty frame with the columns of `name`: there is nothing of it."""
    columns: dict[str, list[Any]] = {column: [] for column in COLUMNS[name]}
    return gpd.GeoDataFrame(columns, geometry=[], crs="EPSG:4326")


@dataclass(frozen=True, eq=False, kw_only=True)
class MapData:
    """All that one map shows; checked when made, never changed afterwards.

    Parameters
    ----------
    title, title_en : str
        The place, for example ``"赫尔辛基"`` and ``"Helsinki"``; the English one falls back on the other.
    site_timezone : str
        IANA name of the zone in which all times are shown.
    bounds : (west, south, east, north)
        Degrees; the view the map opens with.
    attribution : str
        The source of the base data, shown on the map.
    period : (start, end) or None
        Tz-aware, half-open: what was analysed.
    level : str
        The pixel-density level the shares and gaps are stated at.
    dimension : str
        How buildings hid ("2d", "2.5d").
    banners : tuple of str
        Keys of `words.BANNERS`: what the reader must know before believing the map.
    revision : str
        Which state of the data this is; written into the page, so that a file tells. "" = unknown.
    jurisdictions : GeoDataFrame
        Polygons. path, level (0 city … 4 grid), name, name_en, origin, certain_share and possible_share
        (0–1 of street length; NaN where there is no street to watch).
    streets, buildings, water : GeoDataFrame
        The base map. Streets: LineStrings with road_class (OSM highway value) and name (or None).
    cameras : GeoDataFrame or None
        Points. code, name, state ("usable", "degraded", "outage", "not_measured": the worst of the period),
        online_share (0–1 of the period, or NaN), azimuth_quality ("measured", "coarse", "unknown"),
        assumed (comma list of assumed fields), moved_m (metres moved out of a building, 0 none),
        findings (list of str).
    footprints : GeoDataFrame or None
        Polygons. camera (code), level, certain (bool).
    gaps : GeoDataFrame or None
        Lines (streets) or Points (places). cause (a key of `words.CAUSES`, which fixes the list), measure
        (metres of street, or number of places), windows (list of tz-aware (start, end)), minutes (their
        sum), cameras (list of codes), reasons (list of str), leaf (name of the leaf jurisdiction),
        priority (number, greater first, or NaN).
    zone : GeoDataFrame or None
        Polygons. name, and rule: a mapping with pattern, within, visits, villages, separation_min; or a str.
    stops : GeoDataFrame or None
        Points. stop_id, label, prize, village, why (str or list of str; causes and other known words are
        translated), and optionally crossed (bool).
    routes : GeoDataFrame or None
        LineStrings, one row a team. team, mode, village, visits: list of mappings with seq, stop_id, arrive,
        start, end (tz-aware), lon, lat, kind ("first" or "second").
    siting : GeoDataFrame or None
        Points. Cameras of a proposal by rank (`cameras.repository.siting.proposed`), with seen, the polygon
        that each would see, and the shares of the gap that it closes, alone and with those before it.
    figures : mapping
        Headline numbers by the names in `FIGURES`; what is missing is not shown.

    Raises
    ------
    ValueError
        For a frame without its columns or not in EPSG:4326, a time without a zone, an unknown cause, level,
        banner, figure or time zone.
    """

    title: str
    site_timezone: str
    bounds: tuple[float, float, float, float]
    attribution: str
    title_en: str = ""
    period: tuple[datetime, datetime] | None = None
    level: str = "detect"
    dimension: str = "2d"
    banners: tuple[str, ...] = ()
    revision: str = ""
    jurisdictions: gpd.GeoDataFrame = field(default_factory=partial(blank, "jurisdictions"))
    streets: gpd.GeoDataFrame = field(default_factory=partial(blank, "streets"))
    buildings: gpd.GeoDataFrame = field(default_factory=partial(blank, "buildings"))
    water: gpd.GeoDataFrame = field(default_factory=partial(blank, "water"))
    cameras: gpd.GeoDataFrame | None = None
    footprints: gpd.GeoDataFrame | None = None
    gaps: gpd.GeoDataFrame | None = None
    zone: gpd.GeoDataFrame | None = None
    stops: gpd.GeoDataFrame | None = None
    routes: gpd.GeoDataFrame | None = None
    siting: gpd.GeoDataFrame | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in COLUMNS:
            _check_frame(name, getattr(self, name))
        west, south, east, north = self.bounds
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise ValueError(
                f"bounds {self.bounds}: give west < east and south < north in degrees, longitude first"
            )
        try:
            ZoneInfo(self.site_timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(
                f"site_timezone {self.site_timezone!r} is not an IANA zone; give one such as 'Asia/Shanghai'"
            ) from error
        _check_words("level", [self.level], LEVELS)
        _check_words("dimension", [self.dimension], DIMENSIONS)
        _check_words("banner", self.banners, BANNERS)
        _check_words("figure", self.figures, FIGURES)
        _check_times("period", self.period or ())
        if self.figures.get("computed_at") is not None:
            _check_times("figures['computed_at']", [self.figures["computed_at"]])
        if self.footprints is not None:
            _check_words("footprint level", self.footprints["level"].unique(), LEVELS)
        if self.gaps is not None:
            _check_words("cause of a gap", self.gaps["cause"].unique(), CAUSES)
            _check_times("windows of a gap", (t for row in self.gaps["windows"] for w in row for t in w))
        if self.routes is not None:
            visits = [visit for row in self.routes["visits"] for visit in row]
            _check_times("visits of a route", (v[k] for v in visits for k in ("arrive", "start", "end")))


def _check_frame(name: str, frame: gpd.GeoDataFrame | None) -> None:
    if frame is None:
        if name in ("jurisdictions", "streets", "buildings", "water"):
            raise ValueError(f"{name}: None is not a frame; leave it out for a map without")
        return
    missing = [column for column in COLUMNS[name] if column not in frame.columns]
    if missing:
        raise ValueError(f"{name}: columns {', '.join(missing)} are missing; see web.maps.data.COLUMNS")
    if frame.crs is None or frame.crs.to_epsg() != 4326:
        raise ValueError(f"{name}: CRS is {frame.crs}; give EPSG:4326, longitude first")


def _check_words(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ValueError(f"{what} {unknown[0]!r} is not known; known are {', '.join(known)}")


def _check_times(what: str, times: Iterable[datetime]) -> None:
    for time in times:
        if time.tzinfo is None or time.utcoffset() is None:
            raise ValueError(f"{what}: {time} has no time zone; give tz-aware times")
