"""Cameras: the list, and everything known of one."""

from web.pages.cameras.views import bp

__all__ = ["bp"]
