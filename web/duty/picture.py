"""A plan as one tall picture to send to the teams: the map above, each team's evening below.

It says where and when, never why: no camera, gap or cause stands on it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from web.fonts import picture_font

WIDTH = 1080
MAP_HEIGHT = 980
MARGIN = 48
LINE = 44
BACKGROUND, INK, QUIET, STREET = "#ffffff", "#1b1f23", "#5c666e", "#d8dcdf"


@dataclass(frozen=True)
class PictureTeam:
    """One team: its colour and name, a line about it, its visits as (stop number, times)."""

    colour: str
    title: str
    note: str
    visits: Sequence[tuple[int, str]]
    legs: gpd.GeoSeries


@dataclass(frozen=True)
class PicturePlan:
    """What the picture shows; geometries in one projected CRS in metres, texts in the reader's language."""

    title: str
    shift: str
    foot: str
    teams: Sequence[PictureTeam]
    stops: gpd.GeoDataFrame
    streets: gpd.GeoSeries
    area: gpd.GeoSeries


def plan_picture(plan: PicturePlan) -> bytes:
    """The picture as PNG, 1080 pixels wide and as tall as the teams need.

    Raises
    ------
    LianfangError
        When no Chinese font is installed.
    """
    rows = sum(2 + _lines(len(team.visits)) for team in plan.teams)
    height = 3 * MARGIN + 120 + MAP_HEIGHT + rows * LINE + 2 * LINE
    image = Image.new("RGB", (WIDTH, height), BACKGROUND)
    draw = ImageDraw.Draw(image)
    draw.text((MARGIN, MARGIN), plan.title, font=picture_font(44, bold=True), fill=INK)
    draw.text((MARGIN, MARGIN + 60), plan.shift, font=picture_font(30), fill=QUIET)
    top = MARGIN + 120
    image.paste(_map(plan), (0, top))
    y = top + MAP_HEIGHT + MARGIN
    for team in plan.teams:
        draw.rectangle((MARGIN, y + 6, MARGIN + 26, y + 32), fill=team.colour)
        draw.text((MARGIN + 42, y - 4), team.title, font=picture_font(32, bold=True), fill=INK)
        y += LINE
        draw.text((MARGIN + 42, y - 4), team.note, font=picture_font(26), fill=QUIET)
        y += LINE
        for first, column in enumerate(_columns(team.visits)):
            for n, (stop, times) in enumerate(column):
                at = (MARGIN + 42 + first * 490, y + n * LINE)
                _numbered(draw, (at[0] + 18, at[1] + 18), stop, team.colour)
                draw.text((at[0] + 50, at[1] - 2), times, font=picture_font(28), fill=INK)
        y += (_lines(len(team.visits))) * LINE
    draw.text((MARGIN, height - MARGIN - 20), plan.foot, font=picture_font(22), fill=QUIET)
    target = io.BytesIO()
    image.save(target, "PNG", optimize=True)
    return target.getvalue()


def _lines(visits: int) -> int:
    """Lines of a team's visits in two columns, and one below them."""
    return -(-visits // 2) + 1


def _columns(visits: Sequence[tuple[int, str]]) -> Iterator[Sequence[tuple[int, str]]]:
    half = -(-len(visits) // 2)
    yield visits[:half]
    yield visits[half:]


def _map(plan: PicturePlan) -> Image.Image:
    """Streets in grey, the zone's edge, each team's way in its colour, the stops by number."""
    # Twice as large and shrunk: Pillow's lines have no smooth edges of their own.
    scale = 2
    size = (WIDTH * scale, MAP_HEIGHT * scale)
    image = Image.new("RGB", size, "#f4f5f5")
    draw = ImageDraw.Draw(image)
    west, south, east, north = plan.area.total_bounds
    metres = max((east - west) / size[0], (north - south) / size[1]) * 1.08
    centre = (west + east) / 2, (south + north) / 2

    def pixels(line: shapely.Geometry) -> list[tuple[float, float]]:
        points: NDArray[np.float64] = shapely.get_coordinates(line)
        x = size[0] / 2 + (points[:, 0] - centre[0]) / metres
        y = size[1] / 2 - (points[:, 1] - centre[1]) / metres
        return list(zip(x.tolist(), y.tolist(), strict=True))

    for line in _pieces(plan.streets):
        draw.line(pixels(line), fill=STREET, width=3 * scale, joint="curve")
    for edge in _pieces(plan.area.boundary):
        draw.line(pixels(edge), fill="#8b949b", width=3 * scale)
    for team in plan.teams:
        for leg in _pieces(team.legs):
            draw.line(pixels(leg), fill=team.colour, width=5 * scale, joint="curve")
    for number, point in zip(plan.stops["number"], plan.stops.geometry, strict=True):
        ((x, y),) = pixels(point)
        _numbered(draw, (x, y), int(number), INK, scale=scale)
    return image.resize((WIDTH, MAP_HEIGHT), Image.Resampling.LANCZOS)


def _pieces(shapes: gpd.GeoSeries) -> list[shapely.Geometry]:
    kept = shapes[shapes.notna() & ~shapes.is_empty]
    return [piece for piece in kept.explode(index_parts=False) if len(shapely.get_coordinates(piece)) > 1]


def _numbered(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], number: int, colour: str, *, scale: int = 1
) -> None:
    radius = 17 * scale
    x, y = at
    box = (x - radius, y - radius, x + radius, y + radius)
    draw.ellipse(box, fill=BACKGROUND, outline=colour, width=3 * scale)
    draw.text((x, y), str(number), font=picture_font(19 * scale, bold=True), fill=INK, anchor="mm")
