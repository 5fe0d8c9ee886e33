"""Fixed duties: where somebody has to stand at given hours, and what a plan takes in as stops."""

from web.pages.fixed_duties.views import bp

__all__ = ["bp"]
