"""What one pass over an extract keeps, and the list of oddities met on the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import Sentence

FINDINGS: dict[str, Sentence] = {
    one: one
    for one in (
        Sentence("incomplete_way"),
        Sentence("no_known_node"),
        Sentence("incomplete_area"),
        Sentence("no_area"),
        Sentence("repaired_ring"),
        Sentence("ring_tagged_twice"),
        Sentence("no_obstruction"),
        Sentence("area_outline"),
        Sentence("unknown_class"),
        Sentence("not_a_way"),
        Sentence("place_mapped_twice"),
        Sentence("several_directions"),
        Sentence("several_cameras"),
        Sentence("direction_is_a_range"),
        Sentence("direction_not_understood"),
        Sentence("height_not_understood"),
        Sentence("tilt_not_understood"),
        Sentence("guard_not_camera"),
        Sentence("indoor_camera"),
    )
}
"""Names of the oddities (docs/places.md says how each is met), by themselves."""


@dataclass(frozen=True)
class Node:
    """A node with tags."""

    osm_id: int
    lon: float
    lat: float
    tags: dict[str, str]

    @property
    def key(self) -> str:
        return f"n{self.osm_id}"


@dataclass(frozen=True)
class Way:
    """A way with the coordinates of its nodes; NaN where the extract has cut a node off."""

    osm_id: int
    tags: dict[str, str]
    refs: NDArray[np.int64]
    lonlat: NDArray[np.float64]

    @property
    def key(self) -> str:
        return f"w{self.osm_id}"

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which nodes have coordinates."""
        return ~np.isnan(self.lonlat[:, 0])

    @property
    def closed(self) -> bool:
        return len(self.refs) >= 4 and bool(self.refs[0] == self.refs[-1])


@dataclass(frozen=True)
class Relation:
    """A multipolygon relation: its member ways with their roles."""

    osm_id: int
    tags: dict[str, str]
    members: tuple[tuple[int, str], ...]

    @property
    def key(self) -> str:
        return f"r{self.osm_id}"


@dataclass
class Findings:
    """Oddities in the order met; `frame` gives key, finding and value."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, key: str, finding: str, value: object = "") -> None:
        self.rows.append((key, finding, str(value)))

    def add_all(self, keys: Iterable[str], finding: str) -> None:
        for key in keys:
            self.add(key, finding)

    def frame(self) -> pd.DataFrame:
        return pd.DataFrame(self.rows, columns=["key", "finding", "value"], dtype="object")
