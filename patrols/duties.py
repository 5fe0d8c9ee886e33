"""Fixed duties (定点勤务): places where somebody has to stand at given hours, whatever the cameras see.

An officer pins them: a school gate at its hours (护学岗), water in summer (防溺水), a village entrance
(村口), a bank at closing time. A duty holds on the days of its calendar and in its hours; a plan takes it in
as a stop.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from geo.errors import InputRefused, Sentence
from patrols.hours import Hours, Terms, read_hours, serving
from patrols.problem import CrossRule

KINDS = ("school_gate", "water", "village_entrance", "bank", "other")
KIND_NAMES = {
    "school_gate": Sentence("school gate duty"),
    "water": Sentence("water duty"),
    "village_entrance": Sentence("village entrance"),
    "bank": Sentence("bank closing"),
    "other": Sentence("other duty"),
}
KIND_WORDS = {
    **{kind: kind for kind in KINDS},
    **{str(name): kind for kind, name in KIND_NAMES.items()},
    "school": "school_gate",
    "school gate": "school_gate",
    "学校": "school_gate",
    "护学岗": "school_gate",
    "校门": "school_gate",
    "防溺水": "water",
    "水域": "water",
    "entrance": "village_entrance",
    "村口": "village_entrance",
    "卡口": "village_entrance",
    "银行": "bank",
    "银行网点": "bank",
    "其他": "other",
    "其它": "other",
}  # fmt: skip
MOST_HOURS = 6
LEAST_STAY_S, LONGEST_STAY_S = 10, 14_400
LARGEST_PRIZE = 100_000
_DAY_S = 86_400


@dataclass(frozen=True)
class Duty:
    """What is asked for at one place.

    Parameters
    ----------
    code, name : str
    kind : str
        One of `KINDS`.
    hours : tuple of (time, time)
        Hours of the day in which somebody should be there, in the site's time zone; the end before the begin
        is on the next day. None of them: at any time of the shift.
    stay_s : int
        How long a team stays; it comes and goes within the hours.
    required : bool
        Whether a plan without a visit there is no plan.
    prize : int
        What it is worth when it is crossed.
    villages, teams : tuple of str
        Paths of villages of which a team, and codes of teams which, must come.

    Raises
    ------
    InputRefused
        For an unknown kind and for what is out of limits.
    """

    code: str
    name: str
    kind: str
    hours: tuple[Hours, ...] = ()
    stay_s: int = 360
    required: bool = False
    prize: int = 1
    villages: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        if self.kind not in KINDS:
            raise InputRefused(
                Sentence(
                    "kind '%(kind)s' is not known; it is one of %(known)s",
                    kind=self.kind,
                    known=", ".join(KINDS),
                )
            )
        if not LEAST_STAY_S <= self.stay_s <= LONGEST_STAY_S:
            raise InputRefused(
                Sentence(
                    "a stay of %(stay)s s is out of limits (%(least)s to %(most)s s); correct it",
                    stay=self.stay_s,
                    least=LEAST_STAY_S,
                    most=LONGEST_STAY_S,
                )
            )
        if not 0 <= self.prize <= LARGEST_PRIZE:
            raise InputRefused(
                Sentence(
                    "%(prize)s points are out of limits (0 to %(most)s); correct them",
                    prize=self.prize,
                    most=LARGEST_PRIZE,
                )
            )
        if len(self.hours) > MOST_HOURS:
            raise InputRefused(
                Sentence(
                    "a duty has at most %(most)s windows in a day, not %(n)s; leave some out",
                    most=MOST_HOURS,
                    n=len(self.hours),
                )
            )
        for first, last in self.hours:
            if first == last:
                raise InputRefused(
                    Sentence(
                        "hours from %(start)s to %(end)s are none; leave the hours empty for the whole shift",
                        start=f"{first:%H:%M}",
                        end=f"{last:%H:%M}",
                    )
                )
            if length_s((first, last)) < self.stay_s:
                raise InputRefused(
                    Sentence(
                        "a stay of %(stay)s min does not fit into the hours from %(start)s to %(end)s; make "
                        "it shorter, or the hours longer",
                        stay=f"{self.stay_s / 60:g}",
                        start=f"{first:%H:%M}",
                        end=f"{last:%H:%M}",
                    )
                )


@dataclass(frozen=True)
class Due:
    """When a duty falls due in a shift.

    Parameters
    ----------
    windows : tuple of (int, int)
        When a service may begin, whole seconds from the shift's begin, both included.
    short : bool
        Whether its hours meet the shift and none leaves time for the stay.
    """

    windows: tuple[tuple[int, int], ...]
    short: bool = False


def due(duty: Duty, holds: Callable[[date], bool], start: datetime, end: datetime, zone: tzinfo) -> Due:
    """When a duty falls due in the shift `[start, end)`; hours past midnight belong to the day they begin on.

    Parameters
    ----------
    holds : callable
        Whether it holds on a date of `zone`, the site's time zone.
    """
    second = timedelta(seconds=1)
    wanted: Sequence[Hours | None] = duty.hours or (None,)
    stretches = [
        stretch for hours in wanted for stretch in serving(start, end, zone, Terms(hours=hours), serves=holds)
    ]
    windows = sorted(
        # Rounded inwards: the stay begins and ends within the hours.
        (-((start - first) // second), (last - start) // second - duty.stay_s)
        for first, last in stretches
    )
    fitting = tuple((first, last) for first, last in windows if first <= last)
    return Due(fitting, short=bool(windows) and not fitting)


def on_visit(duty: Duty, windows: Sequence[tuple[int, int]], rule: CrossRule) -> str:
    """Which visits a duty's hours hold for: "each", or only the "first".

    A required duty wants somebody in its hours, and nobody outside them. One that is worth a prize when it is
    crossed has its hours for every visit where as many as the rule asks for fit into them, as far apart as it
    asks; where they do not, for the first visit: else nobody would ever come.
    """
    if duty.required or not windows:
        return "each"
    span_s = windows[-1][1] - windows[0][0]
    return "each" if span_s >= rule.separation_s * (rule.visits - 1) else "first"


def length_s(hours: Hours) -> int:
    """How long hours of a day are, seconds; an end before the begin is on the next day."""
    first, last = (at.hour * 3600 + at.minute * 60 + at.second for at in hours)
    return (last - first) % _DAY_S or _DAY_S


def read_windows(text: str) -> tuple[Hours, ...]:
    """Hours of the day, "07:20-08:10; 16:20-17:20", in order; none for an empty text.

    Raises
    ------
    InputRefused
        For what is none.
    """
    found = (read_hours(part) for part in re.split(r"[;；,，\n]", text))
    return tuple(sorted(hours for hours in found if hours is not None))


def written_windows(hours: Sequence[Hours]) -> str:
    """As `read_windows` reads them."""
    return "; ".join(f"{first:%H:%M}-{last:%H:%M}" for first, last in hours)


def read_kind(text: str) -> str:
    """The kind that a word of either language names; the word itself where it names none."""
    return KIND_WORDS.get(text.strip().lower(), text.strip())
