"""Mending camera records: on the page, many at once, at the pole; and the review of what was proposed."""

from web.pages.mending import presets, proposing, reviewing
from web.pages.mending.blueprint import bp

__all__ = ["bp", "presets", "proposing", "reviewing"]
