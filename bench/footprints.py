"""Occluded footprints: ours against the straightforward way with Shapely, on the same real buildings.

`python -m bench footprints` measures on central Helsinki (data/fetched/, made by the set-up);
`python -m bench.footprints FILE…` on further OpenStreetMap extracts too, for example Monaco's, cropped with
`--box WEST SOUTH EAST NORTH` where members of its relations lie far away.
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
from cameras.footprint import footprints, sectors
from geo.crs import to_metric
from geo.osm import read_osm

HELSINKI = Path(__file__).parent.parent / "data" / "fetched" / "Helsinki.osm.pbf"
CAMERAS = 1000
SEED = 2
REPEATS = 9
#: The reference takes seconds a round.
REFERENCE_REPEATS = 3
#: 90° and 1 pixel per metre leave the range to `range_m`.
LEVEL = 1.0


def run(extracts: Sequence[Path] = (HELSINKI,), box: Sequence[float] | None = None) -> dict[str, Any]:
    """Figures by extract; medians of several rounds after one that warms up.

    Parameters
    ----------
    extracts : sequence of path
        OpenStreetMap files.
    box : (west, south, east, north), optional
        Degrees; only buildings that meet it are used.
    """
    return {path.name.split(".")[0]: measured(buildings(path, box)) for path in extracts}


def buildings(path: Path, box: Sequence[float] | None) -> gpd.GeoDataFrame:
    """Buildings of an extract in metres."""
    frame = read_osm(path).buildings
    if box is not None:
        frame = frame[frame.intersects(shapely.box(*box))]
    return to_metric(frame)


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


def shapely_footprints(
    cams: gpd.GeoDataFrame, obstructions: gpd.GeoDataFrame
) -> tuple[NDArray[np.object_], int]:
    """Reference: cut from each sector the buildings in it and the shadow of each of their edges.

    Returns the footprints, None where an overlay failed, and the number of those.
    """
    open_views = sectors(cams, level=LEVEL).to_numpy()
    solid = obstructions.geometry.to_numpy()
    tree = shapely.STRtree(solid)
    seen = np.full(len(cams), None, dtype=object)
    for n, (point, sector) in enumerate(zip(cams.geometry, open_views, strict=True)):
        close = shapely.get_parts(solid[tree.query(sector, predicate="intersects")])
        ring = [shapely.get_coordinates(ring) - (point.x, point.y) for ring in shapely.get_rings(close)]
        try:
            if not ring:
                seen[n] = sector
                continue
            p, q = np.vstack([c[:-1] for c in ring]), np.vstack([c[1:] for c in ring])
            # Far enough that the shadow of an edge seen under almost 180° still ends beyond the range.
            far_p, far_q = (1e5 * end / np.hypot(*end.T)[:, None] for end in (p, q))
            shadows = shapely.polygons(np.add(np.stack([p, q, far_q, far_p], axis=1), (point.x, point.y)))
            seen[n] = sector.difference(shapely.union_all([*close, *shadows]))
        except shapely.errors.GEOSException:
            continue
    return seen, sum(view is None for view in seen)


def measured(obstructions: gpd.GeoDataFrame) -> dict[str, Any]:
    """Seconds, speeds and agreement of both on one set of buildings."""
    cams = cameras_outside(obstructions)
    ours_s, ours = _timed(lambda: footprints(cams, obstructions, level=LEVEL), REPEATS)
    theirs_s, (theirs, failed) = _timed(lambda: shapely_footprints(cams, obstructions), REFERENCE_REPEATS)
    both = np.array([view is not None and view.area > 1.0 for view in theirs])
    area = shapely.area(theirs[both])
    apart = np.abs(ours.area.to_numpy()[both] - area) / area
    return {
        "buildings": len(obstructions),
        "edges": int(shapely.get_num_coordinates(obstructions.geometry.to_numpy()).sum()),
        "cameras": len(cams),
        "ours_s": ours_s,
        "ours_cameras_per_s": len(cams) / ours_s,
        "ours_invalid": int((~ours.is_valid).sum()),
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
    """Measure on Helsinki and on the extracts named; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.footprints", description=__doc__.splitlines()[0])
    parser.add_argument("extracts", nargs="*", type=Path, metavar="FILE", help="further .osm.pbf extracts")
    parser.add_argument("--box", nargs=4, type=float, metavar=("WEST", "SOUTH", "EAST", "NORTH"))
    asked = parser.parse_args(arguments)
    print(*lines(run()), sep="\n")
    if asked.extracts:
        print(*lines(run(asked.extracts, asked.box)), sep="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
