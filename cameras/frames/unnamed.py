"""What the readers of files share that name no camera, and some of which tell no time of the day."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from cameras.frames.columns import BoolArray, FrameBatch, Int64Array, ReadOptions
from cameras.frames.times import epoch_ms
from geo.errors import InputRefused, Sentence

#: For a batch that holds the remarks at the end of a file.
NO_FRAMES: Final = FrameBatch.of([], [])


def need_camera(path: Path, options: ReadOptions) -> None:
    """InputRefused where the camera is not told beside the file."""
    if options.camera is None:
        raise InputRefused(
            Sentence("%(file)s: the file names no camera; give its code with --camera", file=path.name)
        )


def begins_ms(path: Path, options: ReadOptions) -> int:
    """When the file began, epoch milliseconds; InputRefused where that is not told beside the file."""
    if options.begins is None:
        raise InputRefused(
            Sentence(
                "%(file)s: the file tells no times, only how long after its beginning; "
                "give the time at which it began with --begins, such as --begins 2026-05-01T12:00:00",
                file=path.name,
            )
        )
    return epoch_ms(options.begins)


def instants(ms: Int64Array, missing: BoolArray) -> pa.Array:
    """Epoch milliseconds as the times in UTC that `validated` takes, null where missing."""
    return pa.array(ms, mask=np.asarray(missing)).cast(pa.timestamp("ms", tz="UTC"))
