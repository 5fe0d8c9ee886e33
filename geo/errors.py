"""Failures that a user can act on, and the sentences they are told in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any


class Sentence(str):
    """A sentence of the program: a plain English text that also keeps its parts.

    A str is enough for the command line and logs. Whoever shows it in another language translates `text` and
    fills in `values`; nothing below `web` does.

    Parameters
    ----------
    text : str
        The sentence, a literal so that it is found for the catalogues, with %(name)s where values stand.
    **values
        What stands there. A value that is a `Sentence` is translated too; anything else is kept as text, with
        characters that do not print written as escapes: cells of files reach terminals, logs and JSON.

    Examples
    --------
    >>> told = Sentence("row %(row)s: %(what)s", row=3, what=Sentence("name is missing"))
    >>> str(told), told.values["row"]
    ('row 3: name is missing', '3')
    >>> told.said({"row %(row)s: %(what)s": "第 %(row)s 行：%(what)s", "name is missing": "名称缺失"}.get)
    '第 3 行：名称缺失'
    """

    text: str
    values: Mapping[str, str]

    def __new__(cls, text: str, /, **values: object) -> Sentence:
        """Fill in the values; the text alone may hold per cent signs as they are."""
        kept = {
            name: value if isinstance(value, Sentence) else _shown(value) for name, value in values.items()
        }
        made = super().__new__(cls, text % kept if kept else text)
        made.text, made.values = text, kept
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, str]]:
        """Pickled and copied by its parts."""
        return (self.text,), dict(self.values)

    def as_json(self) -> dict[str, Any]:
        """Its parts, to be stored; whoever reads them later says them in a language."""
        values = {
            name: value.as_json() if isinstance(value, Sentence) else value
            for name, value in self.values.items()
        }
        return {"text": self.text, "values": values}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Sentence:
        """A sentence from its parts, as `as_json` gave them."""
        values = {
            name: _of_json(value) if isinstance(value, Mapping) else value
            for name, value in stored["values"].items()
        }
        # Written with a text that was a literal when it was made.
        return cls.__new__(cls, stored["text"], **values)

    def said(self, translate: Callable[[str], str]) -> str:
        """The sentence in the language of `translate`, which gives a text for a text."""
        values = {name: said(value, translate) for name, value in self.values.items()}
        text = translate(self.text)
        return text % values if values else text


class Named(Sentence):
    """What a place is called, inside a sentence: its English name to whoever reads English, if it has one.

    Parameters
    ----------
    name : str
    english : str, optional
    """

    name: str
    english: str | None

    def __new__(cls, name: str, /, english: str | None = None) -> Named:
        """As text it is English, like every sentence."""
        shown = _shown(english or name)
        made = str.__new__(cls, shown)
        made.text, made.values = shown, {}
        made.name, made.english = _shown(name), None if english is None else shown
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, str]]:
        """Pickled and copied by its parts."""
        return (self.name,), {} if self.english is None else {"english": self.english}

    def as_json(self) -> dict[str, Any]:
        """Both names, to be stored."""
        return {"name": self.name, "english": self.english}

    def said(self, translate: Callable[[str], str]) -> str:
        """The name in the language of `translate`; a plain function speaks English."""
        return self.name if getattr(translate, "lang", "en") == "zh" else str(self)


class LianfangError(Exception):
    """A failure told to the user as its message, one sentence with value, limit and remedy.

    `web` turns it into an exit code or an HTTP answer; nothing below `web` does.
    """


class InputRefused(LianfangError):
    """An input was refused and nothing of it was stored.

    Parameters
    ----------
    message : str
        One sentence: what was refused and why, with the remedy.
    problems : sequence of str
        One sentence for every bad row, each with row, value, limit and remedy.
    """

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


def message_of(error: BaseException) -> str:
    """What an error says, with its parts where it was raised with a `Sentence`: `str(error)` loses them."""
    first = error.args[0] if error.args else ""
    return first if isinstance(first, Sentence) else str(error)


def said(told: str | BaseException, translate: Callable[[str], str]) -> str:
    """A sentence, or an error's, in the language of `translate`; as it stands where it is plain text."""
    sentence = message_of(told) if isinstance(told, BaseException) else told
    return sentence.said(translate) if isinstance(sentence, Sentence) else str(sentence)


def row_named(word: str, row: object) -> Sentence:
    """A "row" of a table (numbered as a spreadsheet does), a "feature" of a vector file, an "item" of a
    catalog."""
    if word == "feature":
        return Sentence("feature %(row)s", row=row)
    if word == "item":
        return Sentence("item %(row)s", row=row)
    return Sentence("row %(row)s", row=row)


def of_row(word: str, row: object, what: str) -> Sentence:
    """What is wrong with a row, with its number before it."""
    if word == "feature":
        return Sentence("feature %(row)s: %(what)s", row=row, what=what)
    if word == "item":
        return Sentence("item %(row)s: %(what)s", row=row, what=what)
    return Sentence("row %(row)s: %(what)s", row=row, what=what)


def _of_json(stored: Mapping[str, Any]) -> Sentence:
    if "name" in stored:
        return Named(stored["name"], stored["english"])
    return Sentence.from_json(stored)


def _shown(value: object) -> str:
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(value))
