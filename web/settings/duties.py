"""The settings of fixed duties: what is usual for a kind where nobody says otherwise."""

from __future__ import annotations

from web.i18n import N_
from web.settings.spec import Spec

_HOURS = N_("Such as 07:20-08:10; 16:20-17:20; empty: at any time of the shift.")
_STAY = N_("How long a team stays at a new duty of this kind.")
_REQUIRED = N_("Whether a plan needs a visit to a new duty of this kind.")
_PRIZE = N_("What a new duty of this kind is worth when it is crossed.")
_YES_NO = {"yes": N_("yes"), "no": N_("no")}


def _of_kind(
    kind: str, titles: tuple[str, str, str, str], hours: str, stay_min: float, required: str, prize: int
) -> tuple[Spec, ...]:
    of_hours, of_stay, of_required, of_prize = titles
    return (
        Spec(f"duties.{kind}_hours", "text", hours, of_hours, _HOURS),
        Spec(f"duties.{kind}_stay_min", "number", stay_min, of_stay, _STAY, 0.5, 240, N_("min")),
        Spec(f"duties.{kind}_required", "choice", required, of_required, _REQUIRED, words=_YES_NO),
        Spec(f"duties.{kind}_prize", "whole", prize, of_prize, _PRIZE, 0, 100_000),
    )


# As `patrols.readers.duties.DEFAULTS`, which loads what takes a second to load.
DUTY_SETTINGS: tuple[Spec, ...] = (
    *_of_kind(
        "school_gate",
        (
            N_("School gate: hours"),
            N_("School gate: stay"),
            N_("School gate: required"),
            N_("School gate: points"),
        ),
        "07:20-08:10; 16:20-17:20",
        30.0,
        "yes",
        200,
    ),
    *_of_kind(
        "water",
        (N_("Water: hours"), N_("Water: stay"), N_("Water: required"), N_("Water: points")),
        "14:00-18:00",
        15.0,
        "no",
        150,
    ),
    *_of_kind(
        "village_entrance",
        (
            N_("Village entrance: hours"),
            N_("Village entrance: stay"),
            N_("Village entrance: required"),
            N_("Village entrance: points"),
        ),
        "",
        10.0,
        "no",
        100,
    ),
    *_of_kind(
        "bank",
        (
            N_("Bank closing: hours"),
            N_("Bank closing: stay"),
            N_("Bank closing: required"),
            N_("Bank closing: points"),
        ),
        "16:30-17:30",
        15.0,
        "no",
        100,
    ),
    *_of_kind(
        "other",
        (
            N_("Other duties: hours"),
            N_("Other duties: stay"),
            N_("Other duties: required"),
            N_("Other duties: points"),
        ),
        "",
        6.0,
        "no",
        50,
    ),
)
