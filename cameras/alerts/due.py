"""Whether a check of what is open now can find anything that the last one did not."""

from __future__ import annotations

from collections.abc import Iterable


def deadlines(heard: Iterable[tuple[int, int]], *, window_ms: int, threshold_ppm: int) -> list[int]:
    """When the silence of sources begins to say something, in epoch milliseconds.

    Parameters
    ----------
    heard : iterable of (heard_ms, patience_ms)
        Of each source its newest frame, and how long that counts.
    window_ms : int
        How much of the time before now a check looks at.
    threshold_ppm : int
        A window is open where less than this share of it, in millionths, is covered.

    Returns
    -------
    list of int
        Two of each source: when its last word counts no more, and when so much of the window is without it
        that the window is open.
    """
    times = []
    for heard_ms, patience_ms in heard:
        silent = heard_ms + patience_ms
        times += [silent, silent + window_ms - window_ms * threshold_ppm // 1_000_000 + 1]
    return sorted(times)


def is_due(
    now_ms: int, *, checked_ms: int | None, mark: object, last_mark: object, times: Iterable[int]
) -> bool:
    """Whether it is time to check.

    Parameters
    ----------
    now_ms : int
    checked_ms : int or None
        What "now" was at the last check; None before the first.
    mark, last_mark : object
        What changes whenever frames are stored: as it is, and as it was at the last check.
    times : iterable of int
        `deadlines`.
    """
    if checked_ms is None or mark != last_mark:
        return True
    return any(checked_ms < at <= now_ms for at in times)
