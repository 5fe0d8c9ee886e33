"""The pages of thresholds."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from flask import Blueprint, abort, flash, redirect, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from cameras.repository import one
from cameras.repository import thresholds as store
from geo.errors import LianfangError
from web.access import Action, needs
from web.i18n import N_
from web.jobs import enqueue
from web.jobs.bodies import learning as body
from web.pages.thresholds.tables import GROUP, ORIGINS, SPECS, THRESHOLDS
from web.refusals import Refused, said
from web.requests import access, audit, db, render, scope, translator
from web.settings import analysis_settings, current
from web.tables import Account
from web.tabular.view import table_view

bp = Blueprint("thresholds", __name__, url_prefix="/thresholds")

WHOLE_SITE_ONLY = N_(
    "What is learnt is learnt for all cameras at once; ask somebody who sees the whole site to start it."
)


@bp.get("")
@needs(Action.CAMERAS_EDIT)
def listed() -> Response:
    """Every threshold that is not the site's."""
    site = _site()
    return table_view(
        THRESHOLDS,
        "thresholds/list.html",
        parameters={"site": json.dumps({name: site[name] for name in SPECS})},
        whole=scope().everywhere,
    )


@bp.post("/learn")
@needs(Action.CAMERAS_EDIT)
def learn() -> Response:
    """Learn anew from the normal days of every camera, in the background."""
    _for_the_whole_site()
    job = enqueue(
        db(),
        body.KIND,
        {},
        account=db().get_one(Account, access().account.id),
        title=body.title(),
        jurisdiction_path=None,
    )
    audit("run", "thresholds", job=job)
    return redirect(f"/jobs/{job}", 303)


@bp.post("/forget")
@needs(Action.CAMERAS_EDIT)
def forget() -> Response:
    """Take out all that was learnt."""
    _for_the_whole_site()
    gone = store.forget_learnt(db())
    audit("remove", "thresholds", learnt=gone)
    flash(gettext("What was learnt is forgotten; the site's thresholds count again."), "success")
    return redirect("/thresholds", 303)


@bp.get("/<path:code>")
@needs(Action.CAMERAS_EDIT)
def record(code: str) -> Response:
    """The thresholds of one camera."""
    return _form(code)


@bp.post("/<path:code>")
@needs(Action.CAMERAS_EDIT)
def change(code: str) -> Response:
    """Store what was set by hand."""
    from cameras.services.thresholds import set_thresholds

    _there(code)
    typed = {name: request.form.get(name, "").strip()[:60] for name in SPECS}
    problems: list[str] = []
    values = {}
    for name, text in typed.items():
        if not text:
            continue
        try:
            values[name] = float(SPECS[name].parsed(text))
        except Refused as refused:
            problems.append(said(refused, translator()))
    before = _by_origin(code)["set"]
    if problems:
        return _form(code, problems, typed, 422)
    try:
        set_thresholds(
            db(),
            code,
            values,
            analysis_settings(current(db())).thresholds,
            author=access().account.name,
            now=datetime.now(UTC),
        )
    except LianfangError as refused:
        t = translator()
        told = [said(one, t) for one in getattr(refused, "problems", ())] or [said(refused, t)]
        return _form(code, told, typed, 422)
    old = {name: row["value"] for name, row in before.items()}
    if old != values:
        audit("change", f"camera {code}", before=old, after=values)
    flash(gettext("Stored. Analyses that are made from now on judge this camera by it."), "success")
    return redirect(f"/cameras/{quote(code, safe='')}", 303)


def _for_the_whole_site() -> None:
    if not scope().everywhere:
        raise Refused(WHOLE_SITE_ONLY)


def _site() -> dict[str, float]:
    """The site's thresholds."""
    values = current(db())
    return {name: float(values[f"{GROUP}.{name}"]) for name in SPECS}


def _there(code: str) -> dict[str, Any]:
    """A camera with an open record; 404 for others."""
    found = one.record(db(), code)
    if found is None or found["until"]:
        abort(404)
    return dict(found)


def _by_origin(code: str) -> dict[str, dict[str, dict[str, Any]]]:
    """What a camera has of its own, by origin and name; learnt of its record of now."""
    number = _there(code)["id"]
    found: dict[str, dict[str, dict[str, Any]]] = {origin: {} for origin in ORIGINS}
    for row in store.thresholds(db(), [code]).to_dict("records"):
        if row["origin"] == "set" or row["camera_id"] == number:
            found[row["origin"]][row["name"]] = {str(key): value for key, value in row.items()}
    return found


def _form(
    code: str, problems: list[str] | None = None, typed: dict[str, str] | None = None, status: int = 200
) -> Response:
    camera, site, own = _there(code), _site(), _by_origin(code)
    rows = [
        {
            "spec": spec,
            "name": name,
            "site": spec.typed(site[name]),
            "learnt": own["learnt"].get(name),
            "learnt_value": spec.typed(own["learnt"][name]["value"]) if name in own["learnt"] else "",
            "set": own["set"].get(name),
            "typed": typed[name]
            if typed
            else (spec.typed(own["set"][name]["value"]) if name in own["set"] else ""),
        }
        for name, spec in SPECS.items()
    ]
    return render(
        "thresholds/record.html",
        status=status,
        code=code,
        name=camera["name"] or code,
        rows=rows,
        problems=problems or [],
    )
