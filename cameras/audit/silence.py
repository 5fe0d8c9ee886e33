"""Cameras from which nothing comes."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cameras.audit.found import number, of_cameras
from cameras.audit.scene import AuditScene, AuditSettings
from geo.errors import Sentence


def _last(scene: AuditScene) -> pd.Series:
    assert scene.last_frames is not None
    return pd.to_datetime(scene.last_frames.reindex(scene.cameras.index), utc=True)


def never_seen(scene: AuditScene, settings: AuditSettings) -> pd.DataFrame:
    """Cameras without any frame; those of files that came just now are given the same days."""
    unseen: NDArray[np.bool_] = _last(scene).isna().to_numpy(bool)
    if "batch_id" in scene.cameras and "imported_at" in scene.batches:
        known = pd.to_datetime(scene.cameras["batch_id"].map(scene.batches["imported_at"]), utc=True)
        unseen = unseen & ~(known > scene.now - timedelta(days=settings.unseen_days)).to_numpy(bool)
    return of_cameras(scene, "never_seen", np.flatnonzero(unseen), Sentence("no frame is stored of it"))


def long_unseen(scene: AuditScene, settings: AuditSettings) -> pd.DataFrame:
    """Cameras whose last frame is old; `value` is the days since, and the mark that frame's time."""
    last = _last(scene)
    days = ((pd.Timestamp(scene.now) - last).dt.total_seconds() / 86_400.0).to_numpy(np.float64)
    rows = np.flatnonzero(days > settings.unseen_days)
    told = [Sentence("the last frame came %(days)s days ago", days=number(n, 0)) for n in days[rows].tolist()]
    marks = [moment.isoformat() for moment in last.iloc[rows]]
    return of_cameras(scene, "long_unseen", rows, told, value=days[rows], mark=marks)
