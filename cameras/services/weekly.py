"""The report of a week: what the analyses that cover it say together. Functions never commit."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from cameras.audit.rates import state_times, time_rates
from cameras.availability import period_ms
from cameras.causes import BUILD, CAUSES
from cameras.coverage import CoverageSettings
from cameras.losses import losses
from cameras.patterns import Pattern, counted, weekly
from cameras.recordings.periods import shares as recorded_shares
from cameras.repository import compared, recordings, results, upkeep
from cameras.repository import weekly as store
from cameras.services.comparing import differences
from cameras.tables import Analysis
from cameras.weekly import (
    Week,
    clipped,
    mean_deficits,
    mean_shares,
    monday_of,
    parts_counted,
    silent_sources,
    things,
    uncovered,
    week_from,
)
from geo.errors import InputRefused, Sentence
from geo.scope import Scope

# What comes and goes; what was never built is open in every hour of every week.
COMES_AND_GOES = tuple(cause.name for cause in CAUSES if cause.list != BUILD)
LASTING = tuple(cause.name for cause in CAUSES if cause.list == BUILD)
# What lists say now of recordings that long ago may be overwritten since.
RECORDED_FOR = timedelta(days=8)


@dataclass(frozen=True, eq=False)
class Spent:
    """What was found of one week in an area.

    Parameters
    ----------
    week : Week
    analyses : tuple of Analysis
        Those that count for some of it, the newest first.
    pieces : DataFrame
        `cameras.patterns.counted`: for which time each counts.
    holes : list of (start_ms, end_ms)
        What no analysis covers.
    partly : int
        How many of `analyses` count for a part of their period alone.
    superseded : int
        Analyses that newer ones cover wholly.
    otherwise : int
        Analyses that were made with another level, dimension, slot or threshold, and are left out.
    shares, deficits : DataFrame
        `mean_shares`, `mean_deficits`.
    things : DataFrame
        `cameras.weekly.things`.
    cameras : DataFrame
        By code: path, and `cameras.audit.rates.time_rates`, planned maintenance left out. Empty without the
        right to see cameras.
    segments : DataFrame
        `cameras.repository.weekly.segments`, cut to the time that counts.
    """

    week: Week
    analyses: tuple[Analysis, ...]
    pieces: pd.DataFrame
    holes: list[tuple[int, int]]
    partly: int
    superseded: int
    otherwise: int
    shares: pd.DataFrame
    deficits: pd.DataFrame
    things: pd.DataFrame
    cameras: pd.DataFrame
    segments: pd.DataFrame

    @property
    def counted_ms(self) -> int:
        """Length of the time that analyses cover."""
        return int((self.pieces["end_ms"] - self.pieces["start_ms"]).sum())

    @property
    def analysed(self) -> float:
        """Share of the week that analyses cover."""
        start, end = self.week.period
        return self.counted_ms / (end - start)


@dataclass(frozen=True, eq=False)
class Records:
    """What became of camera records: for those who may see cameras.

    Parameters
    ----------
    steps : DataFrame
        By kind of finding: opened, closed (in the week) and left (not closed now).
    overdue : DataFrame
        `cameras.repository.weekly.overdue` on the day the report is made.
    names : DataFrame
        By camera code: name, path; cameras valid now.
    recorded : DataFrame or None
        By camera: path, share recorded of the time that lists speak of; None where the week is too long ago.
    losses : DataFrame
        `cameras.losses.losses` of the time from the first to the last analysed hour, with code and name.
    silent : DataFrame
        `cameras.weekly.silent_sources`.
    """

    steps: pd.DataFrame
    overdue: pd.DataFrame
    names: pd.DataFrame
    recorded: pd.DataFrame | None
    losses: pd.DataFrame
    silent: pd.DataFrame


@dataclass(frozen=True, eq=False)
class WeekReport:
    """Everything that a report of a week says; numbers, not words.

    Parameters
    ----------
    now : datetime
        When it was made.
    area : Scope
    areas : DataFrame
        path, name, name_en, top: the uppermost jurisdictions of the area and those directly below.
    spent : Spent
    before : Spent or None
        The week before; None where no analysis made alike covers any of it.
    pattern : Pattern
        Metres of street open by hour of the week, for causes that come and go.
    leaves : DataFrame
        By path: name, name_en, of jurisdictions that `spent.things` name.
    records : Records or None
        None without the right to see cameras.
    """

    now: datetime
    area: Scope
    areas: pd.DataFrame
    spent: Spent
    before: Spent | None
    pattern: Pattern
    leaves: pd.DataFrame
    records: Records | None = field(default=None)

    @property
    def made_with(self) -> Analysis:
        """The newest analysis of the week: all others were made alike."""
        return self.spent.analyses[0]


def weeks_analysed(session: Session, zone: ZoneInfo) -> pd.DataFrame:
    """Weeks that analyses reach into, the newest first: monday (date), analyses, analysed (share of it).

    As `week_report` counts: by the analyses that were made as the newest of that week was.
    """
    found = store.analyses(session)
    mondays = set()
    for one in found:
        first, end = _bounds(one)
        day = monday_of(datetime.fromtimestamp(first / 1000, zone).date())
        last = datetime.fromtimestamp((end - 1) / 1000, zone).date()
        while day <= last:
            mondays.add(day)
            day += timedelta(days=7)
    rows = []
    for monday in sorted(mondays, reverse=True):
        start, end = week_from(monday, zone).period
        reaching = [one for one in found if _reaches(one, start, end)]
        alike = [one for one in reaching if not differences(reaching[0], one)]
        pieces = counted(_periods(alike), (start, end))
        spent = int((pieces["end_ms"] - pieces["start_ms"]).sum())
        rows.append((monday, pieces["analysis"].nunique(), spent / (end - start)))
    return pd.DataFrame(rows, columns=["monday", "analyses", "analysed"])


def _bounds(analysis: Analysis) -> tuple[int, int]:
    """The analysed period, epoch milliseconds."""
    assert analysis.period.lower is not None and analysis.period.upper is not None
    return period_ms(analysis.period.lower, analysis.period.upper)


def _reaches(analysis: Analysis, start: int, end: int) -> bool:
    first, last = _bounds(analysis)
    return first < end and last > start


def week_report(
    session: Session, week: Week, area: Scope, *, now: datetime, cameras: Session | None = None
) -> WeekReport | None:
    """The report of a week in an area, as far as the session sees it; None where no analysis covers it.

    Parameters
    ----------
    session : Session
        In the scope of whoever may see gaps.
    week : Week
    area : Scope
    now : datetime
        Timezone-aware.
    cameras : Session, optional
        In the scope of whoever may see cameras; what speaks of cameras is left out without.

    Raises
    ------
    InputRefused
        For a week that has not begun.
    """
    if week.start > now:
        raise InputRefused(
            Sentence(
                "the week from %(monday)s has not begun yet; choose one that has", monday=f"{week.monday}"
            )
        )
    reaching = store.analyses(session, week.start, week.end)
    if not reaching:
        return None
    areas = store.areas(session, area)
    newest = reaching[0]
    spent = _spent(session, week, area, areas, reaching, newest, cameras)
    earlier = week.before()
    reaching_before = store.analyses(session, earlier.start, earlier.end)
    before = _spent(session, earlier, area, areas, reaching_before, newest, cameras)
    numbers = [one.id for one in spent.analyses]
    windows = compared.windows(session, numbers, list(COMES_AND_GOES), area)
    found = weekly(_periods(list(spent.analyses)), windows, _zone(week), week.period)
    leaves = {leaf for leaves in spent.things["leaves"] for leaf in leaves}
    return WeekReport(
        now=now,
        area=area,
        areas=areas,
        spent=spent,
        before=before if before.analyses else None,
        pattern=Pattern(found.open_mean / 1000, found.days),
        leaves=store.names(session, sorted(leaves)),
        records=None if cameras is None else _records(cameras, spent, area, now),
    )


def _zone(week: Week) -> ZoneInfo:
    assert isinstance(week.start.tzinfo, ZoneInfo)
    return week.start.tzinfo


def _periods(analyses: list[Analysis]) -> pd.DataFrame:
    """start_ms, end_ms by analysis, in the order given."""
    rows = [_bounds(one) for one in analyses]
    return pd.DataFrame(rows, index=[one.id for one in analyses], columns=["start_ms", "end_ms"])


def _spent(
    session: Session,
    week: Week,
    area: Scope,
    areas: pd.DataFrame,
    reaching: list[Analysis],
    newest: Analysis,
    cameras: Session | None,
) -> Spent:
    alike = [one for one in reaching if not differences(newest, one)]
    periods = _periods(alike)
    pieces = counted(periods, week.period)
    parts = parts_counted(periods, pieces)
    used = tuple(one for one in alike if parts[one.id] > 0)
    numbers, paths = [one.id for one in used], areas["path"].tolist()
    windows = clipped(store.gap_windows(session, numbers, area), pieces)
    segments = clipped(store.segments(cameras, numbers, area), pieces) if cameras else pd.DataFrame()
    weight = newest.parameters.get("coverage", {}).get("place_weight_m", CoverageSettings.place_weight_m)
    counted_ms = int((pieces["end_ms"] - pieces["start_ms"]).sum())
    return Spent(
        week=week,
        analyses=used,
        pieces=pieces,
        holes=uncovered(pieces, week.period),
        partly=int(((parts > 0) & (parts < 1)).sum()),
        superseded=len(alike) - len(used),
        otherwise=len(reaching) - len(alike),
        shares=mean_shares(store.share_sums(session, numbers, paths), parts),
        deficits=mean_deficits(store.deficit_sums(session, numbers, paths), parts, counted_ms),
        things=things(store.gaps(session, numbers, area), windows, place_weight_m=float(weight)),
        cameras=_rated(cameras, segments, week) if cameras else pd.DataFrame(),
        segments=segments,
    )


def _rated(session: Session, segments: pd.DataFrame, week: Week) -> pd.DataFrame:
    """What each camera contributes to the rates, by code."""
    windows = upkeep.maintenance_windows(session, week.start, week.end)
    times = state_times(segments, windows).astype(np.float64)
    return time_rates(times).assign(path=segments.groupby("code")["path"].last())


def _records(session: Session, spent: Spent, area: Scope, now: datetime) -> Records:
    week = spent.week
    start, end = int(spent.pieces["start_ms"].min()), int(spent.pieces["end_ms"].max())
    sources = results.common_sources(session, *(one.id for one in spent.analyses))
    lost = losses(spent.segments, (start, end), sources).join(sources[["code", "name", "path"]], on="camera")
    steps = store.steps(session, week.start, week.end, area).set_index("kind")
    left = pd.Series(store.open_findings(session, area), dtype="int64", name="left")
    known = store.records_in(session, area)
    return Records(
        steps=pd.concat([steps, left], axis=1).fillna(0).astype(int).sort_index(),
        overdue=store.overdue(session, now.astimezone(_zone(week)).date(), area),
        names=known.set_index("code"),
        recorded=_recorded(session, week, known, now) if now - week.end <= RECORDED_FOR else None,
        losses=lost,
        silent=silent_sources(spent.segments, sources),
    )


def _recorded(session: Session, week: Week, known: pd.DataFrame, now: datetime) -> pd.DataFrame:
    """Recorded share of the week, of the cameras that lists speak of: by id, path and share."""
    until = min(week.end, now)
    recorded, listed = recordings.recorded_periods(session, known.index.tolist(), week.start, until)
    found = recorded_shares(recorded, listed, period_ms(week.start, until))
    return known[["path"]].join(found[["share"]], how="inner").dropna()


def ground_of(
    session: Session, report: WeekReport
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """What the map of a report shows (EPSG:4326): gaps (cause, ground), watched streets, borders (path).

    Of what was never built only the last analysis: it is there all week.
    """
    last = int(report.spent.pieces["analysis"].iloc[-1])
    return (
        store.gap_shapes(session, _drawn(report), last, LASTING),
        store.streets(session, report.area),
        store.borders(session, report.areas["path"].tolist()),
    )


def _drawn(report: WeekReport) -> list[int]:
    """Gaps that were open while their analysis counts."""
    return [gap for gaps in report.spent.things["gaps"] for gap in gaps]


def street_names(session: Session, found: pd.DataFrame) -> pd.Series:
    """Name of the street in which the greatest part of each of `things` lies, on its index; "" without."""
    named = store.streets_of(session, [int(gap) for gap in found["gap"]])
    return pd.Series([named.get(int(gap), "") for gap in found["gap"]], index=found.index, dtype=object)
