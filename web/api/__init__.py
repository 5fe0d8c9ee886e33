"""The JSON API under ``/api/v1``: the tables of the pages for programs, with tokens instead of cookies."""

from web.api.views import bp

__all__ = ["bp"]
