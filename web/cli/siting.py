"""`lianfang cameras site`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import geopandas as gpd
from pandas import notna
from sqlalchemy.orm import Session

from cameras.levels import LEVEL_SETS
from cameras.repository import siting as store
from cameras.services.siting import MOST_CAMERAS, propose_siting
from cameras.tables import SitingProposal
from geo.db import transaction
from geo.scope import WHOLE_SITE
from geo.services import jurisdiction_path
from web.cli.common import author, command_options
from web.database import open_database
from web.exports import REPORTS, check_ending, write_report
from web.i18n import Translator
from web.mapdata import map_data
from web.maps import render_map
from web.progress import Steps
from web.settings import current
from web.settings.siting import siting_settings
from web.sitingtable import of_gap, siting_rows, siting_table

# About 100 m around what is proposed.
AROUND_DEG = 0.001
OF_A_PLAN = ("stops", "reachable_stops", "crossed_stops", "violations")
LEVEL_NAMES = tuple(name for levels in LEVEL_SETS.values() for name in levels)


@click.command("site")
@click.option("--jurisdiction", required=True, help="Code or path; its watched ground is to be covered.")
@click.option("--count", required=True, type=click.IntRange(0, MOST_CAMERAS), help="Cameras to put up.")
@click.option(
    "--re-aims", type=click.IntRange(0, MOST_CAMERAS), help="Cameras to turn [default: as many as put up]."
)
@click.option(
    "--level",
    type=click.Choice(LEVEL_NAMES),
    help="Level of detail that counts as seen [default: the site's setting, at first observe].",
)
@click.option(
    "--dimension",
    type=click.Choice(["2d", "2.5d"]),
    help="2d: every building hides. 2.5d: cameras see over low ones [default: the site's, at first 2d].",
)
@click.option(
    "--re-aim/--no-re-aim",
    default=True,
    show_default=True,
    help="Also propose other directions for existing cameras.",
)
@click.option("--exact", is_flag=True, help="Ask for the proven optimum, for up to two minutes.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write to .geojson, .gpkg, .csv, .xlsx or .html."
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@command_options
def site(
    jurisdiction: str,
    count: int,
    re_aims: int | None,
    level: str | None,
    dimension: str | None,
    re_aim: bool,
    exact: bool,
    out: Path | None,
    lang: str,
) -> dict[str, Any]:
    """Propose where new cameras, and which re-aims, close most of the gap.

    \b
    Columns written: rank, what (new camera, turn a camera), camera (code), spot,
    street, jurisdiction, azimuth_deg, azimuth_before_deg, street_m and places
    gained, gap_closed_share and seen_share (cumulative, 0-1), position. The .html
    is a map with the same table, which needs nothing else.

    Example: lianfang cameras site --jurisdiction hel --count 10 --out proposal.xlsx
    """
    if out:
        check_ending(out, REPORTS)
    steps = Steps()
    with open_database() as engine:
        with transaction(engine, scope=WHOLE_SITE) as session:
            path = jurisdiction_path(session, jurisdiction)
        with (
            steps.step("site", "Choosing spots") as update,
            transaction(engine, scope=WHOLE_SITE) as session,
        ):
            number = propose_siting(
                session,
                jurisdiction=path,
                count=count,
                re_aims=re_aims if re_aim else 0,
                settings=siting_settings(
                    current(session), level=level, dimension=dimension, re_aim=re_aim, exact=exact
                ),
                author=author(),
                progress=update,
            )
        with transaction(engine, scope=WHOLE_SITE) as session:
            head, rows = store.proposal(session, number), store.proposed(session, number)
            assert head is not None
            session.expunge(head)
            page = _page(session, rows, head, lang) if out and out.suffix.lower() == ".html" else ""
    t = Translator(lang)
    table = siting_table(rows, head, t)
    if out and page:
        out.write_text(page, encoding="utf8")
    elif out:
        write_report(table, out, layer="siting", title=t("Proposed cameras"), lang=lang)
    closed, most = of_gap(head.value_mm, head), of_gap(head.bound_mm, head)
    for row in table.to_dict("records"):
        where = next((row[name] for name in ("camera", "street", "jurisdiction") if notna(row[name])), "")
        click.echo(
            f"{row['rank']:4d}  {row['what']}  {where}  {row['azimuth_deg']:.0f}°  +{row['street_m']:.0f} m  "
            f"+{row['places']}  {100 * row['gap_closed_share']:.1f} %",
            err=True,
        )
    click.echo(
        f"{len(rows)} cameras close {100 * closed:.1f} % of the gap; no choice of as many closes more than "
        f"{100 * most:.1f} % ({head.status}).",
        err=True,
    )
    return {
        "proposal": number,
        "jurisdiction": path,
        "level": head.level,
        "dimension": head.parameters["dimension"],
        "cameras": len(rows),
        "new": int((rows["kind"] == "new").sum()),
        "re_aims": int((rows["kind"] == "re_aim").sum()),
        "street_m": float(rows["street_mm"].sum()) / 1000.0,
        "places": int(rows["places"].sum()),
        "gap_closed": closed,
        "gap_closed_at_most": most,
        "status": head.status,
        "seen_before": head.totals["share"],
        "seen_after": float(rows["share"].iloc[-1]) if len(rows) else head.totals["share"],
        "out": str(out) if out else None,
    }


def _page(session: Session, rows: gpd.GeoDataFrame, head: SitingProposal, lang: str) -> str:
    """Map and table of a proposal in one file that needs nothing else."""
    seen = store.proposed(session, head.id, shape="seen").geometry
    west, south, east, north = (float(edge) for edge in seen.total_bounds)
    data = map_data(session)
    # Who goes where tonight is not for those who discuss where cameras go.
    figures = {name: value for name, value in data.figures.items() if name not in OF_A_PLAN}
    data = replace(
        data, siting=siting_rows(rows, seen, head), zone=None, stops=None, routes=None, figures=figures
    )
    if len(rows):
        data = replace(
            data, bounds=(west - AROUND_DEG, south - AROUND_DEG, east + AROUND_DEG, north + AROUND_DEG)
        )
    return render_map(data, lang=lang)
