"""A list of cameras held against the records and stored, part by part: no more of it is in memory."""

from __future__ import annotations

import pickle
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from cameras.changed_words import TOLD_CHANGES, told_changes
from cameras.mending import mended, unsay
from cameras.reconcile import ADDED, CHANGED, MOVED, Reconciled, reconcile
from cameras.repository import changes as store
from cameras.repository import proposals, records
from geo.db import ALWAYS, period_text
from geo.errors import Sentence, of_row
from geo.readers.result import MOST_TOLD, untold
from geo.repository import PathFinder
from geo.scope import Scope
from geo.services import Source, add_source, change_row_count, rows_outside

RESTORED, GONE, RETIRED = "restored", "gone", "retired"
SHOWN_ROWS = 2000
"""So many rows of a list are kept for a map, every so many of them where there are more."""


class Spool:
    """Good rows of a list that was read whole, on disk until it is known that it may be taken in."""

    def __init__(self, file: IO[bytes]) -> None:
        self.count = 0
        self.bounds = np.array([np.inf, np.inf, -np.inf, -np.inf])
        self._file = file

    def add(self, part: gpd.GeoDataFrame) -> None:
        """Keep a part."""
        self.count += len(part)
        west, south, east, north = part.total_bounds
        self.bounds = np.array(
            [*np.minimum(self.bounds[:2], (west, south)), *np.maximum(self.bounds[2:], (east, north))]
        )
        pickle.dump(part, self._file, protocol=5)

    def parts(self) -> Iterator[gpd.GeoDataFrame]:
        """The parts that were kept, in order."""
        self._file.seek(0)
        left = self.count
        while left:
            part = pickle.load(self._file)
            left -= len(part)
            yield part


@contextmanager
def spooled(parts: Iterable[gpd.GeoDataFrame]) -> Iterator[Spool]:
    """The parts in a file without a name, which goes with the block."""
    with tempfile.TemporaryFile(prefix="lianfang-") as file:
        spool = Spool(file)
        for part in parts:
            if len(part):
                spool.add(part)
        yield spool


@dataclass
class Told:
    """How many rows something is to be said of, and the first."""

    count: int = 0
    row: object = None
    code: str = ""

    def add(self, row: object, code: str = "") -> None:
        """One more."""
        if not self.count:
            self.row, self.code = row, code
        self.count += 1


@dataclass
class TakingIn:
    """One import of a list, whose parts are taken in one after the other.

    Parameters
    ----------
    session : Session
    source : Source
        The file.
    since : datetime
        From when on the list is true.
    within : Scope
        Where whoever imports may do so.
    word : str
        What a row of the file is called.
    count : int
        Good rows of the file.
    finder : PathFinder
        Where they lie.
    keep_good : bool
        Store the rows that are not refused; without it nothing is stored from the first refused one on, and
        the caller has to roll back what was.
    whole : str
        Path of the jurisdiction whose every camera the list has, "" for none.
    """

    session: Session
    source: Source
    since: datetime
    within: Scope
    word: str
    count: int
    finder: PathFinder
    keep_good: bool
    whole: str
    counts: Counter[str] = field(default_factory=Counter)
    outside: int = 0
    refused: int = 0
    refusals: list[tuple[int, Sentence]] = field(default_factory=list)
    mended: Told = field(default_factory=Told)
    contradicted: Told = field(default_factory=Told)
    changes: list[Sentence] = field(default_factory=list)
    good: int = 0
    _shown: list[gpd.GeoDataFrame] = field(default_factory=list)
    _batch: int = 0
    _written: int = 0

    def take(self, part: gpd.GeoDataFrame) -> None:
        """Judge and store a part."""
        if not self.within.everywhere:
            outside = rows_outside(self.finder.paths_at(part.geometry), self.within)
            self.outside += len(outside)
            part = self._without(part, outside)
        recorded = store.open_records(self.session, part["code"].tolist())
        part = self._without(part, self._held(part, recorded))
        if part.empty:
            return
        self._pass_over_mended(part, recorded)
        met = reconcile(recorded, part)
        newer = self._newer(met, recorded)
        if newer:
            part = self._without(part, newer)
            met = reconcile(recorded, part)
        for row in met.contradicted:
            self.contradicted.add(row)
        if len(self.changes) < TOLD_CHANGES:
            self.changes += told_changes(met, self.word)[: TOLD_CHANGES - len(self.changes)]
        if self.whole:
            if not self.good:
                store.begin_listed(self.session)
            store.note_listed(self.session, part["code"].tolist())
        every = -(-self.count // SHOWN_ROWS)
        # By number: a slice would keep all of the part.
        chosen = np.arange(-self.good % every, len(part), every)
        self._shown.append(part[["code", "name", "geometry"]].take(chosen))
        self.good += len(part)
        if not self.refused or self.keep_good:
            self._store(met)

    def told(self) -> tuple[Sentence, ...]:
        """Why rows were refused, in the order of their numbers."""
        told = [sentence for _, sentence in sorted(self.refusals, key=lambda found: found[0])]
        if self.refused > len(told):
            told.append(untold(self.refused - len(told)))
        return tuple(told)

    def shown(self) -> gpd.GeoDataFrame:
        """Code, name and place of good rows spread over the list, on their numbers."""
        return gpd.GeoDataFrame(pd.concat(self._shown), crs=self._shown[0].crs)

    def retire(self, gone: pd.DataFrame) -> None:
        """Close the records of cameras that are gone (by id, code)."""
        if not len(gone):
            return
        batch = self._batch_of(len(gone))
        store.close(self.session, gone.index.tolist(), self.since)
        rows = pd.DataFrame({"code": gone["code"], "camera_id": gone.index, "kind": RETIRED})
        nothing = pd.Series([{}] * len(rows), index=rows.index, dtype=object)
        rows = rows.assign(before=nothing, after=nothing, author=self.source.author, batch_id=batch)
        store.add_changes(self.session, rows)
        self.counts[RETIRED] += len(gone)

    def finish(self) -> None:
        """Write down how many rows came in."""
        if self._batch:
            change_row_count(self.session, self._batch, self._written)

    def _batch_of(self, rows: int) -> int:
        """The record of this import, which begins with the first rows that it writes."""
        self._batch = self._batch or add_source(self.session, "cameras", self.source, rows)
        self._written += rows
        return self._batch

    def _without(self, part: gpd.GeoDataFrame, told: Mapping[int, Sentence]) -> gpd.GeoDataFrame:
        if not told:
            return part
        self.refused += len(told)
        for row, sentence in told.items():
            if len(self.refusals) < MOST_TOLD:
                self.refusals.append((row, of_row(self.word, row, sentence)))
        return part.drop(index=list(told))

    def _held(self, part: gpd.GeoDataFrame, recorded: gpd.GeoDataFrame) -> dict[int, Sentence]:
        """Rows whose record lies outside the scope of whoever imports."""
        held = {
            code: path
            for code, path in zip(recorded["code"], recorded["jurisdiction_path"], strict=True)
            if not self.within.covers(path)
        }
        return {
            int(str(row)): Sentence(
                "camera '%(code)s' is recorded in %(path)s, outside your area (%(area)s); ask somebody who "
                "may import there",
                code=code,
                path=held[code] or Sentence("no jurisdiction"),
                area=self.within.text,
            )
            for row, code in part["code"].items()
            if code in held
        }

    def _pass_over_mended(self, part: gpd.GeoDataFrame, recorded: gpd.GeoDataFrame) -> None:
        """Empty values that a reviewed change replaced: a list that still has them is the older."""
        accepted = proposals.accepted(self.session, part["code"].tolist())
        if not accepted:
            return
        by_code = recorded.reset_index().set_index("code")
        rows = dict(zip(part["code"], part.index, strict=True))
        stale = [
            (rows[code], code)
            for code, changes in accepted.items()
            if code in by_code.index and unsay(part, rows[code], mended(changes), by_code.loc[code])
        ]
        for row, code in stale:
            self.mended.add(row, code)

    def _newer(self, met: Reconciled, recorded: gpd.GeoDataFrame) -> dict[int, Sentence]:
        """Rows that would end a record before it began."""
        moved = met.of(MOVED)
        began = recorded["since"].reindex(moved["previous"]).to_numpy()
        return {
            int(str(row)): Sentence(
                "the record of camera '%(code)s' holds since %(began)s and the list since %(since)s; give a "
                "later time for the list",
                code=code,
                began=pd.Timestamp(start).isoformat(),
                since=self.since.isoformat(),
            )
            for row, code, start in zip(moved.index, moved["code"], began, strict=True)
            if pd.Timestamp(start) >= self.since
        }

    def _store(self, met: Reconciled) -> None:
        """Write what was found, and how many records by kind."""
        self.counts.update(met.counts())
        added, moved, changed = met.of(ADDED), met.of(MOVED), met.of(CHANGED)
        rows = len(added) + len(moved) + len(changed)
        if not rows:
            return
        ended = store.closed_codes(self.session, added["code"].tolist())
        self.counts.update({RESTORED: len(ended), ADDED: -len(ended)})
        batch = self._batch_of(rows)
        # A record that was closed begins again where the list does, never before it had ended.
        valid = [
            period_text(max(self.since, ended[code]), None) if code in ended else ALWAYS
            for code in added["code"]
        ]
        ids = records.add_cameras(self.session, added, batch, valid, self.finder)
        following = begin_anew(self.session, moved, batch, self.since, self.finder)
        store.change_fields(self.session, changed.set_index("previous"))
        again = added["code"].isin(ended).to_numpy()
        fields = met.by_row()
        history = [
            _history(fields, moved, following, moved["previous"]),
            _history(fields, changed, changed["previous"]),
            _history(fields, added[again], ids[again], kind=RESTORED),
        ]
        written = pd.concat([part for part in history if len(part)] or [pd.DataFrame()], ignore_index=True)
        store.add_changes(self.session, written.assign(author=self.source.author, batch_id=batch))


def begin_anew(
    session: Session,
    moved: gpd.GeoDataFrame,
    batch: int | Sequence[int],
    since: datetime,
    finder: PathFinder | None = None,
) -> pd.Index:
    """End the records named by `previous` and begin those of the rows; answers their ids in order.

    Presets, sources, changes to be reviewed and the frames captured from `since` on go along. `batch` is the
    import they belong to, one for all or one a row; `finder` as for `add_cameras`.
    """
    store.close(session, moved["previous"], since)
    following = records.add_cameras(session, moved, batch, period_text(since, None), finder)
    store.follow(session, moved["previous"].tolist(), following.tolist(), since)
    proposals.give(session, moved["previous"].tolist(), following.tolist(), only_open=True)
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
            "before": pd.Series([before for before, _ in both], dtype=object),
            "after": pd.Series([after for _, after in both], dtype=object),
        }
    )
