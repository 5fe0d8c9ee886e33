"""What a reader hands back, and how it collects what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import InputRefused, Sentence, of_row, row_named
from geo.readers.seen import Seen

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
        Sentence("duties"),
    )
}
"""What the rows of a file are called, by themselves."""
MOST_TOLD = 20_000
"""Sentences on bad rows that are kept; a list of which more rows are bad is bad as a whole."""


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
            raise InputRefused(some_refused(file, kind, len(told), len(self.frame)), sentences)
        kept = self.frame.drop(index=list(told))
        if kept.empty:
            raise InputRefused(none_good(file, kind), (*self.problems, *sentences))
        return replace(self, frame=kept, problems=(*self.problems, *sentences))


@dataclass
class Notes:
    """Problems and findings of one file while it is read, whole or part by part.

    Attributes
    ----------
    file : str
        Name of the file, for the summary.
    word : str
        "row" of a table, "feature" of a vector file.
    count, kept : int
        Rows looked at so far, and the good ones of them (`keep`).
    complete : bool
        Whether the file has all that it says it has.
    """

    file: str
    word: str
    findings: list[str] = field(default_factory=list)
    seen: Seen = field(default_factory=Seen)
    count: int = 0
    kept: int = 0
    complete: bool = True
    _problems: list[tuple[int, str]] = field(default_factory=list)
    _untold: int = 0
    _bad: set[int] = field(default_factory=set)
    _tallies: dict[str, _Tally] = field(default_factory=dict)

    def refuse(self, row: int, sentence: str) -> None:
        """Say why a row is refused; the row's number is put before it."""
        self.refuse_whole(row, of_row(self.word, row, sentence))

    def refuse_whole(self, row: int, sentence: str) -> None:
        """The same for a sentence that names its row itself."""
        self._bad.add(int(row))
        if len(self._problems) < MOST_TOLD:
            self._problems.append((int(row), sentence))
        else:
            self._untold += 1

    def finding(self, sentence: str) -> None:
        self.findings.append(sentence)

    def tally(self, what: str, rows: Sequence[int], tell: Callable[[int, Sentence], Sentence]) -> None:
        """Count rows of which the same is to be said, once for the file.

        Parameters
        ----------
        what : str
            Tells this finding from others; they are told in the order in which they were first looked for.
        rows : sequence of int
            Those of this part, in order; may be empty.
        tell : callable
            The sentence for a count and the name of the first row.
        """
        found = self._tallies.setdefault(what, _Tally(tell))
        if rows and not found.count:
            found.tell, found.first = tell, int(rows[0])
        found.count += len(rows)

    def good(self, index: pd.Index) -> NDArray[np.bool_]:
        """Which rows have no problem."""
        return np.fromiter((row not in self._bad for row in index.tolist()), np.bool_, len(index))

    def keep(self, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """The good rows of a part, which is looked at with this."""
        good = self.good(frame.index)
        self.count += len(frame)
        self.kept += int(good.sum())
        return frame if good.all() else frame[good]

    def settle(self, kind: str, keep_good: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Problems and findings of the file, once all of it was looked at.

        Raises
        ------
        InputRefused
            With every problem when there is one and `keep_good` is not set, or when not one row is good.
        """
        sentences = [sentence for _, sentence in sorted(self._problems, key=lambda found: found[0])]
        if self._untold:
            sentences.append(untold(self._untold))
        bad = self.count - self.kept
        if bad and not keep_good:
            raise InputRefused(
                Sentence(
                    "%(file)s: %(bad)s of %(all)s %(kind)s are bad, so nothing was taken in; correct them, "
                    "or ask to keep the good ones",
                    file=self.file,
                    bad=bad,
                    all=self.count,
                    kind=KINDS[kind],
                ),
                sentences,
            )
        if not self.kept:
            raise InputRefused(none_good(self.file, kind), sentences)
        told = [
            one.tell(one.count, row_named(self.word, one.first))
            for one in self._tallies.values()
            if one.count
        ]
        return tuple(sentences), (*told, *self.findings)

    def result(self, frame: gpd.GeoDataFrame, kind: str, keep_good: bool) -> Imported:
        """The good rows of a file that is read whole; refused as `settle` does it."""
        kept = self.keep(frame)
        problems, findings = self.settle(kind, keep_good)
        return Imported(kept, problems, findings, self.word)


@dataclass
class _Tally:
    tell: Callable[[int, Sentence], Sentence]
    count: int = 0
    first: int = 0


def none_good(file: str, kind: str) -> Sentence:
    """Not one row is left."""
    return Sentence("%(file)s holds no good %(kind)s; correct the file", file=file, kind=KINDS[kind])


def some_refused(file: str, kind: str, bad: int, count: int) -> Sentence:
    """Rows are refused for what is stored already."""
    return Sentence(
        "%(file)s: %(bad)s of %(all)s %(kind)s are refused, so nothing was taken in; "
        "leave them out, or ask to keep the good ones",
        file=file,
        bad=bad,
        all=count,
        kind=KINDS[kind],
    )


def untold(count: int) -> Sentence:
    """There are more problems than are kept."""
    return Sentence("%(n)s more problems are not told one by one; correct these first", n=count)
