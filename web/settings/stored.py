"""Stored values of settings: read, change, reset. Functions take an open session and never commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.errors import LianfangError, Sentence, message_of
from geo.tables import Setting
from web.i18n import N_
from web.refusals import Refused
from web.settings.registry import BY_NAME, SETTINGS, check_together
from web.settings.spec import Spec, Value

LUMA = ("diagnosis.dark_luma", "diagnosis.bright_luma")
# More cameras than this in one sentence are not named.
NAMED = 5


@dataclass(frozen=True)
class Stored:
    """A value that differs from its default: who made it so, and when."""

    value: Any
    changed_at: datetime
    author: str


@dataclass(frozen=True)
class Change:
    """What a change did to one setting."""

    name: str
    before: Any
    after: Value


def stored(session: Session) -> dict[str, Stored]:
    """Settings that were changed from their default, by name."""
    rows = session.scalars(select(Setting).where(Setting.name.in_(BY_NAME)))
    return {row.name: Stored(row.value, row.changed_at, row.author) for row in rows}


def current(session: Session) -> dict[str, Value]:
    """Every setting by name: what is stored, else its default.

    Raises
    ------
    LianfangError
        When a stored value is beyond what this program takes, as after a change of its limits.
    """
    changed = stored(session)
    values = {}
    for spec in SETTINGS:
        try:
            values[spec.name] = spec.checked(_held(spec, changed))
        except Refused as refused:
            raise LianfangError(
                Sentence(
                    "the stored setting %(name)s cannot be used: %(why)s Reset it on the page of settings.",
                    name=spec.name,
                    why=message_of(refused),
                )
            ) from refused
    return values


def change(session: Session, wanted: Mapping[str, Value], *, author: str, now: datetime) -> list[Change]:
    """Store values; answers those that differ from what was. A value that is its default is not stored.

    Raises
    ------
    Refused
        For a value that is not allowed, alone or beside the others or a camera's; then none is changed.
    """
    changed = stored(session)
    after = {name: BY_NAME[name].checked(value) for name, value in wanted.items()}
    together = {**{spec.name: _usable(spec, changed) for spec in SETTINGS}, **after}
    check_together(together)
    if not after.keys().isdisjoint(LUMA):
        _check_cameras(session, *(float(together[name]) for name in LUMA))
    made = []
    for name, value in after.items():
        before = _held(BY_NAME[name], changed)
        if value == before:
            continue
        made.append(Change(name, before, value))
        if value == BY_NAME[name].default:
            session.delete(session.get_one(Setting, name))
        else:
            session.merge(Setting(name=name, value=value, changed_at=now, author=author))
    session.flush()
    return made


def reset(session: Session, name: str, *, author: str, now: datetime) -> list[Change]:
    """Give a setting its default back.

    Raises
    ------
    Refused
        When the default does not go with the other settings.
    """
    return change(session, {name: BY_NAME[name].default}, author=author, now=now)


def _check_cameras(session: Session, dark: float, bright: float) -> None:
    """Refuse what would leave a camera with thresholds of its own no picture in good order."""
    # Brings the diagnosis along, which takes a second to load.
    from cameras.repository.thresholds import always_poor

    codes = always_poor(session, dark, bright)
    if codes:
        raise Refused(
            N_(
                "Every picture of %(cameras)s would be too dark;"
                " change the thresholds of these cameras first."
            ),
            cameras=", ".join([*codes[:NAMED], *(["…"] if len(codes) > NAMED else [])]),
        )


def _held(spec: Spec, changed: Mapping[str, Stored]) -> Any:
    return changed[spec.name].value if spec.name in changed else spec.default


def _usable(spec: Spec, changed: Mapping[str, Stored]) -> Value:
    """What is stored, or the default where that cannot be used any more: a change must not fail on it."""
    try:
        return spec.checked(_held(spec, changed))
    except Refused:
        return spec.default
