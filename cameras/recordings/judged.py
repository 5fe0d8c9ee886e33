"""Raw columns of a list of recordings as periods, with a sentence for everything that cannot be taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cameras.frames.columns import BoolArray, Int64Array, Rejected
from cameras.frames.times import parsed_times
from cameras.frames.validate import EARLIEST_MS, Rows, coded, looked_up
from cameras.recordings.columns import ListBatch, ListOptions
from cameras.recordings.kinds import KINDS
from geo.errors import Sentence

UNKNOWN_CAMERA: Final = "is not a known camera; import the camera first or correct the code"
_NUMBERS: Final = {kind: number for number, kind in enumerate(KINDS)} | {"": 0}


def judged(
    raw: Mapping[str, pa.Array],
    lines: Int64Array,
    answer: NDArray[np.int32],
    options: ListOptions,
    *,
    rejected: Sequence[Rejected] = (),
    notes: Sequence[str] = (),
    unit: str = "line",
) -> ListBatch:
    """The recordings that are right in every field; each wrong field of the others is told.

    Parameters
    ----------
    raw : mapping of str to (n,) pyarrow array
        Texts of `COLUMNS` by heading, null where missing.
    lines : (n,) array of int64
        Line of each row, or its number as `unit`.
    answer : (n,) array of int32
        The answer that lists it.
    options : ListOptions
    rejected, notes : sequences
        What the reader itself found in this stretch; passed on.
    unit : str
        What the rows of the file are, as of `Rejected`.

    Returns
    -------
    ListBatch
        What lies after the time at which the list was seen is left out: files are laid out before they are
        full, and clocks run ahead. So is a recording without length.
    """
    if not len(lines):
        return ListBatch(rejected=tuple(rejected), notes=tuple(notes))
    rows = Rows(raw, lines, unit)
    camera = looked_up(
        rows,
        "camera",
        options.cameras,
        missing="is missing; give the code of a camera",
        unknown=UNKNOWN_CAMERA,
    )
    start, end = _times(rows, options)
    for row in np.flatnonzero(rows.good & (end < start)):
        rows.refuse(
            row, "end", "is before the start; one past midnight ends on the next day, correct the two times"
        )
    kind = _kinds(rows)
    ended = np.minimum(end, options.seen_ms)
    kept = rows.good & (start < ended)
    told = sorted([*rejected, *rows.rejected], key=lambda one: one.line)
    return ListBatch(
        camera[kept],
        start[kept],
        ended[kept],
        kind[kept],
        answer[kept],
        rejected=tuple(told),
        notes=(*notes, *_left_out(rows.good, start, end, options.seen_ms)),
        unjudged=answer[~rows.good],
    )


def _times(rows: Rows, options: ListOptions) -> tuple[Int64Array, Int64Array]:
    """Beginnings and ends, read at once."""
    fields = ("start", "end")
    ms, ok, problems = parsed_times(pa.concat_arrays([rows.texts(field) for field in fields]), options.zone)
    n = len(rows.lines)
    for place in np.flatnonzero(~ok | (ms < EARLIEST_MS) | (ms > options.latest_ms)):
        field = fields[place // n]
        if not ok[place]:
            reason = problems.get(int(place), f"is missing; give the {field} of the recording")
        elif ms[place] < EARLIEST_MS:
            reason = "is before the year 2000: that clock was never set; correct the time"
        else:
            reason = (
                f"is more than a day after the list was seen ({options.seen_at:%Y-%m-%d %H:%M %Z}): that "
                "clock runs ahead; correct the time"
            )
        rows.refuse(place % n, field, reason)
    return ms[:n], ms[n:]


def _kinds(rows: Rows) -> NDArray[np.int16]:
    places, words = coded(rows, "kind")
    numbers = np.array([_NUMBERS.get(word.lower(), -1) for word in words], dtype=np.int16)[places]
    for row in np.flatnonzero(numbers < 0):
        rows.refuse(row, "kind", f"is no kind; write one of {', '.join(KINDS[1:])}, or leave it empty")
    return numbers


def _left_out(good: BoolArray, start: Int64Array, end: Int64Array, seen_ms: int) -> list[str]:
    notes: list[str] = []
    if (good & (start == end)).any():
        notes.append(Sentence("recordings that end as they begin were left out: they hold nothing"))
    if (good & (end > seen_ms)).any():
        notes.append(
            Sentence(
                "what recordings tell of the time after the list was seen was left out; compare the "
                "recorder's clock, or give the time at which the list was seen with --seen-at"
            )
        )
    return notes
