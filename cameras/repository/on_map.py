"""What the map page asks of cameras and analyses: lists a page at a time, one thing at a time, counts.

Everything is what the session sees. The tiles of the same things are in `tiles`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.db import read_frame
from geo.repository.search import (
    BEST_FIRST,
    EDGES,
    Bounds,
    holds,
    nearest_street,
    pattern,
    scope_values,
    within,
)
from geo.scope import Scope

WORST_FIRST = ["outage", "degraded", "not_measured", "usable"]

# A gap lies on the street it is nearest to, if that has a name.
_STREET = f"""LEFT JOIN LATERAL ({nearest_street("p.at")}) AS street ON true"""

# Analyses made before one could choose were all in the plane.
_DIMENSION = "COALESCE(parameters ->> 'dimension', '2d') AS dimension"

_IN_VIEW = "({geom} && ST_MakeEnvelope(:west, :south, :east, :north, 4326))"


def _view(bounds: Bounds | None) -> dict[str, float]:
    west, south, east, north = bounds or (-180.0, -90.0, 180.0, 90.0)
    return {"west": west, "south": south, "east": east, "north": north}


def analyses(session: Session, limit: int) -> pd.DataFrame:
    """The analyses made last, the newest first: id, start, end, level, dimension, slot_min, created_at."""
    return read_frame(
        session,
        f"""SELECT id, lower(period) AS start, upper(period) AS "end", level,
                  {_DIMENSION}, slot_min, created_at
           FROM analysis ORDER BY id DESC LIMIT :limit""",
        limit=limit,
    )


def analysis_of(session: Session, number: int) -> dict[str, Any] | None:
    """One analysis by its id, as `analyses` tells them."""
    row = (
        session.execute(
            text(
                f"""SELECT id, lower(period) AS start, upper(period) AS "end", level,
                       {_DIMENSION}, slot_min, created_at
                   FROM analysis WHERE id = :id"""
            ),
            {"id": number},
        )
        .mappings()
        .first()
    )
    return None if row is None else dict(row)


def levels(session: Session, analysis_id: int) -> list[str]:
    """The pixel-density levels an analysis was made at."""
    found = session.execute(
        text(
            """SELECT jsonb_object_keys(totals -> 'watched_share') FROM analysis
               WHERE id = :id AND jsonb_typeof(totals -> 'watched_share') = 'object'"""
        ),
        {"id": analysis_id},
    )
    return list(found.scalars())


def share(session: Session, analysis_id: int, level: str, scope: Scope) -> dict[str, float] | None:
    """Street of the uppermost jurisdictions of a scope: length_m, certain and possible share; None without.

    A scope of two subtrees is their sum.
    """
    row = session.execute(
        text(
            """SELECT sum(measure) / 1000.0, sum(certain) / NULLIF(sum(total), 0),
                       sum(possible) / NULLIF(sum(total), 0)
                FROM coverage_share
                WHERE analysis_id = :analysis AND level = :level AND ground = 'street'
                  AND CASE WHEN :everywhere THEN nlevel(jurisdiction_path) = 1
                           ELSE jurisdiction_path = ANY(CAST(:paths AS ltree[])) END"""
        ),
        {"analysis": analysis_id, "level": level, **scope_values(scope)},
    ).one()
    if row[1] is None:
        return None
    return {"length_m": float(row[0]), "certain": float(row[1]), "possible": float(row[2])}


def shares_of(session: Session, analysis_id: int, level: str, path: str) -> tuple[float, float]:
    """(certain, possible) share of street length of one jurisdiction; NaN where it has no street."""
    row = session.execute(
        text(
            """SELECT sum(certain) / NULLIF(sum(total), 0), sum(possible) / NULLIF(sum(total), 0)
               FROM coverage_share
               WHERE analysis_id = :analysis AND level = :level AND ground = 'street'
                 AND jurisdiction_path = CAST(:path AS ltree)"""
        ),
        {"analysis": analysis_id, "level": level, "path": path},
    ).one()
    return (float("nan"), float("nan")) if row[0] is None else (float(row[0]), float(row[1]))


def gap_counts(session: Session, analysis_id: int, scope: Scope, *, shown: bool = False) -> dict[str, int]:
    """Gaps of an analysis in a scope by cause; with `shown` those counted once that are shown as one."""
    found = session.execute(
        text(
            f"""SELECT cause, count({"DISTINCT merged" if shown else "*"}) FROM gap
                WHERE analysis_id = :analysis AND {within("jurisdiction_path")} GROUP BY cause"""
        ),
        {"analysis": analysis_id, **scope_values(scope)},
    )
    return {str(cause): int(count) for cause, count in found}


_GAP = f"""g.id, g.rank, g.cause, g.ground, g.measure, g.open_ms, g.reasons, lower(g.windows) AS since,
           g.jurisdiction_path::text AS path, j.name AS leaf, j.name_en AS leaf_en, street.name AS street,
           ST_X(p.at) AS lon, ST_Y(p.at) AS lat, {EDGES.format(g="g.geom")}"""


def gap_rows(
    session: Session,
    analysis_id: int,
    causes: Sequence[str],
    *,
    bounds: Bounds | None,
    limit: int,
    offset: int,
) -> pd.DataFrame:
    """Gaps of some causes in order of their rank, all or those in view: where, how much, how long, since."""
    seen = "true" if bounds is None else _IN_VIEW.format(geom="geom")
    return read_frame(
        session,
        f"""SELECT {_GAP}
            FROM (SELECT id FROM gap
                  WHERE analysis_id = :analysis AND cause = ANY(CAST(:causes AS text[])) AND {seen}
                  ORDER BY rank, id LIMIT :limit OFFSET :offset) AS chosen
            JOIN gap g ON g.id = chosen.id
            JOIN jurisdiction j ON j.path = g.jurisdiction_path
            CROSS JOIN LATERAL (SELECT ST_PointOnSurface(g.geom) AS at) AS p
            {_STREET}
            ORDER BY g.rank, g.id""",
        analysis=analysis_id,
        causes=list(causes),
        limit=limit,
        offset=offset,
        **_view(bounds),
    )


def gap_of(session: Session, number: int) -> dict[str, Any] | None:
    """One gap by its id: as a row of `gap_rows`, with its windows and the cameras concerned."""
    row = (
        session.execute(
            text(
                f"""SELECT {_GAP}, g.analysis_id,
                       ARRAY(SELECT lower(w) FROM unnest(g.windows) AS w) AS starts,
                       ARRAY(SELECT upper(w) FROM unnest(g.windows) AS w) AS ends
                FROM gap g JOIN jurisdiction j ON j.path = g.jurisdiction_path
                CROSS JOIN LATERAL (SELECT ST_PointOnSurface(g.geom) AS at) AS p
                {_STREET}
                WHERE g.id = :id"""
            ),
            {"id": number},
        )
        .mappings()
        .first()
    )
    if row is None:
        return None
    cameras = read_frame(
        session,
        """SELECT c.id, c.code, COALESCE(NULLIF(c.name, ''), c.code) AS name, gc.minutes
           FROM gap_camera gc JOIN camera c ON c.id = gc.camera_id
           WHERE gc.gap_id = :gap ORDER BY gc.minutes DESC, c.code""",
        gap=number,
    )
    gap = dict(row)
    gap["windows"] = list(zip(gap.pop("starts"), gap.pop("ends"), strict=True))
    gap["cameras"] = cameras.to_dict("records")
    return gap


# The worst state of the period and the share of it with pictures, for the cameras that `{which}` picks.
_SPOKEN = """SELECT a.camera_id,
                    (CAST(:worst_first AS text[]))[
                        min(array_position(CAST(:worst_first AS text[]), a.state))] AS state,
                    (COALESCE(sum(extract(epoch FROM upper(a.period) - lower(a.period)))
                                  FILTER (WHERE a.state IN ('usable', 'degraded')), 0)
                     / sum(extract(epoch FROM upper(a.period) - lower(a.period))))::float8 AS online_share
             FROM availability a JOIN camera seen ON seen.id = a.camera_id
             WHERE a.analysis_id = :analysis AND {which} GROUP BY a.camera_id"""


def camera_counts(session: Session, analysis_id: int | None, scope: Scope) -> dict[str, int]:
    """Cameras of a scope by the worst state of the period; "unknown" where nothing was found of one."""
    found = session.execute(
        text(
            f"""SELECT COALESCE(spoken.state, 'unknown'), count(*)
                FROM camera c
                LEFT JOIN ({_SPOKEN.format(which="true")}) AS spoken ON spoken.camera_id = c.id
                WHERE upper_inf(c.valid) AND {within("c.jurisdiction_path")} GROUP BY 1"""
        ),
        {"analysis": analysis_id, "worst_first": WORST_FIRST, **scope_values(scope)},
    )
    return {str(state): int(count) for state, count in found}


def camera_rows(
    session: Session, analysis_id: int | None, *, bounds: Bounds, limit: int, offset: int
) -> pd.DataFrame:
    """Cameras in view, the worst state first: id, code, name, state ("unknown" without any), lon, lat."""
    return read_frame(
        session,
        f"""SELECT c.id, c.code, c.name, COALESCE(spoken.state, 'unknown') AS state, spoken.online_share,
                   ST_X(c.geom) AS lon, ST_Y(c.geom) AS lat
            FROM camera c
            LEFT JOIN ({_SPOKEN.format(which=_IN_VIEW.format(geom="seen.geom"))}) AS spoken
                   ON spoken.camera_id = c.id
            WHERE upper_inf(c.valid) AND {_IN_VIEW.format(geom="c.geom")}
            ORDER BY COALESCE(array_position(CAST(:worst_first AS text[]), spoken.state), 9), c.code
            LIMIT :limit OFFSET :offset""",
        analysis=analysis_id,
        worst_first=WORST_FIRST,
        limit=limit,
        offset=offset,
        **_view(bounds),
    )


def camera_of(session: Session, analysis_id: int | None, number: int) -> dict[str, Any] | None:
    """One camera by its id, with what an analysis found of it (see `results.camera_states`)."""
    row = (
        session.execute(
            text(
                f"""SELECT c.id, c.code, c.name, c.jurisdiction_path::text AS path,
                       COALESCE(spoken.state, 'unknown') AS state, spoken.online_share,
                       CASE WHEN posed.measured THEN 'measured' ELSE c.azimuth_quality END AS azimuth_quality,
                       COALESCE(posed.assumed, '') AS assumed, COALESCE(posed.moved_m, 0) AS moved_m,
                       ARRAY(SELECT DISTINCT f.kind FROM camera_finding f
                             WHERE f.analysis_id = :analysis AND f.camera_id = c.id ORDER BY 1) AS findings,
                       j.name AS leaf, j.name_en AS leaf_en, ST_X(c.geom) AS lon, ST_Y(c.geom) AS lat
                FROM camera c
                LEFT JOIN ({_SPOKEN.format(which="a.camera_id = :id")}) AS spoken ON spoken.camera_id = c.id
                LEFT JOIN LATERAL (
                    SELECT p.assumed, p.azimuth_tolerance_deg = 0 AS measured,
                           ST_Distance(p.stand::geography, c.geom::geography) AS moved_m
                    FROM pose p WHERE p.analysis_id = :analysis AND p.camera_id = c.id
                    ORDER BY p.nominal DESC, p.certain DESC, p.id LIMIT 1) AS posed ON true
                LEFT JOIN jurisdiction j ON j.path = c.jurisdiction_path
                WHERE c.id = :id"""
            ),
            {"id": number, "analysis": analysis_id, "worst_first": WORST_FIRST},
        )
        .mappings()
        .first()
    )
    return None if row is None else dict(row)


def footprint_of(session: Session, number: int) -> dict[str, Any] | None:
    """One footprint by its id: camera (code), camera_id, level, certain, dimension, area_m2, a point inside,
    edges."""
    row = (
        session.execute(
            text(
                f"""SELECT f.id, c.code AS camera, c.id AS camera_id, f.level, f.certain, {_DIMENSION},
                       f.area_m2, ST_X(ST_PointOnSurface(f.geom)) AS lon,
                       ST_Y(ST_PointOnSurface(f.geom)) AS lat, {EDGES.format(g="f.geom")}
                FROM footprint f JOIN pose p ON p.id = f.pose_id JOIN camera c ON c.id = p.camera_id
                     JOIN analysis a ON a.id = f.analysis_id
                WHERE f.id = :id"""
            ),
            {"id": number},
        )
        .mappings()
        .first()
    )
    return None if row is None else dict(row)


def found_cameras(session: Session, query: str, scope: Scope, limit: int) -> pd.DataFrame:
    """Cameras whose name or code holds `query`: id, code, name, lon, lat, the jurisdiction's names."""
    return read_frame(
        session,
        f"""SELECT c.id, c.code, c.name, ST_X(c.geom) AS lon, ST_Y(c.geom) AS lat, j.name AS above,
                   j.name_en AS above_en
            FROM (SELECT *, least({BEST_FIRST.format(name="name")}, {BEST_FIRST.format(name="code")}) AS fit
                  FROM camera
                  WHERE upper_inf(valid) AND {holds(("name", "code"), query)}
                    AND {within("jurisdiction_path")}
                  ORDER BY fit, length(name), code LIMIT :limit) AS c
            LEFT JOIN jurisdiction j ON j.path = c.jurisdiction_path
            ORDER BY c.fit, length(c.name), c.code""",
        query=query,
        pattern=pattern(query),
        limit=limit,
        **scope_values(scope),
    )
