"""A trial on stored data that changes nothing: which stops a zone would have if more ground were unseen."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from shapely import Geometry
from sqlalchemy.orm import Session

from geo.crs import to_lonlat, to_metric
from geo.services import site_crs
from patrols import repository
from patrols.demand import DemandSettings
from patrols.services.stops import zone_stops
from patrols.services.zoning import road_network

# A stop is the same one when it stands at the same junction.
SAME_PLACE_M = 1.0
# Marks the ground of the trial among the stored gaps, whose ids are positive.
TRIAL_GAP = -1


@dataclass(frozen=True, eq=False)
class MovedStops:
    """The stops of a zone before and after.

    Parameters
    ----------
    zone, zone_name, zone_name_en : str
    before, after : GeoDataFrame in EPSG:4326
        stop_id, prize, for_trial (whether it is there, or worth more, because of the trial's ground).
    gone, come : tuple of int
        Rows of `before` that are no stops any more, rows of `after` that were none.
    """

    zone: str
    zone_name: str
    zone_name_en: str
    before: gpd.GeoDataFrame
    after: gpd.GeoDataFrame
    gone: tuple[int, ...]
    come: tuple[int, ...]

    def inside(self, area: Geometry | None) -> MovedStops:
        """Those that stand in an area (EPSG:4326); none of them without one."""
        kept = [
            np.zeros(len(stops), dtype=bool) if area is None else stops.intersects(area).to_numpy()
            for stops in (self.before, self.after)
        ]
        (before, gone), (after, come) = (
            (stops[here].reset_index(drop=True), _renumbered(rows, here))
            for stops, rows, here in zip((self.before, self.after), (self.gone, self.come), kept, strict=True)
        )
        return replace(self, before=before, after=after, gone=gone, come=come)


def _renumbered(rows: tuple[int, ...], kept: NDArray[np.bool_]) -> tuple[int, ...]:
    """Row numbers after only the kept rows are left; those of others go."""
    place = np.cumsum(kept) - 1
    return tuple(int(place[row]) for row in rows if kept[row])


def moved_stops(
    session: Session,
    analysis_id: int,
    ground: gpd.GeoDataFrame,
    settings: DemandSettings,
    *,
    among: Collection[int] | None = None,
) -> MovedStops | None:
    """How a zone's stops would change if `ground` were lost too; None when it lies in no zone.

    The session sees the whole site, so that the stops are those a plan would have.

    Parameters
    ----------
    ground : GeoDataFrame in EPSG:4326
        Lines of street that nobody would see: lost tonight, so weighed as the repair list is.
    among : collection of int, optional
        Ids of the zones to tell of; all of them where left out.
    """
    if ground.empty:
        return None
    crs = site_crs(session)
    stored = repository.zones(session)
    zones = to_metric(stored if among is None else stored[stored.index.isin(list(among))], crs)
    lost = to_metric(ground, crs)
    inside = zones.geometry.intersection(lost.geometry.union_all()).length
    if zones.empty or inside.max() <= 0:
        return None
    zone = zones.loc[inside.idxmax()]
    network, _ = road_network(session)
    also = gpd.GeoDataFrame(
        {
            "gap_id": [TRIAL_GAP],
            "cause": ["outage"],
            "ground": ["street"],
            "open_share": [1.0],
            "open_at_end": [True],
        },
        geometry=[lost.geometry.union_all()],
        crs=crs,
    )
    before = zone_stops(session, analysis_id, network, zone.geometry, zone["code"], settings)
    after = zone_stops(session, analysis_id, network, zone.geometry, zone["code"], settings, also=also)
    return MovedStops(
        zone["code"],
        zone["name"],
        zone["name_en"] or zone["name"],
        _told(before),
        _told(after),
        gone=tuple(np.flatnonzero(~_among(before, after)).tolist()),
        come=tuple(np.flatnonzero(~_among(after, before)).tolist()),
    )


def _among(stops: gpd.GeoDataFrame, others: gpd.GeoDataFrame) -> np.ndarray:
    """Whether each stop stands where one of the others does."""
    nearest = others.sindex.nearest(stops.geometry, return_all=False, return_distance=True)[1]
    return np.asarray(nearest <= SAME_PLACE_M)


def _told(stops: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    because = [any(TRIAL_GAP in cause.get("gap_ids", ()) for cause in why) for why in stops["why"]]
    frame = pd.DataFrame({"stop_id": stops["stop_id"], "prize": stops["prize"], "for_trial": because})
    return to_lonlat(gpd.GeoDataFrame(frame, geometry=stops.geometry))
