"""Structured logs: one event a line, for a person on a terminal and as JSON elsewhere."""

import logging
import os
import sys
import traceback
from collections.abc import MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import structlog

from web.database import var_dir

LEVEL_VARIABLE = "LIANFANG_LOG_LEVEL"
FORMAT_VARIABLE = "LIANFANG_LOG_FORMAT"
FORMATS = ("json", "text")
_KEPT_CRASHES = 20

_SECRET = ("password", "token", "secret", "authorization", "cookie")


def configure(*, fmt: str | None = None, level: str | None = None, stream: TextIO | None = None) -> None:
    """Set up structlog and the standard library's logging to write the same lines.

    Parameters
    ----------
    fmt : "json" or "text" or None
        None takes the environment's LIANFANG_LOG_FORMAT, else text on a terminal and JSON otherwise.
    level : str or None
        None takes LIANFANG_LOG_LEVEL, else "info".
    stream : file
        Standard error by default: standard output belongs to a command's answer.

    Raises
    ------
    ValueError
        For an unknown format or level.
    """
    out = stream or sys.stderr
    chosen = fmt or os.environ.get(FORMAT_VARIABLE) or ("text" if out.isatty() else "json")
    if chosen not in FORMATS:
        raise ValueError(f"log format {chosen!r} is not one of {', '.join(FORMATS)}")
    wanted = (level or os.environ.get(LEVEL_VARIABLE) or "info").upper()
    number = logging.getLevelNamesMapping().get(wanted)
    if number is None:
        raise ValueError(f"log level {wanted.lower()!r} is not one of debug, info, warning, error")
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _hide_secrets,
    ]
    last: list[structlog.typing.Processor] = (
        [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if chosen == "json"
        else [structlog.dev.ConsoleRenderer(colors=out.isatty())]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    # Its access lines say less than ours and would come twice.
    logging.getLogger("werkzeug").setLevel(max(number, logging.WARNING))


def _hide_secrets(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {
        key: "…" if any(word in key.lower() for word in _SECRET) else value for key, value in event.items()
    }


def crash_log(error: BaseException, folder: Path | None = None) -> Path:
    """Write a defect's traceback to a file of its own and say which; the oldest beyond twenty go."""
    folder = folder or var_dir() / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"crash-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.log"
    path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    for old in sorted(folder.glob("crash-*.log"))[:-_KEPT_CRASHES]:
        old.unlink(missing_ok=True)
    return path
