"""The offline Folium map: `MapData` in, one HTML page out (`render_map`)."""

from web.maps.data import MapData, NoMapYet, blank
from web.maps.page import render_map

__all__ = ["MapData", "NoMapYet", "blank", "render_map"]
