"""What comes back: a signed pack of who signed in where, made from a filled list."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from geo.errors import InputRefused, Sentence, message_of, of_row
from geo.readers.columns import Column, match_columns
from geo.readers.files import read_rows
from geo.readers.result import Notes
from patrols.signing import Entry, Shift, clock_of, faults, time_in_shift
from web.packs.container import packed, unpacked
from web.packs.keys import Keys, PublicKey
from web.packs.patrol import PatrolPack

FORM = "lianfang-check-in-pack/1"
VISITS = "check-ins.json"
COLUMNS = (
    Column("team", ("队", "队号", "队伍"), required=True),
    Column("stop", ("巡逻点", "点号"), required=True),
    Column("planned_start", ("计划开始",)),
    Column("came", ("arrived", "到达", "到达时间"), required=True),
    Column("left", ("离开", "离开时间")),
    Column("signer", ("signed_by", "签到人", "签名", "姓名")),
    Column("note", ("备注", "说明")),
)


@dataclass(frozen=True)
class ReturnedVisit:
    """One line: a team by its code, a stop by its id; `left_at` is None where it was left empty."""

    team: str
    stop_id: str
    arrived_at: datetime
    left_at: datetime | None
    signer: str
    note: str


@dataclass(frozen=True)
class CheckInPack:
    """A pack that was checked: of which plan, and who was where when."""

    id: str
    plan: int
    identity: str
    visits: tuple[ReturnedVisit, ...]
    signer: PublicKey


def read_list(path: Path, patrol: PatrolPack, *, now: datetime) -> list[Entry]:
    """Check-ins from the filled list of a patrol pack; teams are told by their numbers.

    Parameters
    ----------
    path : Path
        .csv or .xlsx, with the columns of the pack's `check-ins.csv`; lines in which nothing was written
        say nothing.
    patrol : PatrolPack
        The pack that the list belongs to.
    now : datetime

    Raises
    ------
    InputRefused
        With a sentence for each line that cannot be so.
    """
    shift = Shift(patrol.start, patrol.end, patrol.timezone)
    rows = read_rows(path, "wgs84")
    table = match_columns(rows, COLUMNS, Notes(rows.file, rows.word))
    by_number = {number: stop for stop, number in patrol.stops.items()}
    entries: list[Entry] = []
    problems = [of_row(rows.word, row, why) for row, why in rows.broken]
    for row, cells in _lines(table.texts):
        if not cells.get("came", ""):
            if any(cells.get(name, "") for name in ("left", "signer", "note")):
                # What somebody wrote must not be lost unsaid.
                why = Sentence("write when the team came, or leave the line empty")
                problems.append(of_row(rows.word, row, why))
            continue
        try:
            entries.append(_entry(cells, patrol, shift, by_number))
        except InputRefused as error:
            problems.append(of_row(rows.word, row, message_of(error)))
    problems = problems or faults(
        entries, shift, numbers=patrol.stops, teams=set(patrol.teams), stored=[], now=now
    )
    if problems:
        raise InputRefused(
            Sentence("%(file)s: nothing was taken; correct what is said of it", file=path.name), problems
        )
    if not entries:
        raise InputRefused(
            Sentence("%(file)s: no line has a time of coming; fill the column 'came'", file=path.name)
        )
    return entries


def check_in_pack(patrol: PatrolPack, entries: Iterable[Entry], keys: Keys) -> bytes:
    """A signed pack of check-ins, for the network where the plan was made."""
    visits = [
        {
            "team": patrol.teams[one.team_id],
            "stop_id": one.stop_id,
            "arrived_at": one.arrived_at.isoformat(),
            "left_at": None if one.left_at is None else one.left_at.isoformat(),
            "signer": one.signer,
            "note": one.note,
        }
        for one in sorted(entries, key=lambda one: (one.team_id, one.arrived_at, one.stop_id))
    ]
    head = {"plan": patrol.plan, "identity": patrol.identity, "patrol_pack": patrol.pack.id}
    content = json.dumps(visits, ensure_ascii=False, indent=1).encode("utf8")
    return packed(FORM, head, {VISITS: content}, keys)


def read_check_in_pack(path: Path, trusted: Iterable[PublicKey]) -> CheckInPack:
    """A pack of check-ins from its file, checked.

    Raises
    ------
    InputRefused
        In one sentence: `web.packs.container.unpacked`.
    """
    pack = unpacked(path, FORM, trusted)
    try:
        return CheckInPack(
            id=pack.id,
            plan=int(pack.head["plan"]),
            identity=str(pack.head["identity"]),
            visits=tuple(_visit(one) for one in json.loads(pack.files[VISITS])),
            signer=pack.signer,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputRefused(
            Sentence(
                "%(file)s is signed as it should be, and holds no check-ins that this program reads; is it "
                "of another version?",
                file=path.name,
            )
        ) from error


def _visit(said: dict[str, Any]) -> ReturnedVisit:
    arrived, left = (
        None if said[name] is None else datetime.fromisoformat(said[name])
        for name in ("arrived_at", "left_at")
    )
    if arrived is None or arrived.tzinfo is None or (left is not None and left.tzinfo is None):
        raise ValueError("a time without its zone")
    return ReturnedVisit(
        str(said["team"]), str(said["stop_id"]), arrived, left, str(said["signer"]), str(said["note"])
    )


def _lines(texts: pd.DataFrame) -> Iterable[tuple[int, dict[str, str]]]:
    for row, cells in zip(texts.index, texts.to_dict("records"), strict=True):
        yield int(str(row)), {str(name): str(value).strip() for name, value in cells.items()}


def _entry(cells: dict[str, str], patrol: PatrolPack, shift: Shift, by_number: dict[int, str]) -> Entry:
    team, stop = (int(cells[name]) if cells[name].isdecimal() else 0 for name in ("team", "stop"))
    if team not in patrol.teams:
        raise InputRefused(
            Sentence("there is no team '%(team)s' in the pack; write its number", team=cells["team"][:40])
        )
    if stop not in by_number:
        raise InputRefused(
            Sentence("there is no stop '%(stop)s' in the pack; write its number", stop=cells["stop"][:40])
        )
    planned = [one.start_at for one in patrol.visits if (one.team, one.stop) == (team, stop)]
    near = planned[0] if planned else shift.start
    came = time_in_shift(clock_of(cells["came"]), shift, near)
    left = time_in_shift(clock_of(cells["left"]), shift, came) if cells.get("left") else None
    return Entry(team, by_number[stop], came, left, cells.get("signer", ""), cells.get("note", ""))
