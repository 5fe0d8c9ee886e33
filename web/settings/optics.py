"""The settings of assumed optics, and of when two poses are one."""

from __future__ import annotations

from web.i18n import N_
from web.settings.spec import Spec

OPTICS_SETTINGS: tuple[Spec, ...] = (
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
)
