"""The settings there are.

Defaults are those of the settings objects of `cameras` and `patrols`, written again here because loading
those takes seconds; a test holds the two against each other. Limits are ours and narrower than what the
objects take: beyond them a value is a slip of the keyboard.
"""

from __future__ import annotations

from collections.abc import Mapping

from geo.errors import Sentence
from web.i18n import N_
from web.refusals import Refused
from web.settings.alerts import ALERT_SETTINGS
from web.settings.analyses import ANALYSIS_SETTINGS
from web.settings.checks import CHECK_SETTINGS
from web.settings.diagnosis import DIAGNOSIS_SETTINGS
from web.settings.duties import DUTY_SETTINGS
from web.settings.files import FILES_SETTINGS
from web.settings.optics import OPTICS_SETTINGS
from web.settings.planning import PLANNING_SETTINGS
from web.settings.probing import PROBE_SETTINGS
from web.settings.spec import Spec, Value

GROUPS: dict[str, tuple[str, str]] = {
    "analysis": (
        N_("Analyses"),
        N_("What a new analysis asks for, unless whoever starts it says otherwise."),
    ),
    "diagnosis": (
        N_("Picture diagnosis"),
        N_("From when on a picture cannot be used, and a camera counts as lost."),
    ),
    "probing": (N_("Probe"), N_("How a probe looks at pictures.")),
    "optics": (
        N_("Assumed optics"),
        N_(
            "What is taken for a camera whose record does not say; what it sees then counts as possible only."
        ),
    ),
    "poses": (N_("Poses"), N_("How far two measurements may lie apart and still be one pose.")),
    "checks": (
        N_("Camera audit"),
        N_("From when on something in a camera's record is a finding."),
    ),
    "recordings": (
        N_("Recordings"),
        N_("What recorders must keep, against which lists of recordings are held."),
    ),
    "alerts": (
        N_("Alerts"),
        N_("When ground that is usually watched, and is not now, is told at once."),
    ),
    "demand": (N_("Where patrols are needed"), N_("How gaps become stops, and what each is worth.")),
    "planning": (
        N_("Planning a shift"),
        N_("How a plan is searched for, and how far teams walk to a street."),
    ),
    "duties": (
        N_("Fixed duties"),
        N_("What a new duty of a kind is where nobody says otherwise; duties that are there keep theirs."),
    ),
    "files": (
        N_("Kept files"),
        N_("What people hand in and what is made of it lies on the server's disk until it is removed."),
    ),
    "basemap": (N_("Base map"), N_("What lies below everything on the maps.")),
}


SETTINGS: tuple[Spec, ...] = (
    *ANALYSIS_SETTINGS,
    *DIAGNOSIS_SETTINGS,
    *PROBE_SETTINGS,
    *OPTICS_SETTINGS,
    *CHECK_SETTINGS,
    Spec(
        "recordings.required_days",
        "whole",
        30,
        N_("Recordings must be kept for"),
        N_("Where a camera's record does not say for how long; of key sites 90 days are asked for."),
        1,
        3650,
        N_("days"),
    ),
    *ALERT_SETTINGS,
    *PLANNING_SETTINGS,
    *DUTY_SETTINGS,
    *FILES_SETTINGS,
    Spec(
        "basemap.url",
        "address",
        "",
        N_("Map server"),
        N_(
            "Address of pictures {z}/{x}/{y} or of a .pmtiles file on your own network; empty: the map made "
            "from imported data."
        ),
    ),
    Spec(
        "basemap.attribution",
        "text",
        "",
        N_("Credit of the map server"),
        N_("Who made its map; shown at its edge."),
    ),
)
BY_NAME: dict[str, Spec] = {spec.name: spec for spec in SETTINGS}


def check_together(values: Mapping[str, Value]) -> None:
    """What no setting can check alone.

    Raises
    ------
    Refused
    """
    fewest, days = (BY_NAME[f"alerts.{name}"] for name in ("fewest_days", "days"))
    if float(values[fewest.name]) > float(values[days.name]):
        raise Refused(
            N_("%(fewest)s %(low)s is more than %(days)s %(high)s; no alert could ever be raised."),
            fewest=Sentence(fewest.title),
            low=fewest.typed(values[fewest.name]),
            days=Sentence(days.title),
            high=days.typed(values[days.name]),
        )
    dark, bright = (BY_NAME[f"diagnosis.{name}"] for name in ("dark_luma", "bright_luma"))
    if float(values[dark.name]) > float(values[bright.name]):
        raise Refused(
            N_("%(dark)s %(low)s lies above %(bright)s %(high)s; exchange them."),
            dark=Sentence(dark.title),
            low=dark.typed(values[dark.name]),
            bright=Sentence(bright.title),
            high=bright.typed(values[bright.name]),
        )
