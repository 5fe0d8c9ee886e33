"""The pages of cameras."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, request
from werkzeug.wrappers import Response

from cameras.audit.kinds import KINDS
from cameras.changed_words import label_of, shown
from cameras.fields import BY_NAME, FURTHER_FIELDS
from cameras.mending import as_json
from cameras.repository import one, proposals
from cameras.tables import Analysis
from geo.errors import Sentence
from web import chosen, i18n
from web.access import Action, needs
from web.geofeatures import collection
from web.i18n import N_, Translator
from web.maps.words import AZIMUTHS, CAUSES, FINDINGS, LEVELS, REASONS, STATES
from web.pages.cameras.tables import CAMERAS, STATE_TONES
from web.pages.stills import shown_stills
from web.requests import db, may, render, translator
from web.settings import current
from web.tabular.view import table_view
from web.timeline import Line, Period, Timeline

bp = Blueprint("cameras", __name__, url_prefix="/cameras")

# Beyond the range at which anybody is seen at all; the walls on the small map.
SURROUNDINGS_M = 120.0
MOVED = CAUSES["moved"].name
CHANGE_KINDS = {
    "changed": N_("changed"),
    "moved": N_("moved or turned"),
    "retired": N_("record closed"),
    "restored": N_("back again"),
}
UNITS = {"degrees": "°", "degrees, down positive": "°", "metres": "m", "millimetres": "mm", "pixels": "px"}


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
    analysis, t = chosen.analysis(), translator()
    history = one.history(db(), code)
    return render(
        "cameras/record.html",
        camera=found,
        analysis=analysis,
        period=chosen.period_words(analysis) if analysis else "",
        history=history,
        outdated=analysis is not None and history[0]["since"] > analysis.created_at,
        audited=[
            {**row, "words": t(KINDS[row["kind"]].title)} for row in one.open_audit_findings(db(), code)
        ],
        changes=_changes(code),
        further=_further(found),
        proposals=proposals.of_code(db(), code) if may(Action.CAMERAS_EDIT) else [],
        presets=one.presets(db(), found["id"]),
        recordings=_recordings(found["id"]),
        stills=shown_stills(code) if may(Action.CAMERAS_EDIT) else [],
        day=_day(analysis, found["id"]) if analysis else None,
        findings=_findings(analysis, found["id"]) if analysis else [],
        gaps=one.gaps(db(), analysis.id, found["id"]) if analysis else [],
        causes=CAUSES,
        layers=_layers(analysis, found),
        azimuth_words=AZIMUTHS,
    )


def _recordings(camera_id: int) -> dict[str, Any] | None:
    """What lists say of the camera's recordings: figures, and the recorded share of each day; None where no
    list ever spoke of it."""
    from cameras.services.recording_lists import recording_figures

    t = translator()
    figures = recording_figures(
        db(),
        [camera_id],
        now=datetime.now(UTC),
        zone=t.zone,
        default_days=float(current(db())["recordings.required_days"]),
    )
    if figures.cameras.empty:
        return None
    told = {str(name): value for name, value in figures.cameras.to_dict("index")[camera_id].items()}
    return {
        **{name: None if value != value else value for name, value in told.items()},
        "seen_at": datetime.fromtimestamp(told["seen_ms"] / 1000, UTC),
        "by_day": [
            (f"{datetime.fromtimestamp(start / 1000, t.zone):%Y-%m-%d}", day["share"].get(camera_id))
            for (start, _), day in figures.days.items()
        ],
    }


def _further(found: dict[str, Any]) -> list[tuple[str, str]]:
    """The record's other fields that are filled in, in words; those that lead to a device or a person only
    for whoever may change records."""
    t = translator()
    return [
        (t(one.label), said_value(one.name, found[one.name], t))
        for one in FURTHER_FIELDS
        if as_json(found[one.name]) is not None and (may(Action.CAMERAS_EDIT) or not one.restricted)
    ]


def _changes(code: str) -> list[dict[str, Any]]:
    """What was changed of the record: when, by whom, and each field before and after in words."""
    t = translator()
    seen = may(Action.CAMERAS_EDIT)
    return [
        {
            **row,
            "what": t(CHANGE_KINDS[row["kind"]]),
            "fields": [
                (t(label_of(name)), said_value(name, before, t), said_value(name, row["after"][name], t))
                for name, before in row["before"].items()
                if (seen or name not in BY_NAME or not BY_NAME[name].restricted)
                and before != row["after"][name]
            ],
        }
        for row in one.changes(db(), code)
    ]


def said_value(name: str, value: Any, t: Translator) -> str:
    """A stored value in the reader's words, with its unit."""
    told = shown(name, as_json(value))
    unit = "" if name not in BY_NAME or BY_NAME[name].unit is None else UNITS.get(str(BY_NAME[name].unit), "")
    words = told.said(t) if isinstance(told, Sentence) else str(told)
    return f"{words} {unit}" if unit and as_json(value) is not None else words


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
