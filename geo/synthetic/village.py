"""One village in its own plane: a comb of old houses around the ancestral hall, newer quarters around it.

The pattern is that of the Chaoshan plain (梳式布局, comb layout): houses of one storey (下山虎, about 11 m
wide and 14 m deep) stand in columns that narrow fire lanes (火巷) part and a few cross lanes cut; in the
middle of the front the ancestral hall (祠堂) with its courtyards looks over a forecourt (埕) and a half-moon
pond (池塘). Around it lie blocks of narrow houses of three to five storeys in double rows. Drawn from
general descriptions of such villages, after no particular one; every size is an estimate.

u runs along the rows, v away from the pond, metres; the front street is v = 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.synthetic.drawing import VillageSite

FloatArray = NDArray[np.float64]

LANE_M, CROSS_LANE_M = 2.4, 3.0
STREET_HALF_M = 3.1
ROWS_IN_BAND = 3
HALL_HALF_M = 10.2
FORECOURT_M = 17.0
# Frontages of newer houses are whole plots of about 4.2 m, often several under one roof.
FRONTAGES_M, FRONTAGE_SHARES = (4.4, 8.6, 10.6, 12.8, 17.0), (0.12, 0.38, 0.20, 0.20, 0.10)
# How far apart the streets of newer quarters lie: across the rows, and along them.
ROW_APART_M, BLOCK_M = (31.5, 36.0), (64.0, 98.0)
# A street goes on as far as houses stand within this of its middle, metres.
STREET_SIDE_M = 15.0
# The streets that lead out end this far beyond the last houses.
GATE_OUT_M = 16.0


@dataclass(frozen=True)
class Street:
    """A line of the village before it is bent: OSM class, name and points."""

    road_class: str
    name: str
    line: shapely.LineString


@dataclass(frozen=True)
class House:
    """A building: its outline, height in metres and what it is (house, old, hall)."""

    shape: shapely.Polygon
    height_m: float
    kind: str


@dataclass
class Layout:
    """What a village consists of, in its own plane; `ways` are the streets that lead out, `gates` their ends.

    `middle` and `radius_m` say where the settlement lies and about how far it reaches.
    """

    streets: list[Street] = field(default_factory=list)
    houses: list[House] = field(default_factory=list)
    pond: shapely.Polygon = field(default_factory=shapely.Polygon)
    outline: shapely.Polygon = field(default_factory=shapely.Polygon)
    gates: dict[str, tuple[float, float]] = field(default_factory=dict)
    ways: dict[str, shapely.LineString] = field(default_factory=dict)
    middle: tuple[float, float] = (0.0, 0.0)
    radius_m: float = 1.0


def village_layout(site: VillageSite, rng: np.random.Generator) -> Layout:
    """The plan of one village; the same generator state, the same plan."""
    columns = _columns(site, rng)
    lanes = columns[:-1]
    half = float(columns[-1])
    crossings, top = _crossings(site, rng)
    found = Layout(middle=(0.0, top / 2.0), radius_m=site.radius_m)
    found.outline = _outline(site, top, rng)
    _core(found, site, lanes, half, crossings, top, rng)
    pond_half = min(0.62 * half, 34.0)
    found.pond = _half_moon(pond_half, FORECOURT_M)
    _quarters(found, site, half, pond_half, top, rng)
    _trimmed(found)
    return found


def bent(site: VillageSite, middle: tuple[float, float], rng: np.random.Generator) -> Bend:
    """How the village's plane lies in the town's."""
    a = 0.00019 * np.exp(2j * np.pi * rng.random())
    b = 3.2e-7 * np.exp(2j * np.pi * rng.random())
    turn = np.exp(1j * np.radians(site.turn_deg + rng.uniform(-2.0, 2.0)))
    return Bend(complex(*middle), complex(a), complex(b), complex(turn), complex(*site.at))


@dataclass(frozen=True)
class Bend:
    """A conformal map of the plane: z + a z² + b z³ about the village's middle, turned and moved.

    Right angles stay right, so that bent rows of houses still are houses, and nothing that lay apart comes to
    overlap: within 300 m of the middle |2az + 3bz²| stays below 1, which makes the map one to one.
    """

    middle: complex
    a: complex
    b: complex
    turn: complex
    at: complex

    def points(self, xy: FloatArray) -> FloatArray:
        """Places in the town's plane, metres."""
        z = xy[:, 0] + 1j * xy[:, 1] - self.middle
        w = self.turn * (z + self.a * z**2 + self.b * z**3) + self.at
        return np.column_stack([w.real, w.imag])

    def shape(self, shape: shapely.Geometry) -> shapely.Geometry:
        """A shape in the town's plane; its edges stay straight between their ends."""
        return shapely.transform(shape, self.points)

    def direction(self, at: tuple[float, float], towards: tuple[float, float]) -> FloatArray:
        """The unit vector that a direction at a place becomes."""
        z = complex(*at) - self.middle
        turned = self.turn * (1 + 2 * self.a * z + 3 * self.b * z**2) * complex(*towards)
        turned /= abs(turned)
        return np.array([turned.real, turned.imag])


def _trimmed(found: Layout) -> None:
    """Leave out houses that stand outside the outline, and streets where nobody lives."""
    shapes = np.array([house.shape for house in found.houses], dtype=object)
    inside = shapely.contains(found.outline, shapes)
    found.houses = [house for house, kept in zip(found.houses, inside.tolist(), strict=True) if kept]
    lived_in = shapely.union_all(shapely.buffer(shapes[inside], STREET_SIDE_M, quad_segs=1))
    streets = []
    for street in found.streets:
        line = street.line
        if street.road_class == "residential":
            line = shapely.intersection(line, lived_in)
        for part in shapely.get_parts(line):
            if part.geom_type == "LineString" and not part.is_empty:
                streets.append(Street(street.road_class, street.name, part))
    found.streets = streets


def _columns(site: VillageSite, rng: np.random.Generator) -> FloatArray:
    """Right half of the lanes: u of each fire lane from the hall outwards, last that of the ring street."""
    widths = rng.uniform(10.7, 12.4, site.columns)
    lanes = [HALL_HALF_M + 0.8 + LANE_M / 2]
    for width in widths:
        lanes.append(lanes[-1] + width + LANE_M)
    lanes[-1] += STREET_HALF_M + 0.7 - LANE_M / 2
    return np.array(lanes)


def _crossings(site: VillageSite, rng: np.random.Generator) -> tuple[FloatArray, float]:
    """v of the cross lanes, and of the street behind the old village."""
    v, found = STREET_HALF_M + 0.6, []
    for _ in range(site.bands):
        v += ROWS_IN_BAND * float(rng.uniform(13.6, 15.0)) + CROSS_LANE_M
        found.append(v - CROSS_LANE_M / 2)
    top = found[-1] - CROSS_LANE_M / 2 + STREET_HALF_M + 0.7
    return np.array(found[:-1]), top


def _outline(site: VillageSite, top: float, rng: np.random.Generator) -> shapely.Polygon:
    """A lobed closed line around the middle: how far the settlement has grown."""
    angle = np.linspace(0.0, 2 * np.pi, 160, endpoint=False)
    reach = np.full_like(angle, site.radius_m)
    for waves, share in ((2, 0.09), (3, 0.11), (4, 0.07), (7, 0.045), (11, 0.03)):
        reach += site.radius_m * share * np.sin(waves * angle + rng.uniform(0, 2 * np.pi))
    # Wider than deep, as the rows are.
    found = np.column_stack([1.08 * reach * np.cos(angle), top / 2.0 + 0.94 * reach * np.sin(angle)])
    return shapely.Polygon(found)


def _half_moon(half: float, forecourt_m: float) -> shapely.Polygon:
    angle = np.linspace(np.pi, 2 * np.pi, 25)
    return shapely.Polygon(
        np.column_stack([half * np.cos(angle), -forecourt_m + 0.82 * half * np.sin(angle)])
    )


def _core(
    found: Layout,
    site: VillageSite,
    right: FloatArray,
    half: float,
    crossings: FloatArray,
    top: float,
    rng: np.random.Generator,
) -> None:
    """The old village inside its ring street."""
    lanes = np.concatenate([-right[::-1], right])
    first = crossings[0] if len(crossings) else top
    old = f"{site.short}老寨"
    found.streets += [
        Street("residential", f"{site.short}埕前路", _line((-half, 0), (half, 0))),
        Street("residential", f"{site.short}环村路", _line((-half, 0), (-half, top), (half, top), (half, 0))),
    ]
    found.streets += [
        Street("path", f"{old}{_cardinal(i)}横巷", _line((-half, v), (half, v)))
        for i, v in enumerate(crossings, start=1)
    ]
    for i, u in enumerate(lanes, start=1):
        found.streets.append(Street("path", f"{old}{_cardinal(i)}巷", _line((u, 0), (u, top))))
    # Behind the hall a lane parts the two columns in its axis.
    found.streets.append(Street("path", f"{old}中巷", _line((0, first), (0, top))))
    _hall(found, first - CROSS_LANE_M / 2)
    edges = [-half + STREET_HALF_M - LANE_M / 2, *lanes, half - STREET_HALF_M + LANE_M / 2]
    bands = [0.0 + STREET_HALF_M - CROSS_LANE_M / 2, *crossings, top - STREET_HALF_M + CROSS_LANE_M / 2]
    # Branches of the clan have halls of their own, a column wide (房祠).
    side_halls = set(rng.choice(len(edges) - 1, 2, replace=False).tolist())
    for n, (low, high) in enumerate(pairwise(bands)):
        for i, (left, end) in enumerate(pairwise(edges)):
            is_axis = left < 0 < end
            if is_axis and n == 0:
                continue
            if n == 0 and i in side_halls:
                box = (
                    left + LANE_M / 2 + 0.1,
                    low + CROSS_LANE_M / 2 + 0.4,
                    end - LANE_M / 2 - 0.1,
                    high - 2.0,
                )
                found.houses.append(House(_with_yard(box), 6.0, "hall"))
                continue
            spans = [(left, 0.0), (0.0, end)] if is_axis else [(left, end)]
            for a, b in spans:
                _old_column(found, a + LANE_M / 2, b - LANE_M / 2, low, high, rng)


def _old_column(
    found: Layout, left: float, right: float, low: float, high: float, rng: np.random.Generator
) -> None:
    """Houses of one column between two cross lanes, front to back; some fell down, some were built higher."""
    low, high = low + CROSS_LANE_M / 2 + 0.2, high - CROSS_LANE_M / 2 - 0.2
    rows = ROWS_IN_BAND
    # 四点金: the larger house takes two rows.
    cuts = [0, 2, 3] if rng.random() < 0.12 else [0, 1, 3] if rng.random() < 0.08 else list(range(rows + 1))
    depth = (high - low) / rows
    for a, b in pairwise(cuts):
        if rng.random() < 0.06:
            continue
        box = (left + 0.1, low + a * depth + 0.25, right - 0.1, low + b * depth - 0.25)
        height = 4.5 if rng.random() < 0.8 else float(rng.choice([7.5, 10.5]))
        found.houses.append(House(_with_yard(box) if b - a > 1 else shapely.box(*box), height, "old"))


def _with_yard(box: tuple[float, float, float, float]) -> shapely.Polygon:
    """A house around a courtyard (天井)."""
    left, low, right, high = box
    middle, wide, deep = (left + right) / 2, 0.17 * (right - left), 0.13 * (high - low)
    centre = low + 0.48 * (high - low)
    yard = shapely.box(middle - wide, centre - deep, middle + wide, centre + deep)
    return shapely.difference(shapely.box(*box), yard)


def _hall(found: Layout, top: float) -> None:
    """The ancestral hall: gate, main and rear building around two courtyards."""
    low, high = STREET_HALF_M + 0.6, top - 0.4
    deep = high - low
    walls = shapely.box(-HALL_HALF_M, low, HALL_HALF_M, high)
    yards = [
        shapely.box(-5.0, low + share * deep, 5.0, low + (share + 0.17) * deep) for share in (0.22, 0.62)
    ]
    found.houses.append(House(shapely.difference(walls, shapely.union_all(yards)), 7.0, "hall"))


def _quarters(
    found: Layout, site: VillageSite, half: float, pond_half: float, top: float, rng: np.random.Generator
) -> None:
    """The newer village: blocks west, east and north of the old one, and beside and below the pond."""
    reach = 1.3 * site.radius_m
    south, north = top / 2.0 - reach, top / 2.0 + reach
    beside = pond_half + 9.0
    below = -FORECOURT_M - 0.82 * pond_half - 14.0
    for word, start, end in (("西", -half, -reach), ("东", half, reach)):
        # In some quarters the rows face east and west.
        turned = rng.random() < 0.4
        across = _breaks(start, end, *(ROW_APART_M if turned else BLOCK_M), rng)
        deep = BLOCK_M if turned else ROW_APART_M
        up = [*_breaks(0.0, south, *deep, rng)[:0:-1], *_breaks(0.0, north, *deep, rng)]
        _blocks(found, f"{site.short}{word}片", across, up, rng, turned=turned)
    behind = [-half, float(rng.uniform(-0.25, 0.25)) * half, half]
    _blocks(found, f"{site.short}北片", behind, _breaks(top, north, *ROW_APART_M, rng), rng)
    lower = f"{site.short}南片"
    _blocks(found, lower, [-beside, beside], _breaks(below, south, *ROW_APART_M, rng), rng)
    for side in (-1, 1):
        if half - beside > 16.0:
            up = _breaks(-FORECOURT_M - 2.0, south, *ROW_APART_M, rng)
            _blocks(found, lower, [side * beside, side * half], up, rng)
    round_pond = _line((-beside, 0), (-beside, below), (beside, below), (beside, 0))
    found.streets.append(Street("residential", f"{site.short}池塘路", round_pond))
    edge = {"W": (-reach, 0.0), "E": (reach, 0.0), "N": (half, north), "S": (beside, south)}
    start_at = {"W": (-half, 0.0), "E": (half, 0.0), "N": (half, top), "S": (beside, 0.0)}
    for gate in site.gates:
        way = shapely.intersection(_line(start_at[gate], edge[gate]), found.outline)
        last = shapely.get_coordinates(shapely.get_parts(way)[0])[-1]
        out = np.sign(np.subtract(edge[gate], start_at[gate])) * GATE_OUT_M
        found.gates[gate] = (float(last[0] + out[0]), float(last[1] + out[1]))
        found.ways[gate] = _line(start_at[gate], found.gates[gate])
        found.streets.append(Street("unclassified", f"{site.short}村道", found.ways[gate]))


def _breaks(start: float, end: float, least: float, most: float, rng: np.random.Generator) -> list[float]:
    """Places of parallel streets from `start` towards `end`, unevenly apart."""
    sign = 1.0 if end > start else -1.0
    found = [start]
    while abs(end - found[-1]) > least:
        found.append(found[-1] + sign * float(rng.uniform(least, most)))
    return found


def _blocks(
    found: Layout,
    name: str,
    across: list[float],
    up: list[float],
    rng: np.random.Generator,
    *,
    turned: bool = False,
) -> None:
    """Streets along both families of breaks, and houses in the blocks between, inside the outline."""
    us, vs = sorted(across), sorted(up)
    if len(us) < 2 or len(vs) < 2:
        return
    lines = [(f"{name}{_cardinal(i)}横", _line((us[0], v), (us[-1], v))) for i, v in enumerate(vs, start=1)]
    lines += [(f"{name}{_cardinal(i)}直", _line((u, vs[0]), (u, vs[-1]))) for i, u in enumerate(us, start=1)]
    found.streets += [Street("residential", word, line) for word, line in lines]
    for v0, v1 in pairwise(vs):
        for u0, u1 in pairwise(us):
            _fill(found, (u0, u1, v0, v1), turned, rng)


def _fill(
    found: Layout, block: tuple[float, float, float, float], turned: bool, rng: np.random.Generator
) -> None:
    """Two rows of houses back to back in one block, thinner towards the edge; some blocks stay empty."""
    u0, u1, v0, v1 = block
    middle = np.array([(u0 + u1) / 2, (v0 + v1) / 2]) - found.middle
    share = float(np.hypot(*middle)) / found.radius_m
    if rng.random() < 0.03 + 0.12 * share**2:
        return
    crowded = float(np.clip(1.06 - 0.30 * share - rng.uniform(0.0, 0.14), 0.5, 0.97))
    # Along the rows first, whichever way they run.
    a0, a1, b0, b1 = (v0, v1, u0, u1) if turned else (u0, u1, v0, v1)
    left, right = a0 + STREET_HALF_M + 0.5, a1 - STREET_HALF_M - 0.5
    low, high = b0 + STREET_HALF_M + 0.4, b1 - STREET_HALF_M - 0.4
    if high - low < 9.0 or right - left < 4.0:
        return
    back = (low + high) / 2
    rows = [(low, high)] if high - low < 20.0 else [(low, back - 0.5), (back + 0.5, high)]
    for n, (near, far) in enumerate(rows):
        at = left + float(rng.uniform(0.0, 0.8))
        while right - at > 4.2:
            wide = min(float(rng.choice(FRONTAGES_M, p=FRONTAGE_SHARES)), right - at)
            shy = float(rng.uniform(0.0, 1.6))
            ends = (near + shy, far) if n == 0 else (near, far - shy)
            box = (at, ends[0], at + wide - 0.3, ends[1])
            shape = shapely.box(*((box[1], box[0], box[3], box[2]) if turned else box))
            storeys = int(rng.choice([1, 2, 3, 4, 5], p=[0.08, 0.17, 0.35, 0.28, 0.12]))
            at += wide
            if rng.random() < crowded:
                found.houses.append(House(shape, 1.2 + 3.3 * storeys, "house"))


def _line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString(points)


def _cardinal(number: int) -> str:
    """A number below 100 as it is written in street names: 三, 十二, 二十一."""
    digits = "零一二三四五六七八九"
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{digits[tens]}十"
    return head + (digits[ones] if ones or not tens else "")
