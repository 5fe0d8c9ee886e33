"""Mending camera records: on the page, many at once, at the pole; and the review of what was proposed."""

from web.pages.mending import proposing, reviewing
from web.pages.mending.blueprint import bp

__all__ = ["bp", "proposing", "reviewing"]
