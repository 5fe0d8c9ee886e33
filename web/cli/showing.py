"""`lianfang patrols show`: a stored plan, how far it is, and whether it is still good."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import click

from geo.db import transaction
from geo.errors import LianfangError, Sentence
from geo.scope import WHOLE_SITE
from geo.services import current_site
from patrols import repository
from patrols.repository import of_plan
from patrols.repository.steps import steps
from patrols.services import stale_reasons
from web.cli.common import command_options
from web.database import open_database
from web.i18n import Translator
from web.jobs.words import told


@click.command("show")
@click.argument("plan", type=int, required=False)
@command_options
def show(plan: int | None) -> dict[str, Any]:
    """A stored plan, how far it is, and whether what it was made from has changed since.

    Without a number the plan made last.

    Example: lianfang patrols show 3
    """
    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        site = current_site(session)
        if plan is None:
            newest = repository.latest_plan(session)
            if newest is None:
                raise LianfangError(
                    Sentence(
                        "there is no plan yet; run `lianfang patrols plan --zone CODE --start T --end T`"
                    )
                )
            plan = newest.id
        head = of_plan.plan(session, plan)
        if head is None:
            raise LianfangError(Sentence("plan %(plan)s is not stored", plan=plan))
        stale = [str(one) for one in stale_reasons(session, [plan])[plan]]
        taken = steps(session, plan)
    t = Translator("en", ZoneInfo(site.timezone))
    violations = [told(one, str) for one in head["violations"]]
    for line in (
        f"Plan {plan}: {head['zone']} ({head['zone_code']}), {t.span(head['start'], head['end'])}: "
        f"{head['status']}.",
        f"Made by {head['author']}, {t.moment(head['created_at'])}.",
        *(
            f"{one['step'].capitalize()} by {one['author']}, {t.moment(one['at'])}"
            f"{': ' + one['reason'] if one['reason'] else ''}."
            for one in taken
        ),
        f"{head['crossed']} of {head['reachable']} reachable stops are crossed; value {head['value']} of at "
        f"most {head['upper_bound']}.",
        *(f"Broken rule: {one}." for one in violations),
        *(f"Out of date: {one}." for one in stale),
    ):
        click.echo(line, err=True)
    return {
        "plan": plan,
        "zone": head["zone_code"],
        "start": head["start"].isoformat(),
        "end": head["end"].isoformat(),
        "status": head["status"],
        "author": head["author"],
        "created_at": head["created_at"].isoformat(),
        "value": head["value"],
        "upper_bound": head["upper_bound"],
        "crossed_stops": head["crossed"],
        "reachable_stops": head["reachable"],
        "violations": violations,
        "stale": stale,
        "steps": [
            {name: one[name] for name in ("step", "author", "reason")} | {"at": one["at"].isoformat()}
            for one in taken
        ],
    }
