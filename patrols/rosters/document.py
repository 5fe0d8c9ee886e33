"""A roster as it is stored, one JSON document: days, slots, teams, turns and what a person wished.

- ``days``: ISO dates; ``slots``: [{``from``, ``to`` ("18:00"), ``teams``, ``villages``, ``mixed`` (None
  where the rule knows no mixed teams)}]; ``rest_h``; ``leaders``: names; ``mixed_of``: of how many villages
  the people of a mixed team are by the zone's *joint* rule, None by another,
- ``teams``: code to {``name``, ``name_en``, ``village`` (path or None), ``village_name``,
  ``village_name_en``, ``villages`` (of how many its people are)},
- ``turns``: in order of time, [{``day``, ``slot`` (numbers), ``teams`` (codes), ``village`` (that leads, or
  None), ``leader`` ("" or a name), ``can`` (codes), ``fixed`` (codes), ``forbidden`` (codes)}],
- ``repeats``, ``spread``, ``proven``: as `patrols.rosters.problem.Roster`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import date, datetime, time, tzinfo
from typing import Any

import numpy as np

from patrols.hours import Hours, on_day
from patrols.rosters.problem import FIXED, FORBIDDEN, BoolMatrix, RosterProblem, Turn
from patrols.rosters.slots import Slot, times
from patrols.rosters.solve import make_roster, take_turns
from patrols.rosters.watching import Progress, Watch

Document = dict[str, Any]
NIGHT: Hours = (time(22), time(6))
"""A turn that meets these hours is a night turn."""
SATURDAY = 5


def asked(
    days: Sequence[date],
    slots: Sequence[Slot],
    teams: Mapping[str, Mapping[str, Any]],
    can: Mapping[str, Sequence[bool]],
    *,
    zone: tzinfo,
    rest_h: float,
    leaders: Sequence[str] = (),
    mixed_of: int | None = None,
) -> Document:
    """What a roster is asked for these days, slots and teams: the document before anybody serves.

    Parameters
    ----------
    teams : mapping
        As ``teams`` of the document.
    can : mapping
        By code, whether a team can serve in each turn of `times`.
    """
    return {
        "days": [day.isoformat() for day in days],
        "slots": [
            {
                "from": f"{slot.hours[0]:%H:%M}",
                "to": f"{slot.hours[1]:%H:%M}",
                "teams": slot.teams,
                "villages": slot.villages,
                "mixed": slot.mixed,
            }
            for slot in slots
        ],
        "mixed_of": mixed_of,
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


def slots_of(document: Document) -> list[Slot]:
    """The slots of a document."""
    return [
        Slot(
            (time.fromisoformat(one["from"]), time.fromisoformat(one["to"])),
            one["teams"],
            one["villages"],
            one.get("mixed"),
        )
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
            mixed=document["slots"][turn["slot"]].get("mixed") or 0,
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
        turns,
        codes,
        villages,
        can.reshape(len(codes), len(turns)),
        wish,
        round(document["rest_h"] * 3600),
        [is_mixed(document, facts) for facts in document["teams"].values()],
    )


def is_mixed(document: Document, facts: Mapping[str, Any]) -> bool:
    """Whether a team, as the document keeps it, is mixed enough for the rule it was made by."""
    return bool(document.get("mixed_of")) and facts.get("villages", 1) >= document["mixed_of"]


def made(document: Document, zone: tzinfo, *, watch: Watch | None = None) -> Document:
    """The document with its turns made, or made anew; what is fixed and forbidden stays.

    Parameters
    ----------
    watch : callable, optional
        As `make_roster`.

    Raises
    ------
    InputRefused
        When there is no such roster.
    """
    problem = problem_of(document, zone)
    roster = make_roster(problem, watch=watch)
    found = deepcopy(document)
    for k, turn in enumerate(found["turns"]):
        turn["teams"] = [code for i, code in enumerate(problem.teams) if roster.serves[i, k]]
    found |= {"repeats": roster.repeats, "spread": roster.spread, "proven": roster.proven}
    return _led(found, problem, watch)


def _led(document: Document, problem: RosterProblem, watch: Watch | None) -> Document:
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
    last = Progress("leaders", 1.0, document["repeats"], document["spread"])
    also = None if watch is None else lambda _: watch(last)
    leading = take_turns(villages, there, np.zeros(there.shape, np.int8), problem.turns, watch=also)
    police = take_turns(names, every, np.zeros(every.shape, np.int8), problem.turns, watch=also)
    for turn, village, leader in zip(document["turns"], leading, police, strict=True):
        turn["village"], turn["leader"] = village, leader or ""
    return document


def serves_of(document: Document) -> BoolMatrix:
    """Who serves when, teams by turns in the document's order."""
    rows = [[code in turn["teams"] for turn in document["turns"]] for code in document["teams"]]
    return np.array(rows, np.bool_).reshape(len(document["teams"]), len(document["turns"]))
