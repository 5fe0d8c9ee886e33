"""`lianfang patrols roster ...`: who serves in which slot of a week or month."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from geo.db import transaction
from geo.errors import InputRefused, LianfangError, Sentence
from geo.scope import WHOLE_SITE
from geo.services import current_site
from patrols.repository import rosters as store
from patrols.rosters.figures import faults_of
from patrols.rosters.slots import read_slots
from patrols.services import rostering
from web.cli.common import author, command_options
from web.cli.duty import language_option
from web.database import open_database
from web.exports import check_ending, complete
from web.i18n import Translator
from web.rosters.content import shown
from web.rosters.files import MIMETYPES, calendar, workbook
from web.settings import current


@click.group("roster")
def roster() -> None:
    """Rosters of a zone: make one, look at it, check it, publish it, hand it out."""


@roster.command("make")
@click.option("--zone", required=True, help="Code of the joint-defence zone.")
@click.option("--from", "first", required=True, help="First day, such as 2026-11-23.")
@click.option("--to", "last", required=True, help="Last day; up to 31 days.")
@click.option(
    "--slot",
    "slots",
    multiple=True,
    required=True,
    help="Hours, how many teams, of how many villages at least: '18:00-22:00 2 2'; by a joint rule then how "
    "many mixed teams at least [default: 1]; may be given again.",
)
@click.option("--rest-h", type=float, help="Hours between two turns of a team [default: the site's setting].")
@click.option("--leader", "leaders", multiple=True, help="A police leader; they lead in turn.")
@command_options
def make(
    zone: str, first: str, last: str, slots: tuple[str, ...], rest_h: float | None, leaders: tuple[str, ...]
) -> dict[str, Any]:
    """Make a roster and store it as a draft.

    Example: lianfang patrols roster make --zone hel-lf --from 2026-11-23 --to 2026-11-29 \
        --slot '18:00-22:00 2 2'
    """
    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        number = rostering.make(
            session,
            zone=zone,
            first=_day(first, "--from"),
            last=_day(last, "--to"),
            slots=read_slots("\n".join(slots)),
            rest_h=float(current(session)["planning.rest_h"]) if rest_h is None else rest_h,
            leaders=leaders,
            author=author(),
        )
        return _told(store.head(session, number))


@roster.command("show")
@click.argument("number", type=int)
@command_options
def show(number: int) -> dict[str, Any]:
    """Tell what a roster says, what its checker finds, and why it is out of date.

    Example: lianfang patrols roster show 1
    """
    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        head, clock = _head(session, number), ZoneInfo(current_site(session).timezone)
        return _told(head) | {
            "faults": [str(one) for one in faults_of(head["document"], clock)],
            "out_of_date": [str(one) for one in rostering.stale(session, number)],
        }


@roster.command("publish")
@click.argument("number", type=int)
@command_options
def publish(number: int) -> dict[str, Any]:
    """Publish a draft: shifts of its turns are planned with its teams from then on.

    Example: lianfang patrols roster publish 1
    """
    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        rostering.publish(session, number, now=datetime.now(UTC), author=author())
        return {"roster": number, "status": "published"}


@roster.command("export")
@click.argument("number", type=int)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--team", help="Code of one team, for an .ics of its turns alone.")
@language_option
@command_options
def export(number: int, file: Path, team: str | None, lang: str) -> dict[str, Any]:
    """Write a roster as .xlsx or .ics.

    Example: lianfang patrols roster export 1 roster.xlsx
    """
    check_ending(file, tuple(MIMETYPES))
    if team is not None and file.suffix.lower() != ".ics":
        raise click.UsageError("--team is for an .ics file")
    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        t = Translator(lang, ZoneInfo(current_site(session).timezone))
        made = shown(_head(session, number), t)
        content = workbook(made, t) if file.suffix.lower() == ".xlsx" else calendar(made, t, team=team)
    with complete(file) as unfinished:
        unfinished.write_bytes(content)
    return {"roster": number, "out": str(file), "bytes": len(content)}


def _head(session: Any, number: int) -> dict[str, Any]:
    found = store.head(session, number)
    if found is None:
        raise LianfangError(Sentence("roster %(roster)s is not stored", roster=number))
    return found


def _told(head: dict[str, Any] | None) -> dict[str, Any]:
    assert head is not None
    made = head["document"]
    return {
        "roster": head["id"],
        "zone": head["zone_code"],
        "status": head["status"],
        "from": head["first"].isoformat(),
        "to": head["last"].isoformat(),
        "turns": [
            {
                "day": made["days"][turn["day"]],
                "slot": f"{made['slots'][turn['slot']]['from']}-{made['slots'][turn['slot']]['to']}",
                "teams": turn["teams"],
                "village": turn["village"],
                "leader": turn["leader"],
            }
            for turn in made["turns"]
        ],
        "twice_in_a_row": made["repeats"],
        "spread": made["spread"],
        "proven": made["proven"],
    }


def _day(value: str, option: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise InputRefused(
            Sentence("%(option)s '%(value)s' is no date; write it as 2026-11-22", option=option, value=value)
        ) from error
