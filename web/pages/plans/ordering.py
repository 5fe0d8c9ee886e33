"""Ask for a plan: what the forms for a new one and for one made again read alike."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from flask import redirect
from flask_babel import gettext
from werkzeug.wrappers import Response

from geo.errors import InputRefused
from patrols.repository import of_plan
from web.forms import local_moment
from web.jobs import enqueue
from web.jobs.bodies import plan as body
from web.jobs.words import Name
from web.requests import access, audit, db, translator
from web.tables import Account


def shift_given(given: Mapping[str, str]) -> dict[str, Any]:
    """When, how long to search, and the seed, as the job takes them.

    Raises
    ------
    InputRefused
        For a time or a number that is none.
    """
    zone = translator().zone
    return {
        "start": local_moment(given.get("start", ""), zone, gettext("From")).isoformat(),
        "end": local_moment(given.get("end", ""), zone, gettext("To")).isoformat(),
        "seed": number_given(given.get("seed", "1"), gettext("Seed"), int),
        "seconds": number_given(given.get("seconds", ""), gettext("Search for"), float),
    }


def ordered(zone_code: str, asked: Mapping[str, Any]) -> Response:
    """Put a plan of a zone that whoever asks may plan for into the queue; its job's page.

    Raises
    ------
    InputRefused
        For a zone that is not of their area, and for an order that cannot be.
    """
    zone = of_plan.zone(db(), zone_code)
    if zone is None:
        raise InputRefused(gettext("Choose a zone of your area."))
    _refuse_at_sight(zone, asked)
    order = body.order(asked)
    own = of_plan.members(db(), zone["id"]).query("seen")["path"]
    job = enqueue(
        db(),
        body.KIND,
        asked,
        account=db().get_one(Account, access().account.id),
        title=body.title(Name(zone["name"], zone["name_en"]), translator().span(order.start, order.end)),
        jurisdiction_path=str(own.iloc[0]) if len(own) else None,
    )
    audit("run", f"plan for zone {zone['code']}", job=job, **asked)
    return redirect(f"/jobs/{job}")


def _refuse_at_sight(zone: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Refuse on the form what the job would refuse, so that nothing is typed twice."""
    if of_plan.teams(db(), zone["id"]).empty:
        name = zone["name"] if translator().lang == "zh" else zone["name_en"] or zone["name"]
        raise InputRefused(gettext("Zone %(zone)s has no team yet; add one on its page first.", zone=name))
    if asked.get("leads") and zone["rule"].get("pattern") != "rota":
        raise InputRefused(gettext("The rule of this zone is no rota, so no village leads; choose none."))


def number_given(value: str, what: str, kind: type[int] | type[float]) -> Any:
    """A number that a form names `what`.

    Raises
    ------
    InputRefused
        For what is none.
    """
    try:
        found = kind(value)
        if not math.isfinite(found):
            raise ValueError(value)
        return found
    except ValueError as error:
        words = gettext("%(what)s: “%(value)s” is not a number.", what=what, value=value[:40])
        raise InputRefused(words) from error
