"""Use cases of places: take in an extract or a list, give rows their jurisdiction.

Every function takes an open session and leaves committing to the caller.
"""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
from sqlalchemy import Text, cast, or_, select
from sqlalchemy.orm import Session

from geo import repository
from geo.errors import InputRefused, LianfangError, Sentence
from geo.osm import OsmExtract
from geo.readers import read_jurisdictions, read_obstructions, read_places, read_roads
from geo.readers.result import KINDS
from geo.scope import WHOLE_SITE, Scope
from geo.services.site import DEFAULT_TIMEZONE, credit, credit_osm, open_site
from geo.services.sources import (
    NAMED_KEYS,
    ImportReport,
    Source,
    add_source,
    refuse_outside,
    refuse_stored,
    refuse_twice,
)
from geo.tables import Jurisdiction

# Tables whose rows get their jurisdiction when a kind is stored; a new tree is everybody's (none means all).
SCOPED_TABLES: dict[str, tuple[str, ...]] = {
    "jurisdictions": (),
    "roads": ("road_edge",),
    "obstructions": ("obstruction",),
    "places": ("place",),
}


def store_extract(session: Session, extract: OsmExtract, source: Source) -> dict[str, int]:
    """Store an extract's roads, buildings, places and water; answers rows by kind.

    Raises
    ------
    InputRefused
        For an extract, or a row of it, that is stored already.
    """
    credit(session, extract.attribution)
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
