"""A question put to the cameras of whoever asks, and how it is written down."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cameras.footage_answer import Footage
from cameras.services.finding import who_saw
from geo.db import transaction
from geo.scope import WHOLE_SITE
from web.pages.footage.asked import Asked
from web.requests import db, server, translator
from web.settings import analysis_settings, current


def look(wanted: Asked) -> Footage:
    """The cameras that saw it, of those in the scope of this request.

    Raises
    ------
    InputRefused
    """
    # A wall across the border hides, too, and a source is alive that speaks of a neighbour's camera.
    with transaction(server().engine, scope=WHOLE_SITE) as whole:
        return who_saw(
            db(),
            wanted.points,
            wanted.start,
            wanted.end,
            now=datetime.now(UTC),
            datum=wanted.datum,
            radius_m=wanted.radius_m,
            settings=analysis_settings(current(whole)),
            around=whole,
        )


def traced(wanted: Asked, found: Footage) -> tuple[str, dict[str, Any]]:
    """Subject and details of the entry in the audit log: which place and time, why, how many cameras."""
    t = translator()
    lon, lat = found.points[0]
    return f"footage {lat:.6f}, {lon:.6f}", {
        "start": t.moment(found.start),
        "end": t.moment(found.end),
        "cameras": len(found.sightings),
        "reason": wanted.reason,
    }
