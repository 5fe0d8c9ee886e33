"""A stored plan as its teams get it."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy.orm import Session

from geo.crs import to_metric
from geo.services import current_site, site_crs
from patrols.corners import corners
from patrols.repository import duty as store
from patrols.repository import of_plan
from web.duty.content import Duty, Stop, Team, Visit
from web.i18n import N_, Translator
from web.maps.words import TEAM_COLOURS


def duty_of(session: Session, plan: dict[str, Any], t: Translator) -> Duty:
    """What may be handed out of a plan, in the translator's language.

    Parameters
    ----------
    session : Session
        In a scope that sees the plan's zone.
    plan : dict
        As `patrols.repository.of_plan.plan`.
    t : Translator
    """
    site, crs = current_site(session), site_crs(session)
    streets = to_metric(store.streets(session, plan["zone_id"]), crs)
    teams, stops = store.teams(session, plan["id"]), store.stops(session, plan["id"])
    legs = store.legs(session, plan["id"])
    known = {
        row["stop_id"]: Stop(
            row["stop_id"], int(row["number"]), place, _named(row, "village", t), row["geometry"]
        )
        for row, place in zip(stops.to_dict("records"), _places(stops, streets, t), strict=True)
    }
    bases = _places(teams, streets, t)
    return Duty(
        plan=plan["id"],
        zone=_named(plan, "zone", t),
        zone_code=plan["zone_code"],
        start=plan["start"],
        end=plan["end"],
        draft=plan["status"] != "published",
        made_at=plan["created_at"],
        teams=[
            _team(row, base, legs[legs["team_id"] == row["id"]], known, plan, t)
            for row, base in zip(teams.to_dict("records"), bases, strict=True)
        ],
        stops=list(known.values()),
        area=of_plan.zone_shape(session, plan["zone_id"]).geometry.iloc[0],
        streets=streets,
        site=_named({"name": site.name, "name_en": site.name_en}, "name", t),
        attribution=site.attribution,
    )


def colour_of(number: int) -> str:
    """The colour of a team by its number in a plan, from 1."""
    return TEAM_COLOURS[(number - 1) % len(TEAM_COLOURS)]


def _named(row: dict[str, Any], name: str, t: Translator) -> str:
    """A name in the reader's language where it has one, else in the other; "" without."""
    keys = (name, f"{name}_en") if t.lang == "zh" else (f"{name}_en", name)
    return next((str(row[key]) for key in keys if not pd.isna(row[key]) and row[key]), "")


def _places(points: gpd.GeoDataFrame, streets: gpd.GeoDataFrame, t: Translator) -> list[str]:
    """How each point is told by streets, in order."""
    if points.empty:
        return []
    told = corners(to_metric(points, streets.crs).geometry, streets)
    return [_place(names, t) for names in told]


def _place(names: tuple[str, ...], t: Translator) -> str:
    if len(names) < 2:
        return "".join(names)
    return t(N_("%(street)s at %(other)s"), street=names[0], other=names[1])


def _team(
    row: dict[str, Any],
    base_place: str,
    legs: gpd.GeoDataFrame,
    stops: dict[str, Stop],
    plan: dict[str, Any],
    t: Translator,
) -> Team:
    at_stops = legs[legs["stop_id"].notna()].to_dict("records")
    own_start = None if pd.isna(row["starts_at"]) else row["starts_at"]
    return Team(
        id=int(row["id"]),
        number=int(row["number"]),
        code=row["code"],
        name=_named(row, "name", t),
        colour=colour_of(int(row["number"])),
        mode=row["mode"],
        village=_named(row, "village", t),
        size=int(row["size"]),
        base=row["geometry"],
        base_place=base_place,
        muster_at=max(plan["start"], own_start) if own_start is not None else plan["start"],
        back_at=legs["arrive_at"].max().to_pydatetime(),
        length_m=float(legs["distance_m"].sum()),
        visits=[
            Visit(
                order,
                stops[leg["stop_id"]],
                leg["arrive_at"].to_pydatetime(),
                leg["start_at"].to_pydatetime(),
                leg["end_at"].to_pydatetime(),
                float(leg["distance_m"]),
                leg["geometry"],
            )
            for order, leg in enumerate(at_stops, start=1)
        ],
        way_back=next(iter(legs[legs["stop_id"].isna()].geometry), None),
    )
