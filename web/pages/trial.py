"""Three things to try: break a camera, turn a camera, tonight. Nothing is changed by trying."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import geopandas as gpd
import pandas as pd
from flask import Blueprint, Response, abort, jsonify, redirect, request
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from cameras.repository import at_instant, one
from cameras.services import trying
from cameras.tables import Analysis
from geo.db import transaction
from geo.errors import InputRefused, LianfangError
from geo.repository import scope_shape
from geo.scope import WHOLE_SITE
from patrols import repository
from patrols.repository import on_map
from patrols.services.trying import MovedStops, moved_stops
from web import chosen, i18n, narrowing
from web.access import Action, needs
from web.geofeatures import collection
from web.i18n import N_
from web.maps.words import CAUSES, DIMENSIONS, LEVELS
from web.refusals import Refused
from web.requests import access, db, render, scope, server, translator
from web.settings import analysis_settings, current, plan_settings
from web.tabular.query import is_path

bp = Blueprint("trial", __name__, url_prefix="/try")

CHOICES = 12
# Of more, the re-aims are not worked out while somebody waits for the page.
MOST_TURNED = 3_000
SURROUNDINGS_M = 140.0
WALLS = {"colour": "#8b949b", "weight": 1, "fill": 0.35}


@bp.get("/break")
@needs(Action.GAPS_VIEW)
def choose_to_break() -> AnyResponse:
    """Cameras on which much hangs."""
    return _choices("break")


@bp.get("/turn")
@needs(Action.CAMERAS_VIEW)
def choose_to_turn() -> AnyResponse:
    """Cameras to turn."""
    return _choices("turn")


@bp.get("/tonight")
@needs(Action.PLANS_VIEW)
def tonight() -> AnyResponse:
    """The newest plan somebody may see; the list where there is none."""
    rights = access()
    found = on_map.plans(db(), rights.scope(Action.PLANS_VIEW), rights.scope(Action.PLANS_VIEW_DRAFTS), 1)
    return redirect(f"/plans/{int(found['id'].iloc[0])}" if len(found) else "/plans")


@bp.get("/break/<path:code>")
@needs(Action.GAPS_VIEW)
def break_camera(code: str) -> AnyResponse:
    """The camera as it is, or (``?broken=yes``) what would be if it were lost."""
    camera, analysis = _camera(code), chosen.analysis()
    if analysis is None:
        return render("trial/nothing.html")
    context: dict[str, Any] = {"camera": camera, "period": chosen.period_words(analysis), "lost": None}
    # Over everything, so that a neighbour's camera counts; what is shown lies in this camera's own wedge, or
    # whoever asks sees it anyway.
    with transaction(server().engine, scope=WHOLE_SITE) as session:
        try:
            lost = trying.lost_ground(session, analysis.id, code)
        except InputRefused as refused:
            return render("trial/broken.html", status=422, refused=refused, layers=[], **context)
        broken = request.args.get("broken") == "yes"
        settings = plan_settings(current(session)).demand
        stops, no_stops = None, None
        if broken:
            zones = list(repository.zones(db(Action.ZONES_VIEW)).index)
            try:
                stops = moved_stops(session, analysis.id, lost.ground, settings, among=zones)
            except LianfangError as refused:
                no_stops = refused
    if stops is not None and not scope().everywhere:
        stops = stops.inside(scope_shape(db(), scope()))
    named = one.known(db(), lost.watchers)
    return render(
        "trial/broken.html",
        refused=None,
        broken=broken,
        stops=stops,
        no_stops=no_stops,
        watchers=sorted({name for code, name in lost.watchers.items() if code in named}),
        watchers_elsewhere=len(lost.watchers) - len(named),
        cause=CAUSES["outage"],
        buildings=DIMENSIONS[chosen.dimension(analysis)][1],
        at=translator().moment(lost.at),
        level=translator()(LEVELS[lost.level][0]) if lost.level in LEVELS else lost.level,
        layers=_broken_layers(camera, lost, stops, broken),
        **{**context, "lost": lost},
    )


@bp.get("/turn/<path:code>")
@needs(Action.CAMERAS_VIEW)
def turn_camera(code: str) -> AnyResponse:
    """The camera among its walls, with a handle to turn it by."""
    camera, analysis = _camera(code), chosen.analysis()
    walls = one.walls_around(db(), camera["lon"], camera["lat"], SURROUNDINGS_M)
    lost = None
    # As evidence has it, which may know what the record does not; a wall across the border hides as well.
    with transaction(server().engine, scope=WHOLE_SITE) as session:
        sight = _sight(session, analysis)
        view = trying.held_view(session, code, assumed=sight["assumed"])
        before = {}
        if view.azimuth_deg is not None:
            now = trying.turned(session, code, view.azimuth_deg % 360.0, **sight)
            before = {row["level"]: row for row in now.drop(columns="geometry").to_dict("records")}
        if analysis is not None:
            # It saw nothing for certain: then nothing hangs on it.
            with suppress(InputRefused):
                lost = trying.lost_ground(session, analysis.id, code)
    asked = request.args.get("azimuth", "")
    azimuth = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else view.azimuth_deg or 0
    return render(
        "trial/turned.html",
        camera=camera,
        view=view,
        azimuth=round(azimuth) % 360,
        before=before,
        lost=lost,
        levels={key: words for key, (words, _) in LEVELS.items()},
        buildings=DIMENSIONS[sight["dimension"]][1],
        layers=[
            {"features": collection(walls.assign(name="")), **WALLS},
            {"features": _point(camera), "colour": "#1b1f23", "radius": 6, "fill": 1, "frame": True},
        ],
    )


@bp.get("/turn/<path:code>/seen")
@needs(Action.CAMERAS_VIEW)
def seen(code: str) -> Response:
    """What it would see looking that way, as GeoJSON: one feature a level, the widest first."""
    _camera(code)
    try:
        azimuth = float(request.args.get("azimuth", ""))
        tilt, hfov = (
            float(request.args[name]) if name in request.args else None for name in ("tilt", "hfov")
        )
    except ValueError:
        raise InputRefused(
            gettext("Give an azimuth from 0 to below 360, a tilt and an angle of view in degrees.")
        ) from None
    # A wall across the border hides as much as one's own; only the shape and its length are told.
    with transaction(server().engine, scope=WHOLE_SITE) as session:
        sight = _sight(session, chosen.analysis())
        frame = trying.turned(session, code, azimuth, tilt_deg=tilt, hfov_deg=hfov, **sight)
    t = translator()
    named = frame.assign(id=frame["level"], name=[t(LEVELS[one][0]) for one in frame["level"]])
    told = collection(named[~named.geometry.is_empty])
    drawn = {feature["id"]: feature for feature in told["features"]}
    for row in frame.to_dict("records"):
        # Where nothing is seen there is no shape, but the figures are 0 and say so.
        nothing = {"type": "Feature", "id": row["level"], "properties": {}, "geometry": None}
        feature = drawn.setdefault(row["level"], nothing)
        feature["properties"]["street"] = t.length(row["street_m"])
        feature["properties"]["places"] = t.number(row["places"])
    return jsonify({**told, "features": list(drawn.values())})


@bp.get("/re-aims/<path>")
@needs(Action.CAMERAS_VIEW)
def re_aims(path: str) -> AnyResponse:
    """The single re-aims that help a jurisdiction most, each as if nothing else were changed."""
    # The kernels behind it take seconds to load: only whoever asks waits for them.
    from cameras.services.siting import jurisdiction_re_aims
    from web.settings.siting import siting_settings

    lang = i18n.negotiated(request)
    names = narrowing.named(db(), [path], lang) if is_path(path) else {}
    if path not in names:
        abort(404)
    analysis = chosen.analysis()
    rows, refused = [], None
    # What a camera gives up may be a neighbour's; who is turned lies in this jurisdiction.
    with transaction(server().engine, scope=WHOLE_SITE) as session:
        settings = siting_settings(
            current(session),
            level=analysis.level if analysis else None,
            dimension=chosen.dimension(analysis) if analysis else None,
        )
        try:
            if one.cameras_under(session, path) > MOST_TURNED:
                raise Refused(
                    N_("More than %(most)s cameras: choose a smaller jurisdiction, or ask for a proposal."),
                    most=MOST_TURNED,
                )
            found = jurisdiction_re_aims(session, path, settings, most=CHOICES)
            rows = found.to_dict("records")
        except LianfangError as problem:
            refused = problem
    level = str(settings.level)
    return render(
        "trial/re_aims.html",
        path=path,
        place=names[path],
        level=translator()(LEVELS[level][0]) if level in LEVELS else level,
        buildings=DIMENSIONS[settings.dimension][1],
        rows=rows,
        refused=refused,
    )


def _sight(session: Session, analysis: Analysis | None) -> dict[str, Any]:
    """Assumed optics, and how buildings hide: as in the analysis shown beside, else as the site has it."""
    values = current(session)
    settings = analysis_settings(values, dimension=chosen.dimension(analysis) if analysis else None)
    height_m = analysis.parameters.get("target_height_m") if analysis else None
    return {
        "assumed": settings.assumed,
        "dimension": settings.dimension,
        "target_height_m": settings.target_height_m if height_m is None else float(height_m),
    }


def _camera(code: str) -> dict[str, Any]:
    found = one.record(db(), code)
    if found is None:
        abort(404)
    return found


def _choices(what: str) -> AnyResponse:
    analysis = chosen.analysis()
    if analysis is None:
        return render("trial/nothing.html")
    where = narrowing.chosen() or scope().root or _uppermost()
    return render("trial/choose.html", what=what, cameras=_worth(analysis), where=where)


def _uppermost() -> str:
    """The jurisdiction that everything lies in; empty before there is one."""
    found = narrowing.choices(db(), "", "en", area=scope())[0]
    return found[0].path if found else ""


def _worth(analysis: Analysis) -> list[dict[str, Any]]:
    return at_instant.worth_breaking(db(), analysis.id, CHOICES)


def _point(camera: dict[str, Any]) -> dict[str, Any]:
    point = gpd.GeoDataFrame(
        {"id": [camera["id"]], "name": [camera["name"]]},
        geometry=gpd.points_from_xy([camera["lon"]], [camera["lat"]]),
        crs=4326,
    )
    return collection(point)


def _broken_layers(
    camera: dict[str, Any], lost: trying.LostGround, stops: MovedStops | None, broken: bool
) -> list[dict[str, Any]]:
    """The walls, the wedge as it is or as it was, the ground lost with it, the stops that moved."""
    walls = one.walls_around(db(), camera["lon"], camera["lat"], SURROUNDINGS_M)
    layers: list[dict[str, Any]] = [
        {"features": collection(walls.assign(name="")), **WALLS},
        {
            "features": collection(lost.wedge),
            "colour": "#2a788e",
            "weight": 1.5,
            "dash": "4 4" if broken else "",
            "fill": 0.02 if broken else 0.25,
            "frame": True,
        },
        {"features": _point(camera), "colour": "#1b1f23", "radius": 6, "fill": 1},
    ]
    if not broken:
        return layers
    cause = CAUSES["outage"]
    ground = lost.ground.assign(name=translator()(cause.name))
    layers.append({"features": collection(ground), "colour": cause.colour, "weight": 6, "fill": 0})
    if stops is not None:
        kept = stops.after.drop(index=list(stops.come))
        for frame, words, colour in (
            (kept, gettext("a stop as before"), "#8b949b"),
            (stops.before.loc[list(stops.gone)], gettext("no stop any more"), "#c4cacf"),
            (stops.after.loc[list(stops.come)], gettext("a new stop"), "#0072b2"),
        ):
            named = pd.DataFrame({"name": [words] * len(frame), "id": frame["stop_id"]}, index=frame.index)
            layers.append(
                {
                    "features": collection(gpd.GeoDataFrame(named, geometry=frame.geometry)),
                    "colour": colour,
                    "radius": 7,
                    "fill": 0.9,
                }
            )
    return layers


@bp.app_context_processor
def names() -> dict[str, Any]:
    """The name of a zone in the reader's language, for the pages of trials."""
    zh = i18n.negotiated(request) == "zh"
    return {"zone_name_of": lambda stops: stops.zone_name if zh else stops.zone_name_en}
