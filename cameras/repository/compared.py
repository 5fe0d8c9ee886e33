"""Rows of one analysis as `cameras.comparing` wants them; everything is what the session sees."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
from sqlalchemy.orm import Session

from geo.db import read_frame, read_geoframe
from geo.repository.search import scope_values, within
from geo.scope import Scope


def gaps(session: Session, analysis_id: int, area: Scope) -> gpd.GeoDataFrame:
    """Gaps of an analysis in an area (EPSG:4326): id, cause, ground, measure, open_ms, deficit, path."""
    found = read_geoframe(
        session,
        f"""SELECT id, cause, ground, measure, open_ms, deficit, jurisdiction_path::text AS path,
                   ST_AsBinary(geom) AS geom
            FROM gap WHERE analysis_id = :analysis AND {within("jurisdiction_path")} ORDER BY id""",
        analysis=analysis_id,
        **scope_values(area),
    )
    return found.astype(dict.fromkeys(("id", "measure", "open_ms", "deficit"), "int64"))


def shares(session: Session, analysis_id: int, area: Scope) -> pd.DataFrame:
    """Shares of an analysis in an area, kinds summed up: index path, ground, level; total, certain, possible.

    Measure times milliseconds, as floats: the sums of a town leave 64 bits no room.
    """
    found = read_frame(
        session,
        f"""SELECT jurisdiction_path::text AS path, ground, level, sum(total)::float8 AS total,
                   sum(certain)::float8 AS certain, sum(possible)::float8 AS possible
            FROM coverage_share WHERE analysis_id = :analysis AND {within("jurisdiction_path")}
            GROUP BY 1, 2, 3""",
        analysis=analysis_id,
        **scope_values(area),
    )
    return found.set_index(["path", "ground", "level"])


def cameras(session: Session, analysis_id: int, area: Scope) -> pd.DataFrame:
    """Cameras of an analysis in an area: index camera (id); outage_ms, unmeasured_ms."""
    length = "extract(epoch FROM upper(a.period) - lower(a.period))"
    spent = f"COALESCE(sum({length}) FILTER (WHERE a.state = '{{}}'), 0)"
    found = read_frame(
        session,
        f"""SELECT a.camera_id AS camera, (1000 * {spent.format("outage")})::bigint AS outage_ms,
                   (1000 * {spent.format("not_measured")})::bigint AS unmeasured_ms
            FROM availability a JOIN camera c ON c.id = a.camera_id
            WHERE a.analysis_id = :analysis AND {within("c.jurisdiction_path")} GROUP BY 1""",
        analysis=analysis_id,
        **scope_values(area),
    )
    return found.set_index("camera")


def windows(session: Session, analysis_ids: list[int], causes: list[str], area: Scope) -> pd.DataFrame:
    """When streets of an area were open for some causes: analysis, start_ms, end_ms, measure (mm)."""
    return read_frame(
        session,
        f"""SELECT analysis_id AS analysis, (1000 * extract(epoch FROM lower(w)))::bigint AS start_ms,
                   (1000 * extract(epoch FROM upper(w)))::bigint AS end_ms, sum(measure)::bigint AS measure
            FROM gap, unnest(windows) AS w
            WHERE analysis_id = ANY(CAST(:analyses AS bigint[])) AND ground = 'street'
              AND cause = ANY(CAST(:causes AS text[]))
              AND {within("jurisdiction_path")}
            GROUP BY 1, 2, 3""",
        analyses=analysis_ids,
        causes=causes,
        **scope_values(area),
    )
