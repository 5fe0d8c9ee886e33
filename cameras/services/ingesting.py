"""Frame metadata, through the one door into the database."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy.orm import Session

from cameras.frames import FrameBatch, ReadOptions, read_frames
from cameras.repository import records
from geo.datums import check_datum, to_wgs84
from geo.errors import InputRefused, Sentence
from geo.services import current_site, file_sha256

# More sentences about bad rows than anybody reads are counted, not kept.
KEPT_PROBLEMS = 1000
# A GB/T 28181 device keeps alive every 60 s where nothing else is said.
DEFAULT_INTERVAL_S = 60.0


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
        stream | gateway | inspection, which ranks evidence; of a new source by its interval where left out.
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
        if self.kind not in ("", "stream", "gateway", "inspection"):
            raise InputRefused(
                Sentence(
                    "source %(code)s: kind '%(kind)s' is not known; give stream, gateway or inspection",
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
        Datum of positions in the frames.
    keep_good : bool
        Store the good rows of a file that has bad ones; otherwise it is refused whole.

    Raises
    ------
    InputRefused
        For a bad row (unless `keep_good`), an unknown camera, format or datum; each with its line.
    """
    check_datum(datum)
    site = current_site(session)
    source = _declared(session, spec)
    sha256 = file_sha256(path)
    if records.has_frame_file(session, sha256, source):
        return FrameReport(0, 0, 0, notes=(f"{path.name} was stored before; nothing to do",))
    options = ReadOptions(
        cameras=records.camera_ids(session), zone=ZoneInfo(site.timezone), now=now, source=source
    )
    records.stage_frames(session)
    problems: list[str] = []
    notes: list[str] = []
    refused = staged = 0
    for batch in read_frames(path, options, format=format):
        staged += records.copy_frames(session, _in_wgs84(batch.frames, datum)) if len(batch.frames) else 0
        refused += len(batch.rejected)
        problems += [f"{path.name} {row}" for row in batch.rejected[: KEPT_PROBLEMS - len(problems)]]
        notes += [note for note in batch.notes if note not in notes]
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
    new = records.publish_frames(session)
    records.add_frame_file(
        session, sha256=sha256, source_id=source, file_name=path.name, rows=staged, label=spec.label
    )
    return FrameReport(new, staged - new, refused, tuple(problems), tuple(notes))


def _declared(session: Session, spec: SourceSpec) -> int:
    """Id of the source, stored if it is new; InputRefused when it is known with another interval or kind.

    How long silence is patience and when it is a loss hangs on the two: no ingest changes them in passing.
    """
    stored = records.source_of_code(session, spec.code)
    if stored is None:
        seconds = spec.expected_interval_s or DEFAULT_INTERVAL_S
        kind = spec.kind or ("stream" if seconds <= 5 else "gateway" if seconds <= 3600 else "inspection")
        return records.add_source(
            session, code=spec.code, kind=kind, expected_interval_s=seconds, label=spec.label
        )
    number, kind, seconds = stored
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


def _in_wgs84(frames: FrameBatch, datum: str) -> FrameBatch:
    """The frames with their positions, where they have any, in WGS 84."""
    placed = np.flatnonzero(np.isfinite(frames.lon) & np.isfinite(frames.lat))
    if not len(placed) or datum in ("wgs84", "cgcs2000"):
        return frames
    lon, lat = frames.lon.copy(), frames.lat.copy()
    lon[placed], lat[placed] = to_wgs84(lon[placed], lat[placed], datum)
    return replace(frames, lon=lon, lat=lat)
