"""Rows of the database in words: choices, lines of lists, names in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from web.i18n import N_, Translator
from web.maps.panel import Swatch
from web.maps.popups import display_name
from web.maps.words import CAUSES, STATES
from web.pages.map.choice import Analysis, Plan, Siting
from web.pages.map.legend import UNKNOWN

STATUSES = {"draft": N_("draft"), "approved": N_("approved"), "published": N_("published")}

ROOM_DEG = 0.0006
"""About 60 m: how much is shown around a thing that has no size."""


@dataclass(frozen=True)
class Row:
    """A line of a list; `feature` is "layer:id" on the map, `bounds` what to show of it."""

    feature: str
    bounds: str
    title: str
    line: tuple[str, ...]
    swatch: Swatch
    cause: str = ""
    code: str = ""


def analysis_words(one: Analysis, t: Translator) -> str:
    """When it was for, and when it was made."""
    return t(
        "%(period)s, worked out %(moment)s",
        period=t.span(one.start, one.end),
        moment=t.moment(one.created_at),
    )


def plan_words(one: Plan, t: Translator) -> str:
    """Where and when, and whether it is out."""
    zone = display_name({"name": one.zone, "name_en": one.zone_en}, t)
    return " · ".join((zone, t.span(one.start, one.end), t(STATUSES[one.status])))


def siting_words(one: Siting, t: Translator) -> str:
    """Where a proposal is for, how much of the gap it closes, and when it was made."""
    place = display_name({"name": one.place, "name_en": one.place_en}, t)
    closed = t("closes %(share)s of the gap", share=t.share(one.closed)) if one.closed is not None else ""
    return " · ".join(part for part in (f"{one.id}: {place}", closed, t.moment(one.created_at)) if part)


def named(row: Mapping[str, Any], key: str, t: Translator) -> str:
    """The name in the reader's language of what stands in `key` and `key_en`."""
    return display_name({"name": row.get(key), "name_en": row.get(f"{key}_en")}, t)


def bounds_of(row: Mapping[str, Any]) -> str:
    """Edges of a thing as the script reads them, with some room around what is small."""
    if "west" in row:
        west, south, east, north = (float(row[key]) for key in ("west", "south", "east", "north"))
    else:
        west = east = float(row["lon"])
        south = north = float(row["lat"])
    across, up = max(0.0, ROOM_DEG - (east - west) / 2), max(0.0, ROOM_DEG - (north - south) / 2)
    edges = (west - across / 2, south - up / 2, east + across / 2, north + up / 2)
    return ",".join(f"{edge:.6f}" for edge in edges)


def gap_title(row: Mapping[str, Any], t: Translator) -> str:
    """Where and how much is not seen."""
    street = str(row["street"] or "")
    if row["ground"] == "place":
        size = t.plural("%(n)s place", "%(n)s places", max(1, int(row["measure"])))
    else:
        size = t("%(length)s of street", length=t.length(int(row["measure"]) / 1000))
    return f"{street} · {size}" if street else size


def gap_row(row: Mapping[str, Any], t: Translator) -> Row:
    """A gap as a line: where and how much; why, how long, since when, where."""
    cause = CAUSES[row["cause"]]
    parts = (
        t(cause.name),
        t.duration(int(row["open_ms"]) / 60_000),
        t("since %(moment)s", moment=t.moment(row["since"])),
        named(row, "leaf", t),
    )
    shape = "gap-thin" if cause.list == "build" else "gap"
    return Row(
        f"gaps:{row['id']}",
        bounds_of(row),
        gap_title(row, t),
        tuple(part for part in parts if part),
        Swatch(shape, cause.colour, cause.dash),
        cause=str(row["cause"]),
    )


def state_words(state: str, t: Translator) -> tuple[str, str]:
    """(words, colour) of a camera's state."""
    words, colour = STATES.get(state, UNKNOWN[1:])
    return t(words), colour


def camera_title(row: Mapping[str, Any]) -> str:
    """Its name, its code where it has none."""
    return str(row["name"] or row["code"])


def camera_row(row: Mapping[str, Any], t: Translator) -> Row:
    """A camera as a line: name; state, code, share of the period with pictures."""
    words, colour = state_words(str(row["state"]), t)
    online = row["online_share"]
    parts = [words, *([str(row["code"])] if row["name"] else [])]
    if online is not None and online == online:
        parts.append(t("online %(share)s of the time", share=t.share(float(online))))
    return Row(
        f"cameras:{row['id']}",
        bounds_of(row),
        camera_title(row),
        tuple(parts),
        Swatch(f"camera-{row['state']}", colour),
        code=str(row["code"]),
    )
