"""A map of routes for paper and phone, drawn on the server: streets with their names, ways, numbered stops.

It asks for no base map and no browser, so that a sheet can be printed where neither is at hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import atan2, cos, hypot, pi, radians, sin

import geopandas as gpd
import shapely
from PIL import Image
from shapely.ops import substring

from web.duty.canvas import Canvas, Pixel
from web.duty.streetnames import write_names
from web.sketch import INK, PAPER, dashes, draw_north, draw_scale, pieces

GROUND, STREET, KERB, BORDER = "#f2f3f4", "#ffffff", "#cfd4d8", "#a5568f"
MEETING, LETTER = "#0b3d66", 14.0
# Points.
AROUND, WAY, BESIDE, ARROW_EVERY, ARROW, RADIUS = 46.0, 4.5, 4.0, 120.0, 9.0, 16.0
BASE, BASE_WORDS, NAMES_BESIDE = 9.0, 21, 24.0
# Room of the arrow and of the scale in their corners.
NORTH, SCALE = (92.0, 112.0), (250.0, 84.0)


@dataclass(frozen=True)
class Route:
    """Ways of one team in the order they are gone, in metres; `base` where they begin, None to draw none."""

    colour: str
    ways: Sequence[shapely.LineString]
    base: shapely.Point | None = None


@dataclass(frozen=True)
class Mark:
    """A stop by its number."""

    number: int
    point: shapely.Point
    colour: str = INK


@dataclass(frozen=True)
class Letter:
    """A place where teams meet, by its letter."""

    label: str
    point: shapely.Point


@dataclass(frozen=True, eq=False)
class RouteMap:
    """What is drawn; geometries in one projected CRS in metres, texts in the reader's language.

    Parameters
    ----------
    size : (int, int)
        Width and height in points; `sharp` pixels each.
    shown : geometry
        What must be in the picture.
    streets : GeoDataFrame
        name (or None), geometry.
    area : geometry
        Of the zone; its border is drawn.
    metres, kilometres : str
        "%s m" and "%s km".
    north, muster : str
        The letter below the arrow, and the word at a base.
    letters : sequence of Letter
        Those outside the picture are left out.
    """

    size: tuple[int, int]
    sharp: int
    shown: shapely.Geometry
    streets: gpd.GeoDataFrame
    area: shapely.Geometry
    routes: Sequence[Route]
    marks: Sequence[Mark]
    metres: str
    kilometres: str
    north: str
    muster: str
    letters: Sequence[Letter] = ()


def route_map(shown: RouteMap) -> Image.Image:
    """The picture, of the size asked for; the same for the same map.

    Raises
    ------
    LianfangError
        When no Chinese font is installed.
    """
    canvas = Canvas(shown.shown, shown.size, sharp=shown.sharp, around=AROUND, ground=GROUND)
    near = shown.streets[shown.streets.intersects(canvas.box)]
    streets = pieces(near.geometry)
    canvas.lines(streets, KERB, 9)
    canvas.lines(streets, STREET, 6)
    for edge in pieces(gpd.GeoSeries([shown.area.boundary])):
        canvas.lines(dashes(edge, canvas.metres * canvas.dot), BORDER, 2)
    for route in shown.routes:
        _ways(canvas, route)
    letters = [one for one in shown.letters if canvas.box.contains(one.point)]
    spots = _spots(canvas, [*shown.marks, *letters])
    circles = [shapely.Point(at).buffer(RADIUS * canvas.dot) for at in spots]
    ways = [way for route in shown.routes for way in route.ways]
    full = [*circles, *(shapely.LineString(canvas.at(way)) for way in ways)]
    arrow = _corner(canvas, NORTH, ("ne", "nw", "se", "sw"), full)
    bar = _corner(canvas, SCALE, ("sw", "se", "nw", "ne"), [*full, arrow])
    taken = [arrow, bar, *circles]
    for route in shown.routes:
        if route.base is not None:
            taken.append(_base(canvas, route.base, shown.muster, taken))
    write_names(canvas, near, ways, taken, beside=NAMES_BESIDE)
    for mark, at in zip(shown.marks, spots, strict=False):
        _mark(canvas, mark, at)
    for letter, at in zip(letters, spots[len(shown.marks) :], strict=True):
        _letter(canvas, letter, at)
    west, _, east, north = bar.bounds
    dot, length = canvas.dot, (east - west) - 60 * canvas.dot
    at = (west + 30 * dot, north - 34 * dot)
    draw_scale(canvas.draw, at, canvas.metres, length, shown.metres, shown.kilometres, dot=dot)
    west, south, east, _ = arrow.bounds
    draw_north(canvas.draw, ((west + east) / 2, south + 24 * dot), shown.north, dot=dot)
    return canvas.finished()


def _corner(
    canvas: Canvas, size: tuple[float, float], order: Sequence[str], full: Sequence[shapely.Geometry]
) -> shapely.Polygon:
    """The first corner in which so many points across and down are free; the first where none is."""
    (wide, high), (right, bottom) = (side * canvas.dot for side in size), canvas.pixels
    rooms = {
        name: shapely.box(x, y, x + wide, y + high)
        for name, x, y in (
            ("nw", 0, 0),
            ("ne", right - wide, 0),
            ("sw", 0, bottom - high),
            ("se", right - wide, bottom - high),
        )
    }
    free = (name for name in order if not any(rooms[name].intersects(one) for one in full))
    return rooms[next(free, order[0])]


def _ways(canvas: Canvas, route: Route) -> None:
    """The ways, each kept to the right as one walks, so that there and back are two lines; arrows on them."""
    beside, every = canvas.metres_of(BESIDE), canvas.metres_of(ARROW_EVERY)
    lines = [one for way in route.ways for one in _to_the_right(way, beside)]
    canvas.lines(lines, PAPER, WAY + 3)
    canvas.lines(lines, route.colour, WAY)
    for line in lines:
        length = float(shapely.length(line))
        count = max(1, int(length / every)) if length >= every / 2 else 0
        for n in range(count):
            at, reach = (n + 0.5) * length / count, every / 40
            ends = canvas.at(substring(line, max(at - reach, 0), min(at + reach, length)))
            _arrow(canvas, ends[0], ends[-1])


def _to_the_right(way: shapely.LineString, metres: float) -> list[shapely.Geometry]:
    if shapely.length(way) <= 2 * metres:
        return [way]
    moved = shapely.offset_curve(way, -metres, join_style="bevel")
    found = [one for one in shapely.get_parts(moved) if one.geom_type == "LineString" and not one.is_empty]
    return found or [way]


def _arrow(canvas: Canvas, start: Pixel, end: Pixel) -> None:
    angle = atan2(end[1] - start[1], end[0] - start[0])
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    reach = ARROW * canvas.dot
    shape = ((0.0, 1.0), (2.5, 0.9), (pi, 0.35), (-2.5, 0.9))
    points = [
        (x + reach * far * cos(angle + turn), y + reach * far * sin(angle + turn)) for turn, far in shape
    ]
    canvas.draw.polygon(points, fill=PAPER, outline=INK, width=canvas.dot)


def _spots(canvas: Canvas, marks: Sequence[Mark | Letter]) -> list[Pixel]:
    """Where the numbers stand: at their stops, or beside them where an earlier one stands there."""
    stands: list[Pixel] = []
    apart, edge = (2 * RADIUS + 3) * canvas.dot, (RADIUS + 2) * canvas.dot
    inside = shapely.box(edge, edge, canvas.pixels[0] - edge, canvas.pixels[1] - edge)
    for mark in marks:
        own = canvas.at(mark.point)[0]
        free = (
            at
            for at in _rings(own, apart)
            if inside.covers(shapely.Point(at))
            and all(hypot(at[0] - x, at[1] - y) >= apart for x, y in stands)
        )
        stands.append(next(free, own))
    return stands


def _rings(at: Pixel, apart: float) -> Iterator[Pixel]:
    """Where a number may stand, the nearest first."""
    yield at
    for ring in (1.0, 1.6, 2.3, 3.0):
        for turn in range(12):
            angle = radians(30 * turn - 60)
            yield at[0] + ring * apart * cos(angle), at[1] + ring * apart * sin(angle)


def _mark(canvas: Canvas, mark: Mark, at: Pixel) -> None:
    dot, own = canvas.dot, canvas.at(mark.point)[0]
    if own != at:
        canvas.draw.line([own, at], fill=INK, width=2 * dot)
        canvas.draw.ellipse(_square(own, 4 * dot), fill=INK)
    canvas.draw.ellipse(_square(at, RADIUS * dot), fill=PAPER, outline=mark.colour, width=3 * dot)
    font = canvas.font(20 if mark.number < 100 else 15, bold=True)
    canvas.draw.text(at, str(mark.number), font=font, fill=INK, anchor="mm")


def _letter(canvas: Canvas, letter: Letter, at: Pixel) -> None:
    dot, own = canvas.dot, canvas.at(letter.point)[0]
    if own != at:
        canvas.draw.line([own, at], fill=INK, width=2 * dot)
        canvas.draw.ellipse(_square(own, 4 * dot), fill=INK)
    canvas.draw.rectangle(_square(at, LETTER * dot), fill=MEETING, outline=PAPER, width=2 * dot)
    font = canvas.font(20 if len(letter.label) == 1 else 15, bold=True)
    canvas.draw.text(at, letter.label, font=font, fill=PAPER, anchor="mm")


def _base(
    canvas: Canvas, base: shapely.Point, words: str, taken: Sequence[shapely.Geometry]
) -> shapely.Geometry:
    """A square with a word beside it; answers the room it takes."""
    dot = canvas.dot
    x, y = canvas.at(base)[0]
    square = _square((x, y), BASE * dot)
    canvas.draw.rectangle(square, fill=INK, outline=PAPER, width=2 * dot)
    font = canvas.font(BASE_WORDS, bold=True)
    wide, high = font.getlength(words) / 2, BASE_WORDS * dot / 2
    gap = (BASE + 5) * dot
    spots = ((x + gap + wide, y), (x - gap - wide, y), (x, y - gap - high), (x, y + gap + high))
    rooms = [shapely.box(cx - wide, cy - high, cx + wide, cy + high) for cx, cy in spots]
    fits = (
        n
        for n, room in enumerate(rooms)
        if canvas.frame.contains(room) and not any(room.intersects(other) for other in taken)
    )
    best = next(fits, 0)
    canvas.draw.text(
        spots[best], words, font=font, fill=INK, anchor="mm", stroke_width=3 * dot, stroke_fill=PAPER
    )
    return shapely.union_all([rooms[best], shapely.box(*square)])


def _square(at: Pixel, reach: float) -> tuple[float, float, float, float]:
    return at[0] - reach, at[1] - reach, at[0] + reach, at[1] + reach
