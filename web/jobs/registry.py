"""Which kinds of jobs there are: how each reads what it was asked, and the plain function that does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from sqlalchemy.orm import Session

from geo.errors import LianfangError
from web.jobs.telling import Tell
from web.jobs.words import Words

BODIES = (
    "web.jobs.bodies.analysis",
    "web.jobs.bodies.updating",
    "web.jobs.bodies.siting",
    "web.jobs.bodies.plan",
    "web.jobs.bodies.going_on",
    "web.jobs.bodies.by_hand",
    "web.jobs.bodies.roster",
    "web.jobs.bodies.importing",
    "web.jobs.bodies.basemap",
    "web.jobs.bodies.demo",
    "web.jobs.bodies.own",
    "web.jobs.bodies.checking",
    "web.jobs.bodies.learning",
)
"""Modules that register a kind. Light to import: what takes seconds to load is imported when it runs."""


@dataclass(frozen=True)
class Outcome:
    """What a finished job leaves to be shown.

    Parameters
    ----------
    url : str or None
        The page of what it made.
    summary : Words
        One sentence.
    details : mapping
        Figures and rows for the page of the subject; JSON.
    """

    url: str | None
    summary: Words
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """What is stored."""
        return {"url": self.url, "summary": self.summary.as_json(), "details": dict(self.details)}


Reader = Callable[[Mapping[str, Any]], Any]
"""Makes the body's own form of the arguments; LianfangError names the one that will not do."""

Body = Callable[[Session, Any, Tell], Outcome]
"""Does the work in the session's one transaction and never commits."""


@dataclass(frozen=True)
class Kind:
    """A kind of job."""

    name: str
    read: Reader
    body: Body


_kinds: dict[str, Kind] = {}


def job(name: str, *, read: Reader = dict) -> Callable[[Body], Body]:
    """Register the body of a kind of job.

    Parameters
    ----------
    name : str
        Stored with every job of the kind.
    read : callable
        Asked when the job is enqueued, so that a wrong argument is refused at the door, and when it runs.
    """

    def register(body: Body) -> Body:
        _kinds[name] = Kind(name, read, body)
        return body

    return register


def kind_of(name: str) -> Kind:
    """A registered kind; LianfangError where the program has none of this name."""
    for module in BODIES:
        import_module(module)
    if name not in _kinds:
        raise LianfangError(f"this program knows no job of kind {name!r}; it has {', '.join(sorted(_kinds))}")
    return _kinds[name]
