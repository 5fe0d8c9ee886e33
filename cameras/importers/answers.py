"""Answers of devices in XML, item by item: no more of a file is in memory than a block of it.

The parts of one answer may follow each other in one file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from geo.errors import InputRefused, Sentence
from geo.readers.documents import Document, Documents, Unsafe, texts
from geo.readers.encodings import encoding_of

Item = dict[str, str]

_BLOCK_BYTES = 1 << 18


@dataclass
class Answer:
    """One part of an answer while it is read; `items` are those that came since they were taken last."""

    asked: Collection[str]
    root: str = ""
    command: str = ""
    announced: str = ""
    items: list[Item] = field(default_factory=list)
    ended: bool = False
    _open: list[str] = field(default_factory=list)
    _item: Item | None = None

    def start(self, tag: str, _: dict[str, str]) -> None:
        """An element begins."""
        if not self._open:
            self.root = tag
        elif tag == "Item" and self._item is None:
            self._item = {}
        self._open.append(tag)

    def end(self, tag: str, text: str) -> None:
        """An element ends: write down what is asked for and nothing else."""
        self._open.pop()
        if not self._open:
            self.ended = True
        elif self._item is not None:
            if tag == "Item" and "Item" not in self._open:
                self.items.append(self._item)
                self._item = None
            elif tag in self.asked and text:
                self._item[tag] = text
        elif len(self._open) == 1 and tag == "CmdType":
            self.command = text
        elif len(self._open) == 1 and tag == "SumNum":
            self.announced = text


def answers(path: Path, asked: Collection[str]) -> Iterator[Answer]:
    """Every answer of a file, over and over while it is read, last when it has `ended`.

    Parameters
    ----------
    path : Path
    asked : collection of str
        Elements of an item that are read; all others stay outside.

    Raises
    ------
    geo.errors.InputRefused
        In neither encoding, no XML, or with a document type.
    """
    found = Documents(lambda: Answer(asked))
    try:
        for text in _blocks(path):
            for document in found.feed(text):
                yield _unbroken(path, document)
        for document in found.close():
            yield _unbroken(path, document)
    except Unsafe as error:
        raise InputRefused(
            Sentence(
                "%(file)s has a document type (DOCTYPE), which no catalog has and which is not safe to "
                "read; save the answer as it came",
                file=path.name,
            )
        ) from error


def _unbroken(path: Path, document: Document[Answer]) -> Answer:
    if document.error is not None:
        raise InputRefused(
            Sentence(
                "%(file)s is no XML (%(error)s); save the answer as it came",
                file=path.name,
                error=document.error,
            )
        ) from document.error
    return document.collector


def _blocks(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        encoding = encoding_of(file)
        if encoding is None:
            raise InputRefused(
                Sentence("%(file)s is neither UTF-8 nor GB 18030; save the answer as it came", file=path.name)
            )
        yield from texts(file, encoding, block_bytes=_BLOCK_BYTES)
