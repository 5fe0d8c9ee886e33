"""Sign-in sheets (签到表): an A4 page a team, to be signed on the way and typed back at the station."""

from __future__ import annotations

from web.duty.content import Duty, Team
from web.duty.drawn import data_address
from web.duty.sheets import code_picture
from web.i18n import Translator
from web.maps.offline import style_text
from web.maps.page import environment
from web.paper import paper

STYLE = "sign_in_paper.css"
MORE_LINES = 3
"""Empty ones, for stops that nobody planned."""


def sign_in_sheets(duty: Duty, t: Translator, *, home: str) -> bytes:
    """The sheets of a plan's teams as one PDF: the same for the same plan, byte for byte.

    Parameters
    ----------
    home : str
        Address of the server; the code leads to where the team's entries are typed.

    Raises
    ------
    LianfangError
        When no Chinese font or no library that sets text is installed.
    """
    return paper(*(_sheet(duty, team, t, home) for team in duty.teams))


def entering_address(duty: Duty, team: Team, home: str) -> str:
    """Where the team's entries are typed."""
    return f"{home.rstrip('/')}/plans/{duty.plan}/check-ins?team={team.number}"


def _sheet(duty: Duty, team: Team, t: Translator, home: str) -> str:
    address = entering_address(duty, team, home)
    return (
        environment(t.lang)
        .get_template("duty/sign_in.html")
        .render(
            lang=t.lang,
            t=t,
            styles=[{"text": style_text(STYLE)}],
            scripts=[],
            duty=duty,
            team=team,
            more=MORE_LINES,
            address=address,
            code=data_address(code_picture(address)),
        )
    )
