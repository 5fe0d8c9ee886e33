"""A zoo of awkward geometries, in metres around the origin, to run through every function.

Each scene is a tuple of polygons; the name says what is awkward about it. All lie within 60 m of (0, 0).
"""

from types import MappingProxyType

import geopandas as gpd
import shapely
from shapely import MultiPolygon, Point, Polygon, box
from shapely.affinity import rotate, translate

#: Any projected CRS in metres; the zoo does not care which.
CRS = "EPSG:32635"

COURTYARD = Polygon(box(-20, -20, 20, 20).exterior.coords, [box(-10, -10, 10, 10).exterior.coords])
BOW_TIE = Polygon([(4, 4), (12, 12), (12, 4), (4, 12)])

SCENES = MappingProxyType(
    {
        "nothing": (),
        "empty polygon": (Polygon(),),
        "empty multipolygon": (MultiPolygon(),),
        "missing": (None, box(5, 5, 9, 9)),
        "single": (box(5, -4, 9, 4),),
        "clockwise": (shapely.reverse(shapely.orient_polygons(box(5, -4, 9, 4))),),
        "triangle": (Polygon([(3, 3), (9, 4), (4, 9)]),),
        "touching at a wall": (box(5, -4, 9, 0), box(5, 0, 9, 4)),
        "touching at part of a wall": (box(5, -4, 9, 0), box(6, 0, 12, 4)),
        "touching at a corner": (box(5, 0, 9, 4), box(9, 4, 13, 8)),
        "row of houses": tuple(box(5, y, 9, y + 3) for y in range(-12, 12, 3)),
        "overlapping": (box(5, -4, 9, 4), box(7, 0, 14, 6)),
        "crossing bars": (box(-15, 6, 15, 8), box(-2, -12, 1, 20)),
        "duplicate": (box(5, -4, 9, 4), box(5, -4, 9, 4)),
        "nested": (box(5, -10, 25, 10), box(10, -5, 20, 5)),
        "holed": (COURTYARD,),
        "building in a courtyard": (COURTYARD, box(2, 2, 6, 6)),
        "hole touching the shell": (
            Polygon([(4, 4), (16, 4), (16, 16), (4, 16)], [[(4, 10), (8, 8), (8, 12)]]),
        ),
        "multipart": (MultiPolygon([box(5, -4, 9, -1), box(5, 1, 9, 4), box(-9, -9, -5, -5)]),),
        "crosses itself": (BOW_TIE,),
        "spike": (Polygon([(5, -4), (9, -4), (9, 0), (20, 0), (9, 0), (9, 4), (5, 4)]),),
        "repeated points": (Polygon([(5, -4), (9, -4), (9, -4), (9, 4), (5, 4), (5, 4), (5, -4)]),),
        "collinear points": (Polygon([(5, -4), (7, -4), (9, -4), (9, 0), (9, 4), (5, 4), (5, 1), (5, 0)]),),
        "nearly collinear": (Polygon([(5, -4), (9, -4), (9, 4), (5, 4), (5 + 1e-9, 0)]),),
        "needle": (Polygon([(5, 0), (40, 1e-4), (40, -1e-4)]),),
        "flat": (box(5, -4, 5 + 1e-7, 4),),
        "tiny": (box(5, 5, 5 + 1e-7, 5 + 1e-7),),
        "walls along the sight": (box(5, 0, 12, 3), box(0, 5, 3, 12), rotate(box(4, 0, 20, 1), 45, (0, 0))),
        "hair gap": (box(5, -4, 9, 0), box(5, 1e-9, 9, 4)),
        "comb": (
            shapely.union_all([box(8, -14, 10, 14), *(box(4, y, 9, y + 1) for y in range(-14, 14, 3))]),
        ),
        "hollow corner": (Polygon([(0, 0), (20, 0), (20, 20), (-20, 20), (-20, -20), (0, -20)]),),
        "round": (Point(14, 3).buffer(6, quad_segs=8),),
        "with height": (shapely.force_3d(box(5, -4, 9, 4), 12.0),),
        "beyond every range": (translate(box(0, 0, 10, 10), 1e6, -1e6), box(5, -4, 9, 4)),
    }
)

#: Scenes with something a spatial join or an overlay would call invalid.
INVALID = ("crosses itself", "spike")


def frame(polygons: tuple, crs: str = CRS) -> gpd.GeoDataFrame:
    """OBSTRUCTIONS frame of a scene, heights unknown."""
    return gpd.GeoDataFrame(
        {"key": [f"w{n}" for n in range(len(polygons))], "height_m": [float("nan")] * len(polygons)},
        geometry=list(polygons),
        crs=crs,
    )


def camera(x=0.0, y=0.0, **fields):
    """One camera that sees 40 m at 24 px/m (1920 px, 90°), facing north."""
    row = {"azimuth_deg": 0.0, "hfov_deg": 90.0, "width_px": 1920.0} | fields
    return gpd.GeoDataFrame({name: [value] for name, value in row.items()}, geometry=[Point(x, y)], crs=CRS)
