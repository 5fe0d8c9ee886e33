"""Tables of joint-defence zones, teams, plans and what came of them."""

from patrols.tables.calendars import DutyCalendar, PublicHoliday
from patrols.tables.check_ins import CheckIn
from patrols.tables.duties import FixedDuty
from patrols.tables.meeting_places import MeetingPlace
from patrols.tables.plans import Plan, PlanStep, PlanStop, PlanVisit, plan_column
from patrols.tables.rosters import RosterStep, StoredRoster
from patrols.tables.zones import Team, TeamKeepOut, TeamPartner, Zone, ZoneMember

__all__ = [
    "CheckIn",
    "DutyCalendar",
    "FixedDuty",
    "MeetingPlace",
    "Plan",
    "PlanStep",
    "PlanStop",
    "PlanVisit",
    "PublicHoliday",
    "RosterStep",
    "StoredRoster",
    "Team",
    "TeamKeepOut",
    "TeamPartner",
    "Zone",
    "ZoneMember",
    "plan_column",
]
