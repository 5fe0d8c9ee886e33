"""How a value of a table reads, on the page and in a file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from web.i18n import N_, Translator
from web.jobs.words import told
from web.tabular.spec import Column, TableSpec

UNKNOWN = "–"


def is_missing(value: Any) -> bool:
    """Whether there is no value: NULL or NaN."""
    return value is None or value != value


def cell_text(column: Column, value: Any, t: Translator) -> str:
    """A value in words, in the language and zone of `t`; a dash where there is none."""
    if is_missing(value):
        return UNKNOWN
    match column.kind:
        case "integer":
            return t.number(int(value))
        case "number":
            return t.number(float(value), column.digits)
        case "share":
            return t.share(float(value))
        case "length":
            return t.length(float(value))
        case "minutes":
            return t.duration(float(value))
        case "moment":
            return t.moment(value)
        case "day":
            return f"{value:%Y-%m-%d}"
        case "flag":
            return t(N_("yes")) if value else t(N_("no"))
        case "choice":
            return t(column.words[value]) if value in column.words else str(value)
        case "list":
            return t.joined([str(one) for one in value]) or UNKNOWN
        case "said":
            return told(value, t) or UNKNOWN
    return str(value)


def head_text(column: Column, t: Translator) -> str:
    """What stands above a column, with its unit."""
    label = t(column.label)
    return f"{label} ({t(column.unit)})" if column.unit else label


def file_head(column: Column, t: Translator) -> str:
    """The head of a column in a file, where values are bare: always with the unit."""
    units = {"length": t(N_("m")), "minutes": t(N_("min")), "share": "0–1", "moment": t.zone.key}
    unit = t(column.unit) or units.get(column.kind, "")
    return f"{t(column.label)} ({unit})" if unit else t(column.label)


def file_value(
    column: Column, value: Any, t: Translator
) -> str | int | float | bool | datetime | date | None:
    """A value as a file holds it: numbers bare, times in the site's zone, choices in words."""
    if is_missing(value):
        return None
    match column.kind:
        case "integer":
            return int(value)
        case "number" | "share" | "length" | "minutes":
            return float(value)
        case "moment":
            moment: datetime = value.astimezone(t.zone)
            return moment
        case "day":
            day: date = value
            return day
    return cell_text(column, value, t)


def filter_words(spec: TableSpec, filters: Mapping[str, str], t: Translator) -> list[tuple[str, str]]:
    """Filters as (what, value), for the line above a table and the second sheet of a workbook."""
    said = []
    if "q" in filters:
        said.append((t(N_("Search")), filters["q"]))
    for column in spec.columns:
        for name in column.arguments:
            if name not in filters:
                continue
            value, label = filters[name], head_text(column, t)
            if column.filter == "choice":
                value = t.joined([t(column.words[key]) for key in value.split(",") if key in column.words])
            elif column.filter == "flag":
                value = t(N_("yes")) if value == "yes" else t(N_("no"))
            elif name.endswith(("_min", "_from")):
                label = t(N_("%(label)s from"), label=label)
            elif name.endswith(("_max", "_to")):
                label = t(N_("%(label)s to"), label=label)
            said.append((label, value))
    return said
