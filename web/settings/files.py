"""The settings of what is kept, and for how long."""

from __future__ import annotations

from web.i18n import N_
from web.settings.spec import Spec

FILES_SETTINGS: tuple[Spec, ...] = (
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
        "files.signers_days",
        "whole",
        30,
        N_("Names on sign-in sheets are kept"),
        N_("After the visit; that a team was there stays."),
        1,
        365,
        N_("days"),
    ),
)
