"""Plans: the list, a new one, one with its routes and crossings, publishing, files to take along."""

from web.pages.plans.views import bp

__all__ = ["bp"]
