"""`lianfang cameras saw`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from cameras.services.finding import who_saw
from cameras.services.footage_asked import LARGEST_RADIUS_M
from geo.datums import DATUMS
from geo.db import transaction
from geo.scope import WHOLE_SITE
from geo.services import current_site
from web.cli.common import author, command_options, parse_time
from web.database import open_database
from web.footagetable import as_json, rows, stretch_words
from web.i18n import Translator
from web.settings import analysis_settings, current
from web.tables import AuditEntry


# West of Greenwich a longitude begins as an option does.
@click.command("saw", context_settings={"ignore_unknown_options": True})
@click.argument("lon", type=float)
@click.argument("lat", type=float)
@click.option("--datum", type=click.Choice(DATUMS), required=True, help="Datum of the coordinates.")
@click.option("--from", "since", required=True, help="First instant; without a zone in the site's.")
@click.option("--until", required=True, help="First instant that is not asked for any more.")
@click.option(
    "--radius",
    type=click.FloatRange(0, LARGEST_RADIUS_M),
    default=0.0,
    show_default=True,
    help="All ground so far around it, metres.",
)
@click.option("--reason", default="", help="Why, or the number of a case; kept in the audit log.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@command_options
def saw(
    lon: float, lat: float, datum: str, since: str, until: str, radius: float, reason: str, lang: str
) -> dict[str, Any]:
    """Tell which cameras had a place in view, and where to fetch their recordings.

    \b
    One line a camera, the most useful first: what it saw, for how long, pixels
    per metre there, its code and name, when, and how wrong its clock was.
    The question is written into the audit log.

    Example: lianfang cameras saw 116.3975 39.9087 --datum gcj02 --from
    2026-11-21T19:30 --until 2026-11-21T20:00 --reason A-17
    """
    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        zone = current_site(session).timezone
        t = Translator(lang, ZoneInfo(zone))
        found = who_saw(
            session,
            [(lon, lat)],
            parse_time(since, zone, "--from"),
            parse_time(until, zone, "--until"),
            now=datetime.now(UTC),
            datum=datum,
            radius_m=radius,
            settings=analysis_settings(current(session)),
        )
        east, north = found.points[0]
        session.add(
            AuditEntry(
                account_name=author(),
                event="search",
                subject=f"footage {north:.6f}, {east:.6f}",
                detail={
                    "start": t.moment(found.start),
                    "end": t.moment(found.end),
                    "cameras": len(found.sightings),
                    "reason": reason,
                },
                peer="",
            )
        )
    for row, one in zip(rows(found, t), found.sightings, strict=True):
        density = "" if row["density"] is None else f"{row['density']:.0f} px/m"
        said = stretch_words(next(part for part in one.stretches if part.verdict == one.verdict), t)
        click.echo(
            f"{row['rank']:3d} {said}  {t.duration(row['minutes'])}  {density}  {row['code']} {row['name']}  "
            f"[{row['when']}]  {row['clock']}"
        )
    if found.basis == "analysis":
        click.echo(f"No frames of that time are kept; told as analysis {found.analysis} had it.", err=True)
    elif found.days_without_frames:
        click.echo("No frames of that time are kept, and no analysis covers it.", err=True)
    click.echo(f"{len(found.sightings)} of {found.near} cameras in reach.", err=True)
    return as_json(found)
