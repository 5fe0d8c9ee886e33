"""A roster as it is stored, one JSON document: days, slots, teams, turns and what a person wished.

- ``days``: ISO dates; ``slots``: [{``from``, ``to`` ("18:00"), ``teams``, ``villages``}]; ``rest_h``;
  ``leaders``: names,
- ``teams``: code to {``name``, ``name_en``, ``village`` (path or None), ``village_name``,
  ``village_name_en``},
- ``turns``: in order of time, [{``day``, ``slot`` (numbers), ``teams`` (codes), ``village`` (that leads, or
  None), ``leader`` ("" or a name), ``can`` (codes), ``fixed`` (codes), ``forbidden`` (codes)}],
- ``repeats``, ``spread``, ``proven``: as `patrols.rosters.problem.Roster`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from typing import Any

import numpy as np

from geo.errors import InputRefused, Sentence
from patrols.hours import Hours, on_day, read_hours
from patrols.rosters.check import broken
from patrols.rosters.problem import FIXED, FORBIDDEN, Roster, RosterProblem, Turn, following, kinds, shares
from patrols.rosters.solve import make_roster, spreads, take_turns

Document = dict[str, Any]
NIGHT: Hours = (time(22), time(6))
"""A turn that meets these hours is a night turn."""
LONGEST_DAYS = 31
MOST_SLOTS = 4
SATURDAY = 5


@dataclass(frozen=True)
class Slot:
    """A slot of every day: its hours, how many teams serve in it and of how many villages at least.

    Raises
    ------
    InputRefused
        For needs that cannot be.
    """

    hours: Hours
    teams: int
    villages: int

    def __post_init__(self) -> None:
        """Refuse what nobody can meet."""
        if not (1 <= self.teams <= 50 and 0 <= self.villages <= self.teams):
            raise InputRefused(
                Sentence(
                    "a slot of %(teams)s teams and %(villages)s villages cannot be; ask for 1 to 50 teams "
                    "and no more villages than teams",
                    teams=self.teams,
                    villages=self.villages,
                )
            )

    @property
    def text(self) -> str:
        """As people write it: "18:00-22:00 2 2"."""
        return f"{self.hours[0]:%H:%M}-{self.hours[1]:%H:%M} {self.teams} {self.villages}"


def read_slots(text: str) -> tuple[Slot, ...]:
    """Slots, one a line: "18:00-22:00 2 2", hours, teams, villages (1 each where left out).

    Raises
    ------
    InputRefused
        For a line that is none, none at all, or too many.
    """
    found = []
    for line in text.replace(";", "\n").splitlines():
        words = line.split()
        if not words:
            continue
        hours = read_hours(words[0])
        numbers = words[1:]
        if hours is None or len(numbers) > 2 or not all(word.isdecimal() for word in numbers):
            raise InputRefused(
                Sentence(
                    "'%(value)s' is no slot; write its hours, how many teams and of how many villages, as in "
                    "18:00-22:00 2 2",
                    value=line.strip()[:60],
                )
            )
        teams = int(numbers[0]) if numbers else 1
        found.append(Slot(hours, teams, int(numbers[1]) if len(numbers) > 1 else min(1, teams)))
    if not 1 <= len(found) <= MOST_SLOTS:
        raise InputRefused(
            Sentence(
                "a roster has 1 to %(most)s slots a day, not %(n)s; write one a line",
                most=MOST_SLOTS,
                n=len(found),
            )
        )
    return tuple(sorted(found, key=lambda slot: (slot.hours[0], slot.hours[1])))


def days_between(first: date, last: date) -> list[date]:
    """Every day from the first to the last.

    Raises
    ------
    InputRefused
        When there is none, or more than `LONGEST_DAYS`.
    """
    count = (last - first).days + 1
    if not 1 <= count <= LONGEST_DAYS:
        raise InputRefused(
            Sentence(
                "a roster is for 1 to %(most)s days; from %(first)s to %(last)s are %(n)s",
                most=LONGEST_DAYS,
                first=first.isoformat(),
                last=last.isoformat(),
                n=max(0, count),
            )
        )
    return [date.fromordinal(first.toordinal() + n) for n in range(count)]


def times(
    days: Sequence[date], slots: Sequence[Slot], zone: tzinfo
) -> list[tuple[int, int, datetime, datetime]]:
    """Every turn: day's number, slot's number, begin and end (UTC), in order of time."""
    return sorted(
        (
            (day, number, *on_day(days[day], slot.hours, zone))
            for day in range(len(days))
            for number, slot in enumerate(slots)
        ),
        key=lambda turn: (turn[2], turn[1]),
    )


def new(
    days: Sequence[date],
    slots: Sequence[Slot],
    teams: Mapping[str, Mapping[str, Any]],
    can: Mapping[str, Sequence[bool]],
    *,
    zone: tzinfo,
    rest_h: float,
    leaders: Sequence[str] = (),
) -> Document:
    """A roster made for these days, slots and teams.

    Parameters
    ----------
    teams : mapping
        As ``teams`` of the document.
    can : mapping
        By code, whether a team can serve in each turn of `times`.

    Raises
    ------
    InputRefused
        When there is none (`make_roster`).
    """
    empty: Document = {
        "days": [day.isoformat() for day in days],
        "slots": [
            {
                "from": f"{slot.hours[0]:%H:%M}",
                "to": f"{slot.hours[1]:%H:%M}",
                "teams": slot.teams,
                "villages": slot.villages,
            }
            for slot in slots
        ],
        "rest_h": rest_h,
        "leaders": list(leaders),
        "teams": {code: dict(facts) for code, facts in teams.items()},
        "turns": [
            {
                "day": day,
                "slot": slot,
                "teams": [],
                "village": None,
                "leader": "",
                "can": [code for code in teams if can[code][k]],
                "fixed": [],
                "forbidden": [],
            }
            for k, (day, slot, _, _) in enumerate(times(days, slots, zone))
        ],
    }
    return made_again(empty, zone)


def slots_of(document: Document) -> list[Slot]:
    """The slots of a document."""
    return [
        Slot((time.fromisoformat(one["from"]), time.fromisoformat(one["to"])), one["teams"], one["villages"])
        for one in document["slots"]
    ]


def periods(document: Document, zone: tzinfo) -> list[tuple[datetime, datetime]]:
    """Begin and end of every turn, UTC."""
    days = [date.fromisoformat(day) for day in document["days"]]
    return [(start, end) for _, _, start, end in times(days, slots_of(document), zone)]


def turn_name(document: Document, number: int) -> str:
    """A turn as people say it."""
    turn = document["turns"][number]
    slot = document["slots"][turn["slot"]]
    return f"{document['days'][turn['day']]} {slot['from']}–{slot['to']}"


def problem_of(document: Document, zone: tzinfo) -> RosterProblem:
    """What the roster was asked."""
    when = periods(document, zone)
    origin = when[0][0]
    night = [on_day(date.fromisoformat(day), NIGHT, zone) for day in document["days"]]
    # The night before the first day reaches into its morning.
    first = date.fromisoformat(document["days"][0])
    night.append(on_day(date.fromordinal(first.toordinal() - 1), NIGHT, zone))
    turns = [
        Turn(
            turn_name(document, k),
            turn["day"],
            turn["slot"],
            round((start - origin).total_seconds()),
            round((end - origin).total_seconds()),
            teams=document["slots"][turn["slot"]]["teams"],
            villages=document["slots"][turn["slot"]]["villages"],
            night=any(a < end and start < b for a, b in night),
            weekend=date.fromisoformat(document["days"][turn["day"]]).weekday() >= SATURDAY,
        )
        for k, (turn, (start, end)) in enumerate(zip(document["turns"], when, strict=True))
    ]
    codes = list(document["teams"])
    can = np.array([[code in turn["can"] for turn in document["turns"]] for code in codes], np.bool_)
    wish = np.zeros(can.shape, np.int8)
    for k, turn in enumerate(document["turns"]):
        for i, code in enumerate(codes):
            wish[i, k] = FIXED * (code in turn["fixed"]) + FORBIDDEN * (code in turn["forbidden"])
    villages = [document["teams"][code]["village"] for code in codes]
    return RosterProblem(
        turns, codes, villages, can.reshape(len(codes), len(turns)), wish, round(document["rest_h"] * 3600)
    )


def made_again(document: Document, zone: tzinfo) -> Document:
    """The document with its turns made anew; what is fixed and forbidden stays.

    Raises
    ------
    InputRefused
        When there is no such roster.
    """
    problem = problem_of(document, zone)
    made = make_roster(problem)
    found = deepcopy(document)
    for k, turn in enumerate(found["turns"]):
        turn["teams"] = [code for i, code in enumerate(problem.teams) if made.serves[i, k]]
    found |= {"repeats": made.repeats, "spread": made.spread, "proven": made.proven}
    return _led(found, problem)


def _led(document: Document, problem: RosterProblem) -> Document:
    """The document with a village and a police leader for each turn, by turns."""
    villages = sorted({village for village in problem.villages if village is not None})
    there = np.array(
        [
            [
                any(document["teams"][code]["village"] == village for code in turn["teams"])
                for turn in document["turns"]
            ]
            for village in villages
        ],
        np.bool_,
    ).reshape(len(villages), len(problem.turns))
    names = list(document["leaders"])
    every = np.ones((len(names), len(problem.turns)), np.bool_)
    leading = take_turns(villages, there, np.zeros(there.shape, np.int8), problem.turns)
    police = take_turns(names, every, np.zeros(every.shape, np.int8), problem.turns)
    for turn, village, leader in zip(document["turns"], leading, police, strict=True):
        turn["village"], turn["leader"] = village, leader or ""
    return document


def swapped(document: Document, zone: tzinfo, one: tuple[int, str], other: tuple[int, str]) -> Document:
    """The document with two entries exchanged: each team serves in the other's turn.

    Parameters
    ----------
    one, other : (int, str)
        Number of a turn, and the code of a team that serves in it.

    Raises
    ------
    InputRefused
        When an entry is not there, both are the same, or the roster that comes of it breaks a rule.
    """
    (first, team), (second, mate) = one, other
    for number, code in (one, other):
        if not 0 <= number < len(document["turns"]) or code not in document["turns"][number]["teams"]:
            raise InputRefused(
                Sentence("team '%(team)s' does not serve in the turn that is swapped", team=code)
            )
    if first == second or team == mate:
        raise InputRefused(Sentence("a swap is of two teams in two turns; choose another entry"))
    found = deepcopy(document)
    for number, gone, come in ((first, team, mate), (second, mate, team)):
        turn = found["turns"][number]
        if come in turn["teams"]:
            raise InputRefused(
                Sentence(
                    "%(turn)s: team '%(team)s' serves already", turn=turn_name(document, number), team=come
                )
            )
        turn["teams"] = [code for code in found["teams"] if code in {*turn["teams"], come} - {gone}]
        turn["fixed"] = [code for code in turn["fixed"] if code != gone]
    return figured(found, zone)


def figured(document: Document, zone: tzinfo) -> Document:
    """The document with its figures worked out again, after a person changed entries.

    Raises
    ------
    InputRefused
        When it breaks a rule; its problems say which.
    """
    problem = problem_of(document, zone)
    serves = np.array(
        [[code in turn["teams"] for turn in document["turns"]] for code in problem.teams], np.bool_
    ).reshape(len(problem.teams), len(problem.turns))
    again = sum(int((serves[:, a] & serves[:, b]).sum()) for a, b in following(problem.turns))
    roster = Roster(serves, again, spreads(problem, serves), False)
    faults = broken(problem, roster)
    if faults:
        raise InputRefused(Sentence("this cannot be in the roster; nothing was changed"), faults)
    for turn in document["turns"]:
        homes = {document["teams"][code]["village"] for code in turn["teams"]}
        if turn["village"] not in homes:
            # Who led does not serve any more: one of those that do.
            turn["village"] = min((home for home in homes if home), default=None)
    return document | {"repeats": roster.repeats, "spread": roster.spread, "proven": False}


def marked(document: Document, number: int, code: str, mark: str) -> Document:
    """The document with a team fixed in a turn, forbidden there, or neither ("open").

    The roster is made again for a mark to change who serves.

    Raises
    ------
    InputRefused
        For an unknown turn, team or mark.
    """
    if not 0 <= number < len(document["turns"]) or code not in document["teams"]:
        raise InputRefused(Sentence("the roster has no such turn or no team '%(team)s'", team=code))
    if mark not in ("fixed", "forbidden", "open"):
        raise InputRefused(
            Sentence("a team is fixed, forbidden or open in a turn, not '%(mark)s'", mark=mark)
        )
    found = deepcopy(document)
    turn = found["turns"][number]
    for name in ("fixed", "forbidden"):
        turn[name] = [one for one in turn[name] if one != code] + [code] * (mark == name)
    return found


@dataclass(frozen=True)
class TeamFigures:
    """What one team serves in a roster, by kind of turn: turns, and its fair share of them."""

    code: str
    turns: dict[str, int]
    share: dict[str, float]


def team_figures(document: Document, zone: tzinfo) -> Iterator[TeamFigures]:
    """The figures of every team, in the document's order."""
    problem = problem_of(document, zone)
    parts = {name: (which, *shares(problem, which)) for name, which in kinds(problem.turns).items()}
    for i, code in enumerate(problem.teams):
        own = np.array([code in turn["teams"] for turn in document["turns"]], np.bool_)
        yield TeamFigures(
            code,
            {name: int(own[which].sum()) for name, (which, _, _) in parts.items()},
            {name: float(share[i] / whole) for name, (_, share, whole) in parts.items()},
        )


def faults_of(document: Document, zone: tzinfo) -> list[Sentence]:
    """What the independent checker finds in a document."""
    problem = problem_of(document, zone)
    serves = np.array(
        [[code in turn["teams"] for turn in document["turns"]] for code in problem.teams], np.bool_
    ).reshape(len(problem.teams), len(problem.turns))
    return broken(
        problem, Roster(serves, document["repeats"], dict(document["spread"]), bool(document["proven"]))
    )
