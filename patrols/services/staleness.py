"""Which plans are stale, and why: what they stand on against the present."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy.orm import Session

from geo import repository as places
from geo.errors import Sentence
from geo.roads import road_revision
from patrols import repository
from patrols.hours import Terms
from patrols.problem import CrossRule
from patrols.repository import basis as store
from patrols.services.duty_stops import duties_basis
from patrols.services.rostering import serving_here
from patrols.services.spanning import earlier_basis, earlier_visits
from patrols.stale import basis_of_document, changes


def stale_reasons(
    session: Session, numbers: Sequence[int], *, roads: Callable[[], str] | None = None
) -> dict[int, list[Sentence]]:
    """Why each of some plans is stale; an empty list for a plan that is not.

    The session must see the whole site: the streets and gaps a plan stands on lie also where its reader does
    not look.

    Parameters
    ----------
    numbers : sequence of int
        Ids of plans; unknown ones are left out of the answer.
    roads : callable, optional
        Gives the revision of the streets now, where the caller knows it already: to read them all takes
        seconds in a large site.
    """
    heads = store.heads(session, numbers)
    if not heads:
        return {}
    revision = roads() if roads else present_roads(session)
    analysis = repository.latest_analysis_id(session)
    zones: dict[str, dict[str, Any]] = {}
    found = {}
    for head in heads:
        if head["zone"] not in zones:
            zones[head["zone"]] = _zone_basis(session, head["zone"], analysis)
        zone = zones[head["zone"]]
        now = {**zone["basis"], "roads": revision}
        if zone["teams"] is not None:
            now["teams"] = teams_basis(
                serving_here(session, head["zone"], zone["teams"], head["start"], head["end"])[0]
            )
        if zone["id"] is not None:
            now["duties"] = duties_basis(session, zone["id"], head["start"], head["end"])
        then = head["basis"] or basis_of_document(head["document"] or {})
        if zone["id"] is not None and "earlier" in then:
            within = CrossRule(**zone["basis"]["zone"]["rule"]).within
            drafts = [int(number) for number in then["earlier"]]
            earlier = earlier_visits(session, zone["id"], within, head["start"], drafts)
            now["earlier"] = earlier_basis(earlier)
        found[int(head["id"])] = changes({**then, "roads": head["road_revision"]}, now)
    return found


def present_roads(session: Session) -> str:
    """The revision of the streets now."""
    return road_revision(places.edges(session))


def plan_basis(session: Session, zone: str, analysis: int | None, start: datetime, end: datetime) -> Any:
    """What a plan of a zone and shift made now stands on, as it is stored with the plan."""
    found = _zone_basis(session, zone, analysis)
    basis = found["basis"]
    if found["teams"] is not None:
        basis["teams"] = teams_basis(serving_here(session, zone, found["teams"], start, end)[0])
    if found["id"] is not None:
        basis["duties"] = duties_basis(session, found["id"], start, end)
    return basis


def _zone_basis(session: Session, code: str, analysis: int | None) -> dict[str, Any]:
    """The part of a basis that all plans of a zone share, and the zone's teams (None without a zone)."""
    zone = store.zone_now(session, code)
    basis: dict[str, Any] = {"zone": None, "analysis": analysis, "gaps": None}
    if zone is None:
        # Without its zone nothing else can be compared.
        return {"basis": {"zone": None}, "teams": None, "id": None}
    basis["zone"] = {name: zone[name] for name in ("rule", "members", "area")}
    if analysis is not None:
        basis["gaps"] = store.gaps_mark(session, analysis, zone["id"])
    return {"basis": basis, "teams": repository.teams(session, zone["id"]), "id": zone["id"]}


def teams_basis(teams: gpd.GeoDataFrame) -> dict[str, dict[str, Any]]:
    """Teams as a basis keeps them: village, mode, hours, terms, base (degrees), flight; by code.

    Hours of a date are ISO 8601 in UTC, those of the day and breaks as people write them.
    """
    return {str(row["code"]): _team_basis(row, Terms.of_row(row)) for row in teams.to_dict("records")}


def _team_basis(row: dict[str, Any], terms: Terms) -> dict[str, Any]:
    flight = {} if pd.isna(row["range_m"]) else {name: row[name] for name in ("range_m", "endurance_s")}
    return {
        "village": None if pd.isna(row["village"]) else row["village"],
        "mode": row["mode"],
        "starts_at": _moment(row["starts_at"]),
        "ends_at": _moment(row["ends_at"]),
        "daily": terms.hours_text,
        "daytime": terms.daytime_only,
        "breaks": terms.breaks_text,
        "pace": terms.pace_percent,
        "keep_out": sorted(terms.keep_out),
        "partners": sorted(terms.partners),
        "lon": row["geometry"].x,
        "lat": row["geometry"].y,
        **flight,
    }


def _moment(at: Any) -> str | None:
    return None if pd.isna(at) else pd.Timestamp(at).tz_convert("UTC").isoformat()
