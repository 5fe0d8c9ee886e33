"""Settings of the site: what holds, what the default is, who changed it; change and reset."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from geo.errors import LianfangError
from web import settings
from web.access import Action, needs
from web.i18n import N_, Translator
from web.refusals import Refused, said
from web.requests import access, audit, db, render, scope, translator
from web.settings import Change, Spec

bp = Blueprint("settings", __name__)

# Analyses and plans look at the whole site, so one town's administrator cannot tune them.
ELSEWHERE = N_("settings hold for the whole site; only an administrator of the whole site changes them")


@bp.get("/settings")
@needs(Action.SETTINGS_CHANGE)
def page() -> Response:
    """All settings."""
    return _page()


@bp.post("/settings/<group>")
@needs(Action.SETTINGS_CHANGE)
def change(group: str) -> Response:
    """Store what was typed into the form of a group."""
    if group not in settings.GROUPS:
        abort(404)
    specs = [spec for spec in settings.SETTINGS if spec.group == group]
    try:
        _refuse_elsewhere()
        held = settings.stored(db())
        wanted = {
            spec.name: spec.parsed(request.form[spec.name])
            for spec in specs
            if spec.name in request.form
            # What stands there unchanged is not stored again: a form shows fewer digits than a default has.
            and request.form[spec.name].strip() != spec.typed(_value(spec, held))
        }
        made = settings.change(db(), wanted, author=access().account.name, now=datetime.now(UTC))
    except LianfangError as refused:
        return _page(refused, group)
    return _told(made, group)


@bp.post("/settings/<group>/reset")
@needs(Action.SETTINGS_CHANGE)
def reset(group: str) -> Response:
    """Give one setting its default back."""
    name = request.form.get("name", "")
    try:
        _refuse_elsewhere()
        if name not in settings.BY_NAME or settings.BY_NAME[name].group != group:
            raise Refused(N_("there is no setting “%(name)s”"), name=name[:60])
        made = settings.reset(db(), name, author=access().account.name, now=datetime.now(UTC))
    except LianfangError as refused:
        return _page(refused, group)
    return _told(made, group)


def _refuse_elsewhere() -> None:
    if not scope().everywhere:
        raise Refused(ELSEWHERE)


def _told(made: list[Change], group: str) -> Response:
    t = translator()
    for one in made:
        spec = settings.BY_NAME[one.name]
        audit("change", f"setting {one.name}", before=one.before, after=one.after)
        flash(
            gettext("%(what)s is now %(value)s.", what=t(spec.title), value=in_words(spec, one.after, t)),
            "success",
        )
    if not made:
        flash(gettext("Nothing was changed."), "info")
    return redirect(url_for("settings.page", _anchor=group))


def _value(spec: Spec, held: dict[str, settings.Stored]) -> Any:
    return held[spec.name].value if spec.name in held else spec.default


def in_words(spec: Spec, value: Any, t: Translator) -> str:
    """A value with its unit."""
    if spec.kind == "choice":
        return t(spec.words.get(value, str(value)))
    if isinstance(value, str):
        return value or gettext("none")
    unit = "%" if spec.kind == "share" else t(spec.unit)
    return f"{spec.typed(value)} {unit}".strip()


def _page(refused: Exception | None = None, group: str = "") -> Response:
    t = translator()
    held = settings.stored(db())
    typed = request.form if refused else {}
    shown = {
        key: [
            {
                "spec": spec,
                "typed": typed.get(spec.name, spec.typed(_value(spec, held))),
                "default": in_words(spec, spec.default, t),
                "changed": held.get(spec.name),
            }
            for spec in settings.SETTINGS
            if spec.group == key
        ]
        for key in settings.GROUPS
    }
    return render(
        "settings/page.html",
        status=422 if refused else 200,
        groups=settings.GROUPS,
        shown=shown,
        changed_count=len(held),
        writable=scope().everywhere,
        elsewhere=ELSEWHERE,
        refused=said(refused, t) if refused else "",
        refused_group=group,
    )
