"""What the base map shows at which zoom, cut into vector tiles by the database.

Zooms here are those of the tiles. `protomaps-leaflet` draws a tile over four of the screen's, so a map at
zoom 15 is drawn from tiles of zoom 14.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo import repository
from web.maps.layers import MAJOR, MINOR
from web.maps.places import street_labels

MIN_ZOOM, MAX_ZOOM = 8, 16
EXTENT = 4096
BUFFER = 64
WORLD_M = 40075016.6855785
"""Length of the equator in Web Mercator metres (2 π · 6,378,137): the width of the one tile of zoom 0."""

FORMAT = 1
"""Part of the revision: raise it when the same data should give other tiles."""

SCREEN_PX = 512
"""Pixels on the screen that a tile is drawn over."""

PUBLIC_KINDS = (
    "school",
    "kindergarten",
    "university",
    "hospital",
    "government",
    "market",
    "station",
    "worship",
    "park",
)
"""Kinds of places whose names stand on any town map. A place of another kind may be on the list because it
should be guarded; the file has no scope, so those stay out of it."""

DEEPEST_NAMED_LEVEL = 3
"""Villages. Grids have no names that a town map would show."""


@dataclass(frozen=True)
class TileLayer:
    """One layer of every tile.

    Parameters
    ----------
    name : str
        As the tiles and `web/static/basemap.js` call it.
    fields : mapping
        Attribute → type ("String" or "Number"), for the archive's metadata.
    rows : str
        SQL of all its rows: geom (Web Mercator), nr (order in a tile), from_zoom, until_zoom, attributes.
    min_zoom : int
        The first zoom at which there are any.
    buffer : int
        Units of `EXTENT` drawn beyond the tile's edge: a line is wide, a label's point is not.
    """

    name: str
    fields: Mapping[str, str]
    rows: str
    min_zoom: int = MIN_ZOOM
    buffer: int = BUFFER


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


# An area is drawn from the zoom at which it covers about a pixel: 0.5 · log4 of the pixel's area at zoom 0.
_AREA_ZOOM = f"ceil(log(4, ({WORLD_M / SCREEN_PX} ^ 2 / greatest(ST_Area(geom), 1))::numeric))::int"
_CLASS = "regexp_replace(road_class, '_link$', '')"

LAYERS = (
    TileLayer(
        "water",
        {},
        f"""SELECT geom, id AS nr, {_AREA_ZOOM} - 1 AS from_zoom, {MAX_ZOOM} AS until_zoom
            FROM (SELECT id, ST_Transform(geom, 3857) AS geom FROM water) AS areas""",
    ),
    TileLayer(
        "buildings",
        {"height": "Number"},
        f"""SELECT geom, id AS nr, greatest({_AREA_ZOOM}, 13) AS from_zoom, {MAX_ZOOM} AS until_zoom,
                   round(height_m)::int AS height
            FROM (SELECT id, height_m, ST_Transform(geom, 3857) AS geom FROM obstruction
                  WHERE upper_inf(valid)) AS areas""",
        min_zoom=13,
    ),
    TileLayer(
        "roads",
        {"class": "String", "kind": "String", "name": "String"},
        f"""SELECT ST_Transform(ST_LineMerge(ST_Collect(geom)), 3857) AS geom, min(id) AS nr,
                   CASE WHEN class IN ('motorway', 'trunk', 'primary') THEN 8
                        WHEN class IN ({_listed(MAJOR)}) THEN 10
                        WHEN class IN ({_listed(MINOR)}) THEN 12
                        WHEN class = 'service' THEN 13
                        ELSE 14 END AS from_zoom,
                   {MAX_ZOOM} AS until_zoom, class, name,
                   CASE WHEN class IN ({_listed(MAJOR)}) THEN 'major'
                        WHEN class IN ({_listed(MINOR)}) THEN 'minor'
                        WHEN class = 'service' THEN 'service' ELSE 'path' END AS kind
            FROM (SELECT *, {_CLASS} AS class FROM road_edge) AS edges
            WHERE upper_inf(valid) AND (watched OR class IN ({_listed(MAJOR)}))
            GROUP BY way_id, class, name""",
    ),
    TileLayer(
        "street_names",
        {"name": "String", "angle": "Number", "room": "Number", "rank": "Number"},
        f"""SELECT ST_Transform(ST_SetSRID(ST_MakePoint(lon, lat), 4326), 3857) AS geom, nr,
                   12 + rank AS from_zoom, {MAX_ZOOM} AS until_zoom, name, angle, room, rank
            FROM unnest(CAST(:names AS text[]), CAST(:lons AS float8[]), CAST(:lats AS float8[]),
                        CAST(:angles AS real[]), CAST(:rooms AS int[]), CAST(:ranks AS int[]))
                 WITH ORDINALITY AS labels(name, lon, lat, angle, room, rank, nr)""",
        min_zoom=12,
        buffer=0,
    ),
    TileLayer(
        "places",
        {"name": "String", "kind": "String"},
        f"""SELECT ST_Transform(geom, 3857) AS geom, id AS nr, 15 AS from_zoom, {MAX_ZOOM} AS until_zoom,
                   name, kind
            FROM place WHERE upper_inf(valid) AND name <> '' AND kind IN ({_listed(PUBLIC_KINDS)})""",
        min_zoom=15,
        buffer=0,
    ),
    TileLayer(
        "names",
        {"name": "String", "name_en": "String", "level": "Number", "room": "Number"},
        f"""SELECT ST_PointOnSurface(shape) AS geom, id AS nr,
                   CASE level WHEN 0 THEN 8 WHEN 1 THEN 8 WHEN 2 THEN 10 ELSE 12 END AS from_zoom,
                   CASE level WHEN 0 THEN 8 WHEN 1 THEN 9 WHEN 2 THEN 11 ELSE {MAX_ZOOM} END AS until_zoom,
                   name, nullif(name_en, '') AS name_en, level,
                   round(ST_XMax(shape) - ST_XMin(shape))::int AS room
            FROM (SELECT *, ST_Transform(geom, 3857) AS shape FROM jurisdiction
                  WHERE upper_inf(valid) AND level <= {DEEPEST_NAMED_LEVEL} AND geom IS NOT NULL) AS named""",
        buffer=0,
    ),
)

# Rows as they are now; what an edit in place may change is hashed, else the ids tell.
_STATE = f"""
SELECT jsonb_build_array(
    (SELECT jsonb_build_array(attribution, name) FROM site),
    (SELECT jsonb_build_array(count(*), max(id), sum(id)) FROM road_edge WHERE upper_inf(valid)),
    (SELECT jsonb_build_array(count(*), max(id), sum(id)) FROM obstruction WHERE upper_inf(valid)),
    (SELECT jsonb_build_array(count(*), max(id), sum(id)) FROM water),
    (SELECT jsonb_build_array(count(*), max(id), sum(id)) FROM place WHERE upper_inf(valid)),
    (SELECT md5(string_agg(
         concat_ws('|', path, level, name, name_en, md5(ST_AsBinary(geom))), ';' ORDER BY path))
     FROM jurisdiction WHERE upper_inf(valid) AND level <= {DEEPEST_NAMED_LEVEL})
)::text"""

_BOUNDS = f"""
SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e) FROM (
    SELECT ST_Extent(geom) AS e FROM (
        SELECT geom FROM road_edge WHERE upper_inf(valid)
        UNION ALL SELECT geom FROM obstruction WHERE upper_inf(valid)
        UNION ALL SELECT geom FROM water
        UNION ALL SELECT geom FROM jurisdiction
                  WHERE upper_inf(valid) AND level <= {DEEPEST_NAMED_LEVEL}) AS ground) AS extent
WHERE e IS NOT NULL"""


@dataclass(frozen=True)
class Content:
    """All that one base map is made from.

    Parameters
    ----------
    revision : str
        Changes when the tiles would.
    bounds : (west, south, east, north)
        Degrees.
    attribution : str
        Of the site's data.
    labels : mapping
        Columns of the street names, as the query takes them.
    """

    revision: str
    bounds: tuple[float, float, float, float]
    attribution: str
    labels: Mapping[str, Any] = field(repr=False)

    @property
    def latitude(self) -> float:
        """The middle, where lengths on the ground are taken."""
        return (self.bounds[1] + self.bounds[3]) / 2


def revision(session: Session) -> str:
    """Twelve hexadecimal digits that change when the base map's data does."""
    state = session.scalar(text(_STATE))
    return hashlib.sha256(json.dumps([FORMAT, state]).encode()).hexdigest()[:12]


def content(session: Session) -> Content | None:
    """What the base map is made from, None while nothing with a place is stored."""
    site = repository.site(session)
    bounds = session.execute(text(_BOUNDS)).first()
    if site is None or bounds is None:
        return None
    west, south, east, north = (float(edge) for edge in bounds)
    latitude = (south + north) / 2
    _, edges = repository.roads(session)
    # As bool: an empty column is of no type, and would choose columns instead of rows.
    labels = street_labels(edges[edges["watched"].astype(bool)], latitude=latitude)
    names, lons, lats, angles, rooms, ranks = zip(*labels, strict=True) if labels else ((),) * 6
    # Room is given in Web Mercator metres, in which a browser measures without knowing where it is.
    stretch = 1 / np.cos(np.radians(latitude))
    columns = {
        "names": list(names),
        "lons": list(lons),
        "lats": list(lats),
        "angles": list(angles),
        "rooms": [round(float(room) * stretch) for room in rooms],
        "ranks": list(ranks),
    }
    return Content(revision(session), (west, south, east, north), site.attribution, columns)


def tiles(session: Session, made_from: Content, zoom: int) -> dict[tuple[int, int], bytes]:
    """Vector tiles of one zoom that show anything: (x, y) → content, not compressed."""
    found: dict[tuple[int, int], bytearray] = {}
    for layer in LAYERS:
        if zoom < layer.min_zoom:
            continue
        for x, y, shown in _layer_tiles(session, layer, made_from, zoom):
            # Layers of a tile follow one another, so tiles with one layer each make one tile.
            found.setdefault((x, y), bytearray()).extend(shown)
    return {at: bytes(shown) for at, shown in found.items()}


def _layer_tiles(
    session: Session, layer: TileLayer, made_from: Content, zoom: int
) -> Iterator[tuple[int, int, bytes]]:
    width = WORLD_M / 2**zoom
    names = "".join(f", {name}" for name in layer.fields)
    attributes = "".join(f"near.{name}, " for name in layer.fields)
    statement = text(
        f"""
        WITH near AS MATERIALIZED (
            SELECT ST_Simplify(geom, :tolerance) AS geom{names}, nr
            FROM ({layer.rows}) AS rows WHERE :zoom BETWEEN from_zoom AND until_zoom
        )
        SELECT x, y, ST_AsMVT(drawn, '{layer.name}', {EXTENT}, 'shape' ORDER BY near.nr)
        FROM near
            CROSS JOIN LATERAL generate_series(
                greatest(0, floor((ST_XMin(geom) - :edge + :half) / :width)::int),
                least(2 ^ :zoom - 1, floor((ST_XMax(geom) + :edge + :half) / :width))::int) AS x
            CROSS JOIN LATERAL generate_series(
                greatest(0, floor((:half - ST_YMax(geom) - :edge) / :width)::int),
                least(2 ^ :zoom - 1, floor((:half - ST_YMin(geom) + :edge) / :width))::int) AS y
            CROSS JOIN LATERAL (
                SELECT {attributes} ST_AsMVTGeom(
                    near.geom, ST_TileEnvelope(:zoom, x, y), {EXTENT}, {layer.buffer}, true) AS shape
            ) AS drawn
        WHERE near.geom IS NOT NULL AND drawn.shape IS NOT NULL
        GROUP BY x, y"""
    )
    values = {
        "zoom": zoom,
        "tolerance": width / SCREEN_PX / 4,
        "width": width,
        "half": WORLD_M / 2,
        "edge": width * layer.buffer / EXTENT,
    }
    if ":names" in layer.rows:
        values |= made_from.labels
    for x, y, shown in session.execute(statement, values):
        yield x, y, bytes(shown)
