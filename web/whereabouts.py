"""A jurisdiction as a person types it: by its path, its code or its name."""

from __future__ import annotations

from sqlalchemy import Text, cast, or_, select
from sqlalchemy.orm import Session

from geo.tables import Jurisdiction
from web.i18n import N_
from web.refusals import Refused

WHOLE_SITE = "*"
SHOWN = 5


def typed_path(session: Session, typed: str) -> str | None:
    """The path of a jurisdiction; None for the whole site (``*``).

    Raises
    ------
    Refused
        When the session sees none that is called so, or several.
    """
    asked = typed.strip()
    if asked == WHOLE_SITE:
        return None
    if not asked:
        raise Refused(N_("name a jurisdiction: its name, code or path"))
    rows = session.execute(
        select(Jurisdiction.path, Jurisdiction.code).where(
            or_(
                cast(Jurisdiction.path, Text) == asked,
                Jurisdiction.code == asked,
                Jurisdiction.name == asked,
                Jurisdiction.name_en == asked,
            )
        )
    )
    found = sorted({str(row.path) for row in rows})
    if asked in found:
        return asked
    if len(found) == 1:
        return found[0]
    if found:
        raise Refused(
            N_("“%(typed)s” is the name of %(count)s jurisdictions: %(paths)s; give the path"),
            typed=asked[:60],
            count=len(found),
            paths=", ".join(found[:SHOWN]),
        )
    raise Refused(N_("there is no jurisdiction “%(typed)s” in your area"), typed=asked[:60])
