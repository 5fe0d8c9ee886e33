"""The address of tiles, ruled as every other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from flask import Blueprint, Flask, Response, abort, current_app, request
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext

from geo.repository.tiles import DEEPEST_ZOOM, Tile
from web import errors
from web.access import Action, needs
from web.requests import access, scope, server
from web.tiles.answers import answer, asked_for
from web.tiles.layers import LAYERS
from web.tiles.source import Source

EXTENSION = "lianfang-tiles"

bp = Blueprint("tiles", __name__)


@bp.record_once
def _open_source(state: BlueprintSetupState) -> None:
    app = cast(Flask, state.app)
    with app.app_context():
        app.extensions[EXTENSION] = Source(server().engine)


def source() -> Source:
    """Where this app's tiles come from."""
    return cast(Source, current_app.extensions[EXTENSION])


def revisions() -> Mapping[str, str]:
    """Of every layer a text that changes when its tiles do; for ``?v=`` in their addresses."""
    return source().revisions()


def action_of_layer(arguments: Mapping[str, Any]) -> Action:
    """What a tile's layer needs."""
    return LAYERS[arguments["layer"]].action


@bp.get(f"/tiles/<any({', '.join(LAYERS)}):layer>/<int:z>/<int:x>/<int:y>.mvt")
@needs(action_of_layer)
def tile(layer: str, z: int, x: int, y: int) -> Response:
    """One tile; 204 where it is empty."""
    try:
        place = Tile(z, x, y)
    except ValueError:
        return _no_such_tile(z, x, y)
    try:
        asked = asked_for(layer, request.args, access())
    except LookupError:
        abort(404)
    found = answer(
        source(),
        layer,
        place,
        scope(),
        asked,
        revision=request.args.get("v", ""),
        etags=request.headers.get("If-None-Match", ""),
        codings=request.headers.get("Accept-Encoding", ""),
    )
    response = Response(found.body, found.status)
    # Without a body there is nothing whose type could be told.
    del response.headers["Content-Type"]
    response.headers.extend(found.headers)
    return response


def _no_such_tile(z: int, x: int, y: int) -> Response:
    if z > DEEPEST_ZOOM:
        sentence = gettext(
            "There are no tiles at zoom %(zoom)s: the deepest is %(deepest)s.", zoom=z, deepest=DEEPEST_ZOOM
        )
    else:
        sentence = gettext(
            "There is no tile %(x)s/%(y)s at zoom %(zoom)s: x and y go from 0 to %(last)s.",
            x=x,
            y=y,
            zoom=z,
            last=2**z - 1,
        )
    return errors.told(404, gettext("Not found"), sentence)
