"""Refusals of `web` itself, and how pages say any refusal in the reader's language."""

from __future__ import annotations

from geo.errors import InputRefused, Sentence, said

__all__ = ["Refused", "said"]


class Refused(InputRefused):
    """`InputRefused` with one `Sentence`, written without naming it.

    Parameters
    ----------
    text : str
        One sentence marked with `N_`, with %(name)s where values stand.
    **values
        What stands there; a `Sentence` is translated too.
    """

    def __init__(self, text: str, /, **values: object) -> None:
        super().__init__(Sentence(text, **values))
