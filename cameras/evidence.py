"""How far the word of a source counts, and when its silence says something (DESIGN §4, *Evidence*)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cameras.frames.columns import FrameBatch, Int64Array

#: Kinds of source and how far their evidence counts: a decoded frame above what a gateway tells, above a
#: device's heartbeat, above a picture that a round brings by now and then. A heartbeat shows no picture: only
#: its loss counts, against what is below it.
RANKS: Final = {"inspection": 0, "heartbeat": 1, "gateway": 2, "recording": 3, "stream": 4}
#: A device is given up after so many heartbeats that did not come (GB/T 28181).
HEARTBEATS_MISSED: Final = 3.0


@dataclass(frozen=True, eq=False)
class SourceTable:
    """SOURCES as arrays, in the order of their ids.

    Parameters
    ----------
    ids : (k,) array of int64
        Source ids, ascending.
    rank : (k,) array of int64
        Value of `RANKS`.
    patience_ms : (k,) array of int64
        How long a word of the source counts: `lost_intervals` expected intervals, of a heartbeat at least
        `HEARTBEATS_MISSED`.
    shows : (k,) array of bool
        Its words tell of a picture; those of a heartbeat do not.
    """

    ids: Int64Array
    rank: Int64Array
    patience_ms: Int64Array
    shows: NDArray[np.bool_]

    @classmethod
    def of(cls, sources: pd.DataFrame, lost_intervals: float) -> SourceTable:
        """From SOURCES: index source id, columns `kind` and `expected_interval_s`.

        Raises
        ------
        ValueError
            For a kind that is not in `RANKS`, an interval that is not above 0, an id that stands twice.
        """
        ordered = sources.sort_index()
        if not ordered.index.is_unique:
            raise ValueError(f"source {ordered.index[ordered.index.duplicated()][0]} stands twice; leave one")
        unknown = ordered.index[~ordered["kind"].isin(list(RANKS))]
        if len(unknown):
            raise ValueError(
                f"source {unknown[0]}: kind '{ordered['kind'][unknown[0]]}' is none of {', '.join(RANKS)}"
            )
        interval_s = ordered["expected_interval_s"].to_numpy(dtype=np.float64)
        wrong = np.flatnonzero(~(interval_s > 0) | ~np.isfinite(interval_s))
        if len(wrong):
            raise ValueError(
                f"source {ordered.index[wrong[0]]}: expected interval {interval_s[wrong[0]]} s is not above 0"
            )
        shows = (ordered["kind"] != "heartbeat").to_numpy(dtype=bool)
        intervals = np.where(shows, lost_intervals, max(lost_intervals, HEARTBEATS_MISSED))
        return cls(
            np.asarray(ordered.index, dtype=np.int64),
            np.array([RANKS[kind] for kind in ordered["kind"]], dtype=np.int64),
            np.maximum(1, np.rint(interval_s * intervals * 1000.0)).astype(np.int64),
            shows,
        )

    def places(self, source: NDArray[np.int32] | Int64Array) -> Int64Array:
        """The place in this table of each source id.

        Raises
        ------
        ValueError
            For an id that is not in the table.
        """
        place = np.searchsorted(self.ids, source).astype(np.int64)
        known = place < len(self.ids)
        known[known] = self.ids[place[known]] == source[known]
        if not known.all():
            raise ValueError(
                f"frames name source {source[np.argmin(known)]}, which is not among the sources given"
            )
        return place


@dataclass(frozen=True, eq=False)
class Witnesses:
    """For each source the intervals in which its silence about a camera means something.

    Parameters
    ----------
    pointer : (k + 1,) array of int64
        The intervals of source place i are rows pointer[i] to pointer[i + 1].
    start_ms, end_ms : (m,) arrays of int64
        Half-open, ascending and apart within a source.
    """

    pointer: Int64Array
    start_ms: Int64Array
    end_ms: Int64Array


def deliveries(
    frames: FrameBatch, sources: SourceTable, place: Int64Array, beside: pd.DataFrame | None = None
) -> pd.DataFrame:
    """When each source delivered: its frames and loss events, of any camera, that follow each other closely.

    Parameters
    ----------
    frames : FrameBatch
        In any order.
    sources : SourceTable
    place : (n,) array of int64
        Place of each frame's source in `sources`.
    beside : DataFrame, optional
        What this function said of frames that are not given: the same answer as if they were.

    Returns
    -------
    DataFrame
        DELIVERIES: source (id), first_ms, last_ms; from the first to the last one of a run in which no two
        are further apart than the patience of the source. Ascending and apart within a source.
    """
    rows = []
    for row, (source, patience) in enumerate(
        zip(sources.ids.tolist(), sources.patience_ms.tolist(), strict=True)
    ):
        first = last = np.sort(frames.captured_ms[place == row])
        if beside is not None:
            own = beside[beside["source"] == source]
            first = np.concatenate([first, own["first_ms"].to_numpy(dtype=np.int64)])
            last = np.concatenate([last, own["last_ms"].to_numpy(dtype=np.int64)])
            order = np.argsort(first, kind="stable")
            first, last = first[order], np.maximum.accumulate(last[order])
        if not len(first):
            continue
        breaks = np.flatnonzero(first[1:] - last[:-1] > patience)
        rows.append(
            pd.DataFrame(
                {
                    "source": source,
                    "first_ms": first[np.concatenate(([0], breaks + 1))],
                    "last_ms": last[np.concatenate((breaks, [len(last) - 1]))],
                }
            )
        )
    none = pd.DataFrame({"source": [], "first_ms": [], "last_ms": []}, dtype=np.int64)
    return pd.concat([none, *rows], ignore_index=True).astype(np.int64)


def witnesses(delivered: pd.DataFrame, sources: SourceTable, period: tuple[int, int]) -> Witnesses:
    """When each source was alive, judged by what it delivered for all cameras.

    Parameters
    ----------
    delivered : DataFrame
        DELIVERIES; those before the period tell that a source was alive when it began.
    sources : SourceTable
    period : tuple of int
        Epoch milliseconds, half-open.

    Notes
    -----
    A source is alive while its deliveries (frames and loss events of any camera) are no further apart than
    its patience. In such a run it is a witness from its first delivery + patience, the time in which every
    camera could have been heard, to its last delivery. Both ends matter: cameras report one after another, so
    when a source stops, the last frame of one camera outlives that of another, and when it starts again some
    are heard later than others. Neither is an outage. A run that is not known to have ended lasts to the end
    of the period.

    The camera's own frames need not be left out: inside a silence longer than the patience it has none.
    """
    at = np.searchsorted(sources.ids, delivered["source"].to_numpy())
    patience = sources.patience_ms[at]
    last = delivered["last_ms"].to_numpy(dtype=np.int64)
    first = delivered["first_ms"].to_numpy(dtype=np.int64) + patience
    goes_on = (last + patience >= period[1]) & np.append(at[1:] != at[:-1], True)[: len(at)]
    last = np.where(goes_on, np.maximum(last, period[1]), last)
    kept = first < last
    pointer = np.searchsorted(at[kept], np.arange(len(sources.ids) + 1)).astype(np.int64)
    return Witnesses(pointer, first[kept], last[kept])
