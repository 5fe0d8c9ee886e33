"""A small made-up town with one of everything a map can show, for the tests of the map and the page.

Six by six blocks of 100 m near 116.600 E 23.260 N, four villages of nine blocks each. Nothing here is real.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from web.i18n import CATALOGUES, compile_catalogues
from web.maps import MapData

WEST, SOUTH = 116.600, 23.260
STEP = 0.001  # degrees a block: about 102 m east-west, 111 m north-south
BLOCKS = 6
NIGHT = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)  # 19:00 in Shanghai
HOSTILE = "</script><script>window.hacked = true</script>{{ 7 * 7 }}{% nothing %}"
VILLAGES = (
    ("east", "东村", "East"),
    ("west", "西村", "West"),
    ("south", "南村", "South"),
    ("north", "北村", "North"),
)


def compiled_catalogues() -> None:
    """Compile the texts where the set-up has not, or a text is newer than its compiled form."""
    for po in Path(CATALOGUES).glob("*/LC_MESSAGES/messages.po"):
        mo = po.with_suffix(".mo")
        if not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime:
            compile_catalogues()
            return


def at(x: float, y: float) -> tuple[float, float]:
    """Block coordinates as lon, lat."""
    return (WEST + x * STEP, SOUTH + y * STEP)


def area(x0: float, y0: float, x1: float, y1: float) -> Polygon:
    """A rectangle in block coordinates."""
    return box(*at(x0, y0), *at(x1, y1))


def line(*points: tuple[float, float]) -> LineString:
    """A line in block coordinates."""
    return LineString([at(*point) for point in points])


def frame(rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    """Rows as a frame in EPSG:4326."""
    return gpd.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4326")


def jurisdictions() -> gpd.GeoDataFrame:
    """One city, one district, one town, four villages, eight grids (one without a street: NaN share)."""
    rows = []

    def add(
        path: str, level: int, name: str, name_en: str, certain: float, possible: float, shape: Any
    ) -> None:
        rows.append(
            {
                "path": path,
                "level": level,
                "name": name,
                "name_en": name_en,
                "origin": "synthetic",
                "certain_share": certain,
                "possible_share": possible,
                "geometry": MultiPolygon([shape]),
            }
        )

    whole = area(0, 0, BLOCKS, BLOCKS)
    add("c", 0, "示例市", "Example City", 0.21, 0.40, whole)
    add("c.d", 1, "示例区", "Example District", 0.21, 0.40, whole)
    add("c.d.t", 2, "示例镇", "Example Town", 0.21, 0.40, whole)
    shapes = (area(3, 3, 6, 6), area(0, 3, 3, 6), area(3, 0, 6, 3), area(0, 0, 3, 3))
    shares = ((0.005, 0.2), (0.08, 0.3), (0.31, 0.45), (0.62, 0.8))
    for (code, name, name_en), shape, (certain, possible) in zip(VILLAGES, shapes, shares, strict=True):
        add(f"c.d.t.{code}", 3, name, name_en, certain, possible, shape)
        west, south, east, north = shape.bounds
        middle = (south + north) / 2
        nan = float("nan")
        add(
            f"c.d.t.{code}.g1",
            4,
            f"{name}一格",
            f"{name_en} 1",
            certain,
            possible,
            box(west, south, east, middle),
        )
        add(f"c.d.t.{code}.g2", 4, f"{name}二格", f"{name_en} 2", nan, nan, box(west, middle, east, north))
    return frame(rows)


def streets() -> gpd.GeoDataFrame:
    """Seven streets each way; the middle ones are main streets, one has a hostile name, one none."""
    rows = []
    for i in range(BLOCKS + 1):
        road_class = "secondary" if i == 3 else "footway" if i % 2 else "residential"
        across = HOSTILE if i == 6 else None if i == 5 else f"横{i}路"
        rows.append({"road_class": road_class, "name": across, "geometry": line((0, i), (3, i), (6, i))})
        rows.append({"road_class": road_class, "name": f"纵{i}街", "geometry": line((i, 0), (i, 3), (i, 6))})
    return frame(rows)


def cameras() -> gpd.GeoDataFrame:
    """Eight cameras, every state and every quality of direction."""
    states = ("usable", "usable", "usable", "degraded", "outage", "outage", "not_measured", "usable")
    qualities = ("measured", "measured", "coarse", "measured", "measured", "unknown", "coarse", "unknown")
    rows = []
    for i, (state, quality) in enumerate(zip(states, qualities, strict=True)):
        rows.append(
            {
                "code": f"C-{i:02d}",
                "name": f"路口{i}",
                "state": state,
                "online_share": 1 - i / 10,
                "azimuth_quality": quality,
                "azimuth_deg": float("nan") if quality == "unknown" else 45.0 * i,
                "assumed": "hfov_deg,width_px" if quality != "measured" else "",
                "moved_m": 1.25 if i == 2 else 0.0,
                "findings": ["inside_building"] if i == 2 else [],
                "geometry": Point(at(0.5 + i % 4 * 1.5, 1.1 + i // 4 * 3)),
            }
        )
    return frame(rows)


def footprints() -> gpd.GeoDataFrame:
    """For each camera a view at two levels; certain where its direction is measured."""
    rows = []
    for camera in cameras().to_dict("records"):
        for level, reach in (("detect", 0.38), ("observe", 0.15)):
            rows.append(
                {
                    "camera": camera["code"],
                    "level": level,
                    "certain": camera["azimuth_quality"] == "measured",
                    "geometry": camera["geometry"].buffer(reach * STEP, quad_segs=6),
                }
            )
    return frame(rows)


def gaps() -> gpd.GeoDataFrame:
    """Two gaps of each cause but one, every fourth a place; the first outage has six windows."""
    causes = ("outage", "moved", "degraded", "not_measured", "uncertain", "resolution", "no_camera")
    rows = []
    for i, cause in enumerate(causes * 2):
        start = NIGHT + timedelta(minutes=15 * i)
        windows = [
            (start + timedelta(hours=2 * k), start + timedelta(hours=2 * k + 1))
            for k in range(6 if i == 0 else 1)
        ]
        street = line((i % 6, 1 + i // 3), (i % 6 + 0.8, 1 + i // 3))
        rows.append(
            {
                "cause": cause,
                "measure": 1.0 if i % 4 == 3 else 81.6,
                "windows": windows,
                "minutes": 60.0 * len(windows),
                "cameras": [] if cause == "no_camera" else [f"C-{i % 8:02d}"],
                "reasons": ["lost"]
                if cause == "outage"
                else ["dark", "blurred"]
                if cause == "degraded"
                else [],
                "leaf": "东村一格",
                "priority": float(20 - i),
                "geometry": street.centroid if i % 4 == 3 else street,
            }
        )
    return frame(rows)


def zone() -> gpd.GeoDataFrame:
    """Three of the four villages."""
    rule = {"pattern": "separate", "within": "shift", "visits": 2, "villages": 2, "separation_min": 30}
    shape = area(0, 0, 6, 6).difference(area(3, 3, 6, 6))
    return frame([{"name": "三村联防", "name_en": "Three Villages", "rule": rule, "geometry": shape}])


STOPS = ((1, 1), (2, 4), (4, 1), (5, 2), (1, 5), (3, 3))


def stops() -> gpd.GeoDataFrame:
    """Six stops; the last is not crossed."""
    rows = [
        {
            "stop_id": f"s{i}",
            "label": str(i + 1),
            "prize": 10.0 - i,
            "village": "西村",
            "why": ["outage", "school"] if i == 0 else "no_camera",
            "crossed": i < 5,
            "geometry": Point(at(*point)),
        }
        for i, point in enumerate(STOPS)
    ]
    return frame(rows)


def routes(teams: int = 3) -> gpd.GeoDataFrame:
    """Teams that go round the stops one after the other along the streets, half an hour apart."""
    rows = []
    for number in range(teams):
        visits, points = [], [(3.0, 3.0)]
        for order in range(5):
            which = (order + number) % len(STOPS)
            x, y = STOPS[which]
            points += [(float(x), points[-1][1]), (float(x), float(y))]
            arrive = NIGHT + timedelta(minutes=10 + 22 * order + 30 * number)
            visits.append(
                {
                    "seq": order,
                    "stop_id": f"s{which}",
                    "arrive": arrive,
                    "start": arrive,
                    "end": arrive + timedelta(minutes=6),
                    "lon": at(x, y)[0],
                    "lat": at(x, y)[1],
                    "kind": "second" if number % 2 else "first",
                }
            )
        village = VILLAGES[number % 4][1]
        mode = ("foot", "ebike", "car")[number % 3]
        rows.append(
            {
                "team": f"T{number + 1}",
                "mode": mode,
                "village": village,
                "visits": visits,
                "geometry": line(*points),
            }
        )
    return frame(rows)


def scene(**changes: Any) -> MapData:
    """The whole town; keywords replace fields."""
    blocks = [area(x + 0.15, y + 0.15, x + 0.6, y + 0.7) for x in range(BLOCKS) for y in range(BLOCKS)]
    fields: dict[str, Any] = {
        "title": "示例镇",
        "title_en": "Example Town",
        "site_timezone": "Asia/Shanghai",
        "bounds": shapely.total_bounds(area(0, 0, BLOCKS, BLOCKS)).tolist(),
        "attribution": "© Example Survey",
        "period": (NIGHT - timedelta(hours=19), NIGHT + timedelta(hours=5)),
        "level": "detect",
        "banners": ("derived", "synthetic"),
        "revision": "r1",
        "jurisdictions": jurisdictions(),
        "streets": streets(),
        "buildings": frame([{"geometry": block} for block in blocks]),
        "water": frame([{"geometry": area(4.2, 4.2, 4.8, 4.8)}]),
        "cameras": cameras(),
        "footprints": footprints(),
        "gaps": gaps(),
        "zone": zone(),
        "stops": stops(),
        "routes": routes(),
        "figures": {
            "street_length_m": 8940.0,
            "certain_share": 0.21,
            "possible_share": 0.4,
            "cameras": 8,
            "frames": 123456,
            "online_rate": 0.65,
            "stops": 6,
            "reachable_stops": 6,
            "crossed_stops": 5,
            "violations": 0,
            "computed_at": NIGHT + timedelta(hours=6),
        },
    }
    return MapData(**{**fields, **changes})
