"""Refusals that people read on a page: one sentence of the catalogues, said in the reader's language."""

from __future__ import annotations

from collections.abc import Callable

from geo.errors import InputRefused


class Word(str):
    """A value of a refusal that is itself a text of the catalogues."""

    __slots__ = ()


class Refused(InputRefused):
    """An input was refused; as a text it is English, for the command line and logs.

    Parameters
    ----------
    text : str
        One sentence marked with `N_`, with %(name)s where values stand.
    **values
        What stands there; a `Word` is translated too.
    """

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(text % values if values else text)
        self.text = text
        self.values = values

    def said(self, translate: Callable[[str], str]) -> str:
        """The sentence in the language of `translate`."""
        values = {
            name: translate(value) if isinstance(value, Word) else value
            for name, value in self.values.items()
        }
        text = translate(self.text)
        return text % values if values else text


def said(error: Exception, translate: Callable[[str], str]) -> str:
    """Any failure as a sentence; in the language of `translate` where the catalogues know it."""
    return error.said(translate) if isinstance(error, Refused) else str(error)
