"""Where each camera looked in each frame, and where it should look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cameras.diagnosis import Thresholds
from cameras.evidence import SourceTable
from cameras.frames.columns import FloatArray, FrameBatch, Int64Array
from cameras.leaders import COARSE, FRAME, MEASURED, PRESET, UNKNOWN, gathered
from cameras.optics import AssumedOptics, completed, from_lens

#: Half the width of a compass point, and of everything.
COARSE_TOLERANCE_DEG: Final = 22.5
UNKNOWN_TOLERANCE_DEG: Final = 180.0

#: Columns of POSES, in their order.
POSE_COLUMNS: Final = (
    "camera",
    "origin",
    "azimuth_deg",
    "azimuth_tolerance_deg",
    "tilt_deg",
    "hfov_deg",
    "vfov_deg",
    "width_px",
    "mount_height_m",
    "x_m",
    "y_m",
    "above_m",
    "assumed",
    "certain",
    "nominal",
    "from_s",
    "until_s",
)
PRESET_COLUMNS: Final = (
    "camera",
    "name",
    "azimuth_deg",
    "tilt_deg",
    "hfov_deg",
    "vfov_deg",
    "width_px",
    "from_s",
    "until_s",
)
# Fields of a pose while frames are gathered; the first is compared round the circle.
_FIELDS: Final = ("azimuth_deg", "tilt_deg", "hfov_deg", "vfov_deg", "width_px", "height_px")
# Where a moving camera was.
_PLACE: Final = ("x_m", "y_m", "above_m")


@dataclass(frozen=True)
class PoseTolerances:
    """How far two measurements of one pose may lie apart.

    Parameters
    ----------
    azimuth_deg, tilt_deg : float
        Degrees. 3° moves the far end of a 60 m sector by 3 m, less than the error of most positions.
    hfov_share : float
        Share of the field of view: a zoom that changes it by more is another pose.
    place_m : float
        Metres that a moving camera may be off, in each direction; about what a receiver is wrong by.
    """

    azimuth_deg: float = 3.0
    tilt_deg: float = 3.0
    hfov_share: float = 0.05
    place_m: float = 10.0

    def __post_init__(self) -> None:
        if not 0.0 < self.place_m <= 1_000.0:
            raise ValueError(f"tolerance place_m {self.place_m} is outside (0, 1000]; give metres")
        for name in ("azimuth_deg", "tilt_deg", "hfov_share"):
            if not 0.0 <= getattr(self, name) < 180.0:
                raise ValueError(
                    f"tolerance {name} {getattr(self, name)} is outside [0, 180); give one inside"
                )


@dataclass(frozen=True, eq=False)
class Poses:
    """POSES and the pose of each frame.

    Parameters
    ----------
    table : DataFrame
        POSES: index 0..n-1 in the order of cameras, columns `POSE_COLUMNS`; `x_m`, `y_m` (metres east and
        north, in the CRS of `places`) and `above_m` (above the ground) are those of a moving camera in its
        frames, NaN for all others.
    of_frame : (n,) array of int64
        Row of `table` for each frame, -1 for a loss event.
    """

    table: pd.DataFrame
    of_frame: Int64Array


def camera_poses(
    cameras: pd.DataFrame,
    frames: FrameBatch,
    sources: pd.DataFrame,
    period: tuple[int, int],
    *,
    presets: pd.DataFrame | None = None,
    places: FloatArray | None = None,
    assumed: AssumedOptics | None = None,
    tolerances: PoseTolerances | None = None,
    thresholds: Thresholds | None = None,
) -> Poses:
    """The poses that each camera took or should take.

    Parameters
    ----------
    cameras : DataFrame or GeoDataFrame
        CAMERAS by id: azimuth_deg, azimuth_quality, tilt_deg, hfov_deg, vfov_deg, width_px, height_px,
        mount_height_m, focal_mm, sensor_width_mm; a missing column is missing everywhere.
    frames : FrameBatch
        In order (`FrameBatch.in_order`), of these cameras.
    sources : DataFrame
        SOURCES by id: kind, expected_interval_s.
    period : tuple of int
        Epoch milliseconds, half-open, over which the usual pose of a camera is looked for.
    presets : DataFrame, optional
        `PRESET_COLUMNS`: poses of PTZ cameras with their daily window of local time, NaN for the home pose.
    places : (n, 3) array, optional
        Where the moving cameras were in each frame (`cameras.moving.places_of`).
    assumed : AssumedOptics, optional
        Optics where neither frame nor record tells them.
    tolerances : PoseTolerances, optional
    thresholds : Thresholds, optional
        For `lost_intervals`: how long a frame holds its pose.

    Returns
    -------
    Poses

    Raises
    ------
    ValueError
        For frames out of order, of an unknown camera or source; for a preset of an unknown camera, without
        azimuth or with half a window.

    Notes
    -----
    Each camera has its presets, one default row (the record's pose, or an assumed one without azimuth), and
    a row for each further pose measured. A frame that measures its azimuth belongs to the first row whose
    azimuth, tilt and field of view lie within the tolerances and whose picture is as wide; the row of the
    frame before is tried first. A field that one side lacks is no difference, and the row takes it over. A
    frame without azimuth belongs to the default row, or to a variant of it with the frame's optics.

    A moving camera (`cameras.moving`) has a row for each stretch of its way on which it stayed within the
    tolerance and looked alike; its default row, which is its nominal one, stands nowhere.

    Nominal is: a preset in its window; else the home preset; else the record's pose if it is measured; else,
    for a camera without presets, the measured pose held longest; else the default row.
    """
    limits = Thresholds() if thresholds is None else thresholds
    if not frames.is_sorted:
        raise ValueError("frames are not sorted by camera, time and source; call in_order() first")
    if not cameras.index.is_unique:
        raise ValueError(f"camera {cameras.index[cameras.index.duplicated()][0]} stands twice; leave one row")
    ids = np.sort(cameras.index.to_numpy(dtype=np.int64))
    pointer = _camera_pointer(ids, frames)
    record = from_lens(cameras.loc[ids])
    seeds = _seeds(ids, record, presets)
    chosen = PoseTolerances() if tolerances is None else tolerances

    owner, kind, values, of_frame = gathered(
        pointer,
        frames.event,
        frames.azimuth_deg,
        frames.tilt_deg,
        frames.hfov_deg,
        frames.vfov_deg,
        frames.width_px,
        frames.height_px,
        np.full((len(frames), len(_PLACE)), np.nan) if places is None else places,
        _nowhere(_fields_of(record)),
        np.searchsorted(seeds["place"].to_numpy(), np.arange(len(ids) + 1)),
        _nowhere(seeds[list(_FIELDS)].to_numpy(dtype=np.float64)),
        np.array(seeds["kind"], dtype=np.int64),
        np.array([chosen.azimuth_deg, chosen.tilt_deg, chosen.hfov_share, chosen.place_m]),
    )
    held_ms = _held_ms(frames, sources, period, limits, of_frame, len(owner))
    table = _table(ids, record, owner, kind, values, assumed)
    seeded = np.flatnonzero(np.isin(kind, (PRESET, MEASURED, COARSE, UNKNOWN)))
    for name in ("from_s", "until_s"):
        table.loc[seeded, name] = seeds[name].to_numpy()
    held_ms[table["x_m"].notna()] = 0
    table["nominal"] = _nominal(table, owner, kind, held_ms)
    return Poses(table[list(POSE_COLUMNS)], of_frame)


def lens_is_assumed(assumed: str) -> bool:
    """Whether a pose's column `assumed` names a field that decides how far and how wide it sees."""
    return not {"hfov_deg", "width_px"}.isdisjoint(assumed.split(","))


def _camera_pointer(ids: Int64Array, frames: FrameBatch) -> Int64Array:
    """Where the frames of each camera begin; the last entry is their number."""
    seen = np.concatenate([frames.camera[:1], frames.camera[1:][np.diff(frames.camera) != 0]])
    unknown = seen[~np.isin(seen, ids)]
    if len(unknown):
        raise ValueError(f"frames name camera {unknown[0]}, which is not among the cameras given")
    return np.append(np.searchsorted(frames.camera, ids), len(frames)).astype(np.int64)


def _fields_of(rows: pd.DataFrame) -> FloatArray:
    """The optics fields of records or presets, azimuth left out (NaN); NaN where missing."""
    found = np.full((len(rows), len(_FIELDS)), np.nan)
    for place, name in enumerate(_FIELDS[1:], start=1):
        if name in rows:
            found[:, place] = rows[name].to_numpy(dtype=np.float64)
    return found


def _nowhere(fields: FloatArray) -> FloatArray:
    """Fields of poses that are not those of a camera on its way."""
    return np.hstack([fields, np.full((len(fields), len(_PLACE)), np.nan)])


def _seeds(ids: Int64Array, record: pd.DataFrame, presets: pd.DataFrame | None) -> pd.DataFrame:
    """The rows that are there before any frame: presets first, the default row of a camera last."""
    azimuth = record["azimuth_deg"].to_numpy(dtype=np.float64)
    quality = record["azimuth_quality"].to_numpy()
    has_azimuth = ~np.isnan(azimuth)
    measured = has_azimuth & (quality == "measured")
    coarse = has_azimuth & (quality == "coarse")
    optics = _fields_of(record)
    default = pd.DataFrame(optics, columns=list(_FIELDS)).assign(
        azimuth_deg=np.where(measured | coarse, azimuth % 360.0, np.nan),
        place=np.arange(len(ids)),
        kind=np.where(measured, MEASURED, np.where(coarse, COARSE, UNKNOWN)),
        from_s=np.nan,
        until_s=np.nan,
    )
    if presets is None or presets.empty:
        return default
    _check_presets(ids, presets)
    place = np.searchsorted(ids, presets["camera"].to_numpy(dtype=np.int64))
    own = _fields_of(presets)
    own = np.where(np.isnan(own), optics[place], own)
    seeds = pd.DataFrame(own, columns=list(_FIELDS)).assign(
        azimuth_deg=presets["azimuth_deg"].to_numpy(dtype=np.float64) % 360.0,
        place=place,
        kind=PRESET,
        from_s=presets["from_s"].to_numpy(dtype=np.float64),
        until_s=presets["until_s"].to_numpy(dtype=np.float64),
    )
    return pd.concat([seeds, default], ignore_index=True).sort_values("place", kind="stable")


def _check_presets(ids: Int64Array, presets: pd.DataFrame) -> None:
    unknown = presets["camera"][~presets["camera"].isin(ids)]
    if len(unknown):
        raise ValueError(f"preset of camera {unknown.iloc[0]}, which is not among the cameras given")
    for preset in presets.itertuples():
        where = f"camera {preset.camera}, preset '{preset.name}'"
        azimuth_deg, from_s, until_s = (
            float(getattr(preset, name)) for name in ("azimuth_deg", "from_s", "until_s")
        )
        if not np.isfinite(azimuth_deg):
            raise ValueError(f"{where} has no azimuth; give degrees clockwise from north")
        if np.isnan(from_s) and np.isnan(until_s):
            continue
        if not (0 <= from_s <= 86_400 and 0 <= until_s <= 86_400 and from_s != until_s):
            raise ValueError(
                f"{where}: window from {from_s:g} s until {until_s:g} s is no part of a day; "
                "give both ends in [0, 86400], or neither for the home pose"
            )


def _table(
    ids: Int64Array,
    record: pd.DataFrame,
    owner: Int64Array,
    kind: Int64Array,
    values: FloatArray,
    assumed: AssumedOptics | None,
) -> pd.DataFrame:
    """POSES without its nominal column and windows; optics that nobody told are assumed here."""
    quality = np.full(len(ids), "assumed", dtype=object)
    quality[owner[(kind == MEASURED) | (kind == COARSE)]] = "record"
    coarse = np.isin(np.arange(len(ids)), owner[kind == COARSE])
    unknown = np.isin(np.arange(len(ids)), owner[kind == UNKNOWN])

    by_record = ~np.isin(kind, (PRESET, FRAME))
    origin = np.where(kind == PRESET, "preset", "frame").astype(object)
    origin[by_record] = quality[owner[by_record]]
    tolerance = np.zeros(len(kind))
    tolerance[by_record & coarse[owner]] = COARSE_TOLERANCE_DEG
    tolerance[by_record & unknown[owner]] = UNKNOWN_TOLERANCE_DEG
    height_m = (
        record["mount_height_m"].to_numpy(dtype=np.float64)[owner]
        if "mount_height_m" in record
        else np.full(len(owner), np.nan)
    )
    table = completed(
        pd.DataFrame(values, columns=[*_FIELDS, *_PLACE]).assign(
            camera=ids[owner],
            origin=origin,
            azimuth_tolerance_deg=tolerance,
            mount_height_m=np.where(np.isnan(values[:, -1]), height_m, values[:, -1]),
            from_s=np.nan,
            until_s=np.nan,
        ),
        assumed,
    )
    guessed = table["assumed"].map(lens_is_assumed).to_numpy(dtype=bool)
    # From above, what is in the picture hangs on the tilt and on both fields.
    tilted = table["above_m"].notna() & table["assumed"].str.contains("tilt_deg|vfov_deg")
    table["certain"] = (tolerance == 0.0) & ~guessed & ~tilted.to_numpy(dtype=bool)
    return table


def _held_ms(
    frames: FrameBatch,
    sources: pd.DataFrame,
    period: tuple[int, int],
    limits: Thresholds,
    of_frame: Int64Array,
    n_poses: int,
) -> Int64Array:
    """How long each pose was measured within the period, milliseconds.

    A measured frame holds its pose until the camera's next one that measures, or until it counts no more.
    """
    known = SourceTable.of(sources, limits.lost_intervals)
    place = known.places(frames.source)
    rows = np.flatnonzero(~np.isnan(frames.azimuth_deg) & (of_frame >= 0))
    camera, captured = frames.camera[rows], frames.captured_ms[rows]
    until = captured + known.patience_ms[place[rows]]
    followed = np.flatnonzero(camera[1:] == camera[:-1])
    until[followed] = np.minimum(until[followed], captured[followed + 1])
    held = np.minimum(until, period[1]) - np.maximum(captured, period[0])
    # Sums of milliseconds stay far below 2^53, so that floats are exact here.
    return np.bincount(of_frame[rows], np.maximum(held, 0), n_poses).astype(np.int64)


def _nominal(
    table: pd.DataFrame, owner: Int64Array, kind: Int64Array, held_ms: Int64Array
) -> NDArray[np.bool_]:
    """Which rows are a camera's pose at some time of the day: all its windows, and one row beside them."""
    nominal = ((kind == PRESET) & table["from_s"].notna()).to_numpy(dtype=bool, copy=True)
    is_home = (kind == PRESET) & table["from_s"].isna().to_numpy()
    is_default = np.isin(kind, (MEASURED, COARSE, UNKNOWN))
    has_presets = np.isin(owner, owner[kind == PRESET])
    is_usual = (kind == FRAME) & (held_ms > 0) & ~has_presets
    # Best first: home, measured record, usual pose (the longest held, then the first seen), default row.
    grade = np.select([is_home, kind == MEASURED, is_usual, is_default], [0, 1, 2, 3], default=4)
    order = np.lexsort((np.arange(len(kind)), np.where(grade == 2, -held_ms, 0), grade, owner))
    best = order[np.unique(owner[order], return_index=True)[1]]
    nominal[best] = True
    return nominal
