"""Use cases of places: open a site, take in an extract, give rows their jurisdiction.

Every function takes an open session and leaves committing to the caller.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
from pyproj import CRS
from sqlalchemy.orm import Session

from geo import repository
from geo.crs import metric_crs
from geo.errors import InputRefused, LianfangError
from geo.osm import ATTRIBUTION, OsmExtract
from geo.readers import read_jurisdictions, read_obstructions, read_places, read_roads
from geo.readers.files import is_osm
from geo.tables import Site

DEFAULT_TIMEZONE = "Asia/Shanghai"


@dataclass(frozen=True)
class Source:
    """Where rows come from, for the record of imports.

    Parameters
    ----------
    file_name, sha256 : str
        The file and its content's hash.
    datum : str
        One of `geo.datums`.
    label : str
        real | derived | synthetic.
    author : str
        Who imported it.
    """

    file_name: str
    sha256: str
    datum: str
    label: str
    author: str

    @classmethod
    def of_file(cls, path: Path, *, datum: str, label: str, author: str) -> Source:
        """The source that a file is."""
        return cls(path.name, file_sha256(path), datum, label, author)


@dataclass(frozen=True)
class ImportReport:
    """What an import did: rows stored (0 on a dry run), rows found good, sentences on bad and on odd ones."""

    kind: str
    stored: int
    good: int
    problems: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()


def file_sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def current_site(session: Session) -> Site:
    """The site; LianfangError before anything was imported."""
    found = repository.site(session)
    if found is None:
        raise LianfangError(
            "the database is empty; run `lianfang demo`, or begin with `lianfang import roads FILE --datum D`"
        )
    return found


def site_crs(session: Session) -> CRS:
    """The site's projected CRS in metres, chosen when the site was opened."""
    return CRS.from_epsg(current_site(session).metric_epsg)


def open_site(
    session: Session,
    *,
    name: str,
    name_en: str,
    bounds: tuple[float, float, float, float],
    timezone: str = DEFAULT_TIMEZONE,
    attribution: str = "",
    scene: str | None = None,
) -> Site:
    """Open the database's one site around `bounds` (west, south, east, north, degrees)."""
    epsg = metric_crs(bounds).to_epsg()
    if epsg is None:
        raise LianfangError(f"no projected CRS fits the area {bounds}; check its coordinates")
    site = Site(
        id=1,
        name=name,
        name_en=name_en,
        timezone=timezone,
        metric_epsg=epsg,
        attribution=attribution,
        scene=scene,
    )
    session.add(site)
    session.flush()
    return site


def add_source(session: Session, kind: str, source: Source, rows: int) -> int:
    """Record an import of `rows` rows; answers the batch id."""
    return repository.add_batch(
        session,
        kind=kind,
        file_name=source.file_name,
        sha256=source.sha256,
        datum=source.datum,
        label=source.label,
        rows=rows,
        author=source.author,
    )


def refuse_twice(session: Session, kind: str, source: Source) -> None:
    """Refuse a file that was already imported as `kind`."""
    if repository.has_batch(session, kind, source.sha256):
        raise InputRefused(
            f"{source.file_name} was imported as {kind} before and nothing was stored again; "
            "change the file, or leave it"
        )


def store_extract(session: Session, extract: OsmExtract, source: Source) -> dict[str, int]:
    """Store an extract's roads, buildings, places and water; answers rows by kind."""
    counts = {}
    for kind, rows in (
        ("roads", len(extract.road_edges)),
        ("obstructions", len(extract.buildings)),
        ("places", len(extract.places)),
        (
            "water",
            len(areas := extract.water[extract.water.geometry.geom_type.isin(["Polygon", "MultiPolygon"])]),
        ),
    ):
        refuse_twice(session, kind, source)
        batch = add_source(session, kind, source, rows)
        counts[kind] = rows
        if kind == "roads":
            repository.add_roads(session, extract.road_nodes, extract.road_edges, batch)
        elif kind == "obstructions":
            repository.add_obstructions(session, extract.buildings, batch)
        elif kind == "places":
            repository.add_places(session, extract.places, batch)
        else:
            repository.add_water(session, areas, batch)
    return counts


def import_places(
    session: Session,
    kind: str,
    path: Path,
    *,
    datum: str,
    author: str,
    mapping: dict[str, str] | None = None,
    keep_good: bool = False,
    dry_run: bool = False,
    name: str = "",
    timezone: str = DEFAULT_TIMEZONE,
) -> ImportReport:
    """Take in a file of jurisdictions, roads, obstructions or places; opens the site where there is none.

    Parameters
    ----------
    session : Session
        Rolled back by the caller when this raises.
    kind : str
        jurisdictions | roads | obstructions | places.
    path, datum, mapping, keep_good
        As `geo.readers`.
    dry_run : bool
        Read and check, store nothing.
    name, timezone : str
        Of the site, where this import opens it.

    Raises
    ------
    InputRefused
        As the reader, and for a file imported before.
    """
    area = repository.site_area(session)
    source = Source.of_file(path, datum=datum, label="real", author=author) if path.is_file() else None
    frame, problems, findings, bounds = _read(kind, path, datum, mapping, keep_good, area)
    count = len(frame.road_edges) if isinstance(frame, OsmExtract) else len(frame)
    if dry_run or source is None:
        return ImportReport(kind, 0, count, problems, findings)
    refuse_twice(session, kind, source)
    if repository.site(session) is None:
        attribution = ATTRIBUTION if isinstance(frame, OsmExtract) or is_osm(path) else ""
        title = name or path.stem.split(".")[0]
        open_site(
            session, name=title, name_en=title, bounds=bounds, timezone=timezone, attribution=attribution
        )
    if isinstance(frame, gpd.GeoDataFrame) and kind == "jurisdictions":
        store_jurisdictions(session, frame, source)
        return ImportReport(kind, count, count, problems, findings)
    batch = add_source(session, kind, source, count)
    if isinstance(frame, OsmExtract):
        repository.add_roads(session, frame.road_nodes, frame.road_edges, batch)
    elif kind == "obstructions":
        repository.add_obstructions(session, frame, batch)
    else:
        repository.add_places(session, frame, batch)
    refresh_scopes(session, {"roads": "road_edge", "obstructions": "obstruction", "places": "place"}[kind])
    return ImportReport(kind, count, count, problems, findings)


def _read(
    kind: str,
    path: Path,
    datum: str,
    mapping: dict[str, str] | None,
    keep_good: bool,
    area: tuple[float, float, float, float] | None,
) -> tuple[
    gpd.GeoDataFrame | OsmExtract, tuple[str, ...], tuple[str, ...], tuple[float, float, float, float]
]:
    """What a file holds, the sentences on its bad and its odd rows, and its extent."""
    if kind == "roads":
        extract = read_roads(path, datum=datum)
        return extract, (), (), extract.bounds
    if kind == "places":
        found = read_places(path, datum=datum, area=area, mapping=mapping, keep_good=keep_good)
    elif kind == "obstructions":
        found = read_obstructions(path, datum=datum, mapping=mapping, keep_good=keep_good)
    elif kind == "jurisdictions":
        found = read_jurisdictions(path, datum=datum, mapping=mapping, keep_good=keep_good)
    else:
        raise ValueError(f"kind {kind!r} is not one of jurisdictions, roads, obstructions, places")
    west, south, east, north = (float(edge) for edge in found.frame.total_bounds)
    return found.frame, found.problems, found.findings, (west, south, east, north)


def store_jurisdictions(session: Session, tree: gpd.GeoDataFrame, source: Source) -> int:
    """Store a jurisdiction tree (EPSG:4326) and give every row already there its leaf."""
    refuse_twice(session, "jurisdictions", source)
    repository.add_jurisdictions(session, tree, add_source(session, "jurisdictions", source, len(tree)))
    refresh_scopes(session)
    return len(tree)


def refresh_scopes(session: Session, *tables: str) -> None:
    """Give every row of `tables` (all scoped ones by default) the leaf jurisdiction it lies in."""
    for table in tables or ("road_edge", "obstruction", "place", "camera"):
        repository.assign_scope(session, table)
