"""Who saw this place? (案发查像): a place and a time, the cameras that had it in view, a list to print."""

from web.pages.footage.views import bp

__all__ = ["bp"]
