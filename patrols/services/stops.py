"""Where a zone's teams should go: its stops of highest demand, from the gaps of an analysis."""

from __future__ import annotations

from datetime import datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from sqlalchemy.orm import Session

from geo import repository as places
from geo.crs import to_metric
from geo.errors import LianfangError, Sentence
from geo.roads import RoadNetwork
from patrols import repository
from patrols.demand import DemandSettings, choose_stops
from patrols.repository.visits import last_visits


def zone_stops(
    session: Session,
    analysis: int,
    network: RoadNetwork,
    area: object,
    zone: str,
    settings: DemandSettings,
    *,
    also: gpd.GeoDataFrame | None = None,
    at: datetime | None = None,
    may_be_none: bool = False,
) -> gpd.GeoDataFrame:
    """The zone's stops of highest demand, at street junctions that can be walked to.

    Parameters
    ----------
    network : RoadNetwork
        In the site's metric CRS, which everything here is in.
    area : geometry
        The zone.
    zone : str
        Its code, for the stops' names.
    also : GeoDataFrame, optional
        Further gaps, as `patrols.repository.open_gaps`: what would be, were they there.
    at : datetime, optional
        From when back the time since the last visits is counted; left out, the end of the analysed period.
    may_be_none : bool
        Whether a zone without a gap is answered with no stop.

    Raises
    ------
    LianfangError
        When the zone has no gap, or no street.
    """
    gaps = to_metric(repository.open_gaps(session, analysis), network.crs)
    if also is not None and len(also):
        gaps = pd.concat([gaps, to_metric(also, network.crs)], ignore_index=True)
    inside = gaps.geometry.intersection(area)
    gaps = gaps.set_geometry(inside)[~inside.is_empty]
    if gaps.empty and may_be_none:
        return choose_stops(gaps, gpd.GeoSeries([], crs=network.crs), settings).assign(stop_id=[])
    if gaps.empty:
        raise LianfangError(
            Sentence(
                "zone '%(zone)s' has no gap in the latest analysis: there is nothing to patrol for", zone=zone
            )
        )
    candidates = junctions(session, network, area)
    if candidates.empty:
        raise LianfangError(Sentence("zone '%(zone)s' has no street; draw it where streets are", zone=zone))
    been = visits_before(session, analysis, network.crs, settings, at)
    return by_place(choose_stops(gaps.reset_index(drop=True), candidates, settings, been), zone)


def visits_before(
    session: Session, analysis: int, crs: CRS, settings: DemandSettings, at: datetime | None
) -> pd.DataFrame:
    """Where somebody was before a time, as `patrols.demand.pieces` takes it.

    What is longer ago than ground can grow for counts as never, and is not read.
    """
    until = at or repository.analysed_until(session, analysis)
    seen = to_metric(last_visits(session, until, settings.growth_days), crs)
    days = (pd.Timestamp(until) - pd.to_datetime(seen["at"], utc=True)).dt.total_seconds() / 86_400.0
    return pd.DataFrame({"x": seen.geometry.x, "y": seen.geometry.y, "days": days})


def junctions(session: Session, network: RoadNetwork, area: object) -> gpd.GeoSeries:
    """Street junctions in an area that can be walked to: where a team can stand (the network's CRS)."""
    nodes, _ = places.roads(session)
    found = to_metric(nodes, network.crs).geometry
    found = found[found.within(area)]
    near = network.snap(found, "foot", 1.0)
    return found[(near["edge_id"] >= 0).to_numpy()]


def by_place(stops: gpd.GeoDataFrame, zone: str) -> gpd.GeoDataFrame:
    """Stops (metric CRS) with a `stop_id`, numbered from west to east, then from south to north, by metre.

    Stops come in the order of demand. Their numbers go out to whoever walks the plan, and would tell where
    least is watched.
    """
    whole_m = np.rint(shapely.get_coordinates(stops.geometry.to_numpy()))
    order = np.lexsort(whole_m.T[::-1])
    placed = stops.iloc[order].reset_index(drop=True)
    placed["stop_id"] = [f"{zone}-{number:03d}" for number in range(1, len(placed) + 1)]
    return placed


def villages_at(tree: gpd.GeoDataFrame, points: gpd.GeoSeries) -> NDArray[np.object_]:
    """Path of the village each point lies in, None outside all.

    Parameters
    ----------
    tree : GeoDataFrame
        Villages with their `path`. A point on a border belongs to the one whose path sorts first, as in
        `geo.repository.assign_scope`.
    points : GeoSeries of Point in the same CRS
    """
    ordered = tree.sort_values("path")
    point, village = ordered.sindex.query(points.to_numpy(), predicate="intersects")
    lowest = np.full(len(points), len(ordered), np.int64)
    np.minimum.at(lowest, point, village)
    paths = np.full(len(ordered) + 1, None, object)
    paths[:-1] = ordered["path"]
    return paths[lowest]
