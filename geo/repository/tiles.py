"""Vector tiles of places, and what the tiles of all packages have in common: their SQL.

A tile is cut, encoded and compressed to the Mapbox Vector Tile format by the database (`ST_AsMVT`); here is
only which rows. The queries are made for a pooled psycopg connection that has told the database its scope
(`geo.scope`), and filter by scope themselves besides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg.types.numeric import Int4, Int8

from geo.scope import Scope

EXTENT = 4096
# Steps around a tile that are drawn too, so that lines and symbols do not end at its edge.
BUFFER = 64
DEEPEST_ZOOM = 24

# Which level of the tree is shown up to which zoom; from there on the deepest there is.
LEVEL_OF_ZOOM = ((9, 1), (11, 2), (13, 3))
DEEPEST_LEVEL = 32767
# Drawn from this zoom on. A dense centre has three of them for every street, and they lie along it.
WAYS_ON_FOOT = ("footway", "path", "cycleway", "bridleway", "steps", "trail", "crossing")
WAYS_ON_FOOT_FROM = 14
# The levels that `ix_jurisdiction_upper_geom` holds.
UPPER_LEVELS = 3


@dataclass(frozen=True)
class Tile:
    """An address in the web mercator pyramid (XYZ: y counts from the north).

    Raises
    ------
    ValueError
        When there is no such tile; the message says what there is.
    """

    z: int
    x: int
    y: int

    def __post_init__(self) -> None:
        if not 0 <= self.z <= DEEPEST_ZOOM:
            raise ValueError(f"zoom {self.z} is not one of 0 to {DEEPEST_ZOOM}")
        last = 2**self.z - 1
        for name, value in (("x", self.x), ("y", self.y)):
            if not 0 <= value <= last:
                raise ValueError(f"at zoom {self.z} {name} goes from 0 to {last}, not {value}")


@dataclass(frozen=True)
class TileQuery:
    """One tile's SQL, answering one row with one column of bytes.

    Parameters
    ----------
    sql : str
        With named psycopg placeholders.
    parameters : mapping
    """

    sql: str
    parameters: Mapping[str, Any]


# How often each table was changed; triggers count (migration 0007). A database that was restored counts from
# where the backup stood, but in a table of its own.
CHANGES = """SELECT name, sum(n)::bigint, 'change_count'::regclass::oid::bigint
             FROM change_count GROUP BY name"""


def place_of(tile: Tile) -> dict[str, Any]:
    """The tile as parameters; of one width each, so that a prepared statement fits all tiles."""
    return {"z": Int4(tile.z), "x": Int4(tile.x), "y": Int4(tile.y)}


def key(number: int | None) -> Int8 | None:
    """A row's id as a parameter."""
    return None if number is None else Int8(number)


# Common table expression `asked`: the analysis asked for, or else the one made last.
ASKED = """asked AS MATERIALIZED (
    SELECT COALESCE(%(analysis)s::bigint, (SELECT max(id) FROM analysis)) AS id)"""


def box(buffer: int = BUFFER) -> str:
    """SQL of the tile and its surroundings in degrees, to be met by a stored geometry."""
    return f"ST_Transform(ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => {buffer / EXTENT}), 4326)"


def tile_cte(buffer: int = BUFFER) -> str:
    """Common table expression `tile`: `web`, the square in EPSG:3857, and `box`, what to look in.

    Materialized, because a prepared plan would otherwise work it out again for every row.
    """
    return f"""tile AS MATERIALIZED (
        SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS web, {box(buffer)} AS box)"""


def drawn(geometry: str, buffer: int = BUFFER) -> str:
    """SQL of a stored geometry in steps of the tile, cut to it; NULL when nothing of it remains."""
    return f"ST_AsMVTGeom(ST_Transform({geometry}, 3857), tile.web, {EXTENT}, {buffer}, true)"


def encoded(layer: str, rows: str = "rows") -> str:
    """SQL that encodes the rows of a table expression; they have `feature` (their id) and `geom`."""
    # Materialized by whoever wrote it: a row's geometry would be computed once for the test and again here.
    return (
        f"SELECT ST_AsMVT(kept, '{layer}', {EXTENT}, 'geom', 'feature')"
        f" FROM (SELECT * FROM {rows} WHERE geom IS NOT NULL) AS kept"
    )


def within(path: str, scope: Scope, name: str = "paths") -> str:
    """SQL that a path lies in the scope; the parameter `name` is the scope's (`scope_of`)."""
    if scope.everywhere:
        return "true"
    return f"{path} <@ ANY(%({name})s::ltree[])"


def scope_of(scope: Scope, name: str = "paths") -> dict[str, Any]:
    """The parameter that `within` asks for."""
    return {} if scope.everywhere else {name: list(scope.paths)}


def shown_level(z: int) -> int:
    """The level of the tree shown at a zoom: districts, towns, villages, then the deepest."""
    return next((level for last, level in LEVEL_OF_ZOOM if z <= last), DEEPEST_LEVEL)


def jurisdictions(tile: Tile, scope: Scope, *, analysis: int | None) -> TileQuery:
    """Jurisdictions of the level that fits the zoom, with the shares of an analysis.

    A branch that ends above that level is shown with its last node, one that has no geometry above it with
    its first, and a person's own jurisdiction at every zoom.
    """
    level = shown_level(tile.z)
    shown = f"j.drawn_from <= {level} AND {level} <= j.drawn_until"
    if not scope.everywhere:
        shown = f"({shown} OR j.level > {level} AND j.path = ANY(%(paths)s::ltree[]))"
    elif level <= UPPER_LEVELS:
        # As the partial index has it, or it would not be used.
        shown += f" AND j.drawn_from <= {UPPER_LEVELS}"
    # A quarter of a pixel: what could not be seen is not sent. The deepest level has few points.
    simple = "j.geom" if level == DEEPEST_LEVEL else f"ST_Simplify(j.geom, {360 / 2**tile.z / 1024}, true)"
    sql = f"""
        WITH {tile_cte()}, {ASKED}, rows AS MATERIALIZED (
            SELECT j.id AS feature, j.id, j.path::text AS path, j.level::int AS level, j.name, j.name_en,
                   s.certain_permille::int AS certain, s.possible_permille::int AS possible, j.leaf,
                   {drawn(simple)} AS geom
            FROM tile CROSS JOIN jurisdiction j
                 LEFT JOIN jurisdiction_share s
                        ON s.analysis_id = (SELECT id FROM asked) AND s.jurisdiction_id = j.id
            WHERE j.geom && tile.box AND {shown} AND upper_inf(j.valid) AND {within("j.path", scope)})
        {encoded("jurisdictions")}"""
    return TileQuery(sql, place_of(tile) | scope_of(scope) | {"analysis": key(analysis)})


def streets(tile: Tile, scope: Scope) -> TileQuery:
    """Watched streets; from afar without ways on foot."""
    names = ", ".join(f"'{name}'" for name in WAYS_ON_FOOT)
    drawn_too = "true" if tile.z >= WAYS_ON_FOOT_FROM else f"e.road_class NOT IN ({names})"
    sql = f"""
        WITH {tile_cte()}, rows AS MATERIALIZED (
            SELECT e.id AS feature, e.id, e.road_class AS class, e.name, {drawn("e.geom")} AS geom
            FROM tile CROSS JOIN road_edge e
            WHERE e.geom && tile.box AND e.watched AND upper_inf(e.valid) AND {drawn_too}
              AND {within("e.jurisdiction_path", scope)})
        {encoded("streets")}"""
    return TileQuery(sql, place_of(tile) | scope_of(scope))
