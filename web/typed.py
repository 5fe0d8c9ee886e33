"""Numbers as people type them."""

from __future__ import annotations

import re

_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?")


def number_typed(text: str) -> float:
    """A number with or without commas between its thousands and a per cent sign behind it.

    Raises
    ------
    ValueError
        For what is none, 12,5 for example, which must not be read as 125.
    """
    plain = text.strip().removesuffix("%").strip()
    return float(plain.replace(",", "") if _THOUSANDS.fullmatch(plain) else plain)
