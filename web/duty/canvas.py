"""What a map is drawn on: a picture in pixels over a ground in metres."""

from __future__ import annotations

import shapely
from PIL import Image, ImageDraw, ImageFont

from web.fonts import picture_font
from web.sketch import FINE

Pixel = tuple[float, float]
LEAST_M = 200.0


class Canvas:
    """A picture that holds `shown`, and as much around it as its form leaves; north is up.

    Sizes are given in points, `sharp` pixels each; it is drawn `FINE` times as large still, and shrunk at the
    end, since Pillow's lines have no smooth edges of their own.

    Parameters
    ----------
    shown : geometry
        In metres; at least 200 m are shown.
    size : (int, int)
        Width and height in points.
    sharp : int
        Pixels a point.
    around : float
        Points left free around `shown`.
    ground : str
        Colour.
    """

    def __init__(
        self, shown: shapely.Geometry, size: tuple[int, int], *, sharp: int, around: float, ground: str
    ) -> None:
        self.size, self.sharp = size, sharp
        self.dot = FINE * sharp
        self.pixels = size[0] * self.dot, size[1] * self.dot
        west, south, east, north = shown.bounds
        wide, high = (side - 2 * around * self.dot for side in self.pixels)
        self.metres = max(max(east - west, LEAST_M) / wide, max(north - south, LEAST_M) / high)
        self._middle = (west + east) / 2, (south + north) / 2
        self.image = Image.new("RGB", self.pixels, ground)
        self.draw = ImageDraw.Draw(self.image)

    @property
    def box(self) -> shapely.Polygon:
        """The ground that is shown."""
        x, y = self._middle
        wide, high = (side / 2 * self.metres for side in self.pixels)
        return shapely.box(x - wide, y - high, x + wide, y + high)

    @property
    def frame(self) -> shapely.Polygon:
        """The picture, in pixels."""
        return shapely.box(0, 0, *self.pixels)

    def at(self, shape: shapely.Geometry) -> list[Pixel]:
        """Points of a shape on the picture."""
        points = shapely.get_coordinates(shape)
        x = self.pixels[0] / 2 + (points[:, 0] - self._middle[0]) / self.metres
        y = self.pixels[1] / 2 - (points[:, 1] - self._middle[1]) / self.metres
        return list(zip(x.tolist(), y.tolist(), strict=True))

    def metres_of(self, points: float) -> float:
        """How far so many points are on the ground."""
        return points * self.dot * self.metres

    def font(self, points: float, *, bold: bool = False) -> ImageFont.FreeTypeFont:
        """The Chinese font, so many points high."""
        return picture_font(round(points * self.dot), bold=bold)

    def lines(self, shapes: list[shapely.Geometry], colour: str, width: float) -> None:
        """Draw lines, `width` in points."""
        for shape in shapes:
            self.draw.line(self.at(shape), fill=colour, width=round(width * self.dot), joint="curve")

    def finished(self) -> Image.Image:
        """The picture in its own size, `sharp` pixels a point."""
        size = self.size[0] * self.sharp, self.size[1] * self.sharp
        return self.image.resize(size, Image.Resampling.LANCZOS)
