"""Vector tiles at ``/tiles/{layer}/{z}/{x}/{y}.mvt``, each layer for those who may see it.

`layers` says what there is, `source` asks the database and keeps what it said, `answers` says it over HTTP.
`views` is the address itself, ruled as every other; `shortcut` lets signed-in people past the machinery of
pages, which takes longer than a small tile.
"""

from web.tiles.layers import LAYERS
from web.tiles.shortcut import Shortcut
from web.tiles.views import bp, revisions

__all__ = ["LAYERS", "Shortcut", "bp", "revisions"]
