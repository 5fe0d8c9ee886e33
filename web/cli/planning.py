"""`lianfang patrols ...`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import OperationalError

from geo import server
from geo.db import make_engine, transaction, urls_from_environment
from geo.errors import InputRefused, LianfangError
from geo.scope import WHOLE_SITE
from geo.services import current_site
from migrations import runner
from patrols.plan import PlanFile, read_plan
from patrols.services import check_plan, plan_shift, plan_zones
from patrols.solve import Budget
from web.cli.common import author, command_options, parse_time
from web.cli.duties import duties, holidays
from web.cli.duty import export
from web.cli.going_on import go_on
from web.cli.nights import plan_nights
from web.cli.packs import give_back, key, pack, receive, unpack
from web.cli.rostering import roster
from web.cli.ruling import rule
from web.cli.shift_options import budget_of, shift_options
from web.cli.showing import show
from web.cli.zones import zones
from web.database import open_database, running_database, var_dir
from web.duty.files import PLAN_ENDINGS, write_plan
from web.exports import check_ending
from web.progress import Steps
from web.settings import current, plan_settings


@click.group("patrols")
def patrols() -> None:
    """Cross-patrol plans: make one, check one, look at it, hand it out."""


for one in (plan_nights, show, roster, zones, go_on, rule, export, pack, unpack, key, give_back, receive):
    patrols.add_command(one)
patrols.add_command(duties)
patrols.add_command(holidays)


@patrols.command("plan")
@click.option("--zone", required=True, help="Code of the joint-defence zone.")
@click.option("--leads", help="Of a rota, the path of the duty village [default: the one whose turn it is].")
@shift_options
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Write to a file, by its ending as `lianfang patrols export` does.",
)
@command_options
def plan(
    zone: str,
    leads: str | None,
    start: str,
    end: str,
    seed: int,
    budget_s: float | None,
    iterations: int | None,
    out: Path | None,
) -> dict[str, Any]:
    """Plan who walks where, from the gaps of the latest analysis.

    Example: lianfang patrols plan --zone hel-lf --start 2026-11-21T18:00 --end 2026-11-21T22:00
    """
    if out:
        check_ending(out, PLAN_ENDINGS)
    budget = budget_of(budget_s, iterations)
    steps = Steps()
    with open_database() as engine:
        with transaction(engine, scope=WHOLE_SITE) as session:
            timezone = current_site(session).timezone
        begin, finish = parse_time(start, timezone, "--start"), parse_time(end, timezone, "--end")
        with steps.step("plan", "Planning") as update, transaction(engine, scope=WHOLE_SITE) as session:
            values = current(session)
            made = plan_shift(
                session,
                zone=zone,
                start=begin,
                end=finish,
                budget=budget or Budget(float(values["planning.search_s"])),
                seed=seed,
                settings=plan_settings(values),
                author=author(),
                leads=leads,
                progress=update,
            )
            if out:
                write_plan(session, made.plan_id, out)
    for message in (*made.remarks, *made.violations):
        click.echo(message, err=True)
    stops, crossed = len(made.problem.stops), len(made.plan.crossed)
    click.echo(
        f"{crossed} of {stops} stops are crossed, {made.reachable} could be; "
        f"value {made.plan.value:g} of at most {made.plan.upper_bound:g}.",
        err=True,
    )
    return {
        "plan": made.plan_id,
        "stops": stops,
        "reachable_stops": made.reachable,
        "crossed_stops": crossed,
        "value": made.plan.value,
        "upper_bound": made.plan.upper_bound,
        "violations": len(made.violations),
        "remarks": list(made.remarks),
        "out": str(out) if out else None,
    }


@patrols.command("plan-all")
@click.option("--zone", "zones", multiple=True, help="Only this zone; may be given again [default: all].")
@shift_options
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=os.cpu_count() or 1,
    show_default="one a processor",
    help="Zones searched at the same time.",
)
@command_options
def plan_all(
    start: str,
    end: str,
    zones: tuple[str, ...],
    seed: int,
    budget_s: float | None,
    iterations: int | None,
    workers: int,
) -> dict[str, Any]:
    """Plan one shift of all zones, each by itself; where two meet, their border is patrolled for once.

    Example: lianfang patrols plan-all --start 2026-11-21T18:00 --end 2026-11-21T22:00
    """
    budget = budget_of(budget_s, iterations)
    steps = Steps()
    with open_database() as engine:
        with transaction(engine, scope=WHOLE_SITE) as session:
            timezone = current_site(session).timezone
        begin, finish = parse_time(start, timezone, "--start"), parse_time(end, timezone, "--end")
        with steps.step("plan", "Planning") as update, transaction(engine, scope=WHOLE_SITE) as session:
            values = current(session)
            made = plan_zones(
                session,
                zones=zones or None,
                start=begin,
                end=finish,
                budget=budget or Budget(float(values["planning.search_s"])),
                seed=seed,
                workers=workers,
                settings=plan_settings(values),
                author=author(),
                progress=update,
            )
    for zone, outcome in made.plans:
        for message in (*outcome.remarks, *outcome.violations):
            click.echo(f"{zone}: {message}", err=True)
    for zone, why in made.refused:
        click.echo(f"{zone}: {why}", err=True)
    if not made.plans:
        raise click.ClickException("no zone could be planned")
    return {
        "plans": [
            {
                "zone": zone,
                "plan": outcome.plan_id,
                "stops": len(outcome.problem.stops),
                "crossed_stops": len(outcome.plan.crossed),
                "value": outcome.plan.value,
                "upper_bound": outcome.plan.upper_bound,
                "violations": len(outcome.violations),
            }
            for zone, outcome in made.plans
        ],
        "refused": [{"zone": zone, "why": why} for zone, why in made.refused],
    }


@patrols.command("check")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@command_options
def check(file: Path) -> dict[str, Any]:
    """Prove every rule of a plan file, independently of the program that made it.

    Travel times are worked out again from the roads where a database with roads is there; none is made or
    changed for it. Else the times of the file are trusted, and that is said.

    Example: lianfang patrols check plan.json
    """
    try:
        held = read_plan(file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputRefused(
            f"{file.name} is not UTF-8; give a file written by `lianfang patrols plan`"
        ) from error
    found, remarks = _checked(held)
    for line in (*remarks, *found):
        click.echo(line, err=True)
    if found:
        raise LianfangError(f"{file.name}: {len(found)} violation{'s' * (len(found) > 1)}")
    click.echo(f"{file.name}: no violation.", err=True)
    return {"violations": 0, "crossed_stops": len(held.plan.crossed), "remarks": remarks}


def _checked(held: PlanFile) -> tuple[list[str], list[str]]:
    """(violations, remarks), by the roads of a database that is there already, else by the file alone."""
    try:
        if not any(urls_from_environment()) and server.status(var_dir()).place is None:
            return check_plan(None, held)
        with running_database() as urls:
            current, wanted = runner.current_revision(urls.app), runner.head_revision()
            if current != wanted:
                raise LianfangError(f"the database is at revision {current}, this program needs {wanted}")
            engine = make_engine(urls.app)
            try:
                with transaction(engine, scope=WHOLE_SITE) as session:
                    return check_plan(session, held)
            finally:
                engine.dispose()
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0] if error.orig else "no answer"
        told = f"the database does not answer ({reason})"
    except LianfangError as error:
        told = str(error)
    found, remarks = check_plan(None, held)
    return found, [told, *remarks]
