"""Days and times of a week as a report says them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from babel.dates import get_day_names

from web.i18n import N_, Translator

SAID_WINDOWS = 3
# Of the time analysed: a slot of a quarter of an hour at its edge makes no difference.
ALL_OF_IT = 0.995
DAY_END = "24:00"
NO_BREAK = "\u00a0"


def day_words(at: datetime, t: Translator) -> str:
    """Name of the day of the week, short."""
    names = get_day_names("abbreviated", locale=t.lang)
    return str(names[at.astimezone(t.zone).weekday()])


def _ends(start_ms: int, end_ms: int, t: Translator) -> tuple[datetime, datetime, str, str]:
    """Both ends in the site's zone, the last inside its day, and their clock times; a day ends at 24:00."""
    start, end = (datetime.fromtimestamp(at / 1000, t.zone) for at in (start_ms, end_ms))
    until = f"{end:%H:%M}"
    if end.hour == end.minute == 0 and end > start:
        end, until = end - timedelta(microseconds=1), DAY_END
    return start, end, f"{start:%H:%M}", until


def span_words(start_ms: int, end_ms: int, t: Translator) -> str:
    """A part of the week: Sat 10:00–18:00; Sat 22:00 – Sun 06:00; the end of a day is 24:00."""
    start, end, since, until = _ends(start_ms, end_ms, t)
    if start.date() == end.date():
        return f"{day_words(start, t)} {since}–{until}"
    return f"{day_words(start, t)} {since} – {day_words(end, t)} {until}"


def spans_words(spans: Sequence[tuple[int, int]], t: Translator, most: int = SAID_WINDOWS) -> str:
    """Parts of the week in the order of time, the same hours of several days as one: Tue–Fri 10:30–13:00.

    Of more than `most` those are said that are longest together, and how many more there are.
    """
    alike: dict[object, list[tuple[int, int]]] = {}
    for span in spans:
        start, end, since, until = _ends(*span, t)
        # What reaches into another day stands by itself.
        key = (since, until) if start.date() == end.date() else span
        alike.setdefault(key, []).append(span)
    groups = sorted(alike.values(), key=lambda own: (-sum(end - start for start, end in own), own[0]))
    # Not parted by the end of a line.
    parts = [_group_words(own, t).replace(" ", NO_BREAK) for own in sorted(groups[:most])]
    rest = sum(len(own) for own in groups[most:])
    if not rest:
        return t.joined(parts)
    more = t.plural("%(n)s more time", "%(n)s more times", rest)
    return t(N_("%(spans)s and %(more)s"), spans=t.joined(parts), more=more)


def _group_words(own: Sequence[tuple[int, int]], t: Translator) -> str:
    """Spans of the same clock time: three and more days in a row by the first and the last of them."""
    if len(own) == 1:
        return span_words(*own[0], t)
    days = [datetime.fromtimestamp(start / 1000, t.zone) for start, _ in own]
    numbers, names = [one.weekday() for one in days], [day_words(one, t) for one in days]
    in_a_row = len(numbers) > 2 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    _, _, since, until = _ends(*own[0], t)
    return f"{f'{names[0]}–{names[-1]}' if in_a_row else '/'.join(names)} {since}–{until}"


def windows_words(windows: Sequence[tuple[int, int]], open_ms: int, counted_ms: int, t: Translator) -> str:
    """When something was open, of the time analysed."""
    if open_ms >= ALL_OF_IT * counted_ms:
        return t(N_("all of the time analysed"))
    return spans_words(windows, t)


def hours_words(length_ms: float, t: Translator) -> str:
    """A duration in whole hours, of which a week has many."""
    return t(N_("%(hours)s h"), hours=t.number(length_ms / 3_600_000, 1))


def points_words(now: float, before: float, t: Translator) -> tuple[str, str]:
    """The change of a share in percentage points, and its tone: more is better."""
    points = round(100 * (now - before), 1)
    if not points:
        return t(N_("as in the week before")), "same"
    sign = "+" if points > 0 else "−"
    return (
        t(N_("%(sign)s%(points)s points"), sign=sign, points=t.number(abs(points), 1)),
        "good" if points > 0 else "bad",
    )
