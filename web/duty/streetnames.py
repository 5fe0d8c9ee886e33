"""Names of streets on a map, along their streets, where there is room for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import atan2, ceil, cos, degrees, hypot, radians, sin

import geopandas as gpd
import shapely
from PIL import Image, ImageDraw
from shapely import affinity
from shapely.ops import substring

from web.duty.canvas import Canvas, Pixel
from web.sketch import PAPER

COLOUR = "#3f474e"
POINTS = 19
# Where along a street its name is tried, and how straight the street must be there.
SPOTS = (0.5, 0.35, 0.65, 0.2, 0.8, 0.05, 0.95)
STRAIGHT = 0.97
# Metres within which a street is one that is walked.
WALKED_M = 6.0


def write_names(
    canvas: Canvas,
    streets: gpd.GeoDataFrame,
    walked: Sequence[shapely.Geometry],
    taken: Sequence[shapely.Geometry],
    *,
    beside: float,
) -> None:
    """Write each name at most once: those of streets that are walked first, then the longest.

    Parameters
    ----------
    canvas : Canvas
    streets : GeoDataFrame
        name (None or "" for none), lines in metres.
    walked : sequence of geometry
        Ways in metres; the names of their streets stand beside them.
    taken : sequence of geometry
        Room that is taken, in pixels.
    beside : float
        How far beside a way its street's name stands, points.
    """
    named = streets[streets["name"].fillna("") != ""]
    if named.empty:
        return
    ways = shapely.union_all(list(walked)).buffer(WALKED_M)
    drawn = _of_ways(canvas, walked, beside)
    font = canvas.font(POINTS)
    room = [*taken]
    for _, _, name, line, on_way in sorted(_longest(canvas, named, ways), key=lambda row: row[:3]):
        wide, high = font.getlength(name) + 8 * canvas.dot, (POINTS + 4) * canvas.dot
        for at, angle in _spots(canvas, line, wide, beside if on_way else 0.0):
            box = _turned(at, wide, high, angle)
            clear = canvas.frame.contains(box) and not any(box.intersects(other) for other in room)
            if clear and not box.intersects(drawn):
                _write(canvas, name, at, angle, (wide, high))
                room.append(box)
                break


def _of_ways(canvas: Canvas, walked: Sequence[shapely.Geometry], beside: float) -> shapely.Geometry:
    """The room of the ways themselves, in pixels."""
    lines = [shapely.LineString(canvas.at(way)) for way in walked]
    return shapely.union_all(lines).buffer((beside - POINTS / 2 - 3) * canvas.dot)


def _longest(
    canvas: Canvas, named: gpd.GeoDataFrame, ways: shapely.Geometry
) -> Iterator[tuple[bool, float, str, shapely.LineString, bool]]:
    """(not walked, −length, name, longest piece in the picture, walked) of each name."""
    for name, shapes in named.groupby("name").geometry:
        merged = shapely.line_merge(shapely.union_all(shapes.to_numpy()))
        parts = shapely.get_parts(shapely.intersection(merged, canvas.box))
        lines = [one for one in parts if one.geom_type == "LineString" and not one.is_empty]
        if lines:
            line = max(lines, key=lambda one: (shapely.length(one), one.wkt))
            walked = bool(shapely.length(line.intersection(ways)) > shapely.length(line) / 4)
            yield not walked, -float(shapely.length(line)), str(name), line, walked


def _spots(
    canvas: Canvas, line: shapely.LineString, wide: float, beside: float
) -> Iterator[tuple[Pixel, float]]:
    """(middle, angle) of straight parts of a line as long as `wide` pixels; beside it on either side."""
    length = shapely.length(line) / canvas.metres
    if length < wide:
        return
    for spot in SPOTS:
        start = min(max(spot * length - wide / 2, 0), length - wide)
        part = substring(line, start * canvas.metres, (start + wide) * canvas.metres)
        first, *_, last = canvas.at(part)
        if hypot(last[0] - first[0], last[1] - first[1]) < STRAIGHT * wide:
            continue
        # Read from the left, or from below where the street goes straight up.
        angle = degrees(atan2(last[1] - first[1], last[0] - first[0]))
        angle = angle - 180 if angle > 85 else angle + 180 if angle <= -95 else angle
        middle = (first[0] + last[0]) / 2, (first[1] + last[1]) / 2
        across = radians(angle + 90)
        for side in (-1, 1) if beside else (0,):
            away = side * beside * canvas.dot
            yield (middle[0] + away * cos(across), middle[1] + away * sin(across)), angle


def _turned(at: Pixel, wide: float, high: float, angle: float) -> shapely.Geometry:
    box = shapely.box(at[0] - wide / 2, at[1] - high / 2, at[0] + wide / 2, at[1] + high / 2)
    return affinity.rotate(box, angle, origin=at)


def _write(canvas: Canvas, words: str, at: Pixel, angle: float, room: tuple[float, float]) -> None:
    edge = 8 * canvas.dot
    tile = Image.new("RGBA", (ceil(room[0]) + edge, ceil(room[1]) + edge))
    ImageDraw.Draw(tile).text(
        (tile.width / 2, tile.height / 2),
        words,
        font=canvas.font(POINTS),
        fill=COLOUR,
        anchor="mm",
        stroke_width=2 * canvas.dot,
        stroke_fill=PAPER,
    )
    turned = tile.rotate(-angle, expand=True, resample=Image.Resampling.BICUBIC)
    canvas.image.paste(turned, (round(at[0] - turned.width / 2), round(at[1] - turned.height / 2)), turned)
