"""Vector tiles of zones and routes (`geo.repository.tiles` tells how)."""

from __future__ import annotations

from geo.repository.tiles import Tile, TileQuery, drawn, encoded, key, place_of, scope_of, tile_cte, within
from geo.scope import Scope


def zones(tile: Tile, scope: Scope) -> TileQuery:
    """Joint-defence zones of which a village lies in the scope."""
    sql = f"""
        WITH {tile_cte()}, rows AS MATERIALIZED (
            SELECT z.id AS feature, z.id, z.code, z.name, z.name_en, {drawn("z.geom")} AS geom
            FROM tile CROSS JOIN zone z
            WHERE z.geom && tile.box AND upper_inf(z.valid) AND {_seen_zone("z.id", scope)})
        {encoded("zones")}"""
    return TileQuery(sql, place_of(tile) | scope_of(scope))


def routes(tile: Tile, scope: Scope, drafts: Scope, *, plan: int | None) -> TileQuery:
    """The legs of a plan's teams, numbered in the order of the teams' codes.

    Parameters
    ----------
    tile : Tile
    scope, drafts : Scope
        Where published plans may be seen, and where those that are not published yet.
    plan : int or None
        Without one, the published plan made last.
    """
    published = f"p.status = 'published' AND {_seen_zone('p.zone_id', scope)}"
    sql = f"""
        WITH {tile_cte()}, asked AS MATERIALIZED (
            SELECT COALESCE(%(plan)s::bigint, (
                SELECT p.id FROM plan p WHERE {published}
                ORDER BY p.created_at DESC, p.id DESC LIMIT 1)) AS id),
        teams AS MATERIALIZED (
            SELECT t.id, t.code, dense_rank() OVER (ORDER BY t.code)::int AS number FROM team t
            WHERE t.id IN (SELECT team_id FROM plan_visit WHERE plan_id = (SELECT id FROM asked))),
        rows AS MATERIALIZED (
            SELECT v.id AS feature, v.id, v.plan_id AS plan, t.code AS team, t.number, v.seq,
                   {drawn("v.leg")} AS geom
            FROM tile CROSS JOIN plan_visit v JOIN teams t ON t.id = v.team_id JOIN plan p ON p.id = v.plan_id
            WHERE v.leg && tile.box AND v.plan_id = (SELECT id FROM asked)
              AND ({published} OR {_seen_zone("p.zone_id", drafts, "draft_paths")}))
        {encoded("routes")}"""
    parameters = place_of(tile) | scope_of(scope) | scope_of(drafts, "draft_paths") | {"plan": key(plan)}
    return TileQuery(sql, parameters)


def _seen_zone(zone: str, scope: Scope, name: str = "paths") -> str:
    """SQL that a zone has a member in the scope."""
    if scope.everywhere:
        return "true"
    member = within("m.jurisdiction_path", scope, name)
    return f"EXISTS (SELECT FROM zone_member m WHERE m.zone_id = {zone} AND {member})"
