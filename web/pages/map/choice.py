"""Which analysis and plan the map shows: those the address asks for, else the newest that may be seen.

A proposal of cameras is shown only where the address asks for one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import pandas as pd
from flask import abort, request

from cameras.repository import on_map as cameras
from cameras.repository import siting as store
from geo.scope import NOWHERE, Scope
from patrols.repository import on_map as patrols
from web.access import Action
from web.chosen import may_choose_analysis
from web.requests import access, db, may

MOST_CHOICES = 50
DEFAULT_LEVEL = "observe"


@dataclass(frozen=True)
class Analysis:
    """An analysis as the map needs it; times tz-aware."""

    id: int
    start: datetime
    end: datetime
    level: str
    dimension: str
    slot_min: int
    created_at: datetime


@dataclass(frozen=True)
class Plan:
    """A plan as the map needs it; times tz-aware."""

    id: int
    status: str
    start: datetime
    end: datetime
    zone: str
    zone_en: str | None
    crossed: int
    reachable: int
    violations: int


@dataclass(frozen=True)
class Siting:
    """A proposal of cameras as the map needs it: whose jurisdiction, and the share of the gap it closes."""

    id: int
    created_at: datetime
    place: str
    place_en: str | None
    closed: float | None


@dataclass(frozen=True)
class Choice:
    """What is chosen, and what else there is to choose: nothing where there is no right to choose."""

    analysis: Analysis | None
    plan: Plan | None
    siting: Siting | None
    analyses: tuple[Analysis, ...]
    plans: tuple[Plan, ...]
    sitings: tuple[Siting, ...]

    def query(self) -> dict[str, int]:
        """The choice as an address says it."""
        chosen = {"analysis": self.analysis, "plan": self.plan, "siting": self.siting}
        return {name: one.id for name, one in chosen.items() if one is not None}


def reach(action: Action) -> Scope:
    """Where whoever asks may do `action`; nowhere without the right."""
    return access().scope(action) if may(action) else NOWHERE


def chosen() -> Choice:
    """The choice of this request; 404 for an analysis, plan or proposal not there for whoever asks."""
    analyses = tuple(_analysis(row) for row in rows_of(cameras.analyses(db(), MOST_CHOICES)))
    analysis = analyses[0] if analyses else None
    if may_choose_analysis(access()):
        asked = asked_number("analysis")
        if asked is not None:
            analysis = _asked_analysis(asked, analyses)
    else:
        # Shares are of the newest analysis; which others there were is not for everybody.
        analyses = ()
    published, drafts = reach(Action.PLANS_VIEW), reach(Action.PLANS_VIEW_DRAFTS)
    plans = tuple(_plan(row) for row in rows_of(patrols.plans(db(), published, drafts, MOST_CHOICES)))
    plan = plans[0] if plans else None
    asked = asked_number("plan")
    if asked is not None:
        found = patrols.plan_of(db(), asked, published, drafts)
        plan = _plan(found) if found else abort(404)
    cameras_seen = reach(Action.CAMERAS_VIEW)
    sitings = tuple(_siting(row) for row in rows_of(store.proposals(db(), cameras_seen, MOST_CHOICES)))
    siting, asked = None, asked_number("siting")
    if asked is not None:
        found = store.proposal_in(db(), asked, cameras_seen)
        siting = _siting(found) if found else abort(404)
    return Choice(analysis, plan, siting, analyses, plans, sitings)


def chosen_analysis() -> Analysis | None:
    """The analysis of this request alone, for lists and cards; see `chosen`."""
    asked = asked_number("analysis")
    if asked is not None and may_choose_analysis(access()):
        return _asked_analysis(asked, ())
    newest = rows_of(cameras.analyses(db(), 1))
    return _analysis(newest[0]) if newest else None


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a frame with None for what is missing."""
    return cast("list[dict[str, Any]]", frame.astype(object).where(frame.notna(), None).to_dict("records"))


def asked_number(name: str) -> int | None:
    """A whole number from the address; None without one, 404 for what is none."""
    text = request.args.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        abort(404)
    return int(text)


def _asked_analysis(asked: int, known: tuple[Analysis, ...]) -> Analysis:
    for one in known:
        if one.id == asked:
            return one
    found = cameras.analysis_of(db(), asked)
    return _analysis(found) if found else abort(404)


def _analysis(row: dict[str, Any]) -> Analysis:
    return Analysis(
        int(row["id"]),
        row["start"],
        row["end"],
        str(row["level"]),
        str(row["dimension"]),
        int(row["slot_min"]),
        row["created_at"],
    )


def _plan(row: dict[str, Any]) -> Plan:
    return Plan(
        int(row["id"]),
        str(row["status"]),
        row["start"],
        row["end"],
        str(row["zone"]),
        row["zone_en"],
        int(row["crossed"]),
        int(row["reachable"]),
        len(row["violations"]),
    )


def _siting(row: dict[str, Any]) -> Siting:
    return Siting(
        int(row["id"]), row["created_at"], str(row["place"] or row["path"]), row["place_en"], row["closed"]
    )
