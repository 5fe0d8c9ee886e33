"""What a reader hands back, and how it collects what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import InputRefused, Sentence, of_row

KINDS: dict[str, Sentence] = {
    one: one
    for one in (
        Sentence("jurisdictions"),
        Sentence("roads"),
        Sentence("obstructions"),
        Sentence("buildings"),
        Sentence("places"),
        Sentence("water"),
        Sentence("cameras"),
        Sentence("zones"),
        Sentence("teams"),
    )
}
"""What the rows of a file are called, by themselves."""


@dataclass(frozen=True)
class Imported:
    """The good rows of a file and what was said about the others.

    Attributes
    ----------
    frame : GeoDataFrame
        In EPSG:4326; the index `row` holds the row (or feature) numbers of the file.
    problems : tuple of str
        One sentence for every reason to refuse a row; empty unless good rows were asked for.
    findings : tuple of str
        What was taken in and is worth knowing (a direction read from a name, many cameras at one place).
    word : str
        "row" of a table, "feature" of a vector file.
    complete : bool
        Whether the file has all that it says it has.
    """

    frame: gpd.GeoDataFrame
    problems: tuple[str, ...]
    findings: tuple[str, ...]
    word: str = "row"
    complete: bool = True

    def without(self, told: Mapping[int, str], file: str, kind: str, keep_good: bool) -> Imported:
        """The same without rows that are refused for what is stored already, each with its sentence.

        Raises
        ------
        InputRefused
            When there is such a row and `keep_good` is not set, or not one row is left.
        """
        if not told:
            return self
        sentences = tuple(of_row(self.word, row, told[row]) for row in sorted(told))
        if not keep_good:
            raise InputRefused(
                Sentence(
                    "%(file)s: %(bad)s of %(all)s %(kind)s are refused, so nothing was taken in; "
                    "leave them out, or ask to keep the good ones",
                    file=file,
                    bad=len(told),
                    all=len(self.frame),
                    kind=KINDS[kind],
                ),
                sentences,
            )
        kept = self.frame.drop(index=list(told))
        if kept.empty:
            raise InputRefused(_none_good(file, kind), (*self.problems, *sentences))
        return replace(self, frame=kept, problems=(*self.problems, *sentences))


@dataclass
class Notes:
    """Problems and findings of one file while it is read.

    Attributes
    ----------
    file : str
        Name of the file, for the summary.
    word : str
        "row" of a table, "feature" of a vector file.
    """

    file: str
    word: str
    problems: list[tuple[int, str]] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)

    def refuse(self, row: int, sentence: str) -> None:
        """Say why a row is refused; the row's number is put before it."""
        self.refuse_whole(row, of_row(self.word, row, sentence))

    def refuse_whole(self, row: int, sentence: str) -> None:
        """The same for a sentence that names its row itself."""
        self.problems.append((int(row), sentence))

    def finding(self, sentence: str) -> None:
        self.findings.append(sentence)

    def good(self, index: pd.Index) -> NDArray[np.bool_]:
        """Which rows have no problem."""
        return ~index.isin([row for row, _ in self.problems])

    def result(self, frame: gpd.GeoDataFrame, kind: str, keep_good: bool) -> Imported:
        """The good rows; InputRefused with every problem when there is one and `keep_good` is not set.

        Also refused: a file in which not one row is good.
        """
        sentences = tuple(sentence for _, sentence in sorted(self.problems, key=lambda found: found[0]))
        kept = frame[self.good(frame.index)]
        bad = len(frame) - len(kept)
        if bad and not keep_good:
            raise InputRefused(
                Sentence(
                    "%(file)s: %(bad)s of %(all)s %(kind)s are bad, so nothing was taken in; correct them, "
                    "or ask to keep the good ones",
                    file=self.file,
                    bad=bad,
                    all=len(frame),
                    kind=KINDS[kind],
                ),
                sentences,
            )
        if kept.empty:
            raise InputRefused(_none_good(self.file, kind), sentences)
        return Imported(kept, sentences, tuple(self.findings), self.word)


def _none_good(file: str, kind: str) -> Sentence:
    return Sentence("%(file)s holds no good %(kind)s; correct the file", file=file, kind=KINDS[kind])
