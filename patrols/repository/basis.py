"""What a plan stands on, as the database has it now (`patrols.stale`), and what plans have stored of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

# Everything about a gap that stops are chosen by, of those that meet the zone; sorted by bytes, so that the
# answer hangs neither on ids nor on the server's collation.
_GAPS = """
SELECT md5(COALESCE(string_agg(line, ';' ORDER BY line COLLATE "C"), ''))
FROM (SELECT concat_ws(',', g.cause, g.ground, g.open_ms,
                       extract(epoch FROM upper(a.period) - lower(a.period)),
                       upper(g.windows) = upper(a.period), md5(ST_AsBinary(g.geom))) AS line
      FROM gap g JOIN analysis a ON a.id = g.analysis_id, zone z
      WHERE a.id = :analysis AND z.id = :zone AND g.geom && z.geom AND ST_Intersects(g.geom, z.geom)) AS gaps
"""


def gaps_mark(session: Session, analysis_id: int, zone_id: int) -> str:
    """A text that names the gaps of an analysis in a zone: another one when any of them differs."""
    return str(session.execute(text(_GAPS), {"analysis": analysis_id, "zone": zone_id}).scalar_one())


def zone_now(session: Session, code: str) -> dict[str, Any] | None:
    """The zone of a code now: id, rule, members (sorted), area (names its shape); None without one."""
    row = (
        session.execute(
            text(
                """SELECT id, rule, md5(ST_AsBinary(geom)) AS area,
                          ARRAY(SELECT jurisdiction_path::text FROM zone_member m WHERE m.zone_id = z.id
                                ORDER BY jurisdiction_path::text COLLATE "C") AS members
                   FROM zone z WHERE code = :code AND upper_inf(valid)"""
            ),
            {"code": code},
        )
        .mappings()
        .first()
    )
    return None if row is None else dict(row)


def heads(session: Session, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """Of plans by their ids: id, zone (code), start, end, road_revision, basis (None in plans without one),
    document (None where the basis is there: it is large).
    """
    rows = session.execute(
        text(
            """SELECT p.id, z.code AS zone, lower(p.shift) AS start, upper(p.shift) AS "end",
                      p.road_revision, p.parameters -> 'basis' AS basis,
                      CASE WHEN p.parameters ? 'basis' THEN NULL ELSE p.document END AS document
               FROM plan p JOIN zone z ON z.id = p.zone_id WHERE p.id = ANY(:numbers) ORDER BY p.id"""
        ),
        {"numbers": list(numbers)},
    ).mappings()
    return [dict(row) for row in rows]
