"""Batches of frame metadata that a gateway hands in, each taken once whatever the network does."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import IO, Any, Final, cast
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from cameras.frames import ReadOptions
from cameras.frames.ndjson import ndjson_batches
from cameras.repository import frames as frame_store
from cameras.repository import records
from cameras.repository.deliveries import BATCH, Handed, note_handed
from cameras.services.ingesting import SourceSpec, declared_source, staged_frames
from cameras.services.keeping import removed_numbers
from geo.datums import check_datum
from geo.errors import InputRefused, LianfangError, Sentence
from geo.services import current_site

#: A minute of a large gateway, ten thousand cameras, is about 2 MB of NDJSON.
MOST_PACKED_BYTES: Final = 16_000_000
MOST_BYTES: Final = 64_000_000
LONGEST_KEY: Final = 200


class OtherContent(LianfangError):
    """A key that came before, with another batch."""


@dataclass(frozen=True)
class Delivery:
    """One batch as it came.

    Parameters
    ----------
    key : str
        The sender's own name of it, the same whenever it is sent again: 1 to `LONGEST_KEY` characters.
    account : str
        Who sends; keys of others do not matter.
    body : bytes
        NDJSON, one frame a line (`cameras.frames.ndjson`).
    packed : bool
        Whether the body is gzip.
    """

    key: str
    account: str
    body: bytes
    packed: bool = False

    def __post_init__(self) -> None:
        if not (0 < len(self.key) <= LONGEST_KEY and self.key.isprintable()):
            raise InputRefused(
                Sentence(
                    "the batch has no key of 1 to %(most)s printable characters; give each batch one of its "
                    "own, and the same one when it is sent again",
                    most=LONGEST_KEY,
                )
            )


@dataclass(frozen=True)
class Delivered:
    """What became of a batch, and whether this was answered to it before."""

    answer: dict[str, Any]
    again: bool = False


def deliver_frames(
    session: Session, delivery: Delivery, spec: SourceSpec, *, now: datetime, datum: str = "wgs84"
) -> Delivered:
    """Store the good frames of a batch, and say what was new, known and refused.

    Parameters
    ----------
    session : Session
        In the scope of the sender, who is told nothing of cameras outside. Nothing is stored, neither frames
        nor the key, where it is rolled back: the sender, without an answer, sends the batch again.
    delivery : Delivery
    spec : SourceSpec
        The source that all frames belong to.
    now : datetime
        Timezone-aware.
    datum : str
        Datum of positions in the frames.

    Returns
    -------
    Delivered
        Its answer: `stored`, `known`, `refused` (numbers of frames and lines), `problems` (the first of
        them: line, field, value, reason), `notes`.

    Raises
    ------
    OtherContent
        When the key came before with another batch.
    InputRefused
        For a batch that cannot be read as a whole, is too large, or names a source otherwise than before.
    """
    check_datum(datum)
    sha256 = hashlib.sha256(delivery.body).hexdigest()
    before = frame_store.first_delivery(session, account=delivery.account, key=delivery.key, sha256=sha256)
    if before is not None:
        if before.sha256 != sha256:
            raise OtherContent(
                Sentence(
                    "key '%(key)s' came before with another batch; give each batch a key of its own",
                    key=delivery.key,
                )
            )
        return Delivered(dict(before.answer), again=True)
    source = declared_source(session, spec)
    options = ReadOptions(
        cameras=records.camera_ids(session),
        zone=ZoneInfo(current_site(session).timezone),
        now=now,
        source=source,
        removed_days=removed_numbers(session),
    )
    with _unpacked(delivery) as stream:
        staged = staged_frames(session, ndjson_batches(stream, "the batch", options), datum)
    new = frame_store.publish_frames(session)
    if not frame_store.has_frame_file(session, sha256, source):
        problems = [str(row) for row in staged.problems]
        note_handed(
            session,
            Handed(
                sha256,
                source,
                delivery.key,
                staged.rows,
                spec.label,
                staged.refused,
                problems,
                BATCH,
                staged.newest_at,
            ),
        )
    answer = {
        "stored": new,
        "known": staged.rows - new,
        "refused": staged.refused,
        "problems": [asdict(row) for row in staged.problems],
        "notes": list(staged.notes),
    }
    frame_store.answer_delivery(session, account=delivery.account, key=delivery.key, answer=answer)
    return Delivered(answer)


class _Bounded(io.RawIOBase):
    """A stream of at most `MOST_BYTES` bytes: what is packed may be a thousand times as much unpacked."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._left = MOST_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            part = self._stream.read(min(len(buffer), self._left + 1))
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise InputRefused(
                Sentence("the batch cannot be unpacked (%(why)s); send it again", why=str(error))
            ) from error
        self._left -= len(part)
        if self._left < 0:
            raise InputRefused(
                Sentence("the batch is longer than %(most)s MB; send less at once", most=MOST_BYTES // 10**6)
            )
        buffer[: len(part)] = part
        return len(part)


def _unpacked(delivery: Delivery) -> IO[bytes]:
    raw = io.BytesIO(delivery.body)
    stream = gzip.GzipFile(fileobj=raw) if delivery.packed else raw
    return cast(IO[bytes], io.BufferedReader(_Bounded(cast(IO[bytes], stream)), 1_000_000))
