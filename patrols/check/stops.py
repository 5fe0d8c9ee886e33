"""The visits of one stop: its windows, and whether it is visited where it must be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from geo.errors import Sentence
from patrols.check.parts import Stop, Violation, Visit, at_visit


def stop_violations(here: list[Visit], stop_id: Any, stop: Stop) -> Iterator[Violation]:
    """Windows and the demand of a required stop; `here` are its visits in order of time."""
    if stop.required and not here:
        text = Sentence("stop %(stop)s is required and no team visits it", stop=repr(stop_id))
        yield Violation("required", None, stop_id, None, 0, 1, text)
    for visit in here:
        if visit.made:
            # Made before this plan: nothing of it can be changed.
            continue
        # Of visits that start together one made before comes first, else each of them does.
        is_first = visit.start_s == here[0].start_s and not here[0].made
        for name, windows, applies in (
            (Sentence("a visit"), stop.each, True),
            (Sentence("the first visit"), stop.first, is_first),
        ):
            if applies and windows and not any(a <= visit.start_s <= b for a, b in windows):
                limit = min(
                    (edge for window in windows for edge in window), key=lambda e: abs(e - visit.start_s)
                )
                text = Sentence(
                    "the service starts at %(start)s s, but %(visit)s must start within %(windows)s",
                    start=visit.start_s,
                    visit=name,
                    windows=list(windows),
                )
                yield at_visit("window", visit, visit.start_s, limit, text)
