"""The eight causes of a gap: their order, the list each belongs to, who acts, and the rule that finds them.

The order is the contract of DESIGN §4: of several causes that hold at an atom and an instant, the first
counts. A *rank* is a cause's place in that order; rank 0 means covered. What a camera contributes to an
atom at an instant is one rank, and the rank of the atom is the lowest over all cameras, so adding a camera
can only lower it.
"""

from dataclasses import dataclass

from numba import njit

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


@njit(nogil=True, cache=True)
def camera_rank(  # type: ignore[no-untyped-def]  # compiled; the types are those of the docstring
    state, moved, look_is_certain, nominal_is_certain, look_bits, nominal_bits
):
    """Lowest rank that one camera gives one atom while one segment of evidence lasts.

    Parameters
    ----------
    state : int
        USABLE, DEGRADED, OUTAGE or NOT_MEASURED.
    moved : bool
        The camera was live and off its nominal pose.
    look_is_certain, nominal_is_certain : bool
        Whether the pose looked at (the nominal one unless live) and the nominal pose are certain.
    look_bits, nominal_bits : int
        Incidence bits of the atom with those two poses; 0 where a pose is unknown.

    Returns
    -------
    int
        0 (covered) to 8 (no_camera).

    Notes
    -----
    DESIGN §4, table of causes, read for one camera. `uncertain` and `occluded` hold in any state: which way
    a camera points and what stands before it do not depend on whether it works tonight.
    """
    if look_is_certain and look_bits & AT_LEVEL and state == USABLE:
        return COVERED
    if moved and nominal_is_certain and nominal_bits & AT_LEVEL:
        return MOVED
    if state == DEGRADED and look_is_certain and look_bits & AT_LEVEL:
        return LOST_QUALITY
    if state == OUTAGE and nominal_is_certain and nominal_bits & AT_LEVEL:
        return LOST
    if state == NOT_MEASURED and nominal_is_certain and nominal_bits & AT_LEVEL:
        return UNMEASURED
    if not look_is_certain and look_bits & AT_LEVEL:
        return UNCERTAIN
    if state == USABLE and look_is_certain and look_bits & AT_LOWEST:
        return RESOLUTION
    if look_bits & UNOBSTRUCTED:
        return OCCLUDED
    return NO_CAMERA
