"""What stored analyses say to a technical team. Functions take an open session and never commit."""

from __future__ import annotations

import pandas as pd
from sqlalchemy.orm import Session

from cameras.losses import LossSettings, losses
from cameras.repository import results
from cameras.states import camera_states
from cameras.tables import Analysis


def sum_up(session: Session, analysis_id: int) -> None:
    """Store what an analysis says of each camera, once its availability and findings are stored.

    Rows that say already what they should are left alone.
    """
    segments = results.segments(session, analysis_id)
    lost = _losses(session, analysis_id, segments, results.common_sources(session, analysis_id), None)
    told = camera_states(segments, results.findings(session, analysis_id), lost)
    before = results.states_told(session, analysis_id)
    results.forget_states(session, analysis_id, before.index.difference(told.index))
    both = before.reindex(told.index)
    same = (both == told) | (both.isna() & told.isna())
    results.add_camera_states(session, analysis_id, told[~same.all(axis=1)])


def morning_losses(session: Session, analysis_id: int, settings: LossSettings | None = None) -> pd.DataFrame:
    """The losses of an analysed period, as `cameras.losses.losses`, of the cameras in the session's scope.

    Returns
    -------
    DataFrame
        Its columns and code, name, path (of the camera).
    """
    sources = results.common_sources(session, analysis_id)
    found = _losses(session, analysis_id, results.segments(session, analysis_id), sources, settings)
    return found.join(sources[["code", "name", "path"]], on="camera")


def _losses(
    session: Session,
    analysis_id: int,
    segments: pd.DataFrame,
    sources: pd.DataFrame,
    settings: LossSettings | None,
) -> pd.DataFrame:
    period = session.get_one(Analysis, analysis_id).period
    assert period.lower is not None and period.upper is not None
    bounds = (round(period.lower.timestamp() * 1000), round(period.upper.timestamp() * 1000))
    return losses(segments, bounds, sources, settings)
