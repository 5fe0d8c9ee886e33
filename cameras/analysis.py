"""One analysis from frames to gaps, as a pure function: the same call serves command, job and test.

frames ─ availability ─ poses ─ footprints ─ atoms ─ coverage at every level ─ gaps at one level
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import tzinfo

import geopandas as gpd
import numpy as np
import pandas as pd

from cameras.availability import Availability, availability
from cameras.coverage import Coverage, CoverageSettings, coverage
from cameras.diagnosis import Thresholds
from cameras.footprint import check_dimension
from cameras.frames import FrameBatch
from cameras.gaps import Gaps, coverage_gaps
from cameras.ground import STREET, Layers, incidence, leaf_jurisdictions, watched_ground
from cameras.levels import lowest_level
from cameras.moving import pose_points
from cameras.optics import AssumedOptics
from cameras.poses import PoseTolerances, lens_is_assumed
from cameras.shares import with_shares
from cameras.standpoint import standpoints
from cameras.views import Views, pose_cameras, views
from geo.crs import need_metric
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
        How far a camera recorded inside a building or on a façade is moved off it, metres. In 2.5d too: one
        on a roof hangs at its edge.
    dimension : str
        "2d", where every obstruction hides whatever its height, or "2.5d" (`cameras.footprint`).
    target_height_m : float
        Height of what is looked at, in 2.5d.
    """

    coverage: CoverageSettings = field(default_factory=lambda: CoverageSettings(level="observe"))
    thresholds: Thresholds = field(default_factory=Thresholds)
    assumed: AssumedOptics = field(default_factory=AssumedOptics)
    tolerances: PoseTolerances = field(default_factory=PoseTolerances)
    clearance_m: float = 0.2
    dimension: str = "2d"
    target_height_m: float = 1.5

    def __post_init__(self) -> None:
        check_dimension(self.dimension, self.target_height_m)


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
    points : GeoSeries of Point
        Where each of POSES stands, metric CRS.
    footprints : dict of level to GeoSeries
        By row of POSES, metric CRS; the levels of the set, lowest first.
    coverages : dict of level to Coverage
        Coverage at each of those levels.
    gaps : Gaps
        At the level of the settings.
    """

    availability: Availability
    stands: pd.DataFrame
    points: gpd.GeoSeries
    footprints: dict[str, gpd.GeoSeries]
    coverages: dict[str, Coverage]
    gaps: Gaps


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
        When a geometry is not in the scene's one metric CRS, a level is a bare number, whose set and so
        whose lowest level is not known, or obstructions have no column height_m in 2.5d.
    LianfangError
        When no watched street lies in any jurisdiction.
    """
    chosen = settings or AnalysisSettings()
    tell = progress or (lambda fraction: None)
    need_metric(scene.cameras.crs, "the cameras")
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
    points = pose_points(seen.poses, stands, scene.obstructions, clearance_m=chosen.clearance_m)
    found = views(
        pose_cameras(seen.poses, points),
        scene.cameras,
        scene.obstructions,
        level=level,
        dimension=chosen.dimension,
        target_height_m=chosen.target_height_m,
    )
    tell(0.5)
    coverages: dict[str, Coverage] = {}
    held = Held(seen.poses, seen.segments)
    for name, one in level_coverages(found, held, scene, period, chosen):
        coverages[name] = one
        tell(0.5 + 0.4 * len(coverages) / len(found.at_level))
    return AnalysisResult(seen, stands, points, found.at_level, coverages, coverage_gaps(coverages[level]))


@dataclass(frozen=True, eq=False)
class Held:
    """POSES, and the SEGMENTS in which they held."""

    poses: pd.DataFrame
    segments: pd.DataFrame


def level_coverages(
    found: Views,
    held: Held,
    scene: Scene,
    period: tuple[int, int],
    settings: AnalysisSettings,
    *,
    within: Collection[str] | None = None,
) -> Iterator[tuple[str, Coverage]]:
    """Coverage of the scene's watched ground at every level, lowest first.

    Parameters
    ----------
    found, held
        Of the same POSES.
    scene : Scene
        Of which the ground is looked at: edges, places, jurisdictions.
    period : (int, int)
        Half-open, epoch milliseconds.
    settings : AnalysisSettings
    within : collection of str, optional
        Paths of the leaf jurisdictions that are asked for; all of the scene's without it.

    Raises
    ------
    LianfangError
        When no watched street lies in any jurisdiction; not with `within`.
    """
    leaves = leaf_jurisdictions(scene.jurisdictions)
    for name, shapes in found.at_level.items():
        layers = Layers(
            at_level=shapes,
            at_lowest=found.at_level[str(lowest_level(name))],
            unobstructed=found.unobstructed[name],
        )
        ground = watched_ground(scene.edges, scene.places, leaves, layers)
        if within is not None:
            ground = ground.within(within)
        elif not (ground.atoms["ground"] == STREET).any():
            raise LianfangError(
                Sentence(
                    "none of the %(streets)s streets lies in any of the %(leaves)s leaf jurisdictions; "
                    "check the datum both were imported with",
                    streets=len(scene.edges),
                    leaves=len(leaves),
                )
            )
        yield (
            name,
            coverage(
                ground,
                incidence(ground, layers),
                held.poses,
                held.segments,
                period,
                replace(settings.coverage, level=name),
            ),
        )


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


def camera_findings(seen: Availability, stands: pd.DataFrame) -> pd.DataFrame:
    """What a technician should know, one row a camera and kind.

    Parameters
    ----------
    seen : Availability
    stands : DataFrame
        By camera id: moved_m, finding (`cameras.standpoint`).

    Returns
    -------
    DataFrame
        camera, kind ("inside", "on_facade", "clock_wrong", "turned", "no_azimuth", "assumed_optics"), value
        (metres moved, NaN where it could not be freed; seconds the clock is off; else NaN), start_ms and
        end_ms (-1 where no period applies).
    """
    stands = stands[stands["finding"] != ""]
    clocks, poses = seen.clocks, seen.poses
    told = poses.groupby("camera").agg(
        located=("azimuth_tolerance_deg", lambda column: bool((column < 180.0).any())),
        known=("assumed", lambda column: not column.map(lens_is_assumed).all()),
    )
    segments = seen.segments
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
