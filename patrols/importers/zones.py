"""Readers of joint-defence zones, and the check that needs the road network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.crs import to_metric
from geo.datums import check_datum
from geo.errors import Sentence
from geo.readers.columns import Column, Table, check_codes, match_columns
from geo.readers.files import read_rows
from geo.readers.positions import WKT, shapes_in_wgs84
from geo.readers.result import Imported, Notes
from geo.roads import RoadNetwork
from patrols.codes import check_addresses
from patrols.importers.villages import members_named, village_paths
from patrols.problem import CrossRule

ZONE_COLUMNS = (
    Column("code", ("编码", "片区编码"), required=True),
    Column("name", ("名称", "片区名称"), required=True),
    Column("name_en", ("英文名称", "英文名")),
    Column("members", ("villages", "成员", "成员村", "村社区")),
    Column("separation_min", ("间隔", "间隔分钟")),
    Column("max_idle_min", ("最长空档", "最长空档分钟")),
    WKT,
)
# A zone with less street than this cannot hold two stops.
LEAST_STREET_M = 100.0


def read_zones(
    path: Path | str,
    *,
    datum: str,
    villages: gpd.GeoDataFrame | None = None,
    network: RoadNetwork | None = None,
    mapping: Mapping[str, str] | None = None,
    keep_good: bool = False,
) -> Imported:
    """Zones from a .csv (WKT), .geojson, .gpkg or .shp file.

    Parameters
    ----------
    villages : GeoDataFrame, optional
        JURISDICTIONS of the village level: members are then checked, and codes become paths.
    network : RoadNetwork, optional
        With it a zone without usable streets is refused (`zones_without_roads`).

    Returns
    -------
    Imported
        `frame`: code, name, name_en, rule (dict of what the file states, for `patrols.problem.CrossRule`),
        members (list of village paths, None where the file names none), MultiPolygon; index the rows.

    Raises
    ------
    geo.errors.InputRefused
        Any bad row unless `keep_good`, told with row, value, limit and remedy.
    """
    check_datum(datum)
    rows = read_rows(path, datum)
    notes = Notes(rows.file, rows.word)
    table = match_columns(rows, ZONE_COLUMNS, notes, mapping)
    codes = check_codes(table, notes)
    check_addresses(codes, notes)
    shapes = shapes_in_wgs84(table, rows, notes, datum)
    known = village_paths(villages)
    frame = gpd.GeoDataFrame(
        {
            "code": codes,
            "name": table.text("name"),
            "name_en": table.text("name_en"),
            "rule": _rules(table, notes),
            "members": pd.Series(
                [
                    members_named(int(str(row)), text, known, notes)
                    for row, text in table.text("members").items()
                ],
                index=codes.index,
                dtype="object",
            ),
        },
        geometry=shapes,
        crs=shapes.crs,
    )
    if network is not None:
        for row, sentence in zones_without_roads(frame[notes.good(frame.index)], network).items():
            notes.refuse(int(str(row)), sentence)
    return notes.result(frame, "zones", keep_good)


def zones_without_roads(zones: gpd.GeoDataFrame, network: RoadNetwork) -> dict[object, str]:
    """A sentence for every zone in which less than 100 m of street can be used by any mode.

    Parameters
    ----------
    zones : GeoDataFrame
        code and polygons, any CRS.

    Returns
    -------
    dict
        Index label → sentence with value, limit and remedy; empty when every zone has streets.
    """
    if zones.empty:
        return {}
    areas = to_metric(zones, network.crs).geometry
    length = pd.concat([network.length_within(areas, mode) for mode in network.graphs], axis=1).max(axis=1)
    return {
        row: Sentence(
            "zone '%(code)s' holds %(length)s m of usable street (at least %(least)s m); "
            "correct its polygon and datum, or import the roads there first",
            code=code,
            length=f"{metres:.0f}",
            least=f"{LEAST_STREET_M:.0f}",
        )
        for row, code, metres in zip(zones.index, zones["code"], length, strict=True)
        if metres < LEAST_STREET_M
    }


def _rules(table: Table, notes: Notes) -> pd.Series:
    """What a zone's file states of its rule, in the words of CrossRule."""
    index = table.texts.index
    separation = table.number("separation_min", notes, least=0.0, most=1440.0, unit=Sentence("minutes"))
    idle = table.number("max_idle_min", notes, above=0.0, most=10_080.0, unit=Sentence("minutes"))
    rules = []
    for apart, longest in zip(separation, idle, strict=True):
        rule = {}
        if np.isfinite(apart):
            rule["separation_s"] = round(apart * 60.0)
        if np.isfinite(longest):
            rule["max_idle_s"] = round(longest * 60.0)
        CrossRule(**rule)
        rules.append(rule)
    return pd.Series(rules, index=index, dtype="object")
