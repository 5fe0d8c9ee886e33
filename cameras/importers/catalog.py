"""GB/T 28181 Catalog answers (.xml) as rows of a camera list.

Both forms are read, that of 2016 with all fields in the item and that of 2022 with some under `Info`; in
UTF-8 or GB 18030, whatever the declaration says, since devices often say the other. The parts of one answer
may follow each other in one file. Only the fields of `_FIELDS` are read: passwords stay outside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

import pandas as pd

from cameras.fields import FURTHER_FIELDS, POSE_FIELDS
from geo.errors import InputRefused, Sentence
from geo.readers.files import Rows

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
_PARTS = re.compile(r"<\?xml[^>]*\?>|(?<=</Response>)\s*(?=<Response\b)")


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

Item = dict[str, str]


@dataclass
class _Answer:
    """One part of an answer while it is read."""

    root: str = ""
    command: str = ""
    announced: str = ""
    items: list[Item] = field(default_factory=list)


class _Unsafe(Exception):
    """A document type: no answer has one, and through it a file can ask for others or for all memory."""


def is_catalog(path: Path | str) -> bool:
    """Whether a file is an answer of a device by its ending."""
    return str(path).lower().endswith(ENDING)


def read_catalog(path: Path) -> tuple[Rows, list[Sentence]]:
    """The cameras of a Catalog answer as rows, numbered as items from 1, and what is to be said of the rest.

    Raises
    ------
    geo.errors.InputRefused
        No such file, too large, no XML, unsafe XML, another answer than a Catalog, or not one camera.
    """
    if not path.is_file():
        raise InputRefused(Sentence("no file at %(path)s; check the path", path=path))
    answers = list(_answers(path))
    items = [item for answer in answers for item in answer.items]
    findings: list[Sentence] = []
    cells: dict[int, dict[str, str]] = {}
    seen: set[tuple[str, ...]] = set()
    passed = repeated = devices = undirected = 0
    for number, item in enumerate(items, start=1):
        kind = _kind(item)
        if kind == "other":
            passed += 1
            continue
        row = {name: turn(item.get(element, "")) for name, (element, turn) in _FIELDS.items()}
        if row["parent_code"] == row["code"]:
            row["parent_code"] = ""
        whole = tuple(row.values())
        if whole in seen:
            repeated += 1
            continue
        seen.add(whole)
        devices += kind == "device"
        undirected += bool(item.get("DirectionType")) and not row["direction"]
        cells[number] = row
    if not cells:
        raise InputRefused(
            Sentence(
                "%(file)s lists %(n)s items and not one camera (type 131 or 132 in its code); "
                "ask the platform for the catalog of its channels",
                file=path.name,
                n=len(items),
            )
        )
    complete = True
    announced = max((int(one.announced) for one in answers if _COUNT.fullmatch(one.announced)), default=0)
    if announced > len(items):
        complete = False
        findings.append(
            Sentence(
                "the answer announces %(announced)s items and %(n)s are here: parts of it are missing; "
                "save all of them into one file",
                announced=announced,
                n=len(items),
            )
        )
    if passed:
        findings.append(Sentence("%(n)s items are areas, groups or recorders and were passed over", n=passed))
    if devices:
        findings.append(
            Sentence(
                "%(n)s items have the code of a recorder, but a place and nothing below them; they were "
                "taken as cameras",
                n=devices,
            )
        )
    if repeated:
        findings.append(Sentence("%(n)s items stand there twice, alike, and were taken once", n=repeated))
    if undirected:
        findings.append(
            Sentence(
                "%(n)s cameras have a DirectionType other than 1 to 8; their direction is unknown",
                n=undirected,
            )
        )
    texts = pd.DataFrame.from_dict(cells, orient="index", columns=list(_FIELDS), dtype="object")
    texts.index.name = "row"
    return Rows(path.name, "item", texts, None, complete=complete), findings


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


def _answers(path: Path) -> Iterator[_Answer]:
    """Every part of the file, each a Catalog answer."""
    if path.stat().st_size > MOST_BYTES:
        raise InputRefused(
            Sentence(
                "%(file)s is larger than %(most)s MB; save the catalog in several files",
                file=path.name,
                most=MOST_BYTES // 1024**2,
            )
        )
    parts = [part for part in _PARTS.split(_decoded(path)) if part.strip()]
    for part in parts or [""]:
        answer = _Answer()
        try:
            _parser(answer).Parse(part, True)
        except _Unsafe as error:
            raise InputRefused(
                Sentence(
                    "%(file)s has a document type (DOCTYPE), which no catalog has and which is not safe to "
                    "read; save the answer as it came",
                    file=path.name,
                )
            ) from error
        except expat.ExpatError as error:
            raise InputRefused(
                Sentence(
                    "%(file)s is no XML (%(error)s); save the answer as it came", file=path.name, error=error
                )
            ) from error
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
        yield answer


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    # GB 18030 text is hardly ever valid UTF-8, so the order tells them apart.
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputRefused(
        Sentence("%(file)s is neither UTF-8 nor GB 18030; save the answer as it came", file=path.name)
    )


def _parser(answer: _Answer) -> expat.XMLParserType:
    """A parser that writes down what is asked for and nothing else."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    open_tags: list[str] = []
    text: list[str] = []
    item: Item | None = None

    def refuse(*_: object) -> None:
        raise _Unsafe

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal item
        if not open_tags:
            answer.root = tag
        elif tag == "Item" and item is None:
            item = {}
        open_tags.append(tag)
        text.clear()

    def end(tag: str) -> None:
        nonlocal item
        open_tags.pop()
        said = "".join(text).strip()
        text.clear()
        if item is not None:
            if tag == "Item" and "Item" not in open_tags:
                answer.items.append(item)
                item = None
            elif tag in _ASKED and said:
                item[tag] = said
        elif len(open_tags) == 1 and tag == "CmdType":
            answer.command = said
        elif len(open_tags) == 1 and tag == "SumNum":
            answer.announced = said

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text.append
    return parser
