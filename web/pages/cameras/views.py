"""The pages of cameras."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, request
from werkzeug.wrappers import Response

from cameras.repository import one
from cameras.tables import Analysis
from web import chosen, i18n
from web.access import Action, needs
from web.geofeatures import collection
from web.i18n import N_
from web.maps.words import AZIMUTHS, CAUSES, FINDINGS, LEVELS, REASONS, STATES
from web.pages.cameras.tables import CAMERAS, STATE_TONES, changes
from web.requests import db, render, translator
from web.tabular.view import table_view
from web.timeline import Line, Period, Timeline

bp = Blueprint("cameras", __name__, url_prefix="/cameras")

# Beyond the range at which anybody is seen at all; the walls on the small map.
SURROUNDINGS_M = 120.0
MOVED = CAUSES["moved"].name


@bp.get("")
@needs(Action.CAMERAS_VIEW)
def listed() -> Response:
    """All cameras of somebody's area."""
    analysis = chosen.analysis()
    return table_view(
        CAMERAS,
        "cameras/list.html",
        parameters={
            "analysis": analysis.id if analysis else None,
            "lang": i18n.negotiated(request),
            **changes(db(), analysis),
        },
        analysis=analysis,
        period=chosen.period_words(analysis) if analysis else "",
    )


@bp.get("/<path:code>")
@needs(Action.CAMERAS_VIEW)
def record(code: str) -> Response:
    """Everything known of one camera."""
    found = one.record(db(), code)
    if found is None:
        abort(404)
    analysis = chosen.analysis()
    return render(
        "cameras/record.html",
        camera=found,
        analysis=analysis,
        period=chosen.period_words(analysis) if analysis else "",
        history=one.history(db(), code),
        presets=one.presets(db(), found["id"]),
        day=_day(analysis, found["id"]) if analysis else None,
        findings=_findings(analysis, found["id"]) if analysis else [],
        gaps=one.gaps(db(), analysis.id, found["id"]) if analysis else [],
        causes=CAUSES,
        layers=_layers(analysis, found),
        azimuth_words=AZIMUTHS,
    )


def _day(analysis: Analysis, camera_id: int) -> Timeline | None:
    """What the evidence says of the camera, on one strip over the analysed period."""
    t = translator()
    rows = one.availability(db(), analysis.id, camera_id)
    if not rows:
        return None
    periods = []
    for row in rows:
        state = "moved" if row["moved"] and row["state"] == "usable" else row["state"]
        said = MOVED if state == "moved" else STATES[state][0]
        words = t(said)
        why = t(REASONS.get(row["reason"], ""))
        periods.append(
            Period(
                row["start"], row["end"], f"{words}: {why}" if why else words, STATE_TONES.get(state, "warn")
            )
        )
    start, end = analysis.period.lower, analysis.period.upper
    assert start is not None and end is not None
    return Timeline(start, end, [Line(t(N_("Evidence")), periods)])


def _findings(analysis: Analysis, camera_id: int) -> list[dict[str, Any]]:
    """Findings in words, with their value and period."""
    t = translator()
    names = {"inside": "inside_building", "clock_wrong": "clock"}
    told = []
    for row in one.findings(db(), analysis.id, camera_id):
        key = names.get(row["kind"], row["kind"])
        told.append(
            {
                "words": t(FINDINGS[key]) if key in FINDINGS else row["kind"],
                "value": row["value"],
                "unit": {"clock": "s", "inside_building": "m", "on_facade": "m", "turned": "°"}.get(key, ""),
                "when": t.span(row["start"], row["end"]) if row["start"] and row["end"] else "",
            }
        )
    return told


def _layers(analysis: Analysis | None, camera: dict[str, Any]) -> list[dict[str, Any]]:
    """The camera, what it sees at each level, and the walls around it."""
    walls = one.walls_around(db(), camera["lon"], camera["lat"], SURROUNDINGS_M)
    layers: list[dict[str, Any]] = [
        {"features": collection(walls.assign(name="")), "colour": "#8b949b", "weight": 1, "fill": 0.35}
    ]
    if analysis is not None:
        t = translator()
        seen = one.footprints(db(), analysis.id, camera["id"])
        seen["name"] = [t(LEVELS[level][0]) if level in LEVELS else level for level in seen["level"]]
        for certain in (False, True):
            layers.append(
                {
                    "features": collection(seen[seen["certain"] == certain]),
                    "colour": "#2a788e",
                    "weight": 1,
                    "dash": "" if certain else "4 3",
                    "fill": 0.18 if certain else 0.05,
                    "frame": certain,
                }
            )
    point = {
        "type": "Feature",
        "id": camera["id"],
        "properties": {"label": camera["name"]},
        "geometry": {"type": "Point", "coordinates": [camera["lon"], camera["lat"]]},
    }
    layers.append(
        {
            "features": {"type": "FeatureCollection", "features": [point]},
            "colour": "#1b1f23",
            "radius": 6,
            "fill": 1,
            "frame": True,
        }
    )
    return layers
