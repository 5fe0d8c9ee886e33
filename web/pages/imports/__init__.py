"""Imports: the record of them, the wizard that makes one, and undoing."""

from web.pages.imports.views import bp

__all__ = ["bp"]
