"""Weekly reports: the weeks that have analyses, and the report of one, as a page and as files."""

from web.pages.reports.views import bp

__all__ = ["bp"]
