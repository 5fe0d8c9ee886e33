"""The Chinese fonts of the system, for pictures and papers that are drawn on the server."""

from __future__ import annotations

from pathlib import Path

from PIL import ImageFont

from geo.errors import LianfangError, Sentence

# The same family the pages name; `lianfang doctor` and the set-up look for it.
FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-{weight}.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-{weight}.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-{weight}.ttc",
)
# Which face of the collection has the forms of simplified Chinese.
SIMPLIFIED = 2


def font_path(*, bold: bool = False) -> Path:
    """The collection of faces in one weight.

    Raises
    ------
    LianfangError
        When no Chinese font is installed.
    """
    for pattern in FONTS:
        path = Path(pattern.format(weight="Bold" if bold else "Regular"))
        if path.exists():
            return path
    raise LianfangError(Sentence("no Chinese font is installed; install the package fonts-noto-cjk"))


def picture_font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """The font for Pillow, of a size in pixels."""
    return ImageFont.truetype(str(font_path(bold=bold)), size, index=SIMPLIFIED)
