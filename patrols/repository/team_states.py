"""A team as it is and as it was."""

from __future__ import annotations

import geopandas as gpd
from sqlalchemy.orm import Session

from geo.db import read_geoframe, texts_or_none


def team_states(session: Session, zone_id: int, code: str) -> gpd.GeoDataFrame:
    """Every state of a team of a zone, the newest first; empty for an unknown one.

    id, since and until (None: until further notice), name, name_en, mode, size, village (path or None) and
    its names, starts_at, ends_at, range_m, endurance_s, the columns of `patrols.hours.Terms.of_row`, author
    (None where it was not written down), the base (EPSG:4326), and `mine`: whether the session may write a
    team of its village.
    """
    found = read_geoframe(
        session,
        """SELECT t.id, lower(t.valid) AS since, upper(t.valid) AS until, t.name, t.name_en, t.mode, t.size,
                  t.jurisdiction_path::text AS village, j.name AS village_name,
                  COALESCE(j.name_en, j.name) AS village_name_en, t.starts_at, t.ends_at, t.range_m,
                  t.endurance_s, t.daily_from, t.daily_to, t.daytime_only, t.breaks, t.skills, t.pace_percent,
                  t.calendar, ARRAY(SELECT k.jurisdiction_path::text FROM team_keep_out k
                                    WHERE k.team_id = t.id ORDER BY 1) AS keep_out,
                  ARRAY(SELECT p.jurisdiction_path::text FROM team_partner p
                        WHERE p.team_id = t.id ORDER BY 1) AS partners,
                  b.author, t.jurisdiction_path IS NULL OR EXISTS (
                      SELECT FROM jurisdiction own WHERE own.path = t.jurisdiction_path) AS mine,
                  ST_AsBinary(t.base) AS geom
           FROM team t LEFT JOIN import_batch b ON b.id = t.batch_id
                LEFT JOIN zone_villages(:zone) AS j ON j.path = t.jurisdiction_path
           WHERE t.code = :code
                 AND t.zone_id IN (SELECT z.id FROM zone z JOIN zone own ON own.code = z.code
                                   WHERE own.id = :zone)
           ORDER BY lower(t.valid) DESC""",
        zone=zone_id,
        code=code,
    )
    return texts_or_none(found)
