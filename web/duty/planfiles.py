"""A stored plan as a file: `.json` (the plan format), routes as `.geojson .gpkg .csv`, tracks as `.gpx`."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
from sqlalchemy.orm import Session

from geo.errors import LianfangError
from patrols import repository
from patrols.tables import Plan
from web.exports import TABLES, check_ending, write_table

PLAN_ENDINGS = (".json", *TABLES, ".gpx")
GPX = "http://www.topografix.com/GPX/1/1"


def write_plan(session: Session, plan_id: int, path: Path) -> None:
    """Write a plan by the ending of `path`; LianfangError for another ending or an unknown plan.

    A GPX file holds one track a team, and every visit as a waypoint with its planned time. No file names
    a camera, a gap or a cause. The `.json` also holds the prizes, which tell where little is watched: it is
    for checking a plan, not for handing out. A file that was there is replaced only by a complete one.
    """
    check_ending(path, PLAN_ENDINGS)
    plan = session.get(Plan, plan_id)
    if plan is None:
        raise LianfangError(f"plan {plan_id} is not stored")
    ending = path.suffix.lower()
    if ending == ".json":
        _replace(path, json.dumps(plan.document, ensure_ascii=False, allow_nan=False).encode("utf8"))
        return
    legs = repository.plan_visits(session, plan_id)
    if ending == ".gpx":
        _replace(path, gpx(legs, repository.plan_stops(session, plan_id)))
    else:
        write_table(_leg_table(legs), path, layer="legs")


def _replace(path: Path, content: bytes) -> None:
    """Write `path` beside itself first, so that a full disk leaves no half file under its name."""
    unfinished = path.with_name(f".{path.stem}.unfinished{path.suffix}")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _leg_table(legs: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    frame = legs.copy()
    for name in ("arrive_at", "start_at", "end_at"):
        frame[name] = [
            None if value is None or value != value else value.isoformat() for value in frame[name]
        ]
    return frame


def gpx(legs: gpd.GeoDataFrame, stops: gpd.GeoDataFrame) -> bytes:
    """Tracks and timed waypoints of a plan, GPX 1.1 (topografix.com/GPX/1/1).

    Parameters
    ----------
    legs : GeoDataFrame in EPSG:4326
        team, team_name, seq, stop_id, start_at, geometry.
    stops : GeoDataFrame in EPSG:4326
        stop_id, geometry Point.
    """
    ElementTree.register_namespace("", GPX)
    root = ElementTree.Element(f"{{{GPX}}}gpx", version="1.1", creator="Lianfang")
    where = stops.set_index("stop_id").geometry
    for row in legs[legs["stop_id"].notna()].itertuples():
        point = where[row.stop_id]
        waypoint = ElementTree.SubElement(root, f"{{{GPX}}}wpt", lat=f"{point.y:.7f}", lon=f"{point.x:.7f}")
        ElementTree.SubElement(waypoint, f"{{{GPX}}}time").text = row.start_at.isoformat()
        ElementTree.SubElement(waypoint, f"{{{GPX}}}name").text = f"{row.team} {row.seq}: {row.stop_id}"
    for team, group in legs.groupby("team", sort=True):
        track = ElementTree.SubElement(root, f"{{{GPX}}}trk")
        ElementTree.SubElement(track, f"{{{GPX}}}name").text = f"{team} {group['team_name'].iloc[0]}"
        segment = ElementTree.SubElement(track, f"{{{GPX}}}trkseg")
        for line in group.geometry:
            for lon, lat in [] if line is None else line.coords:
                ElementTree.SubElement(segment, f"{{{GPX}}}trkpt", lat=f"{lat:.7f}", lon=f"{lon:.7f}")
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
