"""What a siting asks for, and where it looks."""

from __future__ import annotations

from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np

from cameras.footprint import check_dimension, footprints
from cameras.levels import pixels_per_metre
from cameras.optics import AssumedOptics
from cameras.siting.search import SearchSettings

STEP_LIMITS_DEG = (5.0, 45.0)


@dataclass(frozen=True)
class SitingSettings:
    """Everything that tunes a siting; kept with its result.

    Parameters
    ----------
    level : str or float
        Level of detail at which ground counts as seen.
    optics : AssumedOptics
        Of a new camera, which is bought with known ones.
    piece_m : float
        Watched streets are judged in pieces of at most this length, each by its midpoint.
    place_weight_m : int
        A place weighs as much as so many metres of street.
    corner_m : float
        How far a pole stands from the middles of the two streets at whose corner it is put, and from the
        middle of a street between corners.
    spacing_m : float
        Distance of spots along a street.
    facade_m : float
        A façade this near to a street's middle is taken instead of a pole.
    off_wall_m : float
        How far a bracket holds a camera off a façade.
    apart_m : float
        Of two spots nearer than this one is left out.
    step_deg, re_aim_step_deg : float
        Azimuths that are tried of a new camera, and of an existing one: every so many degrees from north.
        None for a new camera: half its field of view, within `STEP_LIMITS_DEG`.
    re_aim : bool
        Whether existing cameras may be turned.
    most_spots : int
        More spots than this are cut to those with the most open ground in reach.
    most_pieces : int
        With more pieces than this they are made longer.
    search : SearchSettings
        How hard to search.
    dimension : str
        "2d" or "2.5d", how walls hide (`cameras.footprint`).
    target_height_m : float
        Height of what is looked at, in 2.5d.
    """

    level: str | float = "observe"
    optics: AssumedOptics = field(default_factory=AssumedOptics)
    piece_m: float = 5.0
    place_weight_m: int = 75
    corner_m: float = 4.0
    spacing_m: float = 30.0
    facade_m: float = 12.0
    off_wall_m: float = 0.3
    apart_m: float = 6.0
    step_deg: float | None = None
    re_aim_step_deg: float = 15.0
    re_aim: bool = True
    most_spots: int = 2_000
    most_pieces: int = 40_000
    search: SearchSettings = field(default_factory=SearchSettings)
    dimension: str = "2d"
    target_height_m: float = 1.5

    def __post_init__(self) -> None:
        pixels_per_metre(self.level)
        check_dimension(self.dimension, self.target_height_m)
        for name, low, high in (
            ("piece_m", 0.5, 100.0),
            ("corner_m", 0.5, 50.0),
            ("spacing_m", 5.0, 1000.0),
            ("facade_m", 0.0, 100.0),
            ("off_wall_m", 0.05, 2.0),
            ("apart_m", 0.0, 100.0),
            ("re_aim_step_deg", 1.0, 360.0),
            ("most_spots", 1, 100_000),
            ("most_pieces", 1, 1_000_000),
            ("place_weight_m", 0, 100_000),
        ):
            value = getattr(self, name)
            if not (np.isfinite(value) and low <= value <= high):
                raise ValueError(f"{name} {value} is outside [{low:g}, {high:g}]; give one inside")
        if self.step_deg is not None and not 1.0 <= self.step_deg <= 360.0:
            raise ValueError(f"step_deg {self.step_deg} is outside [1, 360]; give one inside")

    def footprints(self, cameras: gpd.GeoDataFrame, obstructions: gpd.GeoDataFrame) -> gpd.GeoSeries:
        """What cameras see at this level, behind walls that hide as these settings say."""
        return footprints(
            cameras,
            obstructions,
            level=self.level,
            dimension=self.dimension,
            target_height_m=self.target_height_m,
        )

    @property
    def new_step_deg(self) -> float:
        """Degrees between the azimuths that are tried of a new camera; 360 for one that sees all round."""
        if self.optics.hfov_deg >= 360.0:
            return 360.0
        low, high = STEP_LIMITS_DEG
        return self.step_deg or min(max(self.optics.hfov_deg / 2.0, low), high)
