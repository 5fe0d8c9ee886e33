"""The invented town put together: one seed, one town, and everything about it known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from geo.crs import LONLAT, to_lonlat
from geo.osm import OsmExtract
from geo.osm.records import Findings
from geo.synthetic import countryside as land
from geo.synthetic.curves import smooth
from geo.synthetic.drawing import BOUNDARY, EPSG, MIDDLE, RIVER_NAME, ROADS, SHOPS, VILLAGES
from geo.synthetic.institutions import Institution, institutions
from geo.synthetic.links import drawn_links
from geo.synthetic.streets import CLEAR_M, Drawn, network
from geo.synthetic.territory import territory
from geo.synthetic.village import Bend, House, Layout, bent, village_layout

ATTRIBUTION = "合成数据 synthetic data"
# Nothing is built nearer to water, or to a public place's point, than this, metres.
BANK_M = 2.0
# Ditches lie in pipes this far to both sides of a street's middle and around houses, metres.
PIPE_M = 2.4
# Roads that lead out end this far inside the boundary.
ROADS_END_M = 6.0
BOUNDARY_STEP_M = 13.0


@dataclass(frozen=True, eq=False)
class Town:
    """An invented town; every frame in one projected CRS in metres.

    Parameters
    ----------
    road_nodes, road_edges : GeoDataFrame
        As an OpenStreetMap extract has them (`geo.osm.OsmExtract`); edges also have `village`, the number of
        the village whose settlement they belong to, 0 for roads between them.
    buildings : GeoDataFrame
        OBSTRUCTIONS: key, height_m; and kind (house, old, hall, shop, works, school, …).
    places : GeoDataFrame
        PLACES: key, kind, name.
    water : GeoDataFrame
        key, kind "water", name, areas.
    jurisdictions : GeoDataFrame
        JURISDICTIONS, origin "synthetic".
    river : LineString
        Its middle line.
    """

    road_nodes: gpd.GeoDataFrame
    road_edges: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    water: gpd.GeoDataFrame
    jurisdictions: gpd.GeoDataFrame
    river: shapely.LineString

    @property
    def crs(self) -> CRS:
        """The CGCS2000 3-degree zone it is drawn in."""
        return CRS.from_user_input(self.road_edges.crs)

    def extract(self) -> OsmExtract:
        """The town as if it had been read from a file, in EPSG:4326, without cameras."""
        west, south, east, north = (float(edge) for edge in to_lonlat(self.jurisdictions).total_bounds)
        return OsmExtract(
            road_nodes=to_lonlat(self.road_nodes),
            road_edges=to_lonlat(self.road_edges.drop(columns="village")),
            buildings=to_lonlat(self.buildings[["key", "height_m", "geometry"]]),
            places=to_lonlat(self.places),
            water=to_lonlat(self.water),
            cameras=gpd.GeoDataFrame({"code": []}, geometry=[], crs=LONLAT),
            findings=Findings().frame(),
            attribution=ATTRIBUTION,
            bounds=(west, south, east, north),
        )


def synthetic_town(seed: int) -> Town:
    """The town 榕渚镇 of a seed: its skeleton is drawn by hand, everything in it by the seed.

    Parameters
    ----------
    seed : int
        Same seed, same town.
    """
    rng = np.random.default_rng(seed)
    crs = CRS.from_epsg(EPSG)
    layouts = [village_layout(site, rng) for site in VILLAGES]
    bends = [bent(site, layout.middle, rng) for site, layout in zip(VILLAGES, layouts, strict=True)]
    settlements = [bend.shape(layout.outline) for layout, bend in zip(layouts, bends, strict=True)]
    boundary = _boundary(rng)
    built_up = shapely.union_all(settlements)
    waters = land.waters()
    moons = [bend.shape(layout.pond) for layout, bend in zip(layouts, bends, strict=True)]

    roads = [Drawn(road.road_class, road.name, smooth(road.points)) for road in ROADS]
    links = drawn_links(layouts, bends, roads)
    works = land.workshop_roads()
    through = shapely.union_all([one.line for one in [*roads, *links]])
    ponds = [pond for pond in waters.ponds if pond.distance(built_up) > 12 and pond.distance(through) > 9]
    wet = shapely.union_all([waters.river, *(area for _, area in waters.canals), *ponds, *moons])
    named = {one.name: one.line for one in [*roads, *links] if one.name}
    margins = shapely.union_all([one.line.buffer(CLEAR_M[one.road_class]) for one in [*roads, *links]])
    estates = shapely.union_all([one.line for one in works]).buffer(22)
    publics = institutions(
        named,
        _gate_streets(layouts, bends),
        shapely.union_all([built_up, wet.buffer(4), waters.river.buffer(22), margins, estates]),
    )
    plots = shapely.union_all([one.plot for one in publics if one.plot is not None])

    open_land = shapely.difference(
        boundary, shapely.union_all([built_up.buffer(9), estates, plots.buffer(5)])
    )
    dry = shapely.difference(open_land, shapely.union_all([wet.buffer(4), waters.river.buffer(40)]))
    drawn = [
        *roads,
        *links,
        *_outside(_village_streets(layouts, bends), shapely.union_all([waters.river.buffer(3), *moons])),
        *_outside(works, wet),
        *_outside(land.embankments(waters), shapely.union_all([built_up, *ponds, plots])),
        *land.field_tracks(dry, rng),
    ]
    inner = boundary.buffer(-ROADS_END_M)
    nodes, edges = network(_inside(drawn, inner), inner.boundary, crs)

    houses = _houses(layouts, bends, publics, roads, links, rng)
    doors = [*(one.gate for one in publics), *_gates(layouts, bends)]
    buildings = _buildings(houses, edges, wet, doors, boundary, crs)
    furrows = land.ditches(dry, rng)
    water = _water(waters, moons, ponds, furrows, edges, buildings, boundary)
    places = _places(publics, water, edges, layouts, bends, waters)
    tree = territory(edges, settlements, boundary, waters.river_line, rng, crs)
    return _where_it_lies(Town(nodes, edges, buildings, places, water, tree, waters.river_line))


def _boundary(rng: np.random.Generator) -> shapely.Polygon:
    """The drawn boundary with the small steps that borders take along fields."""
    ring = shapely.get_coordinates(smooth([*BOUNDARY, BOUNDARY[0]], 70.0))[:-1]
    return shapely.Polygon(ring + rng.uniform(-BOUNDARY_STEP_M, BOUNDARY_STEP_M, ring.shape))


def _gate_streets(
    layouts: Sequence[Layout], bends: Sequence[Bend]
) -> dict[tuple[str, str], shapely.LineString]:
    """The street to each gate, from the old village's edge outwards."""
    found = {}
    for site, layout, bend in zip(VILLAGES, layouts, bends, strict=True):
        for gate, line in layout.ways.items():
            found[site.short, gate] = bend.shape(line.segmentize(12.0))
    return found


def _gates(layouts: Sequence[Layout], bends: Sequence[Bend]) -> list[shapely.Point]:
    """Every gate of every village, in their order."""
    return [
        shapely.Point(bend.points(np.array([at]))[0])
        for layout, bend in zip(layouts, bends, strict=True)
        for at in layout.gates.values()
    ]


def _village_streets(layouts: Sequence[Layout], bends: Sequence[Bend]) -> list[Drawn]:
    found = []
    for site, layout, bend in zip(VILLAGES, layouts, bends, strict=True):
        # Cut where they cross before they are bent: a chord between far vertices would miss its neighbours.
        lines = shapely.segmentize([street.line for street in layout.streets], 14.0)
        for street, line in zip(layout.streets, bend.shape(lines), strict=True):
            found.append(Drawn(street.road_class, street.name, line, site.number))
    return found


def _outside(drawn: Sequence[Drawn], area: shapely.Geometry) -> list[Drawn]:
    """The lines without what lies in an area."""
    return [Drawn(one.road_class, one.name, shapely.difference(one.line, area), one.village) for one in drawn]


def _inside(drawn: Sequence[Drawn], area: shapely.Geometry) -> list[Drawn]:
    return [
        Drawn(one.road_class, one.name, part, one.village)
        for one in drawn
        for part in shapely.get_parts(shapely.intersection(one.line, area))
        if part.geom_type == "LineString" and not part.is_empty
    ]


def _houses(
    layouts: Sequence[Layout],
    bends: Sequence[Bend],
    publics: Sequence[Institution],
    roads: Sequence[Drawn],
    links: Sequence[Drawn],
    rng: np.random.Generator,
) -> list[House]:
    """All that was drawn to be built, what matters most first."""
    found = [house for one in publics for house in one.houses]
    old: list[House] = []
    for layout, bend in zip(layouts, bends, strict=True):
        shapes = bend.shape(np.array([one.shape for one in layout.houses], dtype=object))
        own = [House(shape, one.height_m, one.kind) for shape, one in zip(shapes, layout.houses, strict=True)]
        # Stable: a village's halls, then its houses in the order drawn.
        old += sorted(own, key=lambda one: one.kind != "hall")
    shops: list[House] = []
    by_name = {one.name: one for one in [*roads, *links]}
    for name, start, end in SHOPS:
        road = by_name[name]
        stretch = [(start * road.line.length, end * road.line.length)]
        shops += land.shops_along(road.line, road.road_class, stretch, rng)
    works = land.workshops(rng)
    lone = [
        house for one in [*roads, *links] for house in land.scattered_along(one.line, one.road_class, rng)
    ]
    return [*found, *shops, *works, *old, *lone]


def _buildings(
    houses: Sequence[House],
    edges: gpd.GeoDataFrame,
    wet: shapely.Geometry,
    doors: Sequence[shapely.Point],
    boundary: shapely.Polygon,
    crs: CRS,
) -> gpd.GeoDataFrame:
    """What can stand: clear of streets, water and doors, inside the town, and on no earlier building."""
    shapes = np.array([house.shape for house in houses], dtype=object)
    streets = edges.geometry.to_numpy()
    clear = edges["road_class"].map(CLEAR_M).to_numpy(dtype=float)
    tree = shapely.STRtree(shapes)
    stands = shapely.contains_properly(boundary, shapes) & shapely.is_valid(shapes)
    for half in np.unique(clear):
        stands[np.unique(tree.query(streets[clear == half], predicate="dwithin", distance=half)[1])] = False
    stands[np.unique(tree.query(shapely.get_parts(wet), predicate="dwithin", distance=BANK_M)[1])] = False
    stands[np.unique(tree.query(list(doors), predicate="dwithin", distance=BANK_M)[1])] = False
    first, second = tree.query(shapes, predicate="intersects")
    for a, b in sorted(zip(first[first < second].tolist(), second[first < second].tolist(), strict=True)):
        if stands[a]:
            stands[b] = False
    kept = [house for house, here in zip(houses, stands.tolist(), strict=True) if here]
    return gpd.GeoDataFrame(
        {
            "key": [f"b{number + 1:04d}" for number in range(len(kept))],
            "height_m": np.round([house.height_m for house in kept], 1),
            "kind": pd.Series([house.kind for house in kept], dtype="object"),
        },
        geometry=shapes[stands],
        crs=crs,
    )


def _water(
    waters: land.Waters,
    moons: Sequence[shapely.Polygon],
    ponds: Sequence[shapely.Polygon],
    furrows: Sequence[shapely.Polygon],
    edges: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    boundary: shapely.Polygon,
) -> gpd.GeoDataFrame:
    """Areas of water inside the town; ditches run in pipes under streets and houses."""
    rows = [(RIVER_NAME, waters.river), *waters.canals]
    rows += [(f"{site.short}池塘", moon) for site, moon in zip(VILLAGES, moons, strict=True)]
    rows += [("", pond) for pond in ponds]
    above = np.concatenate([edges.geometry.to_numpy(), buildings.geometry.to_numpy()])
    rows += [("", part) for part in _open_parts(furrows, above) if part.area > 20.0]
    frame = gpd.GeoDataFrame(
        {
            "key": [f"w{number:04d}" for number in range(1, len(rows) + 1)],
            "kind": "water",
            "name": pd.Series([name for name, _ in rows], dtype="object"),
        },
        geometry=shapely.intersection(np.array([area for _, area in rows], dtype=object), boundary),
        crs=edges.crs,
    )
    return frame[~frame.geometry.is_empty].reset_index(drop=True)


def _open_parts(furrows: Sequence[shapely.Polygon], above: NDArray[np.object_]) -> list[shapely.Polygon]:
    """Ditches without what lies under something."""
    ditches = np.array(furrows, dtype=object)
    ditch, thing = shapely.STRtree(above).query(ditches, predicate="dwithin", distance=PIPE_M)
    cut = []
    for number, shape in enumerate(ditches):
        over = shapely.buffer(above[thing[ditch == number]], PIPE_M, quad_segs=2)
        cut += shapely.get_parts(shapely.difference(shape, shapely.union_all(over))).tolist()
    return cut


def _places(
    publics: Sequence[Institution],
    water: gpd.GeoDataFrame,
    edges: gpd.GeoDataFrame,
    layouts: Sequence[Layout],
    bends: Sequence[Bend],
    waters: land.Waters,
) -> gpd.GeoDataFrame:
    """One declared point each: gates, doors, village entrances, bridges, and banks people can fall off."""
    rows = [(one.kind, one.name, one.gate) for one in publics]
    words = {"N": "北", "E": "东", "S": "南", "W": "西"}
    gates = iter(_gates(layouts, bends))
    for site, layout, bend in zip(VILLAGES, layouts, bends, strict=True):
        for gate in layout.gates:
            rows.append(("entrance", f"{site.short}{words[gate]}村口", next(gates)))
        hall = bend.points(np.array([[0.0, 0.0]]))[0]
        rows.append(("worship", f"{site.short}祠堂", shapely.Point(hall)))
    rows += _bridges(edges, waters)
    streets = shapely.union_all(edges.geometry.to_numpy())
    named = water[water["name"] != ""]
    for name, area in zip(named["name"], named.geometry, strict=True):
        rows.append(("water", name, shapely.get_point(shapely.shortest_line(area.boundary, streets), 0)))
    for number, middle in enumerate(land.POND_GROUPS, start=1):
        near = water.geometry[water["name"] == ""]
        pond = near.loc[near.distance(shapely.Point(middle[0])).idxmin()]
        bank = shapely.get_point(shapely.shortest_line(pond.boundary, streets), 0)
        rows.append(("water", f"{'一二三四五六七'[number - 1]}号鱼塘", bank))
    return gpd.GeoDataFrame(
        {
            "key": [f"p{number:03d}" for number in range(1, len(rows) + 1)],
            "kind": [kind for kind, _, _ in rows],
            "name": [name for _, name, _ in rows],
        },
        geometry=[point for _, _, point in rows],
        crs=edges.crs,
    )


def _bridges(edges: gpd.GeoDataFrame, waters: land.Waters) -> list[tuple[str, str, shapely.Point]]:
    """Where named roads cross the river or a canal."""
    found = []
    lines = [(RIVER_NAME, waters.river_line), *((name, area) for name, area in waters.canals)]
    for water, shape in lines:
        over = edges[edges["name"].notna() & edges.intersects(shape)]
        for name, group in over.groupby("name", sort=True):
            at = shapely.intersection(shapely.union_all(group.geometry.to_numpy()), shape)
            found.append(("bridge", f"{name.removesuffix('路')}{water}桥", at.centroid))
    return found


def _where_it_lies(town: Town) -> Town:
    """The drawn town moved to its place on the ground."""
    spot = gpd.GeoSeries(gpd.points_from_xy([MIDDLE[0]], [MIDDLE[1]]), crs=LONLAT).to_crs(town.crs)
    offset = np.round(shapely.get_coordinates(spot.to_numpy())[0])

    def moved(shape: shapely.Geometry) -> shapely.Geometry:
        return shapely.transform(shape, lambda xy: xy + offset)

    def placed(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        return frame.set_geometry(gpd.GeoSeries(moved(frame.geometry.to_numpy()), frame.index, town.crs))

    return Town(
        placed(town.road_nodes),
        placed(town.road_edges),
        placed(town.buildings),
        placed(town.places),
        placed(town.water),
        placed(town.jurisdictions),
        moved(town.river),
    )
