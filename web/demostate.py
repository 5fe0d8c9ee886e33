"""Whether the demo is there already: asked at every start, so without loading what makes it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from geo.tables import Setting

NAME = "demo.state"


def finished_summary(session: Session, seed: int) -> dict[str, Any] | None:
    """The summary of a demo of this seed that was finished in this database and whose files are there."""
    found = session.get(Setting, NAME)
    if found is None or found.value["seed"] != seed:
        return None
    if not all(Path(found.value["summary"][name]).exists() for name in ("map_path", "plan_path")):
        return None
    return {**found.value["summary"], "step_s": {}}


def note_finished(session: Session, seed: int, summary: dict[str, Any], author: str) -> None:
    """Remember that the demo is complete."""
    value = {"seed": seed, "summary": summary}
    session.merge(Setting(name=NAME, value=value, changed_at=datetime.now(UTC), author=author))
