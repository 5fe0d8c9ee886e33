"""Which failures somebody can act on, and the one sentence each of them is told in."""

from __future__ import annotations

import errno

from sqlalchemy.exc import DataError, OperationalError

from geo.errors import LianfangError, Sentence, message_of


def sentence_of(error: BaseException) -> str | None:
    """What to tell of a failure that its user can act on; None for a defect of the program."""
    if isinstance(error, LianfangError):
        return message_of(error)
    if isinstance(error, OperationalError):
        return Sentence(
            "the database does not answer (%(error)s); try `lianfang doctor`", error=_first_line(error)
        )
    if isinstance(error, DataError):
        return Sentence(
            "the database cannot hold a value (%(error)s); correct it in the file", error=_first_line(error)
        )
    if isinstance(error, OSError):
        if error.errno == errno.ENOSPC:
            return Sentence("the disk is full; free some space and try again")
        return f"{error.strerror or error}: {error.filename or ''}".rstrip(": ")
    return None


def _first_line(error: OperationalError | DataError) -> str:
    return str(error.orig).strip().splitlines()[0] if error.orig else "no answer"
