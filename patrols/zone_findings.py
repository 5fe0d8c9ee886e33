"""What speaks against patrolling a zone: villages apart, streets that do not connect, no team."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.errors import Sentence
from geo.roads import AIR, RoadNetwork
from patrols.zones import adjoining

ADJOIN, STREETS, TEAM, BASE, MODE = KINDS = ("adjoin", "streets", "team", "base", "mode")
# Whoever goes from one village of the zone to another may leave it by so much.
MARGIN_M = 500.0
# Of so much length and such a share of a village's streets: one-way ends and stubs there are everywhere.
LEAST_PART_M, LEAST_PART_SHARE = 200.0, 0.1
BASE_LIMIT_M = 100.0

MODE_WORDS = {
    "foot": Sentence("on foot"),
    "ebike": Sentence("by e-bike"),
    "car": Sentence("by car"),
}


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    told : Sentence
    point : Point or None
        Where, in the CRS of what was looked at.
    """

    kind: str
    told: Sentence
    point: shapely.Point | None


def zone_findings(villages: gpd.GeoDataFrame, teams: gpd.GeoDataFrame, network: RoadNetwork) -> list[Finding]:
    """Everything that is found, villages first, then streets, teams and bases.

    Parameters
    ----------
    villages : GeoDataFrame in the network's CRS, metres
        path, name, no_team (bool: a person says that it has none); the zone's members.
    teams : GeoDataFrame in the same CRS
        code, name, village (path or None), mode, range_m (NaN of who does not fly); bases.
    network : RoadNetwork
        Streets of the zone and `MARGIN_M` around it.
    """
    area = villages.geometry.union_all()
    return [
        *_apart(villages),
        *_cut_off(villages, teams, network),
        *_without_team(villages, teams),
        *_bases(area, teams, network),
        *_useless(area, teams, network),
    ]


def pieces_of(villages: gpd.GeoDataFrame) -> list[list[object]]:
    """Index labels of villages by piece that adjoins in itself, the largest piece first."""
    pairs = adjoining(villages)
    left = {label: {label} for label in villages.index}
    for a, b in zip(pairs["left"], pairs["right"], strict=True):
        joined = left[a] | left[b]
        for label in joined:
            left[label] = joined
    found: list[list[object]] = []
    for label in villages.index:
        if not any(label in piece for piece in found):
            found.append([other for other in villages.index if other in left[label]])
    return sorted(found, key=len, reverse=True)


def _apart(villages: gpd.GeoDataFrame) -> Iterator[Finding]:
    for piece in pieces_of(villages)[1:]:
        own = villages.loc[piece]
        yield Finding(
            ADJOIN,
            Sentence(
                "%(villages)s: shares no border with the rest of the zone; add the villages between, or make "
                "two zones",
                villages=", ".join(own["name"]),
            ),
            own.geometry.union_all().representative_point(),
        )


def _cut_off(villages: gpd.GeoDataFrame, teams: gpd.GeoDataFrame, network: RoadNetwork) -> Iterator[Finding]:
    """Villages that cannot be come to from the others, by the modes that teams have, on foot in any case."""
    modes = [mode for mode in MODE_WORDS if mode == "foot" or (teams["mode"] == mode).any()]
    for mode in modes:
        graph = network.graphs[mode]
        usable = graph.forward | graph.backward
        for row in villages.itertuples(index=False):
            own = _inside(network.lines, usable, row.geometry)
            if not own.any():
                yield Finding(
                    STREETS,
                    Sentence(
                        "%(village)s has no street that can be gone %(mode)s",
                        village=row.name,
                        mode=MODE_WORDS[mode],
                    ),
                    row.geometry.representative_point(),
                )
                continue
            lost = own & ~graph.main
            lost_m = _length_m(network.lines[lost], row.geometry)
            if not (own & graph.main).any():
                told = Sentence(
                    "%(village)s cannot be come to %(mode)s from the rest of the zone: none of its streets "
                    "connects within %(margin)s m of the zone",
                    village=row.name,
                    mode=MODE_WORDS[mode],
                    margin=f"{MARGIN_M:g}",
                )
            elif lost_m >= max(LEAST_PART_M, LEAST_PART_SHARE * _length_m(network.lines[own], row.geometry)):
                told = Sentence(
                    "%(village)s: %(length)s m of street cannot be come to %(mode)s and left again; no stop "
                    "there is reached that way",
                    village=row.name,
                    length=round(lost_m),
                    mode=MODE_WORDS[mode],
                )
            else:
                continue
            yield Finding(STREETS, told, _longest_middle(network.lines[lost], row.geometry))


def _without_team(villages: gpd.GeoDataFrame, teams: gpd.GeoDataFrame) -> Iterator[Finding]:
    home = set(teams["village"].dropna())
    for row in villages.itertuples(index=False):
        if row.path not in home and not row.no_team:
            told = Sentence("%(village)s has no team; add one, or say that it has none", village=row.name)
        elif row.path in home and row.no_team:
            told = Sentence(
                "%(village)s is said to have no team and has one; take the mark away", village=row.name
            )
        else:
            continue
        yield Finding(TEAM, told, row.geometry.representative_point())


def _bases(area: shapely.Geometry, teams: gpd.GeoDataFrame, network: RoadNetwork) -> Iterator[Finding]:
    for row in teams.itertuples(index=False):
        outside_m = row.geometry.distance(area)
        if outside_m > 0:
            yield Finding(
                BASE,
                Sentence(
                    "the base of team %(team)s lies %(length)s m outside the zone; move it, or count on the "
                    "way there",
                    team=row.name,
                    length=round(outside_m),
                ),
                row.geometry,
            )
        if row.mode == AIR:
            continue
        near = network.snap(gpd.GeoSeries([row.geometry], crs=teams.crs), row.mode, BASE_LIMIT_M)
        if near["edge_id"].iloc[0] < 0:
            yield Finding(
                BASE,
                Sentence(
                    "the base of team %(team)s is farther than %(most)s m from every street of the zone that "
                    "can be gone %(mode)s; move it, or no shift can be planned",
                    team=row.name,
                    most=f"{BASE_LIMIT_M:g}",
                    mode=MODE_WORDS[row.mode],
                ),
                row.geometry,
            )


def _useless(area: shapely.Geometry, teams: gpd.GeoDataFrame, network: RoadNetwork) -> Iterator[Finding]:
    """Teams whose way of moving brings them nowhere in the zone."""
    for row in teams.itertuples(index=False):
        if row.mode == AIR:
            far_m = row.geometry.distance(area)
            if far_m > row.range_m:
                yield Finding(
                    MODE,
                    Sentence(
                        "team %(team)s flies %(range)s m at most and the zone begins %(length)s m from its "
                        "base; it reaches nothing",
                        team=row.name,
                        range=f"{row.range_m:g}",
                        length=round(far_m),
                    ),
                    row.geometry,
                )
        elif not _inside(network.lines, network.graphs[row.mode].main, area).any():
            yield Finding(
                MODE,
                Sentence(
                    "team %(team)s moves %(mode)s, and no street of the zone can be gone so; "
                    "it reaches nothing",
                    team=row.name,
                    mode=MODE_WORDS[row.mode],
                ),
                row.geometry,
            )


def _inside(lines: NDArray[np.object_], kept: NDArray[np.bool_], area: shapely.Geometry) -> NDArray[np.bool_]:
    """Which lines have length in an area, of those that are kept."""
    shapely.prepare(area)
    found = np.zeros(len(lines), dtype=bool)
    rows = np.flatnonzero(kept)
    met = rows[shapely.intersects(area, lines[rows])]
    # A street that only touches the border leads nowhere inside.
    found[met] = shapely.length(shapely.intersection(lines[met], area)) > 0
    return found


def _length_m(lines: NDArray[np.object_], area: shapely.Geometry) -> float:
    return float(shapely.length(shapely.intersection(lines, area)).sum())


def _longest_middle(lines: NDArray[np.object_], area: shapely.Geometry) -> shapely.Point:
    """The middle of the longest line in an area."""
    parts = pd.Series(shapely.intersection(lines, area))
    longest = parts.iloc[int(np.argmax(shapely.length(parts.to_numpy())))]
    pieces = shapely.get_parts(longest)
    piece = pieces[int(np.argmax(shapely.length(pieces)))]
    point: shapely.Point = shapely.line_interpolate_point(piece, 0.5, normalized=True)
    return point
