"""`lianfang patrols export`: what people get of a stored plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import click

from geo.db import transaction
from geo.errors import LianfangError, Sentence
from geo.scope import WHOLE_SITE
from geo.services import current_site
from patrols.repository import of_plan
from web.cli.common import command_options
from web.database import open_database
from web.duty.files import HOME, PLAN_ENDINGS, TEAM_PAPERS, write_plan
from web.duty.making import duty_of
from web.exports import check_ending, complete
from web.i18n import LANGUAGES, Translator


def checked_address(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """An address of a server, or a wrong use of the command."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise click.BadParameter(f"{value!r} is no address; write https://host")
    return value


language_option = click.option(
    "--language", "--lang", "lang", type=click.Choice(LANGUAGES), default="zh", show_default=True
)
url_option = click.option(
    "--url",
    default=HOME,
    show_default=True,
    envvar="LIANFANG_PUBLIC_URL",
    callback=checked_address,
    help="The address people come in by, for the codes on duty sheets.",
)


@click.command("export")
@click.argument("plan", type=int)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--team", type=int, help="Number of one team: its .pdf, .gpx or .ics alone.")
@language_option
@url_option
@command_options
def export(plan: int, file: Path, team: int | None, lang: str, url: str) -> dict[str, Any]:
    """Write what people get of a stored plan, by the ending of FILE.

    \b
    .pdf      duty sheets, a page a team       .png   one tall picture
    .txt      a text for a chat group          .xlsx  a workbook
    .ics      shifts for a calendar            .zip   a GPX file a team
    .gpx .geojson .gpkg .csv  routes           .json  the plan file, for checking

    No file but the .json tells a camera, a gap, a cause or what a stop is worth.

    Example: lianfang patrols export 3 sheets.pdf --language en
    """
    check_ending(file, PLAN_ENDINGS if team is None else tuple(TEAM_PAPERS))
    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        t = Translator(lang, ZoneInfo(current_site(session).timezone))
        if team is None:
            write_plan(session, plan, file, t, home=url)
        else:
            stored = of_plan.plan(session, plan)
            if stored is None:
                raise LianfangError(Sentence("plan %(plan)s is not stored", plan=plan))
            duty = duty_of(session, stored, t)
            one = duty.team(team)
            if one is None:
                raise LianfangError(
                    Sentence(
                        "plan %(plan)s has no team %(team)s; its teams are 1 to %(count)s",
                        plan=plan,
                        team=team,
                        count=len(duty.teams),
                    )
                )
            content = TEAM_PAPERS[file.suffix.lower()][1](duty, one, t, url)
            with complete(file) as unfinished:
                unfinished.write_bytes(content)
    size = file.stat().st_size
    click.echo(f"Wrote {file} ({size / 1e6:.1f} MB).", err=True)
    return {"out": str(file), "bytes": size, "plan": plan, "team": team}
