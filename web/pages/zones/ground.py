"""The page of a zone's ground, and what is done on it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import pandas as pd
from flask import Blueprint, abort, flash, redirect, request
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from geo.db import transaction
from geo.errors import InputRefused
from geo.scope import WHOLE_SITE
from patrols.repository import of_plan
from patrols.repository import zone_ground as store
from patrols.services import meeting
from patrols.services.zone_checks import check_zone
from patrols.zone_findings import Finding
from web.access import Action, needs
from web.duty.meetings import meetings_of
from web.geofeatures import collection
from web.i18n import N_
from web.refusals import Refused, said
from web.requests import access, audit, db, render, scope, server, translator

bp = Blueprint("ground", __name__, url_prefix="/zones")

FINDING, BORDER, MEETING = "#b3261e", "#a5568f", "#0072b2"


@bp.get("/<code>/ground")
@needs(Action.ZONES_VIEW)
def page(code: str) -> Response:
    """What was found about a zone, its borders and meeting places."""
    return _page(_zone(code), MultiDict())


@bp.get("/<code>/ground/findings")
@needs(Action.ZONES_VIEW)
def findings(code: str) -> Response:
    """What was found about a zone, for its own page."""
    _zone(code)
    with transaction(server().engine, scope=WHOLE_SITE) as session:
        found = check_zone(session, code, english=translator().lang != "zh")
    told = [said(one.told, translator()) for one in found]
    return render("ground/findings.html", code=code, findings=told)


@bp.post("/<code>/ground/propose")
@needs(Action.ZONES_EDIT)
def propose(code: str) -> Response:
    """Work out where teams meet with the least walk."""
    zone = _zone(code)
    # Ways lead through villages that whoever asks may not see.
    with transaction(server().engine, scope=WHOLE_SITE) as session:
        count = meeting.propose(session, zone["id"], **_who())
    audit("add", f"meeting places of zone {code}", rows=count)
    flash(
        gettext("%(n)s meeting places are proposed.", n=count)
        if count
        else gettext("No further meeting place was found."),
        "success",
    )
    return _back(code)


@bp.post("/<code>/ground/places")
@needs(Action.ZONES_EDIT)
def add(code: str) -> Response:
    """Store a meeting place made by hand."""
    zone, given = _zone(code), request.form
    left, _, right = given.get("villages", "").partition("|")
    try:
        at = _position(given)
        if at is None:
            raise Refused(N_("Click on the map where the teams meet."))
        with transaction(server().engine, scope=WHOLE_SITE) as session:
            meeting.make(session, zone["id"], (left, right), at, given.get("name", ""), **_who())
    except InputRefused as refused:
        return _page(zone, given, refused, 422)
    audit("add", f"meeting places of zone {code}", rows=1)
    flash(gettext("The meeting place is stored."), "success")
    return _back(code)


@bp.post("/<code>/ground/places/<int:number>")
@needs(Action.ZONES_EDIT)
def change(code: str, number: int) -> Response:
    """Name, move, strike or take up again one meeting place."""
    zone, given = _zone(code), request.form
    try:
        at = _position(given) if given.get("move") == "yes" else None
        with transaction(server().engine, scope=WHOLE_SITE) as session:
            meeting.change(
                session,
                zone["id"],
                number,
                name=given.get("name", ""),
                at=at,
                struck=given.get("struck") == "yes",
                **_who(),
            )
    except InputRefused as refused:
        return _page(zone, MultiDict(), refused, 422)
    audit("change", f"meeting places of zone {code}", place=number, struck=given.get("struck") == "yes")
    flash(gettext("The meeting place is changed."), "success")
    return _back(code)


@bp.post("/<code>/ground/villages")
@needs(Action.ZONES_EDIT)
def mark(code: str) -> Response:
    """Say that a village has no team, or take that back."""
    zone, path = _zone(code), request.form.get("village", "")
    without = request.form.get("no_team") == "yes"
    if path not in set(of_plan.members(db(), zone["id"])["path"]):
        raise Refused(N_("This village is not in the zone."))
    if not store.mark_without_team(db(), zone["id"], path, without):
        raise Refused(N_("This village is not of your area."))
    audit("change", f"zone {code}", village=path, no_team=without)
    return _back(code)


def _zone(code: str) -> dict[str, Any]:
    found = of_plan.zone(db(), code)
    if found is None:
        abort(404)
    return found


def _back(code: str) -> Response:
    return redirect(f"/zones/{code}/ground", 303)


def _who() -> dict[str, Any]:
    return {"author": access().account.name, "now": datetime.now(UTC)}


def _position(given: MultiDict[str, str]) -> tuple[float, float] | None:
    """Where somebody clicked; None where nothing was given."""
    lon, lat = given.get("lon", "").strip(), given.get("lat", "").strip()
    if not lon and not lat:
        return None
    try:
        return float(lon), float(lat)
    except ValueError as error:
        raise Refused(N_("“%(value)s” is no position."), value=f"{lon}, {lat}"[:40]) from error


def _page(
    zone: dict[str, Any],
    given: MultiDict[str, str],
    refused: InputRefused | None = None,
    status: int = 200,
) -> Response:
    t = translator()
    column = "name" if t.lang == "zh" else "name_en"
    members = of_plan.members(db(), zone["id"])
    names = dict(zip(members["path"], members[column], strict=True))
    # Whoever sees a zone sees it whole: villages of others are in it too.
    with transaction(server().engine, scope=WHOLE_SITE) as session:
        found = check_zone(session, zone["code"], english=t.lang != "zh")
        ground = meeting.zone_ground(session, zone["id"])
        marked = store.members(session, zone["id"]).set_index("path")["no_team"]
        places = meetings_of(session, zone["id"], t, struck=True)
    rows = [
        {"id": f"finding-{n}", "told": said(one.told, t), "shown": one.point is not None}
        for n, one in enumerate(found)
    ]
    borders = [
        {
            "id": f"border-{n}",
            "pair": f"{row['left']}|{row['right']}",
            "left": names.get(row["left"], row["left"]),
            "right": names.get(row["right"], row["right"]),
            "length": t.length(float(row["border_m"])),
            "crossings": int(row["crossings"]),
        }
        for n, row in enumerate(ground.borders.drop(columns="geometry").to_dict("records"))
    ]
    return render(
        "ground/page.html",
        status=status,
        zone=zone,
        title=zone[column] or zone["name"],
        findings=rows,
        borders=borders,
        places=places,
        villages=[
            {
                "path": row["path"],
                "name": row[column],
                "teams": int(row["teams"]),
                "no_team": bool(marked.get(row["path"], False)),
                "seen": bool(row["seen"]),
            }
            for row in members.drop(columns="geometry").to_dict("records")
        ],
        layers=_layers(zone, members, column, ground, found, rows, places),
        given=given,
        problem=said(refused, t) if refused else "",
        problems=[said(one, t) for one in refused.problems] if refused else [],
        may_edit=access().may(Action.ZONES_EDIT) and bool(scope()),
        longest_name=meeting.LONGEST_NAME,
    )


def _layers(
    zone: dict[str, Any],
    members: gpd.GeoDataFrame,
    column: str,
    ground: meeting.Ground,
    found: list[Finding],
    findings: list[dict[str, Any]],
    places: list[Any],
) -> list[dict[str, Any]]:
    """The zone, its villages, their shared borders and crossings, meeting places, findings."""
    t = translator()
    shape = of_plan.zone_shape(db(), zone["id"]).assign(name="")
    ids = [f"border-{n}" for n in range(len(ground.borders))]
    lines = ground.borders.assign(id=ids, name=[t.length(float(m)) for m in ground.borders["border_m"]])
    used = [one for one in places if not one.struck]
    points = gpd.GeoDataFrame(
        {
            "id": [f"place-{one.id}" for one in used],
            "label": [one.name or one.place or one.label for one in used],
            "letter": [one.label for one in used],
        },
        geometry=[one.point for one in used],
        crs=4326,
    )
    shown = [(told, one) for told, one in zip(findings, found, strict=True) if one.point is not None]
    marks = gpd.GeoDataFrame(
        pd.DataFrame({"id": [told["id"] for told, _ in shown], "label": [told["told"] for told, _ in shown]}),
        geometry=[one.point for _, one in shown],
        crs=4326,
    )
    across = ground.crossings.assign(name=t(N_("a street crosses the border")), id=None)
    return [
        {
            "features": collection(shape, label="id"),
            "colour": "#1b1f23",
            "weight": 3,
            "fill": 0,
            "frame": True,
        },
        {
            "features": collection(members, id="path", label=column),
            "colour": "#6b747b",
            "weight": 1,
            "fill": 0.05,
        },
        {"features": collection(lines), "colour": BORDER, "weight": 4, "dash": "8 5", "fill": 0},
        {"features": collection(across), "colour": BORDER, "radius": 4, "weight": 1, "fill": 0.9},
        {
            "features": collection(points, label="label", number="letter"),
            "colour": MEETING,
            "radius": 9,
            "fill": 1,
        },
        {"features": collection(marks, label="label"), "colour": FINDING, "radius": 8, "fill": 0.8},
    ]
