"""Who reports what: the made-up equipment of each camera, and the source that speaks for it."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from cameras.optics import vfov_from_hfov_deg
from cameras.synthetic.sight import aimed_deg

GATEWAY_A, GATEWAY_B, STREAM, INSPECTION = range(4)
SOURCES = pd.DataFrame(
    {
        "code": ["synthetic-gateway-a", "synthetic-gateway-b", "synthetic-stream", "synthetic-round"],
        "kind": ["gateway", "gateway", "stream", "inspection"],
        "expected_interval_s": [60.0, 60.0, 1.0, 21_600.0],
    },
    index=pd.Index(range(4), name="source"),
)
# What a camera's `knows` may be, where its direction and lens are known for certain: its frames tell, or its
# record does.
CERTAIN = ("measured", "listed")
# Eight points, as a catalogue's DirectionType has them.
COMPASS_DEG = 45.0
# What a PTZ camera is scheduled to look at, by seconds of the local day.
TOUR_S = ((0, 28_800), (28_800, 61_200), (61_200, 86_400))
ASPECT = 16 / 9


@dataclass(frozen=True)
class RoleShares:
    """How many cameras report what.

    Parameters
    ----------
    measured, compass : float
        Share of the cameras that report pose and optics in their frames, and share of those whose record
        knows a compass point only; the rest knows nothing.
    gateway_b : float
        Share of the cameras that the second gateway speaks for.
    ptz, streams, inspected : int
        How many measured cameras turn by a schedule, stream, or are only looked at on an inspection round.
    """

    measured: float = 2 / 3
    compass: float = 1 / 6
    gateway_b: float = 0.25
    ptz: int = 8
    streams: int = 3
    inspected: int = 12

    def __post_init__(self) -> None:
        """Refuse shares that are none."""
        if min(self.measured, self.compass) < 0 or self.measured + self.compass > 1:
            raise ValueError(f"shares {self.measured} and {self.compass}; give two that add up to at most 1")
        if not 0 <= self.gateway_b < 1:
            raise ValueError(f"gateway_b {self.gateway_b} is outside [0, 1); give a share")


def roles(
    stands: gpd.GeoSeries,
    streets: gpd.GeoSeries,
    obstructions: gpd.GeoSeries,
    shares: RoleShares,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Made-up equipment by camera.

    Parameters
    ----------
    stands : GeoSeries of Point
        Where the cameras stand, by id, in a metric CRS.
    streets, obstructions : GeoSeries
        Lines and polygons in the same CRS: each camera looks at the nearest street in its sight.
    shares : RoleShares
    rng : Generator

    Returns
    -------
    DataFrame on the cameras' index
        knows ("measured" | "compass" | "nothing"), source (row of `SOURCES`), ptz, azimuth_deg, tilt_deg,
        hfov_deg, vfov_deg, width_px, height_px (of the true pose), shows_clock.
    """
    n = len(stands)
    order = rng.permutation(n)
    n_measured, n_compass = round(shares.measured * n), round(shares.compass * n)
    knows = np.full(n, "nothing", object)
    knows[order[:n_measured]] = "measured"
    knows[order[n_measured : n_measured + n_compass]] = "compass"
    source = np.where(rng.random(n) < shares.gateway_b, GATEWAY_B, GATEWAY_A)
    # The first measured ones of a random order are those that are special.
    special = iter(order[:n_measured])
    for kind, count in ((STREAM, shares.streams), (INSPECTION, shares.inspected)):
        for _, camera in zip(range(count), special, strict=False):
            source[camera] = kind
    ptz = np.zeros(n, bool)
    for camera in [c for c in special if source[c] == GATEWAY_A][: shares.ptz]:
        ptz[camera] = True
    hfov = rng.uniform(30.0, 100.0, n).round(1)
    width = rng.choice([1920.0, 2560.0, 3840.0], n)
    return pd.DataFrame(
        {
            "knows": knows,
            "source": source,
            "ptz": ptz,
            "azimuth_deg": aimed_deg(stands, streets, obstructions, hfov, rng),
            "tilt_deg": rng.uniform(8.0, 20.0, n).round(1),
            "hfov_deg": hfov,
            "vfov_deg": vfov_from_hfov_deg(hfov, ASPECT).round(1),
            "width_px": width,
            "height_px": (width / ASPECT).round(),
            "shows_clock": rng.random(n) < 0.2,
        },
        index=stands.index,
    )


def records(cameras: gpd.GeoDataFrame, made: pd.DataFrame) -> gpd.GeoDataFrame:
    """CAMERAS as the catalogue has them: compass points where only those are known, and who can turn."""
    frame = cameras.copy()
    coarse = (made["knows"] == "compass").to_numpy()
    frame.loc[coarse, "azimuth_deg"] = (
        (made.loc[coarse, "azimuth_deg"] / COMPASS_DEG).round() * COMPASS_DEG % 360.0
    )
    frame.loc[coarse, "azimuth_quality"] = "coarse"
    frame["ptz"] = made["ptz"]
    return frame


def certain_poses(made: pd.DataFrame) -> pd.DataFrame:
    """Every pose that a camera with a certain pose takes by plan, a PTZ camera's presets one by one."""
    fixed = made[made["knows"].isin(CERTAIN) & ~made["ptz"]].rename_axis("camera").reset_index()
    columns = ["camera", "azimuth_deg", "tilt_deg", "hfov_deg", "vfov_deg", "width_px"]
    return pd.concat([fixed[columns], presets(made)[columns]], ignore_index=True)


def presets(made: pd.DataFrame) -> pd.DataFrame:
    """Presets of the PTZ cameras: their schedule turns them by 100° every window."""
    turning = made[made["ptz"]]
    parts = [
        pd.DataFrame(
            {
                "camera": turning.index,
                "name": f"预置位{number + 1}",
                "azimuth_deg": (turning["azimuth_deg"] + 100.0 * number) % 360.0,
                "tilt_deg": turning["tilt_deg"],
                "hfov_deg": turning["hfov_deg"],
                "vfov_deg": turning["vfov_deg"],
                "width_px": turning["width_px"],
                "from_s": float(start),
                "until_s": float(stop),
            }
        )
        for number, (start, stop) in enumerate(TOUR_S)
    ]
    return pd.concat(parts, ignore_index=True)
