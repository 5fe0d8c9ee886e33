"""Nodes of a patrol problem on the streets: where they stand, how far and how long from one to another."""

from __future__ import annotations

from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from geo.crs import LONLAT, to_metric
from geo.roads import AIR, RoadNetwork
from patrols import pace


def points_at(lonlat: NDArray[np.float64], crs: CRS) -> gpd.GeoSeries:
    """Places of a plan file in the CRS of the network."""
    return to_metric(gpd.GeoSeries(shapely.points(lonlat), crs=LONLAT), crs)


def on_their_street(
    network: RoadNetwork, teams: gpd.GeoDataFrame, limit_m: float
) -> tuple[gpd.GeoSeries, pd.Series]:
    """Where each team enters the streets of its mode, and the whole seconds it walks there from its base.

    Who flies begins at its base. A team with a `pace_percent` walks at that share of the usual pace.
    """
    places_on = teams.geometry.copy()
    walk_s = pd.Series(0, teams.index)
    for mode, group in teams[teams["mode"] != AIR].groupby("mode"):
        snapped = network.snap(group.geometry, str(mode), limit_m)
        places_on.loc[group.index] = snapped.geometry
        # Whole millimetres, as the network measures; a rounding error must not cost a second.
        walk_mm = np.rint(snapped["access_m"].to_numpy() * 1000.0)
        walk_s.loc[group.index] = np.ceil(walk_mm / (network.speeds.foot * 1000.0) - 1e-9).astype(np.int64)
    if "pace_percent" in teams:
        for percent, group in teams.groupby("pace_percent"):
            walk_s.loc[group.index] = pace.slowed(walk_s[group.index].to_numpy(np.int64), int(percent))
    return places_on, walk_s


def matrices(
    network: RoadNetwork, points: gpd.GeoSeries, modes: list[str], snap_limit_m: float
) -> tuple[dict[str, NDArray[np.int64]], dict[str, NDArray[np.int64]]]:
    """Travel times and distances between all nodes, by mode; in the air straight and wherever a node lies.

    A mode may be a slower one (`patrols.pace`): its ways are those of the streets' mode, its times longer.
    """
    durations: dict[str, NDArray[np.int64]] = {}
    distances: dict[str, NDArray[np.int64]] = {}
    usual = {name: network.matrix(points, name, snap_limit_m=snap_limit_m) for name in bases(modes)}
    for mode in modes:
        name, percent = pace.split(mode)
        duration, distance = (part.copy() for part in usual[name])
        duration = pace.slowed(duration, percent)
        # A stop off a mode's streets cannot be reached, but a team is never away from where it is.
        np.fill_diagonal(duration, 0)
        np.fill_diagonal(distance, 0)
        durations[mode], distances[mode] = duration, distance
    return durations, distances


def bases(modes: Iterable[str]) -> list[str]:
    """The modes of the streets that some modes of a problem are, each once."""
    return list(dict.fromkeys(pace.split(mode)[0] for mode in modes))


def out_of_range(teams: gpd.GeoDataFrame, stops: gpd.GeoDataFrame) -> list[tuple[str, str]]:
    """Pairs of a team that flies and a stop farther from its base than its range.

    Parameters
    ----------
    teams : GeoDataFrame
        code, range_m (metres; NaN of who does not fly), bases.
    stops : GeoDataFrame in the same projected CRS
        stop_id, points.

    Returns
    -------
    list of (code, stop_id)
        A straight line between two places in range stays in range, so that no more need be forbidden.
    """
    far = []
    for code, range_m, base in zip(teams["code"], teams["range_m"], teams.geometry, strict=True):
        if not pd.isna(range_m):
            beyond = shapely.distance(stops.geometry.to_numpy(), base) > range_m
            far += [(code, stop) for stop in stops["stop_id"].to_numpy()[beyond]]
    return far


def kept_out(teams: gpd.GeoDataFrame, stops: gpd.GeoDataFrame) -> list[tuple[str, str]]:
    """Pairs (code, stop_id) of a team and a stop in a jurisdiction where it must not go.

    Parameters
    ----------
    teams : DataFrame
        code, keep_out (list of paths; the column may be missing).
    stops : DataFrame
        stop_id, village (path or None).
    """
    if "keep_out" not in teams:
        return []
    return [
        (code, stop)
        for code, paths in zip(teams["code"], teams["keep_out"], strict=True)
        for stop, village in zip(stops["stop_id"], stops["village"], strict=True)
        if isinstance(village, str) and any(f"{village}.".startswith(f"{path}.") for path in paths)
    ]
