"""What an uploaded file seems to be: its kind, its columns, and which datum its positions speak for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from cameras.importers import CAMERA_COLUMNS, camera_rows, lists_devices
from geo.errors import InputRefused
from geo.readers import (
    Column,
    Notes,
    Rows,
    lonlat_columns,
    match_columns,
    read_rows,
    shapes_in_wgs84,
    workbook,
)
from geo.readers.columns import simple
from geo.readers.files import is_graph, is_of_osm, is_osm
from geo.readers.places import JURISDICTION_COLUMNS, OBSTRUCTION_COLUMNS, PLACE_COLUMNS
from patrols.importers import TEAM_COLUMNS, ZONE_COLUMNS
from patrols.readers.duties import DUTY_COLUMNS
from web.i18n import N_
from web.jobs.words import Words

COLUMNS: dict[str, tuple[Column, ...]] = {
    "jurisdictions": JURISDICTION_COLUMNS,
    "roads": (),
    "obstructions": OBSTRUCTION_COLUMNS,
    "places": PLACE_COLUMNS,
    "cameras": CAMERA_COLUMNS,
    "zones": ZONE_COLUMNS,
    "teams": TEAM_COLUMNS,
    "duties": DUTY_COLUMNS,
}
KIND_WORDS = {
    "jurisdictions": N_("Jurisdictions"),
    "roads": N_("Streets"),
    "obstructions": N_("Buildings"),
    "places": N_("Places"),
    "cameras": N_("Cameras"),
    "zones": N_("Zones"),
    "teams": N_("Teams"),
    "duties": N_("Fixed duties"),
    "water": N_("Water"),
}
# Kinds in the order in which a tie is decided, each with the fields that tell it from the others.
TELLING: dict[str, tuple[str, ...]] = {
    "teams": ("mode", "size", "village", "start", "end", "range_m", "endurance_min", "breaks", "skills"),
    "duties": ("calendar", "hours", "stay_min", "required", "prize"),
    "zones": ("members", "separation_min", "max_idle_min"),
    "jurisdictions": ("path", "parent", "origin"),
    "cameras": (
        "direction",
        "tilt_deg",
        "hfov_deg",
        "resolution",
        "width_px",
        "mount_height_m",
        "ptz",
        "type",
    ),
    "places": ("kind",),
    "obstructions": ("height_m",),
}
POINTS = frozenset({"cameras", "places", "teams", "duties"})
OF_EXTRACTS = ("roads", "obstructions", "places", "cameras")
LARGE_TABLE_BYTES = 20 * 1024**2
LARGE_EXTRACT_BYTES = 8 * 1024**2
SHOWN_SAMPLES = 3
# So many positions tell where a file lies as well as all of them.
TRIED_POSITIONS = 200
TRIED_DATUMS = ("wgs84", "gcj02", "bd09")
# A street is this near to nearly everything one draws on a map of a town, metres.
NEAR_M = 60.0


@dataclass(frozen=True)
class Look:
    """What a file looks like.

    Parameters
    ----------
    kind : str
        The kind it seems to be, "" where its headings are of none.
    reason : Words
        Why.
    kinds : tuple of str
        The kinds that such a file can be.
    headings : tuple of str
        Of its columns; none for an extract.
    samples : mapping
        Heading to the first cells under it.
    rows : int
        How many it has; 0 for a large file and an extract, which are not read for this.
    shapes : bool
        Whether its rows have geometries of their own.
    """

    kind: str
    reason: Words
    kinds: tuple[str, ...]
    headings: tuple[str, ...] = ()
    samples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rows: int = 0
    shapes: bool = False


@dataclass(frozen=True)
class DatumTrial:
    """How far a file's positions lie from the nearest stored street if they are in a datum.

    Parameters
    ----------
    datum : str
    median_m : float
        Metres.
    """

    datum: str
    median_m: float


def recognise(path: Path) -> Look:
    """What a file seems to be, from its format and its headings.

    Raises
    ------
    InputRefused
        When it cannot be read at all.
    """
    if is_osm(path):
        return Look("roads", Words(N_("An OpenStreetMap extract: streets, and more at choice.")), OF_EXTRACTS)
    if is_graph(path):
        return Look("roads", Words(N_("A street graph of OSMnx, made of OpenStreetMap.")), ("roads",))
    kinds = tuple(kind for kind in KIND_WORDS if kind in TELLING)
    if lists_devices(path):
        kinds = ("cameras",)
    if _is_unread(path):
        return Look("", Words(N_("The file is too large to be looked at here; say what it holds.")), kinds)
    rows = _rows(path)
    headings = tuple(str(heading) for heading in rows.texts.columns)
    times = Counter(headings)
    points, areas = _shape_kinds(rows)
    found: dict[str, dict[str, str]] = {}
    for kind in TELLING:
        fields = recognised(kind, headings)
        if _fits(kind, fields, points, areas):
            found[kind] = fields
    best = max(
        found,
        key=lambda kind: (sum(name in found[kind] for name in TELLING[kind]), len(found[kind])),
        default="",
    )
    if best:
        told = list(found[best].values())
        reason = Words(N_("It has the columns of such a list: %(columns)s."), {"columns": ", ".join(told)})
    else:
        reason = Words(
            N_("Its headings are of no kind that is known; say what it is, and which column is what.")
        )
    return Look(
        best,
        reason,
        kinds,
        headings,
        {
            heading: tuple(str(cell) for cell in rows.texts[heading].iloc[:SHOWN_SAMPLES])
            for heading in headings
            if times[heading] == 1
        },
        0 if is_large(path) else len(rows.texts),
        rows.shapes is not None,
    )


def recognised(kind: str, headings: Sequence[str]) -> dict[str, str]:
    """Field to heading, for the fields of a kind that the headings name by themselves."""
    by_name = {simple(heading): heading for heading in headings}
    found = {}
    for column in COLUMNS[kind]:
        for name in (column.field, *column.headings):
            if simple(name) in by_name:
                found[column.field] = by_name[simple(name)]
                break
    return found


def _shape_kinds(rows: Rows) -> tuple[bool, bool]:
    """Whether the rows have points of their own, and areas."""
    if rows.shapes is None:
        return False, False
    types = set(rows.shapes.dropna().geom_type)
    return "Point" in types, bool(types & {"Polygon", "MultiPolygon"})


def _fits(kind: str, fields: Mapping[str, str], points: bool, areas: bool) -> bool:
    if any(column.required and column.field not in fields for column in COLUMNS[kind]):
        return False
    if kind in POINTS:
        return points or (not areas and {"lon", "lat"} <= set(fields))
    if kind == "jurisdictions":
        return not points and ("path" in fields or {"code", "parent"} <= set(fields))
    return areas or "geometry" in fields


def _rows(path: Path) -> Rows:
    # The datum matters to a reader only where a file is projected, which WGS 84 is allowed to be.
    if lists_devices(path):
        return camera_rows(path, "wgs84")
    return read_rows(path, "wgs84", head=is_large(path))


def is_large(path: Path) -> bool:
    """Whether a file is too large to be read while somebody waits for a page: the job alone reads it whole.

    An extract that is packed or XML may be a thousand times as large as its file.
    """
    if path.suffix.lower() == workbook.ENDING:
        return workbook.unpacked_bytes(path) > LARGE_TABLE_BYTES
    if not is_osm(path):
        return path.stat().st_size > LARGE_TABLE_BYTES
    return path.stat().st_size > LARGE_EXTRACT_BYTES or not path.name.lower().endswith(".osm.pbf")


def _is_unread(path: Path) -> bool:
    """Whether not even its first rows can be read by themselves."""
    return is_large(path) and path.suffix.lower() in (".geojson", ".json", ".xml")


def try_datums(
    session: Session, path: Path, kind: str, mapping: Mapping[str, str] | None = None
) -> tuple[DatumTrial, ...]:
    """Where the positions of a file would lie by each datum, against the stored streets; nearest first.

    Evidence for whoever states the datum, and no more: it is empty where there are no streets, or no
    positions to try. CGCS2000 is not told from WGS 84, from which it differs by less than a metre.
    """
    if (
        is_of_osm(path)
        or _is_unread(path)
        or not session.scalar(text("SELECT EXISTS (SELECT FROM road_edge)"))
    ):
        return ()
    try:
        rows = _rows(path)
        table = match_columns(rows, COLUMNS[kind], Notes(rows.file, rows.word), mapping)
        trials = []
        for datum in TRIED_DATUMS:
            notes = Notes(rows.file, rows.word)
            shapes = (
                lonlat_columns(table, rows, notes, datum)
                if kind in POINTS
                else shapes_in_wgs84(table, rows, notes, datum, required=False)
            )
            median = _median_m(session, shapes)
            if median is not None:
                trials.append(DatumTrial(datum, median))
    except InputRefused:
        # What is wrong with the file is told when it is checked.
        return ()
    return tuple(sorted(trials, key=lambda trial: trial.median_m))


def suggested(trials: Sequence[DatumTrial]) -> str:
    """The datum that the streets speak for, "" where they do not tell one from the others."""
    if len(trials) < 2 or trials[0].median_m > NEAR_M or trials[0].median_m * 2 > trials[1].median_m:
        return ""
    return trials[0].datum


def _median_m(session: Session, shapes: gpd.GeoSeries) -> float | None:
    points = shapes.dropna().representative_point()
    points = points.iloc[:: max(1, len(points) // TRIED_POSITIONS)]
    if points.empty:
        return None
    return session.scalar(
        text(
            """SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY near.m)
               FROM unnest(CAST(:shapes AS bytea[])) AS given (shape)
               CROSS JOIN LATERAL (
                   SELECT ST_Distance(e.geom::geography, ST_GeomFromWKB(given.shape, 4326)::geography) AS m
                   FROM road_edge e WHERE upper_inf(e.valid)
                   ORDER BY e.geom <-> ST_GeomFromWKB(given.shape, 4326) LIMIT 1) AS near"""
        ),
        {"shapes": list(shapely.to_wkb(points.to_numpy()))},
    )
