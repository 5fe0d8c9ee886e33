"""Frame metadata: one reader a source, one door for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from cameras.frames.columns import FrameBatch, ReadBatch, ReadOptions, Rejected
from cameras.frames.delimited import read_csv
from cameras.frames.flights import read_flight
from cameras.frames.gb28181 import read_gb28181
from cameras.frames.ndjson import read_ndjson
from cameras.frames.onvif import read_onvif
from cameras.frames.parquet import read_parquet
from cameras.frames.srt import read_srt
from cameras.frames.xml import read_xml
from geo.errors import InputRefused

Reader = Callable[[Path, ReadOptions], Iterator[ReadBatch]]

#: Readers by the name of their format, which is also the ending of a file's name.
READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "csv": read_csv,
        "ndjson": read_ndjson,
        "jsonl": read_ndjson,
        "parquet": read_parquet,
        "xml": read_xml,
        "onvif": read_onvif,
        "gb28181": read_gb28181,
        "klv": read_flight,
        "srt": read_srt,
    }
)
#: Other endings of some formats. Of a video that is given as frame metadata, its KLV is meant.
ENDINGS: Final[Mapping[str, str]] = MappingProxyType(
    {"ts": "klv", "mpg": "klv", "mpeg": "klv", "m2ts": "klv", "bin": "klv"}
)
#: Formats whose positions are WGS 84 by their standard, whatever the datum of other files is.
ALWAYS_WGS84: Final = frozenset({"klv", "srt", "onvif"})

__all__ = [
    "ALWAYS_WGS84",
    "READERS",
    "FrameBatch",
    "ReadBatch",
    "ReadOptions",
    "Rejected",
    "format_of",
    "read_frames",
]


def read_frames(path: Path, options: ReadOptions, *, format: str | None = None) -> Iterator[ReadBatch]:
    """Frames of a file, block by block, whatever its format.

    Parameters
    ----------
    path : Path
        Any of `READERS` by its ending (`ENDINGS`), plain or with .gz behind it, which a video cannot have.
    options : ReadOptions
        Cameras and sources by code, zone, now.
    format : str, optional
        Name of the format when the ending does not tell it.

    Returns
    -------
    iterator of ReadBatch
        Good frames, rejected fields and lines, remarks. A batch may be without frames.

    Raises
    ------
    InputRefused
        For a format that is not known, and while reading, for a file that cannot be read as a whole.
    """
    name = format or format_of(path)
    if name not in READERS:
        known = ", ".join(f".{ending}" for ending in (*READERS, *ENDINGS))
        raise InputRefused(f"{path}: format '{name}' is not known; give one of {known}, plain or with .gz")
    return READERS[name](path, options)


def format_of(path: Path) -> str:
    """The format that a file's name tells: its ending, without a .gz behind it."""
    plain = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    ending = plain.suffix.lower().removeprefix(".")
    return ENDINGS.get(ending, ending)
