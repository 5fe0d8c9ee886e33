"""The road network of an analysis: where a place meets the streets, how long and which way between places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS

from geo.crs import need_metric
from geo.roads.air import air_matrix, air_paths
from geo.roads.graph import Arcs, ModeGraph, mode_graph, with_places
from geo.roads.search import FAR, LONGEST_MS, last_key, packed, route, search, table, unpacked
from geo.roads.speeds import AIR, MODES, Speeds

IntArray = NDArray[np.int64]
SNAP_LIMIT_M = 100.0


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """Streets as a graph per mode, in one projected CRS; make it with `from_edges`.

    Lengths are whole millimetres and durations whole milliseconds inside, so equal inputs give equal answers
    on every machine and the triangle inequality holds exactly.
    """

    crs: CRS
    edge_ids: IntArray
    lines: NDArray[np.object_]
    length_mm: IntArray
    u: IntArray
    v: IntArray
    node_count: int
    speeds: Speeds
    graphs: dict[str, ModeGraph]

    @classmethod
    def from_edges(
        cls,
        nodes: gpd.GeoDataFrame,
        edges: gpd.GeoDataFrame,
        *,
        modes: Sequence[str] = MODES,
        speeds: Speeds | None = None,
    ) -> RoadNetwork:
        """The network of ROAD NODES and ROAD EDGES.

        Parameters
        ----------
        nodes, edges : GeoDataFrame
            In one projected CRS in metres.
        modes : of "foot", "ebike", "car"
        speeds : Speeds, optional

        Raises
        ------
        ValueError
            Degrees or two CRS; an edge whose ends are no nodes, whose line is missing or does not run from
            u to v (1 cm); an unknown mode.
        """
        crs = need_metric(edges.crs, "the road edges")
        if nodes.crs != edges.crs:
            raise ValueError("road nodes and road edges must be in one CRS; project both with to_metric")
        unknown = set(modes) - set(MODES)
        if unknown:
            raise ValueError(f"mode {sorted(unknown)[0]!r} is not known; it is one of {', '.join(MODES)}")
        u, v, lines = _checked(nodes, edges)
        # An edge is at least 1 mm long, so that no direction of travel is lost to rounding.
        length_mm = np.maximum(np.rint(shapely.length(lines) * 1000.0).astype(np.int64), 1)
        used = Speeds() if speeds is None else speeds
        graphs = {}
        for mode in modes:
            edge_ms = np.ceil(length_mm / used.of_edges(mode, edges) - 1e-6).astype(np.int64)
            if len(edge_ms) and edge_ms.max() > LONGEST_MS:
                worst = int(np.argmax(edge_ms))
                raise ValueError(
                    f"edge {edges.index[worst]} is {length_mm[worst] / 1e6:.1f} km long and takes {mode} "
                    "over 74 hours; check its coordinates and the speeds"
                )
            flags = edges[[f"{mode}_forward", f"{mode}_backward"]].to_numpy(dtype=bool)
            graphs[mode] = mode_graph(len(nodes), u, v, length_mm, np.maximum(edge_ms, 1), flags)
        edge_ids = edges.index.to_numpy(dtype=np.int64)
        return cls(crs, edge_ids, lines, length_mm, u, v, len(nodes), used, graphs)

    def snap(self, points: gpd.GeoSeries, mode: str, limit_m: float = SNAP_LIMIT_M) -> gpd.GeoDataFrame:
        """Where each point meets the streets of a mode: the nearest place on a usable edge.

        Usable are the edges of the mode's largest strongly connected part: a stub that a one-way street
        leads into and nothing leads out of would strand a team. Nearest is as the crow flies: a wall or a
        canal between the point and the street is not seen.

        Parameters
        ----------
        points : GeoSeries of Point
            In the network's CRS. Missing and empty points are not snapped.
        limit_m : float
            The farthest a point may lie from its street.

        Returns
        -------
        GeoDataFrame
            On the index of `points`: edge_id (int64, -1 when nothing usable is within the limit), position_m
            along the edge from u, access_m from the point to the street (both NaN then), geometry on the
            street (None then). Of equally near edges the one with the lowest row is taken.
        """
        graph = self._graph(mode)
        self._check_crs(points)
        if not limit_m > 0.0:
            raise ValueError(f"snap limit {limit_m} m must be above 0")
        wanted = points.to_numpy()
        usable = np.flatnonzero(graph.main)
        row = np.full(len(wanted), -1, dtype=np.int64)
        good = ~(shapely.is_missing(wanted) | shapely.is_empty(wanted))
        if len(usable) and good.any():
            tree = shapely.STRtree(self.lines[usable])
            hits = tree.query_nearest(wanted[good], max_distance=limit_m, all_matches=True)
            # Highest first, so that the last write, which stands, is the lowest row.
            hits = hits[:, np.argsort(-hits[1], kind="stable")]
            row[np.flatnonzero(good)[hits[0]]] = usable[hits[1]]
        found = row >= 0
        position = np.full(len(wanted), np.nan)
        position[found] = shapely.line_locate_point(self.lines[row[found]], wanted[found])
        access = np.full(len(wanted), np.nan)
        access[found] = shapely.distance(self.lines[row[found]], wanted[found])
        on_street = np.full(len(wanted), None, dtype=object)
        on_street[found] = shapely.line_interpolate_point(self.lines[row[found]], position[found])
        columns = {
            "edge_id": np.where(found, self.edge_ids[row], -1) if len(self.edge_ids) else row,
            "position_m": position,
            "access_m": access,
        }
        return gpd.GeoDataFrame(columns, geometry=on_street, index=points.index, crs=self.crs)

    def matrix(
        self,
        points: gpd.GeoSeries,
        mode: str,
        *,
        snap_limit_m: float = SNAP_LIMIT_M,
        limit_s: float | None = None,
    ) -> tuple[IntArray, IntArray]:
        """Travel times and distances between all points on the fastest routes.

        Parameters
        ----------
        points : (n,) GeoSeries of Point in the network's CRS
        mode : str
            Of the network, or "uav": straight through the air, whatever the streets (`geo.roads.air`).
        snap_limit_m : float
            See `snap`; of no meaning in the air.
        limit_s : float, optional
            Routes on the street that take longer count as not reachable, which makes large tables cheaper;
            74 hours when not given.

        Returns
        -------
        duration_s : (n, n) array of int64
            Whole seconds, rounded up, from row to column; -1 not reachable or not snapped.
        distance_m : (n, n) array of int64
            Whole metres of the same route, rounded to the nearest; -1 likewise. Of equally fast routes the
            shorter is taken.

        Notes
        -----
        The way between a point and its street is walked straight, at both ends, whatever the mode, and is
        part of both figures. From a point to itself nothing is travelled (0) if it is snapped at all.
        """
        longest_ms = LONGEST_MS if limit_s is None else int(limit_s * 1000.0)
        if mode == AIR:
            self._check_crs(points)
            return air_matrix(points, self.speeds.uav, longest_ms)
        places = self._places(points, mode, snap_limit_m)
        duration = np.full((len(points), len(points)), -1, dtype=np.int64)
        distance = duration.copy()
        if len(places.rows) == 0:
            return duration, distance
        arcs, indptr = self._augmented(mode, places)
        stops = self.node_count + np.arange(len(places.edge))
        keys = table(indptr, arcs.head, packed(arcs.ms, arcs.mm), stops, last_key(longest_ms))
        ms, mm = unpacked(keys[np.ix_(places.stop, places.stop)])
        apart = ~np.eye(len(ms), dtype=bool) & (ms >= 0)
        ms[apart] += (places.access_ms[:, None] + places.access_ms[None, :])[apart]
        mm[apart] += (places.access_mm[:, None] + places.access_mm[None, :])[apart]
        cells = np.ix_(places.rows, places.rows)
        duration[cells] = np.where(ms >= 0, -(-ms // 1000), -1)
        distance[cells] = np.where(mm >= 0, (mm + 500) // 1000, -1)
        return duration, distance

    def paths(
        self,
        points: gpd.GeoSeries,
        pairs: ArrayLike,
        mode: str,
        *,
        snap_limit_m: float = SNAP_LIMIT_M,
    ) -> gpd.GeoSeries:
        """The routes that `matrix` measures, as lines from the first point along the streets to the second.

        Parameters
        ----------
        points : (n,) GeoSeries of Point in the network's CRS
        pairs : (k, 2) array_like of int
            Positions (not labels) of start and end in `points`.

        Returns
        -------
        (k,) GeoSeries
            Lines whose length is the matrix distance (to rounding); None where not reachable, an empty line
            from a point to itself.
        """
        wanted = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
        if wanted.size and not (wanted.min() >= 0 and wanted.max() < len(points)):
            raise ValueError(f"pairs must be positions from 0 to {len(points) - 1}")
        if mode == AIR:
            self._check_crs(points)
            return air_paths(points, wanted)
        places = self._places(points, mode, snap_limit_m)
        row_of = np.full(len(points), -1, dtype=np.int64)
        row_of[places.rows] = np.arange(len(places.rows))
        lines = np.full(len(wanted), None, dtype=object)
        if len(places.rows) == 0:
            return gpd.GeoSeries(lines, crs=self.crs)
        arcs, indptr = self._augmented(mode, places)
        weight = packed(arcs.ms, arcs.mm)
        a, b = row_of[wanted].T
        both = (a >= 0) & (b >= 0)
        for start in np.unique(places.stop[a[both]]):
            pairs_here = np.flatnonzero(both & (places.stop[a] == start))
            targets = np.zeros(len(indptr) - 1, dtype=bool)
            targets[self.node_count + places.stop[b[pairs_here]]] = True
            source = int(self.node_count + start)
            keys, by = search(indptr, arcs.head, weight, source, targets, last_key(LONGEST_MS))
            for k in pairs_here:
                target = int(self.node_count + places.stop[b[k]])
                if keys[target] < FAR:
                    taken = route(by, arcs.tail, source, target)
                    lines[k] = self._line(places, arcs, taken, int(a[k]), int(b[k]))
        return gpd.GeoSeries(lines, crs=self.crs)

    def path(
        self, a: shapely.Point, b: shapely.Point, mode: str, *, snap_limit_m: float = SNAP_LIMIT_M
    ) -> shapely.LineString | None:
        """The route from a to b (in the network's CRS) as a line; None when there is none."""
        ends = gpd.GeoSeries([a, b], crs=self.crs)
        line: shapely.LineString | None = self.paths(ends, [(0, 1)], mode, snap_limit_m=snap_limit_m)[0]
        return line

    def length_within(self, areas: gpd.GeoSeries, mode: str) -> pd.Series:
        """Metres of the mode's usable streets (see `snap`) inside each area, on its index."""
        usable = self.lines[self._graph(mode).main]
        self._check_crs(areas)
        lengths = np.zeros(len(areas))
        pairs = shapely.STRtree(usable).query(areas.to_numpy(), predicate="intersects")
        inside = shapely.length(shapely.intersection(areas.to_numpy()[pairs[0]], usable[pairs[1]]))
        np.add.at(lengths, pairs[0], inside)
        return pd.Series(lengths, index=areas.index, name="length_m")

    def _check_crs(self, shapes: gpd.GeoSeries) -> None:
        if shapes.crs is None or CRS.from_user_input(shapes.crs) != self.crs:
            raise ValueError(f"the shapes must be in the network's CRS, {self.crs.name}; project them first")

    def _graph(self, mode: str) -> ModeGraph:
        if mode not in self.graphs:
            raise ValueError(f"mode {mode!r} is not in this network; it has {', '.join(self.graphs)}")
        return self.graphs[mode]

    def _places(self, points: gpd.GeoSeries, mode: str, limit_m: float) -> _Places:
        snapped = self.snap(points, mode, limit_m)
        rows = np.flatnonzero(snapped["edge_id"].to_numpy() >= 0)
        edge_row = pd.Series(np.arange(len(self.edge_ids)), index=self.edge_ids)
        found = snapped.iloc[rows]
        edge = edge_row.loc[found["edge_id"].to_numpy()].to_numpy(dtype=np.int64)
        position_m = found["position_m"].to_numpy()
        at_mm = np.clip(np.rint(position_m * 1000.0).astype(np.int64), 0, self.length_mm[edge])
        access_mm = np.rint(found["access_m"].to_numpy() * 1000.0).astype(np.int64)
        access_ms = np.ceil(access_mm / self.speeds.foot - 1e-6).astype(np.int64)
        ends = shapely.get_coordinates(points.to_numpy()[rows])
        stops, stop = np.unique(np.column_stack([edge, at_mm]), axis=0, return_inverse=True)
        return _Places(rows, stop.reshape(-1), access_mm, access_ms, ends, stops[:, 0], stops[:, 1])

    def _augmented(self, mode: str, places: _Places) -> tuple[Arcs, IntArray]:
        return with_places(
            self._graph(mode), self.node_count, self.u, self.v, self.length_mm, places.edge, places.at_mm
        )

    def _line(self, places: _Places, arcs: Arcs, taken: IntArray, a: int, b: int) -> shapely.LineString:
        if a == b:
            return shapely.LineString()
        pieces = [places.ends[a : a + 1], self._place_xy(places, a)]
        pieces += [
            _piece(self.lines[edge], start / self.length_mm[edge], stop / self.length_mm[edge])
            for edge, start, stop in zip(
                arcs.edge[taken], arcs.start_mm[taken], arcs.stop_mm[taken], strict=True
            )
        ]
        pieces += [self._place_xy(places, b), places.ends[b : b + 1]]
        xy = np.concatenate(pieces)
        # Pieces share their ends; positions are whole millimetres, so ends may differ by less than that.
        steps_m = np.hypot(*np.diff(xy, axis=0).T)
        if not steps_m.any():
            return shapely.LineString()
        kept = xy[np.concatenate([[True], steps_m > 1e-3])]
        if len(kept) > 1:
            kept[-1] = xy[-1]
            return shapely.LineString(kept)
        return shapely.LineString(xy[[0, -1]])

    def _place_xy(self, places: _Places, i: int) -> NDArray[np.float64]:
        stop = places.stop[i]
        edge = places.edge[stop]
        return _piece(self.lines[edge], places.at_mm[stop] / self.length_mm[edge], None)


@dataclass(frozen=True, eq=False)
class _Places:
    """Points that were snapped: their row, the number of their stop on the streets, the walk to it, and
    where they are; and each stop once: its edge and the position on it."""

    rows: IntArray
    stop: IntArray
    access_mm: IntArray
    access_ms: IntArray
    ends: NDArray[np.float64]
    edge: IntArray
    at_mm: IntArray


def _piece(line: shapely.LineString, start: float, stop: float | None) -> NDArray[np.float64]:
    """Coordinates of a line between two shares of its length, turned round when start > stop.

    With no stop, the one point at `start`.
    """
    xy = shapely.get_coordinates(line)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    at = np.array([start, start if stop is None else stop]) * along[-1]
    ends = np.column_stack([np.interp(at, along, xy[:, 0]), np.interp(at, along, xy[:, 1])])
    if stop is None:
        return ends[:1]
    between = xy[(along > at.min()) & (along < at.max())]
    return np.concatenate([ends[:1], between if start <= stop else between[::-1], ends[1:]])


def _checked(
    nodes: gpd.GeoDataFrame, edges: gpd.GeoDataFrame
) -> tuple[IntArray, IntArray, NDArray[np.object_]]:
    """Node numbers of the ends of every edge, and the lines; ValueError where they do not fit."""
    if not nodes.index.is_unique or not edges.index.is_unique:
        raise ValueError("node_id and edge_id must be unique")
    u = nodes.index.get_indexer(edges["u"])
    v = nodes.index.get_indexer(edges["v"])
    lost = np.flatnonzero((u < 0) | (v < 0))
    if len(lost):
        raise ValueError(f"edge {edges.index[lost[0]]} ends at a node that is not among the road nodes")
    lines = edges.geometry.to_numpy()
    if not (shapely.get_type_id(lines) == 1).all() or shapely.is_empty(lines).any():
        raise ValueError("every road edge must be a LineString that is not empty")
    points = nodes.geometry.to_numpy()
    for ends, at in ((u, 0), (v, -1)):
        off = np.flatnonzero(shapely.distance(points[ends], shapely.get_point(lines, at)) > 0.01)
        if len(off):
            raise ValueError(
                f"edge {edges.index[off[0]]} does not run from its node u to its node v; "
                "its line must start and end at them"
            )
    return u.astype(np.int64), v.astype(np.int64), lines
