"""Rosters: the list, a new one, and one with what is done to it."""

from web.pages.rosters import deeds, views
from web.pages.rosters.blueprint import bp

__all__ = ["bp", "deeds", "views"]
