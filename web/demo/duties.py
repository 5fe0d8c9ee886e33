"""Fixed duties and a calendar of school days for a scene, so that a new user sees what they are."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, datetime

import geopandas as gpd
from pyproj import CRS
from shapely import Point
from sqlalchemy.orm import Session

from geo import repository as places
from geo.crs import to_lonlat, to_metric
from geo.services import Source
from patrols import repository
from patrols.calendars import Calendar
from patrols.duties import Duty, read_windows
from patrols.readers.duties import DEFAULTS
from patrols.repository import calendars
from patrols.services.calendars import add_calendar
from patrols.services.fixed_duties import add_duty
from web.demostate import AUTHOR

TERM = "school-days"
# Whole terms of most Chinese schools; where the scene lies elsewhere they serve as well.
TERMS = ((date(2026, 9, 1), date(2027, 1, 22)), (date(2027, 2, 22), date(2027, 7, 2)))


def store_duties(
    session: Session,
    zone: int,
    junctions: gpd.GeoSeries,
    crs: CRS,
    day: datetime,
    source: Source,
    *,
    follows: bool,
) -> None:
    """A school gate on school days, a bank at closing time, and an entrance of the zone that is always due.

    Parameters
    ----------
    junctions : GeoSeries of Point
        Where streets meet, in `crs`.
    follows : bool
        Whether school days follow China's public holidays.
    """
    add_calendar(
        session,
        code=TERM,
        name="上学日",
        name_en="School days",
        calendar=Calendar(
            frozenset(range(1, 6)), TERMS, holidays=calendars.holidays(session) if follows else None
        ),
        now=day,
        author=AUTHOR,
    )
    area = to_metric(repository.zones(session).loc[[zone]], crs).geometry.iloc[0]
    here = to_metric(places.places(session), crs).sort_values(["kind", "name"])
    here = here[here.within(area)]
    inside = junctions[junctions.within(area.buffer(-1))]
    wanted: list[tuple[str, str, str, Point, str | None]] = [
        (
            "village_entrance",
            "村口岗",
            "Entrance post",
            inside.loc[inside.distance(area.boundary).idxmin()],
            None,
        )
    ]
    for kind, of_place, name, name_en, calendar in (
        ("school_gate", "school", "护学岗", "School gate", TERM),
        ("bank", "bank", "银行下班守护", "Bank closing", None),
    ):
        found = here[here["kind"] == of_place]
        if len(found):
            wanted.append((kind, name, name_en, found.geometry.iloc[0].centroid, calendar))
    for kind, name, name_en, place, own in wanted:
        usual = DEFAULTS[kind]
        at = to_lonlat(gpd.GeoSeries([place], crs=crs)).iloc[0]
        add_duty(
            session,
            Duty(kind, name, kind, read_windows(usual.hours), usual.stay_s, usual.required, usual.prize),
            name_en=name_en,
            calendar=own,
            place=(at.x, at.y),
            now=day,
            author=AUTHOR,
            source=_of(source, kind),
        )


def _of(source: Source, code: str) -> Source:
    """Each duty comes by itself, so that each has a content of its own."""
    digest = hashlib.sha256(f"{source.sha256} {code}".encode()).hexdigest()
    return replace(source, file_name=f"{source.file_name}-{code}", sha256=digest)
