"""Reader of the subtitles that DJI's aircraft write: where they were, how high, and where they looked.

A dozen dialects are about. They differ in what they tell and, worst, in the order of the two coordinates of
`GPS(…)`, which is decided by the form (`subtitles`) and checked against what else the block says. The forms
are those of the samples of github.com/JuanIrache/DJI_SRT_Parser.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from pyproj import Geod

from cameras.frame_ground import axis_direction, turned
from cameras.frames.columns import FloatArray, ReadBatch, ReadOptions, Rejected, shortened
from cameras.frames.lines import opened
from cameras.frames.subtitles import (
    Block,
    Telemetry,
    Unreadable,
    is_telemetry,
    subtitle_blocks,
    telemetry,
    told_date,
)
from cameras.frames.unnamed import NO_FRAMES, begins_ms, instants, need_camera
from cameras.frames.validate import validated
from geo.errors import InputRefused, Sentence

_GEOD: Final = Geod(ellps="WGS84")
_BLOCKS: Final = 4096
#: No control link of these aircraft reaches further (30 km at most by DJI's data sheets).
FURTHEST_M: Final = 50_000.0
#: A told distance agrees with the positions when it is off by less than this, or by a tenth: positions have
#: four decimals in some dialects (11 m), and the place of take-off may have been set anew.
_SLACK_M: Final = 60.0


def read_srt(path: Path, options: ReadOptions) -> Iterator[ReadBatch]:
    """Frames of one flight from its subtitles (plain or .gz), a row a block, some thousands at a time.

    Parameters
    ----------
    path : Path
    options : ReadOptions
        `camera` is needed, for the file names none. Dates are the aircraft's local time, read in `zone`
        unless they end in Z. Where the file has none, `begins` is needed: blocks are then so long after it
        as they are shown after the beginning of the video.

    Yields
    ------
    ReadBatch
        Positions are WGS 84, left out where the aircraft had none (0, 0 or n/a). `height_m` is above the
        place of take-off (rel_alt, H, BAROMETER, Hb), left out below it; `altitude_m` is abs_alt alone, for
        a bare "altitude" is above the sea in some aircraft and above take-off in others. `azimuth_deg` and
        `tilt_deg` are the gimbal's. Fields of view stay empty: a focal length is told without the sensor it
        is for. Bad blocks are told by number, from 1.

    Raises
    ------
    InputRefused
        For no camera, a file that is empty or holds no telemetry, blocks without a time where `begins` is not
        given.
    """
    need_camera(path, options)
    with opened(path) as stream:
        blocks = subtitle_blocks(stream)
        flight: _Flight | None = None
        while part := list(islice(blocks, _BLOCKS)):
            if flight is None:
                flight = _begun(path, options, part)
            yield flight.block(part)
    if flight is None:
        raise InputRefused(
            Sentence("%(file)s: the file is empty; give the subtitles of a flight", file=path.name)
        )
    if notes := flight.notes():
        yield ReadBatch(NO_FRAMES, (), notes)


def _begun(path: Path, options: ReadOptions, blocks: Sequence[Block]) -> _Flight:
    """What the first blocks say of the whole file: that it is of a flight, and whose clock it tells."""
    if not any(is_telemetry(block.text) for block in blocks):
        raise InputRefused(
            Sentence(
                "%(file)s: the subtitles hold no telemetry of an aircraft; give those that it wrote itself",
                file=path.name,
            )
        )
    dated = any(told_date(block.text) is not None for block in blocks)
    return _Flight(options, None if dated else begins_ms(path, options))


class _Flight:
    """One file while it is being read; `begins` is None where its blocks tell dates."""

    def __init__(self, options: ReadOptions, begins: int | None) -> None:
        self.options = options
        self.begins = begins
        self.counts: Counter[str] = Counter()

    def block(self, part: Sequence[Block]) -> ReadBatch:
        rejected: list[Rejected] = []
        good: list[tuple[int, Telemetry]] = []
        for block in part:
            one = telemetry(block)
            problem = one if isinstance(one, Unreadable) else self._untimed(one)
            if problem is not None:
                rejected.append(_rejected(block.number, problem))
            elif isinstance(one, Telemetry):
                good.append((block.number, one))
        wrong, confirmed = _checked([one for _, one in good])
        self.counts["confirmed"] += confirmed
        rejected += [_rejected(number, bad) for (number, _), bad in zip(good, wrong, strict=True) if bad]
        good = [row for row, bad in zip(good, wrong, strict=True) if bad is None]

        rows = [one for _, one in good]
        raw = {"captured_at": self._captured(rows)}
        for name, values in self._measured(rows).items():
            raw[name] = pa.array(values, from_pandas=True)
        lines = np.array([number for number, _ in good], dtype=np.int64)
        return validated(raw, lines, self.options, rejected=rejected, unit="block")

    def _untimed(self, one: Telemetry) -> Unreadable | None:
        if self.begins is None and one.date is None:
            reason = Sentence("tells no date, which other blocks of the file do; leave the block out")
            return Unreadable("captured_at", one.text, reason)
        if self.begins is not None and one.shown_ms is None:
            reason = Sentence("tells neither a date nor when it is shown; leave the block out")
            return Unreadable("captured_at", one.text, reason)
        return None

    def _captured(self, rows: Sequence[Telemetry]) -> pa.Array:
        if self.begins is None:
            return pa.array([one.date for one in rows], pa.string())
        ms = self.begins + np.array([one.shown_ms for one in rows], dtype=np.int64)
        return instants(ms, np.zeros(len(rows), dtype=bool))

    def _measured(self, rows: Sequence[Telemetry]) -> dict[str, FloatArray]:
        placed = [one.lonlat for one in rows]
        self.counts["no order"] += sum(one.has_no_order for one in rows)
        self.counts["no position"] += sum(one.lonlat is None and not one.has_no_order for one in rows)
        self.counts["by form"] += sum(one.is_by_form for one in rows)
        self.counts["bare altitude"] += sum(one.has_bare_altitude for one in rows)
        self.counts["focal length"] += sum(one.has_focal_length for one in rows)
        height_m = _column(one.height_m for one in rows)
        below = height_m < 0.0
        self.counts["below"] += int(below.sum())
        azimuth_deg, tilt_deg = _looks(rows)
        return {
            "lon": _column(None if place is None else place[0] for place in placed),
            "lat": _column(None if place is None else place[1] for place in placed),
            "altitude_m": _column(one.altitude_m for one in rows),
            "height_m": np.where(below, np.nan, height_m),
            "azimuth_deg": azimuth_deg,
            "tilt_deg": tilt_deg,
        }

    def notes(self) -> tuple[str, ...]:
        """Remarks at the end of the file."""
        n = self.counts
        notes = []
        if n["no position"]:
            notes.append(
                Sentence("%(n)s blocks tell no position, or 0, 0; it stays empty", n=n["no position"])
            )
        if n["no order"]:
            notes.append(
                Sentence(
                    "%(n)s positions stay empty: which of the two numbers is the longitude is not known",
                    n=n["no order"],
                )
            )
        if n["by form"] and not n["confirmed"]:
            notes.append(
                Sentence(
                    "the order of longitude and latitude is that of the dialect; nothing else in the file "
                    "confirms it: look at one position on the map"
                )
            )
        if n["bare altitude"]:
            notes.append(
                Sentence(
                    "%(n)s altitudes stay empty: the file does not tell whether they are above the sea or "
                    "above the place of take-off",
                    n=n["bare altitude"],
                )
            )
        if n["below"]:
            notes.append(Sentence("%(n)s heights below the place of take-off stay empty", n=n["below"]))
        if n["focal length"]:
            notes.append(
                Sentence(
                    "fields of view stay empty: a focal length is told without its sensor; "
                    "give them in the camera's record"
                )
            )
        if self.begins is None and self.options.begins is not None:
            notes.append(Sentence("--begins is not used where the file tells its own times"))
        return tuple(notes)


def _rejected(number: int, problem: Unreadable) -> Rejected:
    return Rejected(number, problem.field, shortened(problem.value), problem.reason, "block")


def _column(values: Iterator[float | None]) -> FloatArray:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _looks(rows: Sequence[Telemetry]) -> tuple[FloatArray, FloatArray]:
    yaw_deg, pitch_deg = _column(one.yaw_deg for one in rows), _column(one.pitch_deg for one in rows)
    # A gimbal that looks straight down may overshoot; more than that is no angle, and refused with its value.
    no_yaw, no_pitch = np.abs(yaw_deg) > 360.0, np.abs(pitch_deg) > 180.0
    azimuth_deg, tilt_deg = axis_direction(turned(yaw_deg, pitch_deg, 0.0))
    wrong = no_yaw | no_pitch
    azimuth_deg = np.where(wrong, np.where(no_yaw, yaw_deg, np.nan), azimuth_deg)
    tilt_deg = np.where(wrong, np.where(no_pitch, -pitch_deg, np.nan), tilt_deg)
    # Level is 0.0, not -0.0.
    return azimuth_deg, tilt_deg + 0.0


def _checked(rows: Sequence[Telemetry]) -> tuple[list[Unreadable | None], int]:
    """Why a position contradicts what else its block tells, or None; and how many are confirmed by it.

    The second statement is the place of take-off (HOME) and, where told, the distance to it (D, horizontal).
    """
    problems: list[Unreadable | None] = [None] * len(rows)
    confirmed = sum(one.is_confirmed for one in rows)
    both = [(at, one, one.lonlat, one.home) for at, one in enumerate(rows) if one.lonlat and one.home]
    if not both:
        return problems, confirmed
    lon, lat = np.array([here for _, _, here, _ in both]).T
    home_lon, home_lat = np.array([home for *_, home in both]).T
    apart_m = _GEOD.inv(lon, lat, home_lon, home_lat)[2]
    turned_m = _swapped_m(lon, lat, home_lon, home_lat)
    for (at, one, _, _), is_m, other_m in zip(both, apart_m, turned_m, strict=True):
        if one.distance_m is None:
            reason = _too_far(is_m) if is_m > FURTHEST_M else None
        elif _agrees(is_m, one.distance_m):
            confirmed += not _agrees(other_m, one.distance_m)
            reason = None
        else:
            reason = _contradiction(is_m, other_m, one.distance_m)
        if reason is not None:
            problems[at] = Unreadable("GPS", one.gps_text, reason)
    return problems, confirmed


def _too_far(is_m: float) -> Sentence:
    return Sentence(
        "lies %(km)s km from HOME, further than such aircraft fly (%(limit)s km); correct one of the two",
        km=f"{is_m / 1000:.0f}",
        limit=f"{FURTHEST_M / 1000:.0f}",
    )


def _contradiction(is_m: float, other_m: float, told_m: float) -> Sentence:
    if _agrees(other_m, told_m):
        return Sentence(
            "has longitude and latitude the other way round than its dialect: so read it lies %(found)s m "
            "from HOME, turned round %(other)s m, and the block tells D %(told)s m; correct the order",
            found=f"{is_m:.0f}",
            other=f"{other_m:.0f}",
            told=f"{told_m:.0f}",
        )
    return Sentence(
        "lies %(found)s m from HOME and the block tells D %(told)s m; correct one of them",
        found=f"{is_m:.0f}",
        told=f"{told_m:.0f}",
    )


def _swapped_m(lon: FloatArray, lat: FloatArray, home_lon: FloatArray, home_lat: FloatArray) -> FloatArray:
    """Distances with all coordinates turned round; inf where one would be no latitude."""
    possible = (np.abs(lon) <= 90.0) & (np.abs(home_lon) <= 90.0)
    apart_m = _GEOD.inv(lat, np.where(possible, lon, 0.0), home_lat, np.where(possible, home_lon, 0.0))[2]
    return np.where(possible, apart_m, np.inf)


def _agrees(is_m: float, told_m: float) -> bool:
    return abs(is_m - told_m) <= max(_SLACK_M, 0.1 * told_m)
