"""`lianfang cameras site`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from pandas import notna

from cameras.levels import LEVEL_SETS
from cameras.repository import siting as store
from cameras.services.siting import MOST_CAMERAS, propose_siting
from geo.db import transaction
from geo.scope import WHOLE_SITE
from geo.services import jurisdiction_path
from web.cli.common import author, command_options
from web.database import open_database
from web.exports import REPORTS, check_ending, write_report
from web.i18n import Translator
from web.progress import Steps
from web.settings import current
from web.settings.siting import siting_settings
from web.sitingtable import of_gap, siting_table

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
    re_aim: bool,
    exact: bool,
    out: Path | None,
    lang: str,
) -> dict[str, Any]:
    """Propose where new cameras, and which re-aims, close most of the gap.

    \b
    Columns written: rank, what (new camera, turn a camera), camera (code), spot,
    street, jurisdiction, azimuth_deg, azimuth_before_deg, street_m and places
    gained, gap_closed_share and seen_share (cumulative, 0-1), position.

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
                settings=siting_settings(current(session), level=level, re_aim=re_aim, exact=exact),
                author=author(),
                progress=update,
            )
        with transaction(engine, scope=WHOLE_SITE) as session:
            head, rows = store.proposal(session, number), store.proposed(session, number)
            assert head is not None
            session.expunge(head)
    t = Translator(lang)
    table = siting_table(rows, head, t)
    if out:
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
