"""Codes and names that people type: what can be part of an address of the program, and what can be read."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from geo.errors import InputRefused, Sentence
from geo.readers.result import Notes

LONGEST_CODE, LONGEST_NAME = 100, 120
# They end a part of an address, or the whole path.
ENDING = frozenset("/\\?#%")


def code_problem(code: str, reserved: Collection[str] = ("new",)) -> Sentence | None:
    """Why a code has no page of its own; None where it can have one.

    Parameters
    ----------
    reserved : collection of str
        What stands in its place in the addresses of other pages.
    """
    if (
        code in reserved
        or code in (".", "..")
        or len(code) > LONGEST_CODE
        or not code.isprintable()
        or not ENDING.isdisjoint(code)
    ):
        return Sentence("code '%(code)s' cannot be an address of the program; take another", code=code[:40])
    return None


def refuse_code(code: str, reserved: Collection[str] = ("new",)) -> None:
    """Refuse a code that has no page of its own.

    Raises
    ------
    InputRefused
        As `code_problem`.
    """
    problem = code_problem(code, reserved)
    if problem is not None:
        raise InputRefused(problem)


def check_addresses(codes: pd.Series, notes: Notes, reserved: Collection[str] = ("new",)) -> None:
    """Refuse the rows of a file whose codes have no page of their own; what `check_codes` refused is told."""
    good = codes[notes.good(codes.index)]
    for row, code in zip(good.index.tolist(), good.tolist(), strict=True):
        problem = code_problem(code, reserved)
        if problem is not None:
            notes.refuse(row, problem)


def refuse_name(*names: str) -> None:
    """Refuse names that no list has room for, and those that hold signs that do not print.

    Raises
    ------
    InputRefused
        With the first such name.
    """
    for name in names:
        if len(name) > LONGEST_NAME or not name.isprintable():
            raise InputRefused(
                Sentence(
                    "the name “%(name)s…” has %(n)s characters; give at most %(most)s, in one line",
                    name=name[:20],
                    n=len(name),
                    most=LONGEST_NAME,
                )
            )
