"""Find ground that is usually watched at this hour and is not now, and keep what was found. Never commits."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame
from sqlalchemy.orm import Session

from cameras.alerts import AlertSettings
from cameras.alerts.candidates import candidates
from cameras.alerts.due import deadlines, is_due
from cameras.alerts.following import CHECKS_TO_END, UNJUDGED, continued, endings
from cameras.alerts.grouping import losses_of
from cameras.alerts.tables import Alert
from cameras.alerts.usual import Day, Window, days_before, open_days, open_in
from cameras.analysis import AnalysisResult, AnalysisSettings, Scene, analyse_scene
from cameras.availability import period_ms
from cameras.causes import NOT_MEASURED, STATES
from cameras.evidence import SourceTable
from cameras.frames.times import epoch_ms
from cameras.losses import losses
from cameras.repository import alerts as store
from cameras.repository import frames as frame_store
from cameras.repository import upkeep
from cameras.services.analysing import stored_scene
from cameras.services.auditing import LONGEST_TEXT
from cameras.services.comparing import made_with
from cameras.validity import recorded
from geo.crs import to_metric
from geo.errors import InputRefused, LianfangError, Sentence
from geo.services import current_site

# What the usual days must have been analysed with as the site analyses now. Of the slot they need not: what
# is open is counted in time.
ALIKE = ("level", "dimension", "threshold")


@dataclass(frozen=True)
class Checked:
    """What a check found.

    Parameters
    ----------
    at : datetime
        Its "now".
    days, fewest_days : int
        How many days are known at this hour, and how many it takes.
    raised, ended : tuple of int
        Alerts that are new, and that have ended.
    going_on : int
        Alerts that go on, those that were not found for the first time among them.
    planned : int
        Losses under registered maintenance, of which nobody is alarmed.
    """

    at: datetime
    days: int
    fewest_days: int
    raised: tuple[int, ...] = ()
    ended: tuple[int, ...] = ()
    going_on: int = 0
    planned: int = 0

    @property
    def is_judged(self) -> bool:
        """Whether enough days are known to say what is usual."""
        return self.days >= self.fewest_days


class CheckRunning(LianfangError):
    """Somebody else checks at this moment."""


def known_days(
    session: Session, now: datetime, analysis: AnalysisSettings, chosen: AlertSettings
) -> list[Day]:
    """The days before `now` whose same hour was analysed as the site analyses now, the latest first."""
    window = _window(now, chosen)
    since = now - timedelta(days=chosen.days + 1, minutes=chosen.window_min)
    wanted = {
        "level": str(analysis.coverage.level),
        "dimension": analysis.dimension,
        "threshold": analysis.coverage.threshold,
    }
    periods = {}
    for one in store.analyses(session, since, now):
        made = made_with(one)
        if one.period.lower and one.period.upper and all(made[name] == wanted[name] for name in ALIKE):
            periods[one.id] = period_ms(one.period.lower, one.period.upper)
    table = pd.DataFrame.from_dict(periods, orient="index", columns=["start_ms", "end_ms"], dtype=np.int64)
    return days_before(window, table, days=chosen.days, zone=_zone(session))


def check_is_due(session: Session, now: datetime, analysis: AnalysisSettings, chosen: AlertSettings) -> bool:
    """Whether a check could find anything new: frames came, or a source's silence begins to count.

    Not before the last check, and never in a site of which too few days are known at this hour, as long as
    there is no alert that has to be ended for it.
    """
    last = store.last_check(session)
    checked = None if last is None else last.checked_at
    if checked is not None and now <= checked:
        return False
    if len(known_days(session, now, analysis, chosen)) < chosen.fewest_days:
        return not store.open_alerts(session).empty
    patience = analysis.thresholds.lost_intervals
    sources = frame_store.sources(session)
    known = SourceTable.of(sources, patience)
    by_source = dict(zip(known.ids.tolist(), known.patience_ms.tolist(), strict=True))
    heard = store.heard(session, now)
    times = deadlines(
        [
            (int(at), max(patience_ms, by_source[int(source)]))
            for source, at in heard[["source", "heard_ms"]].itertuples(index=False)
            for patience_ms in (0, 60_000 * chosen.silence_min)
        ],
        window_ms=60_000 * chosen.window_min,
        threshold_ppm=analysis.coverage.threshold_ppm,
    )
    return is_due(
        epoch_ms(now),
        checked_ms=None if checked is None else epoch_ms(checked),
        mark=store.frames_at(session, now - timedelta(minutes=chosen.window_min), now),
        last_mark=None if last is None else last.frames_at,
        times=times,
    )


def check_alerts(
    session: Session,
    *,
    now: datetime,
    analysis: AnalysisSettings,
    chosen: AlertSettings | None = None,
    progress: Callable[[float], None] | None = None,
    rehearsed: bool = False,
) -> Checked:
    """Look at the time just before `now`, and raise, continue and end alerts by it.

    Parameters
    ----------
    session : Session
        Of the whole site.
    now : datetime
        Timezone-aware; after that of the last check.
    analysis : AnalysisSettings
        The site's; its slot does not matter.
    chosen : AlertSettings, optional
    progress : callable, optional
        Gets the fraction done.
    rehearsed : bool
        Somebody takes back what is stored: a `now` of before the last check may be looked at, too.

    Raises
    ------
    CheckRunning
        Where somebody else does so at this moment.
    LianfangError
        For a `now` not after the last check, or a site that cannot be analysed.
    """
    settings = chosen or AlertSettings()
    if not store.hold(session):
        raise CheckRunning(Sentence("another check for alerts is running; wait until it has ended"))
    last = store.last_check(session)
    zone = _zone(session)
    if not rehearsed and last is not None and last.checked_at is not None and now <= last.checked_at:
        raise LianfangError(
            Sentence(
                "the last check was of %(last)s, and %(now)s is not after it; give a later time",
                last=f"{last.checked_at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
                now=f"{now.astimezone(zone):%Y-%m-%d %H:%M:%S}",
            )
        )
    window = _window(now, settings)
    # Before frames are read: those that come meanwhile make the next check due.
    mark = store.frames_at(session, now - timedelta(minutes=settings.window_min), now)
    days = known_days(session, now, analysis, settings)
    told = Checked(now, len(days), settings.fewest_days)
    before = store.open_alerts(session)
    if not told.is_judged:
        how = dict.fromkeys(_second_time(session, before, range(len(before))), UNJUDGED)
        store.end(session, how, now)
        told = replace(told, ended=tuple(how), going_on=len(before) - len(how))
    else:
        scene = stored_scene(
            session, now - timedelta(minutes=settings.window_min), now, analysis.thresholds, brief=True
        )
        inside = replace(analysis, coverage=replace(analysis.coverage, slot_min=settings.window_min))
        found = analyse_scene(scene, window, inside, progress=progress)
        lost, usual = _lost(session, scene, found, window, days, settings)
        told = _kept(session, told, lost, usual, before, scene.cameras["code"])
    store.note_check(session, checked_at=now, days=told.days, frames_at=mark, failed_at=None, error=None)
    return told


def note_duration(session: Session, took_s: float) -> None:
    """Keep how long the last check took."""
    store.note_check(session, took_s=took_s)


def note_failure(session: Session, words: dict[str, Any], now: datetime) -> None:
    """Keep why a check failed, a stored sentence; the next one that succeeds takes it back."""
    store.note_check(session, failed_at=now, error=words)


def acknowledge(session: Session, number: int, *, author: str, note: str, now: datetime) -> Alert:
    """Note that somebody has seen to an alert.

    Raises
    ------
    InputRefused
        For one that is not seen, is acknowledged already, or a note that is too long.
    """
    found = session.get(Alert, number, with_for_update=True, populate_existing=True)
    if found is None:
        raise InputRefused(Sentence("there is no alert %(n)s in your area", n=number))
    if found.acknowledged_at is not None:
        raise InputRefused(
            Sentence(
                "alert %(n)s was acknowledged by %(who)s already; open the page again",
                n=number,
                who=str(found.acknowledged_by),
            )
        )
    if len(note) > LONGEST_TEXT:
        raise InputRefused(
            Sentence("the note has %(n)s characters; give at most %(most)s", n=len(note), most=LONGEST_TEXT)
        )
    found.acknowledged_at, found.acknowledged_by, found.note = now, author, note.strip()
    session.flush()
    return found


def _lost(
    session: Session,
    scene: Scene,
    found: AnalysisResult,
    window: Window,
    days: list[Day],
    settings: AlertSettings,
) -> tuple[GeoDataFrame, GeoDataFrame]:
    """Losses of now, and the ground that is open now for passing causes as it usually is."""
    frame = found.gaps.frame
    gaps = candidates(frame, found.gaps.cameras, found.availability.segments)
    gaps = _without_short_silence(session, scene, gaps, window[1], settings)
    if gaps.empty:
        pieces = GeoDataFrame(
            {"row": [], "ground": [], "measure": [], "days": []}, geometry=[], crs=frame.crs
        )
    else:
        past, windows = store.gaps_there(
            session,
            {int(one) for day in days for one in day.parts["analysis"]},
            [day.window for day in days],
            [tuple(one) for one in store.boxes_of(gaps.geometry).tolist()],
        )
        # Half of the window, as of a slot: what was open less long counts as watched.
        least_ms = (window[1] - window[0]) // 2
        pieces = open_days(gaps, to_metric(past, frame.crs), open_in(days, windows), least_ms)
    is_usual = pieces["days"] > settings.open_share * len(days)
    planned = scene.cameras.index[scene.cameras["code"].isin(_maintained(session, window[1]))]
    lost = losses_of(gaps, pieces[~is_usual], _common(scene, found, window), set(planned))
    return lost, pieces[is_usual]


def _without_short_silence(
    session: Session, scene: Scene, gaps: GeoDataFrame, now_ms: int, settings: AlertSettings
) -> GeoDataFrame:
    """Gaps without unmeasured ground of cameras whose sources may only be between two batches."""
    heard = store.heard(session, datetime.fromtimestamp(now_ms / 1000, UTC)).set_index("source")["heard_ms"]
    last = scene.expected["source"].map(heard).groupby(scene.expected["camera"]).max()
    lately = set(last.index[last > now_ms - 60_000 * settings.silence_min])
    short = np.array([bool(ids) and lately.issuperset(ids) for ids in gaps["cameras"]], dtype=bool)
    return gaps[~(gaps["cause"].eq(STATES[NOT_MEASURED]).to_numpy() & short)].reset_index(drop=True)


def _maintained(session: Session, now_ms: int) -> set[str]:
    """Codes of the cameras that are under registered maintenance now."""
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    # Those that were withdrawn meanwhile touch the period too.
    touching = upkeep.maintenance_windows(session, now, now + timedelta(seconds=1))
    return set(touching["code"][(touching["start_ms"] <= now_ms) & (now_ms < touching["end_ms"])])


def _common(scene: Scene, found: AnalysisResult, window: Window) -> pd.Series:
    """By camera what it went together with others by: the code of a recorder or source, else ""."""
    segments = recorded(found.availability.segments)
    codes = scene.sources["code"]
    speaks = scene.expected.groupby("camera")["source"].min().map(codes)
    hung = pd.DataFrame(
        {"parent": scene.cameras["parent_code"], "source": speaks.reindex(scene.cameras.index)}
    )
    told = losses(segments.assign(state=np.array(STATES)[segments["state"].to_numpy()]), window, hung)
    return told.set_index("camera")["common"]


def _kept(
    session: Session,
    told: Checked,
    lost: GeoDataFrame,
    usual: GeoDataFrame,
    before: GeoDataFrame,
    codes: pd.Series,
) -> Checked:
    """Store what became of the alerts there were, and the new ones."""
    there = to_metric(before, lost.crs)
    named = lost.assign(cameras=[tuple(codes[one] for one in each) for each in lost["cameras"]])
    same = continued(named, there)
    rows = sorted(same)
    store.go_on(
        session,
        [int(before.index[same[row]]) for row in rows],
        lost.iloc[rows],
        days=told.days,
        at=told.at,
    )
    new = lost.drop(index=lost.index[rows])
    raised = store.add_alerts(session, new, days=told.days, at=told.at)
    missing = sorted(set(range(len(before))) - set(same.values()))
    over = _second_time(session, before, missing)
    gone = there.loc[over]
    how = dict(zip(over, endings(gone, lost, usual), strict=True))
    store.end(session, how, told.at)
    alarming = ~new["planned"].to_numpy(bool)
    return replace(
        told,
        raised=tuple(number for number, is_one in zip(raised, alarming, strict=True) if is_one),
        ended=tuple(over),
        going_on=len(before) - len(over),
        planned=int(lost["planned"].sum()),
    )


def _second_time(session: Session, before: GeoDataFrame, rows: Iterable[int]) -> list[int]:
    """Ids of those, of alerts that were not found, that were not found often enough; counts the others."""
    missing = before.iloc[list(rows)]
    over = missing["missed"] + 1 >= CHECKS_TO_END
    store.miss(session, [int(one) for one in missing.index[~over]])
    return [int(one) for one in missing.index[over]]


def _window(now: datetime, settings: AlertSettings) -> Window:
    end = epoch_ms(now)
    return end - 60_000 * settings.window_min, end


def _zone(session: Session) -> ZoneInfo:
    return ZoneInfo(current_site(session).timezone)
