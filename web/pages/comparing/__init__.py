"""Two analyses compared: which one with, what became of gaps, shares and cameras."""

from web.pages.comparing.views import bp

__all__ = ["bp"]
