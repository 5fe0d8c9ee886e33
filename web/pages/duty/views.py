"""The papers of a plan: all of them on one page, each as a file, and a page a team that its code leads to."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import geopandas as gpd
from flask import abort, send_file
from werkzeug.wrappers import Response

from geo.errors import LianfangError
from web.access import Action, needs
from web.duty.content import Duty, Team
from web.duty.drawn import start_words
from web.duty.files import PAPERS, PLAN_ENDINGS, TEAM_PAPERS, write_plan
from web.duty.making import duty_of
from web.duty.sign_in import sign_in_sheets
from web.duty.text import plan_text
from web.geofeatures import collection
from web.hosts import is_loopback
from web.maps.words import MODES
from web.packs.keys import Keys
from web.pages.duty.blueprint import bp, home, team_of
from web.planrights import may_of_plan, seen_plan
from web.requests import audit, db, render, server, translator

ONLY_FOR_PLANNERS = (".json",)
"""The plan format holds the prizes, which tell where little is watched."""


@bp.get("/<int:number>/papers")
@needs(Action.PLANS_VIEW)
def papers(number: int) -> Response:
    """Everything that is handed out of a plan."""
    plan = _looked_at(number)
    duty = duty_of(db(), plan, translator())
    packs_here = may_of_plan(Action.PLANS_VIEW_DRAFTS, number)
    return render(
        "duty/papers.html",
        duty=duty,
        papers=PAPERS,
        text=plan_text(duty, translator()),
        drafts_here=packs_here,
        packs_here=packs_here,
        **(_keys() if packs_here else {}),
        signs_here=may_of_plan(Action.CHECK_INS_ENTER, number),
        this_machine_only=is_loopback(urlsplit(home()).hostname or ""),
    )


@bp.get("/<int:number>/file<ending>")
@needs(Action.PLANS_VIEW)
def file(number: int, ending: str) -> Response:
    """The plan as a file; the plan format itself only for those who see drafts there."""
    seen_plan(number)
    if ending not in PLAN_ENDINGS:
        abort(404)
    if ending in ONLY_FOR_PLANNERS and not may_of_plan(Action.PLANS_VIEW_DRAFTS, number):
        abort(403)
    audit("export", f"plan {number}", format=ending)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"plan-{number}{ending}"
        write_plan(db(), number, path, translator(), home=home())
        # Read before the folder goes; a plan is at most a few megabytes.
        content = path.read_bytes()
    mimetype = PAPERS[ending].mimetype if ending in PAPERS else None
    return _handed_out(content, f"plan-{number}{ending}", mimetype)


@bp.get("/<int:number>/sign-in.pdf")
@needs(Action.PLANS_VIEW)
def sign_in(number: int) -> Response:
    """Sheets to sign in on, a page a team."""
    plan = seen_plan(number)
    t = translator()
    content = sign_in_sheets(duty_of(db(), plan, t), t, home=home())
    audit("export", f"plan {number}", format=".pdf", what="sign-in")
    return _handed_out(content, f"plan-{number}-sign-in.pdf", "application/pdf")


@bp.get("/<int:number>/teams/<int:team>")
@needs(Action.PLANS_VIEW)
def team(number: int, team: int) -> Response:
    """One team's evening: where it musters, its route, its stops."""
    plan = _looked_at(number)
    duty = duty_of(db(), plan, translator())
    found = team_of(duty, team)
    return render("duty/team.html", duty=duty, team=found, modes=MODES, layers=_layers(duty, found))


@bp.get("/<int:number>/teams/<int:team>/file<ending>")
@needs(Action.PLANS_VIEW)
def team_file(number: int, team: int, ending: str) -> Response:
    """What one team takes along."""
    plan = seen_plan(number)
    if ending not in TEAM_PAPERS:
        abort(404)
    t = translator()
    duty = duty_of(db(), plan, t)
    mimetype, made = TEAM_PAPERS[ending]
    content = made(duty, team_of(duty, team), t, home())
    audit("export", f"plan {number}", format=ending, team=team_of(duty, team).code)
    return _handed_out(content, f"plan-{number}-team-{team}{ending}", mimetype)


def _looked_at(number: int) -> dict[str, Any]:
    """A plan that may be seen; that somebody looked at a draft is written down."""
    plan = seen_plan(number)
    if plan["status"] != "published":
        audit("view", f"plan {number}")
    return plan


def _keys() -> dict[str, Any]:
    """What the page says of keys; of one that cannot be used why, for the papers need none."""
    keys = Keys(server().folder)
    try:
        return {"key": keys.own(), "trusted": keys.trusted()}
    except LianfangError as error:
        return {"key_problem": error}


def _handed_out(content: bytes, name: str, mimetype: str | None) -> Response:
    return send_file(io.BytesIO(content), mimetype=mimetype, as_attachment=True, download_name=name)


def _layers(duty: Duty, team: Team) -> list[dict[str, Any]]:
    """The team's way, where it musters and its stops in their order."""
    t = translator()
    ways = gpd.GeoDataFrame({"id": range(len(team.ways)), "name": ""}, geometry=team.ways, crs=4326)
    base = gpd.GeoDataFrame({"id": ["base"], "name": [t(start_words(duty))]}, geometry=[team.start], crs=4326)
    stops = gpd.GeoDataFrame(
        {
            "id": [str(visit.order) for visit in team.visits],
            "name": [f"{t.clock(visit.start_at)} {visit.stop.place}" for visit in team.visits],
            "number": [visit.order for visit in team.visits],
        },
        geometry=[visit.stop.point for visit in team.visits],
        crs=4326,
    )
    return [
        {"features": collection(ways), "colour": team.colour, "weight": 4, "fill": 0, "frame": True},
        {"features": collection(base), "colour": "#1b1f23", "radius": 7, "fill": 1},
        {"features": collection(stops, number="number"), "colour": "#1b1f23", "radius": 9, "fill": 1},
    ]
