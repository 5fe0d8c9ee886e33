"""One analysis from frames to gaps, as a pure function: the same call serves command, job and test.

frames ─ availability ─ poses ─ footprints ─ atoms ─ coverage at every level ─ gaps at one level
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import tzinfo

import geopandas as gpd
import numpy as np
import pandas as pd

from cameras.availability import Availability, availability
from cameras.coverage import Coverage, CoverageSettings, coverage
from cameras.diagnosis import Thresholds
from cameras.footprint import footprints, sectors
from cameras.frames import FrameBatch
from cameras.gaps import Gaps, coverage_gaps
from cameras.ground import STREET, Layers, incidence, leaf_jurisdictions, watched_ground
from cameras.levels import level_set, lowest_level
from cameras.optics import AssumedOptics
from cameras.poses import PoseTolerances, lens_is_assumed
from cameras.shares import with_shares
from cameras.standpoint import standpoints
from geo.crs import need_metric, true_north_deg
from geo.errors import LianfangError, Sentence

Progress = Callable[[float], None]


@dataclass(frozen=True)
class AnalysisSettings:
    """Everything that tunes an analysis; kept with its result.

    Parameters
    ----------
    coverage : CoverageSettings
        Level, slots and threshold of the gaps.
    thresholds : Thresholds
        Diagnosis of frames, and when silence is a loss.
    assumed : AssumedOptics
        Optics where neither frame nor record tells.
    tolerances : PoseTolerances
        When two measured poses are one.
    clearance_m : float
        How far a camera recorded inside a building or on a façade is moved off it, metres.
    """

    coverage: CoverageSettings = field(default_factory=lambda: CoverageSettings(level="observe"))
    thresholds: Thresholds = field(default_factory=Thresholds)
    assumed: AssumedOptics = field(default_factory=AssumedOptics)
    tolerances: PoseTolerances = field(default_factory=PoseTolerances)
    clearance_m: float = 0.2


@dataclass(frozen=True, eq=False)
class Scene:
    """What an analysis looks at; every geometry in one projected CRS in metres.

    Parameters
    ----------
    cameras : GeoDataFrame
        CAMERAS by id, azimuths against true north.
    presets, sources, expected : DataFrame
        Presets of PTZ cameras, SOURCES by id, and who should deliver for whom (camera, source).
    frames : FrameBatch
        Frames of the period and of the time before it (`cameras.availability`).
    edges, places, obstructions, jurisdictions : GeoDataFrame
        ROAD EDGES, PLACES, OBSTRUCTIONS, JURISDICTIONS.
    zone : tzinfo
        The site's time zone.
    """

    cameras: gpd.GeoDataFrame
    presets: pd.DataFrame
    sources: pd.DataFrame
    expected: pd.DataFrame
    frames: FrameBatch
    edges: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    obstructions: gpd.GeoDataFrame
    jurisdictions: gpd.GeoDataFrame
    zone: tzinfo


@dataclass(frozen=True, eq=False)
class AnalysisResult:
    """What an analysis found.

    Parameters
    ----------
    availability : Availability
        SEGMENTS, POSES and wrong clocks.
    stands : DataFrame
        By camera id: geometry, moved_m, finding (`cameras.standpoint`).
    footprints : dict of level to GeoSeries
        By row of POSES, metric CRS; the levels of the set, lowest first.
    coverages : dict of level to Coverage
        Coverage at each of those levels.
    gaps : Gaps
        At the level of the settings.
    """

    availability: Availability
    stands: pd.DataFrame
    footprints: dict[str, gpd.GeoSeries]
    coverages: dict[str, Coverage]
    gaps: Gaps


def pose_cameras(poses: pd.DataFrame, stands: pd.DataFrame, crs: object) -> gpd.GeoDataFrame:
    """POSES as `cameras.footprint` wants them: where they stand, azimuths against grid north.

    Parameters
    ----------
    poses : DataFrame
        POSES, azimuths against true north.
    stands : DataFrame
        By camera id: geometry, in `crs`.
    crs : CRS
        Projected, metres.
    """
    where = gpd.GeoSeries(stands["geometry"].reindex(poses["camera"]).to_numpy(), index=poses.index, crs=crs)
    frame = gpd.GeoDataFrame(poses.copy(), geometry=where)
    frame["azimuth_deg"] = (frame["azimuth_deg"] + true_north_deg(where)) % 360.0
    return frame


def analyse_scene(
    scene: Scene,
    period: tuple[int, int],
    settings: AnalysisSettings | None = None,
    *,
    progress: Progress | None = None,
) -> AnalysisResult:
    """Availability, footprints, coverage and gaps of a period.

    Parameters
    ----------
    scene : Scene
    period : (int, int)
        Half-open, epoch milliseconds.
    settings : AnalysisSettings, optional
    progress : callable, optional
        Gets the fraction done.

    Raises
    ------
    ValueError
        When a geometry is not in the scene's one metric CRS, or a level is a bare number, whose set and so
        whose lowest level is not known.
    LianfangError
        When no watched street lies in any jurisdiction.
    """
    chosen = settings or AnalysisSettings()
    tell = progress or (lambda fraction: None)
    crs = need_metric(scene.cameras.crs, "the cameras")
    level = chosen.coverage.level
    if not isinstance(level, str):
        raise ValueError(f"level {level!r} is a bare number; name a level, so that its set is known")
    seen = availability(
        scene.cameras,
        scene.frames,
        scene.sources,
        period,
        zone=scene.zone,
        presets=scene.presets,
        expected=scene.expected,
        assumed=chosen.assumed,
        tolerances=chosen.tolerances,
        thresholds=chosen.thresholds,
    )
    tell(0.3)
    stands = standpoints(scene.cameras, scene.obstructions, clearance_m=chosen.clearance_m)
    viewers = pose_cameras(seen.poses, stands, crs)
    levels = sorted(level_set(level), key=lambda name: level_set(level)[name])
    shapes = {name: footprints(viewers, scene.obstructions, level=name) for name in levels}
    tell(0.5)
    leaves = leaf_jurisdictions(scene.jurisdictions)
    coverages: dict[str, Coverage] = {}
    for number, name in enumerate(levels, start=1):
        layers = Layers(
            at_level=shapes[name],
            at_lowest=shapes[str(lowest_level(name))],
            unobstructed=sectors(viewers, level=name),
        )
        ground = watched_ground(scene.edges, scene.places, leaves, layers)
        if not (ground.atoms["ground"] == STREET).any():
            raise LianfangError(
                Sentence(
                    "none of the %(streets)s streets lies in any of the %(leaves)s leaf jurisdictions; "
                    "check the datum both were imported with",
                    streets=len(scene.edges),
                    leaves=len(leaves),
                )
            )
        own = CoverageSettings(
            level=name,
            slot_min=chosen.coverage.slot_min,
            threshold=chosen.coverage.threshold,
            place_weight_m=chosen.coverage.place_weight_m,
        )
        coverages[name] = coverage(ground, incidence(ground, layers), seen.poses, seen.segments, period, own)
        tell(0.5 + 0.4 * number / len(levels))
    return AnalysisResult(seen, stands, shapes, coverages, coverage_gaps(coverages[level]))


def watched_shares(result: AnalysisResult) -> dict[str, dict[str, float]]:
    """Share of street length × time seen at each level: certain, and possible."""
    shares = {}
    for name, found in result.coverages.items():
        street = with_shares(found.totals()).xs("street", level="ground")
        shares[name] = {
            "certain": float(street["certain_share"].iloc[0]),
            "possible": float(street["possible_share"].iloc[0]),
        }
    return shares


def camera_findings(result: AnalysisResult) -> pd.DataFrame:
    """What a technician should know, one row a camera and kind.

    Returns
    -------
    DataFrame
        camera, kind ("inside", "on_facade", "clock_wrong", "turned", "no_azimuth", "assumed_optics"), value
        (metres moved, NaN where it could not be freed; seconds the clock is off; else NaN), start_ms and
        end_ms (-1 where no period applies).
    """
    stands = result.stands[result.stands["finding"] != ""]
    clocks, poses = result.availability.clocks, result.availability.poses
    told = poses.groupby("camera").agg(
        located=("azimuth_tolerance_deg", lambda column: bool((column < 180.0).any())),
        known=("assumed", lambda column: not column.map(lens_is_assumed).all()),
    )
    segments = result.availability.segments
    turned = (
        segments[segments["moved"]]
        .groupby("camera")
        .agg(start_ms=("start_ms", "min"), end_ms=("end_ms", "max"))
    )
    blind, guessed = told.index[~told["located"]], told.index[~told["known"]]
    parts = [
        _rows(stands.index, stands["finding"], stands["moved_m"]),
        _rows(clocks["camera"], "clock_wrong", clocks["offset_s"], clocks["start_ms"], clocks["end_ms"]),
        _rows(turned.index, "turned", np.nan, turned["start_ms"], turned["end_ms"]),
        _rows(blind, "no_azimuth"),
        _rows(guessed, "assumed_optics"),
    ]
    return pd.concat(parts, ignore_index=True).sort_values(["camera", "kind"], ignore_index=True)


def _rows(
    camera: pd.Index | pd.Series,
    kind: object,
    value: object = np.nan,
    start_ms: object = -1,
    end_ms: object = -1,
) -> pd.DataFrame:
    columns = {"camera": camera, "kind": kind, "value": value, "start_ms": start_ms, "end_ms": end_ms}
    frame = pd.DataFrame(
        {name: np.broadcast_to(np.asarray(part), len(camera)) for name, part in columns.items()}
    )
    return frame.astype({"camera": "int64", "value": "float64", "start_ms": "int64", "end_ms": "int64"})
