"""A plan as one tall picture to send to the teams: the map above, each team's evening below.

It says where and when, never why.
"""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageFont

from web.duty.content import Duty, Team
from web.duty.drawn import plan_map
from web.fonts import picture_font
from web.i18n import N_, Translator
from web.maps.words import MODES

WIDTH = 1080
MAP_HEIGHT = 980
MARGIN = 48
LINE = 42
BACKGROUND, INK, QUIET, DRAFT = "#ffffff", "#1b1f23", "#5c666e", "#b03a00"
# Where a visit's times and its place begin.
TIMES, PLACE = 96, 300


def plan_picture(duty: Duty, t: Translator) -> bytes:
    """The picture as PNG, 1080 pixels wide and as tall as the teams need; the same for the same plan.

    Raises
    ------
    LianfangError
        When no Chinese font is installed.
    """
    rows = sum(3 + len(team.visits) for team in duty.teams)
    height = 3 * MARGIN + 120 + MAP_HEIGHT + rows * LINE + LINE
    image = Image.new("RGB", (WIDTH, height), BACKGROUND)
    draw = ImageDraw.Draw(image)
    draw.text((MARGIN, MARGIN), duty.zone, font=picture_font(44, bold=True), fill=INK)
    draw.text((MARGIN, MARGIN + 60), t.span(duty.start, duty.end), font=picture_font(30), fill=QUIET)
    if duty.draft:
        words, font = t(N_("DRAFT")), picture_font(34, bold=True)
        wide = font.getlength(words)
        draw.text((WIDTH - MARGIN - wide, MARGIN + 4), words, font=font, fill=DRAFT)
    image.paste(plan_map(duty, t, (WIDTH, MAP_HEIGHT), 1), (0, MARGIN + 120))
    y = 2 * MARGIN + 120 + MAP_HEIGHT
    for team in duty.teams:
        y = _team(draw, duty, team, t, y)
    foot = t.joined([t(N_("Lianfang (joint defence)")), duty.attribution])
    draw.text((MARGIN, height - MARGIN - 20), foot, font=picture_font(22), fill=QUIET)
    target = io.BytesIO()
    image.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
        target, "PNG", optimize=True
    )
    return target.getvalue()


def _team(draw: ImageDraw.ImageDraw, duty: Duty, team: Team, t: Translator, y: int) -> int:
    """One team's head and visits from `y` on; answers where the next one begins."""
    left = MARGIN + 42
    draw.rectangle((MARGIN, y + 4, MARGIN + 28, y + 32), fill=team.colour)
    title = _cut(f"{team.number} {team.name}", picture_font(32, bold=True), WIDTH - left - MARGIN)
    draw.text((left, y - 6), title, font=picture_font(32, bold=True), fill=INK)
    y += LINE
    words = N_("musters %(time)s") if duty.goes_on is None else N_("goes on %(time)s")
    told = [
        t(words, time=t.clock(team.muster_at)),
        t(N_("back at %(time)s"), time=t.clock(team.back_at)),
        t(MODES[team.mode]),
        t.length(team.length_m),
        team.start_place,
    ]
    note = _cut(" · ".join(filter(None, told)), picture_font(25), WIDTH - left - MARGIN)
    draw.text((left, y - 4), note, font=picture_font(25), fill=QUIET)
    y += LINE
    for visit in team.visits:
        _numbered(draw, (left + 18, y + 18), visit.stop.number, team.colour)
        times = f"{t.clock(visit.start_at)}–{t.clock(visit.end_at)}"
        draw.text((MARGIN + TIMES, y - 1), times, font=picture_font(28), fill=INK)
        place = visit.stop.place or visit.stop.village
        font = picture_font(27)
        room = WIDTH - MARGIN - PLACE - MARGIN
        draw.text((MARGIN + PLACE, y), _cut(place, font, room), font=font, fill=INK)
        y += LINE
    return y + LINE


def _cut(words: str, font: ImageFont.FreeTypeFont, room: float) -> str:
    """As much of the words as there is room for."""
    if font.getlength(words) <= room:
        return words
    while words and font.getlength(f"{words}…") > room:
        words = words[:-1]
    return f"{words.rstrip()}…"


def _numbered(draw: ImageDraw.ImageDraw, at: tuple[float, float], number: int, colour: str) -> None:
    x, y = at
    draw.ellipse((x - 17, y - 17, x + 17, y + 17), fill=BACKGROUND, outline=colour, width=3)
    font = picture_font(19 if number < 100 else 15, bold=True)
    draw.text((x, y), str(number), font=font, fill=INK, anchor="mm")
