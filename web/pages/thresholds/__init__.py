"""Thresholds of single cameras: what differs from the site, set by hand or learnt."""

from web.pages.thresholds.views import bp

__all__ = ["bp"]
