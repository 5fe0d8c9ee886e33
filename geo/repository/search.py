"""Places found by a part of their name, and how far the ground reaches: what the map's search box asks.

Each query is cut to a scope in SQL, as wide as the session's own at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.db import read_frame
from geo.scope import Scope

Bounds = tuple[float, float, float, float]

# Level of the town in the tree: streets of a name are told apart by the town they run in.
TOWN = 2


def within(column: str, prefix: str = "") -> str:
    """SQL that holds for rows whose path lies in a scope given as `scope_values(scope, prefix)`."""
    return f"(:{prefix}everywhere OR {column} <@ ANY(CAST(:{prefix}paths AS ltree[])))"


def scope_values(scope: Scope, prefix: str = "") -> dict[str, Any]:
    """The parameters that `within` names."""
    return {f"{prefix}everywhere": scope.everywhere, f"{prefix}paths": list(scope.paths)}


def holds(columns: Sequence[str], query: str) -> str:
    """SQL that one of the columns holds `:pattern` (`pattern(query)`), in any case.

    Chinese has no case, and to look for it without one is several times as fast.
    """
    operator = "LIKE" if query.lower() == query.upper() else "ILIKE"
    return "(" + " OR ".join(f"{column} {operator} :pattern" for column in columns) + ")"


def pattern(query: str) -> str:
    """What LIKE takes for "holds this text", signs of patterns meant as themselves."""
    meant = query.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{meant}%"


# Whole names before beginnings before the rest; short names first.
BEST_FIRST = """CASE WHEN lower({name}) = lower(:query) THEN 0
                      WHEN starts_with(lower({name}), lower(:query)) THEN 1 ELSE 2 END"""

EDGES = "ST_XMin({g}) AS west, ST_YMin({g}) AS south, ST_XMax({g}) AS east, ST_YMax({g}) AS north"


# About 40 m, and as much again in the north: who stands in a street is not further from its middle.
_BESIDE_DEG = 0.0004


def nearest_street(point: str) -> str:
    """SQL of the name of the street that a point stands in, no row where none is near or it has no name.

    The box first, by itself: in the order of distance the index would be read to its end where no street
    near by has a name.
    """
    return f"""SELECT name FROM (SELECT e.name, e.geom FROM road_edge e
                                 WHERE e.geom && ST_Expand({point}, {_BESIDE_DEG}) AND e.name IS NOT NULL
                                   AND upper_inf(e.valid) OFFSET 0) AS near
               ORDER BY geom <-> {point} LIMIT 1"""


def street_names(session: Session, points: gpd.GeoSeries) -> pd.Series:
    """Name of the street that each point stands in (`nearest_street`), in the words of the roads' file.

    Parameters
    ----------
    points : GeoSeries of Point in EPSG:4326

    Returns
    -------
    Series of str
        On the index of `points`; None where no street with a name is near, and for a point that is missing
        or empty.
    """
    found = session.execute(
        text(
            f"""SELECT street.name
                FROM (SELECT i, ST_GeomFromWKB(shape, 4326) AS geom
                      FROM unnest(CAST(:shapes AS bytea[])) WITH ORDINALITY AS given (shape, i)) AS t
                LEFT JOIN LATERAL ({nearest_street("t.geom")}) AS street ON true
                ORDER BY t.i"""
        ),
        {"shapes": list(shapely.to_wkb(points.to_numpy()))},
    ).scalars()
    return pd.Series(list(found), index=points.index, dtype="object")


def found_jurisdictions(session: Session, query: str, scope: Scope, limit: int) -> pd.DataFrame:
    """Jurisdictions whose name holds `query` or whose code begins with it.

    id, path, level, name, name_en, edges, names of the one above.
    """
    return read_frame(
        session,
        f"""SELECT j.id, j.path::text AS path, j.level, j.name, j.name_en, above.name AS above,
                   above.name_en AS above_en, {EDGES.format(g="j.geom")}
            FROM (SELECT *, {BEST_FIRST.format(name="name")} AS fit FROM jurisdiction
                  WHERE upper_inf(valid) AND geom IS NOT NULL AND {within("path")}
                    AND ({holds(("name", "name_en"), query)} OR starts_with(lower(code), lower(:query)))
                  ORDER BY fit, level, length(name), path LIMIT :limit) AS j
            LEFT JOIN jurisdiction AS above
                   ON above.path = subpath(j.path, 0, -1) AND j.level > 0 AND upper_inf(above.valid)
            ORDER BY j.fit, j.level, length(j.name), j.path""",
        query=query,
        pattern=pattern(query),
        limit=limit,
        **scope_values(scope),
    )


def found_streets(session: Session, query: str, scope: Scope, limit: int) -> pd.DataFrame:
    """Streets whose name holds `query`, once a town: id of an edge, name, length_m, edges, town's names."""
    # Lengths and extents of the few that are shown, not of all that are found.
    return read_frame(
        session,
        f"""WITH edge AS MATERIALIZED (
                SELECT id, name,
                       subpath(jurisdiction_path, 0, least(nlevel(jurisdiction_path), :town)) AS town
                FROM road_edge
                WHERE upper_inf(valid) AND {holds(("name",), query)} AND {within("jurisdiction_path")}),
            street AS (
                SELECT name, town, min(id) AS id, array_agg(id) AS ids,
                       {BEST_FIRST.format(name="name")} AS fit
                FROM edge GROUP BY name, town ORDER BY fit, length(name), name, town LIMIT :limit)
            SELECT s.id, s.name, whole.length_m, {EDGES.format(g="whole.extent")}, j.name AS above,
                   j.name_en AS above_en
            FROM street s
            CROSS JOIN LATERAL (SELECT sum(ST_Length(e.geom::geography)) AS length_m,
                                       ST_Extent(e.geom) AS extent
                                FROM road_edge e WHERE e.id = ANY(s.ids)) AS whole
            LEFT JOIN jurisdiction j ON j.path = s.town AND upper_inf(j.valid)
            ORDER BY s.fit, length(s.name), s.name, s.town""",
        query=query,
        pattern=pattern(query),
        limit=limit,
        town=TOWN + 1,
        **scope_values(scope),
    )


def found_places(session: Session, query: str, scope: Scope, limit: int) -> pd.DataFrame:
    """Places (school, bank, …) whose name holds `query`: id, kind, name, edges, the jurisdiction's names."""
    return read_frame(
        session,
        f"""SELECT p.id, p.kind, p.name, {EDGES.format(g="p.geom")}, j.name AS above, j.name_en AS above_en
            FROM (SELECT *, {BEST_FIRST.format(name="name")} AS fit FROM place
                  WHERE upper_inf(valid) AND {holds(("name",), query)} AND {within("jurisdiction_path")}
                  ORDER BY fit, length(name), name, id LIMIT :limit) AS p
            LEFT JOIN jurisdiction AS j ON j.path = p.jurisdiction_path
            ORDER BY p.fit, length(p.name), p.name, p.id""",
        query=query,
        pattern=pattern(query),
        limit=limit,
        **scope_values(scope),
    )


def jurisdiction_of(session: Session, number: int) -> dict[str, Any] | None:
    """One jurisdiction by its id: path, code, level, names, origin, edges and a point inside it."""
    return _one(
        session,
        f"""SELECT id, path::text AS path, code, level, name, name_en, origin, {EDGES.format(g="geom")},
                   ST_X(ST_PointOnSurface(geom)) AS lon, ST_Y(ST_PointOnSurface(geom)) AS lat
            FROM jurisdiction WHERE id = :id AND geom IS NOT NULL""",
        id=number,
    )


def street_of(session: Session, number: int) -> dict[str, Any] | None:
    """The street of an edge: name, names of the town, length_m of all of it there, a point on it, edges."""
    return _one(
        session,
        f"""SELECT e.id, e.name, e.road_class, j.name AS above, j.name_en AS above_en, same.length_m,
                   {EDGES.format(g="same.extent")},
                   ST_X(middle.at) AS lon, ST_Y(middle.at) AS lat
            FROM road_edge e
            CROSS JOIN LATERAL (SELECT ST_LineInterpolatePoint(e.geom, 0.5) AS at) AS middle
            CROSS JOIN LATERAL (SELECT sum(ST_Length(o.geom::geography)) AS length_m,
                                       ST_Extent(o.geom) AS extent
                                FROM road_edge o
                                WHERE upper_inf(o.valid)
                                  AND (o.id = e.id OR (o.name = e.name AND
                                       subpath(o.jurisdiction_path, 0,
                                               least(nlevel(o.jurisdiction_path), :town))
                                       = subpath(e.jurisdiction_path, 0,
                                                 least(nlevel(e.jurisdiction_path), :town))))) AS same
            LEFT JOIN jurisdiction j
                   ON j.path = subpath(e.jurisdiction_path, 0, least(nlevel(e.jurisdiction_path), :town))
            WHERE e.id = :id""",
        id=number,
        town=TOWN + 1,
    )


def place_of(session: Session, number: int) -> dict[str, Any] | None:
    """One place by its id: kind, name, where it stands, its jurisdiction's names."""
    return _one(
        session,
        f"""SELECT p.id, p.kind, p.name, j.name AS above, j.name_en AS above_en, {EDGES.format(g="p.geom")},
                   ST_X(p.geom) AS lon, ST_Y(p.geom) AS lat
            FROM place p LEFT JOIN jurisdiction j ON j.path = p.jurisdiction_path WHERE p.id = :id""",
        id=number,
    )


def extent(session: Session, scope: Scope) -> Bounds | None:
    """West, south, east, north of a scope: of its jurisdictions, or of the uppermost ones there are.

    Degrees; None where none of them has a shape.
    """
    # `drawn_from` is 0 where nothing above has a shape.
    row = session.execute(
        text(
            f"""SELECT {EDGES.format(g="whole")}
                FROM (SELECT ST_Extent(geom) AS whole FROM jurisdiction
                      WHERE upper_inf(valid) AND geom IS NOT NULL
                        AND CASE WHEN :everywhere THEN drawn_from = 0
                                 ELSE path = ANY(CAST(:paths AS ltree[])) END) AS found
                WHERE whole IS NOT NULL"""
        ),
        scope_values(scope),
    ).first()
    return None if row is None else (float(row[0]), float(row[1]), float(row[2]), float(row[3]))


def _one(session: Session, sql: str, **values: Any) -> dict[str, Any] | None:
    row = session.execute(text(sql), values).mappings().first()
    return None if row is None else dict(row)
