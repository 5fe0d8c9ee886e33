"""The settings of alerts: what is usually watched, and how much of the time before now is looked at."""

from __future__ import annotations

from web.i18n import N_
from web.settings.spec import Spec

ALERT_SETTINGS: tuple[Spec, ...] = (
    Spec(
        "alerts.window_min",
        "whole",
        1,
        N_("Time before now"),
        N_(
            "So much of it is looked at: a loss shows once it fills half of it. Shorter tells sooner, and "
            "alarms at shorter disturbances."
        ),
        1,
        240,
        "min",
    ),
    Spec(
        "alerts.silence_min",
        "whole",
        10,
        N_("Silent source told after"),
        N_(
            "Ground that nobody measures because its source is silent is told only then: gateways hand in by "
            "the batch."
        ),
        0,
        240,
        "min",
    ),
    Spec(
        "alerts.days",
        "whole",
        14,
        N_("Days looked back"),
        N_("What was open on these days, at the same time of day, tells what is usual."),
        1,
        366,
        N_("days"),
    ),
    Spec(
        "alerts.fewest_days",
        "whole",
        3,
        N_("Days it takes"),
        N_("So many of them must have been analysed at that time of day; with fewer nothing is told."),
        1,
        366,
        N_("days"),
    ),
    Spec(
        "alerts.open_share",
        "share",
        0.2,
        N_("Usually watched up to"),
        N_("Ground that was open on at most this share of the days is usually watched."),
        0,
        0.99,
    ),
)
