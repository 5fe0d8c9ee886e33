"""What the papers of a team share: how one is made, and the code on it."""

from __future__ import annotations

import io
from typing import Any

import segno

from web.duty.content import Duty, Team
from web.duty.drawn import data_address
from web.i18n import Translator
from web.maps.offline import style_text
from web.maps.page import environment

STYLE = "team_paper.css"


def team_paper(
    template: str, style: str, duty: Duty, team: Team, t: Translator, *, address: str, **context: Any
) -> str:
    """One team's paper as HTML.

    Parameters
    ----------
    template : str
        Below ``duty/``.
    style : str
        Its own style sheet, behind the one that all share.
    address : str
        Where its code leads.
    **context
        What else the template asks for.
    """
    return (
        environment(t.lang)
        .get_template(f"duty/{template}")
        .render(
            lang=t.lang,
            t=t,
            styles=[{"text": style_text(STYLE)}, {"text": style_text(style)}],
            scripts=[],
            duty=duty,
            team=team,
            address=address,
            code=data_address(code_picture(address)),
            **context,
        )
    )


def code_picture(address: str) -> bytes:
    """An address as a QR code (ISO/IEC 18004), a PNG of ten pixels a module with the quiet zone it needs."""
    target = io.BytesIO()
    segno.make(address, error="m", micro=False).save(target, kind="png", scale=10, border=4)
    return target.getvalue()
