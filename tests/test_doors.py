"""Whom a key belongs to, looked up once for all that a page asks for at the same time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

import pytest

from web.access import Access, Person
from web.access.login import Doors

WAIT_S = 10
ASKERS = 8
SOMEBODY = Access(Person(1, "somebody", "Somebody"), ())


class Register(Doors):
    """Doors whose answers come from a list; counts who asked."""

    def __init__(self, answers: list[Access | Exception | None], meanwhile: Callable[[], None]) -> None:
        super().__init__(engine=None)  # type: ignore[arg-type]
        self.answers, self.meanwhile, self.asked = answers, meanwhile, 0

    def _ask(self, question: Any, secret: str) -> Access | None:
        answer = self.answers[self.asked]
        self.asked += 1
        self.meanwhile()
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_of_many_at_once_one_asks_the_database() -> None:
    start, all_there = Barrier(ASKERS), Event()
    doors = Register([SOMEBODY] * ASKERS, lambda: all_there.wait(0.3))

    def ask(_: int) -> Access | None:
        start.wait(WAIT_S)
        return doors.by_key("a")

    with ThreadPoolExecutor(ASKERS) as pool:
        assert list(pool.map(ask, range(ASKERS))) == [SOMEBODY] * ASKERS
    assert doors.asked == 1


def test_another_key_does_not_wait() -> None:
    asking, answered = Event(), Event()

    def meanwhile() -> None:
        if doors.asked == 1:
            asking.set()
            assert answered.wait(WAIT_S), "the second key waited for the first"

    doors = Register([SOMEBODY, None], meanwhile)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(doors.by_key, "a")
        assert asking.wait(WAIT_S)
        assert pool.submit(doors.by_key, "b").result(WAIT_S) is None
        answered.set()
        assert first.result(WAIT_S) is SOMEBODY


def test_an_answer_that_was_overtaken_by_a_sign_out_is_not_remembered() -> None:
    """The sign-in ended after the database had answered and before the answer was kept."""
    doors = Register([SOMEBODY, None], lambda: doors.forget() if doors.asked == 1 else None)
    doors.by_key("a")
    assert doors.by_key("a") is None


def test_a_question_that_failed_is_asked_again() -> None:
    doors = Register([ConnectionError("away"), SOMEBODY], lambda: None)
    with pytest.raises(ConnectionError):
        doors.by_key("a")
    assert doors.by_key("a") is SOMEBODY
