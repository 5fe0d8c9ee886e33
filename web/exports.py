"""Files written by their ending: `.geojson`, `.gpkg` and `.csv`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import geopandas as gpd

from geo.errors import LianfangError

DRIVERS = {".geojson": "GeoJSON", ".gpkg": "GPKG"}
TABLES = (*DRIVERS, ".csv")


def check_ending(path: Path, endings: Iterable[str]) -> None:
    """Refuse an `--out` file whose ending is not one of `endings`, or whose folder is missing."""
    if path.suffix.lower() not in endings:
        raise LianfangError(
            f"{path.name}: the ending {path.suffix or '(none)'} is not one of {' '.join(endings)}"
        )
    if not path.parent.is_dir():
        raise LianfangError(f"{path.parent} is not a folder; make it first")


def write_table(frame: gpd.GeoDataFrame, path: Path, *, layer: str) -> None:
    """Write a GeoDataFrame in EPSG:4326 to `path`, replacing it only once it is complete.

    Lists and dicts must be text already. In CSV the geometry is WKT.
    """
    check_ending(path, TABLES)
    unfinished = path.with_name(f".{path.stem}.unfinished{path.suffix}")
    try:
        driver = DRIVERS.get(path.suffix.lower())
        if driver:
            frame.to_file(unfinished, driver=driver, layer=layer, engine="pyogrio", index=False)
        else:
            table = frame.drop(columns=frame.geometry.name)
            table["wkt"] = frame.geometry.to_wkt(rounding_precision=7)
            # The byte-order mark lets a spreadsheet see that the Chinese text is UTF-8.
            table.to_csv(unfinished, index=False, encoding="utf-8-sig")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
