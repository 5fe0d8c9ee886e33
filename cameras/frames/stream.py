"""Packets of metadata in a video file or stream, and in a file of nothing but packets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import av
from av.container import InputContainer

from cameras.frames.klv import KEY_HEAD, MOST_BYTES, set_end
from geo.errors import InputRefused, Sentence

KlvPackets = Iterator[tuple[float | None, bytes]]

_CHUNK_BYTES: Final = 1 << 18
#: Containers that carry KLV.
_FORMATS: Final = "mpegts,mpeg,mov,mp4,matroska,mxf"


@dataclass(frozen=True)
class KlvVideo:
    """A video that carries KLV.

    Parameters
    ----------
    packets : iterator of (float or None, bytes)
        Presentation time in seconds or None, and content, of every KLV packet, in the file's order.
    starts_s : float
        Presentation time at which the file begins; 0 where it tells none.
    width_px, height_px : int
        Of its picture; 0 where there is none.
    """

    packets: KlvPackets
    starts_s: float
    width_px: int
    height_px: int


def klv_packets(path: Path) -> KlvPackets:
    """(Presentation time in seconds or None, bytes) of every KLV packet of a video (`klv_video`)."""
    with klv_video(path) as video:
        yield from video.packets


@contextmanager
def klv_video(path: Path) -> Iterator[KlvVideo]:
    """The KLV packets of a video, and what else of it says how to read them.

    The five bytes before a packet that belongs to a frame (ISO 13818-1 metadata access unit) are taken off
    by the demultiplexer.

    Raises
    ------
    InputRefused
        For a file that is no video, or carries no KLV; while reading, where it breaks off.
    """
    try:
        # A file from outside opens no other one: neither a play list's parts nor an address.
        container = av.open(
            f"file:{path}",
            options={"protocol_whitelist": "file", "format_whitelist": _FORMATS},
            metadata_errors="replace",
        )
    except (av.FFmpegError, OSError) as error:
        raise InputRefused(
            Sentence(
                "%(file)s: cannot be read as a video (%(why)s); give a file such as .ts or .mp4",
                file=path.name,
                why=error.strerror or str(error),
            )
        ) from error
    with container:
        # A stream of data whose kind nobody told may be KLV; one that is told to be another is not.
        streams = [
            stream
            for stream in container.streams
            if stream.type == "data" and getattr(stream, "name", None) in ("klv", "bin_data", None)
        ]
        if not streams:
            raise InputRefused(
                Sentence("%(file)s: the video carries no KLV metadata; give one that does", file=path.name)
            )
        picture = container.streams.video[0].codec_context if container.streams.video else None
        starts = container.start_time
        yield KlvVideo(
            _demuxed(container, streams, path),
            0.0 if starts is None else starts / av.time_base,
            0 if picture is None else picture.width,
            0 if picture is None else picture.height,
        )


def _demuxed(container: InputContainer, streams: list[av.stream.Stream], path: Path) -> KlvPackets:
    packets = container.demux(streams)
    while True:
        try:
            packet = next(packets, None)
        except (av.FFmpegError, OSError) as error:
            raise InputRefused(
                Sentence(
                    "%(file)s: the video breaks off (%(why)s); what comes before was read",
                    file=path.name,
                    why=error.strerror or str(error),
                )
            ) from error
        if packet is None:
            return
        if packet.size:
            start, unit = packet.pts, packet.time_base
            yield (None if start is None or unit is None else float(start * unit)), bytes(packet)


def bare_packets(stream: IO[bytes], *, chunk_bytes: int = _CHUNK_BYTES) -> KlvPackets:
    """The sets of a file that holds nothing but KLV, one after another; none has a presentation time.

    Bytes between sets that are none come as packets of their own, so that a reader of packets refuses them;
    zeros between sets only fill up. A set whose length cannot be right ends where the next key stands. At
    most a chunk and the longest set allowed are held.
    """
    held, at, ended = b"", 0, False

    def more() -> None:
        nonlocal held, at, ended
        chunk = stream.read(chunk_bytes)
        held, at, ended = held[at:] + chunk, 0, not chunk

    while True:
        # A key and the longest length fit into so many bytes.
        while len(held) - at < 32 and not ended:
            more()
        if at >= len(held):
            return
        if not held.startswith(KEY_HEAD, at):
            found = held.find(KEY_HEAD, at)
            # The first bytes of a key may stand at the end of what is held.
            stop = found if found >= 0 else len(held) - (0 if ended else len(KEY_HEAD) - 1)
            if any(held[at:stop]):
                yield None, held[at:stop]
            at = stop
            continue
        end = set_end(held, at)
        while end is not None and end - at <= MOST_BYTES and len(held) < end + len(KEY_HEAD) and not ended:
            before = at
            more()
            end -= before
        stop = _plausible_end(held, at, end, ended)
        yield None, held[at:stop]
        at = stop


def _plausible_end(held: bytes, at: int, end: int | None, ended: bool) -> int:
    """Where a set ends: as its length says if a key, zeros or nothing follows there, else at the next key."""
    if end is not None and end <= len(held) and end - at <= MOST_BYTES:
        behind = held[end : end + len(KEY_HEAD)]
        if (ended and not behind) or behind == KEY_HEAD or not any(behind):
            return end
    other = held.find(KEY_HEAD, at + 1)
    if end is not None and end <= len(held) and end - at <= MOST_BYTES and (other < 0 or other >= end):
        return end
    return other if other >= 0 else len(held) - (0 if ended else len(KEY_HEAD) - 1)
