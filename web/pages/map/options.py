"""What the map's script reads: which tiles, how things look, which times there are, and its words.

It grows with nothing: not with the data, not with the number of analyses and plans.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import url_for

from geo.repository.search import Bounds
from web.access import Action
from web.i18n import N_, Translator
from web.maps.page import DEEPEST_ZOOM
from web.maps.words import (
    CAUSES,
    NO_SHARE_COLOUR,
    SHARE_CLASSES,
    SHARE_COLOURS,
    SITING,
    TEAM_COLOURS,
    YELLOW,
)
from web.pages.map.choice import Choice
from web.pages.map.legend import camera_states, shown_level
from web.requests import may

FOLLOWS_WITHIN = timedelta(hours=24)
"""A patrol that begins this soon after the analysed period lies on the same slider."""

PATROL_SLOT = timedelta(minutes=15)

LAYER_NAMES = {
    "jurisdictions": N_("jurisdictions"),
    "streets": N_("streets"),
    "cells": N_("gaps"),
    "cameras": N_("cameras"),
    "footprints": N_("views of cameras"),
    "siting": N_("proposed cameras"),
    "gaps": N_("gaps"),
    "zones": N_("joint-defence zones"),
    "routes": N_("routes"),
}

TROUBLE = {
    401: N_("You were signed out; sign in again to see the map."),
    403: N_("Your account may not see %(layer)s."),
    503: N_("The server is busy or its database does not answer; a part of the map is missing."),
    "other": N_("A part of the map did not come (%(layer)s, answer %(status)s)."),
}

TEXTS = {
    "zoom_in": N_("Closer"),
    "zoom_out": N_("Farther"),
    "whole": N_("Whole area"),
    "full_screen": N_("Full screen"),
    "copy_link": N_("Copy the address of this view"),
    "copied": N_("The address of this view was copied."),
    "copy_yourself": N_("Copy the address of this view:"),
    "print": N_("Print"),
    "no_answer": N_("none"),
}

TIME_TEXTS = {
    "whole_period": N_("Whole period"),
    "after_analysis": N_("after the analysed period; gaps as at its end"),
    "play": N_("Play"),
    "pause": N_("Pause"),
}


def options(
    choice: Choice,
    layers: Mapping[str, dict[str, Any]],
    bounds: Bounds,
    limits: Bounds,
    t: Translator,
    *,
    attribution: str,
) -> dict[str, Any]:
    """Everything the script needs at once, ready for JSON.

    Parameters
    ----------
    choice : Choice
    layers : mapping
        Name → {url, from, to}: template of the tiles' address and the zooms they are served at.
    bounds : (west, south, east, north)
        Degrees; the view that the map opens with and "whole area" goes back to.
    limits : (west, south, east, north)
        Degrees; outside of them there is nothing, so that no tile is asked for.
    t : Translator
    attribution : str
        The source of the base data.
    """
    return {
        "lang": t.lang,
        "zone": t.zone.key,
        "bounds": _corners(bounds),
        "limits": _corners(limits),
        # Where one pixel's metres are told.
        "latitude": math.radians((bounds[1] + bounds[3]) / 2),
        "maxZoom": DEEPEST_ZOOM,
        "attribution": attribution,
        "basemap": {"url": url_for("basemap.now"), "lang": t.lang, "areas": False},
        "layers": dict(layers),
        "choice": choice.query(),
        "feature": "/map/feature",
        "level": shown_level(choice),
        "causes": {
            name: {
                "name": t(cause.name),
                "list": cause.list,
                "colour": cause.colour,
                "dash": [int(part) for part in cause.dash.split()],
            }
            for name, cause in CAUSES.items()
        },
        "states": {state: {"name": t(words), "colour": colour} for state, words, colour in camera_states()},
        "proposed": {kind: colour for kind, (_, colour) in SITING.items()},
        "shares": {"bounds": list(SHARE_CLASSES), "colours": list(SHARE_COLOURS), "none": NO_SHARE_COLOUR},
        "teamColours": list(TEAM_COLOURS),
        "yellow": TEAM_COLOURS.index(YELLOW) + 1,
        "time": time_line(choice, t),
        "plan": {"url": url_for("map.plan", number=choice.plan.id)} if choice.plan else None,
        "texts": {
            **{key: t(text) for key, text in TEXTS.items()},
            "layers": {key: t(text) for key, text in LAYER_NAMES.items()},
            "trouble": {
                str(key): t(text, layer="{layer}", status="{status}") for key, text in TROUBLE.items()
            },
        },
    }


def time_line(choice: Choice, t: Translator) -> dict[str, Any] | None:
    """The slots of the slider: those of the analysis, and on to the end of a patrol that overlaps or follows.

    For those who may not see gaps it has the patrol alone. Epoch seconds; None where nothing would move.
    """
    analysis, plan = choice.analysis if may(Action.GAPS_VIEW) else None, choice.plan
    if analysis is not None:
        start, slot = analysis.start, timedelta(minutes=analysis.slot_min)
        slots = analysed = math.ceil((analysis.end - start) / slot)
        if plan is not None and start <= plan.start <= analysis.end + FOLLOWS_WITHIN:
            slots = max(slots, math.ceil((plan.end - start) / slot))
    elif plan is not None:
        start, slot = plan.start, PATROL_SLOT
        slots = analysed = math.ceil((plan.end - start) / slot)
    else:
        return None
    return {
        "start": _seconds(start),
        "slot_s": round(slot.total_seconds()),
        "slots": slots,
        "analysed": analysed,
        # Said until somebody moves the slider: to learn a zone takes a browser as long as to draw a frame.
        "whole": t.span(start, start + analysed * slot),
        "zone": t.zone.key,
        "texts": {key: t(text) for key, text in TIME_TEXTS.items()},
    }


def _corners(bounds: Bounds) -> list[list[float]]:
    """As Leaflet has them: latitude first."""
    west, south, east, north = bounds
    return [[south, west], [north, east]]


def _seconds(when: datetime) -> int:
    return round(when.timestamp())
