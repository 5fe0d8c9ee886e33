"""The layers there are: who may see each, from which zoom to which, and what it is drawn from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cameras.repository import tiles as cameras
from geo.repository import tiles as places
from geo.repository.tiles import DEEPEST_ZOOM, Tile, TileQuery
from geo.scope import NOWHERE, Scope
from patrols.repository import tiles as patrols
from web.access import Action


@dataclass(frozen=True)
class Asked:
    """What the address of a tile may name besides the tile; all of it together is part of what is kept.

    Parameters
    ----------
    analysis, plan : int, optional
        Without one the latest.
    siting : int, optional
        A proposal of cameras; without one there is nothing to show.
    level : str, optional
        Of footprints; without one that of the analysis.
    drafts : Scope
        Where whoever asks may see plans that are not published.
    """

    analysis: int | None = None
    plan: int | None = None
    siting: int | None = None
    level: str | None = None
    drafts: Scope = NOWHERE


@dataclass(frozen=True)
class Layer:
    """One kind of tile.

    Parameters
    ----------
    action : Action
        What whoever asks must be allowed to do; its scope is what the tile shows.
    tables : tuple of str
        Whose changes make its tiles others. What an analysis found comes and goes with the analysis.
    query : callable
        (tile, scope, asked) to the query of that tile.
    first_zoom, last_zoom : int
        Outside of them every tile is empty.
    names : tuple of str
        Which fields of `Asked` it heeds.
    """

    action: Action
    tables: tuple[str, ...]
    query: Callable[[Tile, Scope, Asked], TileQuery]
    first_zoom: int = 0
    last_zoom: int = DEEPEST_ZOOM
    names: tuple[str, ...] = ()


LAYERS: Mapping[str, Layer] = {
    "jurisdictions": Layer(
        Action.MAP_VIEW,
        ("jurisdiction", "analysis"),
        lambda tile, scope, asked: places.jurisdictions(tile, scope, analysis=asked.analysis),
        names=("analysis",),
    ),
    "streets": Layer(
        Action.MAP_VIEW,
        ("road_edge",),
        lambda tile, scope, asked: places.streets(tile, scope),
        first_zoom=13,
    ),
    "cells": Layer(
        Action.GAPS_VIEW,
        ("analysis",),
        lambda tile, scope, asked: cameras.cells(tile, scope, analysis=asked.analysis),
        last_zoom=13,
        names=("analysis",),
    ),
    "cameras": Layer(
        Action.CAMERAS_VIEW,
        ("camera", "analysis"),
        lambda tile, scope, asked: cameras.cameras(tile, scope, analysis=asked.analysis),
        first_zoom=11,
        names=("analysis",),
    ),
    "footprints": Layer(
        Action.CAMERAS_VIEW,
        ("camera", "analysis"),
        lambda tile, scope, asked: cameras.footprints(
            tile, scope, analysis=asked.analysis, level=asked.level
        ),
        first_zoom=14,
        names=("analysis", "level"),
    ),
    "siting": Layer(
        Action.CAMERAS_VIEW,
        ("siting_proposal",),
        lambda tile, scope, asked: cameras.siting(tile, scope, proposal=asked.siting),
        first_zoom=11,
        names=("siting",),
    ),
    "gaps": Layer(
        Action.GAPS_VIEW,
        ("analysis",),
        lambda tile, scope, asked: cameras.gaps(tile, scope, analysis=asked.analysis),
        first_zoom=12,
        names=("analysis",),
    ),
    "zones": Layer(
        Action.ZONES_VIEW,
        ("zone", "zone_member"),
        lambda tile, scope, asked: patrols.zones(tile, scope),
    ),
    "routes": Layer(
        Action.PLANS_VIEW,
        ("plan", "team", "zone_member"),
        lambda tile, scope, asked: patrols.routes(tile, scope, asked.drafts, plan=asked.plan),
        names=("plan", "drafts"),
    ),
}
