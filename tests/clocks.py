"""Pictures with a clock written into them, as cameras do."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont
from videos import Image

_DAYS = "一二三四五六日"
_SHORT = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
#: Ways in which cameras write a time.
FORMATS: dict[str, Callable[[datetime], str]] = {
    "iso": lambda d: f"{d:%Y-%m-%d %H:%M:%S}",
    "slashes": lambda d: f"{d:%Y/%m/%d %H:%M:%S}",
    "iso, weekday": lambda d: f"{d:%Y-%m-%d} 星期{_DAYS[d.weekday()]} {d:%H:%M:%S}",
    "chinese": lambda d: f"{d:%Y年%m月%d日 %H:%M:%S}",
    "chinese, weekday": lambda d: f"{d:%Y年%m月%d日} 星期{_DAYS[d.weekday()]} {d:%H:%M:%S}",
    "year last": lambda d: f"{d:%m-%d-%Y} {_SHORT[d.weekday()]} {d:%H:%M:%S}",
}


@cache
def _font(px: int) -> ImageFont.FreeTypeFont:
    """The Chinese font that set-up installs, or whichever it found in its place."""
    noto = sorted(Path("/usr/share/fonts/opentype/noto").glob("NotoSansCJK-Regular*"))
    if noto:
        return ImageFont.truetype(str(noto[0]), px)
    known = subprocess.run(["fc-list", ":lang=zh-cn", "file"], capture_output=True, text=True, check=True)
    return ImageFont.truetype(sorted(known.stdout.split(":"))[0].strip(), px)


def _place(picture: Image, corner: str, width: int, height: int) -> tuple[int, int]:
    away = max(3, picture.shape[0] // 40)
    left = away if corner[1] == "l" else picture.shape[1] - away - width
    top = away if corner[0] == "t" else picture.shape[0] - away - height
    return left, top


def written(picture: Image, text: str, px: int, corner: str = "tl", *, outlined: bool = True) -> Image:
    """White letters of a TrueType font `px` high, digits 0.73 of it, with a black outline or without."""
    drawn = Pillow.fromarray(picture[:, :, ::-1])
    pen = ImageDraw.Draw(drawn)
    stroke = max(1, px // 14) if outlined else 0
    left, top, right, bottom = pen.textbbox((0, 0), text, font=_font(px), stroke_width=stroke)
    x, y = _place(picture, corner, round(right - left), round(bottom - top))
    pen.text(
        (x - left, y - top),
        text,
        font=_font(px),
        fill=(255, 255, 255),
        stroke_width=stroke,
        stroke_fill=(0, 0, 0),
    )
    return np.ascontiguousarray(np.asarray(drawn)[:, :, ::-1])


def plotted(picture: Image, text: str, px: int, corner: str = "tl") -> Image:
    """White strokes of OpenCV's plotter font with digits `px` high and a black outline; no Chinese."""
    made, thick, size = picture.copy(), max(1, round(px / 14)), px / 22
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, thick)
    x, y = _place(picture, corner, width, height)
    for colour, more in (((0, 0, 0), 2), ((255, 255, 255), 0)):
        cv2.putText(
            made,
            text,
            (x, y + height),
            cv2.FONT_HERSHEY_SIMPLEX,
            size,
            colour,
            thick + more,
            cv2.LINE_AA,
        )
    return made
