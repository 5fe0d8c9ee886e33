"""How a check tells what it found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from cameras.audit.kinds import KINDS
from cameras.audit.scene import AuditScene
from geo.errors import Sentence

COLUMNS = ("camera", "batch", "subject", "kind", "severity", "value", "evidence", "mark")


def of_cameras(
    scene: AuditScene,
    kind: str,
    rows: NDArray[np.int64],
    evidence: Sentence | Iterable[Sentence],
    *,
    value: ArrayLike = np.nan,
    mark: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Findings of one kind.

    Parameters
    ----------
    rows : (n,) array of int
        Positions in the frame of cameras.
    evidence : Sentence or n of them
    value : array_like of float
    mark : n texts, optional
        Else the evidence itself: while it says the same, the matter is the same.
    """
    told = [evidence] * len(rows) if isinstance(evidence, Sentence) else list(evidence)
    return pd.DataFrame(
        {
            "camera": scene.cameras.index.to_numpy(np.int64)[rows],
            "batch": np.full(len(rows), -1, dtype=np.int64),
            "subject": scene.cameras["code"].to_numpy(dtype=object)[rows],
            "kind": kind,
            "severity": KINDS[kind].severity,
            "value": np.broadcast_to(np.asarray(value, dtype=np.float64), len(rows)),
            "evidence": pd.Series(told, dtype=object),
            "mark": pd.Series([str(one) for one in (told if mark is None else mark)], dtype=object),
        },
        columns=list(COLUMNS),
    )


def column(scene: AuditScene, name: str) -> NDArray[np.float64]:
    """A number of the records; NaN everywhere where the frame has no such column."""
    frame = scene.cameras
    if name not in frame:
        return np.full(len(frame), np.nan)
    return pd.to_numeric(frame[name], errors="coerce").to_numpy(np.float64)


def texts(scene: AuditScene, name: str) -> pd.Series:
    """A text of the records without the space around it, "" for none; numbered from 0."""
    frame = scene.cameras
    if name not in frame:
        return pd.Series([""] * len(frame), dtype=object)
    return pd.Series(frame[name].to_numpy(dtype=object)).fillna("").astype(str).str.strip()


def moving(scene: AuditScene) -> NDArray[np.bool_]:
    """Devices that people, vehicles and aircraft carry: nothing is mounted (MobileDeviceType 1 to 5)."""
    return np.isin(column(scene, "mobile_device"), (1, 2, 3, 4, 5))


def number(value: float, digits: int = 1) -> str:
    """A number as evidence shows it."""
    shown = f"{value:.{digits}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown
