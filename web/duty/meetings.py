"""Where the teams of adjoining villages meet and hand over, in one language."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_uppercase

import geopandas as gpd
import shapely
from sqlalchemy.orm import Session

from geo.crs import to_metric
from geo.services import site_crs
from patrols.corners import corners
from patrols.repository import duty as streets_store
from patrols.repository import zone_ground as store
from web.i18n import N_, Translator


@dataclass(frozen=True)
class Meeting:
    """A meeting place.

    Parameters
    ----------
    id : int
    label : str
        The letter that maps and lists call it by: A, B, … Z, AA.
    name : str
        As a person named it; "" without.
    place : str
        The street, or the two that meet there; "" where none has a name.
    left, right : str
        Names of the two villages.
    walk_s : int or None
        Seconds that the farther side walks, as it was proposed.
    struck : bool
        Not used.
    by_hand : bool
    point : Point
        EPSG:4326.
    """

    id: int
    label: str
    name: str
    place: str
    left: str
    right: str
    walk_s: int | None
    struck: bool
    by_hand: bool
    point: shapely.Point

    @property
    def where(self) -> str:
        """Its name and its streets, as far as there are any."""
        return ", ".join(part for part in (self.name, self.place) if part)


def meetings_of(
    session: Session,
    zone_id: int,
    t: Translator,
    *,
    struck: bool = False,
    streets: gpd.GeoDataFrame | None = None,
) -> list[Meeting]:
    """The meeting places of a zone; those that are struck come last and bear no letter.

    Parameters
    ----------
    streets : GeoDataFrame, optional
        Of the zone in the site's CRS (`patrols.repository.duty.streets`), where they were read before.
    """
    found = store.meeting_places(session, zone_id, struck=struck)
    if found.empty:
        return []
    crs = site_crs(session)
    named = to_metric(streets_store.streets(session, zone_id), crs) if streets is None else streets
    told = corners(to_metric(found, crs).geometry, named)
    suffix = "" if t.lang == "zh" else "_en"
    rows = found.assign(told=list(told)).sort_values(["struck", "id"]).to_dict("records")
    return [
        Meeting(
            id=int(row["id"]),
            label="" if row["struck"] else letters(order),
            name=row["name"],
            place=corner_words(row["told"], t),
            left=row[f"left_name{suffix}"],
            right=row[f"right_name{suffix}"],
            walk_s=None if row["walk_s"] != row["walk_s"] or row["walk_s"] is None else int(row["walk_s"]),
            struck=bool(row["struck"]),
            by_hand=row["origin"] == "by_hand",
            point=row["geometry"],
        )
        for order, row in enumerate(rows)
    ]


def letters(order: int) -> str:
    """A, B, … Z, AA, AB, … of a place in a row, from 0."""
    made = ""
    order += 1
    while order:
        order, rest = divmod(order - 1, len(ascii_uppercase))
        made = ascii_uppercase[rest] + made
    return made


def corner_words(names: tuple[str, ...], t: Translator) -> str:
    """A street, or the two that meet somewhere (`patrols.corners`), in words; "" for none."""
    if len(names) < 2:
        return "".join(names)
    return t(N_("%(street)s at %(other)s"), street=names[0], other=names[1])
