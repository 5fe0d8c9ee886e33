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
from patrols.repository import basis as store
from patrols.services.duty import on_duty
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
            now["teams"] = teams_basis(on_duty(zone["teams"], head["start"], head["end"])[0])
        then = head["basis"] or basis_of_document(head["document"] or {})
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
        basis["teams"] = teams_basis(on_duty(found["teams"], start, end)[0])
    return basis


def _zone_basis(session: Session, code: str, analysis: int | None) -> dict[str, Any]:
    """The part of a basis that all plans of a zone share, and the zone's teams (None without a zone)."""
    zone = store.zone_now(session, code)
    basis: dict[str, Any] = {"zone": None, "analysis": analysis, "gaps": None}
    if zone is None:
        # Without its zone nothing else can be compared.
        return {"basis": {"zone": None}, "teams": None}
    basis["zone"] = {name: zone[name] for name in ("rule", "members", "area")}
    if analysis is not None:
        basis["gaps"] = store.gaps_mark(session, analysis, zone["id"])
    return {"basis": basis, "teams": repository.teams(session, zone["id"])}


def teams_basis(teams: gpd.GeoDataFrame) -> dict[str, dict[str, Any]]:
    """Teams as a basis keeps them: village, mode, hours (ISO 8601, UTC), base (degrees), flight; by code."""
    return {
        str(row.code): {
            "village": None if pd.isna(row.village) else row.village,
            "mode": row.mode,
            "starts_at": _moment(row.starts_at),
            "ends_at": _moment(row.ends_at),
            "lon": row.geometry.x,
            "lat": row.geometry.y,
            **({} if pd.isna(row.range_m) else {"range_m": row.range_m, "endurance_s": row.endurance_s}),
        }
        for row in teams.itertuples(index=False)
    }


def _moment(at: Any) -> str | None:
    return None if pd.isna(at) else pd.Timestamp(at).tz_convert("UTC").isoformat()
