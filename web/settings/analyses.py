"""The settings of an analysis: what counts as seen, and how buildings hide."""

from __future__ import annotations

from web.i18n import N_
from web.maps.words import DIMENSIONS, LEVELS
from web.settings.spec import Spec

ANALYSIS_SETTINGS: tuple[Spec, ...] = (
    Spec(
        "analysis.level",
        "choice",
        "observe",
        N_("Level"),
        N_("How much must be made out for ground to count as covered."),
        words={name: words for name, (words, _) in LEVELS.items()},
    ),
    Spec(
        "analysis.slot_min",
        "whole",
        15,
        N_("Slot"),
        N_("The day is judged in slots of this length."),
        1,
        1440,
        "min",
    ),
    Spec(
        "analysis.threshold",
        "share",
        0.5,
        N_("Open below"),
        N_("A slot is open where less than this share of it is covered."),
        0.01,
        1,
    ),
    Spec(
        "analysis.place_weight_m",
        "whole",
        75,
        N_("A place counts as"),
        N_("Where gaps are put in order, one place weighs as much as so many metres of street."),
        0,
        100_000,
        "m",
    ),
    Spec(
        "analysis.clearance_m",
        "number",
        0.2,
        N_("Moved off a wall by"),
        N_("A camera recorded inside a building or on its wall is moved this far off it."),
        0.05,
        0.5,
        "m",
    ),
    Spec(
        "analysis.dimension",
        "choice",
        "2d",
        N_("Buildings in the way"),
        N_(
            "2D: a building hides all that lies behind it. 2.5D: cameras see over what is lower than their "
            "sight; where the height of camera or building is not known, it hides as in 2D."
        ),
        words={name: words for name, (words, _) in DIMENSIONS.items()},
    ),
    Spec(
        "analysis.target_height_m",
        "number",
        1.5,
        N_("Height of what is looked at"),
        N_("Over low buildings it must be seen; without effect in 2D."),
        0,
        10,
        "m",
    ),
)
