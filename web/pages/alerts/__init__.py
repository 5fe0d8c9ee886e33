"""Alerts: ground that is usually watched at this hour and is not now, and what is done about it."""

from web.pages.alerts.views import bp

__all__ = ["bp"]
