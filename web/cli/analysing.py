"""`lianfang cameras ...` and `lianfang gaps ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import geopandas as gpd
from sqlalchemy.orm import Session

from cameras.coverage import CoverageSettings
from cameras.levels import LEVEL_SETS, parsed_level
from cameras.repository import records, results
from cameras.services import analyse, camera_footprints, revise
from cameras.tables import Analysis
from geo import repository as places
from geo.db import transaction
from geo.errors import LianfangError
from geo.scope import WHOLE_SITE
from geo.services import current_site
from web.cli.checking import audit
from web.cli.common import author, command_options, parse_time
from web.cli.footage import saw
from web.cli.siting import site
from web.cli.thresholds import learn, thresholds
from web.database import open_database
from web.exports import TABLES, check_ending, write_table
from web.gaptable import gap_table
from web.mapdata import map_data
from web.maps import render_map
from web.progress import Steps
from web.settings import analysis_settings, current


@click.group("cameras")
def cameras() -> None:
    """Camera records and what they see."""


cameras.add_command(audit)
cameras.add_command(site)
cameras.add_command(saw)
cameras.add_command(thresholds)
cameras.add_command(learn)


@cameras.command("footprints")
@click.option("--level", default="detect", show_default=True, help="A level's name, or pixels per metre.")
@click.option(
    "--dimension",
    type=click.Choice(["2d", "2.5d"]),
    default="2d",
    show_default=True,
    help="2d: every building hides. 2.5d: cameras see over what is lower than their sight to 1.5 m.",
)
@click.option(
    "--together", is_flag=True, help="One row a camera: all that its presets see, or its drive all round."
)
@click.option("--night", is_flag=True, help="No further than a camera's own light, where its record tells.")
@click.option("--out", type=click.Path(path_type=Path), help="Write to .geojson, .gpkg or .csv.")
@command_options
def footprints(level: str, dimension: str, together: bool, night: bool, out: Path | None) -> dict[str, Any]:
    """What every camera sees at its recorded pose, behind buildings.

    \b
    Columns written: camera (code), level, dimension, certain (azimuth and optics
    known), assumed (fields that were assumed), area_m2, geometry (EPSG:4326).
    Levels: detect, observe, recognise, identify; overview, outline, discern,
    perceive, characterise, validate, scrutinise.

    Example: lianfang cameras footprints --level observe --dimension 2.5d --out footprints.gpkg
    """
    if out:
        check_ending(out, TABLES)
    wanted = _level(level)
    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        assumed = analysis_settings(current(session)).assumed
        frame = camera_footprints(
            session, level=wanted, assumed=assumed, dimension=dimension, night=night, together=together
        )
    if out:
        write_table(frame, out, layer="footprints")
    certain = int(frame["certain"].sum())
    click.echo(f"{len(frame)} footprints at {level}, {certain} of them certain.", err=True)
    return {
        "footprints": len(frame),
        "certain": certain,
        "level": level,
        "dimension": dimension,
        "night": night,
        "together": together,
        "area_m2": round(float(frame["area_m2"].sum()), 1),
        "out": str(out) if out else None,
    }


def _level(text: str) -> str | float:
    try:
        return parsed_level(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--level") from error


LEVEL_NAMES = tuple(name for levels in LEVEL_SETS.values() for name in levels)


@click.group("gaps")
def gaps() -> None:
    """Where, when and why nobody is looking."""


@gaps.command("find")
@click.option("--jurisdiction", required=True, help="Code or path; its gaps are reported.")
@click.option("--start", required=True, help="Begin of the period, such as 2026-11-21 or 2026-11-21T19:30.")
@click.option("--end", required=True, help="End of the period (not included).")
@click.option("--level", help="Pixel-density level [default: the site's setting, at first observe].")
@click.option("--slot-min", type=int, help="Length of a slot [default: the site's setting, at first 15].")
@click.option(
    "--threshold",
    type=float,
    help="Open below this covered share [default: the site's setting, at first 0.5].",
)
@click.option(
    "--dimension",
    type=click.Choice(["2d", "2.5d"]),
    help="2d: every building hides. 2.5d: cameras see over low ones [default: the site's, at first 2d].",
)
@click.option("--out", type=click.Path(path_type=Path), help="Write to .geojson, .gpkg, .csv or .html.")
@command_options
def find(
    jurisdiction: str,
    start: str,
    end: str,
    level: str | None,
    slot_min: int | None,
    threshold: float | None,
    dimension: str | None,
    out: Path | None,
) -> dict[str, Any]:
    """Analyse a period over the whole site and report one jurisdiction's gaps.

    \b
    Columns written: gap_id, rank, cause, list, leaf, ground, measure (metres or
    places), minutes, windows, deficit (measure x seconds), cameras, reasons.

    Example: lianfang gaps find --jurisdiction hel --start 2026-11-20 --end 2026-11-21 --out gaps.geojson
    """
    if out:
        check_ending(out, (*TABLES, ".html"))
    if level is not None and level not in LEVEL_NAMES:
        raise click.BadParameter(
            f"{level!r} is not one of {', '.join(LEVEL_NAMES)}; causes need the set that a level belongs to",
            param_hint="--level",
        )
    asked: dict[str, Any] = {"level": level, "slot_min": slot_min, "threshold": threshold}
    try:
        CoverageSettings(**{name: value for name, value in asked.items() if value is not None})
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    steps = Steps()
    with open_database() as engine:
        with transaction(engine, scope=WHOLE_SITE) as session:
            zone = current_site(session).timezone
            path = jurisdiction_path(places.jurisdictions(session), jurisdiction)
        begin, finish = parse_time(start, zone, "--start"), parse_time(end, zone, "--end")
        with (
            steps.step("analyse", "Finding gaps") as update,
            transaction(engine, scope=WHOLE_SITE) as session,
        ):
            settings = analysis_settings(current(session), dimension=dimension, **asked)
            analysis = analyse(
                session, start=begin, end=finish, settings=settings, author=author(), progress=update
            )
        with transaction(engine, scope=WHOLE_SITE) as session:
            found = results.gaps(session, analysis, under=path)
            totals = session.get_one(Analysis, analysis).totals
            if out and out.suffix.lower() == ".html":
                out.write_text(render_map(map_data(session), lang="zh"), encoding="utf8")
    if out and out.suffix.lower() != ".html":
        write_table(gap_table(found), out, layer="gaps")
    if not totals["frames"]:
        click.echo("There are no frames of this period: every camera counts as not measured.", err=True)
    if totals["street_outside_m"] or totals["places_outside"]:
        click.echo(
            f"{totals['street_outside_m']:.0f} m of street and {totals['places_outside']} places lie in no "
            "jurisdiction and were left out.",
            err=True,
        )
    causes = found["cause"].value_counts()
    for cause, count in causes.items():
        click.echo(f"{count:6d} {cause}", err=True)
    return {
        "analysis": analysis,
        "jurisdiction": path,
        "dimension": settings.dimension,
        "gaps": {str(k): int(n) for k, n in causes.items()},
    }


@gaps.command("update")
@click.argument("cameras", nargs=-1, required=True)
@click.option("--analysis", type=int, help="Number of a stored analysis [default: the one made last].")
@command_options
def update_analysis(cameras: tuple[str, ...], analysis: int | None) -> dict[str, Any]:
    """Bring a stored analysis up to date around CAMERAS (codes).

    For a record that was corrected, or frames that came late: what these cameras
    change is computed again, and all else stays, as if the period had been
    analysed again.

    Example: lianfang gaps update 44051300001310000003
    """
    steps = Steps()
    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        unknown = sorted(set(cameras) - set(records.camera_ids(session)))
        if unknown:
            raise LianfangError(f"camera '{unknown[0]}' is not known; import it first or correct the code")
        number = _latest(session) if analysis is None else analysis
        with steps.step("update", "Bringing the analysis up to date"):
            found = revise(session, number, cameras, author=author())
    click.echo(
        f"{len(found.cameras)} cameras and {len(found.leaves)} jurisdictions looked at again: "
        f"{found.gone} gaps went, {found.new} came.",
        err=True,
    )
    return {
        "analysis": number,
        "cameras": list(found.cameras),
        "jurisdictions": list(found.leaves),
        "gone": found.gone,
        "new": found.new,
    }


def _latest(session: Session) -> int:
    latest = results.latest_analysis(session)
    if latest is None:
        raise LianfangError("there is no analysis yet; run `lianfang gaps find` first")
    return latest.id


def jurisdiction_path(tree: gpd.GeoDataFrame, wanted: str) -> str:
    """Path of a jurisdiction given by its path or its code; LianfangError when there is not exactly one."""
    found = tree.loc[(tree["path"] == wanted) | (tree["code"] == wanted), "path"]
    if len(found) == 1:
        return str(found.iloc[0])
    if found.empty:
        raise LianfangError(
            f"jurisdiction {wanted!r} is not known; give a code or a path such as {_some(tree)}"
        )
    raise LianfangError(f"code {wanted!r} stands at {', '.join(found)}; give the path")


def _some(tree: gpd.GeoDataFrame) -> str:
    return str(tree["path"].iloc[0]) if len(tree) else "(none is stored yet)"
