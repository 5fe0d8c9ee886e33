"""Jurisdictions: what is watched in each, rolled up; down the tree, by road class, by kind of place."""

from web.pages.jurisdictions.views import bp

__all__ = ["bp"]
