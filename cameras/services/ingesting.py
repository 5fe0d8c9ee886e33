"""Frame metadata, through the one door into the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy.orm import Session

from cameras.frames import ALWAYS_WGS84, FrameBatch, ReadBatch, ReadOptions, Rejected, format_of, read_frames
from cameras.repository import frames as frame_store
from cameras.repository import records
from cameras.repository.deliveries import FILE, Handed, note_handed
from cameras.services.keeping import removed_numbers
from geo.datums import check_datum, to_wgs84
from geo.errors import InputRefused, Sentence
from geo.services import current_site, file_sha256

# More sentences about bad rows than anybody reads are counted, not kept.
KEPT_PROBLEMS = 1000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A GB/T 28181 device keeps alive every 60 s where nothing else is said.
DEFAULT_INTERVAL_S = 60.0
# Lists of recordings are asked for once a day.
LIST_INTERVAL_S = 86_400.0
RECORDING = "recording"


@dataclass(frozen=True)
class SourceSpec:
    """A frame source as its operator declares it.

    Parameters
    ----------
    code : str
        Its name in the database.
    expected_interval_s : float, optional
        How often it is expected to speak of each camera, seconds, above 0; a new source has 60.
    kind : str, optional
        stream | gateway | heartbeat | inspection, which ranks evidence; of a new source by its interval where
        left out (never heartbeat).
        recording: who keeps recordings and lists them, and delivers no frames.
    label : str
        real | synthetic.
    """

    code: str
    expected_interval_s: float | None = None
    kind: str = ""
    label: str = "real"

    def __post_init__(self) -> None:
        """Refuse an interval or a kind that means nothing."""
        seconds = self.expected_interval_s
        if seconds is not None and not (np.isfinite(seconds) and seconds > 0):
            raise InputRefused(
                Sentence(
                    "source %(code)s: expected interval %(seconds)s s is not above 0; "
                    "give the seconds between two frames of one camera, such as --interval-s 60",
                    code=self.code,
                    seconds=seconds,
                )
            )
        if self.kind not in ("", "stream", "gateway", "heartbeat", "inspection", RECORDING):
            raise InputRefused(
                Sentence(
                    "source %(code)s: kind '%(kind)s' is not known; give stream, gateway, heartbeat or "
                    "inspection",
                    code=self.code,
                    kind=self.kind,
                )
            )


@dataclass(frozen=True)
class FrameReport:
    """What an ingest did: frames new, already there, refused (with sentences), and remarks on the file."""

    new: int
    known: int
    refused: int
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def ingest_frames(
    session: Session,
    path: Path,
    spec: SourceSpec,
    *,
    now: datetime,
    format: str | None = None,
    datum: str = "wgs84",
    keep_good: bool = False,
    camera: str | None = None,
    begins: datetime | None = None,
) -> FrameReport:
    """Store the frames of a file; the same file, or the same frame, is never stored twice.

    Parameters
    ----------
    session : Session
        Rolled back by the caller when this raises, so that nothing is half stored.
    path : Path
        A file that `cameras.frames` reads.
    spec : SourceSpec
        The source all its rows belong to.
    now : datetime
        Timezone-aware; later frames (by more than a day) are refused.
    format : str, optional
        Where the file's ending does not tell.
    datum : str
        Datum of positions in the frames; those of `ALWAYS_WGS84` are what their standard says.
    keep_good : bool
        Store the good rows of a file that has bad ones; otherwise it is refused whole.
    camera : str, optional
        Code of the camera that a file is of which names none.
    begins : datetime, optional
        Timezone-aware; when a file began that tells no times of its own.

    Raises
    ------
    InputRefused
        For a bad row (unless `keep_good`), an unknown camera, format or datum; each with its line.
    """
    check_datum(datum)
    site = current_site(session)
    source = declared_source(session, spec)
    sha256 = file_sha256(path)
    if frame_store.has_frame_file(session, sha256, source):
        return FrameReport(0, 0, 0, notes=(f"{path.name} was stored before; nothing to do",))
    cameras = records.camera_ids(session)
    options = ReadOptions(
        cameras=cameras,
        zone=ZoneInfo(site.timezone),
        now=now,
        source=source,
        camera=None if camera is None else id_of_camera(cameras, camera),
        begins=begins,
        removed_days=removed_numbers(session),
        heartbeats=(frame_store.source_of_code(session, spec.code) or ("", ""))[1] == "heartbeat",
    )
    notes: list[str] = []
    if datum not in ("wgs84", "cgcs2000") and (format or format_of(path)) in ALWAYS_WGS84:
        notes.append(
            Sentence(
                "%(file)s: the positions of such a file are WGS 84; the datum %(datum)s is not used",
                file=path.name,
                datum=datum,
            )
        )
        datum = "wgs84"
    staged = staged_frames(session, read_frames(path, options, format=format), datum)
    refused, problems = staged.refused, tuple(f"{path.name} {row}" for row in staged.problems)
    if refused and not keep_good:
        raise InputRefused(
            Sentence(
                "%(file)s: %(n)s rows were refused and nothing was stored; mend them, "
                "or store the good rows alone with --keep-good",
                file=path.name,
                n=refused,
            ),
            problems,
        )
    new = frame_store.publish_frames(session)
    note_handed(
        session,
        Handed(sha256, source, path.name, staged.rows, spec.label, refused, problems, FILE, staged.newest_at),
    )
    return FrameReport(new, staged.rows - new, refused, problems, (*notes, *staged.notes))


@dataclass(frozen=True)
class Staged:
    """Frames that wait to be published: how many, how many rows were refused, the first of these, remarks."""

    rows: int
    refused: int
    problems: tuple[Rejected, ...]
    notes: tuple[str, ...]
    newest_ms: int | None = None

    @property
    def newest_at(self) -> datetime | None:
        """When the last of them was captured."""
        return None if self.newest_ms is None else EPOCH + timedelta(milliseconds=self.newest_ms)


def staged_frames(session: Session, batches: Iterable[ReadBatch], datum: str) -> Staged:
    """Put the good frames of a reader where `cameras.repository.frames.publish_frames` takes them from.

    Parameters
    ----------
    session : Session
    batches : iterable of ReadBatch
        Read one after another; memory does not grow with their number.
    datum : str
        Of the frames' positions.
    """
    frame_store.stage_frames(session)
    rows = refused = 0
    newest_ms: int | None = None
    problems: list[Rejected] = []
    notes: list[str] = []
    for batch in batches:
        if len(batch.frames):
            rows += frame_store.copy_frames(session, in_wgs84(batch.frames, datum))
            newest = int(batch.frames.captured_ms.max())
            newest_ms = newest if newest_ms is None else max(newest, newest_ms)
        refused += len(batch.rejected)
        problems += batch.rejected[: KEPT_PROBLEMS - len(problems)]
        notes += [note for note in batch.notes if note not in notes]
    return Staged(rows, refused, tuple(problems), tuple(notes), newest_ms)


def id_of_camera(cameras: Mapping[str, int], code: str) -> int:
    """Id of the camera of a code, of those in reach; InputRefused where it is none of them."""
    if code not in cameras:
        raise InputRefused(
            Sentence("camera '%(code)s' is not known; import it first or correct the code", code=code)
        )
    return cameras[code]


def declared_source(session: Session, spec: SourceSpec) -> int:
    """Id of the source, stored if it is new; InputRefused when it is known with another interval or kind.

    How long silence is patience and when it is a loss hangs on the two: no ingest changes them in passing.
    """
    stored = frame_store.source_of_code(session, spec.code)
    if stored is None:
        usual = LIST_INTERVAL_S if spec.kind == RECORDING else DEFAULT_INTERVAL_S
        seconds = spec.expected_interval_s or usual
        kind = spec.kind or ("stream" if seconds <= 5 else "gateway" if seconds <= 3600 else "inspection")
        return frame_store.add_source(
            session, code=spec.code, kind=kind, expected_interval_s=seconds, label=spec.label
        )
    number, kind, seconds = stored
    if (kind == RECORDING) != (spec.kind == RECORDING):
        raise InputRefused(
            Sentence(
                "source '%(code)s' delivers lists of recordings; name another source for frames",
                code=spec.code,
            )
            if kind == RECORDING
            else Sentence(
                "source '%(code)s' delivers frames; name another source for lists of recordings",
                code=spec.code,
            )
        )
    if spec.expected_interval_s not in (None, seconds) or spec.kind not in ("", kind):
        raise InputRefused(
            Sentence(
                "source '%(code)s' is known as %(kind)s that speaks every %(seconds)s s; "
                "leave --kind and --interval-s out, or name another source",
                code=spec.code,
                kind=kind,
                seconds=f"{seconds:g}",
            )
        )
    return number


def in_wgs84(frames: FrameBatch, datum: str) -> FrameBatch:
    """The frames with their positions, where they have any, in WGS 84."""
    placed = np.flatnonzero(np.isfinite(frames.lon) & np.isfinite(frames.lat))
    if not len(placed) or datum in ("wgs84", "cgcs2000"):
        return frames
    lon, lat = frames.lon.copy(), frames.lat.copy()
    lon[placed], lat[placed] = to_wgs84(lon[placed], lat[placed], datum)
    return replace(frames, lon=lon, lat=lat)
