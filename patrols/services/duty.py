"""Who of a zone's teams is there in a shift, and for how long."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd
from sqlalchemy.orm import Session

from geo.errors import Sentence
from geo.services import current_site
from patrols.hours import DAYTIME, Terms, serving
from patrols.repository.calendars import calendars


def on_duty(
    teams: gpd.GeoDataFrame,
    start: datetime,
    end: datetime,
    *,
    zone: tzinfo | None = None,
    days: Mapping[str, Callable[[date], bool]] | None = None,
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Teams that serve in the shift `[start, end)`, and a remark on each that does not.

    Parameters
    ----------
    teams : GeoDataFrame
        code, starts_at, ends_at (tz-aware; NaT or None: as the shift), where somebody flies endurance_s (NaN
        of all others), and as far as they are there the columns of `patrols.hours.Terms.of_row`.
    zone : tzinfo, optional
        The site's, in which hours of the day are; that of `start` without.
    days : mapping of code to callable, optional
        Whether a calendar holds on a date, by its code.

    Returns
    -------
    (GeoDataFrame, list of str)
        The teams with start_s and end_s, whole seconds from `start` inside both the shift and their hours. A
        team that serves in several parts of the shift has the longest of them, and a remark says so.
        Who flies does so once, from the beginning of these on, and no longer than its endurance; a remark
        says so where that is shorter.
    """
    clock = zone or start.tzinfo or UTC
    remarks: list[str] = []
    hours: list[tuple[int, int]] = []
    for row in teams.to_dict("records"):
        found = _time_of(row, start, end, clock, days or {})
        first_s, last_s = found.seconds
        remarks += found.remarks
        endurance_s = row.get("endurance_s")
        if first_s < last_s and not pd.isna(endurance_s) and endurance_s < last_s - first_s:
            last_s = first_s + int(endurance_s)
            remarks.append(
                Sentence(
                    "team '%(team)s' flies for %(minutes)s min and is planned for these from %(start)s on",
                    team=row["code"],
                    minutes=f"{endurance_s / 60:g}",
                    start=f"{start + timedelta(seconds=first_s):%H:%M}",
                )
            )
        hours.append((first_s, last_s))
    kept = teams.assign(start_s=[first for first, _ in hours], end_s=[last for _, last in hours])
    return kept[kept["start_s"] < kept["end_s"]], remarks


def on_duty_here(
    session: Session, teams: gpd.GeoDataFrame, start: datetime, end: datetime
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """`on_duty` with the site's time zone and calendars."""
    zone = ZoneInfo(current_site(session).timezone)
    return on_duty(teams, start, end, zone=zone, days=calendar_days(session))


def calendar_days(session: Session) -> dict[str, Callable[[date], bool]]:
    """Whether each calendar holds on a date, by its code."""
    stored = calendars(session)
    return {code: one.holds for code, one in zip(stored["code"], stored["calendar"], strict=True)}


@dataclass(frozen=True)
class _Time:
    """When a team serves, seconds from the begin of the shift (an end not after it: never), and remarks."""

    seconds: tuple[int, int]
    remarks: tuple[str, ...] = ()


def serves_whole(
    row: dict[str, Any],
    start: datetime,
    end: datetime,
    zone: tzinfo,
    days: Mapping[str, Callable[[date], bool]],
) -> bool:
    """Whether a team, a row as `on_duty` takes them, serves in all of `[start, end)`."""
    return _time_of(row, start, end, zone, days).seconds == _seconds(start, start, end)


def _time_of(
    row: dict[str, Any],
    start: datetime,
    end: datetime,
    zone: tzinfo,
    days: Mapping[str, Callable[[date], bool]],
) -> _Time:
    code, own_start, own_end = row["code"], row["starts_at"], row["ends_at"]
    first = start if pd.isna(own_start) else max(start, own_start)
    last = end if pd.isna(own_end) else min(end, own_end)
    # Rounded inwards: a second begun before the team is there is not the team's.
    own = _seconds(start, first, last)
    if own[0] >= own[1]:
        return _Time((0, 0), (_left_out(code, _hours(own_start, own_end, start.tzinfo)),))
    terms = Terms.of_row(row)
    if terms.calendar is not None and terms.calendar not in days:
        return _Time(
            (0, 0),
            (
                Sentence(
                    "team '%(team)s' serves by calendar '%(calendar)s', which is not there, and was left "
                    "out; give it another one",
                    team=code,
                    calendar=terms.calendar,
                ),
            ),
        )
    serves = (lambda day: True) if terms.calendar is None else days[terms.calendar]
    parts = [
        (max(own[0], a), min(own[1], b))
        for a, b in (_seconds(start, *part) for part in serving(start, end, zone, terms, serves=serves))
    ]
    parts = [part for part in parts if part[0] < part[1]]
    if not parts:
        return _Time((0, 0), (_left_out(code, _terms_words(terms)),))
    longest = max(parts, key=lambda part: (part[1] - part[0], -part[0]))
    if len(parts) == 1:
        return _Time(longest)
    from_s, until_s = (start + timedelta(seconds=second) for second in longest)
    return _Time(
        longest,
        (
            Sentence(
                "team '%(team)s' serves in %(n)s parts of this shift and is planned for the longest, "
                "%(start)s to %(end)s",
                team=code,
                n=len(parts),
                start=f"{from_s.astimezone(zone):%H:%M}",
                end=f"{until_s.astimezone(zone):%H:%M}",
            ),
        ),
    )


def _seconds(origin: datetime, first: datetime, last: datetime) -> tuple[int, int]:
    """A period as whole seconds from `origin` that lie in it."""
    second = timedelta(seconds=1)
    return -((origin - first) // second), (last - origin) // second


def _left_out(code: str, hours: str) -> Sentence:
    return Sentence(
        "team '%(team)s' serves %(hours)s, not in this shift, and was left out", team=code, hours=hours
    )


def _terms_words(terms: Terms) -> str:
    """When a team serves by its terms; at least one of them is not the usual."""
    parts: list[str] = []
    if terms.hours is not None:
        parts.append(
            Sentence(
                "daily from %(start)s to %(end)s",
                start=f"{terms.hours[0]:%H:%M}",
                end=f"{terms.hours[1]:%H:%M}",
            )
        )
    if terms.daytime_only:
        parts.append(
            Sentence(
                "by day only, %(start)s to %(end)s",
                start=f"{DAYTIME[0]:%H:%M}",
                end=f"{DAYTIME[1]:%H:%M}",
            )
        )
    if terms.calendar is not None:
        parts.append(Sentence("on the days of calendar '%(calendar)s'", calendar=terms.calendar))
    return listed(parts)


def less_the_walk(teams: gpd.GeoDataFrame, walk_s: pd.Series) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Shifts cut at both ends by the walk between base and street; teams with no time left are left out."""
    cut = teams.assign(start_s=teams["start_s"] + walk_s, end_s=teams["end_s"] - walk_s)
    has_time = cut["start_s"] < cut["end_s"]
    remarks: list[str] = [
        Sentence(
            "team '%(team)s' walks %(walk)s s from its base to its street and back, has no time left in this "
            "shift, and was left out",
            team=code,
            walk=walk,
        )
        for code, walk in zip(cut.loc[~has_time, "code"], walk_s[~has_time], strict=True)
    ]
    return cut[has_time], remarks


def _hours(start: Any, end: Any, zone: tzinfo | None) -> Sentence:
    """A team's own hours, at least one end of which is given."""
    first, last = (None if pd.isna(at) else at.astimezone(zone).isoformat() for at in (start, end))
    if first is None:
        return Sentence("until %(end)s", end=last)
    if last is None:
        return Sentence("from %(start)s", start=first)
    return Sentence("from %(start)s until %(end)s", start=first, end=last)


def listed(remarks: list[str]) -> str:
    """Several remarks as one."""
    first, *others = remarks
    return first if not others else Sentence("%(first)s; %(others)s", first=first, others=listed(others))
