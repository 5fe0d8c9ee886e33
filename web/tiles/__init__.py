"""Vector tiles at ``/tiles/{layer}/{z}/{x}/{y}.mvt``, each layer for those who may see it.

`layers` says what there is, `views` answers requests, `source` asks the database and keeps what it said.
"""

from web.tiles.layers import LAYERS
from web.tiles.views import bp, revisions

__all__ = ["LAYERS", "bp", "revisions"]
