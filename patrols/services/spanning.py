"""What earlier shifts of the same week or month did at a zone's stops."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd
from sqlalchemy.orm import Session

from geo.crs import to_metric
from geo.services import current_site, site_crs
from patrols.problem import CrossRule
from patrols.repository.nights import visits_of_span
from patrols.services.stops import by_place
from patrols.spans import met_at, span_begins, visits_at_stops


def earlier_visits(
    session: Session, zone_id: int, within: str, start: datetime, drafts: Sequence[int] = ()
) -> gpd.GeoDataFrame:
    """Visits of a zone's shifts that began before one, in the same span; in the site's metric CRS.

    Published plans count, and these drafts. Where somebody signed for a visit of a plan, its signed visits
    count and no others; a plan that nobody signed for counts as it was planned.

    Parameters
    ----------
    within : str
        One of `patrols.problem.SPANS`; nothing is earlier within a shift.
    start : datetime
        Of the shift that is planned.
    drafts : sequence of int
        Plans that are to be published together with this one.

    Returns
    -------
    GeoDataFrame
        plan (its number), village (path or None), villages (int), start_at, end_at.
    """
    zone = ZoneInfo(current_site(session).timezone)
    found = visits_of_span(session, zone_id, span_begins(within, start, zone), start, list(drafts))
    return to_metric(found, site_crs(session))


def earlier_basis(earlier: gpd.GeoDataFrame) -> dict[str, str]:
    """Earlier visits as a plan's basis keeps them: a text that names those of each plan, by its number.

    Parameters
    ----------
    earlier : GeoDataFrame
        As `earlier_visits`.
    """
    marks = {}
    for number, visits in earlier.groupby("plan"):
        rows = sorted(
            f"{row.village} {row.villages} {row.start_at.isoformat()}"
            f" {row.geometry.x:.1f} {row.geometry.y:.1f}"
            for row in visits.itertuples()
        )
        marks[str(number)] = hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]
    return marks


def left_to_cross(
    stops: gpd.GeoDataFrame, earlier: gpd.GeoDataFrame, rule: CrossRule, most: int, zone: str
) -> gpd.GeoDataFrame:
    """The stops whose rule earlier visits do not meet yet, the `most` of highest demand.

    Parameters
    ----------
    stops : GeoDataFrame
        As `patrols.services.stops.zone_stops`.
    earlier : GeoDataFrame
        As `earlier_visits`, in the same CRS.
    """
    done = met_at(rule, visits_at_stops(earlier, stops))
    left = stops[~stops["stop_id"].isin(done)]
    return by_place(left.nlargest(most, "demand_m", keep="first"), zone)


def made_before(stops: gpd.GeoDataFrame, earlier: gpd.GeoDataFrame) -> pd.DataFrame:
    """As `patrols.spans.visits_at_stops`, of stops to be crossed: required ones are visited anyway."""
    free = stops[~stops["required"].astype(bool)] if "required" in stops else stops
    return visits_at_stops(earlier, free)
