"""Use cases of patrols: store zones and teams, plan a shift from the gaps, check a plan again.

Every function takes an open session and leaves committing to the caller.
"""

from patrols.services.again import Wishes
from patrols.services.changing import Change, NewStop
from patrols.services.checking import check_plan
from patrols.services.county import CountyOutcome, plan_zones
from patrols.services.going_on import go_on
from patrols.services.nights import plan_nights
from patrols.services.planning import PlanOutcome, plan_shift
from patrols.services.preparing import PlanSettings
from patrols.services.staleness import stale_reasons
from patrols.services.zoning import import_teams, import_zones, store_teams, store_zones

__all__ = [
    "Change",
    "CountyOutcome",
    "NewStop",
    "PlanOutcome",
    "PlanSettings",
    "Wishes",
    "check_plan",
    "go_on",
    "import_teams",
    "import_zones",
    "plan_nights",
    "plan_shift",
    "plan_zones",
    "stale_reasons",
    "store_teams",
    "store_zones",
]
