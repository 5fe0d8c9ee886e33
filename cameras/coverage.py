"""When is which ground covered, and why not: footprints × availability over slots of time.

Everything here is integer arithmetic: milliseconds, and millimetres of street or a count of places. What a
period holds is therefore covered + deficit exactly, however it is cut and added up.

The full result, nine ranks for every signature and slot, would take gigabytes for a large site: it is made in
blocks and reduced at once to what totals and gaps need. `Coverage.timeline` makes it again for chosen atoms.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame

from cameras.causes import CAUSE_NAMES, COVERED, N_RANKS, RESOLUTION
from cameras.ground import GROUNDS, Ground, Incidence
from cameras.levels import pixels_per_metre
from cameras.signatures import Signatures, group_by_signature, timelines
from cameras.sweep import PPM, open_slots
from cameras.timetable import Timetable, timetable
from geo.errors import LianfangError, Sentence

IntArray = NDArray[np.int64]

_LARGEST = 2**63 - 1
# Milliseconds held at once by the sweep: 8 million integers, 64 MB.
_BLOCK = 8_000_000


@dataclass(frozen=True, eq=False)
class CoverageSettings:
    """How coverage is judged.

    Parameters
    ----------
    level : str or float
        The pixel-density level the footprints were made for, a name or pixels per metre; carried into every
        result.
    slot_min : int
        Length of a slot, minutes, 1 to 1440. DESIGN §4: 15. The last slot of a period may be shorter.
    threshold : float
        θ: a slot is open where less than this share of it is covered; above 0, at most 1, no more than six
        decimals, so that the comparison is one of integers. DESIGN §4: 0.5.
    place_weight_m : int
        Where gaps are put in order, one place weighs as much as so many metres of street. Our own choice,
        about the street that one camera sees at *detect* on both sides; no outside source.
    """

    level: str | float = "detect"
    slot_min: int = 15
    threshold: float = 0.5
    place_weight_m: int = 75

    def __post_init__(self) -> None:
        pixels_per_metre(self.level)
        if isinstance(self.slot_min, bool) or self.slot_min != int(self.slot_min):
            raise ValueError(f"slot_min {self.slot_min!r} is not a whole number of minutes")
        if not 1 <= self.slot_min <= 1440:
            raise ValueError(Sentence("slot_min %(value)s min; give 1 to 1440", value=self.slot_min))
        if not 0 < self.threshold <= 1:
            raise ValueError(
                Sentence("threshold %(value)s; give a share above 0 and at most 1", value=self.threshold)
            )
        if Fraction(str(self.threshold)) * PPM % 1:
            raise ValueError(Sentence("threshold %(value)s; give at most six decimals", value=self.threshold))
        if not 0 <= self.place_weight_m <= 100_000:
            raise ValueError(f"place_weight_m {self.place_weight_m} m; give 0 to 100000")

    @property
    def threshold_ppm(self) -> int:
        """The threshold in millionths, exact."""
        return int(Fraction(str(self.threshold)) * PPM)


@dataclass(frozen=True, eq=False)
class OpenTimes:
    """One row for every (signature, cause) that leads at least one open slot.

    `signature`, `cause` (rank 1 to 8), `open_ms` (total length of those slots) and `cause_ms` (n, 9): the
    milliseconds of every rank inside them; rank 0 is the covered rest of the open slots.
    """

    signature: IntArray
    cause: IntArray
    open_ms: IntArray
    cause_ms: IntArray


@dataclass(frozen=True, eq=False)
class Coverage:
    """What was covered in a period, and why the rest was not.

    Parameters
    ----------
    ground, settings, timetable, signatures
        What it was made from.
    slots : (n + 1,) array of int
        Borders of the slots, epoch milliseconds.
    cause_ms : (signatures, 9) array of int
        Milliseconds of the period by rank; a row adds up to the period.
    possible_ms, twice_ms : (signatures,) arrays of int
        Milliseconds at least possibly covered; certainly covered by two cameras or more.
    leading : (signatures, n) array of int8
        The leading cause of every open slot, 0 where the slot is closed.
    open_times : OpenTimes
        The open slots of each signature, by leading cause.
    """

    ground: Ground
    settings: CoverageSettings
    timetable: Timetable
    signatures: Signatures
    slots: IntArray
    cause_ms: IntArray
    possible_ms: IntArray
    twice_ms: IntArray
    leading: NDArray[np.int8]
    open_times: OpenTimes

    @property
    def period_ms(self) -> int:
        """Length of the period, milliseconds."""
        return int(self.slots[-1] - self.slots[0])

    def by_atom(self) -> DataFrame:
        """Exact sums of every atom, on the index of `ground.atoms`, int64.

        Columns: measure (mm | 1), total (measure × period), covered, possible, twice, built, deficit and
        deficit_<cause> for the eight causes, all but the first in measure × ms. `built` is the measure if at
        some instant a camera, working or not, had the atom in its footprint at the level, else 0.
        """
        s = self.signatures.of_atom
        measure = self.ground.atoms["measure"].to_numpy()
        by_rank = self.cause_ms[s] * measure[:, None]
        built = self.cause_ms[:, :RESOLUTION].sum(axis=1) > 0
        columns = {
            "measure": measure,
            "total": measure * self.period_ms,
            "covered": by_rank[:, COVERED],
            "possible": self.possible_ms[s] * measure,
            "twice": self.twice_ms[s] * measure,
            "built": built[s] * measure,
            "deficit": by_rank[:, 1:].sum(axis=1),
        }
        columns |= {f"deficit_{name}": by_rank[:, rank] for rank, name in enumerate(CAUSE_NAMES, start=1)}
        return DataFrame(columns, index=self.ground.atoms.index)

    def totals(self) -> DataFrame:
        """The columns of `by_atom` summed, index (level, ground): streets and places, never added up."""
        sums = self.by_atom().groupby(self.ground.atoms["ground"], observed=False).sum()
        sums.index = pd.MultiIndex.from_product([[self.settings.level], GROUNDS], names=["level", "ground"])
        return sums

    def timeline(self, atoms: IntArray) -> tuple[IntArray, IntArray, IntArray]:
        """Milliseconds of (atom, slot, rank), and of (atom, slot) possibly and doubly covered.

        Memory is 88 bytes for each atom and slot: ask for the atoms looked at, not for all.
        """
        wanted, row = np.unique(self.signatures.of_atom[atoms], return_inverse=True)
        cause_ms, possible_ms, twice_ms = timelines(wanted, self.signatures, self.timetable, self.slots)
        return cause_ms[row], possible_ms[row], twice_ms[row]


def coverage(
    ground: Ground,
    incidence: Incidence,
    poses: DataFrame,
    segments: DataFrame,
    period: tuple[int, int],
    settings: CoverageSettings | None = None,
) -> Coverage:
    """Coverage of watched ground over a period.

    Parameters
    ----------
    ground : Ground
        Atoms, cut by every footprint in `incidence`.
    incidence : Incidence
        Which pose's footprints contain which atom.
    poses : DataFrame
        POSES: index 0..n-1; camera, certain.
    segments : DataFrame
        SEGMENTS: camera, start_ms, end_ms, state, reason, pose, nominal, moved; those of each camera tile the
        period. Every camera that has a pose needs some.
    period : (int, int)
        Half-open [start, end), epoch milliseconds.
    settings : CoverageSettings, optional

    Returns
    -------
    Coverage

    Raises
    ------
    ValueError
        If the frames contradict each other or the period is empty.
    LianfangError
        If measure × period does not fit 64 bits (2,000 km of street: 53 days); the remedy is in the message.
    """
    settings = settings or CoverageSettings()
    start, end = int(period[0]), int(period[1])
    if end <= start:
        raise ValueError(f"period [{start}, {end}) ms is empty")
    _check_size(ground, end - start)
    times = timetable(poses, segments, start, end)
    signatures = group_by_signature(incidence, times.pose_camera)
    slots = np.append(np.arange(start, end, settings.slot_min * 60_000, dtype=np.int64), end)

    n, n_slots = len(signatures.first) - 1, len(slots) - 1
    cause_ms = np.zeros((n, N_RANKS), np.int64)
    possible_ms, twice_ms = np.zeros(n, np.int64), np.zeros(n, np.int64)
    leading = np.zeros((n, n_slots), np.int8)
    blocks = []
    size = max(1, _BLOCK // (n_slots * (N_RANKS + 2)))
    for low in range(0, n, size):
        wanted = np.arange(low, min(low + size, n))
        by_slot, possible, twice = timelines(wanted, signatures, times, slots)
        cause_ms[wanted] = by_slot.sum(axis=1)
        possible_ms[wanted], twice_ms[wanted] = possible.sum(axis=1), twice.sum(axis=1)
        open_ms, in_open = open_slots(by_slot, slots, settings.threshold_ppm, leading[low : low + size])
        row, cause = np.nonzero(open_ms)
        blocks.append((row + low, cause, open_ms[row, cause], in_open[row, cause]))
    if blocks:
        open_times = OpenTimes(*(np.concatenate(column) for column in zip(*blocks, strict=True)))
    else:
        none = np.empty(0, np.int64)
        open_times = OpenTimes(none, none, none, np.empty((0, N_RANKS), np.int64))
    return Coverage(
        ground, settings, times, signatures, slots, cause_ms, possible_ms, twice_ms, leading, open_times
    )


def _check_size(ground: Ground, period_ms: int) -> None:
    """Refuse a period whose measure × time would overflow an int64."""
    measure = sum(int(value) for value in ground.atoms.groupby("ground", observed=True)["measure"].sum())
    if measure * period_ms > _LARGEST:
        days = _LARGEST // max(measure, 1) // 86_400_000
        raise LianfangError(
            Sentence(
                "%(length)s km of street over %(asked)s days do not fit in 64 bits; "
                "ask for at most %(days)s days at once",
                length=f"{measure / 1e6:.0f}",
                asked=f"{period_ms / 86_400_000:.1f}",
                days=days,
            )
        )
