"""A list of cameras and an extract that somebody brings: footprints, coverage, gaps, without the database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import MultiPolygon, box

from cameras.analysis import AnalysisResult, Scene, analyse_scene, camera_findings
from cameras.causes import CAUSE_NAMES
from cameras.frames import FrameBatch
from cameras.frames.times import epoch_ms
from cameras.importers import read_cameras
from cameras.shares import with_shares
from geo.crs import metric_crs, to_lonlat, to_metric
from geo.errors import InputRefused, Sentence
from geo.osm import OsmExtract
from geo.readers import read_roads
from web.gaptable import gap_table
from web.mapdata import FINDING_WORDS
from web.maps import MapData
from web.maps.data import COLUMNS
from web.maps.words import LEVELS

MOST_CAMERAS = 3000
MOST_STREETS = 40_000
# Streets this far around the cameras are looked at: a list of one town comes with an extract of a province.
AROUND_M = 500.0
LEVEL = "observe"
AREA = "own"
GAP_COLUMNS = ("gap_id", *COLUMNS["gaps"])


@dataclass(frozen=True)
class OwnData:
    """What came of somebody's own files.

    Parameters
    ----------
    map : MapData
        All of it, to be drawn.
    gaps : GeoDataFrame
        As files show gaps (`web.gaptable`), EPSG:4326.
    problems, findings : tuple of str
        Sentences on rows that were refused, and on odd ones.
    figures : dict
        cameras, street_m, possible_share, gaps (their number).
    """

    map: MapData
    gaps: gpd.GeoDataFrame
    problems: tuple[str, ...]
    findings: tuple[str, ...]
    figures: dict[str, Any]


def own_data(
    cameras: Path,
    extract: Path,
    *,
    datum: str,
    day: date,
    zone: ZoneInfo,
    title: str,
    now: datetime,
    progress: Callable[[float], None] = lambda share: None,
) -> OwnData:
    """Map and gaps of a list of cameras on the streets of an extract.

    There are no frames, so no camera is checked: nothing is certainly seen, what footprints hold is possibly
    seen, and every gap is of the measure list or of the build list.

    Parameters
    ----------
    cameras : Path
        As `cameras.importers.read_cameras`; rows without a code get their number. Bad rows are left out.
    extract : Path
        An OpenStreetMap extract.
    datum : str
        Of the list.
    day : date
        The day the gaps are stated for, in `zone`; it changes nothing but their times.
    title : str
        Of the map.
    now : datetime
        Tz-aware; when it is made.

    Raises
    ------
    InputRefused
        As the readers; more than 3,000 cameras or 40,000 streets around them; no street near them.
    """
    streets = read_roads(extract, datum="wgs84")
    found = read_cameras(cameras, datum=datum, keep_good=True, number_rows=True, area=_wide(streets.bounds))
    if len(found.frame) > MOST_CAMERAS:
        raise InputRefused(
            Sentence(
                "%(file)s holds %(n)s cameras; up to %(most)s are worked out here, "
                "import a longer list instead",
                file=cameras.name,
                n=len(found.frame),
                most=MOST_CAMERAS,
            )
        )
    progress(0.2)
    scene = _scene(found.frame, streets, zone)
    start = datetime.combine(day, time(), zone)
    end = datetime.combine(day + timedelta(days=1), time(), zone)
    result = analyse_scene(
        scene, (epoch_ms(start), epoch_ms(end)), progress=lambda share: progress(0.2 + 0.6 * share)
    )
    gaps = _gaps(result, scene, zone, title)
    street = with_shares(result.coverages[LEVEL].totals()).xs("street", level="ground").iloc[0]
    figures = {
        "cameras": len(scene.cameras),
        "street_length_m": int(street["measure"]) / 1000.0,
        "certain_share": float(street["certain_share"]),
        "possible_share": float(street["possible_share"]),
    }
    own_map = MapData(
        title=title,
        title_en=title,
        site_timezone=zone.key,
        bounds=_bounds(scene),
        attribution=streets.attribution,
        period=(start, end),
        level=LEVEL,
        banners=("unchecked",),
        jurisdictions=to_lonlat(scene.jurisdictions).assign(
            certain_share=figures["certain_share"], possible_share=figures["possible_share"]
        ),
        streets=to_lonlat(
            scene.edges[scene.edges["watched"]][["road_class", "name", "geometry"]]
        ).reset_index(drop=True),
        buildings=to_lonlat(scene.obstructions[["geometry"]]).reset_index(drop=True),
        water=_areas(streets.water, scene),
        cameras=_cameras(scene, result),
        footprints=_footprints(scene, result),
        gaps=gaps[[*GAP_COLUMNS, "geometry"]],
        figures={**figures, "computed_at": now},
    )
    progress(0.9)
    return OwnData(
        own_map,
        gap_table(gaps.assign(measure=result.gaps.frame["measure"])),
        found.problems,
        found.findings,
        {**figures, "gaps": len(gaps)},
    )


def _wide(bounds: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """An extract's extent and a little around it: cameras elsewhere are a wrong datum or swapped axes."""
    west, south, east, north = bounds
    return west - 0.05, south - 0.05, east + 0.05, north + 0.05


def _scene(cameras: gpd.GeoDataFrame, streets: OsmExtract, zone: ZoneInfo) -> Scene:
    crs = metric_crs(cameras)
    placed = to_metric(cameras, crs).rename_axis("id")
    west, south, east, north = placed.total_bounds
    area = box(west - AROUND_M, south - AROUND_M, east + AROUND_M, north + AROUND_M)
    edges = to_metric(streets.road_edges, crs)
    edges = edges[edges.intersects(area)]
    if not edges["watched"].any():
        raise InputRefused(
            Sentence(
                "the extract has no street within %(around)s m of the cameras; check the datum of the list, "
                "or give an extract of the same place",
                around=f"{AROUND_M:.0f}",
            )
        )
    if len(edges) > MOST_STREETS:
        raise InputRefused(
            Sentence(
                "the extract has %(n)s stretches of street around the cameras; up to %(most)s are "
                "worked out here, give a smaller list or import both instead",
                n=len(edges),
                most=MOST_STREETS,
            )
        )
    solid, spots = to_metric(streets.buildings, crs), to_metric(streets.places, crs)
    return Scene(
        cameras=placed.assign(jurisdiction_path=AREA),
        presets=_empty(("camera", "name", "azimuth_deg", "tilt_deg", "hfov_deg", "vfov_deg", "width_px"))
        .assign(from_s=np.nan, until_s=np.nan)
        .astype({"camera": "int64"}),
        sources=pd.DataFrame({"kind": [], "expected_interval_s": []}),
        expected=_empty(("camera", "source")).astype("int64"),
        frames=FrameBatch.of([], []),
        edges=edges,
        places=spots[spots.within(area)],
        obstructions=solid[solid.intersects(area)],
        jurisdictions=gpd.GeoDataFrame(
            {
                "path": [AREA],
                "level": [0],
                "name": [""],
                "name_en": [""],
                "origin": ["derived"],
            },
            geometry=[MultiPolygon([area])],
            crs=crs,
        ),
        zone=zone,
    )


def _empty(columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series([], dtype=float) for name in columns})


def _bounds(scene: Scene) -> tuple[float, float, float, float]:
    west, south, east, north = (float(edge) for edge in to_lonlat(scene.jurisdictions).total_bounds)
    return west, south, east, north


def _areas(water: gpd.GeoDataFrame, scene: Scene) -> gpd.GeoDataFrame:
    areas = water[water.geometry.geom_type.isin(["Polygon", "MultiPolygon"])]
    near = areas[areas.intersects(box(*_bounds(scene)))]
    return near[["geometry"]].reset_index(drop=True)


def _cameras(scene: Scene, result: AnalysisResult) -> gpd.GeoDataFrame:
    poses = result.availability.poses.drop_duplicates("camera").set_index("camera")
    told = camera_findings(result.availability, result.stands)
    words = told["kind"].map(FINDING_WORDS).fillna(told["kind"]).groupby(told["camera"]).agg(list)
    frame = to_lonlat(scene.cameras[["code", "name", "ptz", "azimuth_quality", "geometry"]])
    azimuth = poses["azimuth_deg"].reindex(frame.index).astype(float)
    moved = result.stands["moved_m"].reindex(frame.index)
    return frame.assign(
        state="not_measured",
        online_share=np.nan,
        azimuth_deg=azimuth,
        assumed=poses["assumed"].reindex(frame.index).fillna(""),
        moved_m=moved.astype(float).fillna(0.0),
        findings=[list(words.get(number, [])) for number in frame.index],
    ).reset_index(drop=True)


def _footprints(scene: Scene, result: AnalysisResult) -> gpd.GeoDataFrame:
    poses = result.availability.poses
    codes = scene.cameras["code"]
    parts = [
        to_lonlat(
            gpd.GeoDataFrame(
                {
                    "camera": poses["camera"].map(codes).to_numpy(),
                    "level": level,
                    "certain": poses["certain"].to_numpy(bool),
                },
                geometry=shapes.to_numpy(),
                crs=shapes.crs,
            )
        )
        for level, shapes in result.footprints.items()
        if level in LEVELS
    ]
    frame = pd.concat(parts, ignore_index=True)
    kept = frame[(frame["level"] == LEVEL) & ~frame.geometry.is_empty]
    return gpd.GeoDataFrame(kept.reset_index(drop=True), geometry="geometry", crs=4326)


def _gaps(result: AnalysisResult, scene: Scene, zone: ZoneInfo, title: str) -> gpd.GeoDataFrame:
    """Gaps with the columns of the map and of files."""
    frame = to_lonlat(result.gaps.frame).reset_index(drop=True)
    street = frame["ground"] == "street"
    codes = scene.cameras["code"]
    concerned = [[str(codes[number]) for number in numbers] for numbers in frame["cameras"]]
    by_cause = [
        {name: int(row[f"deficit_{name}"]) for name in CAUSE_NAMES if row[f"deficit_{name}"]}
        for row in frame.to_dict("records")
    ]
    return frame.assign(
        gap_id=frame.index + 1,
        rank=frame["priority"],
        priority=-frame["priority"].astype(float),
        path=frame["leaf"],
        leaf=title,
        level=LEVEL,
        measure=frame["measure"].where(~street, frame["measure"] / 1000.0).astype(float),
        minutes=frame["open_ms"] / 60_000.0,
        windows=[
            [(_at(start, zone), _at(end, zone)) for start, end in windows] for windows in frame["windows"]
        ],
        cameras=concerned,
        reasons=[list(reasons) for reasons in frame["reasons"]],
        deficit_by_cause=by_cause,
    )


def _at(epoch: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(epoch / 1000, zone)
