"""Which shift, and how long to search: what several commands ask alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from patrols.solve import Budget


def shift_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Which shift, and how long to search: alike for one zone and for many."""
    options = (
        click.option("--start", required=True, help="Begin of the shift, such as 2026-11-22T18:00."),
        click.option("--end", required=True, help="End of the shift."),
        click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True),
        click.option(
            "--budget-s",
            type=float,
            help="Search each zone this long, seconds [default: the site's setting, at first 10].",
        ),
        click.option(
            "--iterations", type=int, help="Search so many iterations instead: same seed, same plan."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def budget_of(seconds: float | None, iterations: int | None) -> Budget | None:
    """What was asked for; None where the site's setting holds."""
    if seconds is not None and iterations is not None:
        raise click.UsageError("give --budget-s or --iterations, not both")
    try:
        if iterations is not None:
            return Budget(iterations=(iterations,))
        return None if seconds is None else Budget(seconds)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
