"""What a table is: its columns, where its rows come from, how it may be filtered and sorted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Any, Literal
from urllib.parse import quote

from sqlalchemy import Boolean, Date, DateTime, Float, Integer, Select, Text, text
from sqlalchemy.sql.selectable import Subquery
from sqlalchemy.types import NullType, TypeEngine

Kind = Literal[
    "text",
    "code",
    "integer",
    "number",
    "share",
    "length",
    "minutes",
    "moment",
    "day",
    "flag",
    "choice",
    "list",
    "said",
]
Filter = Literal["contains", "equals", "choice", "flag", "range", "period"]

NUMERIC: frozenset[str] = frozenset({"integer", "number", "share", "length", "minutes"})
RESERVED = frozenset({"sort", "page", "size", "q", "in", "lang", "format"})
PAGE_SIZES = (25, 50, 100, 200)
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "geojson": "application/geo+json",
}

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_TYPES: dict[str, TypeEngine[Any]] = {
    "text": Text(),
    "code": Text(),
    "choice": Text(),
    "integer": Integer(),
    "number": Float(),
    "share": Float(),
    "length": Float(),
    "minutes": Float(),
    "moment": DateTime(timezone=True),
    "day": Date(),
    "flag": Boolean(),
}


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    key : str
        Name in the rows' source; also the name of its filter in the address.
    label : str
        What stands above it, marked with `N_`; translated where it is shown.
    kind : str
        How a value is shown: ``code`` keeps every digit, ``share`` is 0–1 shown as per cent, ``length`` is
        metres, ``minutes`` a duration, ``moment`` a point in time in the site's zone, ``choice`` a key that
        `words` puts into words, ``list`` an array of texts, ``said`` a stored sentence (JSON of
        `web.jobs.words`), in the reader's language.
    filter : str or None
        ``contains`` and ``equals`` take a text, ``choice`` keys of `words` joined by commas, ``flag`` yes or
        no, ``range`` two numbers ``<key>_min`` and ``<key>_max`` (per cent for a share), ``period`` two days
        ``<key>_from`` and ``<key>_to``, both included, in the site's zone.
    search : bool
        Whether the search box of the table looks into it.
    words, tones, colours : mapping
        For ``choice``: key → words (`N_`), → tone of the badge (good, warn, bad, info, quiet), → colour of
        its dot. The order of `words` is the order of sorting.
    unit : str
        Shown after the label, and in the head of an export; marked with `N_` where languages differ.
    digits : int
        Most decimals of a ``number``.
    shown, exported : bool
        Whether it stands in the page's table and in files.
    hint : str
        A sentence about the column (`N_`), shown on its head.
    """

    key: str
    label: str
    kind: Kind = "text"
    filter: Filter | None = None
    sortable: bool = True
    search: bool = False
    words: Mapping[str, str] = field(default_factory=dict)
    tones: Mapping[str, str] = field(default_factory=dict)
    colours: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""
    digits: int = 0
    shown: bool = True
    exported: bool = True
    hint: str = ""

    def __post_init__(self) -> None:
        if not _NAME.match(self.key) or self.key in RESERVED:
            raise ValueError(f"column key {self.key!r}: use a-z, 0-9 and _, and none of {sorted(RESERVED)}")
        if self.filter == "choice" and not self.words:
            raise ValueError(f"column {self.key!r} filters by choice but has no words to choose from")
        if self.filter == "range" and self.kind not in NUMERIC:
            raise ValueError(
                f"column {self.key!r} is {self.kind} and cannot be filtered by a range of numbers"
            )
        if self.filter == "period" and self.kind not in ("moment", "day"):
            raise ValueError(f"column {self.key!r} is {self.kind} and cannot be filtered by days")

    @property
    def is_number(self) -> bool:
        """Whether its values stand to the right, figure under figure."""
        return self.kind in NUMERIC

    @property
    def arguments(self) -> tuple[str, ...]:
        """Names of its filter in the address."""
        if self.filter == "range":
            return (f"{self.key}_min", f"{self.key}_max")
        if self.filter == "period":
            return (f"{self.key}_from", f"{self.key}_to")
        return (self.key,) if self.filter else ()


@dataclass(frozen=True)
class TableSpec:
    """A table: columns and the statement its rows come from.

    Parameters
    ----------
    name : str
        Of the table, in ids, file names of exports and the audit log.
    columns : tuple of Column
    source : Select or str
        A statement that gives one row each, with columns named as the keys. A text is SQL; what varies in it
        are bound parameters (``:analysis``), handed over when the table is read. It filters nothing by
        access: the session's scope does.
    default_sort : str
        A column's key, with ``-`` in front for the other way.
    id : str
        Source column that tells rows apart; it also ends every order, so that pages never overlap.
    link : str
        Address of a row, as ``/cameras/{code}``; names are source columns. Empty: rows are not links.
    path : str or None
        Source column with the jurisdiction path (ltree), by which `?in=` narrows the table.
    geometry : str or None
        Source column with the geometry in EPSG:4326; with one the table can be exported as GeoJSON.
    extra : tuple of str
        Further source columns that the template needs in its rows.
    late : bool
        Look for the rows of a page by what is filtered and sorted alone, and fetch their other columns then:
        for a source of so many rows that joining all of them for fifty takes longer than asking twice.
    """

    name: str
    columns: tuple[Column, ...]
    source: Select[Any] | str
    default_sort: str
    id: str = "id"
    link: str = ""
    path: str | None = None
    geometry: str | None = None
    extra: tuple[str, ...] = ()
    size: int = 50
    late: bool = False

    def __post_init__(self) -> None:
        keys = [column.key for column in self.columns]
        arguments = [name for column in self.columns for name in column.arguments]
        if not _NAME.match(self.name):
            raise ValueError(f"table name {self.name!r}: use a-z, 0-9 and _")
        for names, what in ((keys, "column"), (arguments, "filter")):
            twice = {name for name in names if names.count(name) > 1}
            if twice:
                raise ValueError(f"table {self.name!r} has more than one {what} {', '.join(sorted(twice))}")
        if self.default_sort.removeprefix("-") not in keys:
            raise ValueError(f"table {self.name!r} is to be sorted by {self.default_sort!r}, no column of it")
        if self.size not in PAGE_SIZES:
            raise ValueError(f"table {self.name!r} shows {self.size} rows; use one of {PAGE_SIZES}")

    @property
    def formats(self) -> tuple[str, ...]:
        """Formats in which it can be exported."""
        return tuple(fmt for fmt in FORMATS if fmt != "geojson" or self.geometry)

    def column(self, key: str) -> Column | None:
        """The column of this key."""
        return next((one for one in self.columns if one.key == key), None)

    @property
    def arguments(self) -> tuple[str, ...]:
        """Names of all its filters in the address, the search box first."""
        search = ("q",) if any(column.search for column in self.columns) else ()
        return search + tuple(name for column in self.columns for name in column.arguments)

    @property
    def fetched(self) -> tuple[str, ...]:
        """Source columns that a row on the page holds."""
        keys = (*(column.key for column in self.columns), self.id, *self._link_fields(), *self.extra)
        return tuple(dict.fromkeys(keys))

    def rows(self) -> Subquery:
        """The source as something to select from; what is not selected is not computed."""
        if not isinstance(self.source, str):
            return self.source.subquery("rows")
        types: dict[str, TypeEngine[Any]] = {key: NullType() for key in self.fetched}
        types |= {column.key: _TYPES.get(column.kind, NullType()) for column in self.columns}
        types |= {key: NullType() for key in (self.path, self.geometry) if key and key not in types}
        return text(self.source).columns(**types).subquery("rows")

    def href(self, row: Mapping[str, Any]) -> str:
        """Address of a row, or an empty text."""
        if not self.link:
            return ""
        return self.link.format(**{name: quote(str(row[name]), safe="") for name in self._link_fields()})

    def _link_fields(self) -> tuple[str, ...]:
        return tuple(name for _, name, _, _ in Formatter().parse(self.link) if name)
