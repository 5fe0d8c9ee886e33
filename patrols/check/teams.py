"""One team's visits in their order: ways, times, shift and breaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from geo.errors import Sentence
from patrols.check.parts import Stop, Team, Violation, Visit, at_visit


def team_violations(
    own: list[Visit], team_id: Any, team: Team, stops: dict[Any, Stop], forbidden: set[tuple[Any, Any]]
) -> Iterator[Violation]:
    """Everything that concerns one team's visits in their order."""
    before: Visit | None = None
    here, left_s = team.start_node, team.start_s
    # Stretches in which the team neither travels nor serves.
    idle: list[tuple[int, int]] = []
    timed = True
    for visit in own:
        stop = stops[visit.stop_id]
        yield from _visit_violations(visit, before, stop, team, (team_id, visit.stop_id) in forbidden)
        wrong = _leg_violation(visit, before, here, left_s, stop, team)
        if wrong is not None:
            yield wrong
        timed = timed and wrong is None and visit.arrive_s <= visit.start_s
        travel_s = int(team.travel_s[here, stop.way_in(visit.backwards)])
        if travel_s == 0:
            # Nothing lies between waiting at the place before and waiting here: it is one stretch.
            idle.append((left_s, visit.start_s))
        else:
            idle += [(left_s, visit.arrive_s - travel_s), (visit.arrive_s, visit.start_s)]
        before, here, left_s = visit, stop.way_out(visit.backwards), visit.end_s
    home_s = 0 if not own or team.end_node < 0 else int(team.travel_s[here, team.end_node])
    if own and (home_s < 0 or left_s + home_s > team.end_s):
        timed = False
        yield _return_violation(own[-1], home_s, here, team)
    # Without sound times there is no idle time to speak of, and the cause has been reported.
    if timed and not _breaks_fit(idle, (left_s, team.end_s, home_s), team.breaks):
        text = Sentence(
            "team %(team)s: its breaks %(breaks)s (earliest, latest, duration) "
            "do not fit into the time in which it neither travels nor serves",
            team=repr(team_id),
            breaks=list(team.breaks),
        )
        yield Violation("break", team_id, None, None, None, None, text)


def _visit_violations(
    visit: Visit, before: Visit | None, stop: Stop, team: Team, is_forbidden: bool
) -> Iterator[Violation]:
    """What a visit shows by itself and by its place in the order."""
    if is_forbidden:
        yield at_visit("forbidden", visit, None, None, Sentence("this team must not visit this stop"))
    if before is not None and visit.seq == before.seq:
        text = Sentence("another visit has number %(seq)s in its order too", seq=visit.seq)
        yield at_visit("overlap", visit, visit.seq, None, text)
    if visit.start_s < visit.arrive_s:
        text = Sentence(
            "the service starts at %(start)s s, before the arrival at %(arrival)s s",
            start=visit.start_s,
            arrival=visit.arrive_s,
        )
        yield at_visit("time_travel", visit, visit.start_s, visit.arrive_s, text)
    stays_s = visit.end_s - visit.start_s
    takes_s = stop.takes_s(team.mode, visit.backwards)
    if takes_s is None:
        text = Sentence(
            "its mode cannot go through this stretch from node %(here)s to node %(there)s; send another team",
            here=stop.way_in(visit.backwards),
            there=stop.way_out(visit.backwards),
        )
        yield at_visit("mode", visit, None, None, text)
    elif stays_s < takes_s:
        text = Sentence(
            "it stays %(stays)s s of the %(service)s s that the service takes",
            stays=stays_s,
            service=takes_s,
        )
        yield at_visit("time_travel", visit, stays_s, takes_s, text)


def _leg_violation(
    visit: Visit, before: Visit | None, here: int, left_s: int, stop: Stop, team: Team
) -> Violation | None:
    """What is wrong with the way to a visit from node `here`, free from `left_s` on; None when sound."""
    there = stop.way_in(visit.backwards)
    travel_s = int(team.travel_s[here, there])
    if travel_s < 0:
        text = Sentence(
            "its mode has no way from node %(here)s to node %(there)s; send another team",
            here=here,
            there=there,
        )
        return at_visit("mode", visit, None, None, text)
    leaves_s = visit.arrive_s - travel_s
    if leaves_s >= left_s:
        return None
    if before is None:
        text = Sentence(
            "to arrive at %(arrival)s s it must leave its base at %(leaves)s s, "
            "before its shift starts at %(start)s s",
            arrival=visit.arrive_s,
            leaves=leaves_s,
            start=left_s,
        )
        return at_visit("shift", visit, leaves_s, left_s, text)
    if visit.arrive_s < left_s:
        text = Sentence(
            "it arrives at %(arrival)s s while the visit before lasts until %(end)s s",
            arrival=visit.arrive_s,
            end=left_s,
        )
        return at_visit("overlap", visit, visit.arrive_s, left_s, text)
    given_s = visit.arrive_s - left_s
    text = Sentence(
        "the leg from node %(here)s to node %(there)s takes %(travel)s s, the plan gives it %(given)s s",
        here=here,
        there=there,
        travel=travel_s,
        given=given_s,
    )
    return at_visit("time_travel", visit, given_s, travel_s, text)


def _return_violation(visit: Visit, home_s: int, here: int, team: Team) -> Violation:
    """Why a team does not end its shift where and when it must, after its last visit."""
    if home_s < 0:
        text = Sentence(
            "its mode has no way from node %(here)s to its end node %(there)s; send another team",
            here=here,
            there=team.end_node,
        )
        return at_visit("mode", visit, None, None, text)
    back_s = visit.end_s + home_s
    text = Sentence(
        "afterwards it is at its end node at %(back)s s, its shift ends at %(end)s s",
        back=back_s,
        end=team.end_s,
    )
    return at_visit("shift", visit, back_s, team.end_s, text)


def _breaks_fit(
    idle: list[tuple[int, int]], tail: tuple[int, int, int], breaks: tuple[tuple[int, int, int], ...]
) -> bool:
    """Whether all breaks find room, none cut in two, in any order.

    `tail` is (end of the last service, end of the shift, way home): breaks may be held before
    that way or after it.
    """
    left_s, end_s, home_s = tail
    stretches = [(a, b) for a, b in idle if b > a] + [(left_s, end_s - home_s), (left_s + home_s, end_s)]
    last = len(stretches) - 1

    def search(number: int, now: int, remaining: tuple[tuple[int, int, int], ...]) -> bool:
        if not remaining:
            return True
        while number <= last:
            for index, (earliest, latest, duration) in enumerate(remaining):
                start = max(now, earliest)
                fits = start <= latest and start + duration <= stretches[number][1]
                others = remaining[:index] + remaining[index + 1 :]
                if fits and search(number, start + duration, others):
                    return True
            number += 1
            if number <= last:
                now = max(stretches[number][0], now + home_s if number == last else now)
        return False

    return search(0, stretches[0][0], breaks)
