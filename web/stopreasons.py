"""Why a stop of a plan is one, and what it is worth: for those who may know where nobody looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from web.i18n import N_, Translator
from web.maps.words import said

LISTS = {"repair": N_("broken"), "measure": N_("unknown"), "build": N_("missing")}


def reason_keys(why: Sequence[Mapping[str, Any] | str]) -> list[str]:
    """The reasons of a stop as keys of `web.maps.words`: its causes, or the kind of its fixed duty."""
    keys: list[str] = []
    for entry in why:
        if isinstance(entry, str):
            keys.append(entry)
        elif "duty" in entry:
            keys += [str(entry["kind"]), *(["required"] if entry["required"] else [])]
        else:
            keys.append(str(entry["cause"]))
    return keys


def told_reasons(why: Sequence[Mapping[str, Any]], t: Translator) -> list[str]:
    """Each reason of a stop with its sum, in plain words; of plans of older programs the cause alone."""
    return [_duty(entry, t) if "duty" in entry else _cause(entry, t) for entry in why]


def _duty(entry: Mapping[str, Any], t: Translator) -> str:
    name = entry["name"] if t.lang == "zh" else entry["name_en"] or entry["name"]
    kind = said(str(entry["kind"]), t)
    points = t.number(entry["prize"])
    if entry["required"]:
        return t(
            N_("%(name)s (%(kind)s), must be visited: %(points)s points"),
            name=name,
            kind=kind,
            points=points,
        )
    return t(N_("%(name)s (%(kind)s): %(points)s points"), name=name, kind=kind, points=points)


def _cause(entry: Mapping[str, Any], t: Translator) -> str:
    cause = said(str(entry["cause"]), t)
    if "points" not in entry:
        return cause
    acts = LISTS[entry["list"]]
    factors = [
        t(
            N_("%(metres)s at %(points)s a metre"),
            metres=t.length(entry["metres"]),
            points=t.number(entry["per_m"], 3),
        ),
        t(
            N_("%(weight)s (list: %(list)s)"),
            weight=t.number(entry["list_weight"], 2),
            list=t(acts),
        ),
    ]
    if entry["share"] < 1:
        # What was lost weighs less once it is back; all else by the time it was open.
        words = N_("%(share)s (it came back)") if entry["list"] == "repair" else N_("%(share)s (of the time)")
        factors.append(t(words, share=t.share(entry["share"])))
    if entry["growth"] > 1:
        words = (
            N_("%(growth)s (nobody there for %(days)s days or more)")
            if entry["or_more"]
            else N_("%(growth)s (nobody there for %(days)s days)")
        )
        factors.append(t(words, growth=t.number(entry["growth"], 2), days=t.number(entry["idle_days"], 1)))
    return t(
        N_("%(cause)s: %(factors)s = %(points)s points"),
        cause=cause,
        factors=" × ".join(factors),
        points=t.number(entry["points"], 1),
    )
