"""Settings of `lianfang frames probe`."""

from __future__ import annotations

from web.i18n import N_
from web.settings.spec import Spec

PROBE_SETTINGS: tuple[Spec, ...] = (
    Spec(
        "probing.clock_every_s",
        "number",
        60.0,
        N_("Clock read every"),
        N_("Where a probe is asked to read the clock in the picture: seconds from one reading to the next."),
        60,
        86_400,
        N_("s"),
    ),
)
