"""Road network: snapping, travel times and paths by mode."""

from geo.roads.network import MODES, SNAP_LIMIT_M, RoadNetwork, Speeds
from geo.roads.revision import road_revision

__all__ = ["MODES", "SNAP_LIMIT_M", "RoadNetwork", "Speeds", "road_revision"]
