"""The rule of a zone: when a stop counts as crossed there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, request
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from geo.errors import LianfangError
from patrols.problem import MOST_VILLAGES, MOST_VISITS, CrossRule
from patrols.repository import of_plan
from web import i18n
from web.access import Action, needs
from web.forms import within
from web.i18n import N_
from web.maps.words import PATTERNS, SPANS
from web.pages.plans.ordering import number_given
from web.requests import audit, db, render

bp = Blueprint("zonerule", __name__, url_prefix="/zones")

# A week: no span that one remembers is longer.
MOST_MINUTES = 7 * 24 * 60
EXPLAINED = {
    "separate": N_("A stop is crossed when teams of different villages came to it one after another."),
    "joint": N_("A stop is crossed when a team with people of several villages came to it."),
    "rota": N_("As at separate times, and the duty village of the shift is one of those that come."),
}


@bp.get("/<code>/rule")
@needs(Action.ZONES_EDIT)
def edit(code: str) -> Response:
    """The rule as a form."""
    rule = _zone(code)["rule"]
    idle = rule.get("max_idle_s")
    return _form(
        code,
        MultiDict(
            {
                "pattern": rule.get("pattern", "separate"),
                "within": rule.get("within", "shift"),
                "visits": str(rule["visits"]),
                "villages": str(rule["villages"]),
                "separation_min": f"{rule['separation_s'] / 60:g}",
                "idle_min": "" if idle is None else f"{idle / 60:g}",
            }
        ),
    )


@bp.post("/<code>/rule")
@needs(Action.ZONES_EDIT)
def change(code: str) -> Response:
    """Give the zone another rule."""
    from patrols.services.ruling import change_rule

    _zone(code)
    given = request.form
    try:
        before, after = change_rule(db(), code, _rule(given))
    except (LianfangError, ValueError) as refused:
        db().rollback()
        return _form(code, given, refused, 422)
    if before != after:
        audit("change", f"zone {code}", before=_told(before), after=_told(after))
        flash(gettext("The rule was changed; plans made before keep theirs and are stale."), "success")
    return redirect(f"/zones/{code}")


def _zone(code: str) -> dict[str, Any]:
    zone = of_plan.zone(db(), code)
    if zone is None:
        abort(404)
    return zone


def _rule(given: Mapping[str, str]) -> CrossRule:
    idle = given.get("idle_min", "").strip()
    visits = _count(given.get("visits", ""), gettext("Visits"), MOST_VISITS)
    # Of a team that is mixed more villages come than there are visits.
    most = MOST_VILLAGES if given.get("pattern") == "joint" else visits
    return CrossRule(
        pattern=given.get("pattern", ""),
        within=given.get("within", ""),
        visits=visits,
        villages=_count(given.get("villages", ""), gettext("Villages that come"), most),
        separation_s=separation_s(given),
        max_idle_s=_seconds(idle, 1, gettext("Longest time alone")) if idle else None,
    )


def separation_s(given: Mapping[str, str]) -> int:
    """How far apart visits are, as a form says it in minutes.

    Raises
    ------
    InputRefused
        For what is no number, and one that is out of its limits.
    """
    return _seconds(given.get("separation_min", ""), 0, gettext("Time between visits"))


def _count(value: str, what: str, most: int) -> int:
    return int(within(number_given(value, what, int), 1, most, what))


def _seconds(minutes: str, least: float, what: str) -> int:
    """Minutes as seconds: files give parts of a minute too."""
    return round(within(number_given(minutes, what, float), least, MOST_MINUTES, what) * 60)


def _told(rule: CrossRule) -> str:
    parts = [rule.pattern, rule.within, f"visits {rule.visits}", f"villages {rule.villages}"]
    parts.append(f"separation {rule.separation_s} s")
    return ", ".join(parts + ([] if rule.max_idle_s is None else [f"idle {rule.max_idle_s} s"]))


def _form(code: str, given: Mapping[str, str], error: Exception | None = None, status: int = 200) -> Response:
    zone = _zone(code)
    name = "name" if i18n.negotiated(request) == "zh" else "name_en"
    return render(
        "zones/rule.html",
        status=status,
        zone=zone,
        title=zone[name] or zone["name"],
        given=given,
        error=error,
        patterns=PATTERNS,
        explained=EXPLAINED,
        spans=SPANS,
        most_visits=MOST_VISITS,
        most_villages=MOST_VILLAGES,
    )
