"""What people do to a roster: swaps, and teams fixed or forbidden in a turn."""

from __future__ import annotations

from copy import deepcopy
from datetime import tzinfo

from geo.errors import InputRefused, Sentence
from patrols.rosters.check import broken
from patrols.rosters.document import Document, problem_of, serves_of, turn_name
from patrols.rosters.problem import Roster, repeats_of
from patrols.rosters.solve import spreads


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
    serves = serves_of(document)
    roster = Roster(serves, repeats_of(problem, serves), spreads(problem, serves), False)
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
