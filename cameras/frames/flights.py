"""Reader of a flight's own metadata: KLV (ST 0601, EG 0104) in a video, or in a file of nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from cameras.frame_ground import axis_direction, turned
from cameras.frames.columns import BoolArray, FloatArray, ReadBatch, ReadOptions, Rejected
from cameras.frames.klv import KEY_HEAD, Decoded, decoded, table_of
from cameras.frames.lines import opened
from cameras.frames.stream import KlvVideo, bare_packets, klv_video
from cameras.frames.unnamed import NO_FRAMES, begins_ms, instants, need_camera
from cameras.frames.validate import validated
from geo.errors import InputRefused, Sentence, message_of

#: Endings of files that hold packets without a video around them.
BARE: Final = (".klv", ".bin")
# So many packets make a block: about 20 MB while they are taken apart.
_BLOCK_PACKETS: Final = 4096


def read_flight(path: Path, options: ReadOptions) -> Iterator[ReadBatch]:
    """Frames of one moving camera from its KLV metadata, a row a set, block by block.

    Parameters
    ----------
    path : Path
        A video that carries KLV, or a file of packets alone (`BARE`, plain or .gz, or any that begins with a
        key).
    options : ReadOptions
        `camera` is needed, for the file names none. `begins` is needed where packets tell no time (EG 0104):
        they are then so long after it as they are shown after the beginning of the video.

    Yields
    ------
    ReadBatch
        Positions are WGS 84. `azimuth_deg` and `tilt_deg` are those of the optical axis against true north
        and the horizon: of ST 0601 from the attitudes of platform and sensor, of EG 0104 as told. `height_m`
        is that of the sensor above the ground in view: slant range × sine of the tilt, or altitude over the
        picture's centre where no slant range is told. The size of the picture is the video's. Bad packets
        are told by number, from 1.

    Raises
    ------
    InputRefused
        For no camera, no video, no KLV; for packets without a time where `begins` does not help.
    """
    need_camera(path, options)
    with _opened(path) as video:
        flight = _Flight(path, options, video)
        yield from flight.batches()


@contextmanager
def _opened(path: Path) -> Iterator[KlvVideo]:
    plain = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    with opened(path) as stream:
        bare = plain.suffix.lower() in BARE or stream.read(len(KEY_HEAD)) == KEY_HEAD
    if not bare:
        with klv_video(path) as video:
            yield video
        return
    with opened(path) as stream:
        yield KlvVideo(bare_packets(stream), 0.0, 0, 0)


class _Flight:
    """One file while it is being read."""

    def __init__(self, path: Path, options: ReadOptions, video: KlvVideo) -> None:
        self.path = path
        self.options = options
        self.video = video
        self.counts: Counter[str] = Counter()

    def batches(self) -> Iterator[ReadBatch]:
        sets: list[dict[str, object]] = []
        rejected: list[Rejected] = []
        held = 0
        for packet in self._packets():
            held += 1
            if packet.refused is not None:
                rejected.append(_rejected(packet.number, packet.refused))
            sets += packet.sets
            self.counts["others"] += packet.others
            if held >= _BLOCK_PACKETS or len(sets) >= _BLOCK_PACKETS:
                yield self._block(sets, rejected)
                sets, rejected, held = [], [], 0
        if held:
            yield self._block(sets, rejected)
        if not self.counts["keyed"]:
            raise InputRefused(
                Sentence(
                    "%(file)s: no KLV packet was found; give a file of MISB ST 0601 or EG 0104",
                    file=self.path.name,
                )
            )
        if notes := self._notes():
            yield ReadBatch(NO_FRAMES, (), notes)

    def _packets(self) -> Iterator[Decoded]:
        """The packets; a video that breaks off after some of them ends with a refused one."""
        number = -1
        try:
            for packet in decoded(self._told()):
                number = packet.number
                yield packet
        except InputRefused as error:
            if number < 0:
                raise
            yield Decoded(number + 1, refused=message_of(error))

    def _told(self) -> Iterator[tuple[float | None, bytes]]:
        for pts_s, content in self.video.packets:
            self.counts["keyed"] += content.startswith(KEY_HEAD)
            yield pts_s, content

    def _block(self, sets: list[dict[str, object]], rejected: list[Rejected]) -> ReadBatch:
        table = table_of(sets)
        ms, told = self._captured(table)
        for number in table["packet"][~told].unique():
            reason = Sentence(
                "the packet tells no time (tag 2), nor does the video; leave the packet out, "
                "or give the time at which the video began with --begins"
            )
            rejected.append(_rejected(int(number), reason))
        table, ms = table[told], ms[told]
        raw = {"captured_at": instants(ms, np.zeros(len(ms), dtype=bool))}
        for name, values in self._measured(table).items():
            raw[name] = pa.array(values, from_pandas=True)
        lines = table["packet"].to_numpy(np.int64) + 1
        return validated(raw, lines, self.options, rejected=rejected, unit="packet")

    def _captured(self, table: pd.DataFrame) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], BoolArray]:
        """Epoch milliseconds, and whether a time is told: by the packet, else by the video and `begins`."""
        clock = table["captured_us"]
        told = clock.notna().to_numpy(dtype=bool)
        ms = clock.fillna(0).to_numpy(np.int64) // 1000
        self.counts["own time"] += int(told.sum())
        shown_s = table["pts_s"].to_numpy(np.float64)
        without = ~told
        if without.any() and not self.counts["own time"] and (table["form"][without] == "0104").any():
            self._need_times(shown_s[without])
        if self.options.begins is not None:
            shown = without & np.isfinite(shown_s)
            after_ms = np.where(shown, shown_s - self.video.starts_s, 0.0) * 1000.0
            ms = np.where(shown, begins_ms(self.path, self.options) + np.rint(after_ms).astype(np.int64), ms)
            told = told | shown
        return ms, told

    def _need_times(self, shown_s: FloatArray) -> None:
        """InputRefused where a file of EG 0104, which tells no times, is read without what gives them."""
        if np.isnan(shown_s).all():
            raise InputRefused(
                Sentence(
                    "%(file)s: packets of EG 0104 tell no time; give the video that carries them",
                    file=self.path.name,
                )
            )
        begins_ms(self.path, self.options)

    def _measured(self, table: pd.DataFrame) -> dict[str, FloatArray]:
        def column(name: str) -> FloatArray:
            return table[name].to_numpy(np.float64)

        azimuth_deg, tilt_deg = _looks(table)
        self.counts["no direction"] += int(np.isnan(azimuth_deg).sum())
        lon, lat = column("lon"), column("lat")
        nowhere = np.isnan(lon) | np.isnan(lat) | ((lon == 0.0) & (lat == 0.0))
        self.counts["no position"] += int(nowhere.sum())
        fields = {"hfov_deg": column("hfov_deg"), "vfov_deg": column("vfov_deg")}
        for name, values in fields.items():
            # ST 0601 has no other way to say that the lens did not answer.
            self.counts["no field"] += int((values == 0.0).sum())
            fields[name] = np.where(values == 0.0, np.nan, values)
        size = (self.video.width_px, self.video.height_px)
        width_px, height_px = (np.full(len(table), side if side > 0 else np.nan) for side in size)
        return {
            "azimuth_deg": azimuth_deg,
            "tilt_deg": tilt_deg,
            **fields,
            "width_px": width_px,
            "height_px": height_px,
            "lon": np.where(nowhere, np.nan, lon),
            "lat": np.where(nowhere, np.nan, lat),
            "altitude_m": column("altitude_m"),
            "height_m": _heights_m(table, tilt_deg),
        }

    def _notes(self) -> tuple[str, ...]:
        """Remarks at the end of the file."""
        n = self.counts
        notes = []
        if n["others"]:
            notes.append(
                Sentence("%(n)s sets of other kinds than ST 0601 and EG 0104 were passed over", n=n["others"])
            )
        if n["no direction"]:
            notes.append(
                Sentence(
                    "%(n)s sets do not tell where the camera looks; their azimuth and tilt stay empty",
                    n=n["no direction"],
                )
            )
        if n["no position"]:
            notes.append(Sentence("%(n)s sets tell no position, or 0, 0; it stays empty", n=n["no position"]))
        if n["no field"]:
            notes.append(Sentence("%(n)s fields of view of 0° stay empty", n=n["no field"]))
        if n["own time"] and self.options.begins is not None:
            notes.append(Sentence("--begins is not used where the file tells its own times"))
        return tuple(notes)


def _rejected(number: int, reason: str) -> Rejected:
    return Rejected(number + 1, "", "", reason, "packet")


def _looks(table: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
    """Azimuth and tilt of the optical axis, NaN where some angle is missing."""

    def column(name: str) -> FloatArray:
        return table[name].to_numpy(np.float64)

    platform = turned(column("platform_yaw_deg"), column("platform_pitch_deg"), column("platform_roll_deg"))
    # The roll of the sensor turns the picture around the axis and leaves the axis where it is.
    sensor = turned(column("sensor_azimuth_deg"), column("sensor_elevation_deg"), 0.0)
    azimuth_deg, tilt_deg = axis_direction(platform @ sensor)
    told_azimuth, told_elevation = column("axis_azimuth_deg"), column("axis_elevation_deg")
    told = np.isfinite(told_azimuth) & np.isfinite(told_elevation)
    # What is no angle at all is left as it is, to be refused with its value.
    wrapped = np.where(np.abs(told_azimuth) <= 360.0, told_azimuth % 360.0, told_azimuth)
    return np.where(told, wrapped, azimuth_deg), np.where(told, -told_elevation, tilt_deg) + 0.0


def _heights_m(table: pd.DataFrame, tilt_deg: FloatArray) -> FloatArray:
    """Metres of the sensor above the ground in view; NaN where nothing tells them or it looks up."""
    slant = table["slant_range_m"].to_numpy(np.float64)
    centre = table["centre_altitude_m"].to_numpy(np.float64)
    by_range = np.where(slant > 0.0, slant * np.sin(np.radians(tilt_deg)), np.nan)
    by_altitude = table["altitude_m"].to_numpy(np.float64) - centre
    height_m = np.where(np.isfinite(by_range), by_range, by_altitude)
    with np.errstate(invalid="ignore"):
        return np.where(height_m >= 0.0, height_m, np.nan)
