"""What was seen of a zone's patrols in the nights before: a new plan sends others, at other times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd
from sqlalchemy.orm import Session

from geo.crs import to_metric
from geo.services import current_site, site_crs
from patrols.repository import nights as store
from patrols.spans import at_same_place
from patrols.spread import DAY_S

NIGHTS = timedelta(days=7)


def seen_before(
    session: Session, zone_id: int, start: datetime, stops: gpd.GeoDataFrame, drafts: Sequence[int] = ()
) -> pd.DataFrame:
    """Visits of the nights before a shift, where its stops stand, by the clock of the shift.

    Parameters
    ----------
    start : datetime
        Of the shift; published plans whose shift began in `NIGHTS` before it count, and these drafts.
    stops : GeoDataFrame of Point in the site's metric CRS
        stop_id.

    Returns
    -------
    DataFrame
        team_id (code), stop_id, start_s: seconds from `start` at which that time of the day is next to it.
    """
    visits = to_metric(
        store.visits_in(session, zone_id, start - NIGHTS, start, list(drafts)), site_crs(session)
    )
    at, stop = at_same_place(visits, stops)
    clock = ZoneInfo(current_site(session).timezone)
    local = pd.to_datetime(visits["start_at"].iloc[at], utc=True).dt.tz_convert(clock)
    begins = start.astimezone(clock)
    from_midnight = begins.hour * 3600 + begins.minute * 60 + begins.second
    apart = local.dt.hour * 3600 + local.dt.minute * 60 + local.dt.second - from_midnight
    return pd.DataFrame(
        {
            "team_id": visits["team"].iloc[at].to_numpy(),
            "stop_id": stops["stop_id"].to_numpy()[stop],
            "start_s": ((apart.to_numpy() + DAY_S // 2) % DAY_S - DAY_S // 2).astype("int64"),
        }
    )
