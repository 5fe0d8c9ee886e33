"""The pages of gaps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import shapely
from flask import Blueprint, abort, request
from werkzeug.wrappers import Response

from cameras.repository import on_map
from cameras.repository import one as of_camera
from cameras.repository.gap_record import by_cause, pieces_beside, shape
from cameras.services.footage_asked import LONGEST_HOURS
from cameras.tables import Analysis
from web import chosen, i18n, narrowing
from web.access import Action, needs
from web.geofeatures import collection
from web.i18n import N_
from web.maps.words import CAUSES, LISTS, all_said
from web.pages.gaps.tables import CAUSES_OF, SHOWN, TABLES
from web.requests import db, may, render, translator
from web.tabular.view import table_view, wants_rows
from web.timeline import Line, Period, Timeline

bp = Blueprint("gaps", __name__, url_prefix="/gaps")

FIRST = "repair"
SURROUNDINGS_M = 150.0
MOST_BESIDE = 8


@bp.get("")
@needs(Action.GAPS_VIEW)
def listed() -> Response:
    """One of the three lists, as a person would name the gaps, or each piece of them."""
    key = request.args.get("list", FIRST)
    if key not in TABLES:
        abort(404)
    analysis, area = chosen.analysis(), narrowing.area()
    pieces = request.args.get("pieces") == "yes"
    table = (TABLES if pieces else SHOWN)[key]
    rows_only = wants_rows(table)
    return table_view(
        table,
        "gaps/list.html",
        parameters={
            "analysis": analysis.id if analysis else None,
            "causes": CAUSES_OF[key],
            "lang": i18n.negotiated(request),
            **({} if pieces else {"everywhere": area.everywhere, "paths": list(area.paths)}),
        },
        pieces=pieces,
        analysis=analysis,
        period=chosen.period_words(analysis) if analysis else "",
        key=key,
        lists=LISTS,
        counts={} if rows_only or analysis is None else _counts(analysis, pieces),
    )


@bp.get("/<int:number>")
@needs(Action.GAPS_VIEW)
def record(number: int) -> Response:
    """One gap: why, when, how much, whose; what to do."""
    gap = on_map.gap_of(db(), number)
    if gap is None:
        abort(404)
    analysis = db().get_one(Analysis, gap["analysis_id"])
    together = pieces_beside(db(), number)
    return render(
        "gaps/record.html",
        gap=gap,
        cause=CAUSES[gap["cause"]],
        who=LISTS[CAUSES[gap["cause"]].list][1],
        list_name=LISTS[CAUSES[gap["cause"]].list][0],
        reasons=all_said(gap["reasons"], translator()),
        analysis=analysis,
        period=chosen.period_words(analysis),
        day=_windows(analysis, gap["windows"]),
        parts=_parts(number),
        together=together[:MOST_BESIDE],
        more_together=max(0, len(together) - MOST_BESIDE),
        who_saw=_who_saw(gap) if may(Action.CAMERAS_VIEW) else "",
        layers=_layers(analysis, gap),
    )


def _who_saw(gap: dict[str, Any]) -> str:
    """Where the footage finder tells who saw this ground in the gap's first window."""
    t = translator()
    start, end = gap["windows"][0]
    times = [
        at.astimezone(t.zone).replace(tzinfo=None).isoformat(timespec="minutes")
        for at in (start, min(end, start + timedelta(hours=LONGEST_HOURS)))
    ]
    asked = {"lon": f"{gap['lon']:.6f}", "lat": f"{gap['lat']:.6f}", "from": times[0], "until": times[1]}
    return f"/footage?{urlencode(asked)}"


def _counts(analysis: Analysis, pieces: bool) -> dict[str, int]:
    """How many rows each list has."""
    found = on_map.gap_counts(db(), analysis.id, narrowing.area(), shown=not pieces)
    return {key: sum(found.get(cause, 0) for cause in causes) for key, causes in CAUSES_OF.items()}


def _windows(analysis: Analysis, windows: list[tuple[Any, Any]]) -> Timeline:
    """When it was open, over the analysed period."""
    t = translator()
    start, end = analysis.period.lower, analysis.period.upper
    assert start is not None and end is not None
    open_ = [Period(a, b, t(N_("not seen")), "bad") for a, b in windows]
    return Timeline(start, end, [Line(t(N_("Not seen")), open_)])


def _parts(number: int) -> list[dict[str, Any]]:
    """What the deficit is made of: each cause, its share of the whole."""
    found = by_cause(db(), number)
    whole = sum(found.values())
    return [
        {"cause": CAUSES[name], "share": amount / whole}
        for name, amount in sorted(found.items(), key=lambda pair: -pair[1])
        if whole and name in CAUSES
    ]


def _layers(analysis: Analysis, gap: dict[str, Any]) -> list[dict[str, Any]]:
    """The gap among the walls, and the cameras it concerns with what they would see."""
    ground = shape(db(), gap["id"])
    middle = shapely.point_on_surface(ground.geometry.iloc[0])
    walls = of_camera.walls_around(db(), middle.x, middle.y, SURROUNDINGS_M)
    layers: list[dict[str, Any]] = [
        {"features": collection(walls.assign(name="")), "colour": "#8b949b", "weight": 1, "fill": 0.35}
    ]
    cause = CAUSES[gap["cause"]]
    for camera in gap["cameras"][:12]:
        seen = of_camera.footprints(db(), analysis.id, camera["id"])
        seen = seen[(seen["level"] == analysis.level) & seen["nominal"]]
        layers.append(
            {
                "features": collection(seen.assign(name=camera["name"])),
                "colour": "#2a788e",
                "weight": 1,
                "fill": 0.1,
            }
        )
    layers.append(
        {
            "features": collection(ground.assign(name=translator()(cause.name))),
            "colour": cause.colour,
            "weight": 6,
            "dash": cause.dash,
            "radius": 7,
            "fill": 0.9,
            "frame": True,
        }
    )
    return layers
