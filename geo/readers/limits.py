"""How large a file may be once it is unpacked and laid out."""

from __future__ import annotations

from geo.errors import InputRefused, Sentence

MOST_COLUMNS = 500
"""A table with more is no list of ours, and each row of it would cost as many cells."""


def check_columns(file: str, count: int) -> None:
    """Refuse a table of more than `MOST_COLUMNS` columns."""
    if count > MOST_COLUMNS:
        raise InputRefused(
            Sentence(
                "%(file)s has %(count)s columns; a table may have up to %(most)s, so leave out what is not "
                "needed",
                file=file,
                count=count,
                most=MOST_COLUMNS,
            )
        )
