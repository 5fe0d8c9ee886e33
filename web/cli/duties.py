"""`lianfang patrols duties` and `holidays`: what falls due on a day, and which days are off."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from geo.db import transaction
from geo.scope import WHOLE_SITE
from geo.services import current_site
from patrols import repository
from patrols.calendars import read_date
from patrols.repository import calendars as calendar_store
from patrols.repository import duties as store
from patrols.services.calendars import take_in_holidays
from web.cli.common import author, command_options
from web.database import open_database


@click.command("duties")
@click.option("--zone", help="Code of a zone: its duties alone.")
@click.option("--on", "on_day", help="Those that hold on a day, such as 2026-11-23.")
@command_options
def duties(zone: str | None, on_day: str | None) -> dict[str, Any]:
    """Fixed duties (定点勤务): where somebody has to stand, when and how long.

    Example: lianfang patrols duties --zone hel-lf --on 2026-11-23
    """
    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        zone_id = None if zone is None else repository.zone_of_code(session, zone)
        found = store.duties(session, zone_id=zone_id)
        calendars = calendar_store.calendars(session).set_index("code")["calendar"]
    if on_day is not None:
        day = read_date(on_day)
        found = found[
            [code is None or (code in calendars and calendars[code].holds(day)) for code in found["calendar"]]
        ]
    rows = []
    for row in found.to_dict("records"):
        hours = "; ".join(row["hours"]) or "any time"
        must = ", required" if row["required"] else ""
        click.echo(
            f"{row['code']}: {row['name']} ({row['kind']}), {hours}, {row['stay_s'] / 60:g} min{must}, "
            f"{row['prize']} points, {row['calendar'] or 'every day'}",
            err=True,
        )
        point = row.pop("geometry")
        rows.append({str(key): value for key, value in row.items()} | {"lon": point.x, "lat": point.y})
    click.echo(f"{len(rows)} fixed duties.", err=True)
    return {"duties": rows}


@click.command("holidays")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@command_options
def holidays(file: Path) -> dict[str, Any]:
    """Take in public holidays and moved working days: an .ics file, or a table of date, kind and name.

    Example: lianfang patrols holidays holidays-2027.ics
    """
    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        zone = ZoneInfo(current_site(session).timezone)
        off, worked = take_in_holidays(session, file, now=datetime.now(UTC), author=author())
        known = sorted(calendar_store.holidays(session).years)
    this_year = datetime.now(zone).year
    click.echo(f"{off} days off and {worked} moved working days stored.", err=True)
    if this_year not in known:
        click.echo(f"The public holidays of {this_year} are still not all known.", err=True)
    return {"off": off, "worked": worked}
