"""The slots of a period in which something holds, as a short text that a map can read fast."""

from __future__ import annotations

from collections.abc import Iterable

Windows = Iterable[tuple[int, int]]


def slot_digits(windows: Windows, *, start_ms: int, end_ms: int, slot_min: int) -> str:
    """Hexadecimal digits, one bit for every slot that meets a window.

    Parameters
    ----------
    windows : iterable of (start_ms, end_ms)
        Half-open, epoch milliseconds, inside the period, none meeting another's slots.
    start_ms, end_ms : int
        The period, epoch milliseconds. Its last slot may be shorter.
    slot_min : int
        Length of a slot, minutes.

    Returns
    -------
    str
        The first slot is the highest bit of the first digit; what is left over of the last digit is 0.

    Examples
    --------
    Slots of an hour from midnight; open from one to three and from five on.

    >>> hour = 3_600_000
    >>> slot_digits([(hour, 3 * hour), (5 * hour, 6 * hour)], start_ms=0, end_ms=6 * hour, slot_min=60)
    '64'
    """
    slot_ms = 60_000 * slot_min
    digits = -(-(end_ms - start_ms) // (4 * slot_ms))
    bits = 0
    for begins, ends in windows:
        first, after = (begins - start_ms) // slot_ms, -(-(ends - start_ms) // slot_ms)
        bits |= (1 << (4 * digits - first)) - (1 << (4 * digits - after))
    return f"{bits:0{digits}x}"
