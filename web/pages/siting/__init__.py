"""Proposals of where new cameras go and which are turned: the list, a new one, one with its gains."""

from web.pages.siting.views import bp

__all__ = ["bp"]
