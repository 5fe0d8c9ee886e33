"""What a plan's page shows: routes on a map, each team's evening, who crosses whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import pandas as pd
from flask import request

from patrols.repository import of_plan, on_map
from web import i18n
from web.duty.making import colour_of
from web.geofeatures import collection
from web.i18n import N_, Translator
from web.jobs.words import told
from web.maps.words import MODES, all_said
from web.requests import db, translator
from web.timeline import Line, Period, Timeline


def plan_sheet(plan: dict[str, Any], *, with_reasons: bool) -> dict[str, Any]:
    """The context of a plan's page.

    Parameters
    ----------
    plan : dict
        As `of_plan.plan`.
    with_reasons : bool
        Whether the reader may know why a stop is one: causes tell where nobody looks.
    """
    t = translator()
    zh = i18n.negotiated(request) == "zh"
    visits = on_map.visits(db(), plan["id"])
    stops = of_plan.stops(db(), plan["id"])
    village = "village" if zh else "village_en"
    return {
        "plan": plan,
        "violations": [told(one, t) for one in plan["violations"]],
        "zone_name": plan["zone"] if zh else plan["zone_en"] or plan["zone"],
        "shift": t.span(plan["start"], plan["end"]),
        "teams": _teams(visits, t, zh),
        "day": _strips(plan, visits, t, zh),
        "matrix": of_plan.crossings(visits),
        "villages": _villages(visits, zh),
        "stops": _stops(stops, t, village, with_reasons),
        "with_reasons": with_reasons,
        "layers": _layers(plan, visits, stops, t, zh),
        "bound": plan["value"] / plan["upper_bound"] if plan["upper_bound"] else None,
    }


def _villages(visits: pd.DataFrame, zh: bool) -> dict[str, str]:
    """Name of each team's village by its path; its code where it has none."""
    keys = ("village", "village_en") if zh else ("village_en", "village")
    return {
        row["home"]: next((row[key] for key in keys if row[key]), row["home"].rpartition(".")[2])
        for row in visits[visits["home"].notna()].to_dict("records")
    }


def _by_team(visits: gpd.GeoDataFrame) -> Iterator[tuple[int, gpd.GeoDataFrame]]:
    """Each team's number and visits."""
    for number in sorted(set(visits["number"].astype(int))):
        yield number, visits[visits["number"] == number]


def _teams(visits: pd.DataFrame, t: Translator, zh: bool) -> list[dict[str, Any]]:
    """Each team's evening in order."""
    told = []
    for number, rows in _by_team(visits):
        first = rows.iloc[0]
        moves = MODES[first["mode"]]
        at_stops = rows[rows["stop_id"].notna()]
        told.append(
            {
                "number": number,
                "colour": colour_of(number),
                "name": first["team_name"] if zh else first["team_name_en"] or first["team_name"],
                "mode": t(moves),
                "length": t.length(float(rows["distance_m"].sum())),
                "visits": [
                    {
                        "stop": int(row["stop"]),
                        "stop_id": row["stop_id"],
                        "arrive": t.clock(row["arrive_at"]),
                        "start": t.clock(row["start_at"]),
                        "end": t.clock(row["end_at"]),
                        "nth": int(row["nth"]),
                    }
                    for row in at_stops.to_dict("records")
                ],
                "back": t.clock(rows["arrive_at"].max()),
            }
        )
    return told


def _strips(plan: dict[str, Any], visits: pd.DataFrame, t: Translator, zh: bool) -> Timeline:
    """One strip a team: on the way, at a stop."""
    lines = []
    for number, rows in _by_team(visits):
        first = rows.iloc[0]
        periods = [
            Period(
                row["start_at"],
                row["end_at"],
                t(N_("stop %(n)s"), n=int(row["stop"])),
                colour=colour_of(number),
                text=str(int(row["stop"])),
            )
            for row in rows[rows["stop_id"].notna()].to_dict("records")
        ]
        name = first["team_name"] if zh else first["team_name_en"] or first["team_name"]
        lines.append(Line(f"{number} {name}", periods))
    return Timeline(plan["start"], plan["end"], lines)


def _stops(stops: gpd.GeoDataFrame, t: Translator, village: str, with_reasons: bool) -> list[dict[str, Any]]:
    return [
        {
            "number": int(row["number"]),
            "stop_id": row["stop_id"],
            "village": row[village],
            "crossed": row["crossed"],
            "crossable": row["crossable"],
            "prize": int(row["prize"]) if with_reasons else None,
            "why": _reasons(row["why"], t) if with_reasons else "",
        }
        for row in stops.drop(columns="geometry").to_dict("records")
    ]


def _reasons(why: Any, t: Translator) -> str:
    """Why a stop is one, in words, the heaviest cause first."""
    return all_said([str(entry["cause"]) for entry in why], t)


def _layers(
    plan: dict[str, Any], visits: gpd.GeoDataFrame, stops: gpd.GeoDataFrame, t: Translator, zh: bool
) -> list[dict[str, Any]]:
    """The zone, each team's way in its colour, the numbered stops."""
    layers: list[dict[str, Any]] = [
        {
            "features": collection(of_plan.zone_shape(db(), plan["zone_id"]).assign(name="")),
            "colour": "#1b1f23",
            "weight": 2,
            "dash": "7 4",
            "fill": 0,
            "frame": True,
        }
    ]
    for number, rows in _by_team(visits):
        name = "team_name" if zh else "team_name_en"
        layers.append(
            {
                "features": collection(rows[["id", name, "geometry"]], id="id", label=name),
                "colour": colour_of(number),
                "weight": 4,
                "fill": 0,
            }
        )
    told = stops.assign(name=[t(N_("stop %(n)s"), n=int(n)) for n in stops["number"]])
    layers.append(
        {
            "features": collection(told, id="stop_id", label="name", number="number"),
            "colour": "#1b1f23",
            "radius": 9,
            "fill": 1,
        }
    )
    return layers
