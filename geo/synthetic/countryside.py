"""What lies between the villages: river, canals, embankment roads, fields with their ditches and tracks, fish
ponds, workshops and the shops along the main road."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.synthetic.curves import box_beside, inside_box, smooth
from geo.synthetic.drawing import CANALS, RIVER, RIVER_NAME, RIVER_WIDTH_M
from geo.synthetic.streets import CLEAR_M, Drawn
from geo.synthetic.village import House

# Fields follow old property, which here runs a little off north.
FIELD_TURN_DEG = 6.0
TRACK_APART_M, DITCH_APART_M = (480.0, 700.0), (62.0, 205.0)
DITCH_HALF_M = 0.9
# Groups of fish ponds: middle, columns, rows (metres; 38 × 64 each).
POND_GROUPS = (
    ((-190, -560), 4, 3),
    ((-640, -330), 3, 2),
    ((1290, -640), 4, 3),
    ((-1010, 1070), 4, 1),
    ((390, -190), 3, 2),
    ((1080, 1080), 3, 2),
    ((-1560, 330), 2, 3),
)
POND_M = (40.0, 66.0)
DYKE_M = 5.0
# Workshops: middle of the estate, columns, rows.
WORKSHOPS = (((1190, -90), 7, 3), ((-1480, -350), 4, 2), ((-90, -990), 2, 2))


@dataclass(frozen=True)
class Waters:
    """Water as drawn: areas by name ("" for nameless ponds and ditches) and the river's middle line."""

    river: shapely.Polygon
    river_line: shapely.LineString
    canals: list[tuple[str, shapely.Polygon]]
    ponds: list[shapely.Polygon]


def waters() -> Waters:
    """River, canals and fish ponds."""
    line = smooth(RIVER)
    low, high = RIVER_WIDTH_M
    # A river is not equally wide: blobs along its middle, wider in the bends.
    at = np.arange(0.0, line.length, 9.0)
    half = (low + (high - low) * (0.5 + 0.5 * np.sin(at / 210.0))) / 2.0
    discs = shapely.buffer(shapely.line_interpolate_point(line, at), half)
    canals = [(name, smooth(points).buffer(width / 2, cap_style="flat")) for name, width, points in CANALS]
    ponds = [pond for middle, columns, rows in POND_GROUPS for pond in _group(middle, columns, rows)]
    return Waters(shapely.union_all(discs).simplify(0.4), line, canals, ponds)


def _group(middle: tuple[float, float], columns: int, rows: int) -> list[shapely.Polygon]:
    """A group of fish ponds with rounded corners, dykes between them."""
    wide, deep = POND_M
    found = []
    for i in range(columns):
        for j in range(rows):
            x = (i - (columns - 1) / 2) * (wide + DYKE_M) - wide / 2
            y = (j - (rows - 1) / 2) * (deep + DYKE_M) - deep / 2
            pond = shapely.box(x, y, x + wide, y + deep).buffer(-3).buffer(3, quad_segs=3)
            found.append(_placed(pond, middle))
    return found


def _placed(shape: shapely.Geometry, middle: tuple[float, float]) -> shapely.Geometry:
    """A shape of the fields' own axes where it lies."""
    turn = np.exp(1j * np.radians(FIELD_TURN_DEG))

    def turned(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        z = (xy[:, 0] + 1j * xy[:, 1]) * turn + complex(*middle)
        return np.column_stack([z.real, z.imag])

    return shapely.transform(shape, turned)


def embankments(found: Waters) -> list[Drawn]:
    """Roads on both banks of the river."""
    off = RIVER_WIDTH_M[1] / 2 + 7.0
    return [
        Drawn(kind, f"{RIVER_NAME}{bank}堤路", found.river_line.offset_curve(side * off).simplify(0.5))
        for kind, bank, side in (("track", "东", 1), ("track", "西", -1))
    ]


def field_tracks(open_land: shapely.Geometry, rng: np.random.Generator) -> list[Drawn]:
    """Tracks (机耕路) across the fields; some of a rough net are missing."""
    found = []
    for upright, apart in ((False, TRACK_APART_M[0]), (True, TRACK_APART_M[1])):
        for line in _parallels(apart, upright, rng):
            for part in shapely.get_parts(shapely.intersection(line, open_land)):
                if part.geom_type == "LineString" and part.length > 60.0 and rng.random() < 0.45:
                    found.append(Drawn("track", "", part))
    return found


def ditches(open_land: shapely.Geometry, rng: np.random.Generator) -> list[shapely.Polygon]:
    """Ditches between the fields, as narrow areas of water that do not overlap."""
    found: list[shapely.Polygon] = []
    for upright, apart in ((False, DITCH_APART_M[0]), (True, DITCH_APART_M[1])):
        # One area with a hole for every field would be no smaller and far harder to draw.
        crossed = shapely.union_all(found)
        for line in _parallels(apart, upright, rng):
            for part in shapely.get_parts(shapely.intersection(line, open_land)):
                if part.geom_type == "LineString" and part.length > 50.0 and rng.random() < 0.55:
                    ditch = part.buffer(DITCH_HALF_M, cap_style="flat")
                    found += shapely.get_parts(shapely.difference(ditch, crossed)).tolist()
    return found


def _parallels(apart: float, upright: bool, rng: np.random.Generator) -> list[shapely.LineString]:
    """Straight lines through the whole picture, unevenly apart."""
    at, found = -2600.0, []
    while at < 2600.0:
        ends = [(at, -2600.0), (at, 2600.0)] if upright else [(-2600.0, at), (2600.0, at)]
        found.append(_placed(shapely.LineString(ends), (0.0, 0.0)))
        at += apart * float(rng.uniform(0.75, 1.25))
    return found


def workshops(rng: np.random.Generator) -> list[House]:
    """Halls of small factories in rows."""
    found = []
    for middle, columns, rows in WORKSHOPS:
        for i in range(columns):
            for j in range(rows):
                wide, deep = float(rng.uniform(30, 42)), float(rng.uniform(22, 34))
                x, y = (i - (columns - 1) / 2) * 52.0 - wide / 2, (j - (rows - 1) / 2) * 46.0 - deep / 2
                if rng.random() < 0.9:
                    hall = _placed(shapely.box(x, y, x + wide, y + deep), middle)
                    found.append(House(hall, float(rng.choice([8.0, 12.0, 16.0])), "works"))
    return found


def workshop_roads() -> list[Drawn]:
    """Roads of the workshops: one along each row's front, one across."""
    found = []
    for middle, columns, rows in WORKSHOPS:
        reach = columns * 52.0 / 2
        for j in range(rows + 1):
            y = (j - rows / 2) * 46.0
            found.append(Drawn("service", "", _placed(shapely.LineString([(-reach, y), (reach, y)]), middle)))
        for x in (-reach, reach):
            ends = [(x, -rows * 23.0), (x, rows * 23.0)]
            found.append(Drawn("service", "", _placed(shapely.LineString(ends), middle)))
    return found


def shops_along(
    line: shapely.LineString, road_class: str, stretches: list[tuple[float, float]], rng: np.random.Generator
) -> list[House]:
    """Rows of shops with dwellings above on both sides of a road, in the stretches given (metres along)."""
    found = []
    for side in (1, -1):
        for start, end in stretches:
            at = start
            while at < end:
                units = int(rng.integers(2, 8))
                wide = 4.2 * units
                setback = CLEAR_M[road_class] + float(rng.uniform(3.0, 4.5))
                box = box_beside(line, at + wide / 2, side, setback, wide, float(rng.uniform(12.0, 15.0)))
                if rng.random() < 0.86:
                    found.append(House(box, 3.6 + 3.2 * int(rng.integers(1, 5)), "shop"))
                at += wide + float(rng.choice([0.6, 0.6, 3.0, 7.0]))
    return found


def scattered_along(line: shapely.LineString, road_class: str, rng: np.random.Generator) -> list[House]:
    """Single houses and sheds beside a country road."""
    found = []
    for at in np.arange(60.0, line.length - 40.0, 46.0):
        if rng.random() < 0.30:
            setback = CLEAR_M[road_class] + float(rng.uniform(2.0, 9.0))
            size = float(rng.uniform(8.0, 15.0)), float(rng.uniform(9.0, 13.0))
            box = box_beside(line, at, int(rng.choice([-1, 1])), setback, *size)
            found.append(House(box, float(rng.choice([4.0, 7.5, 11.0])), "house"))
    return found


def compound(box: shapely.Polygon, plan: str) -> list[House]:
    """Buildings of a public compound inside its plot.

    Parameters
    ----------
    box : Polygon
        The plot (`geo.synthetic.curves.box_beside`).
    plan : {"school", "yard", "block", "shed"}
        Three wings around a playground; a main building across the back and a wing; one building; one hall.
    """
    xy = shapely.get_coordinates(box)
    wide, deep = float(np.hypot(*(xy[1] - xy[0]))), float(np.hypot(*(xy[2] - xy[1])))
    if plan == "school":
        parts = [
            (6.0, deep - 16.0, wide - 12.0, 11.0, 15.0),
            (4.0, 12.0, 11.0, deep - 34.0, 15.0),
            (wide - 15.0, deep * 0.45, 11.0, deep * 0.30, 11.0),
        ]
    elif plan == "yard":
        parts = [(5.0, deep - 17.0, wide - 10.0, 13.0, 18.0), (4.0, 8.0, 11.0, deep - 30.0, 12.0)]
    elif plan == "shed":
        parts = [(2.0, 4.0, wide - 4.0, deep - 6.0, 9.0)]
    else:
        parts = [(2.0, 2.0, wide - 4.0, deep - 4.0, 14.0)]
    return [House(inside_box(box, u, v, w, d), height, plan) for u, v, w, d, height in parts]
