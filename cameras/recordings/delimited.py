"""Reader of lists of recordings in CSV: UTF-8, comma, one heading line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from cameras.frames.delimited import read_columns
from cameras.recordings.columns import COLUMNS, REQUIRED, Answer, ListBatch, ListOptions
from cameras.recordings.judged import judged


def read_csv(path: Path, options: ListOptions) -> Iterator[ListBatch]:
    """Recordings of a CSV file (plain or .gz), block by block; all of it is one answer.

    Parameters
    ----------
    path : Path
        The first line that is not blank names the columns; `COLUMNS` are known, in any order and case.
    options : ListOptions

    Raises
    ------
    InputRefused
        When the file as a whole cannot be read: empty, broken archive, a heading missing or twice.
    """
    refused = False
    parts = read_columns(
        path, COLUMNS, REQUIRED, block_bytes=options.block_bytes, max_line_bytes=options.max_line_bytes
    )
    for raw, lines, rejected, notes in parts:
        answer = np.zeros(len(lines), dtype=np.int32)
        batch = judged(raw, lines, answer, options, rejected=rejected, notes=notes)
        refused |= bool(batch.rejected)
        yield batch
    yield ListBatch(answers=(Answer(0, asked=options.asked, complete=not refused),))
