"""What people get of a plan: papers and files, and a page a team."""

from web.pages.duty.views import bp

__all__ = ["bp"]
