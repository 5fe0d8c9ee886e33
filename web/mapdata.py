"""The map's data, taken from the database: one place where tables become layers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import geopandas as gpd
import pandas as pd
from shapely import LineString
from sqlalchemy import text
from sqlalchemy.orm import Session

from cameras.repository import records, results
from cameras.tables import Analysis
from geo import repository as places
from geo.errors import Sentence
from patrols import repository as patrols
from patrols.tables import Plan
from web.maps.data import MapData, NoMapYet
from web.stopreasons import reason_keys

# What the catalogue of findings calls things, and what the map's words call them.
FINDING_WORDS = {"inside": "inside_building", "on_facade": "on_facade", "clock_wrong": "clock"}


def map_revision(session: Session) -> str:
    """Changes whenever anything the map shows was stored anew."""
    row = session.execute(
        text(
            """SELECT (SELECT max(id) FROM import_batch), (SELECT max(id) FROM analysis),
                      (SELECT max(id) FROM plan),
                      (SELECT count(*) FROM import_batch WHERE undone_at IS NOT NULL)"""
        )
    ).one()
    return "-".join(str(value or 0) for value in row)


def map_data(session: Session, *, zone: str | None = None, at: datetime | None = None) -> MapData:
    """Everything the map shows now.

    Parameters
    ----------
    session : Session
    zone : str, optional
        Code of the zone whose latest plan is shown; without one the plan made last.
    at : datetime, optional
        Show gaps open at this instant only (tz-aware).

    Raises
    ------
    NoMapYet
        When no roads were imported yet.
    LianfangError
        When the zone is unknown.
    """
    site = places.site(session)
    if site is None:
        raise NoMapYet(
            Sentence("There is nothing to draw yet; run `lianfang demo`, or `lianfang import roads`.")
        )
    _, edges = places.roads(session)
    if edges.empty:
        raise NoMapYet(
            Sentence("There are no streets to draw yet; run `lianfang import roads FILE --datum D`.")
        )
    tree = places.jurisdictions(session)
    analysis = results.latest_analysis(session)
    plan, zone_frame = _plan_and_zone(session, zone)
    level = analysis.level if analysis else "observe"
    west, south, east, north = (float(value) for value in edges.total_bounds)
    return MapData(
        title=site.name,
        title_en=site.name_en,
        site_timezone=site.timezone,
        bounds=(west, south, east, north),
        attribution=site.attribution,
        period=(analysis.period.lower, analysis.period.upper) if analysis else None,  # type: ignore[arg-type]
        level=level,
        dimension=analysis.parameters.get("dimension", "2d") if analysis else "2d",
        banners=_banners(session, tree),
        revision=map_revision(session),
        jurisdictions=_jurisdictions(session, tree, analysis, level),
        streets=edges[edges["watched"]][["road_class", "name", "geometry"]].reset_index(drop=True),
        buildings=places.obstructions(session)[["geometry"]].reset_index(drop=True),
        water=places.water(session)[["geometry"]].reset_index(drop=True),
        cameras=_cameras(session, analysis),
        footprints=_footprints(session, analysis, level),
        gaps=_gaps(session, analysis, at),
        zone=zone_frame,
        stops=_stops(session, plan, tree),
        routes=_routes(session, plan, tree),
        figures=_figures(session, analysis, plan, level),
    )


def _banners(session: Session, tree: gpd.GeoDataFrame) -> tuple[str, ...]:
    labels = set(tree["origin"])
    labels |= set(session.execute(text("SELECT DISTINCT label FROM frame_file")).scalars())
    # Made-up streets are another matter than made-up reports: then the place itself does not exist.
    roads = """SELECT 1 FROM import_batch
               WHERE kind = 'roads' AND label = 'synthetic' AND undone_at IS NULL LIMIT 1"""
    if session.execute(text(roads)).first():
        labels = labels - {"synthetic"} | {"invented"}
    return tuple(label for label in ("invented", "synthetic", "derived") if label in labels)


def _jurisdictions(
    session: Session, tree: gpd.GeoDataFrame, analysis: Analysis | None, level: str
) -> gpd.GeoDataFrame:
    frame = tree[tree.geometry.notna()].drop(columns="code").reset_index(drop=True)
    if analysis is None:
        return frame.assign(certain_share=float("nan"), possible_share=float("nan"))
    shares = results.shares(session, analysis.id, level).set_index("path")
    for column in ("certain_share", "possible_share"):
        frame[column] = frame["path"].map(shares[column]).astype(float)
    return frame


def _cameras(session: Session, analysis: Analysis | None) -> gpd.GeoDataFrame | None:
    if analysis is None:
        return None
    frame = records.cameras(session)
    states = results.camera_states(session, analysis.id).reindex(frame.index)
    found = results.findings(session, analysis.id)
    words = found["kind"].map(FINDING_WORDS).fillna(found["kind"])
    by_camera = words.groupby(found["camera"]).agg(list)
    # A camera whose frames report its pose has a measured azimuth whatever its record says.
    measured = states["azimuth_measured"].fillna(False).to_numpy(bool)
    out = frame[["code", "name", "ptz", "geometry"]].copy()
    out["state"] = states["state"].fillna("not_measured")
    out["online_share"] = states["online_share"].astype(float)
    out["azimuth_quality"] = frame["azimuth_quality"].where(~measured, "measured")
    out["azimuth_deg"] = states["azimuth_deg"].astype(float)
    out["assumed"] = states["assumed"].fillna("")
    out["moved_m"] = states["moved_m"].astype(float).fillna(0.0)
    out["findings"] = [list(by_camera.get(number, [])) for number in frame.index]
    return out.reset_index(drop=True)


def _footprints(session: Session, analysis: Analysis | None, level: str) -> gpd.GeoDataFrame | None:
    if analysis is None:
        return None
    frame = results.footprints(session, analysis.id, level)
    # A camera's record pose is only shown when its frames never said better.
    better = frame.loc[frame["certain"], "camera"].unique()
    return frame[frame["certain"] | ~frame["camera"].isin(better)].reset_index(drop=True)


def _gaps(session: Session, analysis: Analysis | None, at: datetime | None) -> gpd.GeoDataFrame | None:
    if analysis is None:
        return None
    frame = results.gaps(session, analysis.id)
    if at is not None:
        inside = [any(start <= at < end for start, end in windows) for windows in frame["windows"]]
        frame = frame[inside]
    street = frame["ground"] == "street"
    return frame.assign(
        measure=frame["measure"].where(~street, frame["measure"] / 1000.0).astype(float),
        minutes=frame["open_ms"] / 60_000.0,
        # The map wants the most urgent first as the greatest number.
        priority=-frame["rank"].astype(float),
    )[
        [
            "gap_id",
            "cause",
            "measure",
            "windows",
            "minutes",
            "cameras",
            "reasons",
            "leaf",
            "priority",
            "geometry",
        ]
    ].reset_index(drop=True)


def _plan_and_zone(session: Session, code: str | None) -> tuple[Plan | None, gpd.GeoDataFrame | None]:
    zones = patrols.zones(session)
    chosen: int | None
    if code is not None:
        chosen = patrols.zone_of_code(session, code)
        plan = patrols.latest_plan(session, zone_id=chosen)
    else:
        plan = patrols.latest_plan(session)
        chosen = plan.zone_id if plan else (int(zones.index[0]) if len(zones) else None)
    if chosen is None:
        return None, None
    frame = zones.loc[[chosen]].reset_index(drop=True)
    frame["rule"] = [shown_rule(rule) for rule in frame["rule"]]
    return plan, frame[["code", "name", "name_en", "rule", "geometry"]]


def shown_rule(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A zone's rule as maps tell it: the time between visits in minutes."""
    rule = {key: value for key, value in stored.items() if key not in ("separation_s", "leader")}
    return {"within": "shift"} | rule | {"separation_min": stored.get("separation_s", 0) // 60}


def _village_names(tree: gpd.GeoDataFrame) -> dict[str, str]:
    return dict(zip(tree["path"], tree["name"], strict=True))


def _stops(session: Session, plan: Plan | None, tree: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
    if plan is None:
        return None
    frame = patrols.plan_stops(session, plan.id)
    names = _village_names(tree)
    return frame.assign(
        label=[str(number) for number in range(1, len(frame) + 1)],
        village=[names.get(path, "") for path in frame["village"]],
        why=[reason_keys(why) for why in frame["why"]],
    )[["stop_id", "label", "prize", "village", "why", "crossed", "geometry"]]


def _routes(session: Session, plan: Plan | None, tree: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
    if plan is None:
        return None
    legs = patrols.plan_visits(session, plan.id)
    stops = patrols.plan_stops(session, plan.id).set_index("stop_id").geometry
    at_stop = legs[legs["stop_id"].notna()].sort_values(["stop_id", "start_at"])
    order = at_stop.groupby("stop_id").cumcount()
    kind = order.map(lambda number: "first" if number == 0 else "second")
    names = _village_names(tree)
    rows: list[dict[str, Any]] = []
    for team, group in legs.groupby("team", sort=True):
        own = group[group["stop_id"].notna()]
        visits = [
            {
                "seq": int(row.seq),
                "stop_id": row.stop_id,
                "arrive": row.arrive_at,
                "start": row.start_at,
                "end": row.end_at,
                "lon": stops[row.stop_id].x,
                "lat": stops[row.stop_id].y,
                "kind": kind[row.Index],
            }
            for row in own.itertuples()
        ]
        shapes = [line for line in group.geometry if line is not None]
        coordinates = [point for line in shapes for point in line.coords]
        if len(coordinates) < 2:
            continue
        rows.append(
            {
                "team": team,
                "name": group["team_name"].iloc[0],
                "name_en": group["team_name_en"].iloc[0] or "",
                "mode": group["mode"].iloc[0],
                "village": names.get(group["village"].iloc[0], ""),
                "visits": visits,
                "geometry": LineString(coordinates),
            }
        )
    columns = ["team", "name", "name_en", "mode", "village", "visits", "geometry"]
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry="geometry", crs=4326)


def _figures(session: Session, analysis: Analysis | None, plan: Plan | None, level: str) -> dict[str, Any]:
    figures: dict[str, Any] = {"cameras": len(records.camera_ids(session))}
    if analysis is not None:
        totals = analysis.totals
        share = totals["watched_share"][level]
        figures |= {
            "street_length_m": totals["street_length_m"],
            "certain_share": share["certain"],
            "possible_share": share["possible"],
            "frames": totals["frames"],
            "online_rate": totals["online_rate"],
            "computed_at": analysis.created_at,
        }
    if plan is not None:
        stops = patrols.plan_stops(session, plan.id)
        figures |= {
            "stops": len(stops),
            "reachable_stops": plan.reachable,
            "crossed_stops": plan.crossed,
            "violations": len(plan.violations),
        }
    return figures
