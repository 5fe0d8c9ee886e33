"""Plans: the list, a new one, one with its routes and crossings, its way to the teams, planning again."""

from web.pages.plans import again, going_on, life, views
from web.pages.plans.blueprint import bp

__all__ = ["again", "bp", "going_on", "life", "views"]
