"""`lianfang map`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

from geo.db import transaction
from geo.scope import WHOLE_SITE
from geo.services import current_site
from web.cli.common import command_options, parse_time
from web.database import open_database
from web.exports import check_ending
from web.i18n import LANGUAGES
from web.mapdata import map_data
from web.maps import render_map


@click.command("map")
@click.option("--zone", help="Zone whose latest plan is drawn [default: the plan made last].")
@click.option("--at", help="Draw only gaps that are open at this time.")
@click.option("--lang", type=click.Choice(LANGUAGES), default="zh", show_default=True)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="An .html file.")
@command_options
def draw_map(zone: str | None, at: str | None, lang: str, out: Path) -> dict[str, Any]:
    """Write the map as one file that needs nothing else, not even a network.

    Example: lianfang map --lang en --out tonight.html
    """
    check_ending(out, (".html",))
    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        moment = parse_time(at, current_site(session).timezone, "--at") if at else None
        data = map_data(session, zone=zone, at=moment)
        out.write_text(render_map(data, lang=lang), encoding="utf8")
    counts = Counter(data.gaps["cause"]) if data.gaps is not None else Counter()
    click.echo(f"Wrote {out} ({out.stat().st_size / 1e6:.1f} MB).", err=True)
    return {"out": str(out), "bytes": out.stat().st_size, "gaps": dict(counts)}
