"""How far the demo is: asked at every start, so without loading what makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cameras.tables import Analysis
from geo.errors import LianfangError, Sentence
from geo.tables import ImportBatch, Setting, Site
from patrols.tables import Plan

NAME = "demo.state"
AUTHOR = "demo"
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


def refuse_others_data(session: Session, *, fresh: bool) -> None:
    """Refuse to replace what the demo did not make.

    Raises
    ------
    LianfangError
        When the site is no scene of the demo or somebody imported into it; when somebody analysed or planned
        in it, unless `fresh` asks for it all anew.
    """
    site = session.get(Site, 1)
    if site is None:
        return
    # Of an import that was undone nothing is left to lose.
    standing = ImportBatch.undone_at.is_(None)
    others = session.scalar(select(func.count()).where(ImportBatch.author != AUTHOR, standing))
    if site.scene not in SCENE_NAMES or others:
        raise LianfangError(
            Sentence(
                "the database holds the site '%(site)s' with %(n)s imported files, which the demo "
                "would remove; give the demo one of its own: set LIANFANG_VAR to another folder",
                site=site.name,
                n=others,
            )
        )
    made = 0
    for table in (Analysis, Plan):
        made += session.scalar(select(func.count()).where(table.author != AUTHOR)) or 0
    if made and not fresh:
        raise LianfangError(
            Sentence(
                "the database holds %(n)s analyses and plans that were made in the demo '%(site)s' and "
                "would go with it; say --fresh to replace them, or set LIANFANG_VAR to another folder",
                n=made,
                site=site.name,
            )
        )
