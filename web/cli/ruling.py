"""The rule of a zone on the command line."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

import click

from geo.db import transaction
from geo.scope import WHOLE_SITE
from patrols import repository
from patrols.problem import PATTERNS, SPANS, CrossRule
from patrols.services.ruling import change_rule
from web.cli.common import command_options
from web.database import open_database


@click.command("rule")
@click.argument("zone")
@click.option("--pattern", type=click.Choice(PATTERNS), help="How villages come together at a stop.")
@click.option("--visits", type=int, help="How often somebody comes to a stop.")
@click.option("--villages", type=int, help="Of how many villages the visits are.")
@click.option("--separation-min", type=int, help="From start to start of two visits, at least.")
@click.option("--idle-min", type=int, help="The longest that nobody may be at a crossed stop; 0: any time.")
@click.option("--within", type=click.Choice(SPANS), help="How long a stop has for its visits.")
@command_options
def rule(
    zone: str,
    pattern: str | None,
    visits: int | None,
    villages: int | None,
    separation_min: int | None,
    idle_min: int | None,
    within: str | None,
) -> dict[str, Any]:
    """Tell a zone's rule, or change what is given of it.

    Example: lianfang patrols rule hel-lf --pattern rota --visits 2 --villages 2
    """
    given: dict[str, Any] = {"pattern": pattern, "visits": visits, "villages": villages, "within": within}
    if separation_min is not None:
        given["separation_s"] = separation_min * 60
    changes = {name: value for name, value in given.items() if value is not None}
    if idle_min is not None:
        changes["max_idle_s"] = idle_min * 60 or None
    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        stored = repository.zones(session).loc[repository.zone_of_code(session, zone), "rule"]
        holds = CrossRule(**stored)
        if changes:
            known = {field.name: getattr(holds, field.name) for field in fields(CrossRule)}
            try:
                asked = CrossRule(**(known | changes))
            except ValueError as error:
                raise click.UsageError(str(error)) from error
            _, holds = change_rule(session, zone, asked)
    return {"zone": zone} | {name: value for name, value in asdict(holds).items() if name != "leader"}
