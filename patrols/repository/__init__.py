"""Patrols in the database: rows in and out in `rows`, vector tiles of them in `tiles`."""

from patrols.repository.rows import (
    add_plan,
    add_teams,
    add_zones,
    analysed_until,
    document,
    latest_analysis_id,
    latest_plan,
    open_gaps,
    plan_stops,
    plan_visits,
    set_members,
    team_codes,
    teams,
    zone_of_code,
    zones,
)

__all__ = [
    "add_plan",
    "add_teams",
    "add_zones",
    "analysed_until",
    "document",
    "latest_analysis_id",
    "latest_plan",
    "open_gaps",
    "plan_stops",
    "plan_visits",
    "set_members",
    "team_codes",
    "teams",
    "zone_of_code",
    "zones",
]
