"""The cameras of the invented town: what they are, what the list says of them, and one day of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cameras.optics import vfov_from_hfov_deg
from cameras.synthetic.day import SyntheticDay, synthetic_day
from cameras.synthetic.faults import FaultPlan
from cameras.synthetic.listing import MISPLACED, Dirt, camera_list, compass_word, plant
from cameras.synthetic.roles import ASPECT, GATEWAY_A, GATEWAY_B, INSPECTION, STREAM
from cameras.synthetic.sites import camera_sites, recorder_groups
from geo.synthetic import VILLAGES, Town
from geo.synthetic.drawing import DISTRICT

CAMERAS = 304
CHANNELS = 16
# GB/T 28181 device codes, 20 digits: county and station, road-side cameras, type, network, serial.
CENTRE = f"{DISTRICT[0]}01"
INDUSTRY, NETWORK = "00", "0"
TYPE_NVR, TYPE_DOME, TYPE_FIXED = "118", "131", "132"
# Lenses of 2.8, 4, 6, 8 and 12 mm before a 1/2.8" sensor, as their data sheets round the field of view.
LENSES_DEG, LENS_SHARES = (101.0, 84.0, 54.0, 40.0, 26.0), (0.18, 0.34, 0.26, 0.14, 0.08)
WIDTHS_PX, WIDTH_SHARES = (1920.0, 2560.0, 3840.0), (0.55, 0.35, 0.10)
# What is known of where a camera looks: its frames tell, the list tells degrees and lens, the list tells a
# compass point in its column, in the name, or nothing does.
KNOWS = {"measured": 0.46, "listed": 0.22, "compass": 0.14, "name": 0.08, "nothing": 0.10}
PTZ, STREAMS, INSPECTED = 12, 1, 12
RECORDERS_AT_B = 0.25
# The second recorder is still down in the morning.
FAULTS = FaultPlan(nvr_cameras=0, recorders=((10 * 60 + 25, 150), (20 * 60 + 40, 200)))


@dataclass(frozen=True, eq=False)
class TownTruth:
    """Everything that is so, whatever the list and the frames say.

    Parameters
    ----------
    cameras : GeoDataFrame in the town's CRS
        Every camera that stands in the town, index from 0: code, name (as listed), role, village, azimuth_deg
        (against true north), tilt_deg, hfov_deg, vfov_deg, width_px, height_px, mount_height_m, ptz, knows
        (as `cameras.synthetic.roles`), listed ("degrees", "compass", "name", ""), source, recorder (code or
        ""), tells_optics, geometry where it really stands.
    rows : GeoDataFrame
        The rows of the list (`cameras.synthetic.listing.camera_list`).
    """

    cameras: gpd.GeoDataFrame
    rows: gpd.GeoDataFrame

    def listed(self, dirt: str) -> pd.DataFrame:
        """The rows that err in one way."""
        return self.rows[self.rows["dirt"] == dirt]

    @property
    def taken_in(self) -> pd.Series:
        """Camera by code, of the rows that a reader takes in."""
        good = self.rows[~self.rows["refused"]]
        return pd.Series(good["camera"].to_numpy(), index=good["code"].to_numpy())


@dataclass(frozen=True, eq=False)
class TownCameras:
    """The list as it is handed over, and the truth behind it.

    Parameters
    ----------
    texts : DataFrame of str
        By row number, Chinese headings.
    truth : TownTruth
    """

    texts: pd.DataFrame
    truth: TownTruth

    def write(self, path: Path) -> None:
        """Write the list as CSV in GB 18030, as a Chinese spreadsheet does. Its datum is cgcs2000."""
        self.texts.to_csv(path, index=False, encoding="gb18030")

    def day(
        self,
        records: gpd.GeoDataFrame,
        streets: gpd.GeoSeries,
        obstructions: gpd.GeoSeries,
        *,
        day_start: datetime,
        seed: int,
    ) -> SyntheticDay:
        """The day of the cameras that were taken in.

        Parameters
        ----------
        records : GeoDataFrame
            CAMERAS as they were stored, in a metric CRS: faults are planted where their loss is felt on the
            map, and the map has the list's places.
        streets, obstructions, day_start, seed
            As `synthetic_day`. The day's cameras are numbered as `TownTruth.cameras`.
        """
        number = records["code"].map(self.truth.taken_in)
        cameras = records.set_axis(pd.Index(number.astype(int), name="camera")).sort_index()
        return synthetic_day(
            cameras,
            streets,
            day_start=day_start,
            seed=seed,
            obstructions=obstructions,
            faults=FAULTS,
            equipment=pd.DataFrame(self.truth.cameras.drop(columns="geometry")).loc[cameras.index],
        )


def town_cameras(town: Town, *, seed: int, count: int = CAMERAS, dirt: Dirt | None = None) -> TownCameras:
    """The cameras of the town and the list of them; same town and seed, same answer.

    Parameters
    ----------
    count : int
        Cameras that stand; the list has a few rows more.
    dirt : Dirt, optional
        How the list errs.
    """
    rng = np.random.default_rng([seed, count])
    errors = dirt or Dirt()
    sites = camera_sites(town, count, rng)
    # Lists are sorted by village, and numbered as they are sorted.
    sites = sites.sort_values(["village", "role", "name"], ignore_index=True)
    planted = plant(sites, errors, rng)
    cameras = _equipped(sites, planted, rng)
    station = town.places[town.places["kind"] == "police"].geometry.iloc[0]
    texts, rows = camera_list(cameras, planted, station, errors.copied, rng)
    return TownCameras(texts, TownTruth(cameras, rows))


def _equipped(sites: gpd.GeoDataFrame, planted: pd.Series, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """The cameras with their optics, their recorder and source, their code, and what is known of them."""
    n = len(sites)
    knows = rng.choice(list(KNOWS), n, p=list(KNOWS.values())).astype(object)
    # A place that is wrong must not pass for certain, and a direction must be told to be told twice.
    knows[planted.isin(MISPLACED).to_numpy() & np.isin(knows, ("measured", "listed"))] = "nothing"
    knows[(planted == "two_directions").to_numpy()] = "compass"
    drawn = rng.permutation(np.flatnonzero((knows == "measured") & (planted == "").to_numpy()))
    # Those inside the villages first: what streams is to watch a street that no other does.
    inner = (sites["role"] == "junction").to_numpy()[drawn]
    special = iter([*drawn[inner], *drawn[~inner]])
    ptz, alone = np.zeros(n, bool), np.zeros(n, bool)
    source = np.full(n, GATEWAY_A)
    for kind, many in ((STREAM, STREAMS), (INSPECTION, INSPECTED)):
        for _ in range(many):
            camera = next(special)
            source[camera], alone[camera] = kind, True
    group = recorder_groups(sites, alone, CHANNELS)
    at_b = rng.random(group.max() + 1) < RECORDERS_AT_B
    source[(group >= 0) & at_b[group]] = GATEWAY_B
    for camera in [camera for camera in special if source[camera] == GATEWAY_A][:PTZ]:
        ptz[camera] = True
    hfov = np.where(ptz, 60.0, rng.choice(LENSES_DEG, n, p=LENS_SHARES))
    width = rng.choice(WIDTHS_PX, n, p=WIDTH_SHARES)
    listed = _told(knows, planted, rng)
    frame = sites.assign(
        code=_codes(ptz),
        name=[
            f"{name}朝{compass_word(azimuth)}" if told == "name" else name
            for name, azimuth, told in zip(sites["name"], sites["azimuth_deg"], listed, strict=True)
        ],
        village_name=sites["village"].map({site.number: site.name for site in VILLAGES}),
        tilt_deg=rng.uniform(8.0, 18.0, n).round(1),
        hfov_deg=hfov,
        vfov_deg=vfov_from_hfov_deg(hfov, ASPECT).round(1),
        width_px=width,
        height_px=(width / ASPECT).round(),
        mount_height_m=rng.choice([3.0, 3.5, 4.0, 4.5, 5.0, 6.0], n),
        ptz=ptz,
        knows=np.where(knows == "name", "compass", knows),
        listed=listed,
        source=source,
        recorder=[f"{CENTRE}{INDUSTRY}{TYPE_NVR}{NETWORK}{g + 1:06d}" if g >= 0 else "" for g in group],
        tells_optics=(knows == "listed") | (rng.random(n) < 0.6),
        shows_clock=rng.random(n) < 0.2,
        built=rng.integers(2014, 2026, n),
    )
    return gpd.GeoDataFrame(frame, geometry=sites.geometry)


def _told(knows: NDArray[np.object_], planted: pd.Series, rng: np.random.Generator) -> NDArray[np.object_]:
    """What the list says of each direction; cameras whose frames tell it have any of the three."""
    drawn = rng.choice(["degrees", "compass", ""], len(knows), p=[0.3, 0.35, 0.35])
    told = np.select(
        [knows == "measured", knows == "listed", knows == "compass", knows == "name"],
        [drawn, "degrees", "compass", "name"],
        "",
    )
    return told.astype(object)


def _codes(ptz: NDArray[np.bool_]) -> list[str]:
    return [
        f"{CENTRE}{INDUSTRY}{TYPE_DOME if turns else TYPE_FIXED}{NETWORK}{number:06d}"
        for number, turns in enumerate(ptz.tolist(), start=1)
    ]
