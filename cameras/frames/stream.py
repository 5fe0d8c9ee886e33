"""Packets of metadata in a video file or stream."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av

from geo.errors import InputRefused, Sentence


def klv_packets(path: Path) -> Iterator[tuple[float | None, bytes]]:
    """(Presentation time in seconds or None, bytes) of every KLV packet of a video, in its order.

    The five bytes before a packet that belongs to a frame (ISO 13818-1 metadata access unit) are taken off
    by the demultiplexer.

    Raises
    ------
    InputRefused
        For a file that is no video, or carries no KLV.
    """
    try:
        container = av.open(str(path))
    except (av.FFmpegError, OSError) as error:
        raise InputRefused(
            Sentence(
                "%(file)s: cannot be read as a video (%(why)s); give a file such as .ts or .mp4",
                file=path.name,
                why=error.strerror or str(error),
            )
        ) from error
    with container:
        streams = [stream for stream in container.streams if stream.type == "data"]
        if not streams:
            raise InputRefused(
                Sentence("%(file)s: the video carries no KLV metadata; give one that does", file=path.name)
            )
        for packet in container.demux(streams):
            if packet.size:
                start, unit = packet.pts, packet.time_base
                yield (None if start is None or unit is None else float(start * unit)), bytes(packet)
