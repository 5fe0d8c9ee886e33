"""The time that a line of text on a screen tells, as a reading of the camera's own clock."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Final

# What stands between two numbers of a date is read badly more often than the numbers: 日 as 目, 月 as 司.
_BETWEEN: Final = r"(?: ?[^\d\s:]{1,2} ?| )"
# Two digits each, as clocks show them: one that was lost would make another time.
_YEAR_FIRST: Final = rf"(?P<year>\d{{4}}){_BETWEEN}(?P<one>\d{{2}}){_BETWEEN}(?P<two>\d{{2}})"
_YEAR_LAST: Final = rf"(?P<one>\d{{2}}){_BETWEEN}(?P<two>\d{{2}}){_BETWEEN}(?P<year>\d{{4}})"
_TIME: Final = r"(?P<hour>\d{2}) ?: ?(?P<minute>\d{2}) ?: ?(?P<second>\d{2})"
_HALF: Final = r"(?P<half>[AP] ?\.?M\.?|上午|下午)?"
# A weekday, in either language, whatever became of it.
_WEEKDAY: Final = r"[^\d:]{1,14}?"
# The end of the line, with specks that were taken for signs, but with no word.
_NOISE: Final = r"[^\w:]{0,3}"
_FORMS: Final = tuple(
    re.compile(f"{_NOISE}{form}{_NOISE}", re.IGNORECASE)
    for date in (_YEAR_FIRST, _YEAR_LAST)
    for form in (
        f"{date}{_WEEKDAY}{_HALF} ?{_TIME} ?{_HALF.replace('half', 'after')}",
        f"{_TIME} ?{_HALF}{_WEEKDAY}{date}",
    )
)


def readings(text: str) -> tuple[datetime, ...]:
    """The times that a line may tell, without a zone; none for a line that is no date with a time.

    Year, month and day in this order, or the year last and then month and day in either order, where both can
    be: two times. With seconds, of 24 hours or with AM and PM, 上午 and 下午, before or behind the date; a
    weekday may stand between. A line with further words or numbers tells none.
    """
    plain = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip()
    found: dict[datetime, None] = {}
    for form in _FORMS:
        match = form.fullmatch(plain)
        if match is None:
            continue
        parts = match.groupdict()
        year_first = match.start("year") < match.start("one")
        orders = [(parts["one"], parts["two"])]
        if not year_first:
            orders.append((parts["two"], parts["one"]))
        for month, day in orders:
            moment = _moment(parts, int(month), int(day))
            if moment is not None:
                found[moment] = None
    return tuple(found)


def _moment(parts: dict[str, str | None], month: int, day: int) -> datetime | None:
    year, hour, minute, second = (int(parts[name] or 0) for name in ("year", "hour", "minute", "second"))
    half = (parts.get("half") or parts.get("after") or "").upper()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half[0] in "P下" else 0)
    try:
        return datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
