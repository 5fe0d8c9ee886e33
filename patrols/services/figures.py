"""What a stored plan is worth: against its nights before, per hour, and together with the cameras."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from geo.crs import to_metric
from geo.repository import edges as street_edges
from geo.repository import ground_changes
from geo.services import current_site, site_crs
from patrols import repository
from patrols.demand import DemandSettings, pieces
from patrols.plan import PlanFile, read_plan
from patrols.repository import nights as store
from patrols.repository import of_plan
from patrols.repository.parts import earlier_parts
from patrols.services.varying import NIGHTS
from patrols.spread import DAY_S, Spread, spread
from patrols.tables import Plan
from patrols.watched import watched_by_hour

DAY = timedelta(days=1)


@dataclass(frozen=True)
class PlanFigures:
    """Figures of one plan.

    Parameters
    ----------
    before : dict or None
        The published plan of the same zone before this one: id, start, end, value, upper_bound, crossed,
        reachable; None without one in `NIGHTS`.
    spread : Spread
        Against all published plans of `NIGHTS`.
    gaps_closed : int
        Gaps with ground in sight of a crossed stop.
    team_hours : float or None
        Hours that all teams of the shift are on duty, together, with those before a plan that goes on; None
        where a plan keeps no teams.
    """

    before: dict[str, Any] | None
    spread: Spread
    gaps_closed: int
    team_hours: float | None

    @property
    def gaps_per_hour(self) -> float | None:
        """Gaps closed per hour of a team on duty."""
        return self.gaps_closed / self.team_hours if self.team_hours else None


def plan_file(plan: Plan) -> PlanFile | None:
    """What a stored plan was made from and says; None for a plan that keeps no document with a problem."""
    if not plan.document or not plan.document.get("problem"):
        return None
    return read_plan(json.dumps(plan.document))


def plan_figures(session: Session, plan: Plan, file: PlanFile | None) -> PlanFigures:
    """Figures of a plan; `file` as `plan_file`."""
    before = store.published_before(session, plan.id, NIGHTS)
    numbers = [plan.id, *(row["id"] for row in before)]
    visits = to_metric(store.visits_at_places(session, numbers), site_crs(session))
    zone = ZoneInfo(current_site(session).timezone)
    frames = [_by_the_clock(visits[visits["plan"] == number], zone) for number in numbers]
    return PlanFigures(
        before[0] if before else None,
        spread(frames[0], frames[1:]),
        store.gaps_closed(session, plan.id),
        _team_hours(session, plan, file),
    )


def _team_hours(session: Session, plan: Plan, file: PlanFile | None) -> float | None:
    """Hours that all teams of a plan's shift are on duty together; None where a part does not say its teams.

    A team goes on in the next part from where it is free, which may be a little later than that begins.
    """
    hours = 0.0
    behind: dict[str, datetime] = {}
    parts = earlier_parts(session, plan.id)
    for stored, until in ((plan, None), *((session.get_one(Plan, one.plan), one.until) for one in parts)):
        own = file if stored is plan else plan_file(stored)
        if own is None or own.problem is None:
            return None
        starts = {}
        for row in own.problem.teams[["team_id", "start_s", "end_s"]].itertuples(index=False, name=None):
            team, start, end = row[0], *(own.problem.origin + timedelta(seconds=at) for at in row[1:])
            starts[team] = start
            if until is not None:
                end = min(end, behind.get(team, until))
            hours += max(0.0, (end - start) / timedelta(hours=1))
        bound = (stored.parameters.get("goes_on") or {}).get("bound_until", {})
        behind |= {team: start for team, start in starts.items() if team not in bound}
    return hours


def _by_the_clock(visits: gpd.GeoDataFrame, zone: ZoneInfo) -> pd.DataFrame:
    """Visits as `patrols.spread.spread` takes them."""
    local = pd.to_datetime(visits["start_at"], utc=True).dt.tz_convert(zone)
    at_s = local.dt.hour * 3600 + local.dt.minute * 60 + local.dt.second
    return pd.DataFrame(
        {
            "x": visits.geometry.x.to_numpy(),
            "y": visits.geometry.y.to_numpy(),
            "team": visits["team"].to_numpy(),
            "at_s": at_s.to_numpy(np.int64) % DAY_S,
        }
    )


def watched_share(session: Session, plan: Plan) -> pd.DataFrame | None:
    """The watched share of the streets of a plan's zone in each hour of its shift (docs/cross-patrol.md).

    The session must see the whole site.

    Returns
    -------
    DataFrame or None
        start, end (of the hour, whole hours of the site's clock but at the ends of the shift), cameras,
        together (0–1, NaN in an hour of which the analysis tells nothing). None without an analysis, without
        a street, or where the streets have changed since the analysis: shares would be of another ground.
    """
    analysis = repository.latest_analysis_id(session)
    if analysis is None:
        return None
    period = store.analysed(session, analysis)
    streets_then = (period["ground"] or {}).get("road_edge")
    if streets_then is None or streets_then != ground_changes(session)["road_edge"]:
        return None
    crs = site_crs(session)
    shape = of_plan.zone_shape(session, plan.zone_id)
    area = to_metric(shape, crs).geometry.iloc[0]
    west, south, east, north = shape.total_bounds.tolist()
    streets = to_metric(street_edges(session, within=(west, south, east, north)), crs)
    lines = streets[streets["watched"]].geometry.to_numpy()
    street_m = float(shapely.length(shapely.intersection(lines, area)).sum())
    if street_m <= 0:
        return None
    assert plan.shift.lower is not None and plan.shift.upper is not None
    start, end = plan.shift.lower, plan.shift.upper
    edges = hour_edges(start, end, ZoneInfo(current_site(session).timezone))
    settings = demand_of(plan)
    cut = _cut(store.street_gaps(session, analysis, plan.zone_id), crs, area, settings)
    offsets = [_days_back(a, b, period["start"], period["end"]) for a, b in pairwise(edges)]
    windows = store.gap_windows(session, sorted({int(number) for number in cut["gap"]}))
    visits = to_metric(store.visits_at_places(session, [plan.id]), crs)
    found = watched_by_hour(
        cut,
        _moved(windows, edges, offsets, start),
        pd.DataFrame(
            {
                "x": visits.geometry.x.to_numpy(),
                "y": visits.geometry.y.to_numpy(),
                "start_s": _seconds(visits["start_at"], start),
                "end_s": _seconds(visits["end_at"], start),
            }
        ),
        street_m=street_m,
        edges_s=np.array([round((edge - start).total_seconds()) for edge in edges], np.int64),
        sight_m=settings.sight_m,
    )
    known = np.array([offset is not None for offset in offsets])
    return pd.DataFrame(
        {
            "start": edges[:-1],
            "end": edges[1:],
            **{name: np.where(known, found[name].to_numpy(), np.nan) for name in ("cameras", "together")},
        }
    )


def hour_edges(start: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
    """The shift's start, every whole hour of the site's clock in between, its end."""
    local = start.astimezone(zone)
    hour = timedelta(hours=1)
    first = local.replace(minute=0, second=0, microsecond=0)
    edges = [start]
    # Added in UTC: an hour that the clocks leave out or repeat is an hour all the same.
    step = first.astimezone(start.tzinfo) + hour
    second = timedelta(seconds=1)
    while end - step >= second:
        if step - start >= second:
            edges.append(step)
        step += hour
    return [*edges, end]


def _days_back(start: datetime, end: datetime, since: datetime, until: datetime) -> int | None:
    """How many whole days before `[start, end)` lies the last such stretch inside `[since, until)`."""
    days = -((until - end) // DAY)
    return days if start - days * DAY >= since else None


def _moved(
    windows: pd.DataFrame, edges: list[datetime], offsets: list[int | None], origin: datetime
) -> pd.DataFrame:
    """Windows of gaps in the hours of the shift: gap, start_s, end_s from `origin`."""
    rows = []
    opened = _seconds(windows["start"], origin)
    closed = _seconds(windows["end"], origin)
    for number, days in enumerate(offsets):
        if days is None:
            continue
        first, last = ((edge - origin).total_seconds() for edge in edges[number : number + 2])
        begin = np.maximum(opened + days * DAY_S, first)
        finish = np.minimum(closed + days * DAY_S, last)
        inside = begin < finish
        rows.append(
            pd.DataFrame(
                {
                    "gap": windows["gap_id"].to_numpy()[inside],
                    "start_s": begin[inside],
                    "end_s": finish[inside],
                }
            )
        )
    empty = pd.DataFrame({"gap": [], "start_s": [], "end_s": []})
    return pd.concat(rows, ignore_index=True) if rows else empty


def _seconds(moments: pd.Series, origin: datetime) -> NDArray[np.float64]:
    apart = pd.to_datetime(moments, utc=True) - pd.Timestamp(origin)
    return np.asarray(apart.dt.total_seconds(), np.float64)


def _cut(gaps: gpd.GeoDataFrame, crs: Any, area: shapely.Geometry, settings: DemandSettings) -> pd.DataFrame:
    """The pieces of gaps inside an area: gap (id), x, y, metres."""
    metric = to_metric(gaps, crs)
    inside = metric.geometry.intersection(area)
    kept = metric.set_geometry(inside)[~inside.is_empty]
    # What weighs how much plays no part here.
    whole = kept.assign(ground="street", open_share=1.0, open_at_end=True)
    found = pieces(whole.reset_index(drop=True), settings)
    return pd.DataFrame(
        {
            "gap": kept["gap_id"].to_numpy()[found["gap"].to_numpy()],
            "x": found["x"],
            "y": found["y"],
            "metres": found["metres"],
        }
    )


def demand_of(plan: Plan) -> DemandSettings:
    """The settings of demand that a plan was made with; the defaults for one that keeps none."""
    return DemandSettings(**plan.parameters.get("demand", {}))
