"""The presets of a turning camera, to propose others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from flask import abort, flash, redirect, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from cameras.presets import LONGEST_NAME, MOST_PRESETS, Preset, written
from cameras.repository import one
from cameras.services.presets import current_presets, propose_presets, state_of
from geo.errors import InputRefused, LianfangError
from web.access import Action, needs
from web.pages.mending.blueprint import bp
from web.refusals import said
from web.requests import access, audit, db, render, translator

# Lines for new presets; whoever needs more proposes again.
BLANK_ROWS = 4
LONGEST_NOTE = 500
NAMES = ("was", "name", "azimuth", "tilt", "hfov", "from", "until")


@bp.get("/presets/<path:code>")
@needs(Action.CAMERAS_EDIT)
def presets(code: str) -> Response:
    """The presets there are, and lines for new ones."""
    return _form(code)


@bp.post("/presets/<path:code>")
@needs(Action.CAMERAS_EDIT)
def propose_other_presets(code: str) -> Response:
    """Propose what stands in the form."""
    _there(code)
    rows = _sent()
    try:
        propose_presets(
            db(),
            code,
            rows,
            state=request.form.get("state", ""),
            author=access().account.name,
            note=request.form.get("note", "").strip()[:LONGEST_NOTE],
        )
    except LianfangError as refused:
        t = translator()
        problems = [said(refused, t)]
        if isinstance(refused, InputRefused):
            problems += [said(problem, t) for problem in refused.problems]
        return _form(code, problems, rows, 422)
    audit("propose", f"camera {code}", cameras=1, fields=["presets"])
    flash(gettext("Other presets were proposed; they count once they are accepted."), "success")
    return redirect(f"/cameras/{quote(code, safe='')}")


def _there(code: str) -> tuple[str, bool, list[Preset]]:
    """Name of a camera with an open record, whether it turns, and its presets; 404 for others."""
    record = one.record(db(), code)
    if record is None or record["until"]:
        abort(404)
    _, turns, known = current_presets(db(), code)
    return str(record["name"] or code), turns, known


def _sent() -> list[dict[str, str]]:
    """The lines of the form, as many as there can be."""
    rows = []
    for nth in range(MOST_PRESETS + BLANK_ROWS):
        if f"name-{nth}" not in request.form:
            break
        rows.append({name: request.form.get(f"{name}-{nth}", "") for name in NAMES})
    return rows


def _form(
    code: str,
    problems: Sequence[str] = (),
    given: Sequence[Mapping[str, str]] | None = None,
    status: int = 200,
) -> Response:
    name, turns, known = _there(code)
    blank = dict.fromkeys(NAMES, "")
    rows = given if given is not None else [*map(written, known), *[blank] * BLANK_ROWS]
    return render(
        "mending/presets.html",
        status=status,
        code=code,
        name=name,
        turns=turns,
        rows=rows,
        state=request.form.get("state") or state_of(known),
        problems=problems,
        longest=LONGEST_NAME,
        note=request.form.get("note", ""),
        note_most=LONGEST_NOTE,
    )
