"""Compile the Numba kernels once, at set-up, so that the first request does not wait for them.

A scene of one street, one wall and two cameras goes through the same functions as a city does: the compiled
code lands in Numba's cache beside the sources and fits any input of the same types.
"""

from datetime import UTC, datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy import sparse

from cameras.analysis import AnalysisResult, Scene, analyse_scene
from cameras.footprint import footprints
from cameras.frames import FrameBatch
from cameras.poses import PRESET_COLUMNS
from cameras.siting import Covering, SearchSettings, Siting, choose
from geo.roads import RoadNetwork
from patrols.plan import PatrolPlan
from patrols.problem import CrossRule, PatrolProblem
from patrols.solve import Budget, solve

CRS = "EPSG:32635"
EAST, NORTH = 385_000.0, 6_671_000.0
MINUTE_MS = 60_000


def street(crs: str) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Nodes and edges of one street of 100 m that everybody may use both ways."""
    ends = shapely.points([[EAST, NORTH], [EAST + 100, NORTH]])
    nodes = gpd.GeoDataFrame(index=pd.Index([1, 2], name="node_id"), geometry=ends, crs=crs)
    ways = [f"{mode}_{side}" for mode in ("foot", "ebike", "car") for side in ("forward", "backward")]
    row = {"u": 1, "v": 2, "way_id": 1, "name": "Street", "road_class": "residential", "steps": False}
    edges = gpd.GeoDataFrame(
        [row | {"watched": True} | dict.fromkeys(ways, True)],
        index=pd.Index([1], name="edge_id"),
        geometry=[shapely.LineString(ends)],
        crs=crs,
    )
    return nodes, edges


def analysed(edges: gpd.GeoDataFrame) -> AnalysisResult:
    """Ten minutes of two cameras on that street, one of them silent after the fifth."""
    crs = edges.crs
    empty = float("nan")
    cameras = gpd.GeoDataFrame(
        {
            "code": ["one", "two"],
            "name": ["one", "two"],
            "azimuth_deg": [90.0, empty],
            "azimuth_quality": ["measured", "unknown"],
            "tilt_deg": empty,
            "hfov_deg": 90.0,
            "vfov_deg": empty,
            "width_px": 1920.0,
            "height_px": empty,
            "mount_height_m": 3.5,
            "ptz": False,
            "parent_code": None,
        },
        index=pd.Index([1, 2], name="camera_id"),
        geometry=shapely.points([[EAST + 10, NORTH + 2], [EAST + 60, NORTH + 2]]),
        crs=crs,
    )
    minutes = [*range(10), *range(5)]
    frames = FrameBatch.of(
        [1] * 10 + [2] * 5,
        [minute * MINUTE_MS for minute in minutes],
        source=1,
        azimuth_deg=[90.0] * 10 + [empty] * 5,
        # One dark, or the kernel that lets states last is not called.
        luma=[20.0] + [120.0] * 14,
        contrast=40.0,
        sharpness=50.0,
        # Some alike, or the search for frozen pictures is not called.
        similarity=[0.5] * 10 + [0.99] * 5,
    )
    wall = shapely.box(EAST + 30, NORTH - 1, EAST + 31, NORTH + 5)
    area = shapely.MultiPolygon([shapely.box(EAST - 50, NORTH - 50, EAST + 150, NORTH + 50)])
    places = {"key": ["n1"], "kind": ["school"], "name": ["School"]}
    return analyse_scene(
        Scene(
            cameras=cameras,
            presets=pd.DataFrame(columns=list(PRESET_COLUMNS)),
            sources=pd.DataFrame({"kind": ["gateway"], "expected_interval_s": [60.0]}, index=[1]),
            expected=pd.DataFrame({"camera": [1, 2], "source": [1, 1]}),
            frames=frames,
            edges=edges,
            places=gpd.GeoDataFrame(places, geometry=shapely.points([[EAST + 20, NORTH]]), crs=crs),
            obstructions=gpd.GeoDataFrame({"key": ["w1"], "height_m": [3.0]}, geometry=[wall], crs=crs),
            jurisdictions=gpd.GeoDataFrame(
                {
                    "path": ["a"],
                    "code": ["a"],
                    "level": [0],
                    "name": ["a"],
                    "name_en": ["a"],
                    "origin": ["derived"],
                },
                geometry=[area],
                crs=crs,
            ),
            zone=UTC,
        ),
        (0, 10 * MINUTE_MS),
    )


def looked_over_a_wall(crs: str) -> gpd.GeoSeries:
    """What a camera above a wall sees behind it."""
    lens = {"azimuth_deg": [90.0], "hfov_deg": [90.0], "width_px": [1920.0], "mount_height_m": [6.0]}
    cameras = gpd.GeoDataFrame(lens, geometry=shapely.points([[EAST + 10, NORTH + 2]]), crs=crs)
    wall = shapely.box(EAST + 30, NORTH - 1, EAST + 31, NORTH + 5)
    walls = gpd.GeoDataFrame({"height_m": [3.0]}, geometry=[wall], crs=crs)
    return footprints(cameras, walls, level="detect", dimension="2.5d")


def sited() -> Siting:
    """The better of two spots for a camera."""
    seen = sparse.csr_array(np.array([[1, 0], [1, 1]], dtype=np.int8))
    none, one = np.zeros(2, np.int64), np.ones(2, np.int64)
    return choose(Covering(one, none, seen, np.arange(2), one), 1, SearchSettings(kicks=1, exact=False))


def planned() -> PatrolPlan:
    """Two teams of two villages at one stop, one of them with a break; a second stop that must be visited."""
    way = np.array([[0, 60], [60, 0]])
    teams = {"team_id": ["a", "b"], "village": ["a", "b"], "mode": "foot", "start_node": 0, "end_node": 0}
    return solve(
        PatrolProblem(
            duration_s={"foot": way},
            distance_m={"foot": way},
            stops=pd.DataFrame(
                {
                    "stop_id": ["p", "q"],
                    "node": 1,
                    "village": "a",
                    "prize": [1, 0],
                    "service_s": 60,
                    "required": [False, True],
                }
            ),
            windows=pd.DataFrame(),
            teams=pd.DataFrame(teams | {"start_s": 0, "end_s": 9000}),
            breaks=pd.DataFrame({"team_id": ["a"], "earliest_s": 0, "latest_s": 600, "duration_s": 60}),
            forbidden=pd.DataFrame(),
            rule=CrossRule(),
            origin=datetime(2026, 1, 1, tzinfo=UTC),
        ),
        budget=Budget(iterations=(20,)),
        seed=0,
    )


def main() -> None:
    """Run every kernel once."""
    planned()
    sited()
    nodes, edges = street(CRS)
    analysed(edges)
    looked_over_a_wall(CRS)
    stops = gpd.GeoSeries(shapely.points([[EAST + 10, NORTH], [EAST + 90, NORTH]]), crs=CRS)
    network = RoadNetwork.from_edges(nodes, edges)
    for mode in ("foot", "ebike", "car"):
        network.matrix(stops, mode)
        network.paths(stops, [(0, 1)], mode)


if __name__ == "__main__":
    main()
