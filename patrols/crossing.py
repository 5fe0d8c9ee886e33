"""Whether visits cross their stop: the rule itself, as whoever plans reads it.

The independent checker has its own words for the same (`patrols.check`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

from patrols.problem import CrossRule


class Visit(NamedTuple):
    """A visit by people of a village (a number; -1: it counts for none), start and end in seconds."""

    village: int
    start: int
    end: int


def first_crossing(rule: CrossRule, counting: Sequence[Visit], leader: int = -1) -> tuple[Visit, ...] | None:
    """The earliest visits that meet a rule, None where none do; idleness is not asked for.

    Parameters
    ----------
    rule : CrossRule
    counting : sequence
        Visits that count, by time: of villages, or under a *joint* rule of teams that are mixed enough.
    leader : int
        The duty village of a *rota*; -1 where the rule has none.
    """
    joint = rule.pattern == "joint"
    for chosen in combinations(counting, rule.visits):
        villages = {visit.village for visit in chosen}
        if (
            (joint or len(villages) >= rule.villages)
            and (leader < 0 or leader in villages)
            and all(later.start - earlier.start >= rule.separation_s for earlier, later in pairwise(chosen))
        ):
            return chosen
    return None


def longest_alone(visits: Iterable[Visit], until: int) -> int:
    """The longest time, seconds, that nobody is at a stop from its first visit to `until`.

    Parameters
    ----------
    visits : iterable of Visit
        Whoever made them, by time; one at least.
    """
    attended: int | None = None
    longest = 0
    for visit in visits:
        if attended is not None:
            longest = max(longest, visit.start - attended)
        attended = visit.end if attended is None else max(attended, visit.end)
    assert attended is not None
    return max(longest, until - attended)


def is_crossed(rule: CrossRule, visits: Sequence[Visit], until: int, leader: int = -1) -> bool:
    """Whether visits, by time, cross their stop in a span that ends at `until`."""
    if first_crossing(rule, [visit for visit in visits if visit.village >= 0], leader) is None:
        return False
    return rule.max_idle_s is None or longest_alone(visits, until) <= rule.max_idle_s
