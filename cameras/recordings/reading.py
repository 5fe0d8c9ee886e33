"""One door for all lists of recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from cameras.frames import format_of
from cameras.recordings.columns import ListBatch, ListOptions
from cameras.recordings.delimited import read_csv
from cameras.recordings.gb28181 import read_gb28181
from geo.errors import InputRefused, Sentence

#: Readers by the name of their format, which is also the ending of a file's name.
READERS: Final[Mapping[str, Callable[[Path, ListOptions], Iterator[ListBatch]]]] = MappingProxyType(
    {"csv": read_csv, "xml": read_gb28181, "gb28181": read_gb28181}
)


def read_recordings(path: Path, options: ListOptions, *, format: str | None = None) -> Iterator[ListBatch]:
    """Recordings of a list, block by block, whatever its format.

    Parameters
    ----------
    path : Path
        Any of `READERS` by its ending, plain or with .gz behind it.
    options : ListOptions
    format : str, optional
        Name of the format when the ending does not tell it.

    Raises
    ------
    InputRefused
        For a format that is not known, and while reading, for a file that cannot be read as a whole.
    """
    name = format or format_of(path)
    if name not in READERS:
        raise InputRefused(
            Sentence(
                "%(file)s: lists of recordings do not come as '%(format)s'; give one of %(known)s, plain or "
                "with .gz",
                file=path.name,
                format=name,
                known=", ".join(f".{ending}" for ending in READERS if ending != "gb28181"),
            )
        )
    return READERS[name](path, options)
