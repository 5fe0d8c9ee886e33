"""Lists of recordings, through the one door into the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy.orm import Session

from cameras.frames.columns import Rejected
from cameras.frames.times import epoch_ms
from cameras.recordings.columns import Answer, ListOptions
from cameras.recordings.periods import daily_shares, day_edges, is_short, kept, shares
from cameras.recordings.reading import read_recordings
from cameras.repository import recordings, records
from cameras.services.ingesting import KEPT_PROBLEMS, RECORDING, SourceSpec, declared_source
from geo.errors import InputRefused, Sentence
from geo.services import current_site


@dataclass(frozen=True)
class ListReport:
    """What an ingest of a list did.

    Parameters
    ----------
    listed : int
        Recordings that the file lists.
    stored : int
        Periods they make.
    cameras : int
        Of how many cameras something is known by them.
    refused : int
        Recordings and messages that were kept aside; `problems` are the first of them.
    problems, notes : tuple of str
    """

    listed: int
    stored: int
    cameras: int
    refused: int
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def ingest_recordings(
    session: Session,
    path: Path,
    source: str,
    *,
    seen_at: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    format: str | None = None,
    keep_good: bool = False,
) -> ListReport:
    """Let the lists of a file replace what earlier ones said of the same cameras, source and times.

    Parameters
    ----------
    session : Session
        Rolled back by the caller when this raises, so that nothing is half stored.
    path : Path
        A file that `cameras.recordings.reading` reads.
    source : str
        Code of the recorder or platform that keeps the recordings; stored when it is new.
    seen_at : datetime
        Timezone-aware; when the lists said what they say.
    since, until : datetime, optional
        Timezone-aware; for which time they were asked, where they do not say so themselves.
    format : str, optional
        Where the file's ending does not tell.
    keep_good : bool
        Store the good rows of a file that has bad ones; otherwise it is refused whole. A list with bad rows
        adds what it names and removes nothing.

    Raises
    ------
    InputRefused
        For a bad row (unless `keep_good`), an unknown camera or format; each with its line.
    """
    site = current_site(session)
    number = declared_source(session, SourceSpec(source, None, RECORDING))
    if until is not None and since is None:
        raise InputRefused(Sentence("the end of the asked time is given without its beginning; give both"))
    if since is not None and since >= (until or seen_at):
        raise InputRefused(
            Sentence(
                "the asked time begins at %(start)s and ends before that; swap the two, or correct when the "
                "list was seen",
                start=f"{since:%Y-%m-%d %H:%M %Z}",
            )
        )
    options = ListOptions(
        cameras=records.camera_ids(session),
        zone=ZoneInfo(site.timezone),
        seen_at=seen_at,
        since=since,
        until=until,
    )
    recordings.stage_list(session)
    listed = refused = 0
    problems: list[Rejected] = []
    notes: list[str] = []
    answers: tuple[Answer, ...] = ()
    for batch in read_recordings(path, options, format=format):
        if len(batch):
            recordings.copy_recordings(session, batch)
        listed += len(batch)
        refused += len(batch.rejected)
        problems += batch.rejected[: KEPT_PROBLEMS - len(problems)]
        notes += [note for note in batch.notes if note not in notes]
        answers = answers or batch.answers
    told = tuple(f"{path.name} {row}" for row in problems)
    if refused and not keep_good:
        raise InputRefused(
            Sentence(
                "%(file)s: %(n)s rows were refused and nothing was stored; mend them, "
                "or store the good rows alone with --keep-good",
                file=path.name,
                n=refused,
            ),
            told,
        )
    recordings.stage_answers(session, answers)
    stored, cameras = recordings.publish_list(session, number, seen_at)
    return ListReport(listed, stored, cameras, refused, told, tuple(notes))


#: Days that the figures look back on, today included.
DAYS = 7


@dataclass(frozen=True, eq=False)
class RecordingFigures:
    """What lists say of the recordings of cameras.

    Parameters
    ----------
    cameras : DataFrame
        By camera (id), of every camera that some list speaks of: `code`; `recorded_ms`, `missing_ms`,
        `unlisted_ms` and `share` of the last days (NaN where no list speaks of them); `days` that recordings
        are kept, `asked_days` and `seen_ms` (`cameras.recordings.periods.kept`); `required` days, and
        `short`: 1 where fewer are kept, 0 where not, NaN where that is not known.
    days : dict
        `cameras.recordings.periods.shares` of each of the last days, by its beginning and end in epoch
        milliseconds; today until now.
    """

    cameras: pd.DataFrame
    days: dict[tuple[int, int], pd.DataFrame]


def recording_figures(
    session: Session, cameras: Sequence[int] | None, *, now: datetime, zone: tzinfo, default_days: float
) -> RecordingFigures:
    """Recording completeness (录像完整率) of the last days, and days kept against those required.

    Parameters
    ----------
    session : Session
    cameras : sequence of int or None
        Ids of records; None asks for all that hold now.
    now : datetime
        Timezone-aware.
    zone : tzinfo
        Of the site, whose midnights part the days.
    default_days : float
        For how many days recordings must be kept where a record does not say.
    """
    records_ = recordings.required_days(session, cameras)
    lasting = kept(recordings.kept_since(session, cameras))
    lasting["required"] = records_["record_days"].reindex(lasting.index).fillna(default_days)
    lasting["short"] = is_short(lasting, lasting["required"])
    edges = [*day_edges(now, DAYS - 1, zone), epoch_ms(now)]
    recorded, listed = recordings.recorded_periods(
        session, cameras, datetime.fromtimestamp(edges[0] / 1000, zone), now
    )
    figures = shares(recorded, listed, (edges[0], edges[-1]))
    found = lasting.join(figures).join(records_["code"])
    return RecordingFigures(found, daily_shares(recorded, listed, edges))
