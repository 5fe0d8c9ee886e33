"""Reader of OpenStreetMap extracts: roads, buildings, places, water and cameras."""

from geo.osm.extract import ATTRIBUTION, OsmExtract, read_osm

__all__ = ["ATTRIBUTION", "OsmExtract", "read_osm"]
