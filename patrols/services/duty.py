"""Who of a zone's teams is there in a shift, and for how long."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.errors import Sentence


def on_duty(teams: gpd.GeoDataFrame, start: datetime, end: datetime) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Teams that serve in the shift `[start, end)`, and a remark on each that does not.

    Parameters
    ----------
    teams : GeoDataFrame
        code, starts_at, ends_at (tz-aware; NaT or None: as the shift), and where somebody flies endurance_s
        (NaN of all others).

    Returns
    -------
    (GeoDataFrame, list of str)
        The teams with start_s and end_s, whole seconds from `start` inside both the shift and their hours.
        Who flies does so once, from the beginning of these on, and no longer than its endurance; a remark
        says so where that is shorter.
    """
    second = timedelta(seconds=1)
    hours: list[tuple[int, int]] = []
    remarks: list[str] = []
    endurance = teams["endurance_s"] if "endurance_s" in teams else pd.Series(np.nan, teams.index)
    rows = zip(teams["code"], teams["starts_at"], teams["ends_at"], endurance, strict=True)
    for code, own_start, own_end, endurance_s in rows:
        first = start if pd.isna(own_start) else max(start, own_start)
        last = end if pd.isna(own_end) else min(end, own_end)
        # Rounded inwards: a second begun before the team is there is not the team's.
        hours.append((-((start - first) // second), (last - start) // second))
        if hours[-1][0] >= hours[-1][1]:
            remarks.append(
                Sentence(
                    "team '%(team)s' serves %(hours)s, not in this shift, and was left out",
                    team=code,
                    hours=_hours(own_start, own_end, start.tzinfo),
                )
            )
        elif not pd.isna(endurance_s) and endurance_s < hours[-1][1] - hours[-1][0]:
            hours[-1] = (hours[-1][0], hours[-1][0] + int(endurance_s))
            remarks.append(
                Sentence(
                    "team '%(team)s' flies for %(minutes)s min and is planned for these from %(start)s on",
                    team=code,
                    minutes=f"{endurance_s / 60:g}",
                    start=f"{start + hours[-1][0] * second:%H:%M}",
                )
            )
    kept = teams.assign(start_s=[first for first, _ in hours], end_s=[last for _, last in hours])
    return kept[kept["start_s"] < kept["end_s"]], remarks


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


def crossing_remarks(teams: gpd.GeoDataFrame) -> list[str]:
    """That nothing can be crossed, where the teams on duty are not of two villages."""
    homes = sorted(teams["village"].dropna().unique())
    if len(homes) >= 2:
        return []
    of = Sentence("all are of %(village)s", village=homes[0]) if homes else Sentence("none has a village")
    return [
        Sentence(
            "nothing can be crossed: that takes teams of two villages, and of those on duty %(of)s", of=of
        )
    ]


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
