"""Figures of the map page that take long to count, kept until what they are counted from changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar, cast

from flask import current_app

from web.tiles import revisions

EXTENSION = "lianfang-map"
MOST = 128
"""Pairs of a scope and an analysis whose figures are kept."""

Value = TypeVar("Value")


class Kept:
    """The values asked for last, by what they were made from."""

    def __init__(self) -> None:
        self._values: OrderedDict[Hashable, object] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of a key, made when it is not kept."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return cast(Value, self._values[key])
        made = make()
        with self._lock:
            self._values[key] = made
            while len(self._values) > MOST:
                self._values.popitem(last=False)
        return made


def kept(name: str, key: Hashable, make: Callable[[], Value]) -> Value:
    """A value of this app that stays the same as long as no layer of the map changes.

    `key` must hold all that decides it besides: the analysis, the scope, the level.
    """
    store = current_app.extensions.setdefault(EXTENSION, Kept())
    return cast(Kept, store).get((name, key, tuple(sorted(revisions().items()))), make)
