"""The jurisdiction that somebody has narrowed the lists to: `?in=<path>`, kept with their sign-in.

It decides nothing about rights: the scope of the session does, and a path outside it leaves lists empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from flask import Flask, g, request
from flask import session as cookie
from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from geo.scope import Scope
from geo.tables import Jurisdiction
from web import i18n
from web.requests import db, scope, signed_in
from web.tabular.query import is_path

COOKIE_KEY = "in"
MOST_CHOICES = 40
LONGEST_QUERY = 80


@dataclass(frozen=True)
class Choice:
    """A jurisdiction to choose: its name, and the names of those it lies in."""

    path: str
    label: str
    place: str


def init_app(app: Flask) -> None:
    """Take `?in=` from every address, and tell the page frame what is chosen."""

    @app.before_request
    def take() -> None:
        if "in" not in request.args or not signed_in():
            return
        asked = request.args["in"]
        if not asked:
            cookie.pop(COOKIE_KEY, None)
        elif is_path(asked):
            cookie[COOKIE_KEY] = asked

    @app.context_processor
    def told() -> dict[str, Any]:
        return {"narrowing": chosen_name}


def chosen() -> str | None:
    """Path of the jurisdiction chosen; None for all of somebody's area.

    One that is not there, any more or where this view may look, counts as none.
    """
    found = _found()
    return found[0] if found else None


def area() -> Scope:
    """Where this view looks: the jurisdiction chosen, else all of the scope."""
    path = chosen()
    return scope() if path is None else Scope.of([path])


def chosen_name() -> str | None:
    """Name of the jurisdiction chosen, in the reader's language."""
    found = _found()
    return found[1] if found else None


def _found() -> tuple[str, str] | None:
    path = cookie.get(COOKIE_KEY)
    if not (isinstance(path, str) and is_path(path)):
        return None
    if g.get("narrowed_to", ("", ""))[0] != path:
        names = named(db(), [path], i18n.negotiated(request))
        if path not in names:
            return None
        g.narrowed_to = (path, names[path])
    return cast("tuple[str, str]", g.narrowed_to)


def named(session: Session, paths: Sequence[str], lang: str) -> dict[str, str]:
    """Names of the jurisdictions at these paths, as far as the session sees them."""
    statement = select(Jurisdiction.path, Jurisdiction.name, Jurisdiction.name_en).where(
        Jurisdiction.path.in_(paths)
    )
    return {path: _said(name, name_en, lang) for path, name, name_en in session.execute(statement)}


def choices(
    session: Session, query: str, lang: str, *, area: Scope, within: str | None = None
) -> tuple[list[Choice], bool]:
    """Jurisdictions of somebody's area to choose from, and whether there are more.

    Without a query: those directly in `within`, else the uppermost two levels of `area`, which is the scope
    of the session. With one: those whose name holds it or whose code begins with it, upper levels first.
    """
    query = query.strip()[:LONGEST_QUERY]
    statement = select(Jurisdiction.path, Jurisdiction.name, Jurisdiction.name_en)
    if query:
        begins = Jurisdiction.name.istartswith(query, autoescape=True)
        statement = statement.where(
            or_(
                Jurisdiction.name.icontains(query, autoescape=True),
                Jurisdiction.name_en.icontains(query, autoescape=True),
                Jurisdiction.code.istartswith(query, autoescape=True),
            )
        ).order_by(case((begins, 0), else_=1), Jurisdiction.level, Jurisdiction.path)
    elif within is not None:
        level = within.count(".") + 1
        inside = Jurisdiction.path.op("<@")(func.text2ltree(within))
        statement = statement.where(inside, Jurisdiction.level.between(level - 1, level)).order_by(
            Jurisdiction.level, Jurisdiction.path
        )
    else:
        top = min((path.count(".") for path in area.paths), default=0)
        statement = statement.where(Jurisdiction.level <= top + 1).order_by(
            Jurisdiction.level, Jurisdiction.path
        )
    rows = session.execute(statement.limit(MOST_CHOICES + 1)).all()
    shown = rows[:MOST_CHOICES]
    above = {path: _above(path) for path, _, _ in shown}
    names = named(session, list({one for paths in above.values() for one in paths}), lang)
    made = [
        Choice(
            path,
            _said(name, name_en, lang),
            " › ".join(names[one] for one in above[path] if one in names),
        )
        for path, name, name_en in shown
    ]
    return made, len(rows) > MOST_CHOICES


def _above(path: str) -> list[str]:
    """Paths of the jurisdictions that one lies in, the uppermost first."""
    parts = path.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def _said(name: str, name_en: str | None, lang: str) -> str:
    return name if lang == "zh" else name_en or name
