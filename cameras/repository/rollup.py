"""Coverage rolled up by jurisdiction, as pages ask for it."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.db import read_geoframe


def figures(session: Session, analysis_id: int, level: str, path: str) -> dict[str, Any] | None:
    """Headline figures of one jurisdiction in an analysis at one level; None where nothing is watched there.

    Returns
    -------
    dict or None
        length_m, certain, possible, twice, single (shares 0–1 of street length and time, None without
        streets), places, places_built.
    """
    rows = session.execute(
        text(
            """SELECT ground, sum(measure)::bigint AS measure, sum(built)::bigint AS built,
                      (sum(certain) / NULLIF(sum(total), 0))::float8 AS certain,
                      (sum(possible) / NULLIF(sum(total), 0))::float8 AS possible,
                      (sum(twice) / NULLIF(sum(total), 0))::float8 AS twice
               FROM coverage_share
               WHERE analysis_id = :analysis AND level = :level AND jurisdiction_path = CAST(:path AS ltree)
               GROUP BY ground"""
        ),
        {"analysis": analysis_id, "level": level, "path": path},
    )
    found = {row.ground: row for row in rows}
    if not found:
        return None
    street, place = found.get("street"), found.get("place")
    return {
        "length_m": street.measure / 1000 if street else 0.0,
        "certain": street.certain if street else None,
        "possible": street.possible if street else None,
        "twice": street.twice if street else None,
        "single": street.certain - street.twice if street else None,
        "places": place.measure if place else 0,
        "places_built": place.built if place else 0,
    }


def shapes(session: Session, path: str, level: int) -> gpd.GeoDataFrame:
    """Jurisdictions of one level inside another: id (path), path, name, name_en, geometry (or none)."""
    return read_geoframe(
        session,
        """SELECT path::text AS id, path::text AS path, name, COALESCE(name_en, name) AS name_en,
                  ST_AsBinary(geom) AS geom
           FROM jurisdiction WHERE path <@ CAST(:path AS ltree) AND level = :level ORDER BY path""",
        path=path,
        level=level,
    )
