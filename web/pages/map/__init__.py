"""The map page `/map` and the fragments that come to it: lists, cards, search, a plan's visits."""

from web.pages.map.blueprint import bp
from web.pages.map.bundle import script
from web.pages.map.cards import card
from web.pages.map.lists import camera_list, gap_list, route_list
from web.pages.map.page import show
from web.pages.map.plan import plan
from web.pages.map.search import search

__all__ = ["bp", "camera_list", "card", "gap_list", "plan", "route_list", "script", "search", "show"]
