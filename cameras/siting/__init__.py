"""Where new cameras and re-aims close most of the gap: maximal covering location."""

from cameras.siting.covering import Covering, Siting
from cameras.siting.search import SearchSettings, choose, greedy

__all__ = ["Covering", "SearchSettings", "Siting", "choose", "greedy"]
