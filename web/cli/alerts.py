"""`lianfang alerts ...`: what is usually watched at this hour, and is not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from cameras.services.alerting import check_alerts
from geo.db import rehearsal, transaction
from geo.scope import WHOLE_SITE
from geo.services import current_site
from web.cli.common import command_options, parse_time
from web.database import open_database
from web.settings import alert_settings, analysis_settings, current


@click.group("alerts")
def alerts() -> None:
    """Ground that is usually watched at this hour, and is not (平时可见、此刻不可见)."""


@alerts.command("check")
@click.option("--now", help="Look at the time before this one instead of before this moment.")
@click.option("--dry-run", is_flag=True, help="Only say what would be raised and ended; keep nothing.")
@command_options
def check(now: str | None, dry_run: bool) -> dict[str, Any]:
    """Look at the minute before now (alerts.window_min), and raise, continue and end alerts.

    The job worker of `lianfang serve` does so by itself whenever frames came. A
    time that is over is looked at with --dry-run; what is kept goes on from the
    last check.

    Example: lianfang alerts check --now 2026-11-21T20:30 --dry-run
    """
    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        zone = current_site(session).timezone
        this = datetime.now(UTC)
        at = this if now is None else parse_time(now, zone, "--now")
        if at > this:
            raise click.BadParameter(
                f"{at.isoformat()} is still to come; give a time that is over", param_hint="--now"
            )
        values = current(session)
        with rehearsal(session, only=dry_run):
            found = check_alerts(
                session,
                now=at,
                analysis=analysis_settings(values),
                chosen=alert_settings(values),
                rehearsed=dry_run,
            )
    if found.is_judged:
        click.echo(
            f"{len(found.raised)} alerts raised, {len(found.ended)} ended, {found.going_on} go on; "
            f"{found.planned} losses under registered maintenance. Usual by {found.days} days.",
            err=True,
        )
    else:
        click.echo(
            f"Not judged: {found.days} of the {found.fewest_days} days it takes were analysed at this time "
            "of day.",
            err=True,
        )
    return {
        "now": found.at.isoformat(),
        "judged": found.is_judged,
        "days": found.days,
        "fewest_days": found.fewest_days,
        "raised": list(found.raised),
        "ended": list(found.ended),
        "going_on": found.going_on,
        "planned": found.planned,
        "dry_run": dry_run,
    }
