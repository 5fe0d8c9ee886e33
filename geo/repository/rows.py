"""Rows of places, in and out: site, imports, jurisdictions, roads, obstructions, places, water.

Frames are in EPSG:4326 with the columns that the compute modules use; nothing is decided here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geo.db import ALWAYS, read_frame, read_geoframe, write_frame
from geo.jurisdictions.deepest import deepest_paths
from geo.scope import Scope
from geo.tables import ImportBatch, Site

ROAD_FLAGS = [
    "foot_forward",
    "foot_backward",
    "ebike_forward",
    "ebike_backward",
    "car_forward",
    "car_backward",
    "watched",
    "steps",
]

# Where a row of each scoped table lies: the point that decides its jurisdiction. A team is not among them:
# it belongs to the village its record names, wherever its base stands.
SCOPE_POINT = {
    "road_edge": "ST_LineInterpolatePoint(t.geom, 0.5)",
    "obstruction": "ST_PointOnSurface(t.geom)",
    "place": "t.geom",
    "camera": "t.geom",
}

# What tells a row of each kind of file from every other: table, column.
KEYS = {
    "jurisdictions": ("jurisdiction", "path"),
    "roads": ("road_edge", "way_id"),
    "obstructions": ("obstruction", "key"),
    "places": ("place", "key"),
}

# Of so many points the database looks each up by itself; of more, their areas are read once.
FEW_POINTS = 500

# How far outside streets and jurisdictions a row may still lie, degrees (about 1.1 km along a meridian):
# a neighbour's camera across the border sees ground inside.
AREA_MARGIN_DEG = 0.01

#: West, south, east, north: degrees, EPSG:4326.
Box = tuple[float, float, float, float]


def site(session: Session) -> Site | None:
    """The site, or None before anything was imported."""
    return session.get(Site, 1)


def site_area(session: Session) -> tuple[float, float, float, float] | None:
    """Extent of jurisdictions and roads together and `AREA_MARGIN_DEG` around it, None before there are any.

    West, south, east, north in degrees.
    """
    row = session.execute(
        text(
            """SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e)
               FROM (SELECT ST_Extent(geom) AS e
                     FROM (SELECT geom FROM jurisdiction WHERE upper_inf(valid)
                           UNION ALL SELECT geom FROM road_edge WHERE upper_inf(valid)) AS ground) AS extent
               WHERE e IS NOT NULL"""
        )
    ).first()
    if row is None:
        return None
    west, south, east, north = (float(edge) for edge in row)
    margin = AREA_MARGIN_DEG
    return (west - margin, south - margin, east + margin, north + margin)


def scope_shape(session: Session, scope: Scope) -> shapely.Geometry | None:
    """The ground of a scope's own jurisdictions (EPSG:4326); None where none of them has a shape."""
    shape = session.scalar(
        text(
            """SELECT ST_AsBinary(ST_Union(geom)) FROM jurisdiction
               WHERE upper_inf(valid) AND path = ANY(CAST(:paths AS ltree[]))"""
        ),
        {"paths": list(scope.paths)},
    )
    return None if shape is None else shapely.from_wkb(bytes(shape))


def add_batch(
    session: Session,
    *,
    kind: str,
    file_name: str,
    sha256: str,
    datum: str,
    label: str,
    rows: int,
    author: str,
) -> int:
    """Record an import; answers its id."""
    batch = ImportBatch(
        kind=kind,
        file_name=file_name,
        sha256=sha256,
        datum=datum,
        label=label,
        row_count=rows,
        author=author,
    )
    session.add(batch)
    session.flush()
    return batch.id


def has_batch(session: Session, kind: str, sha256: str) -> bool:
    """Whether this very file was already imported as `kind`, and not undone."""
    found = select(ImportBatch.id).where(
        ImportBatch.kind == kind, ImportBatch.sha256 == sha256, ImportBatch.undone_at.is_(None)
    )
    return session.scalar(found.limit(1)) is not None


def stored_keys(session: Session, kind: str, keys: Iterable[object]) -> list[str]:
    """Those of `keys` (see `KEYS`) that rows stored as `kind` and still valid have already, sorted."""
    table, column = KEYS[kind]
    # A path stays taken after its jurisdiction has ended: other rows may still refer to it.
    valid = "" if kind == "jurisdictions" else "AND upper_inf(valid)"
    found = session.scalars(
        text(
            f"""SELECT DISTINCT {column}::text FROM {table}
                WHERE {column}::text = ANY(CAST(:keys AS text[])) {valid}"""
        ),
        {"keys": [str(key) for key in keys]},
    )
    return sorted(found)


def input_revision(session: Session) -> str:
    """Twelve hexadecimal digits that change when anything an analysis is made from does.

    Imported and ingested files with their datum, label and count of rows; sources of frames, whom they speak
    for, presets, and thresholds of single cameras. Rows are told by their codes, so that the same inputs in
    two databases are the same.
    """
    rows = read_frame(
        session,
        """SELECT jsonb_build_array('file', kind, sha256, datum, label, row_count)::text AS line
           FROM import_batch WHERE undone_at IS NULL
           UNION ALL
           SELECT jsonb_build_array('frames', s.code, f.sha256, f.label, f.row_count)::text
           FROM frame_file f JOIN frame_source s ON s.id = f.source_id
           UNION ALL
           SELECT jsonb_build_array('source', to_jsonb(s) - 'id')::text FROM frame_source s
           UNION ALL
           SELECT jsonb_build_array('speaks', s.code, c.code)::text
           FROM camera_source l JOIN frame_source s ON s.id = l.source_id JOIN camera c ON c.id = l.camera_id
           UNION ALL
           SELECT jsonb_build_array('preset', c.code, to_jsonb(p) - 'id' - 'camera_id')::text
           FROM camera_preset p JOIN camera c ON c.id = p.camera_id
           UNION ALL
           SELECT jsonb_build_array('threshold', code, name, value, origin)::text FROM camera_threshold""",
    )
    # Sorted here: the order must not hang on the server's collation.
    return hashlib.sha256("\n".join(sorted(rows["line"])).encode()).hexdigest()[:12]


def ground_changes(session: Session) -> dict[str, int]:
    """How often each table of the ground was changed: between equal counts nothing was."""
    tables = ("jurisdiction", "obstruction", "place", "road_edge")
    rows = session.execute(
        text("SELECT name, sum(n)::bigint AS n FROM change_count WHERE name = ANY(:tables) GROUP BY 1"),
        {"tables": list(tables)},
    )
    return dict.fromkeys(tables, 0) | {str(row.name): int(row.n) for row in rows}


def add_jurisdictions(session: Session, frame: gpd.GeoDataFrame, batch_id: int) -> None:
    """Store a tree; parents may come after their children."""
    rows = frame[["path", "code", "level", "name", "name_en", "origin"]].copy()
    rows["valid"], rows["batch_id"] = ALWAYS, batch_id
    write_frame(session, "jurisdiction", _with_shapes(rows, frame, multi=True))


def jurisdictions(session: Session, *, under: str | None = None) -> gpd.GeoDataFrame:
    """JURISDICTIONS ordered by path; `under` keeps a path and what lies below it."""
    return read_geoframe(
        session,
        """SELECT path::text AS path, code, level, name, name_en, origin, ST_AsBinary(geom) AS geom
           FROM jurisdiction
           WHERE upper_inf(valid) AND (CAST(:under AS ltree) IS NULL OR path <@ CAST(:under AS ltree))
           ORDER BY path::text""",
        under=under,
    )


def add_roads(session: Session, nodes: gpd.GeoDataFrame, edges: gpd.GeoDataFrame, batch_id: int) -> None:
    """Store ROAD NODES and ROAD EDGES; ids are the database's own afterwards."""
    points = pd.DataFrame({"batch_id": np.full(len(nodes), batch_id)}, index=nodes.index)
    keys = pd.Series(write_frame(session, "road_node", _with_shapes(points, nodes)), index=nodes.index)
    rows = edges[["way_id", "name", "road_class", *ROAD_FLAGS]].copy()
    rows["u"], rows["v"] = edges["u"].map(keys).to_numpy(), edges["v"].map(keys).to_numpy()
    rows["valid"], rows["batch_id"] = ALWAYS, batch_id
    write_frame(session, "road_edge", _with_shapes(rows, edges))


def roads(session: Session) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """(ROAD NODES, ROAD EDGES), each indexed by id; edges also carry `jurisdiction_path`."""
    nodes = read_geoframe(session, "SELECT id, ST_AsBinary(geom) AS geom FROM road_node ORDER BY id")
    return nodes.set_index("id"), edges(session)


def edges(session: Session, *, within: Box | None = None) -> gpd.GeoDataFrame:
    """ROAD EDGES indexed by id, with `jurisdiction_path`; all, or those that meet a box."""
    return read_geoframe(
        session,
        f"""SELECT id, u, v, way_id, name, road_class, {", ".join(ROAD_FLAGS)},
                   jurisdiction_path::text AS jurisdiction_path, ST_AsBinary(geom) AS geom
            FROM road_edge WHERE upper_inf(valid){_meets(within)} ORDER BY id""",
        **_sides(within),
    ).set_index("id")


def _meets(box: Box | None) -> str:
    """Condition that `geom` meets a box, nothing without one."""
    return "" if box is None else " AND geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)"


def _sides(box: Box | None) -> dict[str, Any]:
    return {} if box is None else dict(zip(("west", "south", "east", "north"), map(float, box), strict=True))


def add_obstructions(session: Session, frame: gpd.GeoDataFrame, batch_id: int) -> None:
    """Store OBSTRUCTIONS."""
    rows = frame[["key", "height_m"]].copy()
    rows["valid"], rows["batch_id"] = ALWAYS, batch_id
    write_frame(session, "obstruction", _with_shapes(rows, frame, multi=True))


def obstructions(session: Session, *, within: Box | None = None) -> gpd.GeoDataFrame:
    """OBSTRUCTIONS indexed by id; all, or those that meet a box."""
    frame = read_geoframe(
        session,
        f"""SELECT id, key, height_m, ST_AsBinary(geom) AS geom FROM obstruction
           WHERE upper_inf(valid){_meets(within)} ORDER BY id""",
        **_sides(within),
    )
    frame["height_m"] = frame["height_m"].astype(float)
    return frame.set_index("id")


def add_places(session: Session, frame: gpd.GeoDataFrame, batch_id: int) -> None:
    """Store PLACES."""
    rows = frame[["key", "kind", "name"]].copy()
    rows["valid"], rows["batch_id"] = ALWAYS, batch_id
    write_frame(session, "place", _with_shapes(rows, frame))


def places(session: Session, *, within: Box | None = None) -> gpd.GeoDataFrame:
    """PLACES indexed by id, with `jurisdiction_path`; all, or those in a box."""
    return read_geoframe(
        session,
        f"""SELECT id, key, kind, name, jurisdiction_path::text AS jurisdiction_path,
                   ST_AsBinary(geom) AS geom
            FROM place WHERE upper_inf(valid){_meets(within)} ORDER BY id""",
        **_sides(within),
    ).set_index("id")


def add_water(session: Session, frame: gpd.GeoDataFrame, batch_id: int) -> None:
    """Store water polygons for the base map."""
    rows = pd.DataFrame({"batch_id": np.full(len(frame), batch_id)}, index=frame.index)
    write_frame(session, "water", _with_shapes(rows, frame, multi=True))


def water(session: Session) -> gpd.GeoDataFrame:
    """Water polygons."""
    return read_geoframe(session, "SELECT id, ST_AsBinary(geom) AS geom FROM water ORDER BY id").set_index(
        "id"
    )


def _deepest(point: str) -> str:
    """SQL: the path of the deepest jurisdiction that a point lies in, NULL outside all.

    Looked for from the deepest on and only until one is found: the outlines of towns and cities have the most
    corners, and are asked last. OFFSET 0 keeps the order of the inner query.
    """
    # Under row-level security the spatial index serves `&&` alone, which is LEAKPROOF.
    return f"""(SELECT near.path FROM (SELECT j.path, j.geom FROM jurisdiction j
                                       WHERE upper_inf(j.valid) AND j.geom && {point}
                                       ORDER BY j.level DESC, j.path OFFSET 0) AS near
                WHERE ST_Intersects(near.geom, {point}) LIMIT 1)"""


def assign_scope(session: Session, table: str) -> int:
    """Give every row of `table` the deepest jurisdiction its point lies in; answers how many changed.

    That is a leaf wherever leaves cover the ground, and the next one up where they do not. A point on a
    border belongs to the one whose path sorts first, so that it belongs to one.
    """
    changed = session.execute(
        text(
            f"""UPDATE "{table}" AS r SET jurisdiction_path = deepest.path
                FROM (SELECT t.id, {_deepest(SCOPE_POINT[table])} AS path FROM "{table}" AS t) AS deepest
                WHERE deepest.id = r.id AND r.jurisdiction_path IS DISTINCT FROM deepest.path"""
        )
    )
    return int(changed.rowcount)  # type: ignore[attr-defined]


def _areas(session: Session, bounds: Sequence[float] | NDArray[np.float64]) -> pd.DataFrame:
    """Jurisdictions that may hold a point within bounds: path, level, geometry."""
    west, south, east, north = (float(edge) for edge in bounds)
    return read_geoframe(
        session,
        """SELECT path::text AS path, level, ST_AsBinary(geom) AS geom FROM jurisdiction
           WHERE upper_inf(valid) AND geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)""",
        west=west,
        south=south,
        east=east,
        north=north,
    )


def paths_at(session: Session, points: gpd.GeoSeries) -> pd.Series:
    """Path of the deepest jurisdiction that each point (EPSG:4326) lies in, as `assign_scope` gives it; None
    outside all of them. On the index of `points`."""
    if len(points) > FEW_POINTS:
        paths = deepest_paths(points.to_numpy(), _areas(session, points.total_bounds))
        return pd.Series(paths, index=points.index, dtype="object")
    found = session.execute(
        text(
            f"""SELECT {_deepest("t.geom")}::text
               FROM (SELECT i, ST_GeomFromWKB(shape, 4326) AS geom
                     FROM unnest(CAST(:shapes AS bytea[])) WITH ORDINALITY AS given (shape, i)) AS t
               ORDER BY t.i"""
        ),
        {"shapes": list(shapely.to_wkb(points.to_numpy()))},
    ).scalars()
    return pd.Series(list(found), index=points.index, dtype="object")


class PathFinder:
    """`paths_at` for points that come part by part: the areas are read once, when first they are needed.

    Parameters
    ----------
    session : Session
    bounds : (west, south, east, north)
        Extent of all the points, degrees.
    """

    def __init__(self, session: Session, bounds: Sequence[float] | NDArray[np.float64]) -> None:
        self._session, self._bounds = session, bounds
        self._tree: pd.DataFrame | None = None

    def paths_at(self, points: gpd.GeoSeries) -> pd.Series:
        """As the function of that name."""
        if self._tree is None and len(points) <= FEW_POINTS:
            return paths_at(self._session, points)
        if self._tree is None:
            self._tree = _areas(self._session, self._bounds)
        paths = deepest_paths(points.to_numpy(), self._tree)
        return pd.Series(paths, index=points.index, dtype="object")


def _with_shapes(
    rows: pd.DataFrame, frame: gpd.GeoDataFrame, *, multi: bool = False, column: str = "geom"
) -> pd.DataFrame:
    """`rows` with the frame's geometry as `column`, made multipart where the table wants it."""
    shapes = np.asarray(frame.geometry.values)
    if multi:
        single = shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON
        shapes = shapes.copy()
        shapes[single] = [shapely.MultiPolygon([shape]) for shape in shapes[single]]
    rows[column] = gpd.GeoSeries(shapes, index=rows.index, crs=frame.crs)
    return rows
