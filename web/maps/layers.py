"""The layers of a map as the browser gets them: geometry, look, popup and when they are shown.

A layer is a dict: ``id``; ``when``, the ids of the panel's inputs that must all be on; ``pane``; ``style``
(Leaflet's path options) and ``features``, each ``{"g": packed geometry, "p": popup, "s": style of its own}``
and, where a list leads to it, ``"a"``: the point where its popup opens.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from web.i18n import Translator
from web.maps.data import MapData
from web.maps.pack import packed
from web.maps.places import street_names
from web.maps.popups import (
    camera_popup,
    display_name,
    footprint_popup,
    gap_line,
    gap_popup,
    jurisdiction_popup,
    number_or,
    route_popup,
    stop_popup,
    team_name,
    zone_popup,
)
from web.maps.words import CAUSES, STATES, TEAM_COLOURS, YELLOW, share_colour

Layer = dict[str, Any]

BASE_TOLERANCE_DEG = 4e-6
"""About 0.4 m north-south: below what a screen shows at the deepest zoom's street widths."""

STREET_WIDTHS_M = {"major": 9.0, "minor": 6.5, "service": 3.6, "path": 2.2}
MAJOR = ("motorway", "trunk", "primary", "secondary", "tertiary")
MINOR = ("residential", "unclassified", "living_street", "pedestrian", "road", "busway")


def middle_latitude(data: MapData) -> float:
    """The latitude at which the map's local plane is true to scale."""
    return (data.bounds[1] + data.bounds[3]) / 2


def with_place_names(data: MapData, t: Translator) -> MapData:
    """The same map with villages and leaves of stops, routes and gaps named in the reader's language.

    They are given as a path or a name of a jurisdiction; a name that two jurisdictions share, and a text
    that is none, stays as it is.
    """
    known: dict[str, str] = {}
    shared: set[str] = set()
    for row in data.jurisdictions.drop(columns="geometry").to_dict("records"):
        said = display_name(row, t)
        known[str(row["path"])] = said
        name = str(row["name"])
        if known.setdefault(name, said) != said:
            shared.add(name)
    named = {key: said for key, said in known.items() if key not in shared}

    def renamed(frame: gpd.GeoDataFrame | None, column: str) -> gpd.GeoDataFrame | None:
        if frame is None:
            return None
        return frame.assign(**{column: [named.get(str(value), value) for value in frame[column]]})

    return replace(
        data,
        gaps=renamed(data.gaps, "leaf"),
        stops=renamed(data.stops, "village"),
        routes=renamed(data.routes, "village"),
    )


def layer(name: str, when: Iterable[str], features: list[dict[str, Any]], **style: Any) -> Layer:
    """A layer shown while every input in `when` is on."""
    return {"id": name, "when": list(when), "style": style, "features": features}


def feature(geometry: Any, popup: Any = None, *, style: Any = None, anchor: bool = False) -> dict[str, Any]:
    """One thing on the map; an empty dict when its geometry is empty."""
    small = packed(geometry)
    if small is None:
        return {}
    made: dict[str, Any] = {"g": small}
    if popup:
        made["p"] = popup
    if style:
        made["s"] = style
    if anchor:
        at = anchor_point(geometry)
        made["a"] = [round(at.x, 6), round(at.y, 6)]
    return made


def anchor_point(geometry: Any) -> shapely.Point:
    """A point on a geometry: the middle of its longest line, or inside its largest polygon."""
    parts = shapely.get_parts(geometry)
    if len(parts) and shapely.get_dimensions(parts).max() == 1:
        return parts[int(np.argmax(shapely.length(parts)))].interpolate(0.5, normalized=True)
    return geometry.representative_point()


def base_layers(data: MapData) -> list[Layer]:
    """Water, buildings and streets in greys, each kind one drawing without popups."""
    made = []
    for name, frame, style in (
        ("base-water", data.water, {"fillColor": "#dbe4ea", "fillOpacity": 1, "stroke": False}),
        ("base-buildings", data.buildings, {"fillColor": "#8d8d8a", "fillOpacity": 0.3, "stroke": False}),
    ):
        one = _combined(frame.geometry)
        if one:
            made.append({**layer(name, [], [one], weight=0.6, **style), "pane": "base"})
    classes = data.streets["road_class"].astype(str).str.removesuffix("_link")
    known = [classes.isin(MAJOR), classes.isin(MINOR), classes == "service"]
    kinds = np.select(known, ["major", "minor", "service"], default="path")
    for kind in ("path", "service", "minor", "major"):
        one = _combined(data.streets.geometry[kinds == kind])
        if one:
            street = layer(f"base-{kind}", [], [one], lineCap="round", lineJoin="round", fill=False)
            made.append({**street, "pane": "base", "width_m": STREET_WIDTHS_M[kind]})
    return made


def _combined(geometries: gpd.GeoSeries) -> dict[str, Any]:
    parts = shapely.get_parts(shapely.simplify(np.asarray(geometries.values), BASE_TOLERANCE_DEG))
    if not len(parts):
        return {}
    if shapely.get_dimensions(parts).max() == 1:
        return feature(shapely.line_merge(shapely.multilinestrings(list(parts))))
    return feature(shapely.multipolygons(list(parts[shapely.get_dimensions(parts) == 2])))


def jurisdiction_layers(data: MapData, t: Translator) -> list[Layer]:
    """One layer a level, each area in the colour of the share of its streets watched for certain."""
    made = []
    for level, group in data.jurisdictions.groupby("level"):
        features, names = [], []
        for row in group.to_dict("records"):
            colour = share_colour(float(row["certain_share"]))
            one = feature(
                row["geometry"], jurisdiction_popup(row, data.level, t), style={"fillColor": colour}
            )
            if one:
                features.append(one)
                at = row["geometry"].representative_point()
                width = row["geometry"].bounds[2] - row["geometry"].bounds[0]
                names.append([display_name(row, t), round(at.x, 6), round(at.y, 6), round(width, 6)])
        areas = layer(
            f"jurisdictions-{level}",
            [f"jurisdictions-{level}"],
            features,
            color="#ffffff",
            weight=2,
            opacity=0.9,
            fillOpacity=0.45,
        )
        made.append({**areas, "pane": "areas", "names": names})
    return made


def footprint_layers(data: MapData, t: Translator) -> list[Layer]:
    """Two layers a level: certain views filled, possible ones an empty dashed outline."""
    if data.footprints is None:
        return []
    looks = {
        False: {"color": "#33383d", "weight": 1.2, "opacity": 0.8, "dashArray": "4 4", "fillOpacity": 0},
        True: {
            "color": "#33383d",
            "weight": 1,
            "opacity": 0.7,
            "fillColor": "#ffffff",
            "fillOpacity": 0.55,
        },
    }
    made = []
    for (level, certain), group in data.footprints.groupby(["level", "certain"]):
        belief = "certain" if certain else "possible"
        rows = group.to_dict("records")
        features = [one for row in rows if (one := feature(row["geometry"], footprint_popup(row, t)))]
        when = [f"footprints-{level}", f"footprints-{belief}"]
        made.append(layer(f"footprints-{level}-{belief}", when, features, **looks[bool(certain)]))
    return sorted(made, key=lambda one: one["when"][1] == "footprints-certain")


def gap_layers(data: MapData, t: Translator) -> list[Layer]:
    """One layer a cause, build at the bottom and repair on top, each gap wide under the streets' names."""
    if data.gaps is None or data.gaps.empty:
        return []
    streets = street_names(data.gaps.geometry, data.streets, latitude=middle_latitude(data))
    rows = list(zip(data.gaps.to_dict("records"), streets, strict=True))
    rows.sort(key=lambda pair: gap_rank(pair[0]), reverse=True)
    made = []
    for cause in reversed(CAUSES):
        look = CAUSES[cause]
        thin = look.list == "build"
        features = []
        for row, street in rows:
            if row["cause"] != cause:
                continue
            one = feature(row["geometry"], gap_popup(row, street, t), anchor=True)
            if one:
                if one["g"]["t"] == "point":
                    one["sym"] = "diamond"
                one["rank"] = gap_rank(row)
                one["line"] = gap_line(row, t)
                features.append(one)
        if features:
            style = {"color": look.colour, "weight": 2.5 if thin else 6, "opacity": 0.65 if thin else 0.8}
            if look.dash:
                style["dashArray"] = look.dash
            gaps = layer(f"gaps-{cause}", [f"gaps-{cause}"], features, lineCap="butt", fill=False, **style)
            made.append({**gaps, "list": look.list})
    return made


def gap_rank(row: Mapping[str, Any]) -> tuple[float, float]:
    """What comes first in a list of gaps: priority, then size."""
    return number_or(row["priority"]), number_or(row["measure"])


def camera_layers(data: MapData, t: Translator) -> list[Layer]:
    """Every camera, with a sign for its state and a tick where it is known to look."""
    if data.cameras is None:
        return []
    features = []
    for row in data.cameras.to_dict("records"):
        one = feature(row["geometry"], camera_popup(row, t), anchor=True)
        if one:
            state = str(row["state"])
            one["sym"] = f"camera-{state}" if state in STATES else "camera-usable"
            azimuth = number_or(row.get("azimuth_deg"), float("nan"))
            if azimuth == azimuth and row["azimuth_quality"] != "unknown":
                one["az"] = round(azimuth, 1)
            one["s"] = {"fillColor": STATES.get(state, STATES["usable"])[1]}
            features.append(one)
    return [layer("cameras", ["cameras"], features, radius=5.5)] if features else []


def zone_layers(data: MapData, t: Translator) -> list[Layer]:
    """The outline of the joint-defence zone; a line only, so that what lies inside can be clicked."""
    if data.zone is None:
        return []
    made = []
    for row in data.zone.to_dict("records"):
        one = feature(row["geometry"].boundary, zone_popup(row, t))
        if one:
            made.append(one)
    style = {"color": "#1b1f23", "weight": 3, "opacity": 0.85, "dashArray": "12 5 3 5"}
    return [layer("zone", ["zone"], made, **style)] if made else []


def route_layers(data: MapData, t: Translator) -> list[Layer]:
    """One layer a team: its way in its colour, and a numbered badge at each visit in visiting order."""
    made: list[Layer] = []
    if data.routes is None:
        return made
    stops = {} if data.stops is None else {row["stop_id"]: row for row in data.stops.to_dict("records")}
    for number, row in enumerate(data.routes.to_dict("records")):
        colour = TEAM_COLOURS[number % len(TEAM_COLOURS)]
        style = {"color": colour, "weight": 4, "opacity": 0.95}
        if number >= len(TEAM_COLOURS):
            style["dashArray"] = "9 5"
        features = []
        way = feature(row["geometry"], route_popup(row, t))
        if way:
            features.append({**way, "sym": "route"})
        for order, visit in enumerate(sorted(row["visits"], key=lambda v: v["seq"]), start=1):
            stop: Mapping[str, Any] = stops.get(visit["stop_id"], {})
            label = str(stop.get("label", visit["stop_id"]))
            badge = feature(shapely.Point(visit["lon"], visit["lat"]), anchor=True)
            badge.update(
                sym="visit",
                seq=order,
                label=label,
                second=visit["kind"] == "second",
                stop=str(visit["stop_id"]),
                title=t(
                    "%(team)s, stop %(label)s, %(time)s",
                    team=team_name(row, t),
                    label=label,
                    time=t.clock(visit["arrive"]),
                ),
            )
            features.append(badge)
        team = layer(f"route-{number}", ["routes", f"route-{number}"], features, **style)
        # Yellow on white is no line at all.
        casing = "#4a4a3c" if colour == YELLOW else "#ffffff"
        made.append({**team, "pane": "routes", "team": number, "casing": casing})
    return made


def stop_layers(data: MapData, t: Translator) -> list[Layer]:
    """The stops; a crossed one has a second ring. Their popups are those of the visits' badges too."""
    if data.stops is None or data.stops.empty:
        return []
    visits: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    if data.routes is not None:
        for row in data.routes.to_dict("records"):
            for visit in row["visits"]:
                visits.setdefault(str(visit["stop_id"]), []).append((team_name(row, t), visit))
    streets = street_names(
        data.stops.geometry, data.streets, latitude=middle_latitude(data), reach_m=60.0, most=1
    )
    features = []
    for row, street in zip(data.stops.to_dict("records"), streets, strict=True):
        stop_id = str(row["stop_id"])
        one = feature(row["geometry"], stop_popup(row, visits.get(stop_id, []), street, t), anchor=True)
        if one:
            crossed = number_or(row.get("crossed")) == 1
            one.update(sym="stop-crossed" if crossed else "stop", stop=stop_id)
            features.append(one)
    return [layer("stops", ["stops"], features, radius=6)] if features else []


def all_layers(data: MapData, t: Translator) -> list[Layer]:
    """Every layer of a map, the lowest first."""
    return [
        *jurisdiction_layers(data, t),
        *base_layers(data),
        *footprint_layers(data, t),
        *gap_layers(data, t),
        *zone_layers(data, t),
        *route_layers(data, t),
        *camera_layers(data, t),
        *stop_layers(data, t),
    ]
