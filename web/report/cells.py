"""Values as cells of a report: the words that are read, and the value that a workbook holds."""

from __future__ import annotations

from datetime import date, datetime

from web.i18n import Translator
from web.report.content import MISSING, Cell, Head

NOTHING = Cell(MISSING)


def words(text: str, *, href: str = "", colour: str = "") -> Cell:
    """A text; a dash where there is none."""
    return Cell(text, text, href=href, colour=colour) if text else NOTHING


def number(value: float, t: Translator) -> Cell:
    """A count."""
    return Cell(t.number(value), int(value), "integer")


def share(value: float, t: Translator) -> Cell:
    """A share 0–1; a dash where it is not known."""
    return Cell(t.share(value), float(value), "share") if value == value else NOTHING


def metres(value: float, t: Translator) -> Cell:
    """A length; a workbook holds metres."""
    return Cell(t.length(value), round(float(value), 3), "number") if value == value else NOTHING


def hours(length_ms: float, t: Translator) -> Cell:
    """A duration; a workbook holds hours."""
    return Cell(t.duration(length_ms / 60_000), round(length_ms / 3_600_000, 4), "number")


def moment(epoch_ms: int, t: Translator) -> Cell:
    """A time of the site; a dash where it is none (-1)."""
    if epoch_ms < 0:
        return NOTHING
    at = datetime.fromtimestamp(epoch_ms / 1000, t.zone)
    return Cell(t.moment(at), at, "moment")


def day(value: date) -> Cell:
    """A day."""
    return Cell(f"{value:%Y-%m-%d}", value, "day")


def points(now: float, before: float, t: Translator) -> Cell:
    """The change of a share in percentage points; a dash where one of the two is not known."""
    change = round(100 * (now - before), 1)
    if change != change:
        return NOTHING
    sign = "+" if change > 0 else "−" if change < 0 else ""
    return Cell(f"{sign}{t.number(abs(change), 1)}", change + 0.0, "number")


def heads(*columns: tuple[str, float] | tuple[str, float, str]) -> list[Head]:
    """Heads of columns: (text, wide) of words, (text, wide, unit) of numbers; a unit may be empty."""
    return [Head(one[0], one[1], len(one) == 3, one[2] if len(one) == 3 else "") for one in columns]
