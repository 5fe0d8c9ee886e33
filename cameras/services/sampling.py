"""Spot checks (抽检): draw cameras, write verdicts down, close and sign. Functions never commit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cameras.repository import samples as store
from cameras.sampling import (
    CRITERIA,
    FORM,
    RIGHT,
    VERDICTS,
    draw,
    fingerprint,
    is_judged,
    population_hash,
)
from cameras.tables import SampledCamera, SampleSheet
from geo.errors import InputRefused, Sentence

# A person judges perhaps thirty an hour; at 200 the interval of a share is ± 7 % at its widest.
MOST_CAMERAS = 200
HIGHEST_SEED = 2**53
LONGEST_NOTE = 200


@dataclass(frozen=True)
class Verdict:
    """What somebody says of one camera: a verdict or None by criterion, and a note."""

    picture: str | None = None
    naming: str | None = None
    direction: str | None = None
    clock: str | None = None
    note: str = ""

    def __post_init__(self) -> None:
        for name in CRITERIA:
            given = getattr(self, name)
            if given is not None and given not in VERDICTS:
                raise ValueError(f"{name} {given!r}: use one of {VERDICTS}, or None")
        if len(self.note) > LONGEST_NOTE:
            raise InputRefused(
                Sentence(
                    "the note has %(n)s letters; use at most %(most)s", n=len(self.note), most=LONGEST_NOTE
                )
            )


def draw_sheet(
    session: Session, *, within: str | None, count: int, seed: int, author: str, now: datetime
) -> SampleSheet:
    """Draw cameras valid now from a jurisdiction (None: the whole site) into a new sheet.

    A simple random sample, not stratified: every camera has the same chance, so that the share of the
    sample speaks for the jurisdiction without weights. Every draw is kept: none is repeated until it pleases.

    Raises
    ------
    InputRefused
        For a count or seed out of its range, or more cameras than there are.
    """
    codes = store.population(session, within)
    if not 1 <= count <= MOST_CAMERAS:
        raise InputRefused(
            Sentence("%(n)s cameras cannot be drawn; give 1 to %(most)s", n=count, most=MOST_CAMERAS)
        )
    if count > len(codes):
        raise InputRefused(
            Sentence(
                "%(n)s cameras cannot be drawn, there are only %(most)s here; give a smaller number",
                n=count,
                most=len(codes),
            )
        )
    if not 0 <= seed <= HIGHEST_SEED:
        raise InputRefused(
            Sentence("the seed %(seed)s is not from 0 to %(most)s", seed=seed, most=HIGHEST_SEED)
        )
    chosen = draw(codes, count, seed)
    recorded = store.records(session, chosen)
    sheet = SampleSheet(
        made_at=now,
        author=author,
        seed=seed,
        drawn=count,
        drawn_from={
            "area": store.area_name(session, within) if within else None,
            "path": within,
            "cameras": len(codes),
            "sha256": population_hash(codes),
        },
        jurisdiction_path=within,
    )
    session.add(sheet)
    session.flush()
    for rank, code in enumerate(chosen, start=1):
        record = {name: _plain(value) for name, value in recorded.loc[code].items()}
        session.add(SampledCamera(sheet_id=sheet.id, rank=rank, code=code, record=record, note=""))
    session.flush()
    return sheet


def judge(
    session: Session,
    number: int,
    verdicts: Mapping[int, tuple[Verdict, Verdict]],
    *,
    author: str,
    now: datetime,
) -> int:
    """Write down what somebody says of cameras of an open sheet; answers how many rows changed.

    Parameters
    ----------
    verdicts : mapping of rank to (before, after)
        What the person was shown, and what they say. Rows where the two are equal are left alone.

    Raises
    ------
    InputRefused
        For a sheet that is not there or signed; for rows that somebody else judged meanwhile, each named.
        Nothing is written then.
    """
    sheet = _open(session, number)
    rows = {row.rank: row for row in store.rows(session, sheet, anew=True)}
    asked = {rank: pair for rank, pair in verdicts.items() if rank in rows and pair[0] != pair[1]}
    taken = [
        Sentence(
            "camera %(rank)s was judged meanwhile by %(who)s; look at it again",
            rank=rank,
            who=rows[rank].judged_by or "?",
        )
        for rank, (before, after) in sorted(asked.items())
        if _said(rows[rank]) not in (before, after)
    ]
    if taken:
        raise InputRefused(Sentence("nothing was stored: others judged the same cameras"), taken)
    unknown = [
        Sentence(
            "camera %(rank)s has no direction in its record, so none can be right; say that it is wrong, or "
            "that it cannot be judged",
            rank=rank,
        )
        for rank, (_, after) in sorted(asked.items())
        if after.direction == RIGHT and rows[rank].record["azimuth_deg"] is None
    ]
    if unknown:
        raise InputRefused(
            Sentence("nothing was stored: a direction that nobody wrote down is not right"), unknown
        )
    changed = 0
    for rank, (_, after) in asked.items():
        if _said(rows[rank]) == after:
            continue
        for name in (*CRITERIA, "note"):
            setattr(rows[rank], name, getattr(after, name))
        rows[rank].judged_by, rows[rank].judged_at = author, now
        changed += 1
    session.flush()
    return changed


def close(session: Session, number: int, *, seen: str, signer: str, now: datetime) -> SampleSheet:
    """Sign a sheet of which every camera is judged: from then on nothing of it changes.

    Parameters
    ----------
    seen : str
        Fingerprint of the content that the signer was shown.

    Raises
    ------
    InputRefused
        For a sheet that is not there, signed already, not judged to the end, or changed since it was shown.
    """
    sheet = _open(session, number)
    rows = store.rows(session, sheet, anew=True)
    if fingerprint(content(sheet, rows)) != seen:
        raise InputRefused(
            Sentence("somebody changed a verdict since you opened the page; look at it again, then sign")
        )
    missing = [row.rank for row in rows if not is_judged(as_mapping(row))]
    if missing:
        raise InputRefused(
            Sentence(
                "%(n)s of %(all)s cameras are not judged yet, the first is %(rank)s; judge them all, then "
                "sign",
                n=len(missing),
                all=len(rows),
                rank=missing[0],
            )
        )
    sheet.closed_at, sheet.signer = now, signer
    sheet.sha256 = fingerprint(content(sheet, rows))
    session.flush()
    return sheet


def content(sheet: SampleSheet, rows: list[SampledCamera]) -> dict[str, Any]:
    """Everything a signature stands for, as plain values; `cameras.sampling.canonical` writes it down."""
    return {
        "form": FORM,
        "sheet": sheet.id,
        "drawn_at": _moment(sheet.made_at),
        "drawn_by": sheet.author,
        "drawn_from": sheet.drawn_from,
        "drawn": sheet.drawn,
        "seed": sheet.seed,
        "closed_at": _moment(sheet.closed_at),
        "signed_by": sheet.signer,
        "cameras": [
            {
                "rank": row.rank,
                "code": row.code,
                "record": row.record,
                **{name: getattr(row, name) for name in CRITERIA},
                "note": row.note,
                "judged_by": row.judged_by,
                "judged_at": _moment(row.judged_at),
            }
            for row in rows
        ],
    }


def as_mapping(row: SampledCamera) -> dict[str, Any]:
    """The verdicts of a row by criterion."""
    return {name: getattr(row, name) for name in CRITERIA}


def _open(session: Session, number: int) -> SampleSheet:
    # Locked: a verdict and a signature at the same moment come one after the other. Read anew: what a session
    # loaded before the lock somebody may have changed since, and a lock alone refreshes nothing.
    asked = select(SampleSheet).where(SampleSheet.id == number).with_for_update()
    sheet = session.scalars(asked, execution_options={"populate_existing": True}).one_or_none()
    if sheet is None:
        raise InputRefused(Sentence("there is no spot check %(n)s in your area", n=number))
    if sheet.closed_at is not None:
        raise InputRefused(Sentence("spot check %(n)s is signed; a signed sheet is not changed", n=number))
    return sheet


def _said(row: SampledCamera) -> Verdict:
    return Verdict(**as_mapping(row), note=row.note)


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="microseconds")


def _plain(value: Any) -> Any:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return value.item() if hasattr(value, "item") else value
