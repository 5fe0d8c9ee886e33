"""The settings of demand and of planning a shift."""

from __future__ import annotations

from web.i18n import N_
from web.settings.spec import Spec


def _list_weight(name: str, default: float, title: str) -> Spec:
    return Spec(
        f"demand.weight_{name}",
        "number",
        default,
        title,
        N_("Weight of a metre of street without sight, by the list its cause stands on."),
        0,
        100,
    )


PLANNING_SETTINGS: tuple[Spec, ...] = (
    Spec(
        "demand.stops", "whole", 60, N_("Most stops"), N_("In the plan of one shift."), 1, 1000, N_("stops")
    ),
    Spec(
        "demand.sight_m",
        "number",
        45.0,
        N_("Sight from a stop"),
        N_("Ground this near to a team that stands there counts as attended."),
        1,
        1000,
        "m",
    ),
    Spec(
        "demand.piece_m",
        "number",
        10.0,
        N_("Pieces of street"),
        N_("Gaps along streets are cut into pieces of this length."),
        1,
        500,
        "m",
    ),
    _list_weight("repair", 4.0, N_("Weight: broken")),
    _list_weight("measure", 2.0, N_("Weight: unknown")),
    _list_weight("build", 1.0, N_("Weight: missing")),
    Spec(
        "demand.recovered_share",
        "share",
        0.5,
        N_("Restored losses count"),
        N_("A loss that had ended by the end of the period weighs this share of one that had not."),
        0,
        1,
    ),
    Spec(
        "demand.place_weight_m",
        "number",
        75.0,
        N_("A place counts as"),
        N_("A place nobody watches weighs as much as so many metres of street."),
        0,
        100_000,
        "m",
    ),
    Spec(
        "demand.service_s", "whole", 360, N_("Time at a stop"), N_("How long a team stays."), 10, 14_400, "s"
    ),
    Spec(
        "demand.prize_per_m",
        "number",
        0.1,
        N_("Points per metre"),
        N_("Of weighted street; a stop is worth at least one point."),
        0.001,
        1000,
    ),
    Spec(
        "demand.double_days",
        "number",
        7.0,
        N_("Doubles after"),
        N_("Street that no camera was ever built for weighs twice as much after so long without a visit."),
        0.1,
        365,
        N_("days"),
    ),
    Spec(
        "demand.growth_most",
        "number",
        3.0,
        N_("Grows at most"),
        N_("So many times as much, however long nobody was there; 1: it does not grow."),
        1,
        20,
    ),
    Spec(
        "planning.search_s",
        "number",
        10.0,
        N_("Search for"),
        N_("How long the best routes are searched for; longer finds slightly better ones."),
        1,
        3600,
        N_("s"),
    ),
    Spec(
        "planning.rest_h",
        "number",
        8.0,
        N_("Rest between turns"),
        N_("Hours between the end of a team's turn in a roster and the begin of its next."),
        0,
        72,
        "h",
    ),
    Spec(
        "planning.stop_limit_m",
        "number",
        12.0,
        N_("Stop to street, at most"),
        N_("The last steps to a stop are walked straight, so they must be few."),
        1,
        500,
        "m",
    ),
    Spec(
        "planning.base_limit_m",
        "number",
        100.0,
        N_("Base to street, at most"),
        N_("The farthest a team's base may lie from a street it can use."),
        1,
        5000,
        "m",
    ),
)
