"""What all commands share: one way to fail, one JSON line, one progress display, one session."""

from __future__ import annotations

import functools
import getpass
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from geo.errors import InputRefused
from web.failures import sentence_of
from web.logs import crash_log

SHOWN_PROBLEMS = 20
PEER = "command line"
"""Where from somebody did what the audit log tells, who did it here."""
# Years a time on the command line may lie in.
EARLIEST, LATEST = 2000, 2200
Command = TypeVar("Command", bound=Callable[..., Any])


class Refusal(click.ClickException):
    """A failure told in one sentence on standard error; exit status 1."""

    exit_code = 1

    def __init__(self, message: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems

    def show(self, file: Any = None) -> None:
        """Print the rows first, then the sentence that sums them up."""
        for problem in self.problems[:SHOWN_PROBLEMS]:
            click.echo(problem, err=True)
        if len(self.problems) > SHOWN_PROBLEMS:
            click.echo(f"... and {len(self.problems) - SHOWN_PROBLEMS} more", err=True)
        click.echo(f"lianfang: {self.message}", err=True)


@contextmanager
def told_in_one_sentence() -> Iterator[None]:
    """Turn what a user can act on into a `Refusal`; log the rest and name the log."""
    try:
        yield
    except (click.ClickException, click.Abort, click.exceptions.Exit):
        raise
    except InputRefused as refused:
        raise Refusal(str(refused), refused.problems) from refused
    except Exception as error:
        sentence = sentence_of(error)
        if sentence is None:
            sentence = f"{type(error).__name__}: {error}; a defect, details in {crash_log(error)}"
        raise Refusal(sentence) from error


def command_options(function: Command) -> Command:
    """Give a command `--json` and the one way to fail; the command returns its JSON answer."""

    @click.option("--json", "as_json", is_flag=True, help="Print one machine-readable last line.")
    @functools.wraps(function)
    def wrapped(*args: Any, as_json: bool, **kwargs: Any) -> None:
        with told_in_one_sentence():
            answer = function(*args, **kwargs)
        if as_json and answer is not None:
            click.echo(json.dumps(answer, ensure_ascii=False, default=str))

    return wrapped  # type: ignore[return-value]


def parse_time(value: str, timezone: str, option: str) -> datetime:
    """A time of the command line; without a zone it is read in the site's.

    Raises
    ------
    click.BadParameter
        When it is not a date or time.
    """
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(
            f"{value!r} is not a time; write 2026-11-21 or 2026-11-21T19:30", param_hint=option
        ) from error
    if not EARLIEST <= moment.year < LATEST:
        raise click.BadParameter(
            f"the year {moment.year} lies outside {EARLIEST} to {LATEST - 1}", param_hint=option
        )
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))


def author() -> str:
    """Who is asking, for provenance: the account that runs the command."""
    return getpass.getuser()
