"""The blueprint that the modules of camera audits share, and what all of their pages show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from flask import Blueprint, request

from geo.errors import InputRefused, Sentence
from web import i18n, narrowing
from web.access import Action
from web.forms import EARLIEST, LATEST
from web.i18n import N_
from web.requests import access, db, scope, translator
from web.tabular.query import is_path

bp = Blueprint("checks", __name__, url_prefix="/checks")

WHOLE = N_("the whole site")
# What lies above one's own area is not seen by its name.
ABOVE = N_("a larger jurisdiction")
NOT_CLOSED = "open,assigned,accepted"
TABS = (
    (f"/checks?state={NOT_CLOSED}", N_("Findings")),
    ("/checks/rates", N_("Rates")),
    ("/checks/places", N_("Built and to be built")),
    ("/checks/maintenance", N_("Planned maintenance")),
    ("/checks/assessed", N_("Assessed lists")),
)


def tabs() -> list[tuple[str, str, None]]:
    """The pages of camera audits, for `components/tabs.html`."""
    t = translator()
    return [(href, t(name), None) for href, name in TABS]


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The day it is on the site."""
    return datetime.now(translator().zone).date()


def may_edit() -> bool:
    """Whether whoever asks may change camera records anywhere."""
    return access().may(Action.CAMERAS_EDIT)


@dataclass(frozen=True)
class Target:
    """The jurisdiction that a form acts on: what it sends back, its name, and why it cannot be done there."""

    value: str | None
    name: str
    problem: InputRefused | None = None


def target() -> Target:
    """What the forms of a page act on: the jurisdiction chosen, else all where records may be changed."""
    edit, path = access().scope(Action.CAMERAS_EDIT), narrowing.chosen()
    if path is None and edit.everywhere:
        return Target("", translator()(WHOLE))
    if path is None and len(edit.paths) != 1:
        return Target(None, translator()(N_("All of my area")), _several())
    path = path or edit.paths[0]
    name = narrowing.named(db(), [path], i18n.negotiated(request)).get(path, path)
    return Target(path, name, None if edit.covers(path) else _elsewhere(name))


def one_area() -> str | None:
    """The jurisdiction that the form named (None: the whole site); the choice of the page is no matter here.

    The page is shown where cameras may be seen, and this is done where they may be changed: what lies outside
    is refused, never swapped for one's own area.

    Raises
    ------
    InputRefused
        When the form names none, or one where whoever asks may not change records.
    """
    asked = request.form.get("area")
    if asked is None:
        raise (
            _several()
            if len(scope().paths) > 1
            else InputRefused(Sentence("the form does not say for which jurisdiction; open the page again"))
        )
    if not asked:
        if scope().everywhere:
            return None
        raise _elsewhere(Sentence(WHOLE))
    if is_path(asked) and asked in narrowing.named(db(), [asked], "zh"):
        return asked
    # Where it may be seen, it is called by its name.
    known = [asked] if is_path(asked) else []
    names = narrowing.named(db(Action.CAMERAS_VIEW), known, i18n.negotiated(request))
    raise _elsewhere(names.get(asked, asked[:40]))


def _several() -> InputRefused:
    return InputRefused(
        Sentence("you have rights in several jurisdictions; choose one of them at the top of the page first")
    )


def _elsewhere(where: str | Sentence) -> InputRefused:
    return InputRefused(
        Sentence(
            "you may not change camera records in %(where)s; choose a jurisdiction where you may at the top "
            "of the page",
            where=where,
        )
    )


def day(value: str, what: str) -> date:
    """A day that a person gave.

    Raises
    ------
    InputRefused
    """
    try:
        return date.fromisoformat(value.strip())
    except ValueError as error:
        raise InputRefused(
            Sentence(
                "%(what)s: “%(value)s” is not a day; write it as 2026-11-22",
                what=Sentence(what),
                value=value[:40],
            )
        ) from error


def month_of(value: str) -> date:
    """The first day of a month written as 2026-11.

    Raises
    ------
    InputRefused
    """
    try:
        month = date.fromisoformat(f"{value.strip()}-01")
    except ValueError as error:
        raise InputRefused(
            Sentence("“%(value)s” is not a month; write it as 2026-11", value=value[:40])
        ) from error
    if not EARLIEST <= month.year < LATEST:
        raise InputRefused(
            Sentence("the month %(value)s lies outside the years 2000 to 2199; correct it", value=value[:40])
        )
    return month


def given(form: Any, *names: str) -> dict[str, str]:
    """Fields of a form as texts, "" where they are left out."""
    return {name: str(form.get(name, "")).strip() for name in names}
