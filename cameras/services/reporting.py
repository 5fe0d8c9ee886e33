"""What stored analyses say to a technical team. Functions take an open session and never commit."""

from __future__ import annotations

import pandas as pd
from sqlalchemy.orm import Session

from cameras.losses import LossSettings, losses
from cameras.repository import results
from cameras.tables import Analysis


def sum_up(session: Session, analysis_id: int) -> None:
    """Store what an analysis says of each camera, once its availability and findings are stored."""
    results.add_camera_states(session, analysis_id, morning_losses(session, analysis_id))


def morning_losses(session: Session, analysis_id: int, settings: LossSettings | None = None) -> pd.DataFrame:
    """The losses of an analysed period, as `cameras.losses.losses`, of the cameras in the session's scope.

    Returns
    -------
    DataFrame
        Its columns and code, name, path (of the camera).
    """
    period = session.get_one(Analysis, analysis_id).period
    assert period.lower is not None and period.upper is not None
    sources = results.common_sources(session, analysis_id)
    found = losses(
        results.segments(session, analysis_id),
        (round(period.lower.timestamp() * 1000), round(period.upper.timestamp() * 1000)),
        sources,
        settings,
    )
    return found.join(sources[["code", "name", "path"]], on="camera")
