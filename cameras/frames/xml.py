"""Reader of `.xml`: which of the formats that come in it, the name of the first element tells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cameras.frames import gb28181, onvif
from cameras.frames.columns import ReadBatch, ReadOptions
from cameras.frames.messages import beginning_of
from geo.errors import InputRefused, Sentence

_ROOT: Final = re.compile(rf"<(?:[\w.-]+:)?({onvif.ROOT}|{'|'.join(gb28181.ROOTS)})\b", re.ASCII)


def read_xml(path: Path, options: ReadOptions) -> Iterator[ReadBatch]:
    """Frames of an ONVIF metadata stream or of GB/T 28181 messages.

    Raises
    ------
    InputRefused
        For a file that begins as neither does, and as their readers do.
    """
    root = _ROOT.search(beginning_of(path))
    if root is None:
        raise InputRefused(
            Sentence(
                "%(file)s is neither an ONVIF metadata stream (MetadataStream) nor GB/T 28181 messages "
                "(Notify, Response); give one of them, or its format with --format",
                file=path.name,
            )
        )
    reader = onvif.read_onvif if root[1] == onvif.ROOT else gb28181.read_gb28181
    yield from reader(path, options)
