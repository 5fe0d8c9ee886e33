"""Words of plans: their state, their steps, and what became of their stops."""

from web.i18n import N_

STATUSES = {"draft": N_("draft"), "approved": N_("approved"), "published": N_("published")}
TONES = {"published": "good", "draft": "quiet", "approved": "info"}
STEPS = {"approved": N_("approved"), "published": N_("published"), "withdrawn": N_("withdrawn")}

OUTCOMES = {
    "out_of_reach": N_("no team can be there and back in time"),
    "one_village_able": N_("teams of two villages cannot both be there in time"),
    "unvisited": N_("nobody comes"),
    "no_village": N_("only teams of no village come"),
    "one_visit": N_("one visit alone"),
    "one_village": N_("all visits are of one village"),
    "too_close": N_("the visits are too close together"),
    "too_idle": N_("nobody is there for too long"),
}
"""Why a stop is not crossed (`patrols.outcomes`)."""
