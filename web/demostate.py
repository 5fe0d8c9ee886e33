"""How far the demo is: asked at every start, so without loading what makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from geo.tables import Setting

NAME = "demo.state"
# Keys of the scenes (`web.demo.SCENES`), for whoever must not load what makes them.
SCENE_NAMES = ("helsinki", "town")


@dataclass(frozen=True)
class Progress:
    """What a scene of the demo has reached.

    Parameters
    ----------
    scene : str
    seed : int
    made : mapping
        Every stage that is done, with what it leaves for the later ones; "summary" when all is.
    code_version : str
        Of the program that began.
    """

    scene: str
    seed: int
    made: Mapping[str, Any] = field(default_factory=dict)
    code_version: str = field(default_factory=lambda: version("lianfang"))

    def goes_on(self, scene: str, seed: int) -> bool:
        """Whether what is there is the beginning of this very scene, begun by this very program."""
        return (
            (self.scene, self.seed, self.code_version) == (scene, seed, version("lianfang"))
            and "places" in self.made
            and "summary" not in self.made
        )

    def with_stage(self, name: str, left: Any) -> Progress:
        """The same with one stage more."""
        return Progress(self.scene, self.seed, {**self.made, name: left}, self.code_version)


def demo_progress(session: Session) -> Progress | None:
    """How far the demo in this database is, None where there never was one."""
    found = session.get(Setting, NAME)
    if found is None or "made" not in found.value:
        return None
    return Progress(**found.value)


def finished_summary(session: Session, seed: int, scene: str = "helsinki") -> dict[str, Any] | None:
    """The summary of a scene of this seed that was finished in this database and whose files are there."""
    reached = demo_progress(session)
    if reached is None or (reached.scene, reached.seed) != (scene, seed) or "summary" not in reached.made:
        return None
    summary = reached.made["summary"]
    if not all(Path(summary[name]).exists() for name in ("map_path", "plan_path")):
        return None
    return {**summary, "step_s": {}}


def note_progress(session: Session, reached: Progress, author: str) -> None:
    """Remember how far the demo is."""
    value = {
        "scene": reached.scene,
        "seed": reached.seed,
        "made": dict(reached.made),
        "code_version": reached.code_version,
    }
    session.merge(Setting(name=NAME, value=value, changed_at=datetime.now(UTC), author=author))
