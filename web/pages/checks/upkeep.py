"""Planned maintenance and assessed lists."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask import abort, flash, redirect, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from cameras.choices import POINT_CLASSES
from cameras.repository import audits
from cameras.tables import AssessedList, Maintenance
from geo.errors import InputRefused
from web import i18n, narrowing
from web.access import Action, needs
from web.forms import local_moment
from web.pages.checks.blueprint import (
    ABOVE,
    WHOLE,
    bp,
    given,
    may_edit,
    month_of,
    now,
    one_area,
    tabs,
    target,
    today,
)
from web.pages.checks.tables import ASSESSED, ASSESSED_CAMERAS, MAINTENANCE
from web.requests import access, audit, db, translator
from web.tabular.view import table_view


@bp.get("/maintenance")
@needs(Action.CAMERAS_VIEW)
def maintenance() -> Response:
    """What is registered, and a form for more."""
    return _maintenance()


@bp.post("/maintenance")
@needs(Action.CAMERAS_EDIT)
def register() -> Response:
    """Register planned maintenance."""
    from cameras.services.upkeep import register_maintenance

    asked = given(request.form, "start", "end", "unit", "codes", "reason")
    zone = translator().zone
    try:
        number = register_maintenance(
            db(),
            codes=re.split(r"[\s,;，；、]+", asked["codes"]),
            unit=asked["unit"],
            start=local_moment(asked["start"], zone, gettext("From")),
            end=local_moment(asked["end"], zone, gettext("To")),
            reason=asked["reason"],
            author=access().account.name,
            now=now(),
        )
    except InputRefused as refused:
        return _maintenance(refused, asked, 422)
    path = db().get_one(Maintenance, number).jurisdiction_path
    audit("add", f"maintenance {number}", path=path, unit=asked["unit"], reason=asked["reason"])
    flash(gettext("The maintenance is registered; the rates leave its cameras out for that time."), "success")
    return redirect("/checks/maintenance", 303)


@bp.post("/maintenance/<int:number>/withdraw")
@needs(Action.CAMERAS_EDIT)
def withdraw(number: int) -> Response:
    """End a planned maintenance before its time."""
    from cameras.services.upkeep import withdraw_maintenance

    found = db().get(Maintenance, number)
    if found is None:
        abort(404)
    try:
        withdraw_maintenance(db(), number, author=access().account.name, now=now())
    except InputRefused as refused:
        return _maintenance(refused, status=422)
    audit("withdraw", f"maintenance {number}", path=found.jurisdiction_path)
    flash(gettext("Withdrawn: from now on its cameras count again."), "success")
    return redirect("/checks/maintenance", 303)


@bp.get("/assessed")
@needs(Action.CAMERAS_VIEW)
def assessed() -> Response:
    """The lists of all months, and a form to freeze one."""
    return _assessed()


@bp.post("/assessed")
@needs(Action.CAMERAS_EDIT)
def freeze() -> Response:
    """Freeze the list of a month."""
    from cameras.services.upkeep import freeze_list

    asked = given(request.form, "month", "point_class")
    try:
        chosen = asked["point_class"]
        head = freeze_list(
            db(),
            month=month_of(asked["month"]),
            within=one_area(),
            point_class=int(chosen) if chosen in map(str, POINT_CLASSES) else None,
            author=access().account.name,
            now=now(),
        )
    except InputRefused as refused:
        # What was half stored goes; the page is read anew.
        db().rollback()
        return _assessed(refused, asked, 422)
    audit(
        "add", f"assessed list {head.id}", path=head.within_path, month=asked["month"], cameras=head.cameras
    )
    flash(gettext("The list is frozen: the rates of the month are counted on it."), "success")
    return redirect(f"/checks/assessed/{head.id}", 303)


@bp.get("/assessed/<int:number>")
@needs(Action.CAMERAS_VIEW)
def assessed_list(number: int) -> Response:
    """The cameras on a list, as far as they are seen."""
    found = db().get(AssessedList, number)
    if found is None:
        abort(404)
    return table_view(
        ASSESSED_CAMERAS,
        "checks/assessed_list.html",
        parameters={"lang": i18n.negotiated(request), "list": number},
        head=found,
    )


def _maintenance(
    error: InputRefused | None = None, asked: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    area = narrowing.area()
    answer = table_view(
        MAINTENANCE,
        "checks/maintenance.html",
        parameters={"now": now(), "paths": None if area.everywhere else list(area.paths)},
        tabs=tabs(),
        units=audits.units(db()),
        may_edit=may_edit(),
        error=error,
        asked=asked or {},
    )
    answer.status_code = status
    return answer


def _assessed(
    error: InputRefused | None = None, asked: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    t, area = translator(), narrowing.area()
    answer = table_view(
        ASSESSED,
        "checks/assessed.html",
        parameters={
            "lang": i18n.negotiated(request),
            "everywhere": t(WHOLE),
            "above": t(ABOVE),
            "paths": None if area.everywhere else list(area.paths),
        },
        tabs=tabs(),
        may_edit=may_edit(),
        target=target(),
        classes=[(number, t(words)) for number, words in POINT_CLASSES.items()],
        month=f"{today():%Y-%m}",
        error=error,
        asked=asked or {},
    )
    answer.status_code = status
    return answer
