"""The eight causes of a gap: their order, the list each belongs to and who acts.

The order is the contract of DESIGN §4: of several causes that hold at an atom and an instant, the first
counts. A *rank* is a cause's place in that order; rank 0 means covered. What a camera contributes to an
atom at an instant is one rank, and the rank of the atom is the lowest over all cameras, so adding a camera
can only lower it.
"""

from dataclasses import dataclass

# The states of a segment of evidence (column `state` of SEGMENTS).
USABLE, DEGRADED, OUTAGE, NOT_MEASURED = 0, 1, 2, 3
STATES = ("usable", "degraded", "outage", "not_measured")

# What an (atom, pose) incidence says: which of the pose's three footprints contain the atom.
AT_LEVEL, AT_LOWEST, UNOBSTRUCTED = 1, 2, 4

COVERED = 0
MOVED, LOST_QUALITY, LOST, UNMEASURED, UNCERTAIN, RESOLUTION, OCCLUDED, NO_CAMERA = range(1, 9)
N_RANKS = 9


@dataclass(frozen=True)
class ToDoList:
    """One of the three lists on which gaps are put, with who acts and how soon."""

    name: str
    name_zh: str
    owner: str
    within: str


@dataclass(frozen=True)
class Cause:
    """One cause: its rank, its name, its list and when it holds."""

    rank: int
    name: str
    list: ToDoList
    holds_when: str


REPAIR = ToDoList("repair", "坏了", "contractor", "hours")
MEASURE = ToDoList("measure", "没测", "technical team", "today")
BUILD = ToDoList("build", "没建", "yearly budget", "year")
# Most urgent first: the order in which gaps are told.
LISTS = (REPAIR, MEASURE, BUILD)

CAUSES = (
    Cause(
        MOVED,
        "moved",
        REPAIR,
        "a live camera's certain nominal pose covers it, but the camera looked elsewhere",
    ),
    Cause(
        LOST_QUALITY,
        "degraded",
        REPAIR,
        "frames came from a certain pose that covers it, unfit to be used",
    ),
    Cause(LOST, "outage", REPAIR, "a camera whose certain nominal pose covers it was lost"),
    Cause(UNMEASURED, "not_measured", MEASURE, "the same, but there was no evidence of the camera"),
    Cause(UNCERTAIN, "uncertain", MEASURE, "only footprints of poses that are not certain contain it"),
    Cause(RESOLUTION, "resolution", BUILD, "a usable certain pose covers it at the set's lowest level only"),
    Cause(OCCLUDED, "occluded", BUILD, "it lies in a footprint at the level once obstructions are ignored"),
    Cause(NO_CAMERA, "no_camera", BUILD, "none of these"),
)
CAUSE_NAMES = tuple(cause.name for cause in CAUSES)
# Names by rank, so RANK_NAMES[0] is "covered".
RANK_NAMES = ("covered", *CAUSE_NAMES)
CAUSE_BY_NAME = {cause.name: cause for cause in CAUSES}
