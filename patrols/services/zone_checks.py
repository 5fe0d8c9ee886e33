"""Whether a zone can be patrolled, as it is stored."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from geo import repository as places
from geo.crs import to_lonlat, to_metric
from geo.roads import RoadNetwork
from geo.services import site_crs
from patrols import repository
from patrols.repository import of_plan
from patrols.repository import zone_ground as store
from patrols.zone_findings import MARGIN_M, Finding, zone_findings


def check_zone(session: Session, code: str, *, english: bool = False) -> list[Finding]:
    """What speaks against patrolling a zone (`patrols.zone_findings`), points in EPSG:4326.

    The session sees the whole zone: a village that it does not see has no border and no street. With
    `english` villages and teams are called by their English names.

    Raises
    ------
    LianfangError
        When there is no such zone.
    """
    number = repository.zone_of_code(session, code)
    crs = site_crs(session)
    villages = to_metric(store.members(session, number), crs)
    if villages.empty:
        return []
    teams = to_metric(repository.teams(session, number), crs)
    if english:
        villages["name"] = villages["name_en"]
        named = of_plan.teams(session, number).set_index("code")["name_en"]
        teams["name"] = named.reindex(teams["code"]).fillna(teams.set_index("code")["name"]).to_numpy()
    found = zone_findings(villages, teams, streets_around(session, villages, MARGIN_M))
    lonlat = to_lonlat(gpd.GeoSeries([one.point for one in found], crs=crs)) if found else []
    return [Finding(one.kind, one.told, point) for one, point in zip(found, lonlat, strict=True)]


def check_zones(session: Session, codes: Sequence[str] | None = None) -> dict[str, list[Finding]]:
    """Findings of several zones by code; of all of them where none are named."""
    known = sorted(repository.zones(session)["code"])
    return {code: check_zone(session, code) for code in (known if codes is None else codes)}


def streets_around(session: Session, villages: gpd.GeoDataFrame, margin_m: float) -> RoadNetwork:
    """The streets that meet some villages (metric CRS) and so much around them, as a network of their own."""
    around = villages.geometry.union_all().buffer(margin_m)
    box = to_lonlat(gpd.GeoSeries([shapely.box(*around.bounds)], crs=villages.crs)).total_bounds
    edges = to_metric(places.edges(session, within=tuple(box)), villages.crs)
    edges = edges[edges.geometry.intersects(around)]
    ends = pd.concat(
        [
            pd.Series(shapely.get_point(edges.geometry.to_numpy(), 0), index=edges["u"]),
            pd.Series(shapely.get_point(edges.geometry.to_numpy(), -1), index=edges["v"]),
        ]
    )
    nodes = ends[~ends.index.duplicated()].sort_index()
    return RoadNetwork.from_edges(
        gpd.GeoDataFrame(geometry=nodes.to_numpy(), index=nodes.index, crs=villages.crs), edges
    )
