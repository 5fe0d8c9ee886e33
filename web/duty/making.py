"""A stored plan as its teams get it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from geo.crs import to_metric
from geo.services import current_site, site_crs
from patrols.corners import corners
from patrols.hours import Break, Terms, breaks_within
from patrols.repository import duty as store
from patrols.repository import of_plan
from patrols.services.duty import on_duty
from web.duty.content import Duty, Stop, Team, Visit
from web.duty.meetings import corner_words, meetings_of
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
            row["stop_id"],
            int(row["number"]),
            _with_duty(_named(row, "duty", t), place, t),
            _named(row, "village", t),
            row["geometry"],
        )
        for row, place in zip(stops.to_dict("records"), _places(stops, streets, t), strict=True)
    }
    goes_on = store.goes_on(session, plan["id"])
    bases = _places(teams, streets, t)
    starts = _starts(teams, legs, goes_on)
    start_places = bases if goes_on is None else _places(starts, streets, t)
    return Duty(
        plan=plan["id"],
        zone=_named(plan, "zone", t),
        zone_code=plan["zone_code"],
        start=plan["start"],
        end=plan["end"],
        draft=plan["status"] != "published",
        police_leader=plan["police_leader"],
        made_at=plan["created_at"],
        goes_on=None if goes_on is None else int(goes_on["plan"]),
        teams=[
            _team(row, base, (start, place), legs[legs["team_id"] == row["id"]], known, plan, goes_on, t)
            for row, base, start, place in zip(
                teams.to_dict("records"), bases, starts.geometry, start_places, strict=True
            )
        ],
        stops=list(known.values()),
        area=of_plan.zone_shape(session, plan["zone_id"]).geometry.iloc[0],
        streets=streets,
        site=_named({"name": site.name, "name_en": site.name_en}, "name", t),
        attribution=site.attribution,
        meetings=meetings_of(session, plan["zone_id"], t, streets=streets),
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
    return [corner_words(names, t) for names in told]


def _with_duty(duty: str, place: str, t: Translator) -> str:
    """A place with the name of the fixed duty there, where it is one."""
    if not duty:
        return place
    return t(N_("%(duty)s (%(place)s)"), duty=duty, place=place) if place else duty


def _starts(
    teams: gpd.GeoDataFrame, legs: gpd.GeoDataFrame, goes_on: dict[str, Any] | None
) -> gpd.GeoDataFrame:
    """Where each team sets out: at its base, or where its first way begins when the plan goes on."""
    if goes_on is None:
        return teams
    starts = []
    for number, base in zip(teams["id"], teams.geometry, strict=True):
        ways = [
            way for way in legs[legs["team_id"] == number].geometry if way is not None and not way.is_empty
        ]
        starts.append(shapely.get_point(ways[0], 0) if ways else base)
    return teams.set_geometry(gpd.GeoSeries(starts, index=teams.index, crs=teams.crs))


def _serves_s(row: dict[str, Any], plan: dict[str, Any], t: Translator) -> tuple[int, int]:
    """When a team serves in the shift by its hours, seconds from the begin; all of it where it does not."""
    kept, _ = on_duty(pd.DataFrame([row]), plan["start"], plan["end"], zone=t.zone)
    if kept.empty:
        return 0, round((plan["end"] - plan["start"]).total_seconds())
    return int(kept["start_s"].iloc[0]), int(kept["end_s"].iloc[0])


def _sets_out_at(
    row: dict[str, Any], plan: dict[str, Any], goes_on: dict[str, Any] | None, t: Translator
) -> datetime:
    """The begin of the shift or of the team's own hours; of a plan that goes on, from then on."""
    first_s, _ = _serves_s(row, plan, t)
    times = [plan["start"] + timedelta(seconds=first_s)]
    if goes_on is not None:
        bound = goes_on["bound_until"].get(row["code"])
        times += [datetime.fromisoformat(one) for one in (goes_on["now"], bound) if one is not None]
    return max(times)


def _breaks(row: dict[str, Any], plan: dict[str, Any], t: Translator) -> list[Break]:
    """The breaks of a team that fall due in its time."""
    first_s, last_s = _serves_s(row, plan, t)
    return [
        one
        for one in Terms.of_row(row).breaks
        if breaks_within([one], plan["start"], t.zone, first_s, last_s)
    ]


def _team(
    row: dict[str, Any],
    base_place: str,
    start: tuple[shapely.Point, str],
    legs: gpd.GeoDataFrame,
    stops: dict[str, Stop],
    plan: dict[str, Any],
    goes_on: dict[str, Any] | None,
    t: Translator,
) -> Team:
    at_stops = legs[legs["stop_id"].notna()].to_dict("records")
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
        start=start[0],
        start_place=start[1],
        muster_at=_sets_out_at(row, plan, goes_on, t),
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
        breaks=_breaks(row, plan, t),
    )
