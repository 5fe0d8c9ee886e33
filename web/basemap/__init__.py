"""The base map: one PMTiles file made from the stored streets, buildings, water and names, and who serves it.

`content` says what is on it, `archive` keeps its file, `address` knows an intranet's own map instead, and
`serving` answers browsers.
"""

from web.basemap.address import basemap_origins
from web.basemap.archive import basemap_folder, ensure_basemap

__all__ = ["DRAWN", "basemap_folder", "basemap_origins", "ensure_basemap"]

DRAWN = frozenset({"jurisdictions", "roads", "obstructions", "places"})
"""Kinds of imported files that the base map shows: after one of these it is made anew."""
