"""Watched ground, cut into atoms: the pieces that every footprint either contains or does not.

Streets are cut where any footprint or leaf jurisdiction ends, at whole millimetres along the street section,
so that lengths are integers and add up exactly. A place is one atom of measure 1.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame, GeoSeries
from numpy.typing import NDArray
from pandas import DataFrame
from pyproj import CRS

from cameras.causes import AT_LEVEL, AT_LOWEST, UNOBSTRUCTED
from cameras.linear import cuts, lines, pieces, points_at
from geo.crs import need_metric

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

STREET, PLACE = "street", "place"
GROUNDS = (STREET, PLACE)
_COLUMNS = (
    "ground",
    "ground_id",
    "section",
    "from_mm",
    "until_mm",
    "measure",
    "leaf",
    "kind",
    "start_key",
    "end_key",
    "x",
    "y",
)
_GROUND_INDEX = pd.Index(GROUNDS, dtype=object)
# Breakpoints of all streets are packed into one integer, section * _SECTION_MM + millimetres: sections of up
# to 1,000 km, 9 million of them.
_SECTION_MM = 1_000_000_000
# Far above what rounding moves a point by, far below the half millimetre that a midpoint is from a cut.
_ON_BORDER_M = 1e-5


@dataclass(frozen=True, eq=False)
class Layers:
    """Three footprints of every pose, by row of POSES.

    Parameters
    ----------
    at_level : GeoSeries
        What the pose sees at the level asked for, hidden parts cut.
    at_lowest : GeoSeries
        The same at the lowest level of the set.
    unobstructed : GeoSeries
        The level asked for again, as if nothing stood in the way.

    Raises
    ------
    ValueError
        If the three do not share the index 0..n-1 and a projected CRS in metres, or hold anything but valid
        polygons (an empty or missing one sees nothing).
    """

    at_level: GeoSeries
    at_lowest: GeoSeries
    unobstructed: GeoSeries

    def __post_init__(self) -> None:
        n = len(self.at_level)
        for name, series in (
            ("at_level", self.at_level),
            ("at_lowest", self.at_lowest),
            ("unobstructed", self.unobstructed),
        ):
            if not np.array_equal(series.index.to_numpy(), np.arange(n)):
                raise ValueError(f"layer {name}: its index is not the {n} rows of POSES, 0 to {n - 1}")
            need_metric(series.crs, f"layer {name}")
            _check_polygons(series, f"layer {name}")
        _check_same_crs(self.at_level.crs, self.at_lowest.crs, self.unobstructed.crs)

    @property
    def crs(self) -> CRS:
        """The projected CRS all three share."""
        return self.at_level.crs


@dataclass(frozen=True, eq=False)
class Ground:
    """Watched ground as atoms.

    Parameters
    ----------
    atoms : DataFrame
        Index 0..n-1, streets in the order of their sections and along each, then places. Columns: ground
        ("street" | "place"), ground_id (edge id | index of the place), section (row of `streets` or
        `places`), from_mm, until_mm (int64 along the section; 0 for a place), measure (int64 mm, or 1),
        leaf (path of the leaf jurisdiction), kind (road class | kind of place), start_key, end_key (int64;
        street atoms touch where they share a key, which is a node or a cut; -1 for places), x, y (metres:
        the atom's midpoint).
    streets : GeoSeries
        LineStrings of the watched street sections, index edge id.
    places : GeoSeries
        Points of the places, on the caller's index.
    outside_mm, outside_places : int
        Watched ground that lies in no leaf jurisdiction and is left out of `atoms`.
    """

    atoms: DataFrame
    streets: GeoSeries
    places: GeoSeries
    outside_mm: int
    outside_places: int

    @property
    def crs(self) -> CRS:
        """The projected CRS, metres."""
        return self.streets.crs

    def geometry(self) -> GeoSeries:
        """The geometry of every atom: a LineString of the street section, or the place's Point."""
        atoms = self.atoms
        is_street = (atoms["ground"] == STREET).to_numpy()
        section = atoms["section"].to_numpy()
        start, end = (atoms[name].to_numpy()[is_street] for name in ("from_mm", "until_mm"))
        shapes = np.empty(len(atoms), dtype=object)
        shapes[is_street] = pieces(lines(self.streets.to_numpy()), section[is_street], start, end)
        shapes[~is_street] = self.places.to_numpy()[section[~is_street]]
        return GeoSeries(shapes, index=atoms.index, crs=self.crs)

    def within(self, leaves: Collection[str]) -> Ground:
        """The atoms of some leaf jurisdictions (paths); what lies outside of all is not told."""
        kept = self.atoms["leaf"].isin(list(leaves)).to_numpy()
        return replace(self, atoms=self.atoms[kept].reset_index(drop=True), outside_mm=0, outside_places=0)


def leaf_jurisdictions(jurisdictions: GeoDataFrame) -> GeoDataFrame:
    """Rows of JURISDICTIONS that have no child in the frame: the ground is cut by these."""
    paths = jurisdictions["path"].astype(str)
    parents = {path.rpartition(".")[0] for path in paths}
    return jurisdictions[~paths.isin(parents)]


def watched_ground(
    edges: GeoDataFrame, places: GeoDataFrame | None, leaves: GeoDataFrame, layers: Layers
) -> Ground:
    """Streets and places that should be seen, cut into atoms.

    Parameters
    ----------
    edges : GeoDataFrame
        ROAD EDGES, one row per street section: u, v, road_class, watched, geometry LineString. Only rows with
        `watched` count.
    places : GeoDataFrame or None
        PLACES: kind, geometry Point.
    leaves : GeoDataFrame
        Leaf jurisdictions: path, geometry (`leaf_jurisdictions`). On a common border the lower path has the
        ground.
    layers : Layers
        Footprints of every pose row.

    Returns
    -------
    Ground
        The length of a section is its length in metres times 1000, rounded; its atoms add up to it, less what
        lies outside every leaf.

    Raises
    ------
    ValueError
        If the inputs do not share one projected CRS in metres, a geometry is missing or of another type, or
        a leaf's path is repeated.
    """
    streets = edges[edges["watched"].to_numpy(dtype=bool)]
    points = places if places is not None else GeoDataFrame({"kind": []}, geometry=[], crs=edges.crs)
    for frame, what in ((streets, "edges"), (points, "places"), (leaves, "leaves")):
        need_metric(frame.crs, what)
    _check_same_crs(layers.crs, streets.crs, points.crs, leaves.crs)
    _check_types(streets.geometry, "LineString", "edges")
    _check_types(points.geometry, "Point", "places")
    _check_polygons(leaves.geometry, "leaves")
    named = ((streets.index, "edges: id"), (points.index, "places: id"), (leaves["path"], "leaves: path"))
    for ids, what in named:
        if ids.duplicated().any():
            raise ValueError(f"{what} {ids[ids.duplicated()].tolist()[0]!r} is repeated; it must be unique")

    rims = [s.to_numpy() for s in (layers.at_level, layers.at_lowest, layers.unobstructed, leaves.geometry)]
    atoms = pd.concat([_street_atoms(streets, np.concatenate(rims)), _place_atoms(points)], ignore_index=True)
    atoms["kind"] = pd.Categorical(atoms["kind"])
    leaf = _leaf_of(atoms, leaves)
    inside = leaf >= 0
    paths = pd.Index(sorted(leaves["path"].astype(str)), dtype=object)
    atoms = atoms.assign(leaf=pd.Categorical.from_codes(leaf, paths))[list(_COLUMNS)]
    outside = atoms[~inside]
    return Ground(
        atoms=atoms[inside].reset_index(drop=True),
        streets=streets.geometry,
        places=points.geometry,
        outside_mm=int(outside["measure"][outside["ground"] == STREET].sum()),
        outside_places=int((outside["ground"] == PLACE).sum()),
    )


def _street_atoms(streets: GeoDataFrame, rims: NDArray[np.object_]) -> DataFrame:
    """Atoms of street sections, before their leaf is known."""
    along = lines(streets.geometry.to_numpy())
    longest = int(along.length_mm.max(initial=0))
    if longest >= _SECTION_MM:
        raise ValueError(f"edges: a section of {longest} mm; at most {_SECTION_MM - 1}: split it")
    section, mm = cuts(along, rims)
    every = np.arange(len(streets))
    breaks = np.unique(
        np.concatenate(
            (section * _SECTION_MM + mm, every * _SECTION_MM, every * _SECTION_MM + along.length_mm)
        )
    )
    section, mm = np.divmod(breaks, _SECTION_MM)
    # Keys of the ends: nodes first, then every cut. Only cuts inside a section keep theirs.
    nodes = np.unique(np.concatenate((streets["u"].to_numpy(), streets["v"].to_numpy())))
    key = len(nodes) + np.arange(len(breaks))
    at_start, at_end = mm == 0, mm == along.length_mm[section]
    key_as_end = np.where(at_end, np.searchsorted(nodes, streets["v"].to_numpy())[section], key)
    key_as_start = np.where(at_start, np.searchsorted(nodes, streets["u"].to_numpy())[section], key)

    a = np.flatnonzero(section[1:] == section[:-1]) if len(breaks) else np.empty(0, np.int64)
    x, y = points_at(along, section[a], (mm[a] + mm[a + 1]) / 2)
    return DataFrame(
        {
            "ground": pd.Categorical.from_codes(np.zeros(len(a), np.int8), _GROUND_INDEX),
            "ground_id": streets.index.to_numpy()[section[a]],
            "section": section[a],
            "from_mm": mm[a],
            "until_mm": mm[a + 1],
            "measure": mm[a + 1] - mm[a],
            "kind": streets["road_class"].astype(str).to_numpy()[section[a]],
            "start_key": key_as_start[a],
            "end_key": key_as_end[a + 1],
            "x": x,
            "y": y,
        }
    )


def _place_atoms(places: GeoDataFrame) -> DataFrame:
    """One atom of measure 1 per place."""
    n = len(places)
    return DataFrame(
        {
            "ground": pd.Categorical.from_codes(np.ones(n, np.int8), _GROUND_INDEX),
            "ground_id": places.index.to_numpy(),
            "section": np.arange(n),
            "from_mm": np.zeros(n, np.int64),
            "until_mm": np.zeros(n, np.int64),
            "measure": np.ones(n, np.int64),
            "kind": places["kind"].astype(str).to_numpy(),
            "start_key": np.full(n, -1),
            "end_key": np.full(n, -1),
            "x": shapely.get_x(places.geometry.to_numpy()),
            "y": shapely.get_y(places.geometry.to_numpy()),
        }
    )


def _leaf_of(atoms: DataFrame, leaves: GeoDataFrame) -> IntArray:
    """Position in the sorted paths of the leaf that has each atom's midpoint, -1 outside every leaf."""
    order = np.argsort(leaves["path"].astype(str).to_numpy(), kind="stable")
    tree = shapely.STRtree(shapely.points(atoms["x"].to_numpy(), atoms["y"].to_numpy()))
    # A street may be the border itself: rounding must not give its pieces to now one side, now the other.
    grown = shapely.buffer(leaves.geometry.to_numpy()[order], _ON_BORDER_M, join_style="mitre")
    leaf, atom = tree.query(grown, predicate="intersects")
    found = np.full(len(atoms), len(leaves))
    np.minimum.at(found, atom, leaf)
    return np.where(found == len(leaves), -1, found)


@dataclass(frozen=True, eq=False)
class Incidence:
    """Which footprints contain which atoms.

    Entries of atom `a` are `first[a]` to `first[a + 1]`, by ascending pose: `pose` the row of POSES, `bits`
    a sum of AT_LEVEL, AT_LOWEST and UNOBSTRUCTED.
    """

    first: IntArray
    pose: IntArray
    bits: NDArray[np.uint8]


def incidence(ground: Ground, layers: Layers) -> Incidence:
    """Incidence of atoms and footprints, by the atoms' midpoints.

    A footprint is closed: ground on its rim is inside. What a footprint at the level contains counts as
    contained by the other two as well, so that rounding in three separate constructions cannot contradict.

    Raises
    ------
    ValueError
        If the layers are not in the ground's CRS.
    """
    _check_same_crs(ground.crs, layers.crs)
    n_poses = len(layers.at_level)
    atoms = ground.atoms
    tree = shapely.STRtree(shapely.points(atoms["x"].to_numpy(), atoms["y"].to_numpy()))
    keys, bits = [], []
    for series, bit in (
        (layers.at_level, AT_LEVEL | AT_LOWEST | UNOBSTRUCTED),
        (layers.at_lowest, AT_LOWEST),
        (layers.unobstructed, UNOBSTRUCTED),
    ):
        pose, atom = tree.query(series.to_numpy(), predicate="intersects")
        keys.append(atom.astype(np.int64) * n_poses + pose)
        bits.append(np.full(len(atom), bit, dtype=np.uint8))
    every = np.concatenate(keys)
    order = np.argsort(every, kind="stable")
    key, start = np.unique(every[order], return_index=True)
    joined = np.concatenate(bits)[order]
    merged = np.bitwise_or.reduceat(joined, start) if len(start) else joined
    atom, pose = np.divmod(key, max(n_poses, 1))
    first = np.searchsorted(atom, np.arange(len(atoms) + 1)).astype(np.int64)
    return Incidence(first, pose, merged)


def _check_same_crs(first: CRS, *others: CRS) -> None:
    """Refuse inputs of different CRS."""
    for other in others:
        if other != first:
            raise ValueError(f"CRS {other.to_string()} beside {first.to_string()}: reproject to one first")


def _check_types(shapes: GeoSeries, wanted: str, what: str) -> None:
    """Refuse missing, empty or other geometries."""
    wrong = (shapes.geom_type != wanted) | shapes.is_empty
    if wrong.any():
        row = shapes.index[wrong.to_numpy()][0]
        raise ValueError(f"{what}: row {row!r} is {shapes.loc[row]!s:.40}, not a {wanted}")


def _check_polygons(shapes: GeoSeries, what: str) -> None:
    """Refuse what is neither a valid polygon nor missing."""
    array = shapes.to_numpy()
    missing = shapely.is_missing(array)
    wrong = ~missing & ~(np.isin(shapely.get_type_id(array), (3, 6)) & shapely.is_valid(array))
    if wrong.any():
        row = shapes.index[wrong][0]
        reason = shapely.is_valid_reason(array[wrong][0])
        raise ValueError(f"{what}: row {row!r} is no valid polygon ({reason}); repair it first")
