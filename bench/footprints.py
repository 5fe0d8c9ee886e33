"""Occluded footprints: ours against the straightforward way with Shapely, on the same real buildings.

`python -m bench footprints` measures in the plane and over walls (2.5D) on central Helsinki (data/fetched/,
made by the set-up) and on Monaco (`bench.monaco`, fetched when first asked for); `python -m bench.footprints
FILE…` on further OpenStreetMap extracts too, cropped with `--box WEST SOUTH EAST NORTH` where members of
their relations lie far away. The reference shares no code with what it judges, down to its sectors.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from bench.__main__ import lines
from bench.monaco import BOX, monaco
from cameras.footprint import footprints
from geo.crs import to_metric
from geo.osm import read_osm

HELSINKI = Path(__file__).parent.parent / "data" / "fetched" / "Helsinki.osm.pbf"
CAMERAS = 1000
SEED = 2
REPEATS = 9
#: The reference takes seconds a round.
REFERENCE_REPEATS = 2
#: 90° and 1 pixel per metre leave the range to `range_m`.
LEVEL = 1.0
TARGET_M = 1.5
TILT_DEG, VFOV_DEG = 15.0, 58.72
#: Heights of buildings and cameras where the map has none, metres: many roofs below the lens.
ROOFS_M, LENSES_M = (2.0, 20.0), (3.0, 10.0)
#: A reference shadow without end reaches this far: the shadow of an edge seen under almost 180° needs it.
ENDLESS_M = 1e5


def run() -> dict[str, Any]:
    """Figures by extract; medians of several rounds after one that warms up."""
    found = {"Helsinki": measured(buildings(HELSINKI, None))}
    try:
        found["Monaco"] = measured(buildings(monaco(), BOX))
    except RuntimeError as error:
        found["Monaco"] = {"not_measured": str(error)}
    return found


def buildings(path: Path, box: Sequence[float] | None) -> gpd.GeoDataFrame:
    """Buildings of an extract in metres, those that meet a box (degrees) if there is one.

    Heights are the map's; where it has none, a seeded spread, told in column `tagged`.
    """
    frame = read_osm(path).buildings
    if box is not None:
        frame = frame[frame.intersects(shapely.box(*box))]
    tagged = frame["height_m"].notna()
    spread = np.random.default_rng(SEED).uniform(*ROOFS_M, len(frame))
    return to_metric(
        frame.assign(height_m=frame["height_m"].fillna(0.0).where(tagged, spread), tagged=tagged)
    )


def cameras_outside(
    obstructions: gpd.GeoDataFrame, count: int = CAMERAS, seed: int = SEED
) -> gpd.GeoDataFrame:
    """Seeded cameras outside all buildings: 90°, any azimuth, 60 to 100 m."""
    rng = np.random.default_rng(seed)
    low, high = obstructions.total_bounds[:2], obstructions.total_bounds[2:]
    spots = shapely.points(rng.uniform(low, high, (4 * count, 2)))
    taken = obstructions.sindex.query(spots, predicate="intersects")[0]
    free = np.setdiff1d(np.arange(len(spots)), taken)[:count]
    if len(free) < count:
        raise ValueError(f"only {len(free)} of {count} cameras stand outside; the buildings leave no room")
    fields = {
        "azimuth_deg": rng.uniform(0, 360, count),
        "hfov_deg": 90.0,
        "width_px": 1920.0,
        "range_m": rng.uniform(60, 100, count),
    }
    return gpd.GeoDataFrame(fields, geometry=spots[free], crs=obstructions.crs)


def raised(cams: gpd.GeoDataFrame, seed: int = SEED) -> gpd.GeoDataFrame:
    """The same cameras with a height, a tilt and a vertical field of view, and so with a dead zone."""
    lens_m = np.random.default_rng(seed).uniform(*LENSES_M, len(cams))
    return cams.assign(mount_height_m=lens_m, tilt_deg=TILT_DEG, vfov_deg=VFOV_DEG)


def open_view(x: float, y: float, azimuth_deg: float, dead_m: float, range_m: float) -> shapely.Polygon:
    """A sector of 90° with arcs of quarter degrees, without the dead zone."""
    bearing = np.radians(azimuth_deg + np.arange(-45.0, 45.25, 0.25))
    arc = np.column_stack([np.sin(bearing), np.cos(bearing)])
    return shapely.Polygon(np.vstack([range_m * arc, dead_m * arc[::-1]]) + np.array([x, y]))


def shapely_footprints(
    cams: gpd.GeoDataFrame, obstructions: gpd.GeoDataFrame
) -> tuple[NDArray[np.object_], int]:
    """Reference: cut from each sector the buildings in it and the shadow of each of their edges.

    For cameras with a height a shadow ends at k times the distance of what casts it, k = (h − 1.5 m) over
    (h − roof), and where k is finite the building blown up by k is cut too: its far walls cast the rest.
    Returns the footprints, None where an overlay failed, and the number of those.
    """
    solid, roof_m = obstructions.geometry.to_numpy(), obstructions["height_m"].to_numpy()
    tree = shapely.STRtree(solid)
    seen = np.full(len(cams), None, dtype=object)
    for n, cam in enumerate(cams.itertuples()):
        origin, lens_m = np.array([cam.geometry.x, cam.geometry.y]), getattr(cam, "mount_height_m", -np.inf)
        dead_m = lens_m / np.tan(np.radians(TILT_DEG + VFOV_DEG / 2)) if lens_m > 0 else 0.0
        sector = open_view(*origin, cam.azimuth_deg, dead_m, cam.range_m)
        # What stands in the dead zone casts shadows as well.
        whole = open_view(*origin, cam.azimuth_deg, 0.0, cam.range_m)
        rows = tree.query(whole, predicate="intersects")
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = np.maximum((lens_m - TARGET_M) / (lens_m - roof_m[rows]), 1.0)
        factor = np.where(roof_m[rows] < lens_m, factor, np.inf)
        try:
            seen[n] = sector.difference(shapely.union_all(_shadows(origin, solid[rows], factor)))
        except shapely.errors.GEOSException:
            continue
    return seen, sum(view is None for view in seen)


def _shadows(
    origin: NDArray[np.float64], solid: NDArray[np.object_], factor: NDArray[np.float64]
) -> list[shapely.Geometry]:
    """Buildings, their copies blown up around the origin by finite factors, and the sides between both."""
    parts, of = shapely.get_parts(solid, return_index=True)
    rings, within = shapely.get_rings(parts, return_index=True)
    corners = [shapely.get_coordinates(ring) - origin for ring in rings]
    if not corners:
        return []
    times = np.repeat(factor[of][within], [len(ring) - 1 for ring in corners])[:, None]
    p, q = np.vstack([c[:-1] for c in corners]), np.vstack([c[1:] for c in corners])
    with np.errstate(divide="ignore", invalid="ignore"):
        far_p, far_q = (
            np.where(np.isinf(times), ENDLESS_M / np.hypot(*end.T)[:, None] * end, times * end)
            for end in (p, q)
        )
    shadows = shapely.polygons(np.stack([p, q, far_q, far_p], axis=1)[times[:, 0] > 1] + origin)
    larger = [
        shapely.transform(part, lambda c, k=k: (c - origin) * k + origin)
        for part, k in zip(parts, factor[of], strict=True)
        if 1 < k < np.inf
    ]
    return [*parts, *larger, *shadows]


def measured(obstructions: gpd.GeoDataFrame) -> dict[str, Any]:
    """Seconds, speeds and agreement of both on one set of buildings, in the plane and over walls."""
    cams = cameras_outside(obstructions)
    over = raised(cams)
    return {
        "buildings": len(obstructions),
        "heights_tagged": int(obstructions["tagged"].sum()),
        "edges": int(shapely.get_num_coordinates(obstructions.geometry.to_numpy()).sum()),
        "cameras": len(cams),
        "2d": _compared(cams, obstructions, "2d"),
        "2.5d": _compared(over, obstructions, "2.5d"),
    }


def _compared(cams: gpd.GeoDataFrame, obstructions: gpd.GeoDataFrame, dimension: str) -> dict[str, Any]:
    ours_s, ours = _timed(
        lambda: footprints(cams, obstructions, level=LEVEL, dimension=dimension, target_height_m=TARGET_M),
        REPEATS,
    )
    theirs_s, (theirs, failed) = _timed(lambda: shapely_footprints(cams, obstructions), REFERENCE_REPEATS)
    both = np.array([view is not None and view.area > 1.0 for view in theirs])
    area = shapely.area(theirs[both])
    apart = np.abs(ours.area.to_numpy()[both] - area) / area
    return {
        "ours_s": ours_s,
        "ours_cameras_per_s": len(cams) / ours_s,
        "ours_invalid": int((~ours.is_valid).sum()),
        "ours_with_islands": int((ours.geom_type == "MultiPolygon").sum()),
        "shapely_s": theirs_s,
        "shapely_cameras_per_s": len(cams) / theirs_s,
        "shapely_failed": failed,
        "speed_ratio": theirs_s / ours_s,
        "mean_area_difference_percent": 100 * float(apart.mean()),
        "largest_area_difference_percent": 100 * float(apart.max()),
    }


def _timed(work: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Median seconds of several rounds after a first one, and the last result."""
    result = work()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), result


def main(arguments: list[str]) -> int:
    """Measure on Helsinki, on Monaco and on the extracts named; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.footprints", description=__doc__.splitlines()[0])
    parser.add_argument("extracts", nargs="*", type=Path, metavar="FILE", help="further .osm.pbf extracts")
    parser.add_argument("--box", nargs=4, type=float, metavar=("WEST", "SOUTH", "EAST", "NORTH"))
    asked = parser.parse_args(arguments)
    print(*lines(run()), sep="\n")
    for path in asked.extracts:
        print(*lines({path.name.split(".")[0]: measured(buildings(path, asked.box))}), sep="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
