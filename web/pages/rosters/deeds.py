"""What is done to a roster: swaps, marks, leaders, undo, made again, published, withdrawn, removed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import flash, redirect, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from geo.errors import InputRefused, LianfangError
from patrols.services import rostering
from web.access import Action, needs
from web.pages.rosters.blueprint import bp
from web.pages.rosters.ordering import RUNNING, last_job, ordered
from web.pages.rosters.views import page, seen_roster
from web.requests import access, audit, db


@bp.post("/<int:number>/swap")
@needs(Action.PLANS_MAKE)
def swap(number: int) -> Response:
    """Exchange two entries."""
    return _deed(
        number,
        lambda: rostering.swap(db(), number, _entry("one"), _entry("other"), **_who()),
        gettext("The two entries are swapped."),
        swap=[request.form.get("one", ""), request.form.get("other", "")],
    )


@bp.post("/<int:number>/mark")
@needs(Action.PLANS_MAKE)
def mark(number: int) -> Response:
    """Fix a team in a turn, forbid it there, or leave it open."""
    given = request.form
    return _deed(
        number,
        lambda: rostering.mark(
            db(), number, _turn("turn"), given.get("team", ""), given.get("state", ""), **_who()
        ),
        gettext("Stored; make the roster again for it to take effect."),
        team=given.get("team", ""),
    )


@bp.post("/<int:number>/leader")
@needs(Action.PLANS_MAKE)
def lead(number: int) -> Response:
    """Say who leads a turn for the police."""
    return _deed(
        number,
        lambda: rostering.name_leader(
            db(), number, _turn("led_turn"), request.form.get("leader", ""), **_who()
        ),
        gettext("The police leader is stored with the roster."),
    )


@bp.post("/<int:number>/again")
@needs(Action.PLANS_MAKE)
def again(number: int) -> Response:
    """Ask for it to be made anew; what is fixed and forbidden stays."""
    head = seen_roster(number)
    try:
        rostering.posed_again(db(), number)
        job = last_job(number)
        if job is not None and job.status in RUNNING:
            raise InputRefused(gettext("This roster is being made again already; wait for it, or stop it."))
    except LianfangError as refused:
        db().rollback()
        return page(number, refused=refused, status=422)
    zone = {
        "id": head["zone_id"],
        "code": head["zone_code"],
        "name": head["zone"],
        "name_en": head["zone_en"],
    }
    ordered(zone, head["first"], head["last"], {"again": number}, f"roster {number}")
    return redirect(f"/rosters/{number}")


@bp.post("/<int:number>/undo")
@needs(Action.PLANS_MAKE)
def undo(number: int) -> Response:
    """Take the newest change back."""
    return _deed(
        number, lambda: rostering.undo(db(), number), gettext("The newest change is taken back."), "undo"
    )


@bp.post("/<int:number>/publish")
@needs(Action.PLANS_PUBLISH)
def publish(number: int) -> Response:
    """Let everybody of the zone see it, and shifts be planned by it."""
    return _deed(
        number,
        lambda: rostering.publish(db(), number, **_who()),
        gettext("The roster is published: shifts of its turns are planned with its teams."),
        "publish",
    )


@bp.post("/<int:number>/withdraw")
@needs(Action.PLANS_PUBLISH)
def withdraw(number: int) -> Response:
    """Make it a draft again."""
    return _deed(
        number, lambda: rostering.withdraw(db(), number), gettext("The roster is a draft again."), "withdraw"
    )


@bp.post("/<int:number>/remove")
@needs(Action.PLANS_MAKE)
def remove(number: int) -> Response:
    """Remove a draft."""
    return _deed(
        number,
        lambda: rostering.remove(db(), number),
        gettext("The roster is removed."),
        "remove",
        to="/rosters",
    )


def _deed(
    number: int,
    deed: Callable[[], None],
    done: str,
    event: str = "change",
    *,
    to: str = "",
    **detail: Any,
) -> Response:
    """Do it and write it down; a refusal is told on the roster's page."""
    head = seen_roster(number)
    try:
        deed()
    except LianfangError as refused:
        db().rollback()
        return page(number, refused=refused, status=422)
    audit(event, f"roster {number}", zone=head["zone_code"], **detail)
    flash(done, "success")
    return redirect(to or f"/rosters/{number}")


def _who() -> dict[str, Any]:
    return {"author": access().account.name, "now": datetime.now(UTC)}


def _turn(name: str) -> int:
    value = request.form.get(name, "")
    if not value.isdecimal():
        raise InputRefused(gettext("Choose a turn."))
    return int(value)


def _entry(name: str) -> tuple[int, str]:
    turn, _, team = request.form.get(name, "").partition(":")
    if not turn.isdecimal() or not team:
        raise InputRefused(gettext("Choose two entries to swap."))
    return int(turn), team
