"""Sign-in sheets (签到表): an A4 page a team, to be signed on the way and typed back at the station."""

from __future__ import annotations

from web.duty.content import Duty, Team
from web.duty.teampaper import team_paper
from web.i18n import Translator
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
    return team_paper(
        "sign_in.html", STYLE, duty, team, t, address=entering_address(duty, team, home), more=MORE_LINES
    )
