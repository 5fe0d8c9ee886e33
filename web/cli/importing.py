"""`lianfang import ...`: one command a kind of file, all with a stated datum."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from cameras.services import import_cameras
from geo.datums import DATUMS
from geo.db import transaction
from geo.errors import InputRefused
from geo.scope import WHOLE_SITE
from geo.services import DEFAULT_TIMEZONE, ImportReport, import_places
from patrols.services import import_teams, import_zones
from web.cli.common import author, command_options
from web.database import open_database

SHOWN = 20


@click.group("import")
def imports() -> None:
    """Take in files: jurisdictions, roads, obstructions, cameras, places, zones, teams."""


def _file_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The arguments every import has."""
    for decorate in (
        click.option("--dry-run", is_flag=True, help="Read and check, store nothing."),
        click.option("--keep-good", is_flag=True, help="Store the good rows of a file that has bad ones."),
        click.option(
            "--mapping",
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
            help='A JSON file {"field": "heading"} for headings that are not recognised.',
        ),
        click.option("--datum", required=True, help=f"Datum of the coordinates: {', '.join(DATUMS)}."),
        click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False)),
    ):
        function = decorate(function)
    return function


def _mapping(path: Path | None) -> dict[str, str] | None:
    if path is None:
        return None
    try:
        found = json.loads(path.read_text(encoding="utf8"))
    except ValueError as error:
        raise InputRefused(
            f"{path.name} is not JSON ({error}); write an object of field and heading"
        ) from error
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise InputRefused(f'{path.name} is not an object of texts; write for example {{"code": "编号"}}')
    return found


def _told(report: ImportReport, dry_run: bool) -> dict[str, Any]:
    for sentence in (*report.problems[:SHOWN], *report.findings[:SHOWN]):
        click.echo(sentence, err=True)
    hidden = max(0, len(report.problems) - SHOWN) + max(0, len(report.findings) - SHOWN)
    if hidden:
        click.echo(f"... and {hidden} more remarks", err=True)
    done = (
        f"{report.good} {report.kind} are good, nothing was stored"
        if dry_run
        else (f"{report.stored} {report.kind} stored")
    )
    click.echo(f"{done}; {len(report.problems)} problems, {len(report.findings)} findings.", err=True)
    return {
        "kind": report.kind,
        "stored": report.stored,
        "good": report.good,
        "problems": len(report.problems),
        "findings": len(report.findings),
    }


def _run(work: Callable[[Session], ImportReport], dry_run: bool) -> dict[str, Any]:
    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        report = work(session)
    return _told(report, dry_run)


def _places(kind: str, columns: str, example: str) -> None:
    """Add the command of one kind of place."""

    @click.option("--name", default="", help="Name of the site, where this is its first import.")
    @click.option("--timezone", default=DEFAULT_TIMEZONE, show_default=True, help="Of the site, likewise.")
    @command_options
    def command(
        file: Path,
        datum: str,
        mapping: Path | None,
        keep_good: bool,
        dry_run: bool,
        name: str,
        timezone: str,
    ) -> dict[str, Any]:
        return _run(
            lambda session: import_places(
                session,
                kind,
                file,
                datum=datum,
                author=author(),
                mapping=_mapping(mapping),
                keep_good=keep_good,
                dry_run=dry_run,
                name=name,
                timezone=timezone,
            ),
            dry_run,
        )

    command.__doc__ = f"""Take in {kind}.

    \b
    {columns}

    Example: {example}
    """
    imports.command(kind)(_file_options(command))


_places(
    "jurisdictions",
    "Columns: name, and path or code and parent; name_en, origin, polygons.\n"
    "    Files: .csv (WKT in a column wkt), .geojson, .gpkg, .shp",
    "lianfang import jurisdictions grids.geojson --datum cgcs2000",
)
_places(
    "roads",
    "An OpenStreetMap extract (.osm.pbf).",
    "lianfang import roads town.osm.pbf --datum wgs84 --name 潮阳",
)
_places(
    "obstructions",
    "Columns: key, height_m, polygons.\n    Files: .osm.pbf, .csv (wkt), .geojson, .gpkg, .shp",
    "lianfang import obstructions buildings.gpkg --datum gcj02",
)
_places(
    "places",
    "Columns: kind, name, key, lon, lat.\n    Files: .osm.pbf, .csv, .geojson, .gpkg, .shp",
    "lianfang import places schools.csv --datum bd09",
)


@imports.command("cameras")
@_file_options
@command_options
def cameras(file: Path, datum: str, mapping: Path | None, keep_good: bool, dry_run: bool) -> dict[str, Any]:
    """Take in camera records.

    \b
    Columns: code, name, lon, lat, direction (degrees, or a compass point), tilt_deg,
    hfov_deg, vfov_deg, resolution or width_px and height_px, mount_height_m, ptz,
    type, parent_code. Headings in Chinese or English.
    Files: .csv, .geojson, .gpkg, .shp, .osm.pbf

    Example: lianfang import cameras list.csv --datum gcj02 --dry-run
    """
    return _run(
        lambda session: import_cameras(
            session,
            file,
            datum=datum,
            author=author(),
            mapping=_mapping(mapping),
            keep_good=keep_good,
            dry_run=dry_run,
        ),
        dry_run,
    )


@imports.command("zones")
@_file_options
@command_options
def zones(file: Path, datum: str, mapping: Path | None, keep_good: bool, dry_run: bool) -> dict[str, Any]:
    """Take in joint-defence zones (联防片区).

    \b
    Columns: code, name, name_en, members (village codes or paths), separation_min,
    max_idle_min, polygons.
    Files: .csv (wkt), .geojson, .gpkg, .shp

    Example: lianfang import zones zones.geojson --datum wgs84
    """
    return _run(
        lambda session: import_zones(
            session,
            file,
            datum=datum,
            author=author(),
            mapping=_mapping(mapping),
            keep_good=keep_good,
            dry_run=dry_run,
        ),
        dry_run,
    )


@imports.command("teams")
@click.option("--zone", required=True, help="Code of the zone they patrol in.")
@_file_options
@command_options
def teams(
    file: Path, datum: str, mapping: Path | None, keep_good: bool, dry_run: bool, zone: str
) -> dict[str, Any]:
    """Take in the teams of a zone.

    \b
    Columns: code, name, village, mode (foot, ebike, car), size, lon, lat (base),
    start, end (where they differ from the shift).
    Files: .csv, .geojson, .gpkg, .shp

    Example: lianfang import teams teams.csv --zone hel-lf --datum wgs84
    """
    return _run(
        lambda session: import_teams(
            session,
            file,
            zone=zone,
            datum=datum,
            author=author(),
            mapping=_mapping(mapping),
            keep_good=keep_good,
            dry_run=dry_run,
        ),
        dry_run,
    )
