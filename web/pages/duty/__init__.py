"""What people get of a plan, a page a team, who signed in where, signed packs."""

from web.pages.duty import check_ins, packs, views
from web.pages.duty.blueprint import bp

__all__ = ["bp", "check_ins", "packs", "views"]
