"""Schools, banks, the market, the police station: their ground, buildings and one declared point each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from geo.synthetic.countryside import compound
from geo.synthetic.curves import box_beside, heading, left_of
from geo.synthetic.drawing import DOORS, PLOTS, Plot
from geo.synthetic.village import House

# A gate stands this far off the middle of its street, metres: on its margin, where one waits.
MARGIN_M = 6.0
SEARCH_M = 260.0


@dataclass(frozen=True)
class Institution:
    """A public place: kind, name, the point that should be seen, and its ground and buildings where it has
    some of its own."""

    kind: str
    name: str
    gate: shapely.Point
    plot: shapely.Polygon | None = None
    houses: tuple[House, ...] = ()


def institutions(
    roads: Mapping[str, shapely.LineString],
    gate_streets: Mapping[tuple[str, str], shapely.LineString],
    taken: shapely.Geometry,
) -> list[Institution]:
    """Every institution of the drawing.

    Parameters
    ----------
    roads : mapping of name to LineString
        Roads and links.
    gate_streets : mapping of (village, gate) to LineString
        Streets that lead out of a village, from its middle.
    taken : geometry
        Ground no compound may lie on: settlements, water, roads with their margins.
    """
    found: list[Institution] = []
    shapely.prepare(taken)
    plots: list[shapely.Polygon] = []
    for plot in PLOTS:
        box, gate = _free_box(plot, roads[plot.road], taken, plots)
        plots.append(box)
        found.append(Institution(plot.kind, plot.name, gate, box, tuple(compound(box, plot.plan))))
    for door in DOORS:
        line = roads[door.street] if isinstance(door.street, str) else gate_streets[door.street]
        at = door.share * line.length
        side = 1 if sum(map(ord, door.name)) % 2 else -1
        out = side * left_of(heading(line, at)) * (MARGIN_M if isinstance(door.street, str) else 2.6)
        found.append(Institution(door.kind, door.name, shapely.Point(line.interpolate(at).coords[0] + out)))
    return found


def _free_box(
    plot: Plot, line: shapely.LineString, taken: shapely.Geometry, plots: Sequence[shapely.Polygon]
) -> tuple[shapely.Polygon, shapely.Point]:
    """The free ground nearest to where the plot is wanted, and its gate on the road's margin."""
    wanted = plot.share * line.length
    for off in np.arange(0.0, SEARCH_M, 6.0):
        for at in (wanted + off, wanted - off):
            if not plot.along_m / 2 < at < line.length - plot.along_m / 2:
                continue
            for side in (1, -1):
                box = box_beside(line, at, side, 13.0, plot.along_m, plot.deep_m)
                if taken.intersects(box) or any(other.intersects(box.buffer(3.0)) for other in plots):
                    continue
                out = side * left_of(heading(line, at)) * MARGIN_M
                return box, shapely.Point(line.interpolate(at).coords[0] + out)
    raise ValueError(f"no free ground for {plot.name} along {plot.road}; draw it elsewhere")
