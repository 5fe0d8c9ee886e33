"""A roster as it is stored, one JSON document: days, slots, teams, turns and what a person wished.

- ``days``: ISO dates; ``slots``: [{``from``, ``to`` ("18:00"), ``teams``, ``villages``, ``mixed`` (None
  where the rule knows no mixed teams)}]; ``rest_h``; ``leaders``: names; ``mixed_of``: of how many villages
  the people of a mixed team are by the zone's *joint* rule, None by another,
- ``teams``: code to {``name``, ``name_en``, ``village`` (path or None), ``village_name``,
  ``village_name_en``, ``villages`` (of how many its people are)},
- ``turns``: in order of time, [{``day``, ``slot`` (numbers), ``teams`` (codes), ``village`` (that leads, or
  None), ``leader`` ("" or a name), ``can`` (codes), ``fixed`` (codes), ``forbidden`` (codes)}],
- ``before``: what the published rosters of the 31 days before say, in order of time, [{``roster`` (number),
  ``leaders``, ``turns``: [{``day`` (ISO), ``from``, ``to``, ``teams``, ``could`` (codes), ``village``,
  ``leader``}]}]; older documents have none,
- ``repeats``, ``spread``, ``proven``: as `patrols.rosters.problem.Roster`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import date, datetime, time, tzinfo
from typing import Any

import numpy as np

from patrols.hours import Hours, on_day
from patrols.rosters.problem import FIXED, FORBIDDEN, Before, BoolMatrix, RosterProblem, Turn
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
    before: Sequence[Mapping[str, Any]] = (),
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
        "before": list(before),
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
            night=_is_night(date.fromisoformat(document["days"][turn["day"]]), start, end, zone),
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
        before_of(document, origin, zone),
    )


def before_of(document: Document, origin: datetime, zone: tzinfo) -> Before:
    """What the teams of a document served before, in seconds from an origin."""
    turns = _turns_before(document, origin, zone)
    codes = list(document["teams"])
    told = _told_before(document)
    could = [[code in one["could"] or code in one["teams"] for one in told] for code in codes]
    served = [[code in one["teams"] for one in told] for code in codes]
    shape = (len(codes), len(turns))
    return Before(turns, np.array(could, np.bool_).reshape(shape), np.array(served, np.bool_).reshape(shape))


def _told_before(document: Document) -> list[dict[str, Any]]:
    return [turn | {"leaders": one["leaders"]} for one in document.get("before", ()) for turn in one["turns"]]


def _turns_before(document: Document, origin: datetime, zone: tzinfo) -> list[Turn]:
    first = date.fromisoformat(document["days"][0])
    slots = {(one["from"], one["to"]): number for number, one in enumerate(document["slots"])}
    found = []
    for one in _told_before(document):
        day = date.fromisoformat(one["day"])
        hours = (time.fromisoformat(one["from"]), time.fromisoformat(one["to"]))
        start, end = on_day(day, hours, zone)
        found.append(
            Turn(
                f"{one['day']} {one['from']}–{one['to']}",
                (day - first).days,
                slots.get((one["from"], one["to"]), -1),
                round((start - origin).total_seconds()),
                round((end - origin).total_seconds()),
                teams=len(one["teams"]),
                villages=0,
                night=_is_night(day, start, end, zone),
                weekend=day.weekday() >= SATURDAY,
            )
        )
    return found


def _is_night(day: date, start: datetime, end: datetime, zone: tzinfo) -> bool:
    """Whether a turn of a day meets a night; the one before reaches into the day's morning."""
    nights = (on_day(date.fromordinal(day.toordinal() - n), NIGHT, zone) for n in (0, 1))
    return any(a < end and start < b for a, b in nights)


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
    homes = {code: facts["village"] for code, facts in document["teams"].items()}
    past = _told_before(document)
    led = _before_of_names(
        problem, villages, [({homes.get(code) for code in one["teams"]}, one["village"]) for one in past]
    )
    policed = _before_of_names(problem, names, [(set(one["leaders"]), one["leader"]) for one in past])
    none = np.zeros(there.shape, np.int8)
    leading = take_turns(villages, there, none, problem.turns, before=led, watch=also)
    police = take_turns(
        names, every, np.zeros(every.shape, np.int8), problem.turns, before=policed, watch=also
    )
    for turn, village, leader in zip(document["turns"], leading, police, strict=True):
        turn["village"], turn["leader"] = village, leader or ""
    return document


def _before_of_names(
    problem: RosterProblem, names: Sequence[str], told: Sequence[tuple[set[Any], Any]]
) -> Before:
    """Who of some names could have, and had, each turn before."""
    shape = (len(names), len(told))
    could = [[name in able or name == had for able, had in told] for name in names]
    had = [[name == had for _, had in told] for name in names]
    return Before(
        problem.past.turns, np.array(could, np.bool_).reshape(shape), np.array(had, np.bool_).reshape(shape)
    )


def serves_of(document: Document) -> BoolMatrix:
    """Who serves when, teams by turns in the document's order."""
    rows = [[code in turn["teams"] for turn in document["turns"]] for code in document["teams"]]
    return np.array(rows, np.bool_).reshape(len(document["teams"]), len(document["turns"]))
