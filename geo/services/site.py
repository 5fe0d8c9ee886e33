"""The one site: opened, found, credited.

Every function takes an open session and leaves committing to the caller.
"""

from __future__ import annotations

import math
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pyproj import CRS
from sqlalchemy.orm import Session

from geo import repository
from geo.crs import metric_crs
from geo.errors import LianfangError, Sentence
from geo.osm import ATTRIBUTION
from geo.readers.files import is_of_osm
from geo.tables import Site

DEFAULT_TIMEZONE = "Asia/Shanghai"


def current_site(session: Session) -> Site:
    """The site; LianfangError before anything was imported."""
    found = repository.site(session)
    if found is None:
        raise LianfangError(
            Sentence(
                "the database is empty; run `lianfang demo`, or begin with "
                "`lianfang import roads FILE --datum D`"
            )
        )
    return found


def site_crs(session: Session) -> CRS:
    """The site's projected CRS in metres, chosen when the site was opened."""
    return CRS.from_epsg(current_site(session).metric_epsg)


def open_site(
    session: Session,
    *,
    name: str,
    name_en: str,
    bounds: tuple[float, float, float, float],
    timezone: str = DEFAULT_TIMEZONE,
    attribution: str = "",
    scene: str | None = None,
) -> Site:
    """Open the database's one site around `bounds` (west, south, east, north, degrees).

    Raises
    ------
    LianfangError
        Bounds that are no extent (rows without geometry) or that no projected CRS fits; an unknown time zone.
    """
    if not all(math.isfinite(edge) for edge in bounds):
        raise LianfangError(
            Sentence(
                "the first import has no geometry, so the site would have no place; "
                "import roads or jurisdictions with polygons first"
            )
        )
    try:
        ZoneInfo(timezone)
    # The name is looked up as a file, so a folder's name ("Asia") and a path fail in their own ways.
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise LianfangError(
            Sentence(
                "time zone '%(zone)s' is not known; give one by its IANA name, such as %(usual)s",
                zone=timezone,
                usual=DEFAULT_TIMEZONE,
            )
        ) from error
    try:
        epsg = metric_crs(bounds).to_epsg()
    except ValueError as error:
        raise LianfangError(
            Sentence("no projected CRS fits the area %(bounds)s: %(error)s", bounds=bounds, error=error)
        ) from error
    if epsg is None:
        raise LianfangError(
            Sentence("no projected CRS fits the area %(bounds)s; check its coordinates", bounds=bounds)
        )
    site = Site(
        id=1,
        name=name,
        name_en=name_en,
        timezone=timezone,
        metric_epsg=epsg,
        attribution=attribution,
        scene=scene,
    )
    session.add(site)
    session.flush()
    return site


def credit_osm(session: Session, path: Path | str) -> None:
    """Credit OpenStreetMap in the site's attribution, where `path` is of its data and nobody did before."""
    if is_of_osm(path):
        credit(session, ATTRIBUTION)


def credit(session: Session, words: str) -> None:
    """Add a source's credit to the site's attribution, once.

    Parameters
    ----------
    session : Session
    words : str
        As the source asks to be named.

    Raises
    ------
    LianfangError
        When there is no site yet (`current_site`).
    """
    site = current_site(session)
    if words not in site.attribution:
        site.attribution = ", ".join(filter(None, (site.attribution, words)))
        session.flush()
