"""What people get of a plan, a page a team, and who signed in where."""

from web.pages.duty import check_ins, views
from web.pages.duty.blueprint import bp

__all__ = ["bp", "check_ins", "views"]
