"""Writers of frame metadata in our own CSV, NDJSON and Parquet, which the readers take back without loss.

Numbers are written as they are, so round them first; times in UTC with milliseconds.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from cameras.frames.columns import COLUMNS, LIMITS, LOST_EVENT, NO_TIME, FrameBatch, Int64Array

_CHUNK_ROWS: Final = 200_000
_MOMENT: Final = pa.timestamp("ms", "UTC")


def write_csv(path: Path, frames: FrameBatch, codes: Mapping[int, str]) -> None:
    """Frames as CSV, packed when the name ends in .gz; columns without any value are left out.

    Parameters
    ----------
    path : Path
        Overwritten.
    frames : FrameBatch
        Of one source: the source is not written.
    codes : mapping of int to str
        Camera code by id.
    """
    names = _present(frames)
    with _created(path) as stream:
        stream.write((",".join(names) + "\n").encode())
        # "needed" would put every text in quotes; only a code can need them.
        special = any(mark in code for code in codes.values() for mark in ',"\r\n')
        options = arrow_csv.WriteOptions(include_header=False, quoting_style="needed" if special else "none")
        for part in _chunks(frames):
            columns = _texts(part, codes, names)
            arrow_csv.write_csv(pa.table(columns), stream, options)


def write_ndjson(path: Path, frames: FrameBatch, codes: Mapping[int, str]) -> None:
    """Frames as NDJSON, packed when the name ends in .gz; a missing value is a missing key.

    Parameters are those of `write_csv`.
    """
    names = _present(frames)
    with _created(path) as stream:
        for part in _chunks(frames):
            pieces = []
            for name, column in _texts(part, codes, names).items():
                lead = ("{" if name == names[0] else ",") + f'"{name}":'
                mark = "" if name in LIMITS or name == "camera" else '"'
                if name == "camera":
                    column = _quoted(column)
                piece = pc.binary_join_element_wise(lead + mark, column, mark, "")
                # Joining with a null gives null: the key is left out.
                pieces.append(pc.fill_null(piece, ""))
            lines = pc.binary_join_element_wise(*pieces, "}\n", "")
            # The data buffer of a string array is its texts end to end.
            joined = pa.concat_arrays([lines]).buffers()[2]
            stream.write(joined)


def write_parquet(path: Path, frames: FrameBatch, codes: Mapping[int, str]) -> None:
    """Frames as Parquet (Zstandard); times as timestamps in UTC, numbers as float64.

    Parameters are those of `write_csv`; Parquet packs itself, whatever the name.
    """
    names = _present(frames)
    kinds = {"camera": pa.string(), "event": pa.string()} | dict.fromkeys(("captured_at", "osd_at"), _MOMENT)
    schema = pa.schema([(name, kinds.get(name, pa.float64())) for name in names])
    with path.open("wb") as stream, pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        for part in _chunks(frames):
            columns = _texts(part, codes, [name for name in names if kinds.get(name) == pa.string()])
            for name in names:
                if kinds.get(name) == _MOMENT:
                    ms = part.captured_ms if name == "captured_at" else part.osd_ms
                    columns[name] = pa.array(
                        ms.astype("datetime64[ms]"), _MOMENT, mask=(ms == NO_TIME) & (name == "osd_at")
                    )
                elif name not in kinds:
                    values = getattr(part, name)
                    columns[name] = pa.array(values, mask=np.isnan(values))
            writer.write_table(pa.table([columns[name] for name in names], schema))


def write_frames(
    folder: Path, frames: FrameBatch, sources: pd.DataFrame, codes: Mapping[int, str]
) -> dict[int, Path]:
    """One file for each source that delivered: CSV for gateways, packed NDJSON for streams and rounds.

    Parameters
    ----------
    folder : Path
        Must exist. Files are named after the source's code.
    frames : FrameBatch
    sources : DataFrame
        SOURCES: index source id, columns code and kind.
    codes : mapping of int to str
        Camera code by id.

    Returns
    -------
    dict of int to Path
        The file of each source, in the order of `sources`.
    """
    written = {}
    for source, row in sources.iterrows():
        part = frames.take(frames.source == source)
        if not len(part):
            continue
        if row["kind"] == "gateway":
            path = folder / f"{row['code']}.csv"
            write_csv(path, part, codes)
        else:
            path = folder / f"{row['code']}.ndjson.gz"
            write_ndjson(path, part, codes)
        written[int(str(source))] = path
    return written


def _present(frames: FrameBatch) -> list[str]:
    """The headings for which some frame has a value."""
    has = {"camera": True, "captured_at": True, "source": False}
    has |= {name: bool(np.isfinite(getattr(frames, name)).any()) for name in LIMITS}
    has |= {"osd_at": bool((frames.osd_ms != NO_TIME).any()), "event": bool(frames.event.any())}
    return [name for name in COLUMNS if has[name]]


def _chunks(frames: FrameBatch) -> list[FrameBatch]:
    return [frames.take(slice(at, at + _CHUNK_ROWS)) for at in range(0, len(frames), _CHUNK_ROWS)]


def _texts(frames: FrameBatch, codes: Mapping[int, str], names: list[str]) -> dict[str, pa.Array]:
    ids, places = np.unique(frames.camera, return_inverse=True)
    known = pa.array([codes[int(one)] for one in ids], pa.string())
    texts = {"camera": known.take(pa.array(places))}
    for name in names[1:]:
        if name == "captured_at":
            texts[name] = _times(frames.captured_ms, np.zeros(len(frames), dtype=bool))
        elif name == "osd_at":
            texts[name] = _times(frames.osd_ms, frames.osd_ms == NO_TIME)
        elif name == "event":
            words = pa.array(["lost"] * len(frames), pa.string())
            texts[name] = pc.if_else(
                pa.array(frames.event == LOST_EVENT), words, pa.scalar(None, pa.string())
            )
        else:
            values = getattr(frames, name)
            texts[name] = pc.cast(pa.array(values, mask=np.isnan(values)), pa.string())
    return texts


def _times(ms: Int64Array, missing: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> pa.Array:
    moments = pa.array(ms.astype("datetime64[ms]"), mask=missing)
    # A cast and a changed letter: strftime takes twenty times as long.
    written = pc.binary_replace_slice(pc.cast(moments, pa.string()), 10, 11, "T")
    return pc.binary_join_element_wise(written, "Z", "")


def _quoted(column: pa.Array) -> pa.Array:
    """Codes as JSON strings: backslash and quote escaped."""
    escaped = pc.replace_substring(pc.replace_substring(column, "\\", "\\\\"), '"', '\\"')
    return pc.binary_join_element_wise('"', escaped, '"', "")


@contextmanager
def _created(path: Path) -> Iterator[IO[bytes]]:
    with path.open("wb") as stream:
        if path.suffix != ".gz":
            yield stream
            return
        # No time stamp and no name in the archive: the same frames give the same bytes.
        with gzip.GzipFile(filename="", mode="wb", fileobj=stream, compresslevel=3, mtime=0) as packed:
            yield cast(IO[bytes], packed)
