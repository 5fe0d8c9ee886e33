"""Fields of a camera record as a form shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cameras.fields import FIELDS, FURTHER_FIELDS, POSE_FIELDS, Field
from cameras.mending import DIRECTION, as_json
from web.i18n import N_, Translator

_SEEING = {one.name for one in (*POSE_FIELDS, *FURTHER_FIELDS) if one.pose}
_DEVICE = {
    *("manufacturer", "model", "ptz_type", "supply_light", "room_type", "mobile_device", "function_type"),
    *("security_level", "installed_on", "parent_code", "business_group", "ip_address", "port", "mac"),
}


@dataclass(frozen=True)
class Input:
    """One input of the form: name, words, value as it is written, choices (key, words), unit."""

    name: str
    label: str
    value: str
    kind: str
    options: Sequence[tuple[str, str]] = ()
    unit: str = ""
    help: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


def groups(record: Mapping[str, Any], t: Translator) -> list[tuple[str, list[Input]]]:
    """All inputs of a record by their group, in the order in which a person fills them in."""
    made = [_input(one, record, t) for one in FIELDS if one.name != "azimuth_deg"]
    direction = Input(
        DIRECTION,
        t(N_("Direction")),
        direction_text(record),
        "text",
        help=t(N_("Degrees clockwise from north (measured), or a compass point such as SE (coarse).")),
    )
    seeing = [direction, *(one for one in made if one.name in _SEEING)]
    device = [one for one in made if one.name in _DEVICE]
    told = _SEEING | _DEVICE
    return [
        (t(N_("What it sees")), seeing),
        (t(N_("Place and responsibility")), [one for one in made if one.name not in told]),
        (t(N_("Device")), device),
    ]


def direction_text(record: Mapping[str, Any]) -> str:
    """The direction as somebody would write it: a coarse one by its compass point."""
    azimuth = record["azimuth_deg"]
    if azimuth is None or azimuth != azimuth:
        return ""
    if record["azimuth_quality"] == "coarse" and azimuth % 45 == 0:
        return ("N", "NE", "E", "SE", "S", "SW", "W", "NW")[int(azimuth // 45) % 8]
    return f"{azimuth:g}"


def text_of(one: Field, value: Any) -> str:
    """A stored value as the form has it."""
    plain = as_json(value)
    if one.kind == "flag":
        return "yes" if plain else "no"
    return "" if plain is None else f"{plain:g}" if isinstance(plain, float) else str(plain)


def _input(one: Field, record: Mapping[str, Any], t: Translator) -> Input:
    value = text_of(one, record[one.name])
    label, unit = t(one.label), "" if one.unit is None else t(str(one.unit).split(",", 1)[0])
    if one.kind == "choice":
        options = [(str(number), t(words)) for number, words in one.choices.items()]
        return Input(one.name, label, value, "choice", options)
    if one.kind == "flag":
        return Input(one.name, label, value, "flag", [("yes", t(N_("yes"))), ("no", t(N_("no")))])
    if one.kind == "day":
        return Input(one.name, label, value, "date")
    if one.kind in ("number", "whole"):
        return Input(one.name, label, value, "text", unit=unit, attributes={"inputmode": "decimal"})
    return Input(one.name, label, value, "text", attributes={"maxlength": "255"})
