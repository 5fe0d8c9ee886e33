"""Imports: the record of them, the wizard that makes one, and undoing."""

from web.pages.imports import record, views
from web.pages.imports.blueprint import bp

__all__ = ["bp", "record", "views"]
