"""Audit the camera records, and bring the findings of an area up to date."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from web.i18n import N_
from web.jobs.bodies import arguments as read
from web.jobs.registry import Outcome, job
from web.jobs.telling import Tell
from web.jobs.words import Name, Words
from web.settings import audit_settings, current

KIND = "camera-audit"


def title(area: Name | None) -> Words:
    """What an audit is called; no area is the whole site."""
    if area is None:
        return Words(N_("Camera audit of the whole site"))
    return Words(N_("Camera audit of %(area)s"), {"area": area})


def order(arguments: Mapping[str, Any]) -> dict[str, str | None]:
    """`area`: jurisdiction path, or "" for the whole site."""
    read.known(arguments, ("area",), KIND)
    return {"area": read.one(arguments, "area", str, "") or None}


def words_at(share: float) -> str:
    """What `cameras.services.auditing.audit_cameras` does when it has done this share."""
    if share < 0.2:
        return N_("Reading camera records, streets and buildings")
    if share < 0.7:
        return N_("Holding the records against each other and the map")
    return N_("Bringing the findings up to date")


@job(KIND, read=order)
def run(session: Session, asked: dict[str, str | None], tell: Tell) -> Outcome:
    """Audit and publish, all in the session's transaction."""
    from cameras.services.auditing import audit_cameras

    tell(0.0, words_at(0.0))
    told = audit_cameras(
        session,
        now=datetime.now(UTC),
        author=tell.author,
        within=asked["area"],
        settings=audit_settings(current(session)),
        progress=lambda share: tell(share, words_at(share)),
    )
    summary = Words(
        N_("%(found)s findings on %(cameras)s cameras: %(opened)s new, %(returned)s back, %(gone)s gone"),
        {
            "found": told.found,
            "cameras": told.cameras,
            "opened": told.opened,
            "returned": told.returned,
            "gone": told.gone,
        },
    )
    return Outcome("/checks", summary, {"audit": told.audit})
