"""A week told from the analyses that cover it (docs/report.md).

Every instant counts once, by the newest analysis of it (`cameras.patterns.counted`); hours that no analysis
covers count neither as watched nor as unwatched. Whatever is compared is a share, or a mean over the time
analysed: two weeks are rarely analysed for equally long.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from cameras.audit.rates import merged_windows
from cameras.causes import CAUSE_BY_NAME, CAUSE_NAMES, LISTS
from cameras.frames.times import epoch_ms
from geo.errors import InputRefused, Sentence

EARLIEST, LATEST = date(2000, 1, 3), date(2199, 12, 23)
HOUR_MS = 3_600_000
WINDOW_COLUMNS = ["gap", "start_ms", "end_ms"]


@dataclass(frozen=True)
class Week:
    """Monday to Sunday in one zone.

    Parameters
    ----------
    monday : date
    start, end : datetime
        Midnight of the zone before Monday and after Sunday, timezone-aware; 167 or 169 hours apart where the
        clocks are put forward or back.
    """

    monday: date
    start: datetime
    end: datetime

    @property
    def sunday(self) -> date:
        """Its last day."""
        return self.monday + timedelta(days=6)

    @property
    def period(self) -> tuple[int, int]:
        """Epoch milliseconds, half-open."""
        return epoch_ms(self.start), epoch_ms(self.end)

    def before(self) -> Week:
        """The week before."""
        return week_from(self.monday - timedelta(days=7), _zone(self.start))


def week_from(monday: date, zone: ZoneInfo) -> Week:
    """The week that begins on a Monday.

    Raises
    ------
    InputRefused
        When it is another day, naming the Monday of its week; or outside the years 2000 to 2199.
    """
    if monday.weekday():
        raise InputRefused(
            Sentence(
                "%(day)s is not a Monday; the week it lies in begins on %(monday)s",
                day=monday.isoformat(),
                monday=monday_of(monday).isoformat(),
            )
        )
    if not EARLIEST <= monday <= LATEST:
        raise InputRefused(
            Sentence("the week of %(day)s lies outside the years 2000 to 2199", day=monday.isoformat())
        )
    ends = monday + timedelta(days=7)
    return Week(monday, datetime.combine(monday, time(), zone), datetime.combine(ends, time(), zone))


def parsed_monday(value: str) -> date:
    """A day that a person wrote, 2026-11-16.

    Raises
    ------
    InputRefused
    """
    try:
        return date.fromisoformat(value.strip())
    except ValueError as error:
        raise InputRefused(
            Sentence("“%(value)s” is not a day; write the Monday of the week as 2026-11-16", value=value[:40])
        ) from error


def monday_of(day: date) -> date:
    """The Monday of the week that a day lies in."""
    return day - timedelta(days=day.weekday())


def last_whole_week(now: datetime, zone: ZoneInfo) -> Week:
    """The last week that is over."""
    return week_from(monday_of(now.astimezone(zone).date()) - timedelta(days=7), zone)


def _zone(at: datetime) -> ZoneInfo:
    assert isinstance(at.tzinfo, ZoneInfo)
    return at.tzinfo


def uncovered(pieces: pd.DataFrame, period: tuple[int, int]) -> list[tuple[int, int]]:
    """Parts of a period that no piece of `counted` covers: (start_ms, end_ms), in order."""
    at, holes = period[0], []
    for start, end in pieces[["start_ms", "end_ms"]].itertuples(index=False):
        if start > at:
            holes.append((at, int(start)))
        at = max(at, int(end))
    if at < period[1]:
        holes.append((at, period[1]))
    return holes


def clipped(rows: pd.DataFrame, pieces: pd.DataFrame) -> pd.DataFrame:
    """Rows of analyses cut to the time for which their analysis counts.

    Parameters
    ----------
    rows : DataFrame
        analysis, start_ms, end_ms and whatever else.
    pieces : DataFrame
        As `cameras.patterns.counted`.

    Returns
    -------
    DataFrame
        The same columns; a row once for each piece that it reaches into, in the order of the rows.
    """
    both = rows.merge(pieces, on="analysis", suffixes=("", "_counted"))
    both["start_ms"] = both[["start_ms", "start_ms_counted"]].max(axis=1)
    both["end_ms"] = both[["end_ms", "end_ms_counted"]].min(axis=1)
    return both.loc[both["end_ms"] > both["start_ms"], list(rows.columns)].reset_index(drop=True)


def parts_counted(periods: pd.DataFrame, pieces: pd.DataFrame) -> pd.Series:
    """Which share of each analysis counts, 0–1, by analysis: how its sums enter those of the week.

    Parameters
    ----------
    periods : DataFrame
        Index analysis; start_ms, end_ms.
    pieces : DataFrame
        As `cameras.patterns.counted`.
    """
    length = (periods["end_ms"] - periods["start_ms"]).astype(float)
    counts = (pieces["end_ms"] - pieces["start_ms"]).groupby(pieces["analysis"]).sum()
    return counts.reindex(periods.index, fill_value=0) / length


def mean_shares(sums: pd.DataFrame, parts: pd.Series) -> pd.DataFrame:
    """Watched shares over several analyses.

    Parameters
    ----------
    sums : DataFrame
        analysis, path, ground, level, measure, total, certain, possible (measure times milliseconds).
    parts : Series
        `parts_counted`. An analysis that counts in part enters with the mean of its whole period.

    Returns
    -------
    DataFrame
        Index path, ground, level; measure (of the analysis with most of it), certain, possible (0–1, NaN
        where there is no ground).
    """
    weight = sums["analysis"].map(parts).astype(float)
    keys = ["path", "ground", "level"]
    used = sums[weight > 0]
    weighed = used[["total", "certain", "possible"]].astype(float).mul(weight[weight > 0], axis=0)
    total = pd.concat([used[keys], weighed], axis=1).groupby(keys).sum()
    shares = total[["certain", "possible"]].div(total["total"].where(total["total"] > 0), axis=0)
    return shares.assign(measure=used.groupby(keys)["measure"].max())


def mean_deficits(deficits: pd.DataFrame, parts: pd.Series, counted_ms: int) -> pd.DataFrame:
    """How much ground was not certainly watched on the mean, by cause; the causes add up to all of it.

    Parameters
    ----------
    deficits : DataFrame
        analysis, path, ground ("street" | "place"), cause, deficit (measure times milliseconds).
    parts : Series
        `parts_counted`.
    counted_ms : int
        Length of all that counts.

    Returns
    -------
    DataFrame
        Index path; one column for each of `CAUSE_NAMES` and ground: ("street", cause) in metres, ("place",
        cause) in places.
    """
    amount = deficits["deficit"].astype(float) * deficits["analysis"].map(parts).astype(float)
    unit = pd.Series(np.where(deficits["ground"] == "street", 1000.0, 1.0), deficits.index)
    mean = (amount / unit / max(counted_ms, 1)).groupby(
        [deficits["path"], deficits["ground"], deficits["cause"]]
    )
    columns = pd.MultiIndex.from_product([("street", "place"), CAUSE_NAMES])
    return mean.sum().unstack([1, 2]).reindex(columns=columns).fillna(0.0)


def things(gaps: pd.DataFrame, windows: pd.DataFrame, *, place_weight_m: float) -> pd.DataFrame:
    """Gaps of several analyses as a person would name them: one line for one matter.

    Parameters
    ----------
    gaps : DataFrame
        Index gap; analysis, cause, ground ("street" | "place"), measure (mm or 1), leaf (path), cameras
        (tuple of str), reasons (tuple of str).
    windows : DataFrame
        gap, start_ms, end_ms, cut to the time that counts (`clipped`). A gap without any is left out.
    place_weight_m : float
        What a place weighs, in metres of street.

    Returns
    -------
    DataFrame
        In order of priority: the lists in their order, inside a list the greater `weight` first. Columns:
        cause, list, cameras (tuple), leaves (tuple of paths, the one with most first), reasons (tuple),
        street_mm, places (of the analysis with most), open_ms (length of the time when any of it was open),
        windows (tuple of (start_ms, end_ms) that do not touch), weight (metres times hours), gap (the one
        with most weight, to link and locate it), gaps (tuple of all).

    Notes
    -----
    Gaps of one cause that concern the same cameras are one, wherever they lie and on whatever day: it is one
    camera to mend. Gaps without a camera are one for each leaf jurisdiction: there is nothing but the ground
    to tell them apart, and one village's yearly budget pays for it.
    """
    columns = ["cause", "list", "cameras", "leaves", "reasons", "street_mm", "places", "open_ms"]
    columns += ["windows", "weight", "gap", "gaps"]
    open_ms = (windows["end_ms"] - windows["start_ms"]).groupby(windows["gap"]).sum()
    rows = gaps.join(open_ms.to_frame("open_ms"), how="inner")
    if rows.empty:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in columns})
    street = rows["ground"] == "street"
    metres = np.where(street, rows["measure"] / 1000.0, rows["measure"] * place_weight_m)
    rows = rows.assign(
        street_mm=rows["measure"].where(street, 0),
        places=rows["measure"].where(~street, 0),
        weight=metres * rows["open_ms"] / HOUR_MS,
    )
    keys = [
        (cause, *(cameras or ("", leaf)))
        for cause, cameras, leaf in zip(rows["cause"], rows["cameras"], rows["leaf"], strict=True)
    ]
    rows["thing"] = pd.factorize(pd.Series(keys, dtype=object))[0]
    # The heaviest first, so that what is taken first of each is of its greatest part.
    rows = rows.sort_values(["weight", "leaf"], ascending=[False, True], kind="stable")
    spans = windows.assign(code=windows["gap"].map(rows["thing"])).dropna(subset=["code"])
    merged = merged_windows(spans[["code", "start_ms", "end_ms"]])
    count = rows["thing"].nunique()
    ids: list[list[int]] = [[] for _ in range(count)]
    leaves: list[list[str]] = [[] for _ in range(count)]
    reasons: list[list[str]] = [[] for _ in range(count)]
    times: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for gap, thing, leaf, why in rows[["thing", "leaf", "reasons"]].itertuples():
        ids[thing].append(int(gap))
        leaves[thing].append(leaf)
        reasons[thing].extend(why)
    for thing, start, end in merged[["code", "start_ms", "end_ms"]].itertuples(index=False):
        times[int(thing)].append((int(start), int(end)))
    told = rows.groupby("thing")
    most = rows.groupby(["thing", "analysis"])[["street_mm", "places"]].sum().groupby("thing").max()
    found = pd.DataFrame(
        {
            "cause": told["cause"].first(),
            "cameras": told["cameras"].first(),
            "street_mm": most["street_mm"],
            "places": most["places"],
            "open_ms": [sum(end - start for start, end in spent) for spent in times],
            "weight": told["weight"].sum(),
            "gap": [own[0] for own in ids],
        }
    )
    found["leaves"] = [tuple(dict.fromkeys(own)) for own in leaves]
    found["reasons"] = [tuple(sorted(set(own))) for own in reasons]
    found["windows"] = pd.Series([tuple(own) for own in times], dtype=object)
    found["gaps"] = [tuple(sorted(own)) for own in ids]
    order = {one.name: at for at, one in enumerate(LISTS)}
    found["list"] = [CAUSE_BY_NAME[cause].list.name for cause in found["cause"]]
    ordered = found.assign(
        _list=found["list"].map(order),
        _weight=-found["weight"],
        _first=[windows_[0][0] for windows_ in found["windows"]],
        _leaf=[leaves[0] for leaves in found["leaves"]],
    ).sort_values(["_list", "_weight", "_first", "_leaf", "cause"], kind="stable")
    return ordered[columns].reset_index(drop=True)


def most_telling(found: pd.DataFrame, heaviest: int, longest: int) -> pd.DataFrame:
    """Of `things`: of each list those of most weight and those that lasted longest, in the order there."""
    kept: set[int] = set()
    for _, own in found.groupby("list", sort=False):
        kept.update(own.index[:heaviest])
        kept.update(own.sort_values("open_ms", ascending=False, kind="stable").index[:longest])
    return found.loc[sorted(kept)]


def silent_sources(segments: pd.DataFrame, sources: pd.DataFrame) -> pd.DataFrame:
    """Sources that spoke for none of their cameras: for how long, and of how many cameras nothing was known.

    Parameters
    ----------
    segments : DataFrame
        camera (id), start_ms, end_ms, reason, cut to the time that counts.
    sources : DataFrame
        By camera: source (code, None where none is known).

    Returns
    -------
    DataFrame
        source, cameras, silent_ms (length of the time when any of them was without evidence for that reason),
        start_ms, end_ms (of the first and the last such time); the longest first.
    """
    rows = segments[segments["reason"] == "source_silent"]
    rows = rows.assign(code=rows["camera"].map(sources["source"])).dropna(subset=["code"])
    merged = merged_windows(rows[["code", "start_ms", "end_ms"]])
    spans = merged.assign(silent_ms=merged["end_ms"] - merged["start_ms"]).groupby("code")
    told = spans.agg(
        silent_ms=("silent_ms", "sum"), start_ms=("start_ms", "min"), end_ms=("end_ms", "max")
    ).join(rows.groupby("code")["camera"].nunique().to_frame("cameras"))
    told.index.name = "source"
    ordered = told.reset_index().sort_values(["silent_ms", "source"], ascending=[False, True])
    return ordered[["source", "cameras", "silent_ms", "start_ms", "end_ms"]].reset_index(drop=True)
