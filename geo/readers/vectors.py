"""What a vector file may be before GDAL is let at it.

GDAL tells a format by the content, and some formats name other files or addresses, which it then reads. Files
come from people who must not read those: so each is looked at first, and opened as what its ending says only.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geo.errors import InputRefused, Sentence
from geo.readers.limits import check_columns

ENDINGS = (".geojson", ".json", ".gpkg", ".shp")

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SQLITE = b"SQLite format 3\0"
# File code 9994 and five unused integers.
_SHAPEFILE = b"\x00\x00\x27\x0a" + bytes(20)
# Of `PRAGMA table_xinfo`: columns that are computed when they are read.
_COMPUTED = (2, 3)


def opened_as(path: Path) -> str:
    """The name by which GDAL opens a file as what its ending says, and as nothing else.

    Raises
    ------
    geo.errors.InputRefused
        When the content is of another format, or names other files or addresses.
    """
    ending = path.suffix.lower()
    if ending == ".gpkg":
        _check_geopackage(path)
        return f"GPKG:{path.absolute()}"
    if ending == ".shp":
        if not _starts(path, _SHAPEFILE):
            raise _of_another_format(path)
        return str(path)
    _check_geojson(path)
    return f"GeoJSON:{path.absolute()}"


def _of_another_format(path: Path) -> InputRefused:
    return InputRefused(
        Sentence(
            "%(file)s is not what its ending %(ending)s says; save it again as GeoJSON (.geojson) or "
            "GeoPackage (.gpkg)",
            file=path.name,
            ending=path.suffix.lower(),
        )
    )


def _starts(path: Path, wanted: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(wanted)) == wanted


def _check_geojson(path: Path) -> None:
    raw = path.read_bytes().removeprefix(_BYTE_ORDER_MARK)
    # A zero byte ends the text for GDAL and not for us.
    if raw[:1024].lstrip()[:1] != b"{" or b"\0" in raw:
        raise _of_another_format(path)
    watch = _Watch()
    try:
        # Letters do not matter here and brackets are the same in every encoding, so nothing is refused for
        # its encoding. Objects are forgotten as they end: a large file does not fill the memory.
        json.loads(raw.decode("latin-1"), strict=False, object_pairs_hook=watch.note)
    except _LinkedCrsError as linked:
        raise InputRefused(
            Sentence(
                "%(file)s gives its CRS as a link, which is not followed; give its name, such as "
                "urn:ogc:def:crs:EPSG::4490",
                file=path.name,
            )
        ) from linked
    except (ValueError, RecursionError) as error:
        raise InputRefused(
            Sentence("%(file)s could not be read (%(error)s)", file=path.name, error=error)
        ) from error
    # Before GDAL lays out a cell of every feature for each of them.
    check_columns(path.name, len(watch.columns))


class _LinkedCrsError(Exception):
    """A CRS that stands at an address."""


@dataclass(frozen=True)
class _Noted:
    """What matters of a JSON object once it was read: its names, and whether it is a link."""

    names: tuple[str, ...]
    link: bool


class _Watch:
    """Looks at each object of a GeoJSON file as it ends. GDAL would fetch a CRS that is a link."""

    def __init__(self) -> None:
        self.columns: set[str] = set()

    def note(self, pairs: list[tuple[str, Any]]) -> _Noted:
        """Note an object; `_LinkedCrsError` where it has a CRS that is a link."""
        link = False
        for key, value in pairs:
            name = _as_gdal(key)
            if isinstance(value, _Noted):
                if name == "crs" and value.link:
                    raise _LinkedCrsError
                if name == "properties":
                    self.columns.update(value.names)
            elif name == "type" and isinstance(value, str):
                link = link or _as_gdal(value) in ("link", "url")
        return _Noted(tuple(key for key, _ in pairs), link)


def _as_gdal(text: str) -> str:
    """A text as GDAL compares it: up to a zero, small and capital letters alike."""
    return text.split("\0", 1)[0].casefold()


def _check_geopackage(path: Path) -> None:
    if not _starts(path, _SQLITE):
        raise _of_another_format(path)
    try:
        # "immutable": a file that is being looked at gets no journal beside it.
        database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            plain = _is_plain(database)
        finally:
            database.close()
    except sqlite3.Error as error:
        raise InputRefused(
            Sentence("%(file)s could not be read (%(error)s)", file=path.name, error=error)
        ) from error
    if not plain:
        raise InputRefused(
            Sentence(
                "%(file)s holds views, virtual tables or computed columns, which may read other files; save "
                "its layer again as a GeoPackage of its own",
                file=path.name,
            )
        )


def _is_plain(database: sqlite3.Connection) -> bool:
    """Whether all there is are tables of stored values, and the spatial indexes every GeoPackage has."""
    listed = database.execute("PRAGMA main.table_list").fetchall()
    for _schema, name, kind, *_rest in listed:
        quoted = '"' + str(name).replace('"', '""') + '"'
        if kind == "virtual":
            try:
                # Python's SQLite knows no module that reads files; GDAL's has several.
                database.execute(f"SELECT 1 FROM {quoted} LIMIT 0")
            except sqlite3.OperationalError:
                return False
        elif kind not in ("table", "shadow") or any(
            column[-1] in _COMPUTED for column in database.execute(f"PRAGMA table_xinfo({quoted})")
        ):
            return False
    return bool(listed)
