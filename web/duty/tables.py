"""Routes and stops as tables with geometry: `.geojson`, `.gpkg` and `.csv`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely

from web.duty.content import Duty
from web.exports import complete, write_table

DECIMALS = 7


def routes(duty: Duty) -> gpd.GeoDataFrame:
    """A row a leg, the last of a team its way back: who, where to, when; the geometry is the way there.

    team (code), team_name, number, mode, village (of the team), visit (order, None on the way back), stop_id,
    stop (number), place, arrive_at, start_at, end_at (ISO 8601), distance_m.
    """
    rows: list[dict[str, Any]] = []
    for team in duty.teams:
        whose = {
            "team": team.code,
            "team_name": team.name,
            "number": team.number,
            "mode": team.mode,
            "village": team.village,
        }
        for visit in team.visits:
            rows.append(
                {
                    **whose,
                    "visit": visit.order,
                    "stop_id": visit.stop.id,
                    "stop": visit.stop.number,
                    "place": visit.stop.place,
                    "arrive_at": visit.arrive_at.isoformat(),
                    "start_at": visit.start_at.isoformat(),
                    "end_at": visit.end_at.isoformat(),
                    "distance_m": round(visit.length_m, 1),
                    "geometry": visit.way,
                }
            )
        rows.append(
            {
                **whose,
                "visit": None,
                "stop_id": None,
                "stop": None,
                "place": team.base_place,
                "arrive_at": team.back_at.isoformat(),
                "start_at": None,
                "end_at": None,
                "distance_m": round(team.length_m - sum(visit.length_m for visit in team.visits), 1),
                "geometry": team.way_back,
            }
        )
    shapes = gpd.GeoSeries([row.pop("geometry") for row in rows], crs=4326)
    frame = gpd.GeoDataFrame(rows, geometry=shapes)
    return frame.astype({"visit": "Int64", "stop": "Int64"}) if rows else frame


def stops(duty: Duty) -> gpd.GeoDataFrame:
    """A row a stop: stop_id, stop (number), place, village; the geometry is the place."""
    return gpd.GeoDataFrame(
        [
            {"stop_id": stop.id, "stop": stop.number, "place": stop.place, "village": stop.village}
            for stop in duty.stops
        ],
        geometry=[stop.point for stop in duty.stops],
        crs=4326,
    )


def geojson(duty: Duty) -> bytes:
    """Routes and stops as one FeatureCollection (RFC 7946); `kind` tells them apart."""
    features = []
    for kind, frame in (("route", routes(duty)), ("stop", stops(duty))):
        shapes = frame.geometry
        for values, shape in zip(
            frame.drop(columns=shapes.name).astype(object).to_dict("records"), shapes, strict=True
        ):
            known = {key: value for key, value in values.items() if value is not None and value == value}
            features.append(
                {"type": "Feature", "properties": {"kind": kind, **known}, "geometry": _geometry(shape)}
            )
    collection = {"type": "FeatureCollection", "features": features}
    return json.dumps(collection, ensure_ascii=False, allow_nan=False).encode("utf8")


def write_routes(duty: Duty, path: Path) -> None:
    """Write `.gpkg` (layers routes, stops) or `.csv` (routes, as WKT), replacing it once complete."""
    if path.suffix.lower() == ".csv":
        write_table(routes(duty), path, layer="routes")
        return
    with complete(path) as unfinished:
        routes(duty).to_file(unfinished, driver="GPKG", layer="routes", engine="pyogrio", index=False)
        stops(duty).to_file(unfinished, driver="GPKG", layer="stops", engine="pyogrio", index=False)


def _geometry(shape: shapely.Geometry | None) -> Any:
    if shape is None or shape.is_empty:
        return None
    return json.loads(shapely.to_geojson(shapely.transform(shape, lambda xy: xy.round(DECIMALS))))
