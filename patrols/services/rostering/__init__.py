"""Rosters: made, changed by people, published, and what they say of a shift that is planned."""

from patrols.services.rostering.changing import mark, name_leader, swap, undo
from patrols.services.rostering.making import make, make_again, posed, posed_again
from patrols.services.rostering.publishing import publish, remove, stale, withdraw
from patrols.services.rostering.serving import Rostered, rostered, serving_here

__all__ = [
    "Rostered",
    "make",
    "make_again",
    "mark",
    "name_leader",
    "posed",
    "posed_again",
    "publish",
    "remove",
    "rostered",
    "serving_here",
    "stale",
    "swap",
    "undo",
    "withdraw",
]
