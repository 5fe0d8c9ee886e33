"""Watch the making of a roster: how far it is, and work that is waited for beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from threading import Thread
from typing import TypeVar

T = TypeVar("T")

POLL_S = 0.2


@dataclass(frozen=True)
class Progress:
    """How far the making of a roster is.

    Parameters
    ----------
    aim : str
        What is brought to its best now: "needs", "repeats", a kind of turn (`patrols.rosters.problem.kinds`),
        or "leaders".
    share : float
        Of the aims that are done, 0 to 1.
    repeats : int or None
        Of the best roster so far, as `Roster`; None before there is one.
    spread : mapping
        Of the best roster so far, as `Roster`; empty before there is one.
    """

    aim: str
    share: float
    repeats: int | None = None
    spread: Mapping[str, float] = field(default_factory=dict)


Watch = Callable[[Progress], None]
"""Told at every aim and some times a second between them; what it raises ends the making."""


def polled(work: Callable[[], T], poll: Callable[[], None] | None) -> T:
    """What `work` answers or raises; `poll` is called some times a second until then.

    What `poll` raises ends the waiting. HiGHS lets others run while it searches, and cannot be told to stop:
    left alone it ends at its count of nodes, and nobody hears of its answer.
    """
    if poll is None:
        return work()
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(work())
        except BaseException as error:
            answer.set_exception(error)

    Thread(target=run, name="roster", daemon=True).start()
    while not answer.done():
        poll()
        wait([answer], timeout=POLL_S)
    return answer.result()
