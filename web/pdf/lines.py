"""Text broken into lines, Chinese and English mixed."""

from __future__ import annotations

import re
from collections.abc import Callable

# A Chinese sign may end a line; a Latin word stays whole with the space after it, and so does what a no-break
# space holds together. What closes may not begin a line, what opens may not end one (GB/T 15834).
_HAN = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
_CLOSES = "，。；：、）》”’」！？％"
_PIECES = re.compile(
    rf"[^ \t\n{_CLOSES}]*(?:\u00a0[^ \t\n{_CLOSES}]*)+[{_CLOSES}]*[ \t\n]*"
    rf"|[（《“‘「]*[{_HAN}][{_CLOSES}]*"
    rf"|[^ \t\n{_HAN}]+[{_CLOSES}]*[ \t\n]*"
    r"|[ \t\n]+"
)
CUT = "…"


def broken(text: str, room: float, width: Callable[[str], float], most: int = 0) -> list[str]:
    """Lines of a text that are no wider than `room`; at most `most` of them (0: any number), then cut with …

    A word wider than a line is broken where it must be.
    """
    lines, line = [], ""
    for piece in _PIECES.findall(text):
        if line and width(line + piece.rstrip()) > room:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
        while width(line.rstrip()) > room and len(line) > 1:
            fits = max(1, sum(width(line[:end]) <= room for end in range(1, len(line))))
            lines.append(line[:fits])
            line = line[fits:]
    if line.strip() or not lines:
        lines.append(line.rstrip())
    if most and len(lines) > most:
        last = lines[most - 1]
        while last and width(last + CUT) > room:
            last = last[:-1]
        lines = [*lines[: most - 1], last + CUT]
    return lines
