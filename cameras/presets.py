"""Presets of a turning camera as a person writes them: read, checked, and put into words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from geo.errors import InputRefused, Sentence
from geo.readers.columns import number, plain

PRESETS = "presets"
"""The field of a change that holds all presets of a camera, a list of dicts with `PRESET_FIELDS`."""

PRESET_FIELDS = ("name", "azimuth_deg", "tilt_deg", "hfov_deg", "vfov_deg", "width_px", "from_s", "until_s")
# GB/T 28181 numbers the presets of a camera from 1 to 255.
MOST_PRESETS = 255
LONGEST_NAME = 60
# Field of the form, column, limits; a direction of 360° is 0°.
_NUMBERS = (
    ("azimuth", "azimuth_deg", 0.0, 360.0),
    ("tilt", "tilt_deg", -90.0, 90.0),
    ("hfov", "hfov_deg", 1.0, 360.0),
)
_COLUMNS = {**{field: column for field, column, _, _ in _NUMBERS}, "from": "from_s", "until": "until_s"}
_CLOCK = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)(?::00)?", re.ASCII)

Preset = dict[str, Any]


def read_presets(rows: Sequence[Mapping[str, str]], before: Sequence[Preset]) -> list[Preset]:
    """The presets that somebody wrote, in the order of their rows.

    Parameters
    ----------
    rows : sequence of mapping
        was (the name it had, "" for a new one), name, azimuth, tilt and hfov (degrees; tilt downwards), from
        and until (hours and minutes of the local day; both empty: any time). A row whose name was emptied is
        left out, and so is a new one with nothing in it.
    before : sequence of dict
        The presets there are: what the form does not show of one (its vertical field, the width of its
        picture) stays; a vertical field goes with the horizontal one that it belonged to.

    Raises
    ------
    geo.errors.InputRefused
        With a sentence for each preset that is not understood, or named twice; for more than `MOST_PRESETS`.
    """
    known = {one["name"]: one for one in before}
    problems: list[Sentence] = []
    made: list[Preset] = []
    for nth, row in enumerate(rows, start=1):
        texts = {
            name: plain(row.get(name, "")) for name in ("name", "azimuth", "tilt", "hfov", "from", "until")
        }
        if not texts["name"] and (row.get("was") or not any(texts.values())):
            continue
        problem, preset = _read(texts, nth)
        if preset is not None and preset["name"] in {one["name"] for one in made}:
            problem = Sentence(
                "two presets are called '%(name)s'; give each a name of its own", name=preset["name"]
            )
        if problem is not None or preset is None:
            problems.append(problem or Sentence("preset %(nth)s is not understood", nth=nth))
            continue
        old = known.get(str(row.get("was", "")), {})
        # The form shows fewer digits than a value may have: what stands there unchanged stays as it is.
        shown = written(old) if old else {}
        preset |= {
            column: old[column] for field, column in _COLUMNS.items() if texts[field] == shown.get(field)
        }
        kept = old.get("vfov_deg") if old.get("hfov_deg") == preset["hfov_deg"] else None
        made.append({**preset, "vfov_deg": kept, "width_px": old.get("width_px")})
    if len(made) > MOST_PRESETS:
        problems.append(
            Sentence("%(n)s presets are more than %(most)s; take some out", n=len(made), most=MOST_PRESETS)
        )
    if problems:
        raise InputRefused(Sentence("nothing was proposed; mend what is said of the presets"), problems)
    return [{name: one[name] for name in PRESET_FIELDS} for one in made]


def written(preset: Preset) -> dict[str, str]:
    """A preset as it stands in a form: a row of `read_presets`."""
    numbers = {
        field: "" if preset[column] is None else f"{preset[column]:g}" for field, column, _, _ in _NUMBERS
    }
    times = {"from": clock(preset["from_s"]), "until": clock(preset["until_s"])}
    return {"was": preset["name"], "name": preset["name"], **numbers, **times}


def presets_in_words(presets: Sequence[Preset]) -> str:
    """Presets in one line, the same in every language: name, direction, ↓ tilt, ∠ angle of view, hours."""
    return "; ".join(
        " ".join(
            part
            for part in (
                one["name"],
                f"{one['azimuth_deg']:g}°",
                "" if one["tilt_deg"] is None else f"↓{one['tilt_deg']:g}°",
                "" if one["hfov_deg"] is None else f"∠{one['hfov_deg']:g}°",
                hours(one),
            )
            if part
        )
        for one in presets
    )


def hours(preset: Mapping[str, Any]) -> str:
    """The daily hours of a preset, such as 08:00–18:00; "" for any time."""
    if preset["from_s"] is None or preset["until_s"] is None:
        return ""
    return f"{clock(preset['from_s'])}–{clock(preset['until_s'])}"


def clock(second: int | None) -> str:
    """A second of the day as hours and minutes; "" for None.

    Examples
    --------
    >>> clock(29_700)
    '08:15'
    """
    return "" if second is None else f"{second // 3600:02d}:{second % 3600 // 60:02d}"


def _read(texts: Mapping[str, str], nth: int) -> tuple[Sentence | None, Preset | None]:
    """What is wrong with a row, or the preset it says."""
    name = texts["name"]
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        return (
            Sentence(
                "preset %(nth)s: give it a name of at most %(most)s characters", nth=nth, most=LONGEST_NAME
            ),
            None,
        )
    found: Preset = {"name": name}
    for field, column, low, high in _NUMBERS:
        value = number(texts[field]) if texts[field] else None
        if (texts[field] or field == "azimuth") and (value is None or not low <= value <= high):
            return (
                Sentence(
                    "preset '%(name)s': '%(text)s' is no number from %(low)s to %(high)s degrees; correct it",
                    name=name,
                    text=texts[field][:40],
                    low=f"{low:g}",
                    high=f"{high:g}",
                ),
                None,
            )
        found[column] = value
    found["azimuth_deg"] %= 360.0
    start, end = (_seconds(texts[side]) for side in ("from", "until"))
    if (
        bool(texts["from"]) != bool(texts["until"])
        or -1 in (start, end)
        or (start is not None and start == end)
    ):
        return (
            Sentence(
                "preset '%(name)s': hours from '%(start)s' until '%(end)s' are not understood; give two "
                "different times such as 08:00, or none for any time",
                name=name,
                start=texts["from"][:20],
                end=texts["until"][:20],
            ),
            None,
        )
    return None, {**found, "from_s": start, "until_s": end}


def _seconds(text: str) -> int | None:
    """Second of the day; None for nothing, -1 for what is no time."""
    if not text:
        return None
    found = _CLOCK.fullmatch(text)
    second = int(found[1]) * 3600 + int(found[2]) * 60 if found else -1
    return second if second <= 86_400 else -1
