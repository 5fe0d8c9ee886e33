"""Read the arguments of a job: stored as JSON, so anything may stand there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from geo.errors import InputRefused

T = TypeVar("T")


def known(arguments: Mapping[str, Any], names: tuple[str, ...], kind: str) -> None:
    """InputRefused for an argument that the kind does not have."""
    odd = sorted(set(arguments) - set(names))
    if odd:
        raise InputRefused(f"{kind} takes no argument {odd[0]!r}; it takes {', '.join(names)}")


def moment(arguments: Mapping[str, Any], name: str) -> datetime:
    """A time with its zone, written as ISO 8601."""
    value = one(arguments, name, str)
    try:
        found = datetime.fromisoformat(value)
    except ValueError as error:
        raise InputRefused(f"{name} {value!r} is not a time; write 2026-11-21T19:30+08:00") from error
    if found.tzinfo is None:
        raise InputRefused(f"{name} {value!r} has no time zone; write 2026-11-21T19:30+08:00")
    return found


def one(arguments: Mapping[str, Any], name: str, kind: type[T], default: T | None = None) -> T:
    """An argument of this type, or the default where it is left out."""
    value = arguments.get(name, default)
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise InputRefused(f"{name} is {value!r}; give {_NAMES[kind]}")
    return value


def pairs(arguments: Mapping[str, Any], name: str) -> tuple[tuple[str, str], ...]:
    """An argument that lists pairs of texts; none where it is left out."""
    value = arguments.get(name, [])
    whole = isinstance(value, list) and all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)
        for pair in value
    )
    if not whole:
        raise InputRefused(f"{name} is {value!r}; give a list of pairs of texts")
    return tuple((pair[0], pair[1]) for pair in value)


def texts(arguments: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """An argument that lists texts; none where it is left out."""
    value = arguments.get(name, [])
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise InputRefused(f"{name} is {value!r}; give a list of texts")
    return tuple(value)


def objects(arguments: Mapping[str, Any], name: str) -> tuple[dict[str, Any], ...]:
    """An argument that lists objects; none where it is left out."""
    value = arguments.get(name, [])
    if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
        raise InputRefused(f"{name} is {value!r}; give a list of objects")
    return tuple(value)


_NAMES: dict[type, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "an object",
}
