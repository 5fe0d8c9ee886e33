"""Proposing changes: of one camera on its page or at its pole, of many from the list."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from flask import abort, flash, redirect, request
from flask_babel import gettext, ngettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from cameras.fields import BY_NAME, FIELDS
from cameras.mending import DIRECTION
from cameras.repository import changes as records
from cameras.services.mending import MOST_AT_ONCE, propose
from geo.datums import DATUMS
from geo.declination import declination_deg
from geo.errors import InputRefused, LianfangError
from web import chosen, i18n, narrowing
from web.access import Action, needs
from web.i18n import N_
from web.pages.cameras.tables import CAMERAS
from web.pages.imports.wording import DATUM_WORDS
from web.pages.mending.blueprint import bp
from web.pages.mending.fields import Input, groups
from web.pages.mending.photographs import LARGEST_BYTES, small_photograph
from web.refusals import said
from web.requests import access, audit, db, render, translator
from web.tabular.query import ask
from web.uploads import takes_files

LONGEST_NOTE = 500
# A phone without satellites knows the cell it is in: no place of a camera. The page does not take it either.
WORST_FIX_M = 200.0
POLE_FIELDS = ("direction", "tilt_deg", "mount_height_m", "name", "address")


@bp.get("/of/<path:code>")
@needs(Action.CAMERAS_EDIT)
def edit(code: str) -> Response:
    """All fields of one record."""
    return _form("mending/edit.html", code)


@bp.post("/of/<path:code>")
@needs(Action.CAMERAS_EDIT)
def propose_one(code: str) -> Response:
    """Propose what was changed in the form."""
    return _proposed("mending/edit.html", code, "page")


@bp.get("/pole/<path:code>")
@needs(Action.CAMERAS_EDIT)
def pole(code: str) -> Response:
    """The few fields that are read off at the pole, for a phone."""
    return _form("mending/pole.html", code)


@bp.post("/pole/<path:code>")
@takes_files(LARGEST_BYTES)
@needs(Action.CAMERAS_EDIT)
def propose_at_pole(code: str) -> Response:
    """Propose what was read off at the pole."""
    return _proposed("mending/pole.html", code, "pole")


@bp.get("/many")
@needs(Action.CAMERAS_EDIT)
def many() -> Response:
    """One field of all cameras that the list shows."""
    return _many_form()


@bp.post("/many")
@needs(Action.CAMERAS_EDIT)
def propose_many() -> Response:
    """Propose one value for all of them."""
    name, value = request.form.get("field", ""), request.form.get("value", "")
    found = _found()
    try:
        if name not in BULK_NAMES:
            raise InputRefused(gettext("Choose a field."))
        if (value.strip() == "") != (request.form.get("empty") == "yes"):
            raise InputRefused(
                gettext("Give a new value, or tick that the field is to be emptied: one of the two.")
            )
        if len(found) != request.form.get("count", type=int):
            raise InputRefused(
                gettext("The list has changed since: it now has %(n)s cameras. Look again.", n=len(found))
            )
        made = propose(
            db(),
            found,
            {name: _as_key(name, value)},
            author=access().account.name,
            origin="bulk",
            note=request.form.get("note", "")[:LONGEST_NOTE],
            group_key=uuid.uuid4().hex,
        )
    except LianfangError as refused:
        db().rollback()
        return _many_form(_told(refused), 422)
    audit("propose", f"camera {found[0]}", cameras=len(made), field=name, value=value[:100])
    flash(_proposed_words(len(made)), "success")
    return redirect("/changes")


BULK_NAMES = (
    DIRECTION,
    *(one.name for one in FIELDS if one.name not in ("name", "azimuth_deg", "ip_address", "mac", "port")),
)


def _found() -> list[str]:
    """Codes of all cameras that the list shows with the filters of the address."""
    analysis = chosen.analysis()
    arguments = {name: request.args[name] for name in CAMERAS.arguments if request.args.get(name)}
    asked = ask(CAMERAS, arguments, within=narrowing.chosen(), zone=translator().zone)
    if asked.problems:
        abort(404)
    rows = CAMERAS.rows()
    given = {
        "analysis": analysis.id if analysis else None,
        "lang": i18n.negotiated(request),
    }
    wanted = select(rows.c.code).where(asked.statement(rows)).order_by(rows.c.code).limit(MOST_AT_ONCE + 1)
    return list(db().execute(wanted, given).scalars())


def _many_form(problem: str = "", status: int = 200) -> Response:
    t = translator()
    found = _found()
    options = [
        (name, t(N_("Direction")) if name == DIRECTION else t(BY_NAME[name].label)) for name in BULK_NAMES
    ]
    return render(
        "mending/many.html",
        status=status,
        problem=problem,
        codes=found,
        most=MOST_AT_ONCE,
        options=options,
        inputs=_choice_help(),
        given=request.form,
    )


def _as_key(name: str, value: str) -> str:
    """What was written for a choice as the form of one camera sends it: its number, or yes and no."""
    one = BY_NAME.get(name)
    if one is None or one.kind not in ("choice", "flag"):
        return value
    t = translator()
    keys = {t(words).casefold(): str(number) for number, words in one.choices.items()}
    if one.kind == "flag":
        keys = {t(N_("yes")).casefold(): "yes", t(N_("no")).casefold(): "no"}
    return keys.get(value.strip().casefold(), value)


def _choice_help() -> list[tuple[str, str]]:
    """What may be written for the fields whose values are a choice: the number or the words."""
    t = translator()
    told = []
    for one in FIELDS:
        if one.name in BULK_NAMES and one.kind == "choice":
            words = ", ".join(f"{number} {t(text)}" for number, text in one.choices.items())
            told.append((t(one.label), words))
        elif one.name in BULK_NAMES and one.kind == "flag":
            told.append((t(one.label), f"{t(N_('yes'))}, {t(N_('no'))}"))
    return told


def _record(code: str) -> Any:
    found = records.open_records(db(), [code])
    if found.empty:
        abort(404)
    return found.iloc[0]


def _form(
    template: str,
    code: str,
    problems: list[str] | None = None,
    status: int = 200,
    given: Mapping[str, str] | None = None,
) -> Response:
    record, t = _record(code), translator()
    place = record["geometry"]
    made = groups(record, t)
    inputs: dict[str, Input] = {one.name: one for _, group in made for one in group}
    return render(
        template,
        status=status,
        code=code,
        name=record["name"] or code,
        groups=made,
        inputs=inputs,
        pole_fields=[inputs[name] for name in POLE_FIELDS],
        lon=f"{place.x:.6f}",
        lat=f"{place.y:.6f}",
        declination=f"{declination_deg(place.x, place.y, datetime.now(UTC).date()):.2f}",
        worst_m=f"{WORST_FIX_M:.0f}",
        datums=[(name, t(words)) for name, words in DATUM_WORDS.items()],
        problems=problems or [],
        given=given or {},
        note_most=LONGEST_NOTE,
    )


def _proposed(template: str, code: str, origin: str) -> Response:
    """Take in a form: only what somebody changed in it is proposed, not what changed in the record since."""
    record, given = _record(code), request.form
    shown = {one.name: one.value for _, group in groups(record, translator()) for one in group}
    shown |= {"lon": f"{record['geometry'].x:.6f}", "lat": f"{record['geometry'].y:.6f}"}
    texts = {
        name: given[name]
        for name, value in shown.items()
        if name in given and given[name].strip() != given.get(f"was-{name}", value)
    }
    if {"lon", "lat"} & texts.keys():
        texts |= {"lon": given.get("lon", ""), "lat": given.get("lat", "")}
    try:
        datum = given.get("datum", "wgs84")
        made = propose(
            db(),
            [code],
            texts,
            author=access().account.name,
            origin=origin,
            datum=datum if datum in DATUMS else "wgs84",
            note=given.get("note", "").strip()[:LONGEST_NOTE],
            accuracy_m=_accuracy(given.get("accuracy_m", type=float)),
            photo=small_photograph(request.files.get("photo")) if origin == "pole" else None,
        )
    except LianfangError as refused:
        problems = [_told(refused)]
        if isinstance(refused, InputRefused):
            problems += [said(one, translator()) for one in refused.problems]
        return _form(template, code, problems, 422, given)
    audit("propose", f"camera {code}", cameras=len(made), fields=sorted(texts))
    flash(_proposed_words(len(made)), "success")
    return redirect(f"/cameras/{quote(code, safe='')}")


def _accuracy(metres: float | None) -> float | None:
    """What a phone says of its fix; nothing for what none can say."""
    return metres if metres is not None and 0.0 <= metres <= WORST_FIX_M else None


def _proposed_words(count: int) -> str:
    return ngettext(
        "The change of %(n)s camera was proposed; it counts once it is accepted.",
        "Changes of %(n)s cameras were proposed; they count once they are accepted.",
        count,
        n=translator().number(count),
    )


def _told(refused: LianfangError) -> str:
    return said(refused, translator())
