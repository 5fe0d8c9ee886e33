"""The invented town's camera list as real ones are: half of it right, the rest told in the ways people err.

Every error is planted and known, so that what a reader says of the list can be held against the truth.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import to_lonlat
from geo.datums import from_wgs84

HEADINGS = (
    "序号", "设备编码", "设备名称", "所属村居", "经度", "纬度", "监视方位", "水平视场角", "分辨率",
    "安装高度(米)", "设备类型", "上级设备编码", "建设年份",
)  # fmt: skip
COMPASS = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")
POSITION_DECIMALS = 6
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass(frozen=True)
class Dirt:
    """How many rows err in which way.

    Parameters
    ----------
    copied : int
        The same row once more, farther down. Refused.
    same_code : int
        Another camera under a code that is taken. Refused.
    rounded_code : int
        The code became a number (4.49901E+19). Refused.
    swapped, zero, no_place : int
        Longitude and latitude the wrong way round; 0, 0; no coordinates. Refused.
    no_sense : int
        A direction that is none. Refused.
    at_station : int
        At the police station's address instead of their own.
    other_datum : int
        Taken from a map in GCJ-02 in a list that is in CGCS2000: nothing tells.
    coarse_place : int
        Two decimals only.
    sexagesimal, full_width : int
        Degrees, minutes and seconds; full-width digits in the code. Read as they are.
    two_directions : int
        Two compass points in one cell.
    """

    copied: int = 2
    same_code: int = 2
    rounded_code: int = 2
    swapped: int = 3
    zero: int = 2
    no_place: int = 2
    no_sense: int = 2
    at_station: int = 6
    other_datum: int = 4
    coarse_place: int = 3
    sexagesimal: int = 4
    full_width: int = 3
    two_directions: int = 2


# Kinds of dirt for which a row is not taken in.
REFUSED = ("copied", "same_code", "rounded_code", "swapped", "zero", "no_place", "no_sense")
# Kinds that put a camera where it is not.
MISPLACED = ("at_station", "other_datum", "coarse_place")


def plant(cameras: gpd.GeoDataFrame, dirt: Dirt, rng: np.random.Generator) -> pd.Series:
    """The kind of dirt of each camera's row, "" for none; copies are made later, of clean rows.

    Cameras at entrances and roads are spared misplacing, so that a map does not lose its most visible ones.
    """
    found = pd.Series("", index=cameras.index, dtype="object")
    inner = cameras.index[cameras["role"].isin(["junction"]).to_numpy()].to_numpy()
    pool = iter(rng.permutation(inner).tolist())
    for kind in (*REFUSED[1:], *MISPLACED, "sexagesimal", "full_width", "two_directions"):
        for _ in range(getattr(dirt, kind)):
            camera = next(pool)
            # Another's code is only taken when the other comes before.
            while kind == "same_code" and camera == cameras.index[0]:
                camera = next(pool)
            found[camera] = kind
    return found


def camera_list(
    cameras: gpd.GeoDataFrame,
    planted: pd.Series,
    station: shapely.Point,
    copies: int,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """The list as it is written, and the truth about each row.

    Parameters
    ----------
    cameras : GeoDataFrame
        Truth about each camera in a projected CRS in metres: code, name, village_name, azimuth_deg (against
        true north), listed (what the list tells of the direction: "degrees", "compass", "name", ""),
        hfov_deg, width_px, height_px, mount_height_m, ptz, recorder, tells_optics, built.
    planted : Series
        As `plant`.
    station : Point
        The police station, in the same CRS.
    copies : int
        How many clean rows stand there twice.

    Returns
    -------
    (DataFrame of str, GeoDataFrame)
        Both by row number as a spreadsheet counts (headings are row 1). The truth: camera (its label), code
        (as written, plain digits), dirt, refused, position_error_m (NaN where no position is read), geometry
        (where the row puts it, EPSG:4326, None where nowhere).
    """
    order = cameras.index.to_numpy()
    clean = order[(planted.loc[order] == "").to_numpy()]
    copied = rng.choice(clean[: len(clean) // 2], copies, replace=False)
    rows = [(int(camera), str(planted[camera])) for camera in order]
    for n, camera in enumerate(sorted(copied.tolist())):
        # Far enough down that nobody sees it.
        rows.insert(len(rows) - 5 * (n + 1), (int(camera), "copied"))
    written, places = [], []
    stated = _positions(cameras, planted, station, rng)
    rightful = iter(rng.choice(clean[: len(clean) // 3], len(rows), replace=True).tolist())
    taken: dict[int, str] = {}
    for number, (camera, dirt) in enumerate(rows, start=1):
        record = cameras.loc[camera]
        code = str(record["code"])
        if dirt == "same_code":
            other = next(one for one in rightful if one < camera and one not in copied)
            code = taken.setdefault(camera, str(cameras.loc[other, "code"]))
        lon, lat = stated[camera]
        written.append(_row(number, record, dirt, code, lon, lat))
        places.append((camera, code, dirt, lon, lat))
    index = pd.RangeIndex(2, len(rows) + 2, name="row")
    texts = pd.DataFrame(written, columns=list(HEADINGS), index=index, dtype="object")
    return texts, _truth(places, cameras, index)


def _positions(
    cameras: gpd.GeoDataFrame, planted: pd.Series, station: shapely.Point, rng: np.random.Generator
) -> dict[int, tuple[float, float]]:
    """Longitude and latitude that the list states for each camera, misplaced where that is planted."""
    off = rng.normal(0.0, 1.2, (len(cameras), 2))
    moved = cameras.geometry.translate(0, 0).to_numpy()
    moved = shapely.points(shapely.get_coordinates(moved) + off)
    moved[(planted == "at_station").to_numpy()] = station
    lonlat = shapely.get_coordinates(to_lonlat(gpd.GeoSeries(moved, crs=cameras.crs)).to_numpy())
    wrong = (planted == "other_datum").to_numpy()
    lonlat[wrong] = np.column_stack(from_wgs84(lonlat[wrong, 0], lonlat[wrong, 1], "gcj02"))
    lonlat = lonlat.round(POSITION_DECIMALS)
    lonlat[(planted == "coarse_place").to_numpy()] = lonlat[(planted == "coarse_place").to_numpy()].round(2)
    return dict(zip(cameras.index.tolist(), map(tuple, lonlat.tolist()), strict=True))


def _row(number: int, record: pd.Series, dirt: str, code: str, lon: float, lat: float) -> list[str]:
    decimals = 2 if dirt == "coarse_place" else POSITION_DECIMALS
    x, y = f"{lon:.{decimals}f}", f"{lat:.{decimals}f}"
    if dirt == "swapped":
        x, y = y, x
    elif dirt == "zero":
        x, y = "0", "0"
    elif dirt == "no_place":
        x, y = "", ""
    elif dirt == "sexagesimal":
        x, y = _sexagesimal(lon), _sexagesimal(lat)
    shown = f"{int(code):.5E}" if dirt == "rounded_code" else code
    if dirt == "full_width":
        shown = shown.translate(FULL_WIDTH)
    optics = bool(record["tells_optics"])
    return [
        str(number),
        shown,
        str(record["name"]),
        str(record["village_name"]),
        x,
        y,
        _direction(record, dirt),
        f"{record['hfov_deg']:g}" if optics else "",
        f"{record['width_px']:.0f}x{record['height_px']:.0f}" if optics else "",
        f"{record['mount_height_m']:g}",
        "球机" if record["ptz"] else "枪机",
        str(record["recorder"]),
        str(record["built"]),
    ]


def _direction(record: pd.Series, dirt: str) -> str:
    azimuth = float(record["azimuth_deg"])
    if dirt == "no_sense":
        return "对着路口"
    if dirt == "two_directions":
        return f"{compass_word(azimuth)}、{compass_word(azimuth + 180.0)}"
    if record["listed"] == "degrees":
        return f"{round(azimuth) % 360}"
    return compass_word(azimuth) if record["listed"] == "compass" else ""


def compass_word(azimuth_deg: float) -> str:
    """The compass point of eight nearest to an azimuth: 东南."""
    return COMPASS[round(azimuth_deg / 45.0) % 8]


def _sexagesimal(degrees: float) -> str:
    whole, rest = divmod(degrees, 1.0)
    minutes, rest = divmod(rest * 60.0, 1.0)
    return f"{whole:.0f}°{minutes:.0f}′{rest * 60.0:.2f}″"


def _truth(
    rows: list[tuple[int, str, str, float, float]], cameras: gpd.GeoDataFrame, index: pd.RangeIndex
) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(
        [(camera, code, dirt) for camera, code, dirt, _, _ in rows],
        columns=["camera", "code", "dirt"],
        index=index,
    )
    frame["refused"] = frame["dirt"].isin(REFUSED)
    lonlat: NDArray[np.float64] = np.array([(lon, lat) for *_, lon, lat in rows])
    stated = gpd.GeoSeries(shapely.points(lonlat), index=index, crs=4326)
    error = stated.to_crs(cameras.crs).distance(cameras.geometry.loc[frame["camera"]].set_axis(index))
    nowhere = frame["dirt"].isin(["swapped", "zero", "no_place"]).to_numpy()
    frame["position_error_m"] = error.where(~nowhere)
    return gpd.GeoDataFrame(frame, geometry=stated.where(~nowhere))
