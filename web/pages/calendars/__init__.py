"""Calendars: on which dates a fixed duty or a team's duty holds, and the public holidays they follow."""

from web.pages.calendars.views import bp

__all__ = ["bp"]
