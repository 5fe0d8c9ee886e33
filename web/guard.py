"""Stops the private database when the server that started it was killed before it could.

A process of its own, started by the supervisor and holding one end of a pipe: the other end closes when the
supervisor ends, whatever ended it.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from geo.server.cluster import Cluster, stop
from geo.server.locks import enter
from geo.server.place import existing_place
from geo.server.process import cluster_major, running_pid

OURS = b"o"
"""The database was started by the supervisor; without it, it is somebody else's to stop."""
ENDED = b"e"
"""The supervisor has ended in order and stopped what it started."""
ASK_EVERY_S = 2.0


def watch(descriptor: int, var_dir: Path) -> None:
    """Wait for the supervisor's end; when it came unasked, stop its database once nobody uses it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    ours = False
    while message := os.read(descriptor, 1):
        if message == ENDED:
            return
        ours = ours or message == OURS
    while ours and not stopped(var_dir):
        time.sleep(ASK_EVERY_S)


def stopped(var_dir: Path) -> bool:
    """Whether the database of this folder is stopped, stopping it unless another process uses it."""
    place = existing_place(var_dir)
    if place is None or running_pid(place) is None:
        return True
    enter(var_dir)
    return stop(Cluster(var_dir, place, cluster_major(place), started_by=os.getpid()))


if __name__ == "__main__":
    watch(int(sys.argv[1]), Path(sys.argv[2]))
