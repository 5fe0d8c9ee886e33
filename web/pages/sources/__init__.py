"""What the sources of frames delivered, what of it was refused, and what their clocks do."""

from web.pages.sources.views import bp

__all__ = ["bp"]
