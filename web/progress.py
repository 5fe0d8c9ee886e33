"""Long work told step by step, on a terminal and in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

Update = Callable[[float], None]


class Steps:
    """Named steps with a progress bar on a terminal, plain lines elsewhere, and their durations."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._console = Console(stderr=True, highlight=False)

    @contextmanager
    def step(self, key: str, label: str) -> Iterator[Update]:
        """Time one step; the block gets a function that takes the fraction done (0-1)."""
        started = time.monotonic()
        columns = (TextColumn("{task.description:<44}"), BarColumn(30), TimeElapsedColumn())
        with Progress(
            *columns, console=self._console, transient=True, disable=not sys.stderr.isatty()
        ) as bar:
            task = bar.add_task(label, total=1.0)
            yield lambda fraction: bar.update(task, completed=min(1.0, fraction))
        self.seconds[key] = round(time.monotonic() - started, 2)
        self._console.print(f"{label:<44} {self.seconds[key]:6.1f} s")

    def say(self, sentence: str) -> None:
        """A line of its own between the steps."""
        self._console.print(sentence, soft_wrap=True)
