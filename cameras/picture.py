"""What one picture tells about itself and the one before (视频质量诊断): the measures that are judged.

Pictures come from `cameras.frames.video` and leave as seven numbers; nothing of what they show is stored.
While a camera is watched, outlines of its scene are held, to notice that it was turned.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.diagnosis import Thresholds

#: 8-bit: (height, width, 3) in the order blue, green, red, or (height, width).
Image = NDArray[np.uint8]

#: Wider pictures are judged shrunk to this: twenty times as fast for 1080p, and what blurs or turns a picture
#: does it at every size (DOMAIN §3). Narrower ones are not stretched, which would blur them.
WIDTH_PX: Final = 640
#: The scene's outlines are compared at this width; a phase correlation finds fractions of a pixel.
OUTLINE_PX: Final = 320

# Length of the re-blur of `sharpness`, as in the paper.
_REBLUR_PX: Final = 11
# A slope of so many levels a pixel, after smoothing, is an edge; noise has none (docs/diagnosis.md).
_EDGE_LEVELS: Final = 3.0
# A picture with fewer edges than this share of its pixels shows nothing that could be sharp.
_FEWEST_EDGES: Final = 0.01
# Pixels are alike that differ by no more than what a coder rounds; the noise of a living sensor is above it.
_ALIKE_LEVELS: Final = 1
_BLOCK_PX: Final = 16
# Blocks darker or brighter than this are clipped, and clipping hides noise.
_CLIPPED: Final = (16.0, 240.0)
# Peaks of unrelated scenes stay below 0.13, those of one scene above 0.22, people before it or not
# (docs/diagnosis.md).
_LEAST_PEAK: Final = 0.17
# Spread of the colours below which a picture is grey: an infrared picture is another view of the same scene.
_LEAST_COLOUR: Final = 2.0

_LAPLACE: Final = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32)


@dataclass(frozen=True)
class Measures:
    """One judged picture, on the scales of `cameras.frames.columns.LIMITS`; NaN where it cannot be told."""

    luma: float
    contrast: float
    sharpness: float
    similarity: float
    noise: float
    cast: float
    shift: float


def shrunk(picture: Image, width_px: int = WIDTH_PX) -> Image:
    """A picture at most so wide, each pixel the mean of those it stands for."""
    height, width = picture.shape[:2]
    if width <= width_px:
        return picture
    size = (width_px, max(1, round(height * width_px / width)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def picked(picture: Image, width_px: int = WIDTH_PX) -> Image:
    """Single pixels of a picture in an even raster at most so wide: their noise is not averaged away."""
    height, width = picture.shape[:2]
    if width <= width_px:
        return picture
    size = (width_px, max(1, round(height * width_px / width)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)


def grey(picture: Image) -> Image:
    """Brightness of each pixel, levels 0 to 255 (ITU-R BT.601)."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def sharpness(levels: Image) -> float:
    """Points of 100: how much of its steps a grey picture loses when it is blurred once more.

    Returns
    -------
    float
        100 · (1 - blur), the blur being that of the worse of the two directions. In proportion less where
        fewer than 1 % of the pixels are edges, down to 0 where none is: a covered lens has nothing sharp.

    Notes
    -----
    F. Crété, T. Dolmière, P. Ladret, M. Nicolas, "The blur effect: perception and estimation with a new
    no-reference perceptual blur metric", Proc. SPIE 6492 (2007): 0 for the sharpest picture, 1 for the most
    blurred. Unlike the variance of the Laplacian it hardly depends on light, contrast and content. The
    weight for edges is our own.
    """
    plain = levels.astype(np.float32)
    blurs = []
    for kernel, (dx, dy) in (((_REBLUR_PX, 1), (1, 0)), ((1, _REBLUR_PX), (0, 1))):
        own = np.abs(cv2.Sobel(plain, cv2.CV_32F, dx, dy))
        again = np.abs(cv2.Sobel(cv2.blur(plain, kernel), cv2.CV_32F, dx, dy))
        steps = float(own.sum())
        lost = float(np.maximum(0.0, own - again).sum())
        blurs.append(1.0 - lost / steps if steps > 0 else 1.0)
    return 100.0 * (1.0 - max(blurs)) * min(1.0, _edge_share(plain) / _FEWEST_EDGES)


def _edge_share(plain: NDArray[np.float32]) -> float:
    smooth = cv2.GaussianBlur(plain, (0, 0), 1.0)
    across = np.abs(cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=1 / 8))
    down = np.abs(cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8))
    return float(np.mean(np.maximum(across, down) > _EDGE_LEVELS))


def noise(levels: Image) -> float:
    """Standard deviation of the noise of a grey picture, levels; NaN where all of it is black or white.

    Notes
    -----
    J. Immerkær, "Fast noise variance estimation", Computer Vision and Image Understanding 64 (1996),
    300-302: the mean absolute answer to a mask that plain steps and slopes leave at 0. Fine patterns do not,
    so the estimate is made of blocks of 16 pixels, and that of the plainest tenth is taken (derived here; on
    noise alone it reads 5 to 12 % low).
    """
    plain = levels.astype(np.float32)
    answer = np.abs(cv2.filter2D(plain, -1, _LAPLACE))[1:-1, 1:-1]
    inside = plain[1:-1, 1:-1]
    # A picture smaller than a block is one block.
    size = min(_BLOCK_PX, *inside.shape) if inside.size else 0
    if size == 0:
        return float("nan")
    means, light = _block_means(answer, size), _block_means(inside, size)
    open_blocks = means[(light >= _CLIPPED[0]) & (light <= _CLIPPED[1])]
    if not len(open_blocks):
        return float("nan")
    # A chessboard of single pixels is no noise; it would read beyond the scale.
    return min(255.0, float(np.sqrt(np.pi / 2) / 6 * np.quantile(open_blocks, 0.1)))


def _block_means(values: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    rows, columns = (n // size for n in values.shape)
    whole = values[: rows * size, : columns * size].reshape(rows, size, columns, size)
    return np.asarray(whole.mean(axis=(1, 3)).ravel(), dtype=np.float32)


def cast(picture: Image) -> float:
    """Distance of a picture's mean colour from grey in CIELAB (a*, b*), about 0 to 180.

    Notes
    -----
    F. Gasparini, R. Schettini, "Color balancing of digital photos using simple image statistics", Pattern
    Recognition 37 (2004), 1201-1217, section 2: the distance of the centre of the a*b* histogram from the
    neutral point. A lawn or a brick wall has some of it by nature.
    """
    # OpenCV has 8-bit a* and b* with 128 for 0.
    _, red, yellow, _ = cv2.mean(cv2.cvtColor(picture, cv2.COLOR_BGR2LAB))
    return float(np.hypot(red - 128.0, yellow - 128.0))


def similarity(levels: Image, before: Image) -> float:
    """Share of pixels that differ from those before by no more than one level, in [0, 1].

    Both grey, of one size, and `picked`, not `shrunk`. A frozen picture is coded again and again, and differs
    by what the coder rounds; a scene in which nothing moves still has the noise of its sensor.
    """
    return float(np.mean(cv2.absdiff(levels, before) <= _ALIKE_LEVELS))


def outlines(levels: Image) -> NDArray[np.float32]:
    """Steepness of a grey picture at most `OUTLINE_PX` wide, around 0: what `displacement` compares."""
    plain = shrunk(levels, OUTLINE_PX).astype(np.float32)
    steep = cv2.magnitude(cv2.Sobel(plain, cv2.CV_32F, 1, 0), cv2.Sobel(plain, cv2.CV_32F, 0, 1))
    return np.asarray(steep - steep.mean(), dtype=np.float32)


def displacement(reference: NDArray[np.float32], now: NDArray[np.float32]) -> tuple[float, float] | None:
    """Pixels right and down by which a scene has moved between two `outlines` of one size; None if not found.

    Notes
    -----
    Phase correlation: C. Kuglin, D. Hines, "The phase correlation image alignment method", IEEE Conf. on
    Cybernetics and Society (1975), as `cv2.phaseCorrelate` has it, with a Hann window. Whatever moves before
    the scene makes peaks of its own, which are lower than the scene's.
    """
    height, width = reference.shape
    # Nothing can be laid over another in less; OpenCV has no window for a single row either.
    if min(height, width) < _BLOCK_PX:
        return None
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    (right, down), peak = cv2.phaseCorrelate(reference, now, window)
    return (right, down) if peak >= _LEAST_PEAK else None


@dataclass
class _Scene:
    """Outlines to compare with, and where they stood against the first ones of all, pixels."""

    outlines: NDArray[np.float32]
    right: float = 0.0
    down: float = 0.0
    age: int = 0


@dataclass
class Watcher:
    """Judges the pictures of one camera, one after another.

    Parameters
    ----------
    fixed : bool
        Whether the camera stands still and never turns by itself. Of another no shift is measured.
    renewed_after : int
        The scene is compared with outlines of so many pictures ago at most, as long as it is found again, so
        that light and leaves may change; what it had moved until then is added.
    strange_after : int
        A scene of which nothing is found again counts as wholly shifted (1) when so many pictures one after
        another agree on the new one.
    limits : Thresholds
        The first picture that is not called dark, bright, flat or blurred is what the scene should look like.
    """

    fixed: bool = True
    renewed_after: int = 600
    strange_after: int = 10
    limits: Thresholds = field(default_factory=Thresholds)
    _before: Image | None = None
    _scenes: dict[bool, _Scene] = field(default_factory=dict)
    _strange: NDArray[np.float32] | None = None
    _strangers: int = 0

    def measures(self, picture: Image, *, line_px: int = 1) -> Measures:
        """Measures of the next picture.

        Parameters
        ----------
        picture : (h, w, 3) array of uint8
            Blue, green, red.
        line_px : int
            How many lines of the screen a row stands for: 2 for a field of an interlaced picture.

        Returns
        -------
        Measures
            Similarity is NaN for the first picture, and where the size has changed; shift is NaN until there
            is a scene to compare with, and where it is not found again.
        """
        raster = grey(picked(picture))
        small = shrunk(picture)
        levels = grey(small)
        mean, spread = cv2.meanStdDev(levels)
        alike = np.nan
        if self._before is not None and self._before.shape == raster.shape:
            alike = similarity(raster, self._before)
        self._before = raster
        found = Measures(
            # The mean of a white picture is a hair above white.
            luma=min(255.0, float(mean[0, 0])),
            contrast=float(spread[0, 0]),
            sharpness=sharpness(levels),
            similarity=alike,
            noise=noise(levels),
            cast=cast(small),
            shift=np.nan,
        )
        if not self.fixed:
            return found
        return Measures(**{**vars(found), "shift": self._shift(small, levels, found, line_px)})

    def _shift(self, small: Image, levels: Image, found: Measures, line_px: int) -> float:
        now = outlines(levels)
        is_coloured = _is_coloured(small)
        scene = self._scenes.get(is_coloured)
        if scene is None or scene.outlines.shape != now.shape:
            if self._is_clear(found):
                other = self._scenes.get(not is_coloured)
                # By night as by day: what had moved by then stays moved.
                same = other is not None and other.outlines.shape == now.shape
                self._scenes[is_coloured] = _Scene(now, other.right, other.down) if same else _Scene(now)  # type: ignore[union-attr]
            return np.nan
        moved = displacement(scene.outlines, now)
        if moved is None:
            return self._unknown(now)
        self._strange, self._strangers = None, 0
        right, down = scene.right + moved[0], scene.down + moved[1]
        scene.age += 1
        if scene.age >= self.renewed_after and self._is_clear(found):
            self._scenes[is_coloured] = _Scene(now, right, down)
        return min(1.0, float(np.hypot(right, down * line_px)) / now.shape[1])

    def _unknown(self, now: NDArray[np.float32]) -> float:
        """NaN, or 1 once so many pictures agree on a scene in which nothing is found again."""
        strange = self._strange
        if strange is not None and strange.shape == now.shape and displacement(strange, now) is not None:
            self._strangers += 1
        else:
            self._strange, self._strangers = now, 1
        return 1.0 if self._strangers >= self.strange_after else float("nan")

    def _is_clear(self, found: Measures) -> bool:
        limits = self.limits
        return (
            limits.dark_luma <= found.luma <= limits.bright_luma
            and found.contrast >= limits.flat_contrast
            and found.sharpness >= limits.blurred_sharpness
        )


def _is_coloured(small: Image) -> bool:
    """Whether a picture has colours at all."""
    lab: Any = cv2.cvtColor(small, cv2.COLOR_BGR2LAB)
    _, spread = cv2.meanStdDev(lab)
    return bool(max(spread[1, 0], spread[2, 0]) >= _LEAST_COLOUR)
