"""Go on from the middle of a shift: `lianfang patrols go-on`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from geo.db import transaction
from geo.scope import WHOLE_SITE
from geo.services import current_site
from patrols import services
from patrols.solve import Budget
from web.cli.common import author, command_options, parse_time
from web.database import open_database
from web.progress import Steps


@click.command("go-on")
@click.argument("plan", type=click.IntRange(min=1))
@click.option("--at", "at", required=True, help="Time within the shift, such as 2026-11-22T20:00.")
@click.option(
    "--out", "out", multiple=True, metavar="TEAM", help="A team that dropped out; may be given again."
)
@click.option(
    "--bound",
    "bound",
    multiple=True,
    metavar="TEAM=TIME",
    help="A team that is held where it is until a time; may be given again.",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True)
@click.option(
    "--budget-s", type=click.FloatRange(min=0, min_open=True), help="Search this long [default: 4]."
)
@command_options
def go_on(
    plan: int, at: str, out: tuple[str, ...], bound: tuple[str, ...], seed: int, budget_s: float | None
) -> dict[str, Any]:
    """Plan the rest of a plan's shift again, from where everybody is, changing as little as can be.

    Everybody is taken to have done as planned until then. The answer is a new draft.

    Example: lianfang patrols go-on 3 --at 2026-11-21T20:00 --out hel-03 --bound hel-05=2026-11-21T20:40
    """
    steps = Steps()
    with open_database() as engine:
        with transaction(engine, scope=WHOLE_SITE) as session:
            timezone = current_site(session).timezone
        until: dict[str, datetime] = {}
        for one in bound:
            team, equals, time = one.partition("=")
            if not equals:
                raise click.UsageError(
                    f"--bound {one}: give a team and a time, as in hel-05=2026-11-21T20:40"
                )
            until[team] = parse_time(time, timezone, "--bound")
        now = parse_time(at, timezone, "--at")
        with steps.step("plan", "Planning"), transaction(engine, scope=WHOLE_SITE) as session:
            made = services.go_on(
                session,
                plan,
                now=now,
                out=out,
                bound_until=until,
                budget=None if budget_s is None else Budget(seconds=budget_s),
                seed=seed,
                author=author(),
            )
    for message in made.violations:
        click.echo(message, err=True)
    click.echo(
        f"Plan {made.plan_id} goes on from plan {plan}: {len(made.plan.crossed)} stops crossed by the end; "
        f"value {made.plan.value:g} of at most {made.plan.upper_bound:g}.",
        err=True,
    )
    return {
        "plan": made.plan_id,
        "goes_on_from": plan,
        "teams": len(made.problem.teams),
        "visits_made": len(made.problem.done),
        "crossed_stops": len(made.plan.crossed),
        "value": made.plan.value,
        "upper_bound": made.plan.upper_bound,
        "violations": len(made.violations),
    }
