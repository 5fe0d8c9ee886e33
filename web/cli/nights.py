"""One shift on several nights running, on the command line."""

from __future__ import annotations

from typing import Any

import click

from geo.db import transaction
from geo.scope import WHOLE_SITE
from geo.services import current_site
from patrols.services import plan_nights as planned
from patrols.solve import Budget
from web.cli.common import author, command_options, parse_time
from web.cli.shift_options import budget_of, shift_options
from web.database import open_database
from web.progress import Steps
from web.settings import current, plan_settings


@click.command("plan-nights")
@click.option("--zone", required=True, help="Code of the joint-defence zone.")
@click.option("--nights", type=click.IntRange(1, 31), default=7, show_default=True)
@shift_options
@command_options
def plan_nights(
    zone: str,
    nights: int,
    start: str,
    end: str,
    seed: int,
    budget_s: float | None,
    iterations: int | None,
) -> dict[str, Any]:
    """Plan the same hours of several days; within a week or a month each counts the nights before.

    Example: lianfang patrols plan-nights --zone hel-lf --start 2026-11-23T18:00 --end 2026-11-23T22:00
    """
    budget = budget_of(budget_s, iterations)
    steps = Steps()
    with open_database() as engine:
        with transaction(engine, scope=WHOLE_SITE) as session:
            timezone = current_site(session).timezone
        begin, finish = parse_time(start, timezone, "--start"), parse_time(end, timezone, "--end")
        with steps.step("plan", "Planning") as update, transaction(engine, scope=WHOLE_SITE) as session:
            values = current(session)
            made = planned(
                session,
                zone=zone,
                start=begin,
                end=finish,
                nights=nights,
                budget=budget or Budget(float(values["planning.search_s"])),
                seed=seed,
                settings=plan_settings(values),
                author=author(),
                progress=update,
            )
    for one in made:
        for message in (*one.remarks, *one.violations):
            click.echo(f"plan {one.plan_id}: {message}", err=True)
    return {
        "plans": [
            {
                "plan": one.plan_id,
                "start": one.problem.origin.isoformat(),
                "stops": len(one.problem.stops),
                "crossed_stops": len(one.plan.crossed),
                "value": one.plan.value,
                "violations": len(one.violations),
            }
            for one in made
        ]
    }
