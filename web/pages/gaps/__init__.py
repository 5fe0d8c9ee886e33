"""Gaps: the three lists (repair, measure, build), one gap with its windows and cameras, hours of the week."""

from web.pages.gaps import pattern
from web.pages.gaps.views import bp

__all__ = ["bp", "pattern"]
