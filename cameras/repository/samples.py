"""Spot checks: what may be drawn from, and the rows of a sheet."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from cameras.tables import SampledCamera, SampleSheet
from geo.db import read_frame


def population(session: Session, within: str | None) -> list[str]:
    """Codes of all cameras valid now at or below a jurisdiction (None: the whole site), sorted."""
    found = session.execute(
        text(
            """SELECT code FROM camera WHERE upper_inf(valid)
                 AND (CAST(:path AS ltree) IS NULL OR jurisdiction_path <@ CAST(:path AS ltree))
               ORDER BY code COLLATE "C" """
        ),
        {"path": within},
    )
    return list(found.scalars())


def records(session: Session, codes: Sequence[str]) -> pd.DataFrame:
    """What a sheet keeps of records valid now, by code: name, address, unit, direction, position, place."""
    return read_frame(
        session,
        """SELECT c.code, c.name, c.address, c.management_unit AS unit, c.azimuth_deg, c.azimuth_quality,
                  round(ST_X(c.geom)::numeric, 6)::float8 AS lon,
                  round(ST_Y(c.geom)::numeric, 6)::float8 AS lat, j.name AS jurisdiction
           FROM camera c LEFT JOIN jurisdiction j ON j.path = c.jurisdiction_path
           WHERE upper_inf(c.valid) AND c.code = ANY(:codes)""",
        codes=list(codes),
    ).set_index("code")


def area_name(session: Session, path: str) -> str | None:
    """Name of a jurisdiction; None where there is none."""
    found = session.execute(
        text("SELECT name FROM jurisdiction WHERE path = CAST(:path AS ltree)"), {"path": path}
    )
    return found.scalar()


def rows(session: Session, sheet: SampleSheet, *, anew: bool = False) -> list[SampledCamera]:
    """The cameras of a sheet in the order drawn; `anew`: as the database holds them now, whatever the session
    loaded before, which is what has to be asked under the lock of the sheet."""
    asked = select(SampledCamera).where(SampledCamera.sheet_id == sheet.id).order_by(SampledCamera.rank)
    return list(session.scalars(asked, execution_options={"populate_existing": anew}))


def still_recorded(session: Session, codes: Sequence[str]) -> dict[str, int]:
    """Ids of the records that are valid now, by code."""
    found = session.execute(
        text("SELECT code, id FROM camera WHERE upper_inf(valid) AND code = ANY(:codes)"),
        {"codes": list(codes)},
    )
    return {row.code: row.id for row in found}
