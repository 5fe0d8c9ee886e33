"""Planned maintenance (报备), assessed lists (考核清单) and the rates. Functions never commit."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from cameras.audit.rates import STATES, camera_rates, filled_share, state_times
from cameras.frames.times import epoch_ms
from cameras.patterns import counted
from cameras.repository import upkeep, weekly
from cameras.services.auditing import LONGEST_TEXT
from cameras.tables import Analysis, AssessedList, Maintenance
from geo import repository as places
from geo.errors import InputRefused, Sentence
from geo.scope import Scope


def register_maintenance(
    session: Session,
    *,
    codes: Sequence[str] = (),
    unit: str = "",
    start: datetime,
    end: datetime,
    reason: str,
    author: str,
    now: datetime,
) -> int:
    """Register planned maintenance of cameras by code, or of all that a unit looks after; answers its id.

    What lies before the registration counts all the same, and a period that is over is refused. Cameras may
    lie in several jurisdictions: each sees the maintenance with its own.

    Raises
    ------
    InputRefused
    """
    wanted = list(dict.fromkeys(code.strip() for code in codes if code.strip()))
    if end <= start:
        raise InputRefused(
            Sentence(
                "the period from %(start)s to %(end)s is empty; swap the two",
                start=_plain(session, start),
                end=_plain(session, end),
            )
        )
    if end <= now:
        raise InputRefused(
            Sentence(
                "the period ended at %(end)s; planned maintenance is registered before it takes place",
                end=_plain(session, end),
            )
        )
    if not reason.strip() or len(reason) > LONGEST_TEXT:
        raise InputRefused(Sentence("the reason is missing; say why in a few words"))
    if not wanted and not unit.strip():
        raise InputRefused(Sentence("no camera is named; give codes, or the unit that looks after them"))
    found = upkeep.cameras_of(session, codes=wanted or None, unit=None if wanted else unit.strip())
    missing = [code for code in wanted if code not in set(found["code"])]
    if missing:
        raise InputRefused(
            Sentence(
                "camera %(code)s is not known in your area (%(n)s such codes); correct the code",
                code=missing[0],
                n=len(missing),
            )
        )
    if found.empty:
        raise InputRefused(
            Sentence("no record names the unit “%(unit)s”; take one from the list", unit=unit.strip())
        )
    paths = found["path"].where(found["path"].notna(), None)
    return upkeep.add_maintenance(
        session,
        list(zip(found["code"], paths, strict=True)),
        period=Range(start, end),
        unit=unit.strip() or None,
        reason=reason.strip(),
        author=author,
        at=now,
        path=None if paths.isna().any() else Scope.of(paths.unique()).root,
    )


def _plain(session: Session, at: datetime) -> str:
    """A moment as people write it, in the site's zone."""
    site = places.site(session)
    return f"{at.astimezone(ZoneInfo(site.timezone) if site else UTC):%Y-%m-%d %H:%M}"


def withdraw_maintenance(session: Session, number: int, *, author: str, now: datetime) -> Maintenance:
    """End a planned maintenance now: from here on its cameras count again.

    Raises
    ------
    InputRefused
        When it is not seen, has cameras elsewhere too, is withdrawn already or over.
    """
    if session.get(Maintenance, number) is None:
        raise InputRefused(Sentence("there is no planned maintenance %(n)s in your area", n=number))
    if not upkeep.holds_maintenance(session, number):
        raise InputRefused(
            Sentence(
                "planned maintenance %(n)s has cameras outside your area too; ask whoever registered it to "
                "withdraw it",
                n=number,
            )
        )
    # Read anew under the lock: somebody else may have withdrawn it since this session looked.
    found = session.get_one(Maintenance, number, with_for_update=True, populate_existing=True)
    assert found.period.upper is not None
    if found.withdrawn_at is not None or found.period.upper <= now:
        raise InputRefused(
            Sentence("planned maintenance %(n)s is over; there is nothing to withdraw", n=number)
        )
    found.withdrawn_at, found.withdrawn_by = now, author
    session.flush()
    return found


def freeze_list(
    session: Session,
    *,
    month: date,
    within: str | None,
    author: str,
    now: datetime,
    point_class: int | None = None,
) -> AssessedList:
    """Freeze the cameras that are assessed in a month; never changed after.

    Where smaller jurisdictions, or classes, have lists of the month already, those stand and the rest is
    frozen.

    Parameters
    ----------
    month : date
        Any day of it.
    within : str or None
        Jurisdiction path; None is the whole site.
    point_class : int, optional
        First, second or third class points alone (GB/T 28181 PointType).

    Raises
    ------
    InputRefused
        When a list of the month speaks for all of it already, or no camera is left.
    """
    first = month.replace(day=1)
    others = upkeep.lists_of(session, first, within, point_class)
    for other in others:
        if other["speaks"]:
            raise InputRefused(
                Sentence(
                    "%(month)s is frozen already for %(where)s; a frozen list is not changed",
                    month=f"{first:%Y-%m}",
                    where=_where(other),
                )
            )
    head = AssessedList(
        month=first, within_path=within, point_class=point_class, cameras=0, frozen_at=now, frozen_by=author
    )
    if upkeep.freeze(session, head) == 0:
        if others:
            raise InputRefused(
                Sentence(
                    "no camera is left to freeze here: the others are on lists of %(month)s already",
                    month=f"{first:%Y-%m}",
                )
            )
        raise InputRefused(Sentence("there is no camera to assess here; choose another area or class"))
    return head


def _where(head: Mapping[str, Any]) -> str | Sentence:
    """What a list that speaks for one's own area was frozen for: what lies above is not seen by its name."""
    if head["path"] is None:
        return Sentence("the whole site")
    return str(head["name"]) if head["name"] else Sentence("a larger jurisdiction")


def rated_cameras(session: Session, analysis: Analysis | None, month: date, scope: Scope) -> pd.DataFrame:
    """What each camera of a scope contributes to the rates.

    A frozen list of the month is the denominator where it was frozen, and for the class of points that it was
    frozen for: elsewhere, and of other classes, all records there are count.

    Returns
    -------
    DataFrame
        As `cameras.audit.rates.camera_rates`, with `listed`: it is on a frozen list.
    """
    paths = None if scope.everywhere else list(scope.paths)
    first = month.replace(day=1)
    listed = upkeep.assessed(session, first, paths)
    others = upkeep.unlisted(session, first, paths)
    # A camera that was moved since it was frozen counts where it was.
    others = others[~others["code"].isin(listed["code"])]
    parts = [one.assign(listed=on) for one, on in ((listed, True), (others, False)) if len(one)]
    cameras = pd.concat(parts, ignore_index=True) if parts else listed.assign(listed=False)
    codes = None if scope.everywhere else cameras["code"].tolist()
    records = upkeep.judged_records(session, codes)
    records = records.assign(filled=filled_share(records["kept"]))
    times = pd.DataFrame(columns=list(STATES), dtype="int64")
    if analysis is not None:
        start, end = analysis.period.lower, analysis.period.upper
        assert start is not None and end is not None
        times = upkeep.state_sums(session, analysis.id, codes)
        windows = upkeep.maintenance_windows(session, start, end)
        windows = windows[windows["code"].isin(times.index)]
        if len(windows):
            # What maintenance takes away is worked out camera by camera, for the few that have any.
            few = windows["code"].unique().tolist()
            less = state_times(upkeep.segments(session, analysis.id, few), windows)
            times = pd.concat([times.drop(index=less.index), less])
    return camera_rates(cameras, records, times)


def rates_by_day(
    session: Session, month: date, scope: Scope, zone: ZoneInfo, unit: str | None = None
) -> pd.DataFrame:
    """Online and integrity rates of a scope for each day of a month that analyses reach into.

    Every instant counts once, by the newest analysis of it; the cameras are those of `rated_cameras`.

    Parameters
    ----------
    month : date
        Any day of it.
    zone : ZoneInfo
        Whose days are meant.
    unit : str, optional
        Of one maintenance unit alone.

    Returns
    -------
    DataFrame
        By day (ISO): `analysed` (share of the day that analyses cover), and as `group_rates`: `cameras`,
        `planned`, `online`, `measured`, `normal`.
    """
    first = month.replace(day=1)
    days = [first + timedelta(days=n) for n in range(calendar.monthrange(first.year, first.month)[1])]
    midnights = [datetime.combine(day, time(), zone) for day in (*days, days[-1] + timedelta(days=1))]
    found = weekly.analyses(session, midnights[0], midnights[-1])
    bounds = [(one.period.lower, one.period.upper) for one in found]
    periods = pd.DataFrame(
        [(epoch_ms(start), epoch_ms(end)) for start, end in bounds if start is not None and end is not None],
        index=[one.id for one in found],
        columns=["start_ms", "end_ms"],
    )
    parts = []
    for day, (start, end) in zip(days, pairwise(map(epoch_ms, midnights)), strict=True):
        piece = counted(periods, (start, end))
        share = (piece["end_ms"] - piece["start_ms"]) / (end - start)
        parts.append(piece.assign(day=day.isoformat(), analysed=share))
    pieces = pd.concat(parts, ignore_index=True)
    paths = None if scope.everywhere else list(scope.paths)
    listed, others = upkeep.assessed(session, first, paths), upkeep.unlisted(session, first, paths)
    cameras = pd.concat([listed, others], ignore_index=True)
    if unit is not None:
        cameras = cameras[cameras["unit"] == unit]
    rates = upkeep.day_rates(session, pieces, sorted(set(cameras["code"])))
    return pieces.groupby("day")[["analysed"]].sum().join(rates)
