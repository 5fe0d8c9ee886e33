"""Make the base map of the data as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from web.database import var_dir
from web.i18n import N_
from web.jobs.bodies import arguments as read
from web.jobs.registry import Outcome, job
from web.jobs.telling import Tell
from web.jobs.words import Words

KIND = "basemap"


def title() -> Words:
    """What the job is called."""
    return Words(N_("Base map"))


def order(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Nothing is to be said: there is one base map, of all the data."""
    read.known(arguments, (), KIND)
    return {}


@job(KIND, read=order)
def run(session: Session, _arguments: Mapping[str, Any], tell: Tell) -> Outcome:
    """Draw it, or find it drawn."""
    # Loads GeoPandas: only whoever makes a map waits for it.
    from web.basemap.archive import basemap_folder, ensure_basemap

    drawing = N_("Drawing the base map")
    tell(0.0, drawing)
    made = ensure_basemap(session, basemap_folder(var_dir()), progress=tell)
    said = N_("Nothing to draw a base map from yet") if made is None else N_("The base map is up to date")
    return Outcome(None, Words(said))
