"""What a plan stands on, and in which of it the present differs: a plan whose ground has moved is stale.

A *basis* is a plain mapping, so that it is stored with the plan:

- ``zone``: {``rule``: fields of `CrossRule`, ``members``: sorted village paths, ``area``: text that names the
  shape}, or None where there is no such zone any more,
- ``teams``: code → {``village``, ``mode``, ``starts_at``, ``ends_at``, ``daily``, ``daytime``, ``breaks``,
  ``pace``, ``keep_out``, ``partners``, ``lon``, ``lat``, of who flies also ``range_m``, ``endurance_s``} of
  those on duty in the shift,
- ``duties``: code → {``kind``, ``stay_s``, ``required``, ``prize``, ``villages``, ``teams``, ``windows``,
  ``lon``, ``lat``} of the fixed duties that fall due in the shift,
- ``earlier``: number of each plan of the same week or month whose visits count → text that names them,
- ``gaps``: text that names the gaps in the zone, None without an analysis; ``analysis``: its number,
- ``roads``: revision of the streets.

What a plan did not store, of an older program or read from its file, is not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from geo.errors import Sentence
from patrols import pace
from patrols.problem import CrossRule

Basis = Mapping[str, Any]


def changes(then: Basis, now: Basis) -> list[Sentence]:
    """Why a plan made on `then` is stale now, one sentence each; empty while it is not.

    Parameters
    ----------
    then, now : mapping
        Two bases; only what both have is compared.
    """
    found = list(_of_roads(then, now)) + list(_of_zone(then, now)) + list(_of_teams(then, now))
    found += list(_of_duties(then, now)) + list(_of_earlier(then, now))
    return found + list(_of_gaps(then, now))


def _of_roads(then: Basis, now: Basis) -> Iterator[Sentence]:
    if "roads" in then and "roads" in now and then["roads"] != now["roads"]:
        yield Sentence("the streets have changed since: ways and times may be others")


def _of_earlier(then: Basis, now: Basis) -> Iterator[Sentence]:
    if "earlier" not in then or "earlier" not in now:
        return
    before, after = then["earlier"], now["earlier"]
    for number in sorted({*before, *after}, key=int):
        if number not in after:
            yield Sentence(
                "plan %(plan)s of an earlier shift, whose visits counted, counts no more", plan=number
            )
        elif number not in before:
            yield Sentence("plan %(plan)s of an earlier shift counts now, and did not", plan=number)
        elif before[number] != after[number]:
            yield Sentence(
                "visits of plan %(plan)s, an earlier shift's, are others than counted", plan=number
            )


def _of_zone(then: Basis, now: Basis) -> Iterator[Sentence]:
    if "zone" not in then or "zone" not in now or then["zone"] is None:
        return
    if now["zone"] is None:
        yield Sentence("the zone is no longer there")
        return
    before, after = then["zone"], now["zone"]
    if "rule" in before and _rule(before["rule"]) != _rule(after["rule"]):
        yield Sentence("the zone's rule has changed since")
    if "members" in before and before["members"] != after["members"]:
        yield Sentence("the zone has other villages now")
    elif "area" in before and before["area"] != after["area"]:
        yield Sentence("the zone's border has changed since")


def _rule(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A rule with every field but the village that leads one shift.

    What an older program left out has its default.
    """
    return asdict(replace(CrossRule(**stored), leader=None))


def _of_teams(then: Basis, now: Basis) -> Iterator[Sentence]:
    if "teams" not in then or "teams" not in now:
        return
    before, after = then["teams"], now["teams"]
    for code in sorted(set(before) - set(after)):
        yield Sentence("team '%(team)s' does not serve in this shift any more", team=code)
    for code in sorted(set(after) - set(before)):
        yield Sentence("team '%(team)s' serves in this shift now and has no place in the plan", team=code)
    for code in sorted(set(before) & set(after)):
        if before[code].get("village") != after[code].get("village"):
            yield Sentence("team '%(team)s' is of another village now", team=code)
        if before[code].get("mode") != after[code].get("mode"):
            yield Sentence(
                "team '%(team)s' goes %(after)s now, not %(before)s",
                team=code,
                after=_MODES.get(after[code]["mode"], after[code]["mode"]),
                before=_MODES.get(before[code]["mode"], before[code]["mode"]),
            )
        if any(before[code][name] != after[code].get(name) for name in _HOURS if name in before[code]):
            yield Sentence("team '%(team)s' has other hours now", team=code)
        if any(before[code][name] != after[code].get(name) for name in _BASE if name in before[code]):
            yield Sentence("team '%(team)s' has another base now", team=code)
        if _other("breaks", before[code], after[code]):
            yield Sentence("team '%(team)s' has other breaks now", team=code)
        if _other("pace", before[code], after[code]):
            yield Sentence(
                "team '%(team)s' goes at %(after)s per cent of the usual pace now, not at %(before)s",
                team=code,
                after=after[code].get("pace", pace.FULL),
                before=before[code]["pace"],
            )
        if _other("keep_out", before[code], after[code]):
            yield Sentence("team '%(team)s' must keep out of other places now", team=code)
        if _other("partners", before[code], after[code]):
            yield Sentence("team '%(team)s' has people of other villages now", team=code)
        if any(before[code][name] != after[code].get(name) for name in _FLIGHT if name in before[code]):
            yield Sentence("team '%(team)s' flies farther or less far now, or longer or shorter", team=code)


_MODES = {
    "foot": Sentence("on foot"),
    "ebike": Sentence("by e-bike"),
    "car": Sentence("by car"),
    "uav": Sentence("by drone"),
}
_HOURS = ("starts_at", "ends_at", "daily", "daytime")
_BASE = ("lon", "lat")
_FLIGHT = ("range_m", "endurance_s")


def _other(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether something that was kept of a team is another now."""
    return name in before and before[name] != after.get(name)


def _of_duties(then: Basis, now: Basis) -> Iterator[Sentence]:
    if then.get("duties") is None or now.get("duties") is None:
        return
    before, after = then["duties"], now["duties"]
    for code in sorted(set(before) - set(after)):
        yield Sentence("fixed duty '%(duty)s' does not fall due in this shift any more", duty=code)
    for code in sorted(set(after) - set(before)):
        yield Sentence("fixed duty '%(duty)s' falls due in this shift now and has no stop", duty=code)
    for code in sorted(set(before) & set(after)):
        if before[code] != after[code]:
            yield Sentence("fixed duty '%(duty)s' has changed since", duty=code)


def _of_gaps(then: Basis, now: Basis) -> Iterator[Sentence]:
    if then.get("gaps") is None or "gaps" not in now or then["gaps"] == now["gaps"]:
        return
    if now["gaps"] is None:
        yield Sentence("the analysis its stops come from was removed, and there is no other")
    elif then.get("analysis") == now["analysis"]:
        yield Sentence(
            "the gaps its stops come from have changed: analysis %(analysis)s was brought up to date since",
            analysis=now["analysis"],
        )
    else:
        yield Sentence(
            "the gaps its stops come from have changed: it was made from analysis %(then)s, the newest is "
            "%(now)s",
            then=then.get("analysis"),
            now=now["analysis"],
        )


def basis_of_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """As much of a basis as a plan file tells: the rule, and teams by village and mode; {} without a problem.

    Parameters
    ----------
    document : mapping
        The plan format, as JSON (`patrols.plan.PatrolPlan.to_json`).
    """
    problem = document.get("problem")
    if not problem:
        return {}
    teams = problem["teams"]
    rows = zip(teams["team_id"], teams["village"], teams["mode"], strict=True)
    return {
        "zone": {"rule": problem["rule"]},
        "teams": {
            str(code): {"village": village, "mode": pace.split(str(mode))[0]} for code, village, mode in rows
        },
    }
