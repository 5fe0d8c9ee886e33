"""Which village led which shift of a zone: what turns are taken by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session


def last_led(
    session: Session, zone_id: int, before: datetime, drafts: Sequence[int] = ()
) -> dict[str, datetime]:
    """Path of each village that led a shift, and when the last such shift began.

    Published plans whose shift began before a moment count, and these drafts.
    """
    rows = session.execute(
        text(
            """SELECT parameters->>'leads' AS village, max(lower(shift)) AS began FROM plan
               WHERE zone_id = :zone AND (status = 'published' OR id = ANY(:drafts))
                     AND lower(shift) < :before AND parameters->>'leads' IS NOT NULL
               GROUP BY 1"""
        ),
        {"zone": zone_id, "before": before, "drafts": list(drafts)},
    )
    return {row.village: row.began for row in rows}
