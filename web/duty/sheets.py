"""Duty sheets: an A4 page a team, with its route on a map, its stops with times, and a code to its page."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from web.duty.content import Duty, Team
from web.duty.drawn import map_address, team_map
from web.duty.teampaper import team_paper
from web.fonts import picture_font
from web.i18n import Translator
from web.maps.words import MODES
from web.paper import paper

STYLE = "duty_paper.css"
# Millimetres of the page: across, down without its head and the table's, a line of the table and what every
# row adds to its lines.
WIDE, FREE, LINE, ROW = 186.0, 206.0, 4.53, 1.5
LEAST_MAP, MOST_MAP = 62.0, 120.0
# What stands over the meeting places, a line of them, the width of one of their two columns, and their font.
MEETINGS, MEETING_LINE = 8.5, 3.6
MEETING_WIDE, MEETING_FONT = 86.0 * 72 / 25.4, 8.0
# The column of places, in points of its font.
PLACE_WIDE, PLACE_FONT = 78.0 * 72 / 25.4, 9.5
# Points of the map in a millimetre, and pixels in a point.
POINTS, SHARP = 6.0, 2


def duty_sheets(duty: Duty, t: Translator, *, home: str, teams: Sequence[Team] | None = None) -> bytes:
    """The sheets of a plan's teams as one PDF: the same for the same plan, byte for byte.

    Parameters
    ----------
    duty : Duty
    t : Translator
    home : str
        Address of the server, such as ``https://lianfang.example``; the code leads to the team's page there.
    teams : sequence of Team, optional
        Whose sheets; all without.

    Raises
    ------
    LianfangError
        When no Chinese font or no library that sets text is installed.
    """
    return paper(*(_sheet(duty, team, t, home) for team in (duty.teams if teams is None else teams)))


def team_address(duty: Duty, team: Team, home: str) -> str:
    """Where the team's page is."""
    return f"{home.rstrip('/')}/plans/{duty.plan}/teams/{team.number}"


def map_height(duty: Duty, team: Team) -> float:
    """Height of the map in mm: as much as stops and meeting places leave of one page, unless too little."""
    font = picture_font(100)
    lines = (ceil(font.getlength(visit.stop.place) * PLACE_FONT / 100 / PLACE_WIDE) for visit in team.visits)
    left = FREE - sum(LINE * max(n, 1) + ROW for n in lines)
    if duty.meetings:
        words = (f"{one.label} {one.where} ({one.left} – {one.right})" for one in duty.meetings)
        each = [ceil(font.getlength(one) * MEETING_FONT / 100 / MEETING_WIDE) for one in words]
        # In two columns, of which one may be a place longer than the other.
        left -= MEETINGS + MEETING_LINE * (ceil(sum(each) / 2) + max(each) - 1)
    return MOST_MAP if left < LEAST_MAP else min(left, MOST_MAP)


def _sheet(duty: Duty, team: Team, t: Translator, home: str) -> str:
    high = map_height(duty, team)
    drawn = team_map(duty, team, t, (round(WIDE * POINTS), round(high * POINTS)), SHARP)
    return team_paper(
        "sheet.html",
        STYLE,
        duty,
        team,
        t,
        address=team_address(duty, team, home),
        mode=t(MODES[team.mode]),
        map=map_address(drawn),
        map_mm=f"{high:.1f}",
    )
