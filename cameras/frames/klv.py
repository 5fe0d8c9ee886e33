"""Frame metadata in KLV packets: MISB ST 0601 local sets, and the universal sets of EG 0104 before it.

A packet is a 16-byte key, a length (BER) and a value. In ST 0601 the value is a run of (tag, length, integer)
with a checksum over everything before it; integers are mapped linearly onto ranges (ST 0601, section 8, one
subsection a tag). In EG 0104 it is a run of (16-byte key, length, big-endian float), without a checksum.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from geo.errors import Sentence

#: The first bytes of every key (SMPTE ST 336).
KEY_HEAD: Final = bytes.fromhex("060e2b34")
LOCAL_SET: Final = bytes.fromhex("060e2b34020b01010e01030101000000")
UNIVERSAL_SET: Final = bytes.fromhex("060e2b34020101010e01010201010000")

#: A packet may hold a whole video tile's worth of other sets; more than this is no metadata.
MOST_BYTES: Final = 1_000_000
_MOST_TAG_BYTES: Final = 4
_CHECKSUM, _TIME = 1, 2
#: Microseconds are kept as signed 64-bit integers; a time beyond them (the year 294247) is no clock's.
_LAST_US: Final = (1 << 63) - 1


class _Mapped(NamedTuple):
    """How an integer of a tag stands for a number: its range, and whether the integer has a sign."""

    column: str
    low: float
    high: float
    size: int
    signed: bool = False


#: Tags that are read, by number. Signed integers are symmetric and keep their least value for "no value".
TAGS: Final = {
    5: _Mapped("platform_yaw_deg", 0, 360, 2),
    6: _Mapped("platform_pitch_deg", -20, 20, 2, True),
    7: _Mapped("platform_roll_deg", -50, 50, 2, True),
    13: _Mapped("lat", -90, 90, 4, True),
    14: _Mapped("lon", -180, 180, 4, True),
    15: _Mapped("altitude_m", -900, 19_000, 2),
    16: _Mapped("hfov_deg", 0, 180, 2),
    17: _Mapped("vfov_deg", 0, 180, 2),
    18: _Mapped("sensor_azimuth_deg", 0, 360, 4),
    19: _Mapped("sensor_elevation_deg", -180, 180, 4, True),
    20: _Mapped("sensor_roll_deg", 0, 360, 4),
    21: _Mapped("slant_range_m", 0, 5_000_000, 4),
    22: _Mapped("target_width_m", 0, 10_000, 2),
    23: _Mapped("centre_lat", -90, 90, 4, True),
    24: _Mapped("centre_lon", -180, 180, 4, True),
    25: _Mapped("centre_altitude_m", -900, 19_000, 2),
    # Corners as offsets from the centre (26 to 33), and in full (82 to 89): upper left, upper right, lower
    # right, lower left of the picture.
    **{
        26 + 2 * n + m: _Mapped(f"offset_{axis}_{n + 1}", -0.075, 0.075, 2, True)
        for n in range(4)
        for m, axis in enumerate(("lat", "lon"))
    },
    **{
        82 + 2 * n + m: _Mapped(f"corner_{axis}_{n + 1}", -limit, limit, 4, True)
        for n in range(4)
        for m, (axis, limit) in enumerate((("lat", 90), ("lon", 180)))
    },
    # Pitch and roll beyond the ranges of tags 6 and 7; they win where both are there.
    90: _Mapped("full_pitch_deg", -90, 90, 4, True),
    91: _Mapped("full_roll_deg", -90, 90, 4, True),
}

#: The same meanings as keys of a universal set (ST 0601.12, section 8, column "US Key"). The angle to north
#: is the azimuth of the axis in the open, the obliquity its angle below the horizon as a negative number.
KEYS: Final = {
    bytes.fromhex(key): column
    for key, column in {
        "060e2b34010101010701100106000000": "platform_yaw_deg",
        "060e2b34010101070701100106000000": "platform_yaw_deg",
        "060e2b34010101070701100105000000": "platform_pitch_deg",
        "060e2b34010101070701100104000000": "platform_roll_deg",
        "060e2b34010101030701020102040200": "lat",
        "060e2b34010101030701020102060200": "lon",
        "060e2b34010101010701020102020000": "altitude_m",
        "060e2b34010101020420020101080000": "hfov_deg",
        "060e2b340101010704200201010a0100": "vfov_deg",
        "060e2b34010101010701100102000000": "axis_azimuth_deg",
        "060e2b34010101010701100103000000": "axis_elevation_deg",
        "060e2b34010101010701080101000000": "slant_range_m",
        "060e2b34010101010701090201000000": "target_width_m",
        "060e2b34010101010701020103020000": "centre_lat",
        "060e2b34010101010701020103040000": "centre_lon",
        **{f"060e2b34010101030701020103{7 + n:02x}0100": f"corner_lat_{n + 1}" for n in range(4)},
        **{f"060e2b34010101030701020103{11 + n:02x}0100": f"corner_lon_{n + 1}" for n in range(4)},
    }.items()
}

#: Columns of a table of packets beside pts_s, captured_us and form.
COLUMNS: Final = tuple(
    dict.fromkeys(
        [tag.column for number, tag in TAGS.items() if not 26 <= number <= 33 and number < 90]
        + ["axis_azimuth_deg", "axis_elevation_deg"]
    )
)


@dataclass(frozen=True)
class Refused:
    """A packet that was kept aside.

    Parameters
    ----------
    number : int
        Which packet of the stream, from 0.
    reason : str
        A `Sentence`.
    """

    number: int
    reason: str


@dataclass(frozen=True, eq=False)
class KlvTable:
    """What a stream of packets tells.

    Parameters
    ----------
    table : DataFrame
        A row a good set, in their order: packet (its number); pts_s (presentation time, seconds, NaN none);
        captured_us (µs since 1970 by the platform's clock, missing where none is told, or one from 2⁶³ on);
        form ("0601" or "0104"); and `COLUMNS` as float64, NaN where not told. WGS 84, degrees, metres above
        sea level.
    refused : tuple of Refused
    """

    table: pd.DataFrame
    refused: tuple[Refused, ...]


class _Bad(Exception):
    """Why a packet cannot be used."""


@dataclass(frozen=True)
class Decoded:
    """What one packet told.

    Parameters
    ----------
    number : int
        Which packet of the stream, from 0.
    sets : tuple of dict
        A row of `table_of` a set; empty where the packet was refused.
    others : int
        Sets of other kinds, which are passed over.
    refused : str, optional
        Why the packet was kept aside, a `Sentence` or what a stream of packets ended with.
    """

    number: int
    sets: tuple[dict[str, object], ...] = ()
    others: int = 0
    refused: str | None = None


def decoded(packets: Iterable[tuple[float | None, bytes]]) -> Iterator[Decoded]:
    """Each KLV packet (presentation time in seconds or None, bytes) as it comes; nothing is collected.

    A packet may hold several sets; sets of other kinds are passed over and counted. One bad set spoils its
    whole packet, for nothing tells where the next one begins.
    """
    for number, (pts_s, packet) in enumerate(packets):
        try:
            found = [_set(key, value, whole) for key, value, whole in _sets(packet)]
        except _Bad as bad:
            (reason,) = bad.args
            yield Decoded(number, refused=reason)
            continue
        time = np.nan if pts_s is None else pts_s
        rows = tuple({"packet": number, "pts_s": time} | row for row in found if row is not None)
        yield Decoded(number, rows, len(found) - len(rows))


def read_packets(packets: Iterable[tuple[float | None, bytes]]) -> KlvTable:
    """All sets of a short stream of KLV packets in one table; bad packets are kept aside (`decoded`)."""
    rows: list[dict[str, object]] = []
    refused = []
    for packet in decoded(packets):
        rows += packet.sets
        if packet.refused is not None:
            refused.append(Refused(packet.number, packet.refused))
    return KlvTable(table_of(rows), tuple(refused))


def checksum(content: bytes) -> int:
    """The sum of 16-bit words with which ST 0601 closes a packet: of everything up to its two bytes.

    An odd last byte counts as a high one (ST 0601, section 8.1).
    """
    even = content if len(content) % 2 == 0 else content + b"\0"
    return int(np.frombuffer(even, ">u2").sum(dtype=np.int64)) & 0xFFFF


def _sets(packet: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """(key, value, everything from the key to the value's end) of each set in a packet."""
    if len(packet) > MOST_BYTES:
        raise _Bad(
            Sentence("%(has)s bytes are no metadata; at most %(limit)s", has=len(packet), limit=MOST_BYTES)
        )
    start = 0
    if packet and not any(packet):
        raise _Bad(Sentence("the packet holds nothing but zeros; this is no KLV"))
    # Zeros behind the last set only fill the packet up.
    filled = len(packet.rstrip(b"\0"))
    while start < filled:
        if not packet.startswith(KEY_HEAD, start):
            raise _Bad(Sentence("no key stands at byte %(byte)s; this is no KLV", byte=start))
        length, at = _length(packet, start + 16)
        if at + length > len(packet):
            raise _Bad(
                Sentence(
                    "the packet says %(said)s bytes and has %(has)s; it was cut off",
                    said=at + length - start,
                    has=len(packet) - start,
                )
            )
        yield packet[start : start + 16], packet[at : at + length], packet[start : at + length]
        start = at + length


def set_end(content: bytes, start: int) -> int | None:
    """Where the set whose key begins at a place ends by its own word; None where no length can be read."""
    try:
        length, at = _length(content, start + 16)
    except _Bad:
        return None
    return at + length


def _length(content: bytes, at: int) -> tuple[int, int]:
    """A BER length at a place, and where it ends."""
    if at < len(content):
        first = content[at]
        if first < 128:
            return first, at + 1
        size = first & 127
        if 0 < size <= 8 and at + 1 + size <= len(content):
            return int.from_bytes(content[at + 1 : at + 1 + size], "big"), at + 1 + size
    raise _Bad(Sentence("no length can be read at byte %(byte)s; this is no KLV", byte=at))


def _set(key: bytes, value: bytes, whole: bytes) -> dict[str, object] | None:
    """Columns of one set; None for a kind that is not read."""
    if key == LOCAL_SET:
        return _local(value, whole)
    return _universal(value) if key == UNIVERSAL_SET else None


def _local(value: bytes, whole: bytes) -> dict[str, object]:
    items: dict[int, bytes] = {}
    at = 0
    while at < len(value):
        tag, at = _tag(value, at)
        length, at = _length(value, at)
        if at + length > len(value):
            raise _Bad(Sentence("tag %(tag)s is longer than its set; it was cut off", tag=tag))
        items[tag] = value[at : at + length]
        at += length
    said = items.get(_CHECKSUM, b"")
    if len(said) != 2 or whole[-2:] != said:
        raise _Bad(Sentence("the set does not end in a checksum; it cannot be trusted"))
    found = checksum(whole[:-2])
    if found != int.from_bytes(said, "big"):
        told = int.from_bytes(said, "big")
        raise _Bad(
            Sentence("checksum is %(found)s, the packet says %(said)s", found=hex(found), said=hex(told))
        )
    row: dict[str, object] = {"form": "0601"}
    clock = items.get(_TIME, b"")
    if len(clock) == 8 and int.from_bytes(clock, "big") <= _LAST_US:
        row["captured_us"] = int.from_bytes(clock, "big")
    for number, content in items.items():
        mapped = TAGS.get(number)
        # A length of 0 says that the value is not known any more.
        if mapped is not None and content:
            row[mapped.column] = _number(number, mapped, content)
    return _joined(row)


def _tag(value: bytes, at: int) -> tuple[int, int]:
    """A tag (BER-OID) at a place, and where it ends."""
    tag = 0
    # No tag of ST 0601 takes more than two bytes; without a limit a damaged set could ask for any number.
    for byte in value[at : at + _MOST_TAG_BYTES]:
        tag, at = tag << 7 | byte & 127, at + 1
        if byte < 128:
            return tag, at
    if at < len(value):
        raise _Bad(Sentence("a tag at byte %(byte)s has no end; this is no local set", byte=at))
    raise _Bad(Sentence("the set ends within a tag; it was cut off"))


def _number(tag: int, mapped: _Mapped, content: bytes) -> float:
    if len(content) != mapped.size:
        raise _Bad(
            Sentence(
                "tag %(tag)s has %(has)s bytes; it takes %(takes)s",
                tag=tag,
                has=len(content),
                takes=mapped.size,
            )
        )
    whole = int.from_bytes(content, "big", signed=mapped.signed)
    span, steps = mapped.high - mapped.low, (1 << 8 * mapped.size) - 1
    if not mapped.signed:
        return mapped.low + span * whole / steps
    return float("nan") if whole == -(1 << 8 * mapped.size - 1) else span * whole / (steps - 1)


def _joined(row: dict[str, object]) -> dict[str, object]:
    """Pitch and roll of the full range in place of the others; corners from offsets where not in full."""
    for name in ("pitch", "roll"):
        full = row.pop(f"full_{name}_deg", None)
        if isinstance(full, float) and math.isfinite(full):
            row[f"platform_{name}_deg"] = full
    for n in range(1, 5):
        for axis in ("lat", "lon"):
            offset, centre = row.pop(f"offset_{axis}_{n}", None), row.get(f"centre_{axis}")
            if isinstance(offset, float) and isinstance(centre, float):
                row.setdefault(f"corner_{axis}_{n}", centre + offset)
    return row


def _universal(value: bytes) -> dict[str, object]:
    row: dict[str, object] = {"form": "0104"}
    at = 0
    while at < len(value):
        length, start = _length(value, at + 16)
        if start + length > len(value):
            raise _Bad(Sentence("a value at byte %(byte)s is longer than its set; it was cut off", byte=at))
        column = KEYS.get(value[at : at + 16])
        if column is not None:
            if length not in (4, 8):
                raise _Bad(
                    Sentence(
                        "a number at byte %(byte)s has %(has)s bytes; it takes 4 or 8", byte=at, has=length
                    )
                )
            (number,) = struct.unpack_from(">f" if length == 4 else ">d", value, start)
            # Neither an infinity nor a NaN is a number that was measured.
            if math.isfinite(number):
                row[column] = number
        at = start + length
    return row


def table_of(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """`KlvTable.table` of the sets of some packets."""
    frame = pd.DataFrame(rows, columns=["packet", "pts_s", "captured_us", "form", *COLUMNS])
    # Whole from the start: a column with gaps would go through floats, which round from 2⁵³ on.
    frame["captured_us"] = pd.Series([row.get("captured_us") for row in rows], frame.index, "Int64")
    kinds = {"packet": "int64", "captured_us": "Int64", "form": "object"}
    return frame.astype({name: kinds.get(str(name), "float64") for name in frame})
