"""Go on from the middle of a shift: `lianfang patrols go-on`."""

from __future__ import annotations

from typing import Any

import click

from geo.db import transaction
from geo.scope import WHOLE_SITE
from geo.services import current_site
from patrols import services
from patrols.services import Change, NewStop
from patrols.solve import Budget
from web.cli.common import author, command_options, parse_time
from web.database import open_database
from web.lostground import ground_lost
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
@click.option(
    "--not-needed", "dropped", multiple=True, metavar="STOP", help="A stop that nobody need go to any more."
)
@click.option(
    "--not-made",
    "not_made",
    multiple=True,
    metavar="TEAM=STOP",
    help="A visit that was planned before --at, that nobody signed for, and that did not happen.",
)
@click.option(
    "--new-stop",
    "new_stops",
    multiple=True,
    metavar="LON,LAT=PRIZE",
    help="A new stop, in WGS 84: what it is worth, or `required`.",
)
@click.option("--camera", default="", help="A camera that failed: what it alone saw asks for stops.")
@click.option("--why", default="", help="Why, in a few words; kept with the plan.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True)
@click.option(
    "--budget-s", type=click.FloatRange(min=0, min_open=True), help="Search this long [default: 2.5]."
)
@command_options
def go_on(
    plan: int,
    at: str,
    out: tuple[str, ...],
    bound: tuple[str, ...],
    dropped: tuple[str, ...],
    not_made: tuple[str, ...],
    new_stops: tuple[str, ...],
    camera: str,
    why: str,
    seed: int,
    budget_s: float | None,
) -> dict[str, Any]:
    """Plan the rest of a plan's shift again, from where everybody is, changing as little as can be.

    What teams signed for has happened as they signed; the rest is taken to have gone as planned. The answer
    is a new draft.

    \b
    Example: lianfang patrols go-on 3 --at 2026-11-21T20:00 --out hel-03 --bound hel-05=2026-11-21T20:40
             lianfang patrols go-on 3 --at 2026-11-21T20:00 --new-stop 24.935,60.171=required
    """
    steps = Steps()
    with open_database() as engine:
        with transaction(engine, scope=WHOLE_SITE) as session:
            timezone = current_site(session).timezone
        change = Change(
            now=parse_time(at, timezone, "--at"),
            out=out,
            bound_until={
                team: parse_time(time, timezone, "--bound")
                for team, time in (_pair(one, "--bound", "hel-05=2026-11-21T20:40") for one in bound)
            },
            new_stops=tuple(_new_stop(one) for one in new_stops),
            dropped=dropped,
            not_made=tuple(_pair(one, "--not-made", "hel-05=hel-012") for one in not_made),
            camera=camera,
            why=why,
        )
        with steps.step("plan", "Planning"), transaction(engine, scope=WHOLE_SITE) as session:
            made = services.go_on(
                session,
                plan,
                change,
                lost=ground_lost(session, camera) if camera else None,
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
        "stops": len(made.problem.stops),
        "visits_made": len(made.problem.done),
        "crossed_stops": len(made.plan.crossed),
        "value": made.plan.value,
        "upper_bound": made.plan.upper_bound,
        "violations": len(made.violations),
    }


def _pair(given: str, option: str, example: str) -> tuple[str, str]:
    first, equals, second = given.partition("=")
    if not equals or not first or not second:
        raise click.UsageError(f"{option} {given}: give two with = between them, as in {example}")
    return first, second


def _new_stop(given: str) -> NewStop:
    place, worth = _pair(given, "--new-stop", "24.935,60.171=40")
    lon, _, lat = place.partition(",")
    required = worth == "required"
    try:
        at, prize = (float(lon), float(lat)), 0 if required else int(worth)
    except ValueError as error:
        raise click.UsageError(
            f"--new-stop {given}: give a longitude, a latitude and a whole prize or `required`, "
            "as in 24.935,60.171=40"
        ) from error
    return NewStop(*at, prize=prize, required=required)
