"""What a click on the map says: what it is, since when until when, how long, which camera, what to do.

A popup is data, not HTML: ``{"k": kind, "t": title, "r": [[label, value], …], "d": what to do}``. The
browser puts each text in as text, so a street named ``<script>`` is a street with an odd name.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from numbers import Real
from typing import Any

from web.i18n import Translator
from web.maps.words import (
    AZIMUTHS,
    CAUSES,
    DIMENSIONS,
    JURISDICTION_LEVELS,
    LEVELS,
    LISTS,
    MODES,
    ORIGINS,
    PATTERNS,
    SITING,
    SITING_SPOTS,
    SPANS,
    STATES,
    all_said,
)

Popup = dict[str, Any]

MOST_WINDOWS = 4


def popup(kind: str, title: str, rows: Sequence[tuple[str, str]], advice: str = "") -> Popup:
    """The popup of one thing; rows without a value are left out."""
    made: Popup = {"k": kind, "t": title, "r": [[label, value] for label, value in rows if value]}
    if advice:
        made["d"] = advice
    return made


def display_name(row: Mapping[str, Any], t: Translator) -> str:
    """The name in the reader's language where there is one, else the other, else the code."""
    keys = ("name_en", "name") if t.lang == "en" else ("name", "name_en")
    for key in (*keys, "code", "path"):
        if isinstance(row.get(key), str) and row[key]:
            return str(row[key])
    return ""


def jurisdiction_popup(row: Mapping[str, Any], level: str, t: Translator) -> Popup:
    """Name, watched share as both figures, and whether its border is official."""
    certain, possible = float(row["certain_share"]), float(row["possible_share"])
    if isfinite(certain):
        shares = [
            (t("Watched for certain"), t.share(certain)),
            (t("Perhaps watched"), t.share(possible) if isfinite(possible) else ""),
            (t("Measured as"), t("share of street length where %(level)s", level=t(LEVELS[level][0]))),
        ]
    else:
        shares = [(t("Watched for certain"), t("no street to watch here"))]
    origin = ORIGINS.get(str(row["origin"]), "")
    return popup(
        t(JURISDICTION_LEVELS[min(int(row["level"]), len(JURISDICTION_LEVELS) - 1)]),
        display_name(row, t),
        [*shares, (t("Border"), t(origin))],
    )


def camera_popup(row: Mapping[str, Any], t: Translator) -> Popup:
    """Whether it works, since how much of the period, where it looks, what is only assumed."""
    state = STATES.get(str(row["state"]))
    online = row["online_share"]
    moved = row["moved_m"]
    advice = CAUSES[row["state"]].remedy if row["state"] in CAUSES else ""
    return popup(
        t("Camera"),
        " · ".join(dict.fromkeys(part for part in (display_name(row, t), str(row["code"])) if part)),
        [
            (t("Worst state in this period"), t(state[0]) if state else ""),
            (t("Working in this period"), t.share(float(online)) if _is_number(online) else ""),
            (t("Direction"), t(AZIMUTHS.get(str(row["azimuth_quality"]), ""))),
            (t("Assumed, not recorded"), all_said(row["assumed"], t)),
            (
                t("Moved off a wall by"),
                t("%(n)s m", n=t.number(moved, 1)) if _is_number(moved) and moved > 0 else "",
            ),
            (t("Findings"), all_said(row["findings"], t)),
        ],
        t(advice),
    )


def footprint_popup(row: Mapping[str, Any], t: Translator) -> Popup:
    """Whose view it is, in which detail, whether it is certain, and in which dimension where that is told."""
    words, ppm = LEVELS[row["level"]]
    if row["certain"]:
        kind, belief = t("Seen for certain"), t("yes: direction and lens are known")
    else:
        kind, belief = t("Perhaps seen"), t("no: direction or lens is assumed or not known")
    detail = t("%(words)s (at least %(ppm)s px/m)", words=t(words), ppm=t.number(ppm, 1))
    buildings = DIMENSIONS[row["dimension"]][0] if "dimension" in row else ""
    return popup(
        kind,
        t("View of %(camera)s", camera=row["camera"]),
        [
            (t("Detail"), detail),
            (t("Certain"), belief),
            (t("Buildings in the way"), t(buildings)),
        ],
    )


def buildings_note(dimension: str, t: Translator) -> str:
    """How buildings hid in what is shown."""
    return t("Buildings in the way: %(how)s.", how=t(DIMENSIONS[dimension][1]))


def siting_popup(row: Mapping[str, Any], t: Translator) -> Popup:
    """Where a proposed camera would stand, where it would look, and what it would add."""
    before = row["azimuth_before_deg"]
    name = row["leaf_en"] if t.lang == "en" and row["leaf_en"] else row["leaf"]
    return popup(
        t("Proposed camera"),
        f"{row['rank']} · {t(SITING[row['kind']][0])}",
        [
            (t("Camera"), str(row["camera_code"] or "")),
            (t("Spot"), t(SITING_SPOTS.get(str(row["spot"]), ""))),
            (t("Street name"), str(row["street"] or "")),
            (t("Jurisdiction"), str(name or "")),
            (t("Direction"), f"{t.number(row['azimuth_deg'])}°"),
            (t("Direction so far"), f"{t.number(before)}°" if _is_number(before) else ""),
            (t("Street gained"), t.length(row["street_mm"] / 1000)),
            (t("Places gained"), t.number(row["places"])),
            (t("Gap closed by it"), t.share(number_or(row["gap_share"]))),
            (t("Gap closed with those before it"), t.share(number_or(row["gap_closed_share"]))),
        ],
    )


def gap_title(row: Mapping[str, Any], street: str, t: Translator) -> str:
    """Where and how much is not seen."""
    if _is_place(row):
        return street or t.plural("%(n)s place", "%(n)s places", max(1, round(float(row["measure"]))))
    length = t("%(length)s of street", length=t.length(float(row["measure"])))
    return f"{street} · {length}" if street else length


def _is_place(row: Mapping[str, Any]) -> bool:
    if "ground" in row:
        return bool(row["ground"] == "place")
    return row["geometry"].geom_type in ("Point", "MultiPoint")


def gap_popup(row: Mapping[str, Any], street: str, t: Translator) -> Popup:
    """Why nobody looks, when, how long, which cameras, who acts and what to do until then."""
    cause = CAUSES[row["cause"]]
    windows = [t.span(start, end) for start, end in row["windows"]]
    when = windows[:MOST_WINDOWS]
    if len(windows) > MOST_WINDOWS:
        more = len(windows) - MOST_WINDOWS
        when.append(t.plural("and one more time", "and %(n)s more times", more))
    reasons = all_said(row["reasons"], t)
    why = t(cause.meaning) + (t(" (%(reasons)s)", reasons=reasons) if reasons else "")
    return popup(
        t(cause.name),
        gap_title(row, street, t),
        [
            (t("Why"), why),
            (t("When"), "\n".join(when)),
            (t("Altogether"), t.duration(float(row["minutes"])) if _is_number(row["minutes"]) else ""),
            (t("Cameras"), t.joined([str(code) for code in row["cameras"] or ()])),
            (t("Where"), str(row["leaf"] or "")),
            (t("Who acts"), t(LISTS[cause.list][1])),
        ],
        t(cause.remedy),
    )


def gap_line(row: Mapping[str, Any], t: Translator) -> list[str]:
    """How long, since when and where: the parts of one line of a list."""
    parts = [t.duration(number_or(row["minutes"]))] if _is_number(row["minutes"]) else []
    if row["windows"]:
        parts.append(t("since %(moment)s", moment=t.moment(min(start for start, _ in row["windows"]))))
    if row["leaf"]:
        parts.append(str(row["leaf"]))
    return parts


def rule_in_words(rule: Any, t: Translator) -> str:
    """A zone's rule as a sentence; a text is given back as it is."""
    if not isinstance(rule, Mapping):
        return str(rule or "")
    pattern = PATTERNS.get(str(rule.get("pattern")), "")
    parts = [t(pattern)] if pattern else []
    if rule.get("visits"):
        parts.append(t.plural("%(n)s visit to each stop", "%(n)s visits to each stop", int(rule["visits"])))
    if rule.get("villages"):
        n = int(rule["villages"])
        parts.append(t.plural("from %(n)s village", "from %(n)s different villages", n))
    if rule.get("separation_min"):
        parts.append(t("at least %(time)s apart", time=t.duration(float(rule["separation_min"]))))
    span = SPANS.get(str(rule.get("within")), "")
    if span:
        parts.append(t(span))
    return t.joined(parts)


def zone_popup(row: Mapping[str, Any], t: Translator) -> Popup:
    """Name and rule of a joint-defence zone."""
    return popup(t("Joint-defence zone"), display_name(row, t), [(t("Rule"), rule_in_words(row["rule"], t))])


def visit_in_words(visit: Mapping[str, Any], team: str, t: Translator) -> str:
    """From when to when which team stands at a stop."""
    return f"{t.clock(visit['start'])}–{t.clock(visit['end'])} {team}"


def stop_popup(
    row: Mapping[str, Any], visits: Sequence[tuple[str, Mapping[str, Any]]], street: str, t: Translator
) -> Popup:
    """Why a stop is visited and by whom, in order of time.

    `visits` holds (team, visit) of this stop.
    """
    ordered = sorted(visits, key=lambda pair: pair[1]["start"])
    crossed = row.get("crossed") if _is_number(row.get("crossed")) else None
    rows = [
        (t("Why"), all_said(row["why"], t)),
        (t("Where"), t.joined([part for part in (street, str(row["village"] or "")) if part])),
        (t("Visits"), "\n".join(visit_in_words(visit, team, t) for team, visit in ordered)),
        (t("Weight"), t.number(float(row["prize"]), 1) if _is_number(row["prize"]) else ""),
    ]
    if not visits:
        advice = t("No team comes by in this plan.")
    elif crossed is None:
        advice = ""
    else:
        advice = t("Crossed by two villages.") if crossed else t("Visited, but not crossed by two villages.")
    return popup(t("Stop"), t("Stop %(label)s", label=row["label"]), rows, advice)


def team_name(row: Mapping[str, Any], t: Translator) -> str:
    """A team's name, its code where it has none."""
    named = {"name": row.get("name"), "name_en": row.get("name_en"), "code": row["team"]}
    return display_name(named, t)


def route_popup(row: Mapping[str, Any], t: Translator) -> Popup:
    """Who goes, how, from when to when, over how many stops."""
    visits = row["visits"]
    when = ""
    if visits:
        first = min(visit["arrive"] for visit in visits)
        last = max(visit["end"] for visit in visits)
        when = t.span(first, last)
    return popup(
        t("Route"),
        team_name(row, t),
        [
            (t("Moves"), t(MODES.get(str(row["mode"]), "")) or str(row["mode"] or "")),
            (t("Village"), str(row["village"] or "")),
            (t("Stops"), t.number(len(visits))),
            (t("First to last stop"), when),
        ],
    )


def number_or(value: Any, otherwise: float = 0.0) -> float:
    """A finite number, or `otherwise` for what is none (None, NaN, a text)."""
    return float(value) if _is_number(value) else otherwise


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and isfinite(value)
