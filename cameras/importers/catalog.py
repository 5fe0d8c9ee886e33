"""GB/T 28181 Catalog answers (.xml) as rows of a camera list.

Both forms are read, that of 2016 with all fields in the item and that of 2022 with some under `Info`; in
UTF-8 or GB 18030, whatever the declaration says, since devices often say the other. The parts of one answer
may follow each other in one file. Only the fields of `_FIELDS` are read: passwords stay outside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import pandas as pd

from cameras.fields import FURTHER_FIELDS, POSE_FIELDS
from cameras.importers.answers import Item, answers
from geo.errors import InputRefused, Sentence
from geo.readers.rows import PART_ROWS, Rows
from geo.readers.seen import Seen

ENDING = ".xml"
MOST_BYTES = 256 * 1024**2
# Third part of a device code (20 digits): camera, IP camera.
CAMERA_TYPES = ("131", "132")
# Recorders and encoders, which register as one device where they are a camera themselves.
DEVICE_TYPES = ("111", "118")
# The way the axis points, DirectionType 1 to 8.
DIRECTIONS = dict(zip("12345678", ("东", "西", "南", "北", "东南", "东北", "西南", "西北"), strict=True))
# PTZType: dome, half-dome, fixed, PTZ bullet, PTZ half-dome, panoramic, split.
TURNING = dict(zip("1234567", ("是", "否", "否", "是", "是", "否", "否"), strict=True))
# Resolution as the field f of SDP counts it, the finest last: QCIF, CIF, 4CIF, D1, 720P, 1080P.
RESOLUTIONS = dict(
    zip("123456", ("176x144", "352x288", "704x576", "720x576", "1280x720", "1920x1080"), strict=True)
)

_COUNT = re.compile("[0-9]{1,9}", re.ASCII)


def _number(text: str) -> str:
    """A number of a field that says 0 where nothing is known."""
    return "" if re.fullmatch(r"0+(\.0*)?", text) else text


def _resolution(text: str) -> str:
    told = [one for one in text.split("/") if one]
    if told and all(one in RESOLUTIONS for one in told):
        return RESOLUTIONS[max(told)]
    return "" if text == "0" else text


def _told(text: str) -> str:
    """A text of a field that devices fill in with a word for nothing."""
    return "" if text.lower() in ("null", "none", "unknown", "0.0.0.0") else text


# Field of a camera list -> element, and how its text is turned into a cell.
_FIELDS: dict[str, tuple[str, Callable[[str], str]]] = {
    "code": ("DeviceID", str),
    "name": ("Name", str),
    "lon": ("Longitude", str),
    "lat": ("Latitude", str),
    "direction": ("DirectionType", lambda text: DIRECTIONS.get(text, "")),
    "resolution": ("Resolution", _resolution),
    "ptz": ("PTZType", lambda text: TURNING.get(text, "")),
    "parent_code": ("ParentID", str),
    **{
        one.name: (one.element, _number if one.kind in ("number", "whole") else _told)
        for one in (*POSE_FIELDS, *FURTHER_FIELDS)
        if one.element
    },
}
# Read besides, to know what an item is.
_ASKED = frozenset([*(element for element, _ in _FIELDS.values()), "Parental"])


@dataclass
class _Counts:
    """What is told of a file once it was read."""

    items: int = 0
    announced: int = 0
    passed: int = 0
    repeated: int = 0
    devices: int = 0
    undirected: int = 0


def is_catalog(path: Path | str) -> bool:
    """Whether a file is an answer of a device by its ending."""
    return str(path).lower().endswith(ENDING)


def catalog_parts(path: Path, size: int = PART_ROWS) -> Iterator[Rows]:
    """The cameras of a Catalog answer as rows, numbered as items from 1, about `size` at a time.

    The last part says whether the answer is complete and what is to be said of the rest.

    Raises
    ------
    geo.errors.InputRefused
        No such file, too large, no XML, unsafe XML, another answer than a Catalog, or not one camera.
    """
    if not path.is_file():
        raise InputRefused(Sentence("no file at %(path)s; check the path", path=path))
    counts = _Counts()
    seen = Seen()
    cells: dict[int, dict[str, str]] = {}
    for items in _items(path, counts):
        cells |= _cameras(items, counts, seen)
        # One more than a part: the last one, which has more to say, is never empty.
        while len(cells) > size:
            part = dict(islice(cells.items(), size))
            for number in part:
                del cells[number]
            yield _rows(path, part)
    if not cells:
        raise InputRefused(
            Sentence(
                "%(file)s lists %(n)s items and not one camera (type 131 or 132 in its code); "
                "ask the platform for the catalog of its channels",
                file=path.name,
                n=counts.items,
            )
        )
    complete = counts.announced <= counts.items
    yield replace(_rows(path, cells), complete=complete, told=tuple(_told_of(counts)))


def _rows(path: Path, cells: dict[int, dict[str, str]]) -> Rows:
    texts = pd.DataFrame.from_dict(cells, orient="index", columns=list(_FIELDS), dtype="object")
    texts.index.name = "row"
    return Rows(path.name, "item", texts, None)


def _cameras(items: list[Item], counts: _Counts, seen: Seen) -> dict[int, dict[str, str]]:
    """The cells of those that are cameras and were not met before, by number; the others are counted."""
    cells: dict[int, dict[str, str]] = {}
    kinds: dict[int, tuple[bool, bool]] = {}
    for item in items:
        counts.items += 1
        kind = _kind(item)
        if kind == "other":
            counts.passed += 1
            continue
        row = {name: turn(item.get(element, "")) for name, (element, turn) in _FIELDS.items()}
        if row["parent_code"] == row["code"]:
            row["parent_code"] = ""
        cells[counts.items] = row
        kinds[counts.items] = (kind == "device", bool(item.get("DirectionType")) and not row["direction"])
    numbers = list(cells)
    for number, first in zip(
        numbers, seen.first(["\0".join(row.values()) for row in cells.values()], numbers), strict=True
    ):
        if first != number:
            counts.repeated += 1
            del cells[number]
            continue
        device, undirected = kinds[number]
        counts.devices += device
        counts.undirected += undirected
    return cells


def _told_of(counts: _Counts) -> Iterator[Sentence]:
    if counts.announced > counts.items:
        yield Sentence(
            "the answer announces %(announced)s items and %(n)s are here: parts of it are missing; "
            "save all of them into one file",
            announced=counts.announced,
            n=counts.items,
        )
    if counts.passed:
        yield Sentence("%(n)s items are areas, groups or recorders and were passed over", n=counts.passed)
    if counts.devices:
        yield Sentence(
            "%(n)s items have the code of a recorder, but a place and nothing below them; they were "
            "taken as cameras",
            n=counts.devices,
        )
    if counts.repeated:
        yield Sentence("%(n)s items stand there twice, alike, and were taken once", n=counts.repeated)
    if counts.undirected:
        yield Sentence(
            "%(n)s cameras have a DirectionType other than 1 to 8; their direction is unknown",
            n=counts.undirected,
        )


def _kind(item: Item) -> str:
    """What an item is: a "camera", a "device" that is one itself, or any "other" thing of the directory."""
    code = item.get("DeviceID", "")
    if len(code) == 20 and code.isdecimal():
        if code[10:13] in CAMERA_TYPES:
            return "camera"
        if code[10:13] not in DEVICE_TYPES:
            return "other"
    elif len(code) in (2, 4, 6, 8) and code.isdecimal():
        return "other"  # an administrative area
    placed = _number(item.get("Longitude", "")) and _number(item.get("Latitude", ""))
    return "device" if placed and item.get("Parental", "0") in ("", "0") else "other"


def _items(path: Path, counts: _Counts) -> Iterator[list[Item]]:
    """The items of every answer in the file, some at a time; each is an answer to a Catalog query."""
    if path.stat().st_size > MOST_BYTES:
        raise InputRefused(
            Sentence(
                "%(file)s is larger than %(most)s MB; save the catalog in several files",
                file=path.name,
                most=MOST_BYTES // 1024**2,
            )
        )
    for answer in answers(path, _ASKED):
        yield answer.items
        answer.items = []
        if not answer.ended:
            continue
        if answer.root != "Response" or answer.command != "Catalog":
            raise InputRefused(
                Sentence(
                    "%(file)s is no GB/T 28181 catalog (%(root)s %(command)s); give the Response to a "
                    "Catalog query",
                    file=path.name,
                    root=answer.root[:40],
                    command=answer.command[:40],
                )
            )
        if _COUNT.fullmatch(answer.announced):
            counts.announced = max(counts.announced, int(answer.announced))
