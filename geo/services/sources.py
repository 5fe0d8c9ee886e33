"""What a file came from, and what of it is refused before it is stored.

Every function takes an open session and leaves committing to the caller.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import pandas as pd
from sqlalchemy.orm import Session

from geo import repository
from geo.errors import InputRefused, Sentence
from geo.readers import Imported
from geo.readers.result import KINDS
from geo.scope import Scope
from geo.tables import ImportBatch

# More keys than this in one sentence are counted, not named.
NAMED_KEYS = 5


@dataclass(frozen=True)
class Source:
    """Where rows come from, for the record of imports.

    Parameters
    ----------
    file_name, sha256 : str
        The file and its content's hash.
    datum : str
        One of `geo.datums`.
    label : str
        real | derived | synthetic.
    author : str
        Who imported it.
    """

    file_name: str
    sha256: str
    datum: str
    label: str
    author: str

    @classmethod
    def of_file(cls, path: Path, *, datum: str, label: str, author: str) -> Source:
        """The source that a file is."""
        return cls(path.name, file_sha256(path), datum, label, author)


@dataclass(frozen=True)
class ImportReport:
    """What an import did: rows stored (0 on a dry run), rows found good, sentences on bad and on odd ones,
    good rows for a map (EPSG:4326; of cameras some of many), and what changed of stored ones: how many by
    kind, and in words."""

    kind: str
    stored: int
    good: int
    problems: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    rows: gpd.GeoDataFrame | None = field(default=None, compare=False, repr=False)
    counts: Mapping[str, int] = field(default_factory=dict)
    changes: tuple[str, ...] = ()


def file_sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def add_source(session: Session, kind: str, source: Source, rows: int) -> int:
    """Record an import of `rows` rows; answers the batch id."""
    return repository.add_batch(
        session,
        kind=kind,
        file_name=source.file_name,
        sha256=source.sha256,
        datum=source.datum,
        label=source.label,
        rows=rows,
        author=source.author,
    )


def change_row_count(session: Session, batch: int, rows: int) -> None:
    """Say how many rows an import was of in the end."""
    session.get_one(ImportBatch, batch).row_count = rows
    session.flush()


def refuse_twice(session: Session, kind: str, source: Source) -> None:
    """Refuse a file that was already imported as `kind`."""
    if repository.has_batch(session, kind, source.sha256):
        raise InputRefused(
            Sentence(
                "%(file)s was imported as %(kind)s before, so nothing was stored again; leave it out",
                file=source.file_name,
                kind=KINDS[kind],
            )
        )


def refuse_stored(session: Session, kind: str, keys: Iterable[object], source: Source) -> None:
    """Refuse rows that are stored already, by their keys (`geo.repository.KEYS`): they would count twice."""
    wanted = {str(key) for key in keys}
    found = repository.stored_keys(session, kind, wanted)
    if not found:
        return
    named = ", ".join(found[:NAMED_KEYS]) + (", …" if len(found) > NAMED_KEYS else "")
    column = repository.KEYS[kind][1]
    raise InputRefused(
        Sentence(
            "%(file)s: %(stored)s of %(all)s %(kind)s are already stored (%(column)s %(named)s), so "
            "nothing was stored; a newer version of a file is not merged yet, and rows that are not the "
            "stored ones need a %(column)s of their own",
            file=source.file_name,
            stored=len(found),
            all=len(wanted),
            kind=KINDS[kind],
            column=column,
            named=named,
        )
    )


def refuse_outside(
    session: Session, found: Imported, within: Scope, file: str, kind: str, keep_good: bool
) -> Imported:
    """The rows of a file that lie inside a scope; the others are refused as `Imported.without` does it.

    A row lies where `refresh_scopes` will put it: in the deepest jurisdiction around it, or in none.
    """
    if within.everywhere:
        return found
    paths = repository.paths_at(session, found.frame.geometry.representative_point())
    return found.without(rows_outside(paths, within), file, kind, keep_good)


def rows_outside(paths: pd.Series, within: Scope) -> dict[int, Sentence]:
    """Why rows are refused whose jurisdictions lie outside a scope, by their numbers."""
    return {
        int(str(row)): Sentence(
            "it lies in %(path)s, outside your area (%(area)s); ask somebody who may import there",
            path=path or Sentence("no jurisdiction"),
            area=within.text,
        )
        for row, path in paths.items()
        if not within.covers(path)
    }
