"""Vector tiles of cameras, footprints, proposed cameras and gaps (`geo.repository.tiles` tells how)."""

from __future__ import annotations

from typing import Any

from geo.repository.tiles import (
    ASKED,
    EXTENT,
    Tile,
    TileQuery,
    box,
    drawn,
    encoded,
    key,
    place_of,
    scope_of,
    tile_cte,
    within,
)
from geo.scope import Scope

# Squares across a tile: what is summed up or thinned out is so in squares of 8 pixels of 256.
SQUARES = 32
SIDE = EXTENT // SQUARES
# Thinned below this zoom; from there on only where a tile would hold more than MOST_CAMERAS.
THINNED_BELOW = 14
MOST_CAMERAS = SQUARES * SQUARES

WORST_FIRST = ("outage", "degraded", "not_measured", "usable", "unknown")


def cameras(tile: Tile, scope: Scope, *, analysis: int | None) -> TileQuery:
    """Cameras with the worst that an analysis says of them in its period.

    Where they would lie on each other one of a square is shown, the worst off, and `count` says of how many.
    """
    states = ", ".join(f"'{state}'" for state in WORST_FIRST)
    dense = "true" if tile.z < THINNED_BELOW else f"count(*) OVER () > {MOST_CAMERAS}"
    # Whole squares around the tile, so that both tiles at an edge choose the same camera of a square. A full
    # join, though every id told was found: it cannot be done by nested loops, which are chosen for a handful
    # of cameras, as many as the planner expects behind a row-level policy, and are slow for thousands.
    sql = f"""
        WITH {tile_cte(SIDE)}, {ASKED}, found AS MATERIALIZED (
            SELECT c.id, c.code, c.name, c.azimuth_deg, c.azimuth_quality, {drawn("c.geom", SIDE)} AS geom
            FROM tile CROSS JOIN camera c
            WHERE c.geom && tile.box AND upper_inf(c.valid) AND {within("c.jurisdiction_path", scope)}),
        told AS (
            SELECT camera_id AS id, min(array_position(ARRAY[{states}], state)) AS worst
            FROM availability
            WHERE analysis_id = (SELECT id FROM asked) AND camera_id = ANY(ARRAY(SELECT id FROM found))
            GROUP BY camera_id),
        placed AS (
            SELECT found.*, COALESCE(told.worst, {len(WORST_FIRST)}) AS worst, {dense} AS dense,
                   floor(ST_X(geom) / {SIDE}) AS col, floor(ST_Y(geom) / {SIDE}) AS row
            FROM found FULL JOIN told USING (id)),
        ranked AS (
            SELECT *, count(*) OVER (PARTITION BY col, row) AS many,
                   row_number() OVER (PARTITION BY col, row ORDER BY worst, id) AS place
            FROM placed),
        rows AS MATERIALIZED (
            SELECT r.id AS feature, r.id, r.code, r.name, (ARRAY[{states}])[r.worst] AS state,
                   CASE WHEN pose.measured THEN 'measured' ELSE r.azimuth_quality END AS quality,
                   round(COALESCE(pose.azimuth_deg, r.azimuth_deg))::int AS azimuth,
                   CASE WHEN dense AND many > 1 THEN many END AS count, r.geom
            FROM ranked r LEFT JOIN LATERAL (
                SELECT p.azimuth_deg, p.azimuth_deg IS NOT NULL AND p.azimuth_tolerance_deg = 0 AS measured
                FROM pose p WHERE p.analysis_id = (SELECT id FROM asked) AND p.camera_id = r.id
                ORDER BY p.nominal DESC, p.certain DESC, p.id LIMIT 1) AS pose ON true
            WHERE place = 1 OR NOT dense)
        {encoded("cameras")}"""
    return TileQuery(sql, _parameters(tile, scope, analysis))


def footprints(tile: Tile, scope: Scope, *, analysis: int | None, level: str | None) -> TileQuery:
    """What cameras see at one level, that of the analysis if none is named.

    A camera's recorded view is drawn only where its frames never said better. `dimension` tells how
    buildings hid in the analysis.
    """
    wanted = "%(level)s" if level else "(SELECT level FROM analysis WHERE id = (SELECT id FROM asked))"
    sql = f"""
        WITH {tile_cte()}, {ASKED}, rows AS MATERIALIZED (
            SELECT f.id AS feature, f.id, c.code AS camera, f.level, f.certain,
                   (SELECT COALESCE(parameters ->> 'dimension', '2d') FROM analysis
                    WHERE id = (SELECT id FROM asked)) AS dimension, {drawn("f.geom")} AS geom
            FROM tile CROSS JOIN footprint f JOIN pose p ON p.id = f.pose_id
                 JOIN camera c ON c.id = p.camera_id
            WHERE f.geom && tile.box AND f.analysis_id = (SELECT id FROM asked) AND f.level = {wanted}
              AND (f.certain OR NOT EXISTS (
                  SELECT FROM pose b
                  WHERE b.analysis_id = (SELECT id FROM asked) AND b.camera_id = p.camera_id AND b.certain))
              AND {within("f.jurisdiction_path", scope)})
        {encoded("footprints")}"""
    return TileQuery(sql, _parameters(tile, scope, analysis) | ({"level": level} if level else {}))


def siting(tile: Tile, scope: Scope, *, proposal: int | None) -> TileQuery:
    """Cameras of a proposal, nothing without one: a point where each would stand, and what it would see.

    A proposal is one thing: who sees its jurisdiction sees all of it.
    """
    sql = f"""
        WITH {tile_cte()}, found AS MATERIALIZED (
            SELECT s.id, s.rank, s.kind, round(s.azimuth_deg)::int AS azimuth, s.geom AS at, s.seen
            FROM siting_camera s JOIN siting_proposal p ON p.id = s.proposal_id
            WHERE s.proposal_id = %(proposal)s::bigint AND {within("p.jurisdiction_path", scope)}),
        rows AS MATERIALIZED (
            SELECT f.id AS feature, f.id, f.rank, f.kind, f.azimuth, {drawn("f.seen")} AS geom
            FROM tile CROSS JOIN found f WHERE f.seen && tile.box
            UNION ALL
            SELECT f.id AS feature, f.id, f.rank, f.kind, f.azimuth, {drawn("f.at", SIDE)} AS geom
            FROM tile CROSS JOIN found f WHERE f.at && tile.box)
        {encoded("siting")}"""
    return TileQuery(sql, place_of(tile) | scope_of(scope) | {"proposal": key(proposal)})


def gaps(tile: Tile, scope: Scope, *, analysis: int | None) -> TileQuery:
    """Gaps, each with the slots of the period in which it is open.

    `slots` are as `cameras.slots.slot_digits` writes them.
    """
    sql = f"""
        WITH {tile_cte()}, {ASKED}, rows AS MATERIALIZED (
            SELECT g.id AS feature, g.id, g.cause, g.ground, g.rank, (g.open_ms / 60000)::int AS minutes,
                   g.slots, {drawn("g.geom")} AS geom
            FROM tile CROSS JOIN gap g
            WHERE g.geom && tile.box AND g.analysis_id = (SELECT id FROM asked)
              AND {within("g.jurisdiction_path", scope)})
        {encoded("gaps")}"""
    return TileQuery(sql, _parameters(tile, scope, analysis))


def cells(tile: Tile, scope: Scope, *, analysis: int | None) -> TileQuery:
    """Open street summed up in squares: its mean length over the period, and the cause of most of it.

    `open_m` is the length and `cause` that cause; each cause there is in a square is an attribute of its own
    with its part of the length, so that a map can leave causes out. A gap counts in the square of the middle
    of its extent. Its length weighs as much of the period as it is open, so that ground that is open for one
    cause and then for another is not counted twice.
    """
    # Where a square is, in squares of the whole world: by hand, a transformed point for every gap of a city
    # takes three times as long.
    sql = f"""
        WITH {ASKED}, found AS (
            SELECT g.cause, g.measure::float8 * g.open_ms AS amount,
                   (ST_XMin(g.geom) + ST_XMax(g.geom)) / 2 AS lon,
                   (ST_YMin(g.geom) + ST_YMax(g.geom)) / 2 AS lat
            FROM gap g
            WHERE g.geom && {box(0)} AND g.analysis_id = (SELECT id FROM asked) AND g.ground = 'street'
              AND {within("g.jurisdiction_path", scope)}),
        placed AS (
            SELECT cause, amount,
                   floor((lon + 180) / 360 * squares)::int - %(x)s * {SQUARES} AS col,
                   floor((1 - asinh(tand(lat)) / pi()) / 2 * squares)::int - %(y)s * {SQUARES} AS row
            FROM found CROSS JOIN (SELECT {SQUARES} * 2.0::float8 ^ %(z)s AS squares) AS world),
        causes AS (
            SELECT col, row, cause,
                   sum(amount) / extract(epoch FROM upper(period) - lower(period)) / 1e6 AS open_m
            FROM placed CROSS JOIN analysis
            WHERE id = (SELECT id FROM asked)
              AND col BETWEEN 0 AND {SQUARES - 1} AND row BETWEEN 0 AND {SQUARES - 1}
            GROUP BY col, row, cause, period),
        squares AS (
            SELECT col, row, sum(open_m) AS open_m,
                   (array_agg(cause ORDER BY open_m DESC, cause))[1] AS cause,
                   jsonb_object_agg(cause, round(open_m::numeric, 1)) AS by_cause
            FROM causes GROUP BY col, row),
        rows AS MATERIALIZED (
            SELECT row * {SQUARES} + col AS feature, round(open_m::numeric, 1)::float8 AS open_m, cause,
                   by_cause, ST_Reverse(ST_MakeEnvelope(
                       col * {SIDE}, row * {SIDE}, (col + 1) * {SIDE}, (row + 1) * {SIDE})) AS geom
            FROM squares)
        {encoded("cells")}"""
    return TileQuery(sql, _parameters(tile, scope, analysis))


def _parameters(tile: Tile, scope: Scope, analysis: int | None) -> dict[str, Any]:
    return place_of(tile) | scope_of(scope) | {"analysis": key(analysis)}
