"""How complete, located, online and whole the cameras are: the rates that are assessed (DOMAIN §1).

Planned maintenance is left out: time in it counts neither for nor against a camera.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: What a complete record (一机一档) holds besides its code and position; a test holds docs/audit.md to it.
#: Of `azimuth` and `lens` one of several fields is enough, see `filled`.
REQUIRED = (
    "name",
    "azimuth",
    "mount_height_m",
    "lens",
    "width_px",
    "height_px",
    "manufacturer",
    "model",
    "civil_code",
    "address",
    "ip_address",
    "point_class",
    "installed_on",
    "management_unit",
    "contact",
)
#: More than this share of its time online must be fit to use for a camera to count as normal.
NORMAL_SHARE = 0.5
_PANORAMIC = 6
ONLINE = ("usable", "degraded")
STATES = (*ONLINE, "outage", "not_measured")


def filled(records: pd.DataFrame) -> pd.DataFrame:
    """Which required fields of each record are filled.

    Parameters
    ----------
    records : DataFrame
        Columns of the table `camera`; a missing column counts as empty everywhere.

    Returns
    -------
    DataFrame of bool
        One column for each of `REQUIRED`, on the same index. `azimuth`: a measured direction, or a panoramic
        camera. `lens`: a horizontal field of view, or focal length and width of the sensor.
    """

    def there(name: str) -> NDArray[np.bool_]:
        if name not in records:
            return np.zeros(len(records), dtype=bool)
        values = records[name]
        return (values.notna() & (values.astype(str).str.strip() != "")).to_numpy(bool)

    def equals(name: str, value: object) -> NDArray[np.bool_]:
        return (records[name] == value).to_numpy(bool) if name in records else there(name)

    made = {name: there(name) for name in REQUIRED}
    made["azimuth"] = (there("azimuth_deg") & equals("azimuth_quality", "measured")) | equals(
        "ptz_type", _PANORAMIC
    )
    made["lens"] = there("hfov_deg") | (there("focal_mm") & there("sensor_width_mm"))
    return pd.DataFrame(made, index=records.index, columns=list(REQUIRED))


#: Columns of the table `camera` that `filled` looks at.
FIELDS = (
    *("name", "azimuth_deg", "azimuth_quality", "ptz_type", "mount_height_m", "hfov_deg", "focal_mm"),
    *("sensor_width_mm", "width_px", "height_px", "manufacturer", "model", "civil_code", "address"),
    *("ip_address", "point_class", "installed_on", "management_unit", "contact"),
)
#: Where more than being filled counts, the value that does.
TELLING: Mapping[str, object] = MappingProxyType({"azimuth_quality": "measured", "ptz_type": _PANORAMIC})


def filled_share(kept: pd.Series) -> pd.Series:
    """Share of `REQUIRED` that each record fills.

    Parameters
    ----------
    kept : Series of str
        A letter for each of `FIELDS`: 1 where it is filled (of those in `TELLING`: holds that value), else 0.
        Many records have the same letters, and each text is looked at once.
    """
    texts = pd.Index(kept.unique())
    records = pd.DataFrame(
        {
            name: [TELLING.get(name, "x") if text[at] == "1" else None for text in texts]
            for at, name in enumerate(FIELDS)
        },
        index=texts,
        dtype=object,
    )
    return kept.map(filled(records).mean(axis=1)).astype(np.float64)


def merged_windows(windows: pd.DataFrame) -> pd.DataFrame:
    """Periods of each code without overlaps: code, start_ms, end_ms, in order."""
    ordered = windows.sort_values(["code", "start_ms", "end_ms"], ignore_index=True)
    if ordered.empty:
        return ordered
    reached = ordered.groupby("code", sort=False)["end_ms"].cummax().shift(1)
    begins = (ordered["code"] != ordered["code"].shift(1)) | (ordered["start_ms"] > reached)
    joined = ordered.groupby(begins.cumsum().to_numpy(), sort=False)
    return joined.agg(code=("code", "first"), start_ms=("start_ms", "min"), end_ms=("end_ms", "max"))


def assessed_time(segments: pd.DataFrame, windows: pd.DataFrame) -> pd.Series:
    """Milliseconds of each segment that lie outside planned maintenance, on the segments' index.

    Parameters
    ----------
    segments : DataFrame
        code, start_ms, end_ms; any index without duplicates.
    windows : DataFrame
        code, start_ms, end_ms; may overlap.
    """
    whole = (segments["end_ms"] - segments["start_ms"]).astype(np.int64)
    planned = merged_windows(windows)
    if planned.empty or segments.empty:
        return whole
    pairs = segments[["code", "start_ms", "end_ms"]].reset_index(names="segment")
    pairs = pairs.merge(planned, on="code", suffixes=("", "_off"))
    until = pairs[["end_ms", "end_ms_off"]].min(axis=1)
    since = pairs[["start_ms", "start_ms_off"]].max(axis=1)
    off = (until - since).clip(lower=0).groupby(pairs["segment"]).sum()
    return whole - off.reindex(segments.index, fill_value=0).astype(np.int64)


def state_times(segments: pd.DataFrame, windows: pd.DataFrame) -> pd.DataFrame:
    """Milliseconds outside planned maintenance that each camera was in each state: by code, one column each.

    Parameters
    ----------
    segments : DataFrame
        code, start_ms, end_ms, state of an analysis; any index without duplicates.
    windows : DataFrame
        code, start_ms, end_ms of planned maintenance.
    """
    time = assessed_time(segments, windows)
    sums = time.groupby([segments["code"], segments["state"]]).sum().unstack(fill_value=0)
    return sums.reindex(columns=list(STATES), fill_value=0)


def camera_rates(assessed: pd.DataFrame, records: pd.DataFrame, times: pd.DataFrame) -> pd.DataFrame:
    """What each assessed camera contributes to the rates.

    Parameters
    ----------
    assessed : DataFrame
        code (each once), path, unit: the denominator.
    records : DataFrame
        By code, the records there are now: `filled`, the share of `REQUIRED`, and `doubted`: an open finding
        says that the position is not to be believed. An assessed camera without a record has nothing filled.
    times : DataFrame
        As `state_times`.

    Returns
    -------
    DataFrame
        On the index of `assessed`, with its columns and: `filled` (share of `REQUIRED`), `complete`,
        `located` (a record with a position), `believed` (located and not doubted), `online_share` and
        `measured_share` of the time outside maintenance (NaN where none is left, or the analysis does not
        know the camera), `normal` (1, 0, NaN for a camera never online), `planned` (all of its time was).
    """
    share = assessed["code"].map(records["filled"]).astype(np.float64).fillna(0.0)
    located = assessed["code"].isin(records.index)
    doubted = assessed["code"].map(records["doubted"]).eq(True)
    states = times.reindex(assessed["code"]).set_axis(assessed.index)
    return assessed.assign(
        filled=share,
        complete=share >= 1.0,
        located=located,
        believed=located & ~doubted,
        **time_rates(states),
    )


def time_rates(times: pd.DataFrame) -> pd.DataFrame:
    """`online_share`, `measured_share`, `normal` and `planned` of `camera_rates`, on the index of `times`.

    Parameters
    ----------
    times : DataFrame
        As `state_times`; NaN where nothing is known of a camera.
    """
    total = times.sum(axis=1, min_count=1)
    online = times[list(ONLINE)].sum(axis=1, min_count=1)
    some = total.where(total > 0)
    fit = times["usable"] / online.where(online > 0) > NORMAL_SHARE
    return pd.DataFrame(
        {
            "online_share": online / some,
            "measured_share": 1.0 - times["not_measured"] / some,
            "normal": fit.astype(float).where(online > 0),
            "planned": total == 0,
        }
    )


def group_rates(cameras: pd.DataFrame, keys: pd.Series) -> pd.DataFrame:
    """Rates of groups of cameras.

    Parameters
    ----------
    cameras : DataFrame
        As `camera_rates`.
    keys : Series
        Group of each camera, on the same index; missing ones are in no group.

    Returns
    -------
    DataFrame
        By group: `cameras`, `planned` (wholly in maintenance), `filled` (建档率: filled required fields of
        all), `complete` (share of complete records), `located` (定位率), `believed`, `online` (在线率, mean
        over cameras of the share of time online), `measured` (share of that time with evidence), `normal`
        (图像完好率, cameras normal of cameras online). Time rates are NaN where no camera has time.
    """
    groups = cameras.groupby(keys, sort=True)
    return pd.DataFrame(
        {
            "cameras": groups.size(),
            "planned": groups["planned"].sum(),
            "filled": groups["filled"].mean(),
            "complete": groups["complete"].mean(),
            "located": groups["located"].mean(),
            "believed": groups["believed"].mean(),
            "online": groups["online_share"].mean(),
            "measured": groups["measured_share"].mean(),
            "normal": groups["normal"].mean(),
        }
    )
