"""Plans: the list, a new one, one with its routes and crossings, its way to the teams, planning again."""

from web.pages.plans import again, life, views
from web.pages.plans.blueprint import bp

__all__ = ["again", "bp", "life", "views"]
