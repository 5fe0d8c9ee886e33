"""Tables of joint-defence zones, teams, plans and what came of them."""

from patrols.tables.check_ins import CheckIn
from patrols.tables.plans import Plan, PlanStep, PlanStop, PlanVisit, plan_column
from patrols.tables.zones import Team, Zone, ZoneMember

__all__ = [
    "CheckIn",
    "Plan",
    "PlanStep",
    "PlanStop",
    "PlanVisit",
    "Team",
    "Zone",
    "ZoneMember",
    "plan_column",
]
