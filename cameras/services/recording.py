"""Camera records: lists taken in and reconciled with what is recorded, and an import undone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cameras.changed_words import told_gone
from cameras.fields import BY_NAME
from cameras.importers import camera_parts
from cameras.reconcile import ADDED, CHANGED, MOVED, UNCHANGED
from cameras.repository import changes as store
from cameras.repository import proposals, records
from cameras.repository.recordings import move_recordings
from cameras.services.taking_in import GONE, RESTORED, RETIRED, TakingIn, spooled
from geo.db import rehearsal
from geo.errors import InputRefused, LianfangError, Sentence, row_named
from geo.readers import PART_ROWS, Notes
from geo.readers.result import none_good, some_refused
from geo.repository import PathFinder, site_area
from geo.scope import WHOLE_SITE, Scope
from geo.services import (
    ImportReport,
    Source,
    add_source,
    credit_osm,
    current_site,
    jurisdiction_path,
    refuse_twice,
)


@dataclass(frozen=True)
class Listing:
    """What a list of cameras claims.

    Parameters
    ----------
    whole_of : str
        Code or path of the jurisdiction whose every camera it has; "" where it is only a part of one. What is
        recorded there and not in the list is gone.
    retire : bool
        Close the records of cameras that are gone.
    since : datetime, optional
        Timezone-aware; from when on what it says is true. Now, where it is not said.
    """

    whole_of: str = ""
    retire: bool = False
    since: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse to close records for a list that is not whole."""
        if self.retire and not self.whole_of:
            raise InputRefused(
                Sentence(
                    "records are closed only for a list that is whole; name the jurisdiction it is the whole "
                    "list of"
                )
            )


def store_cameras(session: Session, cameras: gpd.GeoDataFrame, source: Source) -> pd.Index:
    """Store camera records (CAMERAS, EPSG:4326) whose codes are new; answers their ids in order.

    Raises
    ------
    InputRefused
        When the file was imported before, or a code is already in the database.
    """
    refuse_twice(session, "cameras", source)
    known = records.camera_ids(session)
    problems = [
        Sentence("camera '%(code)s' is already recorded; leave it out", code=code)
        for code in cameras["code"]
        if code in known
    ]
    if problems:
        raise InputRefused(
            Sentence(
                "%(file)s: %(n)s of %(all)s cameras are already recorded and nothing was stored; "
                "leave them out",
                file=source.file_name,
                n=len(problems),
                all=len(cameras),
            ),
            problems,
        )
    batch = add_source(session, "cameras", source, len(cameras))
    return records.add_cameras(session, cameras, batch)


def import_cameras(
    session: Session,
    path: Path,
    *,
    datum: str,
    author: str,
    mapping: dict[str, str] | None = None,
    keep_good: bool = False,
    dry_run: bool = False,
    label: str = "real",
    within: Scope = WHOLE_SITE,
    listing: Listing | None = None,
    part_rows: int = PART_ROWS,
) -> ImportReport:
    """Take in a file of camera records (`cameras.importers`); rolled back by the caller when this raises.

    Records of the same code are brought up to date: another place or pose opens a new period, from
    `listing.since` on, so that older analyses keep what they meant; other fields are changed in place. Either
    is written down with who and when. What the file does not say stays. Refused besides what the reader
    refuses: rows outside `within`, and rows whose record lies there or is newer than the list. So many as
    `part_rows` are in memory at once.
    """
    claims = listing or Listing()
    current_site(session)
    now = session.scalar(select(func.now()))
    assert now is not None
    since = claims.since or now
    if since > now:
        raise InputRefused(
            Sentence(
                "the list is said to be true since %(since)s, which is to come; give a time up to now",
                since=since.isoformat(),
            )
        )
    whole = jurisdiction_path(session, claims.whole_of) if claims.whole_of else ""
    if whole and not within.covers(whole):
        raise InputRefused(
            Sentence(
                "%(path)s reaches outside your area (%(area)s); name a jurisdiction in it",
                path=whole,
                area=within.text,
            )
        )
    if not dry_run:
        store.hold(session)
    notes = Notes(path.name, "row")
    area = site_area(session)
    parts = camera_parts(path, notes, datum=datum, area=area, mapping=mapping, size=part_rows)
    with spooled(parts) as spool:
        problems, findings = notes.settle("cameras", keep_good)
        if claims.retire and (problems or not notes.complete):
            raise _not_whole(path.name, problems)
        source = Source.of_file(path, datum=datum, label=label, author=author)
        finder = PathFinder(session, spool.bounds)
        taking = TakingIn(session, source, since, within, notes.word, spool.count, finder, keep_good, whole)
        with rehearsal(session, only=dry_run):
            for part in spool.parts():
                taking.take(part)
            refusals = taking.told()
            if refusals and not keep_good:
                raise InputRefused(some_refused(path.name, "cameras", taking.refused, spool.count), refusals)
            problems = (*problems, *refusals)
            if not taking.good:
                raise InputRefused(none_good(path.name, "cameras"), problems)
            if claims.retire and taking.outside:
                raise _not_whole(path.name, problems)
            kept_out = bool(problems) or not notes.complete
            gone = store.missing_from(session, whole) if whole and not kept_out else pd.DataFrame()
            if claims.retire:
                _refuse_closing(gone, since)
                taking.retire(gone)
            taking.finish()
            credit_osm(session, path)
    counts = {kind: taking.counts[kind] for kind in (ADDED, CHANGED, MOVED, UNCHANGED, RESTORED, RETIRED)}
    return ImportReport(
        "cameras",
        0 if dry_run else sum(counts.values()) - counts[UNCHANGED],
        taking.good,
        problems,
        (*findings, *_findings(taking, untold=bool(whole) and kept_out)),
        taking.shown(),
        counts | {GONE: len(gone)},
        (*taking.changes, *told_gone(gone, whole, retired=claims.retire)),
    )


def undo_listing(session: Session, batch_id: int) -> int:
    """Take back what an import of cameras did; answers how many records that were.

    New records go; those whose period it ended hold again, with the frames that came since; fields get the
    values they had. The caller has made sure that nothing else stands on them.
    """
    store.hold(session)
    done = store.changes_of_batch(session, batch_id)
    moved = [one for one in done if one["previous_id"] is not None and one["kind"] == MOVED]
    newer, older = [one["camera_id"] for one in moved], [one["previous_id"] for one in moved]
    store.move_frames(session, newer, older, None)
    move_recordings(session, newer, older)
    proposals.give(session, newer, older)
    taken = records.remove_batch(session, batch_id)
    ended = [one["previous_id"] for one in moved]
    ended += [one["camera_id"] for one in done if one["kind"] == RETIRED]
    if store.reopen(session, ended) < len(ended):
        raise LianfangError(Sentence("records that the import ended are out of reach, so nothing was undone"))
    changed = {one["camera_id"]: one for one in done if one["kind"] == CHANGED}
    frame = store.open_records(session, [one["code"] for one in changed.values()])
    for number, one in changed.items():
        for name, value in one["before"].items():
            kept = pd.Timestamp(value).date() if value and BY_NAME[name].kind == "day" else value
            frame.at[number, name] = np.nan if kept is None and frame[name].dtype.kind == "f" else kept
    store.change_fields(session, frame)
    store.forget_changes(session, batch_id)
    return taken + len(changed) + sum(one["kind"] == RETIRED for one in done)


def _refuse_closing(gone: pd.DataFrame, since: datetime) -> None:
    """Refuse to close a record before it began."""
    for one in gone.itertuples():
        if pd.Timestamp(str(one.since)) >= since:
            raise InputRefused(
                Sentence(
                    "the record of camera '%(code)s' holds since %(began)s and the list since %(since)s; "
                    "give a later time for the list",
                    code=one.code,
                    began=pd.Timestamp(str(one.since)).isoformat(),
                    since=since.isoformat(),
                )
            )


def _not_whole(file: str, problems: Sequence[str]) -> InputRefused:
    return InputRefused(
        Sentence(
            "%(file)s is not whole: rows of it were refused or parts are missing, so no record is closed "
            "for it; correct it, or import it without closing records",
            file=file,
        ),
        problems,
    )


def _findings(taking: TakingIn, *, untold: bool) -> Iterator[Sentence]:
    """What is worth knowing of a list beside the records; `untold`, that what is gone is not told."""
    if taking.mended.count:
        yield Sentence(
            "%(n)s cameras were mended since and reviewed; the list still has the values of before, which "
            "were passed over, first camera '%(code)s' in %(first)s",
            n=taking.mended.count,
            code=taking.mended.code,
            first=row_named(taking.word, taking.mended.row),
        )
    if untold:
        yield Sentence("which cameras are gone is not told, because rows were refused or parts are missing")
    if taking.contradicted.count:
        yield Sentence(
            "%(n)s compass points do not fit the measured direction of their record, which stays, first in "
            "%(first)s; measure them anew",
            n=taking.contradicted.count,
            first=row_named(taking.word, taking.contradicted.row),
        )
