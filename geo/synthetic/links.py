"""The roads between the villages: from gate to gate, or from a gate to the main road."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.synthetic.curves import joined
from geo.synthetic.drawing import LINKS, VILLAGES, Link
from geo.synthetic.streets import Drawn
from geo.synthetic.village import Bend, Layout

FloatArray = NDArray[np.float64]

OUTWARDS = {"N": (0.0, 1.0), "S": (0.0, -1.0), "E": (1.0, 0.0), "W": (-1.0, 0.0)}
# A drawn end this near to a road is meant to meet it, metres.
MEANT_M = 60.0
# How far a line goes on beyond the road it meets: the crossing is a node then, and the rest a stub to be cut.
BEYOND_M = 5.0


def drawn_links(layouts: Sequence[Layout], bends: Sequence[Bend], roads: Sequence[Drawn]) -> list[Drawn]:
    """Every link of the drawing, smooth where it leaves a gate, reaching the road it is to meet.

    Parameters
    ----------
    layouts, bends : sequences
        Of the villages, in their order.
    roads : sequence of Drawn
        What links may end at.
    """
    return [_link(link, layouts, bends, roads) for link in LINKS]


def _link(link: Link, layouts: Sequence[Layout], bends: Sequence[Bend], roads: Sequence[Drawn]) -> Drawn:
    first, leaving = _end(link.start, layouts, bends, roads)
    last, arriving = _end(link.end, layouts, bends, roads)
    stops = [first, *(np.array(point, dtype=float) for point in link.via), last]
    if arriving is None:
        step = stops[-1] - stops[-2]
        arriving = -step / np.hypot(*step)
        stops[-1] = stops[-1] - BEYOND_M * arriving
    if leaving is None:
        step = stops[1] - stops[0]
        leaving = step / np.hypot(*step)
    directions = [leaving]
    for before, after in zip(stops[:-2], stops[2:], strict=True):
        directions.append((after - before) / np.hypot(*(after - before)))
    directions.append(-arriving)
    pieces = [
        shapely.get_coordinates(joined(a, p, b, q))
        for a, b, p, q in zip(stops[:-1], stops[1:], directions[:-1], directions[1:], strict=True)
    ]
    xy = np.concatenate([pieces[0], *(piece[1:] for piece in pieces[1:])])
    return Drawn(link.road_class, link.name, shapely.LineString(xy))


def _end(
    end: tuple[str, str] | tuple[float, float],
    layouts: Sequence[Layout],
    bends: Sequence[Bend],
    roads: Sequence[Drawn],
) -> tuple[FloatArray, FloatArray | None]:
    """A place, and the way out of the village where it is a gate; an end near a road lies on it."""
    name, gate = end
    if not isinstance(name, str):
        spot = shapely.Point(name, float(gate))
        road = min((one.line for one in roads), key=spot.distance)
        if road.distance(spot) < MEANT_M:
            spot = road.interpolate(road.project(spot))
        return shapely.get_coordinates(spot)[0], None
    number = next(i for i, site in enumerate(VILLAGES) if site.short == name)
    at = layouts[number].gates[str(gate)]
    return bends[number].points(np.array([at]))[0], bends[number].direction(at, OUTWARDS[str(gate)])
