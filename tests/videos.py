"""Videos for tests: the sample clips decoded, spoilt on purpose, and coded again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

SAMPLES = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "video"
Image = NDArray[np.uint8]


def decoded(path: Path) -> list[Image]:
    """All pictures of a video, blue, green, red."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


def coded(
    path: Path,
    pictures: Sequence[Image],
    *,
    rate: int = 10,
    bits: int = 1_500_000,
    codec: str = "mpeg4",
    at: Callable[[int], float] | None = None,
) -> Path:
    """A video of these pictures, with a full picture each second; `at` gives the time of each, seconds."""
    height, width = pictures[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.bit_rate, stream.gop_size = bits, rate
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = number if at is None else round(at(number) * rate)
            frame.time_base = Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
