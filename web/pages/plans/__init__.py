"""Plans: the list, a new one, one with its routes and crossings, its way to the teams, planning again."""

from web.pages.plans import again, by_hand, going_on, life, views
from web.pages.plans.blueprint import bp

__all__ = ["again", "bp", "by_hand", "going_on", "life", "views"]
