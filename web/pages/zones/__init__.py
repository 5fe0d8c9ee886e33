"""Zones: the list, one with its teams, its villages, its rule and its ground."""

from web.pages.zones import ground, rule, villages
from web.pages.zones.tables import ZONES
from web.pages.zones.views import bp

__all__ = ["ZONES", "bp", "ground", "rule", "villages"]
