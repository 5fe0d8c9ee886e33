"""Readers of what patrols are planned with: zones and teams, and the checks that need the road network."""

from patrols.importers.teams import (
    LONGEST_FLIGHT_MIN,
    LONGEST_RANGE_M,
    TEAM_COLUMNS,
    TEAM_MODES,
    read_teams,
    teams_off_network,
)
from patrols.importers.zones import ZONE_COLUMNS, read_zones, zones_without_roads

__all__ = [
    "LONGEST_FLIGHT_MIN",
    "LONGEST_RANGE_M",
    "TEAM_COLUMNS",
    "TEAM_MODES",
    "ZONE_COLUMNS",
    "read_teams",
    "read_zones",
    "teams_off_network",
    "zones_without_roads",
]
