"""Presets of a turning camera mended by hand: proposed here, reviewed as every other change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from cameras.presets import PRESETS, Preset, read_presets
from cameras.repository import changes as store
from cameras.repository import proposals
from cameras.repository.presets import presets_of
from geo.errors import InputRefused, LianfangError, Sentence


def current_presets(session: Session, code: str) -> tuple[int, bool, list[Preset]]:
    """Id of a camera's open record, whether it may have presets, and those it has.

    Raises
    ------
    LianfangError
        When it has no open record.
    """
    recorded = store.open_records(session, [code])
    if recorded.empty:
        raise LianfangError(Sentence("camera '%(code)s' has no open record", code=code))
    number = int(recorded.index[0])
    presets = presets_of(session, [number])[number]
    return number, bool(recorded["ptz"].iloc[0]) or bool(presets), presets


def state_of(presets: Sequence[Preset]) -> str:
    """A short text that is another one for other presets: a form says with it what it was filled in from."""
    return hashlib.sha256(json.dumps(list(presets), ensure_ascii=False).encode()).hexdigest()[:16]


def propose_presets(
    session: Session, code: str, rows: Sequence[Mapping[str, str]], *, state: str, author: str, note: str = ""
) -> int:
    """Propose other presets for a camera; answers the id of the proposal.

    They count once they are accepted (`cameras.services.mending.accept`): a preset is a pose, so a new period
    of the record begins then, and analyses of the time before keep the presets of then.

    Parameters
    ----------
    rows
        As `cameras.presets.read_presets`.
    state : str
        `state_of` the presets that the rows were filled in from.

    Raises
    ------
    InputRefused
        For a camera that does not turn, and presets not understood, changed since, or not different.
    LianfangError
        A camera without an open record.
    """
    number, turns, before = current_presets(session, code)
    if not turns:
        raise InputRefused(
            Sentence(
                "camera '%(code)s' does not turn; say first that it does (PTZ), and have that accepted",
                code=code,
            )
        )
    if state != state_of(before):
        raise InputRefused(
            Sentence("camera '%(code)s': its presets were changed since; read them anew", code=code)
        )
    after = read_presets(rows, before)
    if after == before:
        raise InputRefused(Sentence("nothing differs from the record, so nothing was proposed"))
    [made] = proposals.add(
        session,
        [(number, code, {PRESETS: before}, {PRESETS: after})],
        author=author,
        origin="page",
        note=note,
    )
    return made
