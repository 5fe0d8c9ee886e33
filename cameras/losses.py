"""What a technical team asks in the morning: which cameras are newly lost, still lost, back again; and which
went together, because one recorder, switch or gateway did."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

NEW, STILL, RESTORED = "new", "still", "restored"
CHANGES = (NEW, STILL, RESTORED)
MOVED = "moved"
_USABLE = "usable"
# The reason that says that a source spoke for none of its cameras.
_SOURCE_SILENT = "source_silent"


@dataclass(frozen=True)
class LossSettings:
    """What counts as a loss worth a line, and what as losses that went together.

    Parameters
    ----------
    shortest_s : float
        A loss that was over sooner is not told; one that lasts is.
    together_s : float
        Losses of one recorder that began within this time of the one before went together.
    fewest : int
        Cameras that make a group.
    share : float
        Of a recorder's cameras that must have gone together, 0–1: two of sixty are two cameras.
    """

    shortest_s: float = 600.0
    together_s: float = 300.0
    fewest: int = 2
    share: float = 0.5

    def __post_init__(self) -> None:
        if self.shortest_s < 0 or self.together_s < 0:
            raise ValueError("shortest_s and together_s are durations in seconds, 0 or more")
        if self.fewest < 2 or not 0 < self.share <= 1:
            raise ValueError("a group needs at least 2 cameras and a share above 0 and up to 1")


def losses(
    segments: pd.DataFrame,
    period: tuple[int, int],
    sources: pd.DataFrame,
    settings: LossSettings | None = None,
) -> pd.DataFrame:
    """The last loss of every camera that had one, what became of it, and what it has in common with others.

    Parameters
    ----------
    segments : DataFrame
        camera, start_ms, end_ms (half-open, epoch milliseconds; those of a camera tile the period), state
        ("usable", "degraded", "outage", "not_measured"), reason, moved.
    period : (start, end)
        Epoch milliseconds. *Still* lost was lost at its start and at its end, *new* only at its end,
        *restored* was lost in it and is not at its end.
    sources : DataFrame
        By camera (index): `parent`, code of its recorder, and `source`, of what speaks for it; None unknown.
    settings : LossSettings, optional

    Returns
    -------
    DataFrame
        One row a camera: camera, change, kind (the state, or "moved"), reason, since_ms, until_ms (-1: not
        over), group (int; cameras of one group went together), common (what the group shares: a parent's or
        source's code, "" for a camera on its own). New ones first, then still, then restored; groups stay
        together, greatest first.

    Raises
    ------
    ValueError
        For a period that is empty.
    """
    settings = settings or LossSettings()
    start, end = period
    if end <= start:
        raise ValueError(f"the period [{start}, {end}) is empty")
    last = _last_losses(segments, settings.shortest_s * 1000, end)
    last["change"] = np.select(
        [last["until_ms"] < end, last["since_ms"] > start], [RESTORED, NEW], default=STILL
    )
    last.loc[last["until_ms"] >= end, "until_ms"] = -1
    by_source = last["reason"].astype(str) == _SOURCE_SILENT
    common = last["camera"].map(sources["parent"]).mask(by_source, last["camera"].map(sources["source"]))
    sizes = pd.concat([sources["parent"], sources["source"]]).value_counts()
    return _grouped(last.assign(common=common.fillna("").astype(str)), sizes, settings)


def _last_losses(segments: pd.DataFrame, shortest_ms: float, end: int) -> pd.DataFrame:
    """The last loss of every camera: touching bad segments are one loss, told by its last kind."""
    rows = segments.sort_values(["camera", "start_ms"], kind="stable").reset_index(drop=True)
    state = rows["state"].astype(str)
    kind = state.mask((state == _USABLE) & rows["moved"].astype(bool), MOVED)
    bad = kind != _USABLE
    other_camera = rows["camera"] != rows["camera"].shift()
    number = (bad & (~bad.shift(fill_value=False) | other_camera)).cumsum()[bad]
    told = rows[bad].assign(kind=kind[bad]).groupby(number, sort=True)
    found = pd.DataFrame(
        {
            "camera": told["camera"].first(),
            "kind": told["kind"].last(),
            "reason": told["reason"].last().astype(str),
            "since_ms": told["start_ms"].first().astype("int64"),
            "until_ms": told["end_ms"].last().astype("int64"),
        }
    )
    lasting = (found["until_ms"] >= end) | (found["until_ms"] - found["since_ms"] >= shortest_ms)
    return found[lasting].groupby("camera", sort=True).tail(1).reset_index(drop=True)


def _grouped(last: pd.DataFrame, sizes: pd.Series, settings: LossSettings) -> pd.DataFrame:
    """Number what went together; a common source that does not explain enough is taken back."""
    columns = ["camera", "change", "kind", "reason", "since_ms", "until_ms", "group", "common"]
    if last.empty:
        return last.assign(group=pd.Series(dtype="int64"))[columns]
    order = ["change", "kind", "common", "since_ms", "camera"]
    rows = last.sort_values(order, kind="stable").reset_index(drop=True)
    same = (rows[["change", "kind", "common"]] == rows[["change", "kind", "common"]].shift()).all(axis=1)
    near = rows["since_ms"].diff() <= settings.together_s * 1000
    run = (~(same & near)).cumsum()
    count = run.map(run.value_counts())
    enough = count >= np.maximum(settings.fewest, settings.share * rows["common"].map(sizes).fillna(np.inf))
    shared = enough & (rows["common"] != "")
    rows["common"] = rows["common"].where(shared, "")
    # A camera on its own is a group of one, numbered after the runs.
    rows["group"] = np.where(shared, run, run.max() + 1 + np.arange(len(rows)))
    size = rows["group"].map(rows["group"].value_counts())
    place = rows["change"].map({change: n for n, change in enumerate(CHANGES)})
    rows = rows.assign(_place=place, _size=-size).sort_values(
        ["_place", "_size", "group", "camera"], kind="stable"
    )
    rows["group"] = pd.factorize(rows["group"])[0]
    return rows[columns].reset_index(drop=True)
