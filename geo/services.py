"""Use cases of places: open a site, take in an extract, give rows their jurisdiction.

Every function takes an open session and leaves committing to the caller.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import geopandas as gpd
import pandas as pd
from pyproj import CRS
from sqlalchemy import Text, cast, or_, select
from sqlalchemy.orm import Session

from geo import repository
from geo.crs import metric_crs
from geo.errors import InputRefused, LianfangError, Sentence
from geo.osm import ATTRIBUTION, OsmExtract
from geo.readers import Imported, read_jurisdictions, read_obstructions, read_places, read_roads
from geo.readers.files import is_osm
from geo.readers.result import KINDS
from geo.scope import WHOLE_SITE, Scope
from geo.tables import ImportBatch, Jurisdiction, Site

DEFAULT_TIMEZONE = "Asia/Shanghai"
# More keys than this in one sentence are counted, not named.
NAMED_KEYS = 5

# Tables whose rows get their jurisdiction when a kind is stored; a new tree is everybody's (none means all).
SCOPED_TABLES: dict[str, tuple[str, ...]] = {
    "jurisdictions": (),
    "roads": ("road_edge",),
    "obstructions": ("obstruction",),
    "places": ("place",),
}


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
    """What an import did: rows stored (0 on a dry run), rows found good, sentences on bad and on odd ones,
    good rows for a map (EPSG:4326; of cameras some of many), and what changed of stored ones: how many by
    kind, and in words."""

    kind: str
    stored: int
    good: int
    problems: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    rows: gpd.GeoDataFrame | None = field(default=None, compare=False, repr=False)
    counts: Mapping[str, int] = field(default_factory=dict)
    changes: tuple[str, ...] = ()


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
            Sentence(
                "the database is empty; run `lianfang demo`, or begin with "
                "`lianfang import roads FILE --datum D`"
            )
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
    """Open the database's one site around `bounds` (west, south, east, north, degrees).

    Raises
    ------
    LianfangError
        Bounds that are no extent (rows without geometry) or that no projected CRS fits; an unknown time zone.
    """
    if not all(math.isfinite(edge) for edge in bounds):
        raise LianfangError(
            Sentence(
                "the first import has no geometry, so the site would have no place; "
                "import roads or jurisdictions with polygons first"
            )
        )
    try:
        ZoneInfo(timezone)
    # The name is looked up as a file, so a folder's name ("Asia") and a path fail in their own ways.
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise LianfangError(
            Sentence(
                "time zone '%(zone)s' is not known; give one by its IANA name, such as %(usual)s",
                zone=timezone,
                usual=DEFAULT_TIMEZONE,
            )
        ) from error
    try:
        epsg = metric_crs(bounds).to_epsg()
    except ValueError as error:
        raise LianfangError(
            Sentence("no projected CRS fits the area %(bounds)s: %(error)s", bounds=bounds, error=error)
        ) from error
    if epsg is None:
        raise LianfangError(
            Sentence("no projected CRS fits the area %(bounds)s; check its coordinates", bounds=bounds)
        )
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


def change_row_count(session: Session, batch: int, rows: int) -> None:
    """Say how many rows an import was of in the end."""
    session.get_one(ImportBatch, batch).row_count = rows
    session.flush()


def credit_osm(session: Session, path: Path | str) -> None:
    """Credit OpenStreetMap in the site's attribution, where `path` is an extract and nobody did before."""
    if is_osm(path):
        _credit(session, ATTRIBUTION)


def _credit(session: Session, words: str) -> None:
    site = current_site(session)
    if words not in site.attribution:
        site.attribution = ", ".join(filter(None, (site.attribution, words)))
        session.flush()


def refuse_twice(session: Session, kind: str, source: Source) -> None:
    """Refuse a file that was already imported as `kind`."""
    if repository.has_batch(session, kind, source.sha256):
        raise InputRefused(
            Sentence(
                "%(file)s was imported as %(kind)s before, so nothing was stored again; leave it out",
                file=source.file_name,
                kind=KINDS[kind],
            )
        )


def refuse_stored(session: Session, kind: str, keys: Iterable[object], source: Source) -> None:
    """Refuse rows that are stored already, by their keys (`geo.repository.KEYS`): they would count twice."""
    wanted = {str(key) for key in keys}
    found = repository.stored_keys(session, kind, wanted)
    if not found:
        return
    named = ", ".join(found[:NAMED_KEYS]) + (", …" if len(found) > NAMED_KEYS else "")
    column = repository.KEYS[kind][1]
    raise InputRefused(
        Sentence(
            "%(file)s: %(stored)s of %(all)s %(kind)s are already stored (%(column)s %(named)s), so "
            "nothing was stored; a newer version of a file is not merged yet, and rows that are not the "
            "stored ones need a %(column)s of their own",
            file=source.file_name,
            stored=len(found),
            all=len(wanted),
            kind=KINDS[kind],
            column=column,
            named=named,
        )
    )


def refuse_outside(
    session: Session, found: Imported, within: Scope, file: str, kind: str, keep_good: bool
) -> Imported:
    """The rows of a file that lie inside a scope; the others are refused as `Imported.without` does it.

    A row lies where `refresh_scopes` will put it: in the deepest jurisdiction around it, or in none.
    """
    if within.everywhere:
        return found
    paths = repository.paths_at(session, found.frame.geometry.representative_point())
    return found.without(rows_outside(paths, within), file, kind, keep_good)


def rows_outside(paths: pd.Series, within: Scope) -> dict[int, Sentence]:
    """Why rows are refused whose jurisdictions lie outside a scope, by their numbers."""
    return {
        int(str(row)): Sentence(
            "it lies in %(path)s, outside your area (%(area)s); ask somebody who may import there",
            path=path or Sentence("no jurisdiction"),
            area=within.text,
        )
        for row, path in paths.items()
        if not within.covers(path)
    }


def store_extract(session: Session, extract: OsmExtract, source: Source) -> dict[str, int]:
    """Store an extract's roads, buildings, places and water; answers rows by kind.

    Raises
    ------
    InputRefused
        For an extract, or a row of it, that is stored already.
    """
    _credit(session, extract.attribution)
    for kind in ("roads", "obstructions", "places"):
        _store(session, kind, extract, source)
    refuse_twice(session, "water", source)
    areas = extract.water[extract.water.geometry.geom_type.isin(["Polygon", "MultiPolygon"])]
    repository.add_water(session, areas, add_source(session, "water", source, len(areas)))
    return {
        "roads": len(extract.road_edges),
        "obstructions": len(extract.buildings),
        "places": len(extract.places),
        "water": len(areas),
    }


def _store(session: Session, kind: str, found: OsmExtract | gpd.GeoDataFrame, source: Source) -> None:
    """Store the rows of one kind, unless the file or one of them is stored already."""
    rows = _rows(kind, found)
    refuse_twice(session, kind, source)
    refuse_stored(session, kind, rows[repository.KEYS[kind][1]], source)
    batch = add_source(session, kind, source, len(rows))
    if isinstance(found, OsmExtract) and kind == "roads":
        repository.add_roads(session, found.road_nodes, rows, batch)
    elif kind == "obstructions":
        repository.add_obstructions(session, rows, batch)
    elif kind == "places":
        repository.add_places(session, rows, batch)
    else:
        repository.add_jurisdictions(session, rows, batch)


def _rows(kind: str, found: OsmExtract | gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The frame that holds the rows of `kind`."""
    if not isinstance(found, OsmExtract):
        return found
    return {"roads": found.road_edges, "obstructions": found.buildings, "places": found.places}[kind]


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
    within: Scope = WHOLE_SITE,
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
    within : Scope
        Where whoever imports may do so: rows outside are refused. Anything but the whole site takes places
        and obstructions only, whose every row lies in one jurisdiction.

    Raises
    ------
    InputRefused
        As the reader, and for a file, or a row, that is stored already: a newer version is not merged yet.
    LianfangError
        As `open_site`.
    """
    area = repository.site_area(session)
    source = Source.of_file(path, datum=datum, label="real", author=author) if path.is_file() else None
    found, problems, findings, bounds = _read(session, kind, path, datum, mapping, keep_good, area, within)
    rows = _rows(kind, found)
    count = len(rows)
    if dry_run or source is None:
        if source is not None:
            refuse_twice(session, kind, source)
            refuse_stored(session, kind, rows[repository.KEYS[kind][1]], source)
        return ImportReport(kind, 0, count, problems, findings, rows)
    if repository.site(session) is None:
        title = name or path.stem.split(".")[0]
        open_site(session, name=title, name_en=title, bounds=bounds, timezone=timezone)
    credit_osm(session, path)
    _store(session, kind, found, source)
    refresh_scopes(session, *SCOPED_TABLES[kind])
    return ImportReport(kind, count, count, problems, findings, rows)


def _read(
    session: Session,
    kind: str,
    path: Path,
    datum: str,
    mapping: dict[str, str] | None,
    keep_good: bool,
    area: tuple[float, float, float, float] | None,
    within: Scope,
) -> tuple[
    gpd.GeoDataFrame | OsmExtract, tuple[str, ...], tuple[str, ...], tuple[float, float, float, float]
]:
    """What a file holds, the sentences on its bad and its odd rows, and its extent."""
    if kind in ("roads", "jurisdictions") and not within.everywhere:
        raise InputRefused(
            Sentence(
                "%(kind)s are everybody's and your area is %(area)s; ask somebody who may import for the "
                "whole site",
                kind=KINDS[kind],
                area=within.text,
            )
        )
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
    found = refuse_outside(session, found, within, path.name, kind, keep_good)
    west, south, east, north = (float(edge) for edge in found.frame.total_bounds)
    return found.frame, found.problems, found.findings, (west, south, east, north)


def store_jurisdictions(session: Session, tree: gpd.GeoDataFrame, source: Source) -> int:
    """Store a jurisdiction tree (EPSG:4326) and give every row already there its place in it."""
    _store(session, "jurisdictions", tree, source)
    refresh_scopes(session)
    return len(tree)


def refresh_scopes(session: Session, *tables: str) -> None:
    """Give every row of `tables` (all scoped ones by default) the deepest jurisdiction it lies in."""
    for table in tables or tuple(repository.SCOPE_POINT):
        repository.assign_scope(session, table)


def jurisdiction_path(session: Session, wanted: str) -> str:
    """Path of a jurisdiction given by its path or its code.

    Raises
    ------
    LianfangError
        When there is none in the session's scope, or the code belongs to several.
    """
    rows = session.execute(
        select(Jurisdiction.path, Jurisdiction.code).where(
            or_(cast(Jurisdiction.path, Text) == wanted, Jurisdiction.code == wanted)
        )
    ).all()
    found = sorted({str(row.path) for row in rows})
    if wanted in found:
        return wanted
    if len(found) == 1:
        return found[0]
    if found:
        raise LianfangError(
            Sentence(
                "jurisdiction code '%(code)s' belongs to %(n)s of them: %(paths)s; give the path",
                code=wanted,
                n=len(found),
                paths=", ".join(found[:NAMED_KEYS]),
            )
        )
    raise LianfangError(
        Sentence("jurisdiction '%(wanted)s' is not known; give a code or a path of the tree", wanted=wanted)
    )
