"""Ways of moving, and how fast each of them is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MODES = ("foot", "ebike", "car")
"""Ways of moving along streets."""
AIR = "uav"
"""The way of moving that needs no street."""
# Classes on which a car keeps to half its speed: yards, aisles and shared streets; where the Helsinki
# extract signs a limit on them it is 5 to 20 km/h.
_SLOW_FOR_CARS = frozenset(["living_street", "service", "pedestrian", "track", "footway", "cycleway", "path"])


@dataclass(frozen=True)
class Speeds:
    """Average travel speeds, metres a second, stops at crossings included; all > 0.

    foot: 1.4, a common walking pace. stairs: half of it. ebike: 5 (18 km/h; China's national standard caps
    e-bikes at 25 km/h). car: 8 (29 km/h), half on yards, aisles and shared streets. uav: 10 (36 km/h), below
    the 12 to 15 m/s at which small multicopters fly by themselves from point to point, for climbing and wind.
    """

    foot: float = 1.4
    stairs: float = 0.7
    ebike: float = 5.0
    car: float = 8.0
    car_slow: float = 4.0
    uav: float = 10.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            # Above 60 m/s a route of LONGEST_MS could outgrow what a key of geo.roads.search holds.
            if not 0.0 < value <= 60.0:
                raise ValueError(f"speed {name}={value} m/s must lie above 0 and at most at 60 m/s")

    def of_edges(self, mode: str, edges: pd.DataFrame) -> NDArray[np.float64]:
        """Metres a second on each edge, of a mode that goes along streets."""
        if mode == "foot":
            return np.where(edges["steps"].to_numpy(dtype=bool), self.stairs, self.foot)
        if mode == "car":
            return np.where(edges["road_class"].isin(_SLOW_FOR_CARS).to_numpy(), self.car_slow, self.car)
        return np.full(len(edges), self.ebike)
