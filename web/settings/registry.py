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
    "files": (
        N_("Kept files"),
        N_("What people hand in and what is made of it lies on the server's disk until it is removed."),
    ),
    "basemap": (N_("Base map"), N_("What lies below everything on the maps.")),
}


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


SETTINGS: tuple[Spec, ...] = (
    *ANALYSIS_SETTINGS,
    Spec(
        "diagnosis.dark_luma",
        "number",
        30.0,
        N_("Too dark below"),
        N_("Mean brightness of the picture, 0 black to 255 white."),
        0,
        255,
    ),
    Spec(
        "diagnosis.bright_luma",
        "number",
        220.0,
        N_("Too bright above"),
        N_("Mean brightness of the picture, 0 black to 255 white."),
        0,
        255,
    ),
    Spec(
        "diagnosis.flat_contrast",
        "number",
        25.0,
        N_("No contrast below"),
        N_("Spread of the brightness, 0 to 255."),
        0,
        255,
    ),
    Spec(
        "diagnosis.blurred_sharpness",
        "number",
        50.0,
        N_("Blurred below"),
        N_("Sharpness, points of 100."),
        0,
        100,
    ),
    Spec(
        "diagnosis.frozen_similarity",
        "share",
        0.95,
        N_("Frozen above"),
        N_("How much a picture is like the one before it."),
        0,
        1,
    ),
    Spec(
        "diagnosis.frozen_frames",
        "whole",
        10,
        N_("Frozen after"),
        N_("So many such pictures one after another are a frozen picture."),
        1,
        100_000,
        N_("pictures"),
    ),
    Spec(
        "diagnosis.noisy_noise",
        "number",
        6.0,
        N_("Noisy above"),
        N_("Spread of the noise in the picture, in levels of brightness, 0 to 255."),
        0,
        255,
    ),
    Spec(
        "diagnosis.tinted_cast",
        "number",
        30.0,
        N_("Colour cast above"),
        N_("How far the mean colour of the picture is from grey, 0 to 255."),
        0,
        255,
    ),
    Spec(
        "diagnosis.shifted_shift",
        "share",
        0.05,
        N_("Scene shifted above"),
        N_("How far the scene has moved in a fixed camera's picture, as a share of the picture's width."),
        0,
        1,
    ),
    Spec(
        "diagnosis.margin_share",
        "share",
        0.1,
        N_("Better by, before it ends"),
        N_(
            "A state that began ends only when its measure is better than the threshold by this share of the "
            "way from the threshold to the nearer end of its scale, so that it does not flicker."
        ),
        0,
        1,
    ),
    Spec(
        "diagnosis.clock_error_s",
        "number",
        60.0,
        N_("Clock wrong from"),
        N_("An on-screen time further off than this is wrong."),
        0,
        86_400,
        N_("s"),
    ),
    Spec(
        "diagnosis.clock_drift_s",
        "number",
        5.0,
        N_("Clock error constant within"),
        N_("A wrong clock is called constant while it stays this close to its usual error."),
        0,
        86_400,
        N_("s"),
    ),
    Spec(
        "diagnosis.lost_intervals",
        "number",
        2.5,
        N_("Lost after"),
        N_("So many expected intervals without a picture; below two a late picture is taken for a loss."),
        1.1,
        100,
        N_("intervals"),
    ),
    *PROBE_SETTINGS,
    Spec(
        "optics.width_px", "number", 1920.0, N_("Picture width"), N_("Pixels across."), 100, 20_000, N_("px")
    ),
    Spec(
        "optics.hfov_deg",
        "number",
        90.0,
        N_("Angle of view"),
        N_("From edge to edge of the picture."),
        1,
        360,
        "°",
    ),
    Spec(
        "optics.mount_height_m",
        "number",
        3.5,
        N_("Mounting height"),
        N_("Of the lens above the ground."),
        0.1,
        500,
        "m",
    ),
    Spec("optics.tilt_deg", "number", 15.0, N_("Tilt"), N_("Below the horizon."), -90, 90, "°"),
    Spec(
        "optics.aspect",
        "number",
        16 / 9,
        N_("Width to height"),
        N_("Of the picture: 1.7778 is 16:9, 1.3333 is 4:3."),
        0.2,
        10,
    ),
    Spec(
        "poses.azimuth_deg",
        "number",
        3.0,
        N_("Direction"),
        N_("Two directions this close are the same."),
        0,
        90,
        "°",
    ),
    Spec("poses.tilt_deg", "number", 3.0, N_("Tilt"), N_("Two tilts this close are the same."), 0, 90, "°"),
    Spec(
        "poses.hfov_share",
        "share",
        0.05,
        N_("Zoom"),
        N_("An angle of view that changes by more is another pose."),
        0,
        1,
    ),
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
    Spec(
        "files.uploads_days",
        "whole",
        7,
        N_("Files handed in are kept"),
        N_("After their last upload, and longer only while a job waits for them or runs."),
        1,
        365,
        N_("days"),
    ),
    Spec(
        "files.results_days",
        "whole",
        30,
        N_("Maps of own data are kept"),
        N_("After the job was done; its figures stay."),
        1,
        3650,
        N_("days"),
    ),
    Spec(
        "files.photos_days",
        "whole",
        90,
        N_("Photographs of accepted changes are kept"),
        N_("After the review; those of rejected and withdrawn changes go at once."),
        1,
        3650,
        N_("days"),
    ),
    Spec(
        "files.stills",
        "choice",
        "off",
        N_("Pictures of faults"),
        N_(
            "Whether a probe keeps one picture of each fault, 160 pixels wide. They may show passers-by: "
            "leave them out where they are not needed."
        ),
        words={"off": N_("none is kept"), "on": N_("one of each fault is kept")},
    ),
    Spec(
        "files.stills_days",
        "whole",
        14,
        N_("Pictures of faults are kept"),
        N_("After they were taken; all go at once where none is kept any more."),
        1,
        365,
        N_("days"),
    ),
    Spec(
        "files.frames_days",
        "whole",
        30,
        N_("Frames are kept"),
        N_(
            "After their day, and longer while no stored analysis holds it; what they told of each camera is "
            "kept for ever. 0: for ever."
        ),
        0,
        3650,
        N_("days"),
    ),
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
