"""The blueprint that the modules of camera audits share, and what all of their pages show."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from flask import Blueprint

from geo.errors import InputRefused, Sentence
from web import narrowing
from web.access import Action
from web.forms import EARLIEST, LATEST
from web.i18n import N_
from web.requests import access, scope, translator

bp = Blueprint("checks", __name__, url_prefix="/checks")

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


def one_area() -> str | None:
    """The jurisdiction that something is done for: the one chosen, else all of the scope (None: the site).

    Raises
    ------
    InputRefused
        When the scope has several and none is chosen.
    """
    path = narrowing.chosen()
    if path is not None or scope().everywhere:
        return path
    if len(scope().paths) == 1:
        return scope().paths[0]
    raise InputRefused(
        Sentence("you have rights in several jurisdictions; choose one of them at the top of the page first")
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
