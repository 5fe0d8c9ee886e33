"""A page of a table's rows, filtered, sorted and cut in SQL.

Values from the address reach the database as bound parameters; names of columns come from the specification
alone. A filter that cannot be understood is said so and shows no rows, never all of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    Subquery,
    Text,
    and_,
    bindparam,
    cast,
    false,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session

from geo.db import Ltree
from web.i18n import N_, Translator
from web.tabular.cells import cell_text, filter_words
from web.tabular.spec import PAGE_SIZES, Column, TableSpec
from web.typed import number_typed

LONGEST_VALUE = 200
_PATH = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*\Z")


@dataclass(frozen=True)
class Problem:
    """What is wrong with one argument: a sentence marked with `N_`, and what it fills in."""

    argument: str
    sentence: str
    value: str

    def text(self, t: Translator) -> str:
        """What is wrong, in words."""
        return t(self.sentence, value=self.value)


@dataclass(frozen=True)
class Question:
    """What was asked of a table: checked, not yet answered."""

    spec: TableSpec
    filters: Mapping[str, str]
    sort: str
    page: int
    size: int
    within: str | None
    problems: tuple[Problem, ...]
    _conditions: tuple[Any, ...]

    def statement(self, rows: Subquery) -> ColumnElement[bool]:
        """The condition on `rows`; false when something asked was not understood."""
        if self.problems:
            return false()
        made = [make(rows) for make in self._conditions]
        return and_(*made) if made else and_(literal(True))

    def ordered(self, statement: Select[Any], rows: Subquery) -> Select[Any]:
        """The statement in the order asked, rows without a value last, ties by id."""
        column = self.spec.column(self.sort.removeprefix("-"))
        assert column is not None
        by: Any = rows.c[column.key]
        if column.kind == "choice" and column.words:
            by = func.array_position(cast(list(column.words), ARRAY(Text)), cast(by, Text))
        by = by.desc() if self.sort.startswith("-") else by.asc()
        return statement.order_by(by.nulls_last(), rows.c[self.spec.id])


@dataclass(frozen=True)
class TablePage:
    """One page of a table, as the templates show it."""

    spec: TableSpec
    rows: Sequence[Mapping[str, Any]]
    total: int
    page: int
    size: int
    sort: str
    filters: Mapping[str, str]
    within: str | None
    problems: tuple[Problem, ...] = ()
    exports: bool = False
    """Whether the reader may have it as a file."""

    @property
    def pages(self) -> int:
        """How many pages there are; an empty table has one."""
        return max(1, math.ceil(self.total / self.size))

    @property
    def first(self) -> int:
        """Number of the first row on this page, from 1; 0 when there is none."""
        return (self.page - 1) * self.size + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """Number of the last row on this page."""
        return self.first + len(self.rows) - 1 if self.rows else 0

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that are shown."""
        return tuple(column for column in self.spec.columns if column.shown)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Page sizes to choose from."""
        return PAGE_SIZES

    @property
    def near(self) -> list[int | None]:
        """Numbers of the pages to offer: the first, the last, those around this one; None for a leap."""
        wanted = sorted(
            {1, self.pages} | set(range(max(1, self.page - 2), min(self.pages, self.page + 2) + 1))
        )
        made: list[int | None] = []
        for number in wanted:
            before = made[-1] if made else None
            if before is not None and number > before + 1:
                made.append(None)
            made.append(number)
        return made

    def text(self, column: Column, row: Mapping[str, Any], t: Translator) -> str:
        """A value of a row in words."""
        return cell_text(column, row[column.key], t)

    def in_words(self, t: Translator) -> list[tuple[str, str]]:
        """Its filters as (what, value)."""
        return filter_words(self.spec, self.filters, t)

    def problem(self, argument: str) -> Problem | None:
        """What is wrong with an argument, if anything."""
        return next((one for one in self.problems if one.argument == argument), None)

    def direction(self, column: Column) -> str:
        """How the page is sorted by a column, in the words of ``aria-sort``."""
        if self.sort.removeprefix("-") != column.key:
            return "none"
        return "descending" if self.sort.startswith("-") else "ascending"

    def sort_link(self, column: Column) -> str:
        """Query that sorts by a column, or the other way when it already is; large and new first."""
        turned = {"ascending": "-", "descending": ""}
        begin = "-" if column.is_number or column.kind == "moment" else ""
        return self.link(sort=turned.get(self.direction(column), begin) + column.key)

    def link(self, **changes: Any) -> str:
        """Query (``?…``) of this table with changes; it begins on the first page unless `page` is given."""
        arguments: dict[str, Any] = dict(self.filters)
        if self.sort != self.spec.default_sort:
            arguments["sort"] = self.sort
        if self.size != self.spec.size:
            arguments["size"] = self.size
        arguments |= changes
        kept = {key: value for key, value in arguments.items() if value not in (None, "")}
        return "?" + urlencode(kept)


def is_path(path: str) -> bool:
    """Whether a text is a jurisdiction path as the database writes it."""
    return len(path) <= LONGEST_VALUE and _PATH.match(path) is not None


def ask(
    spec: TableSpec, arguments: Mapping[str, str], *, within: str | None = None, zone: tzinfo = UTC
) -> Question:
    """What an address asks of a table; arguments that are no part of the table are left alone."""
    filters = {name: arguments[name].strip() for name in spec.arguments if arguments.get(name, "").strip()}
    problems: list[Problem] = []
    conditions: list[Any] = []
    for name, value in filters.items():
        if len(value) > LONGEST_VALUE or "\x00" in value:
            problems.append(Problem(name, N_("“%(value)s” is too long to look for."), value[:40] + "…"))
    told = {problem.argument for problem in problems}
    if "q" in filters and "q" not in told:
        conditions.append(_search(spec, filters["q"]))
    for column in spec.columns:
        for name in column.arguments:
            if name not in filters or name in told:
                continue
            made = _condition(column, name, filters[name], zone)
            if isinstance(made, Problem):
                problems.append(made)
            else:
                conditions.append(made)
    sort = arguments.get("sort") or spec.default_sort
    by = spec.column(sort.removeprefix("-"))
    if by is None or not by.sortable:
        problems.append(Problem("sort", N_("This table cannot be sorted by “%(value)s”."), sort[:40]))
        sort = spec.default_sort
    if within is not None and spec.path is not None:
        if is_path(within):
            conditions.append(_inside(spec.path, within))
        else:
            problems.append(Problem("in", N_("“%(value)s” is no jurisdiction."), within[:40]))
    size = _whole(arguments.get("size"), spec.size)
    return Question(
        spec,
        filters,
        sort,
        max(1, _whole(arguments.get("page"), 1)),
        size if size in PAGE_SIZES else spec.size,
        within,
        tuple(problems),
        tuple(conditions),
    )


def _late(
    session: Session, asked: Question, rows: Subquery, where: ColumnElement[bool], given: dict[str, Any]
) -> tuple[int, int, list[dict[str, Any]]]:
    """Total, page and rows: their ids first, their columns then."""
    spec, key = asked.spec, rows.c[asked.spec.id]

    def ids(page: int, *counted: Any) -> list[Any]:
        cut = asked.ordered(select(key, *counted).where(where), rows)
        return list(session.execute(cut.limit(asked.size).offset((page - 1) * asked.size), given))

    page = asked.page
    if asked.filters or asked.within:
        # What is costly to compare is compared once, for the page and for the count.
        wanted = ids(page, func.count().over())
        total = wanted[0][1] if wanted else 0
    else:
        total = session.execute(select(func.count()).select_from(rows).where(where), given).scalar_one()
        page = min(page, max(1, math.ceil(total / asked.size)))
        wanted = ids(page) if total else []
    if not wanted and page > 1:
        # Beyond the last page of what is left.
        total = session.execute(select(func.count()).select_from(rows).where(where), given).scalar_one()
        page = max(1, math.ceil(total / asked.size))
        wanted = ids(page) if total else []
    if not wanted:
        return total, page, []
    columns = [rows.c[name] for name in spec.fetched]
    place = {one[0]: number for number, one in enumerate(wanted)}
    fetched = session.execute(select(*columns).where(key.in_(list(place))), given).mappings()
    return total, page, sorted((dict(row) for row in fetched), key=lambda row: place[row[spec.id]])


def read_table(
    session: Session,
    spec: TableSpec,
    arguments: Mapping[str, str],
    *,
    parameters: Mapping[str, Any] | None = None,
    within: str | None = None,
    zone: tzinfo = UTC,
) -> TablePage:
    """The page of a table that an address asks for.

    Parameters
    ----------
    session : Session
        Its scope decides which rows there are.
    arguments : mapping of str to str
        The address: filters, ``q``, ``sort`` (``-`` in front: the other way), ``page`` from 1, ``size``. A
        page after the last is the last.
    parameters : mapping
        Bound parameters of the specification's source.
    within : str or None
        Jurisdiction path to narrow by, where the table has one.
    zone : tzinfo
        In which days of ``period`` filters are meant.
    """
    asked = ask(spec, arguments, within=within, zone=zone)
    rows = spec.rows()
    where = asked.statement(rows)
    given = dict(parameters or {})
    total, page = 0, 1
    found: list[dict[str, Any]] = []
    if not asked.problems and spec.late:
        total, page, found = _late(session, asked, rows, where, given)
    elif not asked.problems:
        total = session.execute(select(func.count()).select_from(rows).where(where), given).scalar_one()
        page = min(asked.page, max(1, math.ceil(total / asked.size)))
        if total:
            columns = [rows.c[key] for key in spec.fetched]
            cut = asked.ordered(select(*columns).where(where), rows)
            cut = cut.limit(asked.size).offset((page - 1) * asked.size)
            found = [dict(row) for row in session.execute(cut, given).mappings()]
    return TablePage(spec, found, total, page, asked.size, asked.sort, asked.filters, within, asked.problems)


def _search(spec: TableSpec, value: str) -> Any:
    keys = [column.key for column in spec.columns if column.search]
    return lambda rows: or_(*(cast(rows.c[key], Text).icontains(value, autoescape=True) for key in keys))


def _inside(key: str, path: str) -> Any:
    return lambda rows: rows.c[key].op("<@")(cast(bindparam(None, path, Text()), Ltree()))


def _condition(column: Column, name: str, value: str, zone: tzinfo) -> Any:
    """A function from rows to the condition, or the problem with the value."""
    key = column.key
    if column.filter == "contains":
        return lambda rows: cast(rows.c[key], Text).icontains(value, autoescape=True)
    if column.filter == "equals":
        return lambda rows: cast(rows.c[key], Text) == value
    if column.filter == "choice":
        chosen = value.split(",")
        if not set(chosen) <= set(column.words):
            return Problem(name, N_("“%(value)s” is none of the choices."), value[:40])
        return lambda rows: cast(rows.c[key], Text).in_(chosen)
    if column.filter == "flag":
        if value not in ("yes", "no"):
            return Problem(name, N_("“%(value)s” is none of the choices."), value[:40])
        return lambda rows: rows.c[key].is_(value == "yes")
    if column.filter == "range":
        number = _number(value)
        if number is None:
            return Problem(name, N_("“%(value)s” is not a number."), value[:40])
        limit = number / 100 if column.kind == "share" else number
        if name.endswith("_min"):
            return lambda rows: rows.c[key] >= limit
        return lambda rows: rows.c[key] <= limit
    day = _day(value)
    if day is None:
        return Problem(name, N_("“%(value)s” is not a day; write it as 2026-11-22."), value[:40])
    if column.kind == "day":
        return lambda rows: rows.c[key] >= day if name.endswith("_from") else rows.c[key] <= day
    if name.endswith("_from"):
        return lambda rows: rows.c[key] >= datetime.combine(day, time(), zone)
    return lambda rows: rows.c[key] < datetime.combine(day + timedelta(days=1), time(), zone)


def _number(value: str) -> float | None:
    try:
        number = number_typed(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _day(value: str) -> date | None:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    # The next day must exist, and PostgreSQL's calendar is longer than ours.
    return day if day < date.max else None


def _whole(value: str | None, otherwise: int) -> int:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 9 else otherwise
