"""Settings of gunicorn, which reads this module by its names."""

import os
from typing import Any

# Loaded here, before the fork: a web worker that takes the place of a killed one is there at once.
import web.app  # noqa: F401
from web import logs
from web.database import THREADS

workers = 1
worker_class = "gthread"
threads = THREADS
timeout = 120
graceful_timeout = 5
loglevel = "warning"
proc_name = "lianfang"
control_socket_disable = True


def worker_exit(server: Any, worker: Any) -> None:
    """End a web worker whose requests are answered; one that never came up keeps its own status."""
    if worker.booted:
        # Python would take the compiled libraries apart piece by piece, which is seconds of waiting.
        os._exit(0)


def on_exit(server: Any) -> None:
    """Likewise end gunicorn itself, its workers gone."""
    os._exit(0)


logs.configure()
