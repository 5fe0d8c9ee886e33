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

from web.fonts import picture_font
from web.sketch import EDGE, FINE, INK, PAPER, dashes, draw_north, draw_scale, pieces

# Width, least and greatest height: for ground that is wider than high, and for other ground.
ACROSS, UPRIGHT = (1600, 700, 1060), (1300, 1000, 1300)
WIDER = 1.35
STRIP = 84
GROUND, QUIET = "#f6f7f7", "#59626a"
STREET, BORDER = "#d3d8db", "#a5568f"
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

    for line in pieces(shown.streets):
        draw.line(pixels(line), fill=STREET, width=3 * FINE)
    for edge in pieces(shown.borders.boundary):
        for dash in dashes(edge, metres * FINE):
            draw.line(pixels(dash), fill=BORDER, width=2 * FINE)
    for layer in shown.layers:
        for line in pieces(layer.shapes):
            draw.line(pixels(line), fill=layer.colour, width=round(layer.width * FINE), joint="curve")
        for point in layer.shapes[layer.shapes.geom_type == "Point"]:
            ((x, y),) = pixels(point)
            _dot(draw, (x, y), layer, FINE)
    whole = Image.new("RGB", (size[0], size[1] + STRIP), PAPER)
    whole.paste(image.resize(size, Image.Resampling.LANCZOS), (0, 0))
    pen = ImageDraw.Draw(whole)
    pen.rectangle((0, 0, size[0] - 1, size[1] - 1), outline=EDGE)
    draw_scale(pen, (30, size[1] - 34), metres * FINE, size[0] / 6, shown.metres, shown.kilometres)
    draw_north(pen, (size[0] - 46, 24), shown.north)
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


def _dot(draw: ImageDraw.ImageDraw, at: tuple[float, float], layer: Layer, fine: int) -> None:
    reach = (layer.width + 3) * fine
    box = (at[0] - reach, at[1] - reach, at[0] + reach, at[1] + reach)
    draw.ellipse(box, fill=layer.colour, outline=PAPER, width=2 * fine)


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
