"""Words of plans: their state, their steps, and what became of their stops."""

from web.i18n import N_

STATUSES = {"draft": N_("draft"), "approved": N_("approved"), "published": N_("published")}
TONES = {"published": "good", "draft": "quiet", "approved": "info"}
STEPS = {
    "approved": N_("approved"),
    "published": N_("published"),
    "withdrawn": N_("withdrawn"),
    "replaced": N_("replaced"),
}

OUTCOMES = {
    "out_of_reach": N_("no team can be there and back in time"),
    "few_able": N_("teams of as many villages as the rule asks cannot all be there in time"),
    "unvisited": N_("nobody comes"),
    "no_village": N_("only teams of no village come"),
    "not_mixed": N_("no team that comes is mixed of as many villages as the rule asks"),
    "few_visits": N_("fewer visits than the rule asks"),
    "few_villages": N_("visits of fewer villages than the rule asks"),
    "not_led": N_("the duty village does not come"),
    "too_close": N_("the visits are too close together"),
    "too_idle": N_("nobody is there for too long"),
}
"""Why a stop is not crossed (`patrols.outcomes`)."""

NOT_NEEDED, BY_HAND = N_("not needed any more"), N_("added by hand")
CHANGES = {"new": N_("new"), "gone": N_("goes"), "moved": N_("another time")}
CHANGE_TONES = {"new": "good", "gone": "bad", "moved": "info"}
