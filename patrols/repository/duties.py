"""Fixed duties, in and out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.db import read_frame, read_geoframe, write_frame

_COLUMNS = """d.id, d.code, d.name, d.name_en, d.kind, d.calendar, d.hours, d.stay_s, d.required, d.prize,
              d.villages, d.teams, d.note, d.jurisdiction_path::text AS village,
              ST_AsBinary(d.geom) AS geom"""


def duties(session: Session, *, zone_id: int | None = None) -> gpd.GeoDataFrame:
    """Fixed duties valid now, in order of their codes; of one zone those that lie in it.

    Indexed by id: code, name, name_en, kind, calendar (code or None), hours (texts), stay_s, required, prize,
    villages (paths), teams (codes), note, village (path it lies in), geometry (EPSG:4326).
    """
    found = read_geoframe(
        session,
        f"""SELECT {_COLUMNS} FROM fixed_duty d
            WHERE upper_inf(d.valid) AND (CAST(:zone AS bigint) IS NULL OR EXISTS (
                SELECT FROM zone z WHERE z.id = :zone AND ST_Covers(z.geom, d.geom)))
            ORDER BY d.code""",
        zone=zone_id,
    ).set_index("id")
    for name in ("name_en", "calendar"):
        # A column of texts would hold NaN where there is none.
        found[name] = found[name].astype(object).where(found[name].notna(), None)
    return found


def posted_teams(session: Session, code: str) -> pd.DataFrame:
    """The teams that must come to a duty, of the zones it lies in: code, village (path or None), villages (of
    how many its people come) and the zone's rule (as stored).
    """
    return read_frame(
        session,
        """SELECT t.code, t.jurisdiction_path::text AS village,
                  (t.jurisdiction_path IS NOT NULL)::int
                  + (SELECT count(*) FROM team_partner p WHERE p.team_id = t.id) AS villages, z.rule
           FROM fixed_duty d
           JOIN zone z ON upper_inf(z.valid) AND ST_Covers(z.geom, d.geom)
           JOIN team t ON t.zone_id = z.id AND upper_inf(t.valid) AND jsonb_exists(d.teams, t.code)
           WHERE d.code = :code AND upper_inf(d.valid) ORDER BY t.code, z.code""",
        code=code,
    )


def add_duties(
    session: Session, found: gpd.GeoDataFrame, batch_id: int, *, now: datetime, author: str
) -> pd.Index:
    """Store duties (as `duties` gives them, EPSG:4326) that hold from `now` on; answers their ids."""
    columns = ["code", "name", "name_en", "kind", "calendar", "hours", "stay_s", "required", "prize"]
    rows = found[[*columns, "villages", "teams", "note"]].copy()
    rows["jurisdiction_path"], rows["author"], rows["batch_id"] = found["village"], author, batch_id
    rows["valid"], rows["geom"] = f"[{now.isoformat()},)", found.geometry
    return write_frame(session, "fixed_duty", rows)


def end_duty(session: Session, code: str, *, now: datetime) -> bool:
    """Let a duty hold no more from `now` on; False where there is none of that code."""
    ended = session.execute(
        text(
            """UPDATE fixed_duty SET valid = tstzrange(lower(valid), :now, '[)')
               WHERE code = :code AND upper_inf(valid) AND lower(valid) < :now RETURNING id"""
        ),
        {"code": code, "now": now},
    )
    return ended.scalar() is not None


def codes(session: Session) -> set[str]:
    """Codes of the duties valid now."""
    return set(session.scalars(text("SELECT code FROM fixed_duty WHERE upper_inf(valid)")))


def history(session: Session, code: str) -> list[dict[str, Any]]:
    """What was written under a code, the newest first: since, until (None: still), author, the parts."""
    frame = read_frame(
        session,
        """SELECT lower(valid) AS since, upper(valid) AS until, author, name, name_en, kind, calendar, hours,
                  stay_s, required, prize, note, ST_X(geom) AS lon, ST_Y(geom) AS lat
           FROM fixed_duty WHERE code = :code ORDER BY lower(valid) DESC""",
        code=code,
    )
    return [
        {str(key): value for key, value in row.items()}
        for row in frame.astype(object).where(frame.notna(), None).to_dict("records")
    ]


def zones_at(session: Session, lon: float, lat: float) -> list[str]:
    """Codes of the zones that a place (EPSG:4326) lies in."""
    return list(
        session.scalars(
            text(
                """SELECT code FROM zone WHERE upper_inf(valid)
                       AND ST_Covers(geom, ST_SetSRID(ST_Point(:lon, :lat), 4326)) ORDER BY code"""
            ),
            {"lon": lon, "lat": lat},
        )
    )


def on_calendar(session: Session, code: str) -> list[str]:
    """Codes of the duties and teams that stand on a calendar now, those outside the session's scope too."""
    return list(
        session.scalars(
            text("SELECT * FROM calendar_users(:code)"),
            {"code": code},
        )
    )
