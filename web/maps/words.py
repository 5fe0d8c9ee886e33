"""Words and colours for what the analysis writes as keys: one vocabulary for map, legend, lists and popups.

Words come before codes. Texts are marked here and translated where they are shown. Colours of causes and
teams are those of Okabe and Ito (Color Universal Design, jfly.uni-koeln.de/color, 2008), the same everywhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from web.i18n import N_, Translator

BLACK, ORANGE, SKY, GREEN = "#000000", "#e69f00", "#56b4e9", "#009e73"
YELLOW, BLUE, VERMILION, PURPLE = "#f0e442", "#0072b2", "#d55e00", "#cc79a7"

TEAM_COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK, YELLOW)
"""Teams in the order of their routes; after eight the colours begin again, with a dashed line."""


@dataclass(frozen=True)
class Cause:
    """One cause of a gap: its list, its words, its look (dash: told apart without colour too)."""

    list: str
    name: str
    meaning: str
    remedy: str
    colour: str
    dash: str = ""


CAUSES: dict[str, Cause] = {
    "outage": Cause(
        "repair",
        N_("Camera lost"),
        N_("The camera stopped sending pictures."),
        N_("Tell the contractor to bring the camera back; look in there in person until it is."),
        VERMILION,
    ),
    "moved": Cause(
        "repair",
        N_("Camera turned away"),
        N_("The camera works but looks somewhere else."),
        N_("Tell the contractor to turn the camera back; look in there in person until it is."),
        ORANGE,
        "10 5",
    ),
    "degraded": Cause(
        "repair",
        N_("Picture of no use"),
        N_("Pictures come, but nothing can be made out in them."),
        N_("Tell the contractor to clean, light or mend the camera; look in there in person until then."),
        PURPLE,
        "3 5",
    ),
    "not_measured": Cause(
        "measure",
        N_("Not checked"),
        N_("No evidence came for the camera: it may work or not."),
        N_("Ask the technical team to check the camera or its source today."),
        BLUE,
    ),
    "uncertain": Cause(
        "measure",
        N_("Direction or lens unknown"),
        N_("A camera stands here, but where it looks is not known for certain."),
        N_("Ask the technical team to record the camera's direction and lens."),
        SKY,
        "10 5",
    ),
    "resolution": Cause(
        "build",
        N_("Too far to make out"),
        N_("A camera sees this ground, but not in enough detail."),
        N_("For the yearly budget: a longer lens or a nearer camera."),
        GREEN,
    ),
    "occluded": Cause(
        "build",
        N_("Hidden behind a building"),
        N_("A building stands between the camera and this ground."),
        N_("For the yearly budget: move the camera or add one."),
        YELLOW,
        "10 5",
    ),
    "no_camera": Cause(
        "build",
        N_("No camera"),
        N_("No camera reaches this ground."),
        N_("For the yearly budget; patrols come by until then."),
        BLACK,
        "2 6",
    ),
}

LISTS = {
    "repair": (N_("Broken: repair"), N_("the contractor, within hours")),
    "measure": (N_("Unknown: measure"), N_("the technical team, today")),
    "build": (N_("Missing: build"), N_("the yearly budget")),
}

LIST_COLOURS = {"repair": VERMILION, "measure": BLUE, "build": "#6b747b"}
"""Of a list as a whole, where its causes are not told apart; quiet for what is so all the time."""

DIMENSIONS = {
    "2d": (N_("2D"), N_("2D, every building hides what lies behind it, whatever its height")),
    "2.5d": (
        N_("2.5D"),
        N_("2.5D, cameras see over what is lower than their sight, where heights are known"),
    ),
}
"""How buildings hide: short, and in words."""

SITING = {
    "new": (N_("new camera"), BLUE),
    "re_aim": (N_("turn a camera"), VERMILION),
}
"""Cameras of a proposal by their kind: words, colour."""

SITING_SPOTS = {
    "corner": N_("pole at a corner"),
    "facade": N_("bracket on a façade"),
    "pole": N_("pole at the street"),
    "": N_("where it stands"),
}

REASONS = {
    "dark": N_("too dark"),
    "bright": N_("too bright"),
    "flat": N_("no contrast"),
    "blurred": N_("blurred"),
    "blocked": N_("lens blocked"),
    "frozen": N_("picture frozen"),
    "lost": N_("signal lost"),
    "silent": N_("no sign of life"),
    "source_silent": N_("the source itself was silent"),
    "alive": N_("the device answers, but no picture of it was checked"),
    "noisy": N_("picture noisy"),
    "tinted": N_("colour cast"),
    "shifted": N_("scene shifted"),
}

STATES = {
    "usable": (N_("working"), "#40484f"),
    "degraded": (N_("picture of no use"), PURPLE),
    "outage": (N_("lost"), VERMILION),
    "not_measured": (N_("not checked"), BLUE),
}

AZIMUTHS = {
    "measured": N_("measured"),
    "coarse": N_("only roughly known"),
    "unknown": N_("not known"),
}

ASSUMED = {
    "hfov_deg": N_("angle of view"),
    "vfov_deg": N_("vertical angle of view"),
    "width_px": N_("picture width"),
    "height_px": N_("picture height"),
    "mount_height_m": N_("mounting height"),
    "tilt_deg": N_("tilt"),
    "azimuth_deg": N_("direction"),
}

LEVELS = {
    "detect": (N_("a person can be seen"), 25.0),
    "observe": (N_("what a person does can be seen"), 62.5),
    "recognise": (N_("a known person can be recognised"), 125.0),
    "identify": (N_("a stranger can be identified"), 250.0),
}
"""DORI levels (IEC EN 62676-4) with their pixels per metre, in the words of an officer."""

JURISDICTION_LEVELS = (N_("City"), N_("District"), N_("Town"), N_("Village"), N_("Grid"))

ORIGINS = {
    "derived": N_("derived from the map, not official"),
    "official": N_("official"),
    "synthetic": N_("synthetic"),
}

MODES = {
    "foot": N_("on foot"),
    "ebike": N_("by e-bike"),
    "car": N_("by car"),
    "uav": N_("by drone"),
}

WHY = {
    "baseline": N_("ground no camera sees"),
    "repair": N_("a camera here is broken"),
    "measure": N_("what the camera here sees is not known"),
    "build": N_("ground no camera sees"),
    "incident": N_("an incident was reported"),
    "duty": N_("fixed duty"),
    "school": N_("school gate"),
    "water": N_("open water"),
    "bank": N_("bank"),
    "station": N_("station"),
    "hospital": N_("hospital"),
    "entrance": N_("village entrance"),
    "required": N_("must be visited"),
    "school_gate": N_("school gate duty"),
    "village_entrance": N_("village entrance"),
    "other": N_("fixed duty"),
}

FINDINGS = {
    "inside_building": N_("stood inside a building and was moved to its edge"),
    "on_facade": N_("stood on a wall and was moved off it"),
    "no_azimuth": N_("direction not recorded"),
    "assumed_optics": N_("lens not recorded, assumed"),
    "clock": N_("its clock is wrong"),
    "turned": N_("looked away from its usual view"),
}

BANNERS = {
    "derived": (
        N_("Derived jurisdictions"),
        N_("The jurisdictions are derived from the map; they are not official."),
    ),
    "synthetic": (
        N_("Synthetic data"),
        N_("The cameras' reports of this day are made up for demonstration; the streets are real."),
    ),
    "invented": (
        N_("Synthetic data"),
        N_("This town, its cameras and their reports are made up for demonstration; there is no such place."),
    ),
    "stale": (N_("Out of date"), N_("Newer data came in after this was worked out.")),
    "unchecked": (
        N_("Not checked"),
        N_("No frames are known here, so no camera was checked: what they may see is possible, not certain."),
    ),
    "hand_made": (N_("Example"), N_("This scene is made by hand.")),
}

PATTERNS = {
    "separate": N_("teams of different villages, at separate times"),
    "joint": N_("one mixed team"),
    "rota": N_("the villages take turns"),
}

SPANS = {"shift": N_("in one shift"), "week": N_("in one week"), "month": N_("in one month")}


def said(key: str, t: Translator) -> str:
    """A key of any vocabulary in words; a text that is no key is given back as it is."""
    for words in (REASONS, FINDINGS, WHY, ASSUMED):
        if key in words:
            return t(words[key])
    return t(CAUSES[key].name) if key in CAUSES else key


def all_said(keys: str | Iterable[str] | None, t: Translator) -> str:
    """Several keys (a list, or one text with commas) in words, each once."""
    if keys is None or isinstance(keys, float):
        return ""
    parts = keys.split(",") if isinstance(keys, str) else keys
    return t.joined(list(dict.fromkeys(said(part.strip(), t) for part in parts if part and part.strip())))


SHARE_CLASSES = (0.0, 0.01, 0.02, 0.05, 0.10, 0.25, 0.50)
"""Lower bounds of the classes of a watched share after "nothing at all". Fixed, not fitted to the data:
a colour means the same on every level, night and page. Narrow at the bottom, where most villages are."""

SHARE_COLOURS = ("#440154", "#472f7d", "#39568c", "#2a788e", "#1f988b", "#35b779", "#90d743", "#fde725")
"""Viridis (van der Walt and Smith, matplotlib) at eight even steps: the first for exactly nothing."""

NO_SHARE_COLOUR = "#b8bcc0"


def share_colour(share: float) -> str:
    """The colour of a watched share 0–1; grey where there is no street to watch (NaN)."""
    if share != share:
        return NO_SHARE_COLOUR
    if share <= 0:
        return SHARE_COLOURS[0]
    return SHARE_COLOURS[sum(share >= bound for bound in SHARE_CLASSES)]
