"""Jurisdiction trees: derived where a place has none, checked where it has, and what lies in which leaf."""

from geo.jurisdictions.derive import DerivedCounts, derive_jurisdictions
from geo.jurisdictions.tree import LEVELS, check_tree, leaf_of, leaves

__all__ = ["LEVELS", "DerivedCounts", "check_tree", "derive_jurisdictions", "leaf_of", "leaves"]
