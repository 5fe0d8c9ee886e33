"""Camera records: lists taken in and reconciled with what is recorded, and an import undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cameras.changed_words import told_changes, told_gone
from cameras.fields import BY_NAME
from cameras.importers import read_cameras
from cameras.mending import unsay
from cameras.reconcile import ADDED, CHANGED, MOVED, UNCHANGED, Reconciled, reconcile
from cameras.repository import changes as store
from cameras.repository import proposals, records
from geo.db import ALWAYS, period_text, rehearsal
from geo.errors import InputRefused, LianfangError, Sentence, row_named
from geo.readers import Imported
from geo.repository import site_area
from geo.scope import WHOLE_SITE, Scope
from geo.services import (
    ImportReport,
    Source,
    add_source,
    credit_osm,
    current_site,
    jurisdiction_path,
    refuse_outside,
    refuse_twice,
)

RESTORED, GONE, RETIRED = "restored", "gone", "retired"


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
) -> ImportReport:
    """Take in a file of camera records (`cameras.importers`); rolled back by the caller when this raises.

    Records of the same code are brought up to date: another place or pose opens a new period, from
    `listing.since` on, so that older analyses keep what they meant; other fields are changed in place. Either
    is written down with who and when. What the file does not say stays. Refused besides what the reader
    refuses: rows outside `within`, and rows whose record lies there or is newer than the list.
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
    found = read_cameras(path, datum=datum, area=site_area(session), mapping=mapping, keep_good=keep_good)
    found = refuse_outside(session, found, within, path.name, "cameras", keep_good)
    recorded = store.open_records(session, found.frame["code"].tolist())
    whole_list = not found.problems and found.complete
    if claims.retire and not whole_list:
        raise InputRefused(
            Sentence(
                "%(file)s is not whole: rows of it were refused or parts are missing, so no record is closed "
                "for it; correct it, or import it without closing records",
                file=path.name,
            ),
            found.problems,
        )
    found = _refuse_held(found, recorded, within, path.name, keep_good)
    found = _without_mended(session, found, recorded)
    met = reconcile(recorded[recorded["code"].isin(found.frame["code"])], found.frame)
    found = _refuse_newer(found, met, recorded, since, path.name, keep_good)
    if len(found.frame) < len(met.rows):
        met = reconcile(recorded[recorded["code"].isin(found.frame["code"])], found.frame)
    kept_out = len(found.problems) > 0 or not whole_list
    if whole and kept_out:
        note = Sentence("which cameras are gone is not told, because rows were refused or parts are missing")
        found = replace(found, findings=(*found.findings, note))
        whole = ""
    gone = store.missing_from(session, whole, found.frame["code"].tolist()) if whole else pd.DataFrame()
    _refuse_closing(gone if claims.retire else gone[:0], since)
    if met.contradicted:
        note = Sentence(
            "%(n)s compass points do not fit the measured direction of their record, which stays, first in "
            "%(first)s; measure them anew",
            n=len(met.contradicted),
            first=row_named(found.word, met.contradicted[0]),
        )
        found = replace(found, findings=(*found.findings, note))
    told = (*told_changes(met, found.word), *told_gone(gone, whole, retired=claims.retire))
    with rehearsal(session, only=dry_run):
        source = Source.of_file(path, datum=datum, label=label, author=author)
        counts = _store(session, met, gone if claims.retire else gone[:0], source, since)
        credit_osm(session, path)
    counts[GONE] = len(gone)
    written = sum(counts[kind] for kind in (ADDED, CHANGED, MOVED, RESTORED, RETIRED))
    return ImportReport(
        "cameras",
        0 if dry_run else written,
        len(found.frame),
        found.problems,
        found.findings,
        found.frame,
        counts,
        told,
    )


def undo_listing(session: Session, batch_id: int) -> int:
    """Take back what an import of cameras did; answers how many records that were.

    New records go; those whose period it ended hold again, with the frames that came since; fields get the
    values they had. The caller has made sure that nothing else stands on them.
    """
    store.hold(session)
    done = store.changes_of_batch(session, batch_id)
    moved = [one for one in done if one["previous_id"] is not None and one["kind"] == MOVED]
    store.move_frames(
        session, [one["camera_id"] for one in moved], [one["previous_id"] for one in moved], None
    )
    proposals.give(session, [one["camera_id"] for one in moved], [one["previous_id"] for one in moved])
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


def _refuse_held(
    found: Imported, recorded: gpd.GeoDataFrame, within: Scope, file: str, keep_good: bool
) -> Imported:
    """The rows without those whose record lies outside the scope of whoever imports."""
    held = {
        code: path
        for code, path in zip(recorded["code"], recorded["jurisdiction_path"], strict=True)
        if not within.covers(path)
    }
    told = {
        int(str(row)): Sentence(
            "camera '%(code)s' is recorded in %(path)s, outside your area (%(area)s); ask somebody who may "
            "import there",
            code=code,
            path=held[code] or Sentence("no jurisdiction"),
            area=within.text,
        )
        for row, code in found.frame["code"].items()
        if code in held
    }
    return found.without(told, file, "cameras", keep_good)


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


def _without_mended(session: Session, found: Imported, recorded: gpd.GeoDataFrame) -> Imported:
    """The rows without values that a reviewed change replaced: a list that still has them is the older."""
    mended = proposals.mended(session, found.frame["code"].tolist())
    if not mended:
        return found
    frame = found.frame.copy()
    by_code = recorded.reset_index().set_index("code")
    rows = dict(zip(frame["code"], frame.index, strict=True))
    told = []
    for code, before in mended.items():
        if code not in by_code.index or code not in rows:
            continue
        stale = unsay(frame, rows[code], before, by_code.loc[code])
        told += [(rows[code], code)] if stale else []
    if not told:
        return found
    note = Sentence(
        "%(n)s cameras were mended since and reviewed; the list still has the values of before, which were "
        "passed over, first camera '%(code)s' in %(first)s",
        n=len(told),
        code=told[0][1],
        first=row_named(found.word, told[0][0]),
    )
    return replace(found, frame=frame, findings=(*found.findings, note))


def _refuse_newer(
    found: Imported,
    met: Reconciled,
    recorded: gpd.GeoDataFrame,
    since: datetime,
    file: str,
    keep_good: bool,
) -> Imported:
    """The rows without those that would end a record before it began."""
    moved = met.of(MOVED)
    began = recorded["since"].reindex(moved["previous"]).to_numpy()
    told = {
        int(str(row)): Sentence(
            "the record of camera '%(code)s' holds since %(began)s and the list since %(since)s; give a later"
            " time for the list",
            code=code,
            began=pd.Timestamp(start).isoformat(),
            since=since.isoformat(),
        )
        for row, code, start in zip(moved.index, moved["code"], began, strict=True)
        if pd.Timestamp(start) >= since
    }
    return found.without(told, file, "cameras", keep_good)


def _store(
    session: Session, met: Reconciled, retired: pd.DataFrame, source: Source, since: datetime
) -> dict[str, int]:
    """Write what was found; answers how many records by kind."""
    counts = {**met.counts(), RESTORED: 0, RETIRED: len(retired)}
    if counts[UNCHANGED] == len(met.rows) and not len(retired):
        return counts
    ended = store.closed_codes(session, met.of(ADDED)["code"].tolist())
    counts[RESTORED] = len(ended)
    counts[ADDED] -= len(ended)
    batch = add_source(session, "cameras", source, len(met.of(ADDED, CHANGED, MOVED)) + len(retired))
    added, moved, changed = met.of(ADDED), met.of(MOVED), met.of(CHANGED)
    # A record that was closed begins again where the list does, never before it had ended.
    valid = [
        ALWAYS if code not in ended else period_text(max(since, ended[code]), None) for code in added["code"]
    ]
    ids = records.add_cameras(session, added, batch, valid)
    following = begin_anew(session, moved, batch, since)
    store.change_fields(session, changed.set_index("previous"))
    store.close(session, retired.index.tolist(), since)
    again = added["code"].isin(ended).to_numpy()
    fields = met.by_row()
    history = [
        _history(fields, moved, following, moved["previous"]),
        _history(fields, changed, changed["previous"]),
        _history(fields, added[again], ids[again], kind=RESTORED),
        pd.DataFrame({"code": retired.get("code", []), "camera_id": retired.index, "kind": RETIRED}),
    ]
    rows = pd.concat([part for part in history if len(part)] or [pd.DataFrame()], ignore_index=True)
    for name in ("before", "after"):
        told = rows[name] if name in rows else [None] * len(rows)
        rows[name] = pd.Series([one if isinstance(one, dict) else {} for one in told], dtype=object)
    store.add_changes(session, rows.assign(author=source.author, batch_id=batch))
    return counts


def begin_anew(
    session: Session, moved: gpd.GeoDataFrame, batch: int | Sequence[int], since: datetime
) -> pd.Index:
    """End the records named by `previous` and begin those of the rows; answers their ids in order.

    Presets, sources and the frames captured from `since` on go along. `batch` is the import they belong to,
    one for all or one a row.
    """
    store.close(session, moved["previous"], since)
    following = records.add_cameras(session, moved, batch, period_text(since, None))
    store.follow(session, moved["previous"].tolist(), following.tolist(), since)
    return following


def _history(
    fields: dict[int, tuple[dict[str, Any], dict[str, Any]]],
    rows: gpd.GeoDataFrame,
    ids: pd.Index | pd.Series,
    previous: pd.Series | None = None,
    kind: str = "",
) -> pd.DataFrame:
    """What is written down of some rows: their fields before and after."""
    both = [fields.get(int(str(row)), ({}, {})) for row in rows.index]
    before_it = [None] * len(rows) if previous is None else [int(one) for one in previous]
    return pd.DataFrame(
        {
            "code": rows["code"].to_numpy(),
            "camera_id": np.asarray(ids),
            "previous_id": pd.Series(before_it, dtype=object),
            "kind": kind or rows["kind"].to_numpy(),
            "before": [before for before, _ in both],
            "after": [after for _, after in both],
        }
    )
