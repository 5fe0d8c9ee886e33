"""Readers of teams, and the check that needs the road network."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.crs import to_metric
from geo.datums import check_datum
from geo.errors import InputRefused, Sentence
from geo.readers.columns import Column, Table, check_codes, match_columns
from geo.readers.files import read_rows
from geo.readers.positions import LAT, LON, lonlat_columns
from geo.readers.result import Imported, Notes
from geo.roads import AIR, MODES, SNAP_LIMIT_M, RoadNetwork
from patrols.codes import check_addresses
from patrols.importers.terms import TERM_COLUMNS, read_terms_of
from patrols.importers.villages import members_named, village_paths

TEAM_COLUMNS = (
    Column("code", ("编码", "队伍编码"), required=True),
    Column("name", ("名称", "队伍名称")),
    Column("village", ("村", "村社区", "所属村")),
    Column("mode", ("方式", "出行方式", "巡逻方式"), required=True),
    Column("size", ("人数",)),
    LON,
    LAT,
    Column("start", ("start_at", "开始", "开始时间", "上岗时间")),
    Column("end", ("end_at", "结束", "结束时间", "下岗时间")),
    Column("range_m", ("range", "飞行半径", "作业半径", "飞行半径米")),
    Column("endurance_min", ("endurance", "续航", "续航分钟", "续航时间")),
    *TERM_COLUMNS,
)
TEAM_MODES = (*MODES, AIR)
MODE_WORDS = {
    "foot": "foot", "walk": "foot", "步行": "foot", "徒步": "foot",
    "ebike": "ebike", "e-bike": "ebike", "电动车": "ebike", "电瓶车": "ebike", "电动自行车": "ebike",
    "car": "car", "汽车": "car", "警车": "car", "巡逻车": "car",
    "uav": "uav", "drone": "uav", "无人机": "uav",
}  # fmt: skip
MODE_NAMES = {one: one for one in (Sentence("foot"), Sentence("ebike"), Sentence("car"), Sentence("uav"))}
# What small multicopters can do, with room to spare; more is a slip of the unit.
LONGEST_RANGE_M = 50_000.0
LONGEST_FLIGHT_MIN = 600.0


def read_teams(
    path: Path | str,
    *,
    datum: str,
    timezone: str = "Asia/Shanghai",
    villages: gpd.GeoDataFrame | None = None,
    network: RoadNetwork | None = None,
    snap_limit_m: float = SNAP_LIMIT_M,
    area: Sequence[float] | None = None,
    calendars: Collection[str] | None = None,
    mapping: Mapping[str, str] | None = None,
    keep_good: bool = False,
) -> Imported:
    """Teams from a .csv, .geojson, .gpkg or .shp file; lon and lat are the base.

    Parameters
    ----------
    timezone : str
        IANA name; times without a zone are read in it.
    villages, network : see `read_zones`
        With a network a base farther than `snap_limit_m` from a street of the team's mode is refused
        (`teams_off_network`).
    area : (west, south, east, north), optional
        The site's extent in WGS 84 degrees.
    calendars : collection of str, optional
        Codes of the calendars there are; any other is refused.

    Returns
    -------
    Imported
        `frame`: code, name (the code where empty), village (path, or as written without `villages`; None for
        a team of the station), mode, size (1 where empty), starts_at, ends_at (UTC, NaT where empty), range_m
        and endurance_s (of uav teams, NaN for others), terms (`patrols.hours.Terms`), Point.
    """
    check_datum(datum)
    zone = _zone(timezone)
    rows = read_rows(path, datum)
    notes = Notes(rows.file, rows.word)
    table = match_columns(rows, TEAM_COLUMNS, notes, mapping)
    codes = check_codes(table, notes)
    check_addresses(codes, notes, ("new", "end"))
    points = lonlat_columns(table, rows, notes, datum, area)
    known = village_paths(villages)
    size = table.number("size", notes, least=1.0, most=1000.0, unit=Sentence("persons"))
    for i in np.flatnonzero(np.isfinite(size) & (size % 1.0 != 0.0)):
        notes.refuse(
            int(str(codes.index[int(i)])),
            Sentence("size %(size)s is not a whole number of persons; correct it", size=f"{size[i]:g}"),
        )
    index = codes.index
    members = [
        members_named(int(str(row)), text, known, notes) for row, text in table.text("village").items()
    ]
    for row, paths in zip(index, members, strict=True):
        if paths is not None and len(paths) > 1:
            notes.refuse(
                int(str(row)), Sentence("a team has one village or none; name one, or leave it empty")
            )
    frame = gpd.GeoDataFrame(
        {
            "code": codes,
            "name": table.text("name").where(table.text("name") != "", codes),
            "village": pd.Series(
                [paths[0] if paths else None for paths in members], index=index, dtype="object"
            ),
            "mode": _modes(table, notes),
            "size": np.where(np.isfinite(size), size, 1.0).astype(np.int64),
            "starts_at": _times(table, "start", zone, notes),
            "ends_at": _times(table, "end", zone, notes),
            **_flights(table, notes),
            "terms": read_terms_of(table, notes, known, calendars),
        },
        geometry=points,
        crs=points.crs,
    )
    for row, start, end in zip(index, frame["starts_at"], frame["ends_at"], strict=True):
        if pd.notna(start) and pd.notna(end) and not start < end:
            notes.refuse(
                int(str(row)),
                Sentence(
                    "the shift ends (%(end)s) before it starts (%(start)s); give the date of each",
                    end=f"{end.astimezone(zone):%Y-%m-%d %H:%M}",
                    start=f"{start.astimezone(zone):%Y-%m-%d %H:%M}",
                ),
            )
    if network is not None:
        for row, sentence in teams_off_network(frame[notes.good(index)], network, snap_limit_m).items():
            notes.refuse(int(str(row)), sentence)
    return notes.result(frame, "teams", keep_good)


def teams_off_network(
    teams: gpd.GeoDataFrame, network: RoadNetwork, snap_limit_m: float = SNAP_LIMIT_M
) -> dict[object, str]:
    """A sentence for every team whose base no usable street of its mode comes near.

    Parameters
    ----------
    teams : GeoDataFrame
        code, mode and base points, any CRS. Modes that the network does not have are refused likewise;
        those who fly need no street.
    snap_limit_m : float
        The farthest a base may lie from its street.

    Returns
    -------
    dict
        Index label → sentence; empty when every base is on the network.
    """
    told: dict[object, str] = {}
    if teams.empty:
        return told
    bases = to_metric(teams, network.crs).geometry
    for mode in teams["mode"].unique():
        chosen = teams["mode"] == mode
        if mode == AIR:
            continue
        if mode not in network.graphs:
            for row in teams.index[chosen]:
                told[row] = Sentence(
                    "mode '%(mode)s' is not in the road network; it has %(known)s",
                    mode=mode,
                    known=", ".join(network.graphs),
                )
            continue
        near = network.snap(bases[chosen], mode, snap_limit_m)
        # Once more without a limit worth the name: the distance is what tells a slip from a wrong datum.
        far = network.snap(bases[chosen], mode, 1e7)
        for row, code in teams.loc[chosen & (near["edge_id"].reindex(teams.index) < 0), "code"].items():
            away = far["access_m"][row]
            limit = f"{snap_limit_m:.0f}"
            told[row] = (
                Sentence(
                    "the base of team '%(team)s' lies %(away)s m from the nearest street usable by %(mode)s "
                    "(limit %(limit)s m); move it to a street, or check its datum",
                    team=code,
                    away=f"{away:.0f}",
                    mode=MODE_NAMES[mode],
                    limit=limit,
                )
                if np.isfinite(away)
                else Sentence(
                    "no street usable by %(mode)s lies near the base of team '%(team)s' (limit %(limit)s m); "
                    "move it to a street, or check its datum",
                    team=code,
                    mode=MODE_NAMES[mode],
                    limit=limit,
                )
            )
    return told


def _modes(table: Table, notes: Notes) -> pd.Series:
    written = table.text("mode").str.lower()
    for row, word in written.items():
        if word not in MODE_WORDS:
            notes.refuse(
                int(str(row)),
                Sentence(
                    "mode '%(mode)s' is not known; it is one of %(known)s (%(words)s)",
                    mode=word,
                    known=", ".join(TEAM_MODES),
                    words="步行, 电动车, 汽车, 无人机",
                ),
            )
    return _words(table)


def _flights(table: Table, notes: Notes) -> dict[str, NDArray[np.float64]]:
    """How far from its base and how long each team flies: needed of those who do, empty for all others."""
    range_m = table.number("range_m", notes, above=0.0, most=LONGEST_RANGE_M, unit=Sentence("metres"))
    minutes = table.number(
        "endurance_min", notes, above=0.0, most=LONGEST_FLIGHT_MIN, unit=Sentence("minutes")
    )
    flies = _words(table) == AIR
    for row, air, far, long in zip(table.texts.index, flies, range_m, minutes, strict=True):
        if air and not (table.text("range_m")[row] and table.text("endurance_min")[row]):
            notes.refuse(
                int(str(row)),
                Sentence("a uav needs range_m (metres from its base) and endurance_min (minutes in the air)"),
            )
        elif not air and (np.isfinite(far) or np.isfinite(long)):
            notes.refuse(
                int(str(row)),
                Sentence("range_m and endurance_min are for a uav; leave them empty, or correct the mode"),
            )
    # Rounded down: a second that is not there is not flown.
    return {"range_m": range_m, "endurance_s": np.floor(minutes * 60.0)}


def _words(table: Table) -> pd.Series:
    """Modes as they are known here, where they are."""
    return table.text("mode").str.lower().map(lambda word: MODE_WORDS.get(word, word))


def _zone(timezone: str) -> ZoneInfo:
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InputRefused(
            Sentence(
                "time zone '%(zone)s' is not known; give one by its IANA name, such as %(usual)s",
                zone=timezone,
                usual="Asia/Shanghai",
            )
        ) from error


def _times(table: Table, field: str, zone: ZoneInfo, notes: Notes) -> pd.Series:
    """A field's times in UTC; without a zone of their own they are read in `zone`."""
    found: list[datetime | None] = []
    for row, text in table.text(field).items():
        moment = None
        if text:
            try:
                read = datetime.fromisoformat(text.replace("/", "-"))
            except ValueError:
                notes.refuse(
                    int(str(row)),
                    Sentence(
                        "%(field)s '%(value)s' is no time; write for example 2026-11-22 19:30",
                        field=Sentence(field),
                        value=text,
                    ),
                )
            else:
                moment = (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)
        found.append(moment)
    return pd.to_datetime(pd.Series(found, index=table.texts.index, dtype="object"), utc=True)
