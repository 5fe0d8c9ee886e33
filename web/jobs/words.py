"""Sentences that are stored now and read later, by people of either language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Union

from geo.errors import Sentence

Value = Union[str, int, "Words", "Name"]


@dataclass(frozen=True)
class Name:
    """A name in both languages; `english` is None where a thing has the one name only."""

    name: str
    english: str | None = None

    def as_json(self) -> dict[str, Any]:
        """What is stored."""
        return {"name": self.name, "english": self.english}


@dataclass(frozen=True)
class Words:
    """A text of the catalogues and what stands in its places.

    Parameters
    ----------
    text : str
        Message id with %(name)s in its places; also a sentence that no catalogue knows (an error's).
    values : mapping
        Texts; whole numbers, shown with their thousands marked; a `Name`; other `Words`.
    """

    text: str
    values: Mapping[str, Value] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """What is stored."""
        values = {
            name: value.as_json() if isinstance(value, Words | Name) else value
            for name, value in self.values.items()
        }
        return {"text": self.text, "values": values}


def as_stored(sentence: str) -> dict[str, Any]:
    """What is stored of a sentence a service gave: a `Sentence` by its parts, a plain text as it stands."""
    return sentence.as_json() if isinstance(sentence, Sentence) else Words(sentence).as_json()


def told(stored: Mapping[str, Any] | str | None, translate: Callable[[str], str]) -> str:
    """A stored sentence in the language of `translate`; the empty text for None.

    A plain text is said as it stands: what checkers found wrong with a plan was stored so before.
    """
    if isinstance(stored, str):
        return stored
    if not stored or not stored["text"]:
        return ""
    text = translate(stored["text"])
    values = {name: _shown(value, translate) for name, value in stored["values"].items()}
    # An error's sentence has no places, and its per cent signs are what they are.
    return text % values if values else text


def _shown(value: Any, translate: Callable[[str], str]) -> str:
    if isinstance(value, Mapping) and "name" in value:
        # A plain function shows messages as they stand, which is English.
        english = getattr(translate, "lang", "en") == "en"
        return str((english and value["english"]) or value["name"])
    if isinstance(value, Mapping):
        return told(value, translate)
    return f"{value:,}" if isinstance(value, int) else str(value)
