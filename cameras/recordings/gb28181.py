"""Reader of GB/T 28181 lists of recordings (RecordInfo): one message, or many one after another.

One question gets one answer in many messages, told together by its number (SN) and the device asked
(DeviceID), each with some recordings and with how many there are in all (SumNum). Where the question was
recorded too, it tells for which time the answer speaks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from cameras.frames.columns import shortened
from cameras.frames.gb28181 import ROOTS
from cameras.frames.messages import ROWS_AT_A_TIME, Cells, Remarks, read_messages
from cameras.frames.times import parsed_times
from cameras.recordings.columns import Answer, ListBatch, ListOptions, bounded
from cameras.recordings.judged import UNKNOWN_CAMERA, judged
from cameras.recordings.kinds import KINDS
from geo.errors import InputRefused, Sentence
from geo.readers.documents import Broken

_AGAIN: Final = re.compile(rf"<\?xml\b|<(?:{'|'.join(ROOTS)})\b", re.ASCII)
_COMMAND: Final = "recordinfo"
_READ: Final = ("DeviceID", "StartTime", "EndTime", "Type")
_ASKED: Final = _READ[1:]
_MOST_FIELDS: Final = 100
#: Questions and answers of a file; each is held until its end.
_MOST_ANSWERS: Final = 200_000
_MOST_DIGITS: Final = 9

Key = tuple[str, str]


def read_gb28181(path: Path, options: ListOptions) -> Iterator[ListBatch]:
    """Recordings that RecordInfo answers (.xml, plain or .gz) list, in UTF-8 or GB 18030.

    Raises
    ------
    InputRefused
        None of the messages is an answer to RecordInfo; a document type; more answers than can be held.
    """
    found = _Found(path, options)
    yield from read_messages(path, options, found, found.message, _AGAIN, found.close)
    yield found.answers()


@dataclass
class _Open:
    """An answer while its messages come in."""

    number: int
    expected: int | None = None
    came: int = 0
    refused: bool = False
    listed: bool = False
    # Contents of its messages so far: one that came twice counts once.
    contents: set[int] = field(default_factory=set)


class _Found(Remarks):
    """What was found in the messages of a file since it was last asked, and its answers so far."""

    def __init__(self, path: Path, options: ListOptions) -> None:
        super().__init__("item", "message")
        self._path, self._options = path, options
        self._answers: dict[Key, _Open] = {}
        self._order: list[_Open] = []
        self._questions: dict[Key, Cells] = {}
        self._passed: Counter[str] = Counter()
        self._rows: list[Cells] = []
        self._places: list[tuple[int, int]] = []
        self._items = 0

    def message(self, number: int) -> _Message:
        return _Message(self, number)

    def pass_over(self, command: str) -> None:
        """A message that is about something else."""
        name = command[:30] if command in self._passed or len(self._passed) < 20 else "…"
        self._passed[name or "-"] += 1

    def question(self, said: Cells) -> None:
        """What was asked."""
        self._held()
        self._questions[_key(said)] = {name: shortened(said[name]) for name in _ASKED if name in said}

    def item(self, said: Cells, item: Cells) -> None:
        """A recording, of the camera that it names or that the answer is about."""
        self._items += 1
        self.rows_told += 1
        known = self._options.cameras
        codes = [code for code in (item.get("DeviceID"), said.get("DeviceID")) if code]
        code = next((one for one in codes if one in known), codes[0] if codes else None)
        kind = item.get("Type", "").casefold()
        names = {"StartTime": "start", "EndTime": "end"}
        row = {ours: item[theirs] for theirs, ours in names.items() if theirs in item}
        row |= {"kind": kind if kind in KINDS else ""} | ({} if code is None else {"camera": code})
        self._rows.append(row)
        self._places.append((self._items, self._of(said).number))

    def answered(self, number: int, said: Cells, count: int, content: int) -> None:
        """A message of an answer ended, after so many recordings."""
        code = said.get("DeviceID", "")
        if said.get("Result", "OK").upper() != "OK":
            reason = "says that the device did not answer; ask it again"
            self.refuse_message(number, reason, "Result", said["Result"])
            return
        answer = self._of(said)
        total = said.get("SumNum", "")
        if total.isdecimal() and len(total) <= _MOST_DIGITS:
            answer.expected = max(int(total), answer.expected or 0)
        answer.listed |= count > 0
        if content not in answer.contents:
            answer.came += count
            answer.contents.add(content)
        if answer.came >= (answer.expected or 0):
            answer.contents.clear()
        if not count and not answer.expected and code not in self._options.cameras:
            self.refuse_message(number, UNKNOWN_CAMERA, "DeviceID", code)

    def refuse_message(self, number: int, reason: str, field: str, value: str) -> None:
        """A message that cannot be taken."""
        unit, self.unit = self.unit, self._document
        self.refuse(number, reason, field, value)
        self.unit = unit

    def _of(self, said: Cells) -> _Open:
        key = _key(said)
        if key not in self._answers:
            self._held()
            self._answers[key] = _Open(len(self._order))
            self._order.append(self._answers[key])
        return self._answers[key]

    def _held(self) -> None:
        if len(self._answers) + len(self._questions) >= _MOST_ANSWERS:
            raise InputRefused(
                Sentence(
                    "%(file)s holds more than %(n)s questions and answers; split it, or ask for more time at "
                    "once",
                    file=self._path.name,
                    n=_MOST_ANSWERS,
                )
            )

    def is_long(self) -> bool:
        """Whether it is time to ask."""
        return len(self._rows) + len(self.rejected) >= ROWS_AT_A_TIME

    def told(self, options: ListOptions) -> ListBatch:
        """What was told; from then on it is forgotten, but for the answers."""
        rows, places = self._rows, np.array(self._places, dtype=np.int64).reshape(-1, 2)
        raw = {
            name: pa.array([row.get(name) for row in rows], pa.string())
            for name in ("camera", "start", "end", "kind")
        }
        batch = judged(
            raw,
            places[:, 0],
            places[:, 1].astype(np.int32),
            options,
            rejected=self.rejected,
            notes=self.notes,
            unit=self.unit,
        )
        self._rows, self._places, self.rejected, self.notes = [], [], [], []
        for number in np.unique(batch.unjudged).tolist():
            self._order[number].refused = True
        return batch

    def close(self) -> None:
        """All was read."""
        names = ", ".join(f"{name} ({n})" for name, n in self._passed.most_common())
        if not self._answers and not self.refused:
            raise InputRefused(
                Sentence(
                    "%(file)s holds no list of recordings (%(names)s); give answers to RecordInfo, or take "
                    "metadata of frames in with lianfang frames ingest",
                    file=self._path.name,
                    names=names or "-",
                )
            )
        if names:
            self.note(Sentence("messages of other kinds were passed over: %(names)s", names=names))

    def answers(self) -> ListBatch:
        """The answers of the file, when all of it was read and told."""
        asked = self._asked()
        known = self._options.cameras
        made = []
        short = silent = 0
        for key, answer in self._answers.items():
            # Of an answer to a question for alarms alone, nobody knows what else is there.
            whole = self._questions.get(key, {}).get("Type", "all").casefold() in ("all", "")
            came = answer.came >= answer.expected if answer.expected is not None else answer.listed
            short += not came
            time = asked.get(key, self._options.asked)
            cameras = () if answer.listed or key[1] not in known else (known[key[1]],)
            silent += bool(cameras) and time is None
            made.append(Answer(answer.number, cameras, time, came and whole and not answer.refused))
        notes: list[str] = []
        if short:
            notes.append(
                Sentence(
                    "%(n)s lists came with fewer recordings than they announce: what they name is stored, "
                    "and nothing that was known is removed; ask for less time at once",
                    n=short,
                )
            )
        if silent:
            notes.append(
                Sentence(
                    "%(n)s lists are empty and do not say for which time they were asked, so nothing is "
                    "known by them; give the time with --from and --to",
                    n=silent,
                )
            )
        return ListBatch(answers=tuple(made), notes=tuple(notes))

    def _asked(self) -> dict[Key, tuple[int, int] | None]:
        """The time each question asks for; none where it cannot be read or was not over when it was seen."""
        keys = list(self._questions)
        if not keys:
            return {}
        texts = [self._questions[key].get(name) for name in _ASKED[:2] for key in keys]
        ms, ok, _ = parsed_times(pa.array(texts, pa.string()), self._options.zone)
        (start, end), (start_ok, end_ok) = np.split(ms, 2), np.split(ok, 2)
        seen = self._options.seen_ms
        return {
            key: bounded(int(start[row]), int(end[row]), seen) if start_ok[row] and end_ok[row] else None
            for row, key in enumerate(keys)
        }


class _Message:
    """A message while it is read."""

    def __init__(self, found: _Found, number: int) -> None:
        self._found, self._number = found, number
        self._open: list[str] = []
        self._said: Cells = {}
        self._item: Cells | None = None
        self._depth = self._count = 0
        self._content = 0

    def start(self, tag: str, _: dict[str, str]) -> None:
        if not self._open and tag not in ROOTS:
            raise Broken(f"'{tag[:40]}' is no message of GB/T 28181")
        if self._open and tag in ROOTS:
            raise Broken("it breaks off, and another begins")
        self._open.append(tag)
        if tag == "Item" and self._item is None:
            self._item, self._depth = {}, len(self._open)

    def end(self, tag: str, text: str) -> None:
        self._open.pop()
        if not self._open:
            self._close(tag)
        elif self._item is not None:
            if len(self._open) < self._depth:
                self._listed(self._item)
                self._item = None
            elif len(self._open) == self._depth and tag in _READ and text:
                self._item.setdefault(tag, text)
        elif len(self._open) == 1 and text:
            if len(self._said) > _MOST_FIELDS:
                raise Broken(f"more than {_MOST_FIELDS} fields")
            self._said.setdefault(tag, text)

    def _is_answer(self, root: str) -> bool:
        return root == "Response" and self._said.get("CmdType", "").casefold() == _COMMAND

    def _listed(self, item: Cells) -> None:
        if self._is_answer(self._open[0]):
            self._count += 1
            self._content = hash((self._content, *item.items()))
            self._found.item(self._said, item)

    def _close(self, root: str) -> None:
        said, command = self._said, self._said.get("CmdType", "")
        if self._is_answer(root):
            if "DeviceID" not in said and not self._count:
                self._found.refuse_message(
                    self._number, "is missing; a message names its device", "DeviceID", ""
                )
            else:
                self._found.answered(self._number, said, self._count, self._content)
        elif root == "Query" and command.casefold() == _COMMAND:
            self._found.question(said)
        else:
            self._found.pass_over(command)


def _key(said: Cells) -> Key:
    """What tells answers apart, and to which question they belong."""
    return shortened(said.get("SN", "")), shortened(said.get("DeviceID", ""))
