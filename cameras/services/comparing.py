"""Two stored analyses compared: whether they can be, and what became of what."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pandas as pd
from geopandas import GeoDataFrame
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cameras import comparing
from cameras.availability import period_ms
from cameras.patterns import Pattern, weekly
from cameras.repository import compared
from cameras.tables import Analysis
from geo.crs import metric_crs, to_metric
from geo.scope import Scope

#: What two analyses must have been made with alike, in the order in which it is told.
ALIKE = ("level", "dimension", "slot_min", "threshold")


@dataclass(frozen=True)
class ComparedGaps:
    """What became of the gaps of an area.

    Parameters
    ----------
    rows : DataFrame
        `comparing.compare_gaps`, with id, cause, ground, measure and path of each gap.
    causes : DataFrame
        `comparing.compare_causes`.
    """

    rows: pd.DataFrame
    causes: pd.DataFrame


def made_with(analysis: Analysis) -> dict[str, str | int | float]:
    """Values of `ALIKE`; analyses made before one could choose a dimension were all in the plane."""
    return {
        "level": analysis.level,
        "dimension": str(analysis.parameters.get("dimension", "2d")),
        "slot_min": analysis.slot_min,
        "threshold": analysis.threshold,
    }


def differences(one: Analysis, other: Analysis) -> list[str]:
    """What keeps two analyses from being compared, of `ALIKE`; none when they can be."""
    made, others = made_with(one), made_with(other)
    return [name for name in ALIKE if made[name] != others[name]]


def compared_gaps(session: Session, before: Analysis, after: Analysis, area: Scope) -> ComparedGaps:
    """Gaps of two analyses in an area, as far as the session sees them."""
    earlier, later = (compared.gaps(session, one.id, area) for one in (before, after))
    lengths = {"before_ms": length_ms(before), "after_ms": length_ms(after)}
    causes = comparing.compare_causes(earlier, later, **lengths)
    both = GeoDataFrame(pd.concat([earlier, later], ignore_index=True), crs=4326)
    if both.empty:
        return ComparedGaps(both.assign(outcome="", before_h=0.0, after_h=0.0, shared=0.0), causes)
    crs = metric_crs(both)
    told = comparing.compare_gaps(
        to_metric(earlier, crs),
        to_metric(later, crs),
        **lengths,
        slot_ms=60_000 * max(before.slot_min, after.slot_min),
    )
    at = told["row"] + len(earlier) * (told["side"] == "after")
    known = both[["id", "cause", "ground", "measure", "path"]].iloc[at].reset_index(drop=True)
    return ComparedGaps(pd.concat([pd.DataFrame(known), told], axis=1), causes)


def compared_shares(session: Session, before: Analysis, after: Analysis, area: Scope) -> pd.DataFrame:
    """`comparing.compare_shares` of an area, as far as the session sees it."""
    return comparing.compare_shares(
        compared.shares(session, before.id, area), compared.shares(session, after.id, area)
    )


def compared_cameras(session: Session, before: Analysis, after: Analysis, area: Scope) -> pd.DataFrame:
    """`comparing.compare_cameras` of an area, as far as the session sees it."""
    return comparing.compare_cameras(
        compared.cameras(session, before.id, area),
        compared.cameras(session, after.id, area),
        before_ms=length_ms(before),
        after_ms=length_ms(after),
    )


def length_ms(analysis: Analysis) -> int:
    """How long the analysed period is."""
    assert analysis.period.lower is not None and analysis.period.upper is not None
    start, end = period_ms(analysis.period.lower, analysis.period.upper)
    return end - start


def weekly_pattern(
    session: Session, newest: Analysis, days: int, causes: list[str], area: Scope, zone: ZoneInfo
) -> tuple[Pattern, int]:
    """Metres of street in open gaps of some causes by hour of the week, and of how many analyses.

    Analyses made as `newest` was, that reach into the last days before its end, and end no later.
    """
    until = newest.period.upper
    assert until is not None
    recent = session.scalars(
        select(Analysis)
        .where(func.upper(Analysis.period) > until - timedelta(days=days))
        .where(func.upper(Analysis.period) <= until)
        .order_by(Analysis.id.desc())
    )
    alike = [one for one in recent if not differences(newest, one)]
    periods = pd.DataFrame(
        [
            period_ms(one.period.lower, one.period.upper)
            for one in alike
            if one.period.lower and one.period.upper
        ],
        index=[one.id for one in alike],
        columns=["start_ms", "end_ms"],
    )
    found = weekly(periods, compared.windows(session, [one.id for one in alike], causes, area), zone)
    return replace(found, open_mean=found.open_mean / 1000), len(alike)
