"""Reviewing proposed changes of camera records: accepted or rejected, one by one or together."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from flask import Response as File
from flask import abort, flash, redirect, request
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from cameras.changed_words import QUALITIES, label_of, shown
from cameras.fields import BY_NAME
from cameras.presets import PRESETS
from cameras.reconcile import POSITION
from cameras.repository import proposals
from cameras.services.mending import accept, reject
from geo.errors import LianfangError, Sentence
from web import i18n
from web.access import Action, needs
from web.i18n import N_
from web.pages.mending.blueprint import bp
from web.refusals import said
from web.requests import access, audit, db, may, render, translator
from web.tabular import Column, TableSpec
from web.tabular.view import table_view

STATES = {
    "open": N_("to be reviewed"),
    "accepted": N_("accepted"),
    "rejected": N_("rejected"),
    "withdrawn": N_("withdrawn"),
}
ORIGINS = {"page": N_("on the page"), "bulk": N_("many at once"), "pole": N_("at the pole")}
# A value as text; of presets, which are a list, name and direction of each.
_SAID = """COALESCE(
    CAST(:words AS jsonb) -> key ->> (p.{side} ->> key),
    CASE WHEN key = 'presets' THEN (
        SELECT string_agg((one ->> 'name') || ' ' || trim_scale((one ->> 'azimuth_deg')::numeric) || '°', ', '
                          ORDER BY nth)
        FROM jsonb_array_elements(p.{side} -> 'presets') WITH ORDINALITY AS listed (one, nth))
    ELSE p.{side} ->> key END, '–')"""
PROPOSALS = TableSpec(
    name="proposals",
    columns=(
        Column("name", N_("Camera"), search=True),
        Column("code", N_("Code"), "code", search=True),
        Column("said", N_("What changes"), sortable=False, search=True),
        Column("author", N_("Proposed by"), filter="equals", search=True),
        Column("made_at", N_("Proposed at"), "moment", filter="period"),
        Column("origin", N_("How"), "choice", filter="choice", words=ORIGINS),
        Column(
            "state",
            N_("State"),
            "choice",
            filter="choice",
            words=STATES,
            tones={"open": "warn", "accepted": "good", "rejected": "bad", "withdrawn": "quiet"},
        ),
        Column("reviewer", N_("Reviewed by"), search=True),
        Column("leaf", N_("Jurisdiction"), search=True),
        Column("group_key", N_("Made together"), "code", filter="equals", shown=False),
    ),
    source=f"""
        SELECT p.id, p.code, COALESCE(NULLIF(c.name, ''), c.code) AS name,
               (SELECT string_agg(
                    COALESCE(CAST(:labels AS jsonb) ->> key, key) || ' '
                    || {_SAID.format(side="before")} || ' → ' || {_SAID.format(side="after")},
                    '; ')
                FROM jsonb_object_keys(p.after) AS changed (key)
                WHERE p.before -> key IS DISTINCT FROM p.after -> key) AS said,
               p.author, p.made_at, p.origin, p.state, p.reviewer, p.group_key,
               CASE WHEN :lang = 'zh' THEN j.name ELSE COALESCE(j.name_en, j.name) END AS leaf,
               c.jurisdiction_path AS path
        FROM camera_proposal p JOIN camera c ON c.id = p.camera_id
        LEFT JOIN jurisdiction j ON j.path = c.jurisdiction_path""",
    default_sort="-made_at",
    link="/changes/{id}",
    path="path",
)


@bp.get("")
@needs(Action.CAMERAS_EDIT)
def listed() -> Response:
    """All proposals."""
    group = request.args.get("group_key", "")
    together = proposals.of_group(db(), group) if group else []
    return table_view(
        PROPOSALS,
        "mending/list.html",
        parameters={"lang": i18n.negotiated(request), "labels": _labels(), "words": _words()},
        together=together,
        group=group,
    )


@bp.get("/<int:number>")
@needs(Action.CAMERAS_EDIT)
def record(number: int) -> Response:
    """One proposal: each field before and after."""
    found = _proposal(number)
    t = translator()
    rows = [
        (
            t(label_of(name)),
            _value(name, found["before"][name]),
            _value(name, after),
        )
        for name, after in found["after"].items()
        if found["before"][name] != after
    ]
    return render(
        "mending/record.html",
        proposal=found,
        rows=rows,
        states=STATES,
        origins=ORIGINS,
        own=found["author"] == access().account.name,
        may_accept=found["author"] != access().account.name or may(Action.SETTINGS_CHANGE),
        others=proposals.of_group(db(), found["group_key"]) if found["group_key"] else [],
    )


@bp.get("/<int:number>/photo.jpg")
@needs(Action.CAMERAS_EDIT)
def photo(number: int) -> Response:
    """The photograph that came with a proposal."""
    content = proposals.photo(db(), number)
    if content is None:
        abort(404)
    return File(content, mimetype="image/jpeg", headers={"Cache-Control": "private, no-store"})


@bp.post("/<int:number>/<any(accept, reject):deed>")
@needs(Action.CAMERAS_EDIT)
def review(number: int, deed: str) -> Response:
    """Accept or reject one proposal, or all that were made together with it."""
    found = _proposal(number)
    note = request.form.get("note", "").strip()[:500]
    ids = [number]
    if request.form.get("all") == "yes" and found["group_key"]:
        ids = proposals.of_group(db(), found["group_key"])
    reviewer = access().account.name
    try:
        with db().begin_nested():
            if deed == "accept":
                # An administrator of a small site may be the only one there is.
                own = may(Action.SETTINGS_CHANGE)
                accept(db(), ids, reviewer=reviewer, note=note, own=own)
            else:
                reject(db(), ids, reviewer=reviewer, note=note)
    except LianfangError as refused:
        flash(said(refused, translator()), "error")
        return redirect(f"/changes/{number}")
    audit(deed, f"camera {found['code']}", cameras=len(ids), note=note)
    words = (
        ngettext("%(n)s change was accepted.", "%(n)s changes were accepted.", len(ids), n=len(ids))
        if deed == "accept"
        else ngettext("%(n)s change was rejected.", "%(n)s changes were rejected.", len(ids), n=len(ids))
    )
    flash(words, "success")
    return redirect(f"/cameras/{quote(found['code'], safe='')}" if len(ids) == 1 else "/changes?state=open")


def _labels() -> str:
    t = translator()
    names = (*BY_NAME, POSITION, PRESETS, "azimuth_quality")
    return json.dumps({name: t(label_of(name)) for name in names}, ensure_ascii=False)


def _words() -> str:
    """By field and stored value what it is called, where it is not shown as it is stored."""
    stored: dict[str, dict[str, Any]] = {"azimuth_quality": {one: one for one in QUALITIES}}
    for name, one in BY_NAME.items():
        if one.kind == "choice":
            stored[name] = {str(number): number for number in one.choices}
        elif one.kind == "flag":
            stored[name] = {"true": True, "false": False}
    said = {name: {key: _value(name, value) for key, value in of.items()} for name, of in stored.items()}
    return json.dumps(said, ensure_ascii=False)


def _proposal(number: int) -> dict[str, Any]:
    found = proposals.of_ids(db(), [number])
    if not found:
        abort(404)
    return found[0]


def _value(name: str, value: object) -> str:
    t = translator()
    told = shown(name, value)
    return told.said(t) if isinstance(told, Sentence) else str(told) or gettext("none")
