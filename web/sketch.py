"""Strokes that the maps drawn on the server share: pieces of lines, dashes, the scale, the arrow north."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from PIL import ImageDraw
from shapely.ops import substring

from web.fonts import picture_font

# Drawn twice as large and shrunk: Pillow's lines have no smooth edges of their own.
FINE = 2
PAPER, INK, EDGE = "#ffffff", "#1b1f23", "#8b949b"


def pieces(shapes: gpd.GeoSeries) -> list[shapely.Geometry]:
    """Single lines of these shapes; what is missing, empty or a point is left out."""
    kept = shapes[shapes.notna() & ~shapes.is_empty]
    return [piece for piece in kept.explode(index_parts=False) if len(shapely.get_coordinates(piece)) > 1]


def dashes(line: shapely.Geometry, metres: float) -> list[shapely.Geometry]:
    """Pieces of a line, 12 pixels each with 8 between them, at so many metres a pixel."""
    starts = np.arange(0.0, shapely.length(line), 20 * metres)
    return [substring(line, float(at), float(at) + 12 * metres) for at in starts]


def scale_length(metres_a_pixel: float, most_px: float) -> int:
    """The longest of 1, 2 or 5 times a power of ten, in metres, that `most_px` have room for; at least 1."""
    most = metres_a_pixel * most_px
    power = 10 ** int(np.floor(np.log10(max(most, 1.0))))
    return int(max(n * power for n in (1, 2, 5) if n == 1 or n * power <= most))


def draw_scale(
    pen: ImageDraw.ImageDraw,
    at: tuple[float, float],
    metres_a_pixel: float,
    most_px: float,
    metres: str,
    kilometres: str,
    *,
    dot: int = 1,
) -> None:
    """A bar as long as a round number of metres, from its left end on; "%s m" and "%s km" say how many.

    `dot` is how many pixels a point of it has.
    """
    length = scale_length(metres_a_pixel, most_px)
    wide = round(length / metres_a_pixel)
    words = kilometres % (length // 1000) if length >= 1000 else metres % length
    x, y = at
    box = (x - 14 * dot, y - 34 * dot, x + max(wide, 60 * dot) + 14 * dot, y + 18 * dot)
    pen.rectangle(box, fill=PAPER, outline=EDGE, width=dot)
    bar = [(x, y - 8 * dot), (x, y + 4 * dot), (x + wide, y + 4 * dot), (x + wide, y - 8 * dot)]
    pen.line(bar, fill=INK, width=3 * dot)
    pen.text((x + wide / 2, y - 14 * dot), words, font=picture_font(20 * dot), fill=INK, anchor="mm")


def draw_north(pen: ImageDraw.ImageDraw, at: tuple[float, float], words: str, *, dot: int = 1) -> None:
    """An arrow whose tip is `at`, with the letter below; `dot` pixels a point."""
    x, y = at
    box = (x - 26 * dot, y - 8 * dot, x + 26 * dot, y + 76 * dot)
    pen.rectangle(box, fill=PAPER, outline=EDGE, width=dot)
    arrow = ((0, 0), (-13, 38), (0, 29), (13, 38))
    pen.polygon([(x + dx * dot, y + dy * dot) for dx, dy in arrow], fill=INK)
    pen.text((x, y + 58 * dot), words, font=picture_font(24 * dot, bold=True), fill=INK, anchor="mm")
