"""Gaps: the three lists (repair, measure, build), and one gap with its cause, windows and cameras."""

from web.pages.gaps.views import bp

__all__ = ["bp"]
