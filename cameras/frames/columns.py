"""Frame metadata as columns: what a row may hold, its limits, and how a bad one is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta, tzinfo
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
Int64Array = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

#: A missing on-screen time. Real ones may be negative: a recorder that lost its clock shows 1970 or before.
NO_TIME: Final = -1

#: Values of `event`. A loss event says that the source lost the camera's signal at `captured_ms`.
NO_EVENT, LOST_EVENT = 0, 1
EVENT_CODES: Final[Mapping[str, int]] = MappingProxyType({"": NO_EVENT, "none": NO_EVENT, "lost": LOST_EVENT})


@dataclass(frozen=True)
class Limit:
    """The range of one number, ends included unless said otherwise, and what to do about a value outside."""

    low: float
    high: float
    remedy: str
    low_open: bool = False

    def __str__(self) -> str:
        return f"{'(' if self.low_open else '['}{self.low:g}, {self.high:g}]"

    def admits(self, values: FloatArray) -> BoolArray:
        """Whether each value is finite and inside."""
        above = values > self.low if self.low_open else values >= self.low
        return above & (values <= self.high)


_EMPTY = "correct it or leave it empty"

#: Numbers of a frame and their limits. The ranges of luma, contrast, sharpness and similarity are those of
#: the scales that the diagnosis thresholds are given on (DOMAIN §5).
LIMITS: Final[Mapping[str, Limit]] = MappingProxyType(
    {
        "azimuth_deg": Limit(0, 360, "give degrees clockwise from north or leave it empty"),
        "tilt_deg": Limit(-90, 90, "give degrees below the horizon or leave it empty"),
        "hfov_deg": Limit(0, 360, "give the horizontal field of view in degrees or leave it empty", True),
        "vfov_deg": Limit(0, 180, "give the vertical field of view in degrees or leave it empty", True),
        "width_px": Limit(1, 100_000, "give the picture's width in pixels or leave it empty"),
        "height_px": Limit(1, 100_000, "give the picture's height in pixels or leave it empty"),
        "luma": Limit(0, 255, f"mean brightness of an 8-bit picture: {_EMPTY}"),
        "contrast": Limit(0, 255, f"spread of an 8-bit picture: {_EMPTY}"),
        "sharpness": Limit(0, 100, f"points of 100: {_EMPTY}"),
        "similarity": Limit(0, 1, f"share of the picture like the frame before, not percent: {_EMPTY}"),
        "noise": Limit(0, 255, f"spread of the noise of an 8-bit picture: {_EMPTY}"),
        "cast": Limit(0, 255, f"distance of the mean colour from grey, of an 8-bit picture: {_EMPTY}"),
        "shift": Limit(0, 1, f"share of the picture's width by which the scene has moved: {_EMPTY}"),
        "lon": Limit(-180, 180, "give degrees, longitude and latitude not swapped, or leave both empty"),
        "lat": Limit(-90, 90, "give degrees, longitude and latitude not swapped, or leave both empty"),
        "altitude_m": Limit(-1_000, 100_000, f"metres above sea level: {_EMPTY}"),
        "height_m": Limit(0, 100_000, f"metres above the ground in view: {_EMPTY}"),
    }
)

#: Every heading of our own format, in the order in which it is written.
COLUMNS: Final = (
    "camera",
    "captured_at",
    "azimuth_deg",
    "tilt_deg",
    "hfov_deg",
    "vfov_deg",
    "width_px",
    "height_px",
    "luma",
    "contrast",
    "sharpness",
    "similarity",
    "noise",
    "cast",
    "shift",
    "osd_at",
    "lon",
    "lat",
    "altitude_m",
    "height_m",
    "event",
    "source",
)
REQUIRED: Final = ("camera", "captured_at")


@dataclass(frozen=True, eq=False)
class FrameBatch:
    """Frames as columns of one length.

    Parameters
    ----------
    camera : (n,) array of int64
        Camera ids.
    source : (n,) array of int32
        Source ids.
    captured_ms, osd_ms : (n,) array of int64
        Epoch milliseconds, UTC; the on-screen time is `NO_TIME` where missing.
    azimuth_deg, tilt_deg, hfov_deg, vfov_deg, width_px, height_px : (n,) array of float64
        Measured pose and picture, NaN where missing; degrees, azimuth clockwise from north in [0, 360), tilt
        positive downwards; pixels.
    luma, contrast, sharpness, similarity, noise, cast, shift : (n,) array of float64
        Measures of the picture on the scales of `LIMITS`, NaN where missing.
    lon, lat, altitude_m, height_m : (n,) array of float64
        Position in the datum of the file, above sea level and above the ground in view; NaN where missing.
    event : (n,) array of int8
        `NO_EVENT` or `LOST_EVENT`.
    """

    camera: Int64Array
    source: NDArray[np.int32]
    captured_ms: Int64Array
    azimuth_deg: FloatArray
    tilt_deg: FloatArray
    hfov_deg: FloatArray
    vfov_deg: FloatArray
    width_px: FloatArray
    height_px: FloatArray
    luma: FloatArray
    contrast: FloatArray
    sharpness: FloatArray
    similarity: FloatArray
    noise: FloatArray
    cast: FloatArray
    shift: FloatArray
    osd_ms: Int64Array
    lon: FloatArray
    lat: FloatArray
    altitude_m: FloatArray
    height_m: FloatArray
    event: NDArray[np.int8]

    def __post_init__(self) -> None:
        for column in fields(self):
            values = getattr(self, column.name)
            wanted = _DTYPES.get(column.name, np.dtype(np.float64))
            if not isinstance(values, np.ndarray) or values.dtype != wanted or values.ndim != 1:
                raise TypeError(f"column {column.name} is not a flat array of {wanted}")
            if len(values) != len(self.camera):
                raise ValueError(
                    f"column {column.name} has {len(values)} values where camera has {len(self.camera)}"
                )
            if not (values.flags.c_contiguous and values.flags.writeable):
                # pandas hands out read-only views; compiled code would be compiled once more for each kind.
                object.__setattr__(self, column.name, values.copy())

    @classmethod
    def of(cls, camera: ArrayLike, captured_ms: ArrayLike, **columns: ArrayLike) -> FrameBatch:
        """Frames from the columns that there are; a scalar is repeated, what is left out is missing.

        `source` is 0 where left out.
        """
        n = len(np.atleast_1d(np.asarray(camera)))
        given: dict[str, ArrayLike] = {"camera": camera, "captured_ms": captured_ms, **columns}
        unknown = set(given) - {column.name for column in fields(cls)}
        if unknown:
            raise TypeError(f"frames have no column {', '.join(sorted(unknown))}")
        arrays = {}
        for column in fields(cls):
            dtype = _DTYPES.get(column.name, np.dtype(np.float64))
            values = given.get(column.name, _MISSING.get(column.name, np.nan))
            arrays[column.name] = np.broadcast_to(np.asarray(values, dtype=dtype), (n,)).copy()
        return cls(**arrays)

    @classmethod
    def concatenate(cls, batches: Iterable[FrameBatch]) -> FrameBatch:
        """All frames of some batches in one, in their order."""
        parts = list(batches)
        if not parts:
            return cls.of([], [])
        return cls(
            **{
                column.name: np.concatenate([getattr(part, column.name) for part in parts])
                for column in fields(cls)
            }
        )

    def __len__(self) -> int:
        return len(self.camera)

    def columns(self) -> dict[str, NDArray[Any]]:
        """The arrays by name, in the order of the fields."""
        return {column.name: getattr(self, column.name) for column in fields(self)}

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_] | slice) -> FrameBatch:
        """The frames at these rows."""
        # Columns without any value may be one array (`cameras.repository.frames`): it stays one.
        taken: dict[int, NDArray[Any]] = {}
        columns = {}
        for name, values in self.columns().items():
            if id(values) not in taken:
                taken[id(values)] = values[rows]
            columns[name] = taken[id(values)]
        return FrameBatch(**columns)

    @property
    def is_sorted(self) -> bool:
        """Whether the frames stand by camera, then time, then source."""
        if len(self) < 2:
            return True
        camera, time, source = (np.diff(a) for a in (self.camera, self.captured_ms, self.source))
        later = (time > 0) | ((time == 0) & (source >= 0))
        return bool(np.all((camera > 0) | ((camera == 0) & later)))

    def in_order(self) -> FrameBatch:
        """The same frames by camera, time and source; itself when they stand so already."""
        if self.is_sorted:
            return self
        return self.take(np.lexsort((self.source, self.captured_ms, self.camera)))


_DTYPES: Final[dict[str, np.dtype[Any]]] = {
    "camera": np.dtype(np.int64),
    "source": np.dtype(np.int32),
    "captured_ms": np.dtype(np.int64),
    "osd_ms": np.dtype(np.int64),
    "event": np.dtype(np.int8),
}
_MISSING: Final[dict[str, int]] = {"source": 0, "osd_ms": NO_TIME, "event": NO_EVENT}


@dataclass(frozen=True)
class Rejected:
    """One field, or a whole line, that cannot be taken.

    Parameters
    ----------
    line : int
        Line of the file, the first is 1; or the number of what else it is a row of.
    field : str
        Heading, or "" when the line as a whole is meant.
    value : str
        What stood there, shortened.
    reason : str
        The limit and the remedy.
    unit : str
        What the rows of the file are: line, packet, item, block.
    """

    line: int
    field: str
    value: str
    reason: str
    unit: str = "line"

    def __str__(self) -> str:
        name = f"{self.field} " if self.field else ""
        shown = f"'{self.value}' " if self.value or self.field else ""
        return f"{self.unit} {self.line}: {name}{shown}{self.reason}"


@dataclass(frozen=True, eq=False)
class ReadBatch:
    """What one block of a file gave: good frames, what was refused, and remarks made once a file."""

    frames: FrameBatch
    rejected: tuple[Rejected, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReadOptions:
    """What a reader must be told, for it looks up no camera, no clock and no setting itself.

    Parameters
    ----------
    cameras : mapping of str to int
        Camera id by code.
    zone : tzinfo
        The zone in which a time without one is read.
    now : datetime
        Timezone-aware; a frame more than a day later is refused.
    source : int, optional
        Source of every row that names none.
    sources : mapping of str to int
        Source id by code, for files with a column `source`.
    camera : int, optional
        Camera that a file is of which names none (a flight, a video).
    begins : datetime, optional
        Timezone-aware; when a file began whose rows only tell how long after that they came.
    removed_days : frozenset of int
        UTC days since 1970 whose frames were removed: a late one alone would tell another story than all did.
    heartbeats : bool
        The source tells heartbeats, not pictures, and nobody need be reminded of it.
    block_bytes : int
        How much of the file is held at a time.
    max_line_bytes : int
        A longer line is refused.
    """

    cameras: Mapping[str, int]
    zone: tzinfo
    now: datetime
    source: int | None = None
    sources: Mapping[str, int] = field(default_factory=dict)
    camera: int | None = None
    begins: datetime | None = None
    removed_days: frozenset[int] = frozenset()
    heartbeats: bool = False
    block_bytes: int = 8_000_000
    max_line_bytes: int = 1_000_000

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError(f"now {self.now} has no time zone; give a timezone-aware time")
        if self.begins is not None and self.begins.tzinfo is None:
            raise ValueError(f"begins {self.begins} has no time zone; give a timezone-aware time")
        if self.source is None and not self.sources:
            raise ValueError("neither a source nor sources by code are given; give one")
        if self.block_bytes < 1 or self.max_line_bytes < 1:
            raise ValueError("block_bytes and max_line_bytes must be at least 1")

    @property
    def latest_ms(self) -> int:
        """The last instant at which a frame may have been captured, epoch milliseconds."""
        return int((self.now + timedelta(days=1)).timestamp() * 1000)


def shortened(value: object, limit: int = 60) -> str:
    """A value as it is shown in a sentence: no longer than `limit` characters, no line break."""
    text = str(value).replace("\n", " ").replace("\r", " ")
    return text if len(text) <= limit else text[: limit - 1] + "…"
