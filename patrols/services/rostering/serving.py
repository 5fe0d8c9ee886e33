"""What a published roster says of a shift that is planned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import geopandas as gpd
from sqlalchemy.orm import Session

from geo.errors import Sentence
from patrols.repository import rosters as store
from patrols.rosters import document as doc
from patrols.rosters.document import Document
from patrols.services.duty import on_duty_here
from patrols.services.rostering.holding import clock_of_site


@dataclass(frozen=True)
class Rostered:
    """What a published roster says of a shift: its number, teams (codes), duty village and police leader."""

    roster: int
    teams: tuple[str, ...]
    village: str | None
    leader: str


def rostered(session: Session, zone: str, start: datetime, end: datetime) -> Rostered | None:
    """What the published roster of a zone says of the shift `[start, end)`.

    Returns
    -------
    Rostered or None
        Of the turn that holds the whole shift, the shortest of several; None where there is none.
    """
    clock = clock_of_site(session)
    # A turn past midnight belongs to the day before.
    first = date.fromordinal(start.astimezone(clock).date().toordinal() - 1)
    found: list[tuple[float, Rostered]] = []
    for row in store.published(session, zone, first, start.astimezone(clock).date()):
        made: Document = row["document"]
        for turn, (begins, ends) in zip(made["turns"], doc.periods(made, clock), strict=True):
            if begins <= start and end <= ends:
                told = Rostered(row["id"], tuple(turn["teams"]), turn["village"], turn["leader"])
                found.append(((ends - begins).total_seconds(), told))
    return min(found, key=lambda one: one[0])[1] if found else None


def serving_here(
    session: Session, zone: str, teams: gpd.GeoDataFrame, start: datetime, end: datetime
) -> tuple[gpd.GeoDataFrame, list[str], Rostered | None]:
    """`on_duty_here` of the teams that a published roster names for the shift; of all where there is none.

    A remark says which roster it was.
    """
    told = rostered(session, zone, start, end)
    if told is None:
        return *on_duty_here(session, teams, start, end), None
    own = teams[teams["code"].isin(told.teams)]
    kept, remarks = on_duty_here(session, own, start, end)
    chosen = Sentence(
        "by roster %(roster)s these teams serve in this shift: %(teams)s",
        roster=told.roster,
        teams=", ".join(told.teams),
    )
    return kept, [chosen, *remarks], told
