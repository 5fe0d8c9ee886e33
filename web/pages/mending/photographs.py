"""Photographs that come with a proposed change."""

from __future__ import annotations

import io

from flask_babel import gettext
from PIL import Image, ImageOps, UnidentifiedImageError
from werkzeug.datastructures import FileStorage

from geo.errors import InputRefused

LARGEST_BYTES = 20 * 1024**2
# Enough to read a label on a pole; a phone's picture has ten times as many.
LONGEST_PX = 1280
MOST_PIXELS = 100_000_000


def small_photograph(given: FileStorage | None) -> bytes | None:
    """The picture as a small JPEG without what its camera wrote into it (place, time, owner), None for none.

    Raises
    ------
    InputRefused
        For a file that is no picture, or has too many bytes or pixels.
    """
    if given is None or not given.filename:
        return None
    content = given.stream.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise InputRefused(
            gettext(
                "The photograph has more than %(most)s MB; take a smaller one.", most=LARGEST_BYTES // 1024**2
            )
        )
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise InputRefused(gettext("The photograph has too many pixels; take a smaller one."))
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((LONGEST_PX, LONGEST_PX))
            made = io.BytesIO()
            # A new picture: nothing of the old one's metadata goes along.
            Image.frombytes("RGB", upright.size, upright.convert("RGB").tobytes()).save(
                made, "JPEG", quality=80
            )
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        raise InputRefused(
            gettext("The file is no photograph that can be read; give a JPEG or PNG.")
        ) from error
    return made.getvalue()
