"""Joint-defence zones: the list, one with its villages and teams, drawing one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, request
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from geo.errors import InputRefused
from patrols import repository
from patrols.problem import CrossRule
from patrols.repository import of_plan
from web import i18n
from web.access import Action, needs
from web.geofeatures import collection
from web.maps.words import MODES, PATTERNS, SPANS
from web.pages.plans.tables import drafts_seen
from web.pages.zones.rule import separation_s
from web.pages.zones.tables import ZONES
from web.pages.zones.villages import towns_of
from web.requests import access, audit, db, render, scope, translator
from web.tabular.view import table_view
from web.teamwords import served_words

bp = Blueprint("zones", __name__, url_prefix="/zones")


@bp.get("")
@needs(Action.ZONES_VIEW)
def listed() -> Response:
    """The zones of somebody's area."""
    return table_view(ZONES, "zones/list.html", parameters={"lang": _lang(), **drafts_seen()})


@bp.get("/new")
@needs(Action.ZONES_EDIT)
def new() -> Response:
    """The villages to choose from, on a map and in a list."""
    return _zone_form(MultiDict())


@bp.post("/new")
@needs(Action.ZONES_EDIT)
def draw() -> Response:
    """Store a zone of the villages chosen."""
    from patrols.services.drawing import draw_zone

    given = request.form
    try:
        rule = CrossRule(separation_s=separation_s(given))
        draw_zone(
            db(),
            code=given.get("code", ""),
            name=given.get("name", ""),
            name_en=given.get("name_en", ""),
            members=given.getlist("members"),
            rule=rule,
            author=access().account.name,
        )
    except (InputRefused, ValueError) as refused:
        return _zone_form(given, refused, 422)
    audit("add", f"zone {given['code']}", villages=given.getlist("members"))
    flash(gettext("The zone was stored; now give it teams."), "success")
    return redirect(f"/zones/{given['code'].strip()}")


@bp.get("/<code>")
@needs(Action.ZONES_VIEW)
def record(code: str) -> Response:
    """One zone."""
    return _record(code)


def _lang() -> str:
    return i18n.negotiated(request)


def _zone_form(given: MultiDict[str, str], error: Exception | None = None, status: int = 200) -> Response:
    found = of_plan.village_choices(db())
    name = "name" if _lang() == "zh" else "name_en"
    return render(
        "zones/new.html",
        status=status,
        villages=found.drop(columns="geometry").to_dict("records"),
        towns=towns_of(found, name),
        name_column=name,
        chosen=set(given.getlist("members")),
        given=given,
        error=error,
        layers=[
            {
                "features": collection(found, id="path", label=name),
                "colour": "#2a788e",
                "weight": 1.5,
                "fill": 0.12,
                "frame": True,
            }
        ],
    )


def _record(code: str) -> Response:
    zone = of_plan.zone(db(), code)
    if zone is None:
        abort(404)
    name = "name" if _lang() == "zh" else "name_en"
    members, teams = of_plan.members(db(), zone["id"]), of_plan.teams(db(), zone["id"])
    layers: list[dict[str, Any]] = [
        {
            "features": collection(of_plan.zone_shape(db(), zone["id"]), label="id"),
            "colour": "#1b1f23",
            "weight": 3,
            "fill": 0,
            "frame": True,
        },
        {
            "features": collection(members, id="path", label=name),
            "colour": "#6b747b",
            "weight": 1,
            "fill": 0.05,
        },
        {"features": collection(teams, id="code", label=name), "colour": "#0072b2", "radius": 6, "fill": 0.9},
    ]
    return render(
        "zones/record.html",
        zone=zone,
        title=zone[name] or zone["name"],
        members=members.drop(columns="geometry").to_dict("records"),
        # What one team has and another has not is NaN in the frame.
        teams=teams.drop(columns="geometry").astype(object).where(teams.notna(), None).to_dict("records"),
        name_column=name,
        served={
            row["code"]: served_words(row, translator())
            for row in repository.teams(db(), zone["id"]).to_dict("records")
        },
        village_column="village" if _lang() == "zh" else "village_en",
        modes=MODES,
        patterns=PATTERNS,
        spans=SPANS,
        layers=layers,
        may_edit=access().may(Action.ZONES_EDIT) and bool(scope()),
    )
