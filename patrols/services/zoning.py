"""Zones and teams: take in, store, look up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
from psycopg.errors import ExclusionViolation
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geo import repository as places
from geo.crs import to_metric
from geo.db import rehearsal
from geo.errors import InputRefused, LianfangError, Named, Sentence
from geo.readers import Imported
from geo.roads import RoadNetwork, road_revision
from geo.services import ImportReport, Source, add_source, current_site, refuse_twice, site_crs
from patrols import repository
from patrols.importers import read_teams, read_zones
from patrols.problem import CrossRule
from patrols.repository.calendars import calendars
from patrols.services.zone_checks import check_zones
from patrols.zones import connected

VILLAGE_LEVEL = 3


def store_zones(session: Session, zones: gpd.GeoDataFrame, source: Source) -> pd.Index:
    """Store zones (code, name, name_en, rule, members, polygon in EPSG:4326); answers their ids.

    Members are village paths; where a zone names none, they are the villages more than half inside it.

    Raises
    ------
    InputRefused
        When the file or a code is stored already, or a zone's members do not adjoin (`broken_zones`).
    """
    refuse_twice(session, "zones", source)
    known = set(repository.zones(session)["code"])
    problems = [
        Sentence("zone '%(code)s' is already stored; give another code", code=code)
        for code in zones["code"]
        if code in known
    ]
    if problems:
        raise InputRefused(
            Sentence("%(file)s: zones already stored, nothing was stored", file=source.file_name), problems
        )
    members = _members(session, zones)
    broken = broken_zones(members, zones["code"], to_metric(villages(session), site_crs(session)))
    if broken:
        raise InputRefused(
            Sentence("%(file)s: zones refused, nothing was stored", file=source.file_name),
            list(broken.values()),
        )
    whole = zones.assign(rule=[asdict(CrossRule(**rule)) for rule in zones["rule"]])
    with _codes_are_free(session, "zones", source):
        ids = repository.add_zones(session, whole, add_source(session, "zones", source, len(zones)))
    for number, paths in zip(ids, members, strict=True):
        repository.set_members(session, int(number), paths)
    return ids


def store_teams(session: Session, teams: gpd.GeoDataFrame, zone_id: int, source: Source) -> pd.Index:
    """Store a zone's teams (code, name, village, mode, size, base in EPSG:4326); answers their ids.

    Where the frame has them also their hours and terms, and range_m and endurance_s of those who fly.
    """
    refuse_twice(session, "teams", source)
    known = repository.team_codes(session)
    problems = [
        Sentence("team '%(code)s' is already stored; give another code", code=code)
        for code in teams["code"]
        if code in known
    ]
    if problems:
        raise InputRefused(
            Sentence("%(file)s: teams already stored, nothing was stored", file=source.file_name), problems
        )
    with _codes_are_free(session, "teams", source):
        batch = add_source(session, "teams", source, len(teams))
        return repository.add_teams(session, teams.assign(zone_id=zone_id), batch)


@contextmanager
def _codes_are_free(session: Session, kind: str, source: Source) -> Iterator[None]:
    """Refuse codes that are stored where this session does not look: codes are unique in the whole site."""
    try:
        with session.begin_nested():
            yield
    except (IntegrityError, ExclusionViolation) as error:
        violated = error.orig if isinstance(error, IntegrityError) else error
        if not isinstance(violated, ExclusionViolation):
            raise
        raise InputRefused(
            Sentence(
                "%(file)s: a code of these %(kind)s is already stored outside your area; give another code",
                file=source.file_name,
                kind=Sentence(kind),
            )
        ) from error


def road_network(session: Session) -> tuple[RoadNetwork, str]:
    """The site's streets as a graph in its metric CRS, and their revision."""
    crs = site_crs(session)
    nodes, edges = places.roads(session)
    if edges.empty:
        raise LianfangError(Sentence("there are no roads; run `lianfang import roads FILE --datum D` first"))
    return RoadNetwork.from_edges(to_metric(nodes, crs), to_metric(edges, crs)), road_revision(edges)


def villages(session: Session) -> gpd.GeoDataFrame:
    """The site's villages that have an area (JURISDICTIONS, EPSG:4326)."""
    tree = places.jurisdictions(session)
    return tree[(tree["level"] == VILLAGE_LEVEL) & tree.geometry.notna()]


def village_names(tree: gpd.GeoDataFrame) -> dict[str, Named]:
    """What villages (as `villages`) are called, by path."""
    english = tree["name_en"].astype(object).where(tree["name_en"].notna(), None)
    return {
        path: Named(name, other or None)
        for path, name, other in zip(tree["path"], tree["name"], english, strict=True)
    }


def broken_zones(members: pd.Series, codes: pd.Series, tree: gpd.GeoDataFrame) -> dict[object, str]:
    """A sentence for every zone that has no village, or villages that do not adjoin.

    Parameters
    ----------
    members : Series of list of str
        Village paths of each zone.
    codes : Series of str
        In the same order.
    tree : GeoDataFrame in a projected CRS in metres
        Villages with their `path`.

    Returns
    -------
    dict
        Index label → sentence; empty when every zone is in one piece.
    """
    told: dict[object, str] = {}
    for row, code, paths in zip(members.index, codes, members, strict=True):
        if not paths:
            told[row] = Sentence(
                "zone '%(code)s' has no village; name its members, or draw it around one", code=code
            )
        elif not connected(tree[tree["path"].isin(paths)]):
            told[row] = Sentence(
                "zone '%(code)s': its villages %(villages)s do not adjoin; "
                "add those between, or make two zones",
                code=code,
                villages=", ".join(paths),
            )
    return told


def _members(session: Session, zones: gpd.GeoDataFrame) -> pd.Series:
    """Village paths of each zone: those it names, else the villages more than half inside it."""
    tree = to_metric(villages(session), site_crs(session))
    areas = to_metric(zones, tree.crs).geometry
    stated = zones["members"] if "members" in zones else pd.Series(None, zones.index, object)
    found = []
    for paths, area in zip(stated, areas, strict=True):
        inside = tree.geometry.intersection(area).area > 0.5 * tree.geometry.area
        found.append(list(paths) if isinstance(paths, list) and paths else sorted(tree.loc[inside, "path"]))
    return pd.Series(found, zones.index, object)


def import_zones(
    session: Session,
    path: Path,
    *,
    datum: str,
    author: str,
    mapping: dict[str, str] | None = None,
    keep_good: bool = False,
    dry_run: bool = False,
) -> ImportReport:
    """Take in a file of zones, each checked against villages (`broken_zones`) and streets.

    What else speaks against a zone is in the report's findings (`check_zones`).
    """
    network, _ = road_network(session)
    tree = villages(session)
    found = read_zones(
        path, datum=datum, villages=tree, network=network, mapping=mapping, keep_good=keep_good
    )
    frame = found.frame
    broken = broken_zones(_members(session, frame), frame["code"], to_metric(tree, network.crs))
    if broken and not keep_good:
        raise InputRefused(
            Sentence(
                "%(file)s: %(n)s of %(all)s zones refused, nothing was stored; "
                "correct them, or keep the good ones with --keep-good",
                file=path.name,
                n=len(broken),
                all=len(frame),
            ),
            list(broken.values()),
        )
    if broken:
        good = frame.drop(index=list(broken))
        if good.empty:
            raise InputRefused(
                Sentence("%(file)s: no good zone, nothing was stored", file=path.name),
                list(broken.values()),
            )
        found = replace(found, frame=good, problems=(*found.problems, *broken.values()))
    told: list[str] = []

    def store(source: Source) -> pd.Index:
        ids = store_zones(session, found.frame, source)
        # Of a rehearsal too: the zones are there until it ends.
        for code, findings in check_zones(session, sorted(found.frame["code"])).items():
            told.extend(Sentence("zone '%(zone)s': %(what)s", zone=code, what=one.told) for one in findings)
        return ids

    report = _stored(session, "zones", found, path, datum, author, dry_run, store)
    return replace(report, findings=(*report.findings, *told))


def import_teams(
    session: Session,
    path: Path,
    *,
    zone: str,
    datum: str,
    author: str,
    mapping: dict[str, str] | None = None,
    keep_good: bool = False,
    dry_run: bool = False,
) -> ImportReport:
    """Take in a file of one zone's teams, their bases checked against the streets of their mode."""
    number, (network, _) = repository.zone_of_code(session, zone), road_network(session)
    found = read_teams(
        path,
        datum=datum,
        timezone=current_site(session).timezone,
        villages=villages(session),
        network=network,
        area=places.site_area(session),
        calendars=set(calendars(session)["code"]),
        mapping=mapping,
        keep_good=keep_good,
    )
    return _stored(
        session,
        "teams",
        found,
        path,
        datum,
        author,
        dry_run,
        lambda source: store_teams(session, found.frame, number, source),
    )


def _stored(
    session: Session,
    kind: str,
    found: Imported,
    path: Path,
    datum: str,
    author: str,
    dry_run: bool,
    store: Callable[[Source], pd.Index],
) -> ImportReport:
    with rehearsal(session, only=dry_run):
        store(Source.of_file(path, datum=datum, label="real", author=author))
    count = len(found.frame)
    return ImportReport(kind, 0 if dry_run else count, count, found.problems, found.findings, found.frame)
