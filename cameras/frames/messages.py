"""What the readers of XML messages share: a file of many documents as frames, block by block."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, Protocol, TypeVar, cast

import numpy as np
import pyarrow as pa

from cameras.frames.columns import FrameBatch, ReadBatch, ReadOptions, Rejected, shortened
from cameras.frames.lines import opened
from cameras.frames.validate import validated
from geo.errors import InputRefused, Sentence
from geo.readers.documents import Collector, Documents, Unsafe, texts
from geo.readers.encodings import encoding_of

#: Cells of a row by heading, as the file has them.
Cells = dict[str, str]

ROWS_AT_A_TIME: Final = 5000
# Zeros at the end of a fraction of a second, which one message writes and the next does not.
_NO_FRACTION: Final = re.compile(r"(?:(\.\d*[1-9])0+|\.0+)(?=(?:Z|[+-][\d:]+)?$)", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)


class Remarks:
    """What cannot be taken of the documents of a file, and remarks on it.

    Parameters
    ----------
    unit : str
        What rows are numbered as.
    document : str
        What documents are numbered as, where one tells of many rows.
    """

    def __init__(self, unit: str, document: str = "") -> None:
        self.unit, self._document = unit, document or unit
        self.rejected: list[Rejected] = []
        self.notes: list[Sentence] = []
        #: How many rows, and how many refusals of its own, there were so far.
        self.rows_told = self.refused = 0
        self._noted: set[str] = set()

    def refuse(self, number: int, reason: str, field: str = "", value: object = "") -> None:
        """Something that cannot be taken."""
        self.refused += 1
        self.rejected.append(Rejected(number, field, shortened(value), reason, self.unit))

    def refuse_document(self, number: int, error: Exception) -> None:
        """A document that cannot be read, or not to its end."""
        self.refused += 1
        reason = f"cannot be read ({error}); save the message as it came"
        self.rejected.append(Rejected(number, "", "", reason, self._document))

    def note(self, sentence: Sentence) -> None:
        """A remark, made once a file."""
        if sentence.text not in self._noted:
            self._noted.add(sentence.text)
            self.notes.append(sentence)


class Story(Remarks):
    """What the documents of a file told of frames since it was last asked."""

    def __init__(self, unit: str, document: str = "") -> None:
        super().__init__(unit, document)
        self._rows: dict[tuple[str, str], tuple[int, Cells]] = {}

    def row(self, number: int, cells: Cells) -> None:
        """A frame. Documents of one camera and time tell one frame; they must not contradict each other."""
        self.rows_told += 1
        time = _NO_FRACTION.sub(lambda end: end[1] or "", cells["captured_at"])
        # Rows without a time are each told as what they are.
        key = (cells.get("camera", ""), time or f"row {self.rows_told}")
        before, known = self._rows.setdefault(key, (number, cells))
        new = {name: text for name, text in cells.items() if name != "captured_at"}
        other = next((name for name, text in new.items() if known.get(name, text) != text), None)
        if other is not None:
            reason = (
                f"is not what {self.unit} {before} tells of the same camera and time ('{known[other]}'); "
                "leave one out, or store them with their own times"
            )
            self.refuse(number, reason, other, cells[other])
            return
        known.update(new)

    def is_long(self) -> bool:
        """Whether it is time to ask."""
        return len(self._rows) + len(self.rejected) >= ROWS_AT_A_TIME

    def told(self, options: ReadOptions) -> ReadBatch:
        """What was told; from then on it is forgotten."""
        if not self._rows:
            found = ReadBatch(FrameBatch.of([], []), tuple(self.rejected), tuple(self.notes))
            self.rejected, self.notes = [], []
            return found
        rows = list(self._rows.values())
        headings = dict.fromkeys(["captured_at", *(name for _, cells in rows for name in cells)])
        raw = {name: pa.array([cells.get(name) for _, cells in rows], pa.string()) for name in headings}
        numbers = np.array([number for number, _ in rows], dtype=np.int64)
        found = validated(raw, numbers, options, rejected=self.rejected, notes=self.notes, unit=self.unit)
        self._rows, self.rejected, self.notes = {}, [], []
        return found


Asked_in = TypeVar("Asked_in", contravariant=True)
Batch_out = TypeVar("Batch_out", covariant=True)
Asked = TypeVar("Asked")
Batch = TypeVar("Batch")


class Telling(Protocol[Asked_in, Batch_out]):
    """A story of frames, or of something else that messages tell of."""

    def refuse_document(self, number: int, error: Exception) -> None:
        """A document that cannot be read, or not to its end."""

    def note(self, sentence: Sentence) -> None:
        """A remark, made once a file."""

    def is_long(self) -> bool:
        """Whether it is time to ask."""

    def told(self, options: Asked_in) -> Batch_out:
        """What was told; from then on it is forgotten."""


def read_messages(
    path: Path,
    options: Asked,
    story: Telling[Asked, Batch],
    begin: Callable[[int], Collector],
    again: re.Pattern[str],
    end: Callable[[], None],
) -> Iterator[Batch]:
    """What a file of XML documents, plain or .gz, in UTF-8 or GB 18030, tells.

    Parameters
    ----------
    path : Path
    options : ReadOptions, or what else the story needs
    story : Telling
        Where the collectors write down what they read.
    begin : callable
        A new collector, by the number of its document.
    again : pattern
        Where a document may begin behind one that broke off.
    end : callable
        Called when all was read, before the last batch; may note, refuse or raise.

    Raises
    ------
    InputRefused
        A document type, a file that cannot be opened or unpacked, or what `end` raises.
    """
    count = 0

    def numbered() -> Collector:
        nonlocal count
        count += 1
        return begin(count)

    documents: Documents[Collector] = Documents(numbered, again)
    try:
        with opened(path) as stream:
            seekable = cast(BinaryIO, stream)
            encoding = encoding_of(seekable)
            seekable.seek(0)
            # What is in neither encoding has a byte that was lost on the way; its document may do without.
            for text in texts(seekable, encoding or "utf-8", errors="replace"):
                for document in documents.feed(text):
                    if document.error is not None:
                        story.refuse_document(document.number, document.error)
                    if story.is_long():
                        yield story.told(options)
        for document in documents.close():
            if document.error is not None:
                story.refuse_document(document.number, document.error)
    except Unsafe as error:
        raise InputRefused(
            Sentence(
                "%(file)s has a document type (DOCTYPE), which no message has and which is not safe to read; "
                "save the messages as they came",
                file=path.name,
            )
        ) from error
    if documents.passed:
        story.note(Sentence("%(n)s stretches of text between the messages were not read", n=documents.passed))
    end()
    yield story.told(options)


def number_of(text: str) -> float | None:
    """The finite number that a text is, None for any other text."""
    return float(text) if _NUMBER.fullmatch(text) else None


def beginning_of(path: Path) -> str:
    """The first characters of a file of messages, whatever its encoding: names of elements are ASCII."""
    with opened(path) as stream:
        return stream.read(1 << 16).decode("utf-8", "replace")
