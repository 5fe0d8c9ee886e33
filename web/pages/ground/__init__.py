"""The ground of a zone: what speaks against it, its inner borders, and where its villages' teams meet."""

from web.pages.ground.views import bp

__all__ = ["bp"]
