"""`lianfang import ...`: one command a kind of file, all with a stated datum."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from cameras.services import Listing
from geo.datums import DATUMS
from geo.db import transaction
from geo.scope import WHOLE_SITE
from geo.services import DEFAULT_TIMEZONE, ImportReport, current_site
from web.basemap import DRAWN, basemap_folder, ensure_basemap
from web.cli.common import author, command_options, parse_time
from web.database import open_database, var_dir
from web.imports import ImportOrder, import_file, read_mapping

SHOWN = 20


@click.group("import")
def imports() -> None:
    """Take in files: jurisdictions, roads, obstructions, cameras, places, zones, teams, duties."""


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


def _told(report: ImportReport, dry_run: bool) -> dict[str, Any]:
    for sentence in (*report.problems[:SHOWN], *report.findings[:SHOWN]):
        click.echo(sentence, err=True)
    hidden = max(0, len(report.problems) - SHOWN) + max(0, len(report.findings) - SHOWN)
    if hidden:
        click.echo(f"... and {hidden} more remarks", err=True)
    for sentence in report.changes[:SHOWN]:
        click.echo(sentence, err=True)
    if len(report.changes) > SHOWN:
        click.echo(f"... and {len(report.changes) - SHOWN} more changes", err=True)
    if report.counts:
        click.echo(", ".join(f"{count} {kind}" for kind, count in report.counts.items()) + ".", err=True)
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
        **({"counts": dict(report.counts)} if report.counts else {}),
    }


def _run(file: Path, mapping: Path | None, **options: Any) -> dict[str, Any]:
    """Take in a file as an `ImportOrder` of these options says, and tell what came of it."""
    order = ImportOrder(mapping=None if mapping is None else read_mapping(mapping), **options)
    with open_database() as engine:
        with transaction(engine, scope=WHOLE_SITE) as session:
            report = import_file(session, file, order, author=author())
        if order.kind in DRAWN and not order.dry_run:
            with transaction(engine, scope=WHOLE_SITE) as session:
                ensure_basemap(session, basemap_folder(var_dir()))
    return _told(report, order.dry_run)


def _places(kind: str, columns: str, example: str) -> None:
    """Add the command of one kind of place."""

    @click.option("--name", default="", help="Name of the site, where this is its first import.")
    @click.option("--timezone", default=DEFAULT_TIMEZONE, show_default=True, help="Of the site, likewise.")
    @command_options
    def command(**options: Any) -> dict[str, Any]:
        return _run(kind=kind, **options)

    command.__doc__ = f"""Take in {kind}.

    \b
    {columns}

    Example: {example}
    """
    imports.command(kind)(_file_options(command))


_places(
    "jurisdictions",
    "Columns: name, and path or code and parent; name_en, origin, polygons.\n"
    "    Files: .csv or .xlsx (WKT in a column wkt), .geojson, .gpkg, .shp",
    "lianfang import jurisdictions grids.geojson --datum cgcs2000",
)
_places(
    "roads",
    "An OpenStreetMap extract (.osm.pbf), or a street graph of OSMnx (.graphml).",
    "lianfang import roads town.osm.pbf --datum wgs84 --name 潮阳",
)
_places(
    "obstructions",
    "Columns: key, height_m, polygons.\n    Files: .osm.pbf, .csv, .xlsx (wkt), .geojson, .gpkg, .shp",
    "lianfang import obstructions buildings.gpkg --datum gcj02",
)
_places(
    "places",
    "Columns: kind, name, key, lon, lat.\n    Files: .osm.pbf, .csv, .xlsx, .geojson, .gpkg, .shp",
    "lianfang import places schools.csv --datum bd09",
)


@imports.command("cameras")
@click.option("--since", metavar="T", help="From when on the list is true; now, where it is left out.")
@click.option("--retire", is_flag=True, help="Close the records of cameras that are gone (with --whole-of).")
@click.option(
    "--whole-of",
    default="",
    metavar="CODE",
    help="The file is the whole list of this jurisdiction: what is recorded there and not in it is gone.",
)
@_file_options
@command_options
def cameras(whole_of: str, retire: bool, since: str | None, **options: Any) -> dict[str, Any]:
    """Take in camera records, and bring those that are recorded up to date.

    \b
    Columns: code, name, lon, lat, direction (degrees, or a compass point), tilt_deg,
    hfov_deg, vfov_deg, resolution or width_px and height_px, mount_height_m, ptz,
    type, parent_code, and the fields of a Catalog item (docs/imports.md). Headings in
    Chinese or English.
    Files: .csv, .xlsx, .geojson, .gpkg, .shp, .osm.pbf, .xml (GB/T 28181 Catalog),
    .json (GA/T 1400)

    Records are told by their code: added, changed, moved (another place or pose, which
    opens a new period), unchanged, gone. --dry-run shows it and stores nothing.

    Example: lianfang import cameras list.csv --datum gcj02 --dry-run
    """
    began = None
    if since is not None:
        with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
            began = parse_time(since, current_site(session).timezone, "--since")
    return _run(kind="cameras", listing=Listing(whole_of, retire, began), **options)


@imports.command("zones")
@_file_options
@command_options
def zones(**options: Any) -> dict[str, Any]:
    """Take in joint-defence zones (联防片区).

    \b
    Columns: code, name, name_en, members (village codes or paths), separation_min,
    max_idle_min, polygons.
    Files: .csv, .xlsx (wkt), .geojson, .gpkg, .shp

    Example: lianfang import zones zones.geojson --datum wgs84
    """
    return _run(kind="zones", **options)


@imports.command("teams")
@click.option("--zone", required=True, help="Code of the zone they patrol in.")
@_file_options
@command_options
def teams(**options: Any) -> dict[str, Any]:
    """Take in the teams of a zone.

    \b
    Columns: code, name, village, mode (foot, ebike, car, uav), size, lon, lat (base),
    start, end (where they differ from the shift), of a uav range_m and endurance_min.
    Files: .csv, .xlsx, .geojson, .gpkg, .shp

    Example: lianfang import teams teams.csv --zone hel-lf --datum wgs84
    """
    return _run(kind="teams", **options)


@imports.command("duties")
@_file_options
@command_options
def duties(**options: Any) -> dict[str, Any]:
    """Take in fixed duties (定点勤务): school gates, water, village entrances, banks.

    \b
    Columns: code, name, name_en, kind (school_gate, water, village_entrance, bank, other),
    lon, lat, calendar (its code), hours (07:20-08:10; 16:20-17:20), stay_min,
    required (yes, no), prize, villages, teams (who must come), note. What a row leaves
    empty is as the settings say for its kind.
    Files: .csv, .xlsx, .geojson, .gpkg, .shp

    Example: lianfang import duties duties.csv --datum gcj02
    """
    return _run(kind="duties", **options)
