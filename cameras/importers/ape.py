"""Lists of capture devices by GA/T 1400 (APE, .json) as rows of a camera list.

Only the keys of `_FIELDS` are read: user names and passwords stay outside.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from cameras.fields import FURTHER_FIELDS
from geo.errors import InputRefused, Sentence
from geo.readers.rows import Rows

MOST_BYTES = 256 * 1024**2
_HEAD_BYTES = 4096
_LIST = re.compile(rb'^(\xef\xbb\xbf)?\s*\{\s*"APE(ListObject|Object)"')
# MonitorDirection, of the type HDirectionType of GA/T 1400.3: from where to where the axis points.
DIRECTIONS = dict(zip("12345678", ("东", "西", "南", "北", "东北", "西南", "东南", "西北"), strict=True))
_ONLINE = {"1": "1", "2": "0"}


def _own(text: str) -> str:
    return text


def _number(text: str) -> str:
    """A number of a key that says 0 where nothing is known."""
    return "" if re.fullmatch(r"0+(\.0*)?", text) else text


# Field of a camera list -> key, and how its value is turned into a cell.
_FIELDS: dict[str, tuple[str, Callable[[str], str]]] = {
    "code": ("ApeID", _own),
    "name": ("Name", _own),
    "lon": ("Longitude", _own),
    "lat": ("Latitude", _own),
    "direction": ("MonitorDirection", lambda text: DIRECTIONS.get(text, "")),
    "parent_code": ("OwnerApsID", _own),
    **{one.name: (one.ape, _number if one.kind == "whole" else _own) for one in FURTHER_FIELDS if one.ape},
    "status": ("IsOnline", lambda text: _ONLINE.get(text, "")),
}


def is_ape_list(path: Path | str) -> bool:
    """Whether a file is a list of capture devices by its ending and its first key."""
    path = Path(path)
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    with path.open("rb") as file:
        return _LIST.match(file.read(_HEAD_BYTES)) is not None


def read_ape_list(path: Path) -> Rows:
    """The devices of the list as rows, numbered as items from 1.

    Raises
    ------
    geo.errors.InputRefused
        Too large, no JSON, or not one device in it.
    """
    devices = _devices(path)
    cells: dict[int, dict[str, str]] = {}
    undirected = 0
    for number, device in enumerate(devices, start=1):
        cells[number] = {name: turn(_text(device.get(key))) for name, (key, turn) in _FIELDS.items()}
        undirected += _text(device.get("MonitorDirection")) not in ("", "9", *DIRECTIONS)
    findings = []
    if undirected:
        findings.append(
            Sentence(
                "%(n)s devices have a MonitorDirection other than 1 to 9; their direction is unknown",
                n=undirected,
            )
        )
    texts = pd.DataFrame.from_dict(cells, orient="index", columns=list(_FIELDS), dtype="object")
    texts.index.name = "row"
    return Rows(path.name, "item", texts, None, told=tuple(findings))


def _devices(path: Path) -> list[dict[str, Any]]:
    if path.stat().st_size > MOST_BYTES:
        raise InputRefused(
            Sentence(
                "%(file)s is larger than %(most)s MB; save the list in several files",
                file=path.name,
                most=MOST_BYTES // 1024**2,
            )
        )
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputRefused(
            Sentence(
                "%(file)s is no JSON (%(error)s); save the answer as it came", file=path.name, error=error
            )
        ) from error
    inner = found.get("APEListObject", found)
    devices = inner.get("APEObject") if isinstance(inner, dict) else None
    if isinstance(devices, dict):
        devices = [devices]
    if not isinstance(devices, list) or not devices or not all(isinstance(one, dict) for one in devices):
        raise InputRefused(
            Sentence(
                "%(file)s lists not one device (APEListObject.APEObject); give the answer to a query of APEs",
                file=path.name,
            )
        )
    return devices


def _text(value: Any) -> str:
    """A value as a cell; numbers without a needless .0, anything nested as nothing."""
    if isinstance(value, bool) or value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    # A zero character is no text, and nothing that the database can keep.
    return str(value).replace("\0", "").strip()
