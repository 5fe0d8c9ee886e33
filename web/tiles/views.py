"""The address of tiles."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, cast

from flask import Blueprint, Flask, Response, abort, current_app, request
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext

from geo.repository.tiles import DEEPEST_ZOOM, Tile
from geo.scope import NOWHERE, Scope
from web import errors
from web.access import Action, needs
from web.requests import access, scope, server
from web.tiles.layers import LAYERS, Asked
from web.tiles.source import Content, Source

MIMETYPE = "application/vnd.mapbox-vector-tile"
EXTENSION = "lianfang-tiles"
# Below this a tile travels in one or two packets anyway.
COMPRESSED_FROM = 1000
# Of a tile whose address names its revision: it will not change.
KEPT_BY_BROWSER_S = 3600

_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_LEVEL = re.compile(r"[a-z0-9.]{1,20}", re.ASCII)

bp = Blueprint("tiles", __name__)


@bp.record_once
def _open_source(state: BlueprintSetupState) -> None:
    app = cast(Flask, state.app)
    with app.app_context():
        app.extensions[EXTENSION] = Source(server().engine)


def source() -> Source:
    """Where this app's tiles come from."""
    return cast(Source, current_app.extensions[EXTENSION])


def revisions() -> dict[str, int]:
    """Of every layer a number that changes when its tiles do; for ``?v=`` in their addresses."""
    changes = source().changes()
    return {name: sum(changes.get(table, 0) for table in layer.tables) for name, layer in LAYERS.items()}


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
    asked = _asked(layer)
    revision = revisions()[layer]
    name = (layer, revision, place, scope(), asked)
    tag = hashlib.blake2b(repr(name).encode(), digest_size=12).hexdigest()
    zipped = request.accept_encodings.quality("gzip") > 0
    if request.if_none_match.contains_weak(tag):
        return _headed(Response(status=304), tag, revision)
    content = source().kept.get(name)
    if content is None:
        content = Content(_drawn(layer, place, scope(), asked))
        source().kept.keep(name, content)
    return _headed(_answer(content, zipped), tag, revision)


def _drawn(layer: str, place: Tile, where: Scope, asked: Asked) -> bytes:
    there = LAYERS[layer]
    if not there.first_zoom <= place.z <= there.last_zoom:
        return b""
    return source().tile(there.query(place, where, asked), where)


def _answer(content: Content, zipped: bool) -> Response:
    if not content.plain:
        return Response(status=204)
    if zipped and len(content.plain) > COMPRESSED_FROM:
        response = Response(content.compressed(), mimetype=MIMETYPE)
        response.headers["Content-Encoding"] = "gzip"
        return response
    return Response(content.plain, mimetype=MIMETYPE)


def _headed(response: Response, tag: str, revision: int) -> Response:
    # Weak, because compressed and plain are one tile to whoever draws it.
    response.set_etag(tag, weak=True)
    response.vary.update(("Accept-Encoding", "Cookie", "Authorization"))
    named = request.args.get("v") == str(revision)
    response.headers["Cache-Control"] = (
        f"private, max-age={KEPT_BY_BROWSER_S}, immutable" if named else "private, no-cache"
    )
    return response


def _asked(layer: str) -> Asked:
    """What the address names that the layer heeds; 404 for what can be no analysis, plan or level."""
    heeded = LAYERS[layer].names
    return Asked(
        analysis=_number("analysis") if "analysis" in heeded else None,
        plan=_number("plan") if "plan" in heeded else None,
        level=_level() if "level" in heeded else None,
        drafts=access().scope(Action.PLANS_VIEW_DRAFTS) if "drafts" in heeded else NOWHERE,
    )


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        abort(404)
    return int(text)


def _level() -> str | None:
    text = request.args.get("level", "")
    if text and not _LEVEL.fullmatch(text):
        abort(404)
    return text or None


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
