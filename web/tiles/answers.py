"""One tile over HTTP: what the address may name, how long a browser keeps it, and in which coding it goes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from geo.repository.tiles import Tile
from geo.scope import NOWHERE, Scope
from web.access import Access, Action
from web.chosen import may_choose_analysis
from web.tiles.layers import LAYERS, Asked
from web.tiles.source import Content, Source

MIMETYPE = "application/vnd.mapbox-vector-tile"
# Below this a tile travels in one or two packets anyway.
COMPRESSED_FROM = 1000
# Of a tile whose address names its revision: it will not change.
KEPT_BY_BROWSER_S = 3600
IMMUTABLE = f"private, max-age={KEPT_BY_BROWSER_S}, immutable"
TO_BE_ASKED_AGAIN = "private, no-cache"
VARY = "Accept-Encoding, Cookie, Authorization"

_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_LEVEL = re.compile(r"[a-z0-9.]{1,20}", re.ASCII)


@dataclass(frozen=True)
class Answer:
    """Status, headers and body."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""


def asked_for(layer: str, arguments: Mapping[str, str], access: Access) -> Asked:
    """What the query of an address names that the layer heeds.

    Raises
    ------
    LookupError
        For what can be no analysis, plan, proposal or level.
    """
    heeded = LAYERS[layer].names
    if not heeded:
        return _NOTHING
    analysis = _number(arguments, "analysis") if "analysis" in heeded else None
    return Asked(
        # The newest to whoever may not choose: their map names the one that was newest when it was opened.
        analysis=analysis if may_choose_analysis(access) else None,
        plan=_number(arguments, "plan") if "plan" in heeded else None,
        siting=_number(arguments, "siting") if "siting" in heeded else None,
        level=_level(arguments) if "level" in heeded else None,
        drafts=access.scope(Action.PLANS_VIEW_DRAFTS) if "drafts" in heeded else NOWHERE,
    )


_NOTHING = Asked()


def _number(arguments: Mapping[str, str], name: str) -> int | None:
    given = arguments.get(name, "")
    if given and not _NUMBER.fullmatch(given):
        raise LookupError(name)
    return int(given) if given else None


def _level(arguments: Mapping[str, str]) -> str | None:
    given = arguments.get("level", "")
    if given and not _LEVEL.fullmatch(given):
        raise LookupError("level")
    return given or None


def answer(
    source: Source,
    layer: str,
    tile: Tile,
    scope: Scope,
    asked: Asked,
    *,
    revision: str,
    etags: str,
    codings: str,
) -> Answer:
    """One tile for somebody who may see that layer in that scope.

    Parameters
    ----------
    source : Source
    layer : str
    tile : Tile
    scope : Scope
    asked : Asked
    revision : str
        That the address names, or nothing.
    etags, codings : str
        The headers If-None-Match and Accept-Encoding, or nothing.
    """
    current = source.revisions()[layer]
    # All that the tile depends on; the layer, the revision and the numbers cannot be confused with paths.
    name = (
        f"{layer}/{current}/{tile.z}/{tile.x}/{tile.y}/{asked.analysis}/{asked.plan}/{asked.siting}"
        f"/{asked.level}/{scope.text}/{asked.drafts.text}"
    )
    tag = hashlib.blake2b(name.encode(), digest_size=12).hexdigest()
    headers = [
        # Weak, because compressed and plain are one tile to whoever draws it.
        ("ETag", f'W/"{tag}"'),
        ("Vary", VARY),
        ("Cache-Control", IMMUTABLE if revision == current else TO_BE_ASKED_AGAIN),
    ]
    if tag in etags:
        return Answer(304, headers)
    content = source.kept.get(name)
    if content is None:
        content = Content(_drawn(source, layer, tile, scope, asked))
        source.kept.keep(name, content)
    if not content.plain:
        return Answer(204, headers)
    headers.append(("Content-Type", MIMETYPE))
    if len(content.plain) > COMPRESSED_FROM and takes_gzip(codings):
        headers.append(("Content-Encoding", "gzip"))
        return Answer(200, headers, content.compressed())
    return Answer(200, headers, content.plain)


def _drawn(source: Source, layer: str, tile: Tile, scope: Scope, asked: Asked) -> bytes:
    there = LAYERS[layer]
    if not there.first_zoom <= tile.z <= there.last_zoom:
        return b""
    return source.tile(there.query(tile, scope, asked), scope)


def takes_gzip(codings: str) -> bool:
    """Whether a header Accept-Encoding takes gzip."""
    if "gzip" not in codings:
        return False
    return ";" not in codings or parse_accept_header(codings, MIMEAccept).quality("gzip") > 0
