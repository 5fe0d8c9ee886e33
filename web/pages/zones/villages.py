"""The villages of a zone, changed afterwards."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
from flask import Blueprint, abort, flash, redirect, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from geo.db import transaction
from geo.errors import InputRefused
from geo.scope import WHOLE_SITE
from patrols.repository import of_plan, zone_ground
from web.access import Action, needs
from web.geofeatures import collection
from web.refusals import said
from web.requests import audit, db, render, server, translator

bp = Blueprint("zone_villages", __name__, url_prefix="/zones")


@bp.get("/<code>/villages")
@needs(Action.ZONES_EDIT)
def edit(code: str) -> Response:
    """The villages to choose from, those of the zone chosen."""
    zone = _zone(code)
    members = of_plan.members(db(), zone["id"])
    return _form(zone, members, set(members["path"]))


@bp.post("/<code>/villages")
@needs(Action.ZONES_EDIT)
def change(code: str) -> Response:
    """Give the zone other villages from now on."""
    from patrols.services.drawing import change_members

    zone = _zone(code)
    members, mine = of_plan.members(db(), zone["id"]), set(of_plan.village_choices(db())["path"])
    # Villages that whoever asks does not see stay as they are.
    chosen = set(request.form.getlist("members")) | set(members.loc[~members["path"].isin(mine), "path"])
    try:
        with transaction(server().engine, scope=WHOLE_SITE) as session:
            came, went = change_members(session, code, sorted(chosen), allowed=mine)
    except InputRefused as refused:
        return _form(zone, members, chosen, refused, 422)
    if came or went:
        audit("change", f"zone {code}", before=sorted(members["path"]), after=sorted(chosen))
        flash(gettext("The zone has other villages from now on."), "success")
    return redirect(f"/zones/{code}", 303)


def towns_of(villages: gpd.GeoDataFrame, column: str) -> list[dict[str, Any]]:
    """Villages by the town they lie in: name, villages; in the order of their paths.

    Parameters
    ----------
    villages : GeoDataFrame
        As `of_plan.village_choices`.
    column : str
        "name" or "name_en".
    """
    names = {row["path"]: row[column] for row in zone_ground.towns(db()).to_dict("records")}
    found: dict[str, list[dict[str, Any]]] = {}
    for row in villages.drop(columns="geometry").to_dict("records"):
        found.setdefault(row["path"].rpartition(".")[0], []).append(row)
    return [
        {"name": names.get(path, path.rpartition(".")[2]), "villages": rows} for path, rows in found.items()
    ]


def _zone(code: str) -> dict[str, Any]:
    found = of_plan.zone(db(), code)
    if found is None:
        abort(404)
    return found


def _form(
    zone: dict[str, Any],
    members: gpd.GeoDataFrame,
    chosen: set[str],
    refused: InputRefused | None = None,
    status: int = 200,
) -> Response:
    t = translator()
    column = "name" if t.lang == "zh" else "name_en"
    found = of_plan.village_choices(db())
    inside = found["path"].isin(chosen)
    mine = set(found["path"])
    return render(
        "zones/villages.html",
        status=status,
        zone=zone,
        title=zone[column] or zone["name"],
        towns=towns_of(found, column),
        count=len(found),
        name_column=column,
        chosen=chosen,
        elsewhere=[row[column] for row in members.to_dict("records") if row["path"] not in mine],
        problem=said(refused, t) if refused else "",
        problems=[said(one, t) for one in refused.problems] if refused else [],
        layers=[
            {
                "features": collection(found[~inside], id="path", label=column),
                "colour": "#6b747b",
                "weight": 1,
                "fill": 0.05,
            },
            {
                "features": collection(found[inside], id="path", label=column),
                "colour": "#2a788e",
                "weight": 2,
                "fill": 0.25,
                "frame": True,
            },
        ],
    )
