"""Make a scene of the demo.

The one body that does not work in the session's transaction: each step is one of its own, so that people see
the map grow. What was reached is written down with each step, and an attempt that is cut short is gone on
with by the next.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from geo.errors import InputRefused, Sentence
from web.database import var_dir
from web.demostate import SCENE_NAMES, demo_progress, refuse_others_data
from web.i18n import N_
from web.jobs.bodies import arguments as read
from web.jobs.queue import enqueue
from web.jobs.registry import Outcome, job
from web.jobs.telling import Tell
from web.jobs.words import Words
from web.progress import Steps, Update
from web.tables import JobRun

KIND = "demo"
ARGUMENTS = ("scene", "seed", "fresh")
# Which share of the whole each step begins and ends at, as measured.
SHARES = {
    "places": (0.0, 0.15),
    "frames": (0.15, 0.50),
    "analyse": (0.50, 0.72),
    "plan": (0.72, 0.92),
    "map": (0.92, 1.0),
}


def title(scene: str) -> Words:
    """What the job is called."""
    return Words(N_("Demo: invented town") if scene == "town" else N_("Demo: central Helsinki"))


@dataclass(frozen=True)
class DemoOrder:
    """What `web.demo.run_demo` takes."""

    scene: str
    seed: int
    fresh: bool


def order(arguments: Mapping[str, Any]) -> DemoOrder:
    """From scene (helsinki | town), seed, and fresh: make it again though it is there."""
    read.known(arguments, ARGUMENTS, KIND)
    scene = read.one(arguments, "scene", str, "helsinki")
    if scene not in SCENE_NAMES:
        raise InputRefused(f"scene {scene!r} is not known; give {' or '.join(SCENE_NAMES)}")
    seed = read.one(arguments, "seed", int, 1)
    if not 0 <= seed < 2**32:
        raise InputRefused(Sentence("seed %(seed)s; give 0 to %(most)s", seed=seed, most=2**32 - 1))
    return DemoOrder(scene, seed, read.one(arguments, "fresh", bool, False))


class ToldSteps(Steps):
    """Steps of the demo told as a job's progress."""

    def __init__(self, tell: Tell) -> None:
        super().__init__()
        self._tell = tell

    @contextmanager
    def step(self, key: str, label: str) -> Iterator[Update]:
        """Time one step; what the block says of its own share becomes the job's."""
        begin, end = SHARES[key]
        started = time.monotonic()
        self._tell(begin, label)
        yield lambda fraction: self._tell(begin + (end - begin) * min(1.0, fraction), label)
        self.seconds[key] = round(time.monotonic() - started, 2)

    def say(self, sentence: str) -> None:
        """Nothing: the job's page has no place for it, and the file it speaks of is there."""


def ask_for(session: Session, asked: DemoOrder, *, author: str) -> int:
    """The job that makes a scene: one that waits or runs already, else a new one; answers its id.

    Raises
    ------
    LianfangError
        When that would remove what the demo did not make.
    """
    arguments = {"scene": asked.scene, "seed": asked.seed, "fresh": asked.fresh}
    under_way = select(JobRun.id).where(
        JobRun.kind == KIND,
        JobRun.status.in_(["queued", "running"]),
        JobRun.arguments == arguments,
    )
    found = session.scalar(under_way.order_by(JobRun.id).limit(1))
    if found is not None:
        return found
    reached = demo_progress(session)
    if asked.fresh or reached is None or not reached.goes_on(asked.scene, asked.seed):
        refuse_others_data(session, fresh=asked.fresh)
    return enqueue(
        session,
        KIND,
        arguments,
        account=None,
        title=title(asked.scene),
        jurisdiction_path=None,
        author=author,
    )


@job(KIND, read=order)
def run(session: Session, asked: DemoOrder, tell: Tell) -> Outcome:
    """Make the scene, or find it made."""
    # The solver and the kernels take seconds to load.
    from web.demo import run_demo

    engine = session.get_bind()
    if not isinstance(engine, Engine):
        raise TypeError("the demo commits its steps one by one: its session must be bound to an engine")
    summary = run_demo(
        engine,
        var_dir().resolve() / "demo",
        scene=asked.scene,
        seed=asked.seed,
        fresh=asked.fresh,
        steps=ToldSteps(tell),
    )
    said = Words(
        N_(
            "%(cameras)s cameras, %(frames)s frames, %(gaps)s gaps; "
            "%(crossed)s of %(reachable)s reachable stops crossed."
        ),
        {
            "cameras": summary["cameras"],
            "frames": summary["frames"],
            "gaps": sum(summary["gaps"].values()),
            "crossed": summary["crossed_stops"],
            "reachable": summary["reachable_stops"],
        },
    )
    return Outcome("/map", said, summary)
