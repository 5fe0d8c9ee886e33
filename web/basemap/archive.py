"""The base map as one PMTiles file: made aside, put in its place whole, removed when nobody needs it.

The folder holds ``<revision>.pmtiles`` files and ``current.json``, which names the one that pages use now.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer
from sqlalchemy import text
from sqlalchemy.orm import Session

from web.basemap.content import LAYERS, MAX_ZOOM, MIN_ZOOM, Content, content, revision, tiles

KEPT_SECONDS = 24 * 3600
"""How long an old file stays: a page that was opened before goes on asking for it."""

POINTER = "current.json"
ENDING = ".pmtiles"
VERSION = re.compile(r"[0-9a-f]{12}")
# "bmap" in ASCII: PostgreSQL's advisory locks are numbers.
LOCK = 0x626D6170

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Current:
    """What a page needs to know of the base map in use."""

    version: str
    min_zoom: int
    max_zoom: int
    bounds: tuple[float, float, float, float]
    attribution: str


def basemap_folder(var: Path) -> Path:
    """Where the base map stands in the folder of everything the program makes for itself."""
    return var / "basemap"


def archive_path(folder: Path, version: str) -> Path | None:
    """The file of a version, None when there is none (any more), or the version is no version."""
    path = folder / f"{version}{ENDING}"
    return path if VERSION.fullmatch(version) and path.is_file() else None


def current(folder: Path) -> Current | None:
    """The base map in use, None before the first was made."""
    try:
        told = json.loads((folder / POINTER).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Current(**{**told, "bounds": tuple(told["bounds"])})


def ensure_basemap(
    session: Session, folder: Path, *, progress: Progress | None = None, now: float | None = None
) -> Path | None:
    """The file of the base map as the data is now, made if it is not there yet.

    Call it in a transaction of its own, after the one that changed the data: the file is seen at once, and
    would outlive a change that is rolled back. Two calls at once wait for each other.

    Parameters
    ----------
    session : Session
        Sees the whole site.
    folder : Path
        Made when it is not there.
    progress : callable, optional
        Told the share done, 0–1; what it raises ends the work, and the base map stays as it was.
    now : float, optional
        Seconds since 1970, by which old files are removed.

    Returns
    -------
    Path or None
        None while nothing is stored that it would show; a base map from before is then no longer in use.
    """
    folder.mkdir(parents=True, exist_ok=True)
    session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    moment = time.time() if now is None else now
    while True:
        version = revision(session)
        path = folder / f"{version}{ENDING}"
        used = current(folder)
        if used is None or used.version != version or not path.is_file():
            made_from = content(session)
            drawn = made_from is not None and (
                path.is_file() or _write(session, made_from, path, progress or _nobody)
            )
            # Each query sees what others have committed since: the file must be of one state.
            if revision(session) != version:
                path.unlink(missing_ok=True)
                continue
            if made_from is None or not drawn:
                _retire(folder, used, moment)
                return None
            _point_to(folder, made_from)
            _retire_file(folder, used, version, moment)
        _remove_old(folder, version, moment)
        return path


def _nobody(_share: float) -> None:
    """Told of progress where nobody asks."""


def _write(session: Session, made_from: Content, path: Path, progress: Progress) -> bool:
    """Write the archive beside its place and move it there; False when it would show nothing."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            archive = Writer(file)
            for zoom in range(MIN_ZOOM, MAX_ZOOM + 1):
                # Half of the work is in the deepest zoom.
                progress(2.0 ** (zoom - MAX_ZOOM - 1))
                found = tiles(session, made_from, zoom)
                # In this order a reader finds neighbours beside each other.
                for number, shown in sorted((zxy_to_tileid(zoom, *at), shown) for at, shown in found.items()):
                    archive.write_tile(number, gzip.compress(shown, 9, mtime=0))
            if not archive.tile_entries:
                return False
            archive.finalize(_header(made_from), _metadata(made_from))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    progress(1.0)
    return True


def _header(made_from: Content) -> dict[str, Any]:
    west, south, east, north = (round(edge * 1e7) for edge in made_from.bounds)
    return {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_lon_e7": west,
        "min_lat_e7": south,
        "max_lon_e7": east,
        "max_lat_e7": north,
        "center_zoom": (MIN_ZOOM + MAX_ZOOM) // 2,
        "center_lon_e7": (west + east) // 2,
        "center_lat_e7": (south + north) // 2,
    }


def _metadata(made_from: Content) -> dict[str, Any]:
    """The archive's description, by which GDAL and QGIS know its layers."""
    layers = [
        {"id": layer.name, "fields": dict(layer.fields), "minzoom": layer.min_zoom, "maxzoom": MAX_ZOOM}
        for layer in LAYERS
    ]
    return {
        "name": "lianfang",
        "type": "baselayer",
        "version": made_from.revision,
        "attribution": made_from.attribution,
        "vector_layers": layers,
    }


def _point_to(folder: Path, made_from: Content) -> None:
    told = Current(made_from.revision, MIN_ZOOM, MAX_ZOOM, made_from.bounds, made_from.attribution)
    unfinished = folder / f".{POINTER}.{os.getpid()}"
    unfinished.write_text(json.dumps(asdict(told), ensure_ascii=False), encoding="utf-8")
    unfinished.replace(folder / POINTER)


def _retire(folder: Path, used: Current | None, moment: float) -> None:
    """Leave the folder without a base map in use."""
    (folder / POINTER).unlink(missing_ok=True)
    _retire_file(folder, used, "", moment)
    _remove_old(folder, "", moment)


def _retire_file(folder: Path, used: Current | None, version: str, moment: float) -> None:
    """Note on the file used until now when that ended: as its time of change, which nothing else needs."""
    before = archive_path(folder, used.version) if used is not None and used.version != version else None
    if before is not None:
        os.utime(before, (moment, moment))


def _remove_old(folder: Path, version: str, moment: float) -> None:
    """Remove files that have not been in use for `KEPT_SECONDS`, and what a killed process left."""
    for path in folder.iterdir():
        ours = path.name.startswith(".") or path.suffix == ENDING
        if ours and path.stem != version and path.stat().st_mtime < moment - KEPT_SECONDS:
            path.unlink(missing_ok=True)
