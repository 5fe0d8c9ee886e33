"""Road network: snapping, travel times and paths by mode."""

from geo.roads.network import SNAP_LIMIT_M, RoadNetwork
from geo.roads.revision import road_revision
from geo.roads.speeds import AIR, MODES, Speeds

__all__ = ["AIR", "MODES", "SNAP_LIMIT_M", "RoadNetwork", "Speeds", "road_revision"]
