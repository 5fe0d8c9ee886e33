"""The map of a report: where gaps were, by who acts, with legend, scale and north, as one picture.

Drawn on the server from what is stored, so that page, paper and workbook show the same, also where no base
map and no browser is at hand.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from shapely.ops import substring

from web.fonts import picture_font

# Width, least and greatest height: for ground that is wider than high, and for other ground.
ACROSS, UPRIGHT = (1600, 700, 1060), (1300, 1000, 1300)
WIDER = 1.35
STRIP = 84
# Drawn twice as large and shrunk: Pillow's lines have no smooth edges of their own.
FINE = 2
GROUND, PAPER, INK, QUIET = "#f6f7f7", "#ffffff", "#1b1f23", "#59626a"
STREET, BORDER, EDGE = "#d3d8db", "#a5568f", "#8b949b"
AROUND = 1.06
LEAST_M = 200.0


@dataclass(frozen=True)
class Layer:
    """What is drawn in one colour: `width` of lines in pixels, and the words beside it in the legend."""

    shapes: gpd.GeoSeries
    colour: str
    width: float
    words: str


@dataclass(frozen=True)
class MapPicture:
    """What the picture shows; geometries in one projected CRS in metres, texts in the reader's language.

    Parameters
    ----------
    layers : sequence of Layer
        The first lies lowest; lines and points.
    streets, borders : GeoSeries
        Streets to see where one is; areas, whose outline is drawn.
    streets_say, borders_say : str
        For the legend.
    metres, kilometres : str
        "%s m" and "%s km" in the reader's language.
    source : str
        Whose data it is.
    """

    layers: Sequence[Layer]
    streets: gpd.GeoSeries
    borders: gpd.GeoSeries
    streets_say: str
    borders_say: str
    metres: str
    kilometres: str
    north: str
    source: str


def map_picture(shown: MapPicture) -> bytes:
    """The picture as PNG, the legend below the ground; empty where there is nothing to draw."""
    frame = _frame(shown)
    if frame is None:
        return b""
    west, north, metres, size = frame
    image = Image.new("RGB", (size[0] * FINE, size[1] * FINE), GROUND)
    draw = ImageDraw.Draw(image)

    def pixels(shape: shapely.Geometry) -> list[tuple[float, float]]:
        points: NDArray[np.float64] = shapely.get_coordinates(shape)
        x, y = (points[:, 0] - west) / metres, (north - points[:, 1]) / metres
        return list(zip(x.tolist(), y.tolist(), strict=True))

    for line in _lines(shown.streets):
        draw.line(pixels(line), fill=STREET, width=3 * FINE)
    for edge in _lines(shown.borders.boundary):
        for dash in _dashes(edge, metres * FINE):
            draw.line(pixels(dash), fill=BORDER, width=2 * FINE)
    for layer in shown.layers:
        for line in _lines(layer.shapes):
            draw.line(pixels(line), fill=layer.colour, width=round(layer.width * FINE), joint="curve")
        for point in layer.shapes[layer.shapes.geom_type == "Point"]:
            ((x, y),) = pixels(point)
            _dot(draw, (x, y), layer, FINE)
    whole = Image.new("RGB", (size[0], size[1] + STRIP), PAPER)
    whole.paste(image.resize(size, Image.Resampling.LANCZOS), (0, 0))
    pen = ImageDraw.Draw(whole)
    pen.rectangle((0, 0, size[0] - 1, size[1] - 1), outline=EDGE)
    _scale(pen, metres * FINE, size, shown)
    _north(pen, size, shown.north)
    _legend(pen, size, shown)
    target = io.BytesIO()
    # Few colours: a third of the size, and no difference to be seen.
    whole.quantize(128, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(target, "PNG")
    return target.getvalue()


def _frame(shown: MapPicture) -> tuple[float, float, float, tuple[int, int]] | None:
    """Western and northern edge in metres, metres a pixel of the fine picture, and the size of the other."""
    parts = [shown.borders, shown.streets, *(layer.shapes for layer in shown.layers)]
    boxes = np.array([part.total_bounds for part in parts if len(part)])
    if not len(boxes):
        return None
    west, south = np.nanmin(boxes[:, :2], axis=0)
    east, north = np.nanmax(boxes[:, 2:], axis=0)
    wide, high = max(east - west, LEAST_M), max(north - south, LEAST_M)
    across, least, most = ACROSS if wide >= WIDER * high else UPRIGHT
    size = across, round(min(max(across * high / wide, least), most))
    metres = float(max(wide / (size[0] * FINE), high / (size[1] * FINE)) * AROUND)
    return (
        float(west + east) / 2 - metres * size[0] * FINE / 2,
        float(south + north) / 2 + metres * size[1] * FINE / 2,
        metres,
        size,
    )


def _lines(shapes: gpd.GeoSeries) -> list[shapely.Geometry]:
    kept = shapes[shapes.notna() & ~shapes.is_empty]
    return [piece for piece in kept.explode(index_parts=False) if len(shapely.get_coordinates(piece)) > 1]


def _dashes(line: shapely.Geometry, metres: float) -> list[shapely.Geometry]:
    """Pieces of a line, 12 pixels each with 8 between them."""
    starts = np.arange(0.0, shapely.length(line), 20 * metres)
    return [substring(line, float(at), float(at) + 12 * metres) for at in starts]


def _dot(draw: ImageDraw.ImageDraw, at: tuple[float, float], layer: Layer, fine: int) -> None:
    reach = (layer.width + 3) * fine
    box = (at[0] - reach, at[1] - reach, at[0] + reach, at[1] + reach)
    draw.ellipse(box, fill=layer.colour, outline=PAPER, width=2 * fine)


def scale_length(metres_a_pixel: float, most_px: float) -> int:
    """The longest of 1, 2 or 5 times a power of ten, in metres, that `most_px` have room for; at least 1."""
    most = metres_a_pixel * most_px
    power = 10 ** int(np.floor(np.log10(max(most, 1.0))))
    return int(max(n * power for n in (1, 2, 5) if n == 1 or n * power <= most))


def _scale(pen: ImageDraw.ImageDraw, metres: float, size: tuple[int, int], shown: MapPicture) -> None:
    length = scale_length(metres, size[0] / 6)
    wide = round(length / metres)
    words = shown.kilometres % (length // 1000) if length >= 1000 else shown.metres % length
    x, y = 30, size[1] - 34
    pen.rectangle((x - 14, y - 34, x + max(wide, 60) + 14, y + 18), fill=PAPER, outline=EDGE)
    pen.line([(x, y - 8), (x, y + 4), (x + wide, y + 4), (x + wide, y - 8)], fill=INK, width=3)
    pen.text((x + wide / 2, y - 14), words, font=picture_font(20), fill=INK, anchor="mm")


def _north(pen: ImageDraw.ImageDraw, size: tuple[int, int], words: str) -> None:
    x, y = size[0] - 46, 24
    pen.rectangle((x - 26, y - 8, x + 26, y + 76), fill=PAPER, outline=EDGE)
    pen.polygon([(x, y), (x - 13, y + 38), (x, y + 29), (x + 13, y + 38)], fill=INK)
    pen.text((x, y + 58), words, font=picture_font(24, bold=True), fill=INK, anchor="mm")


def _legend(pen: ImageDraw.ImageDraw, size: tuple[int, int], shown: MapPicture) -> None:
    """One line of what the lines mean, as large as it has room for; below it whose data it is."""
    entries = [(layer.colour, layer.width, layer.words) for layer in reversed(shown.layers)]
    entries += [(STREET, 3.0, shown.streets_say), (BORDER, 2.0, shown.borders_say)]
    taken = len(entries) * 76
    points = 23
    while points > 14:
        if taken + sum(picture_font(points).getlength(words) for _, _, words in entries) <= size[0]:
            break
        points -= 1
    font, x, y = picture_font(points), 6.0, size[1] + 28
    for colour, width, words in entries:
        parts = [(x, x + 11), (x + 19, x + 30)] if colour == BORDER else [(x, x + 30)]
        for begins, ends in parts:
            pen.line([(begins, y), (ends, y)], fill=colour, width=round(width))
        pen.text((x + 40, y), words, font=font, fill=INK, anchor="lm")
        x += 40 + font.getlength(words) + 36
    pen.text((6, size[1] + 64), shown.source, font=picture_font(18), fill=QUIET, anchor="lm")
