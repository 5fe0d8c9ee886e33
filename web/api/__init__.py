"""The JSON API under ``/api/v1``: the tables of the pages for programs, with tokens instead of cookies."""

from web.api import footage, frames
from web.api.views import bp

__all__ = ["bp", "footage", "frames"]
