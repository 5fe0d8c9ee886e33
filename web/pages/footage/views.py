"""The footage finder: its question, its answer, the list to print."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import geopandas as gpd
import shapely
from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from cameras.footage_answer import Footage
from cameras.services.footage_asked import LARGEST_RADIUS_M
from geo.errors import InputRefused
from geo.repository import scope_shape, site_area
from web.access import Action, needs
from web.footagetable import RECORDINGS, VERDICTS, rows, stretch_words, summary
from web.geofeatures import collection
from web.i18n import N_
from web.looking import searched
from web.maps.words import DIMENSIONS
from web.pages.footage.asked import LONGEST_REASON, asked, given, query
from web.pages.footage.looking import look, traced
from web.pages.footage.tables import FOOTAGE
from web.pages.imports.wording import DATUM_NAMES, DATUM_WORDS
from web.requests import access, db, render, scope, translator
from web.tabular.view import table_view
from web.timeline import Line, Period, Timeline

bp = Blueprint("footage", __name__, url_prefix="/footage")

PRESETS = (
    (N_("Last hour"), timedelta(hours=1)),
    (N_("Last 3 hours"), timedelta(hours=3)),
    (N_("Last 12 hours"), timedelta(hours=12)),
    (N_("Last 24 hours"), timedelta(hours=24)),
)
COLOURS = {"certain": "#009e73", "degraded": "#cc79a7", "possible": "#56b4e9", "not_measured": "#0072b2"}
OTHERS = "#8b949b"


@bp.get("")
@needs(Action.CAMERAS_VIEW)
def page() -> Response:
    """A place and a time to choose; once they are, the cameras that saw it."""
    t = translator()
    told = given(request.args, t.zone, datetime.now(UTC))
    context: dict[str, Any] = {
        "told": told,
        "datums": [(name, t(words)) for name, words in DATUM_WORDS.items()],
        "presets": _presets(told),
        "largest": LARGEST_RADIUS_M,
        "longest_reason": LONGEST_REASON,
        "found": None,
        "refused": None,
    }
    if not (told["lon"] or told["lat"]):
        return render("footage/page.html", layers=[_area()], **context)
    try:
        wanted = asked(told, t.zone)
        found = look(wanted)
    except InputRefused as refused:
        return render("footage/page.html", status=422, layers=[_area()], **{**context, "refused": refused})
    subject, detail = traced(wanted, found)
    searched(subject, **detail)
    listed = rows(found, t)
    if request.args.get("format"):
        return table_view(FOOTAGE, "footage/page.html", parameters={"rows": json.dumps(listed)})
    return render(
        "footage/page.html",
        **{
            **context,
            "found": found,
            "rows": listed,
            "counts": summary(found),
            "day": _strips(found),
            "layers": _layers(found, listed),
        },
        **_words(told, found),
    )


@bp.get("/sheet")
@needs(Action.CAMERAS_VIEW)
def sheet() -> Response:
    """The list as it is printed and signed when recordings are fetched."""
    t = translator()
    told = given(request.args, t.zone, datetime.now(UTC))
    if not (told["lon"] and told["lat"]):
        return redirect("/footage")
    wanted = asked(told, t.zone)
    found = look(wanted)
    subject, detail = traced(wanted, found)
    searched(subject, **detail)
    return render(
        "footage/sheet.html",
        found=found,
        told=told,
        rows=[row for row in rows(found, t) if row["verdict"] != "occluded"],
        who=access().account.display_name,
        printed_at=t.moment(datetime.now(UTC)),
        **_words(told, found),
    )


def _presets(told: dict[str, str]) -> list[tuple[str, str]]:
    """Words and address of the usual times, for the place that was chosen."""
    t = translator()
    now = datetime.now(t.zone).replace(second=0, microsecond=0, tzinfo=None)
    times = [
        (
            t(words),
            {"from": (now - back).isoformat(timespec="minutes"), "until": now.isoformat(timespec="minutes")},
        )
        for words, back in PRESETS
    ]
    return [(words, f"/footage?{query(told, **changes)}") for words, changes in times]


def _words(told: dict[str, str], found: Footage) -> dict[str, Any]:
    """What page and paper both say of a question and its answer."""
    t = translator()
    lon, lat = found.points[0]
    return {
        "place": f"{lat:.6f}, {lon:.6f} (WGS 84)",
        "given_place": ""
        if told["datum"] in ("wgs84", "cgcs2000")
        else f"{told['lat']}, {told['lon']} ({DATUM_NAMES[told['datum']]})",
        "span": t.span(found.start, found.end),
        "verdicts": VERDICTS,
        "recordings": RECORDINGS,
        "query": query(told),
        "buildings": DIMENSIONS[found.dimension][1] if found.dimension in DIMENSIONS else "",
    }


def _strips(found: Footage) -> Timeline:
    """Each camera's part of the asked time."""
    t = translator()
    lines = [
        Line(
            f"{number} {one.name}",
            [
                Period(part.start, part.end, stretch_words(part, t), tone=VERDICTS[part.verdict][1])
                for part in one.stretches
            ],
            href=f"/cameras/{one.code}",
        )
        for number, one in enumerate(found.sightings, start=1)
    ]
    return Timeline(found.start, found.end, lines)


def _area() -> dict[str, Any]:
    """Where whoever asks may look: what an empty map shows."""
    shape = None if scope().everywhere else scope_shape(db(), scope())
    if shape is None:
        around = site_area(db())
        shape = shapely.Polygon() if around is None else shapely.box(*around)
    frame = gpd.GeoDataFrame({"name": [""]}, geometry=[shape], crs=4326)
    return {"features": collection(frame), "colour": "#8b949b", "weight": 1, "fill": 0, "frame": True}


def _layers(found: Footage, listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The ground that each camera saw, its line of sight, the place."""
    layers: list[dict[str, Any]] = []
    best = {one.camera: one for one in found.sightings}
    target = gpd.GeoDataFrame(
        {"name": [""] * len(found.points)},
        geometry=gpd.points_from_xy(*zip(*found.points, strict=True)),
        crs=4326,
    )
    for row in reversed(listed):
        one = best[row["camera"]]
        colour = COLOURS.get(one.verdict, OTHERS)
        if one.in_view:
            ground = found.views[found.views["camera"] == one.camera].assign(id=one.camera, name=one.name)
            layers.append(
                {"features": collection(ground), "colour": colour, "weight": 1, "fill": 0.12, "frame": True}
            )
        near = min(found.points, key=lambda point: (point[0] - one.lon) ** 2 + (point[1] - one.lat) ** 2)
        sight = gpd.GeoDataFrame(
            {"id": [one.camera], "name": [one.name]},
            geometry=[shapely.LineString([(one.lon, one.lat), near])],
            crs=4326,
        )
        dash = "" if one.verdict == "certain" else "5 5"
        layers.append({"features": collection(sight), "colour": colour, "weight": 2, "dash": dash, "fill": 0})
    stands = gpd.GeoDataFrame(
        {
            "id": [row["camera"] for row in listed],
            "name": [row["name"] for row in listed],
            "rank": [row["rank"] for row in listed],
        },
        geometry=gpd.points_from_xy([row["lon"] for row in listed], [row["lat"] for row in listed]),
        crs=4326,
    )
    layers.append(
        {
            "features": collection(stands, number="rank"),
            "colour": "#1b1f23",
            "radius": 9,
            "fill": 1,
            "frame": True,
        }
    )
    layers.append(
        {
            "features": collection(target),
            "colour": "#d55e00",
            "weight": 3,
            "radius": 7,
            "fill": 0.9,
            "frame": True,
        }
    )
    return layers
