"""Spot checks: cameras drawn at random, judged by a person, and the sheet that is signed."""

from web.pages.samples import sheets
from web.pages.samples.blueprint import bp

__all__ = ["bp", "sheets"]
