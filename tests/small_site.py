"""A site of five jurisdictions with one of everything in each: for tests of rights, pages and addresses.

    c            city     赫
    c.d          district 城区      the parent
    c.d.t        town     前埔镇    one's own
    c.d.t.v      village  下寨村    a child
    c.d.u        town     后埔镇    a sibling

Each has a camera, a gap, a street and somebody with an account of its own, all near 116.6 E 23.3 N.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd
from geopandas import GeoDataFrame
from shapely import LineString, MultiPolygon, Point, box
from sqlalchemy import text
from sqlalchemy.orm import Session

from cameras.repository import results
from cameras.services.reporting import sum_up
from geo.db import ALWAYS, write_frame
from geo.scope import WHOLE_SITE
from web.access import Role, accounts

OWN, CHILD, PARENT, SIBLING, ROOT = "c.d.t", "c.d.t.v", "c.d", "c.d.u", "c"
PATHS = (ROOT, PARENT, OWN, CHILD, SIBLING)
NAMES = {
    ROOT: ("赫市", "He City"),
    PARENT: ("城区", "Town District"),
    OWN: ("前埔镇", "Qianpu"),
    CHILD: ("下寨村", "Xiazhai"),
    SIBLING: ("后埔镇", "Houpu"),
}
BOXES = {
    ROOT: (116.60, 23.30, 116.66, 23.32),
    PARENT: (116.60, 23.30, 116.65, 23.32),
    OWN: (116.60, 23.30, 116.62, 23.32),
    CHILD: (116.60, 23.30, 116.61, 23.31),
    SIBLING: (116.62, 23.30, 116.64, 23.32),
}
# Where the one camera and gap of each jurisdiction lie: inside it and in no child of it.
POINTS = {
    ROOT: (116.655, 23.319),
    PARENT: (116.645, 23.301),
    OWN: (116.615, 23.315),
    CHILD: (116.605, 23.305),
    SIBLING: (116.63, 23.31),
}
DAY = datetime(2026, 11, 20, 16, tzinfo=UTC), datetime(2026, 11, 21, 16, tzinfo=UTC)
SHIFT = datetime(2026, 11, 22, 10, tzinfo=UTC), datetime(2026, 11, 22, 14, tzinfo=UTC)


@dataclass(frozen=True)
class SmallSite:
    """Keys of what was stored, by jurisdiction path."""

    batch: int
    analysis: int
    cameras: dict[str, str]
    gaps: dict[str, int]
    zones: dict[str, str]
    published: dict[str, int]
    drafts: dict[str, int]
    people: dict[str, str]


def _range(start: datetime, end: datetime) -> str:
    return f"[{start.isoformat()},{end.isoformat()})"


def _frame(columns: dict[str, list], shapes: list | None = None, name: str = "geom") -> pd.DataFrame:
    if shapes is None:
        return pd.DataFrame(columns)
    return GeoDataFrame({**columns, name: shapes}, geometry=name, crs=4326)


def fill(session: Session) -> SmallSite:
    """Store the site in a session under the whole site's scope."""
    session.execute(
        text(
            """INSERT INTO site (id, name, name_en, timezone, metric_epsg, attribution)
               VALUES (1, '赫市', 'He City', 'Asia/Shanghai', 4547, '© OpenStreetMap contributors')"""
        )
    )
    batch = int(
        session.scalar(
            text(
                """INSERT INTO import_batch (kind, file_name, sha256, datum, label, row_count, author)
                   VALUES ('cameras', 'small.csv', 'ab', 'wgs84', 'synthetic', 5, 'test') RETURNING id"""
            )
        )
        or 0
    )
    count = len(PATHS)
    always = [ALWAYS] * count
    write_frame(
        session,
        "jurisdiction",
        _frame(
            {
                "path": list(PATHS),
                "code": [path.split(".")[-1] for path in PATHS],
                "level": [path.count(".") for path in PATHS],
                "name": [NAMES[path][0] for path in PATHS],
                "name_en": [NAMES[path][1] for path in PATHS],
                "origin": ["synthetic"] * count,
                "batch_id": [batch] * count,
                "valid": always,
            },
            [_multi(BOXES[path]) for path in PATHS],
        ),
    )
    points = [Point(POINTS[path]) for path in PATHS]
    streets = [LineString([p, (p.x + 0.0008, p.y)]) for p in points]
    nodes = [p for line in streets for p in (Point(line.coords[0]), Point(line.coords[-1]))]
    node_ids = write_frame(session, "road_node", _frame({"batch_id": [batch] * len(nodes)}, nodes))
    flags = ("foot", "ebike", "car")
    write_frame(
        session,
        "road_edge",
        _frame(
            {
                "u": list(node_ids[0::2]),
                "v": list(node_ids[1::2]),
                "way_id": list(range(1, count + 1)),
                "name": [f"{NAMES[path][0]}大街" for path in PATHS],
                "road_class": ["residential"] * count,
                **{f"{mode}_{way}": [True] * count for mode in flags for way in ("forward", "backward")},
                "watched": [True] * count,
                "steps": [False] * count,
                "jurisdiction_path": list(PATHS),
                "batch_id": [batch] * count,
                "valid": always,
            },
            streets,
        ),
    )
    write_frame(
        session,
        "place",
        _frame(
            {
                "key": [f"p{n}" for n in range(count)],
                "kind": ["school"] * count,
                "name": [f"{NAMES[path][0]}小学" for path in PATHS],
                "jurisdiction_path": list(PATHS),
                "batch_id": [batch] * count,
                "valid": always,
            },
            points,
        ),
    )
    codes = {path: f"4405130000131000{n:04d}" for n, path in enumerate(PATHS, start=1)}
    cameras = write_frame(
        session,
        "camera",
        _frame(
            {
                "code": list(codes.values()),
                "name": [f"{NAMES[path][0]}路口" for path in PATHS],
                "azimuth_deg": [90.0] * count,
                "azimuth_quality": ["measured"] * count,
                "hfov_deg": [90.0] * count,
                "width_px": [1920.0] * count,
                "ptz": [False] * count,
                "jurisdiction_path": list(PATHS),
                "batch_id": [batch] * count,
                "valid": always,
            },
            points,
        ),
    )
    analysis = _analysis(session)
    gaps = _results(session, analysis, list(map(int, cameras)), points, streets)
    zones, published, drafts = _plans(session, batch, analysis, points)
    people = _people(session)
    return SmallSite(
        batch, analysis, codes, dict(zip(PATHS, gaps, strict=True)), zones, published, drafts, people
    )


def _people(session: Session) -> dict[str, str]:
    """An account with the role of a viewer in each jurisdiction."""
    names = {path: f"chen-{number}" for number, path in enumerate(PATHS, start=1)}
    for path, name in names.items():
        account = accounts.add_account(session, name, author="test", display_name=f"{NAMES[path][0]}陈")
        accounts.grant(session, account, Role.VIEWER, path, author="test", within=WHOLE_SITE)
    return names


def _multi(bounds: tuple[float, float, float, float]):
    return MultiPolygon([box(*bounds)])


def _analysis(session: Session) -> int:
    return int(
        session.scalar(
            text(
                """INSERT INTO analysis (period, level, slot_min, threshold, parameters, input_revision,
                                         code_version, author, totals)
                   VALUES (CAST(:period AS tstzrange), 'observe', 15, 0.5, '{}', 'r', 'v', 'test',
                           CAST(:totals AS jsonb)) RETURNING id"""
            ),
            {
                "period": _range(*DAY),
                "totals": '{"cameras": 5, "frames": 0, "online_rate": 0.5, "street_length_m": 410, '
                '"gaps": {"outage": 5}, '
                '"watched_share": {"observe": {"certain": 0.4, "possible": 0.6}}}',
            },
        )
        or 0
    )


def _results(
    session: Session, analysis: int, cameras: list[int], points: list[Point], streets: list[LineString]
) -> list[int]:
    """Poses, footprints, availability, shares and one gap for each camera."""
    count = len(cameras)
    poses = write_frame(
        session,
        "pose",
        _frame(
            {
                "analysis_id": [analysis] * count,
                "camera_id": cameras,
                "origin": ["record"] * count,
                "azimuth_deg": [90.0] * count,
                "azimuth_tolerance_deg": [0.0] * count,
                "hfov_deg": [90.0] * count,
                "width_px": [1920.0] * count,
                "assumed": [""] * count,
                "certain": [True] * count,
                "nominal": [True] * count,
            },
            points,
            name="stand",
        ),
    )
    write_frame(
        session,
        "footprint",
        _frame(
            {
                "analysis_id": [analysis] * count,
                "pose_id": list(poses),
                "level": ["observe"] * count,
                "certain": [True] * count,
                "area_m2": [100.0] * count,
                "jurisdiction_path": list(PATHS),
            },
            [p.buffer(0.0002) for p in points],
        ),
    )
    middle = datetime(2026, 11, 21, 2, tzinfo=UTC)
    for state, reason, start, end in (("usable", "", DAY[0], middle), ("outage", "lost", middle, DAY[1])):
        write_frame(
            session,
            "availability",
            _frame(
                {
                    "analysis_id": [analysis] * count,
                    "camera_id": cameras,
                    "period": [_range(start, end)] * count,
                    "state": [state] * count,
                    "reason": [reason] * count,
                    "moved": [False] * count,
                    "pose_id": list(poses),
                    "nominal_id": list(poses),
                    "jurisdiction_path": list(PATHS),
                }
            ),
        )
    sum_up(session, analysis)
    hours14 = 14 * 3600 * 1000
    millimetres, total = 82_000, 82_000 * 24 * 3600 * 1000
    write_frame(
        session,
        "coverage_share",
        _frame(
            {
                "analysis_id": [analysis] * count,
                "ground": ["street"] * count,
                "kind": ["residential"] * count,
                "level": ["observe"] * count,
                "measure": [millimetres] * count,
                "total": [total] * count,
                "certain": [total * 10 // 24] * count,
                "possible": [total * 12 // 24] * count,
                "twice": [0] * count,
                "built": [millimetres] * count,
                "deficit_by_cause": [{"outage": millimetres * hours14}] * count,
                "jurisdiction_path": list(PATHS),
            }
        ),
    )
    results.add_jurisdiction_shares(session, analysis)
    gaps = write_frame(
        session,
        "gap",
        _frame(
            {
                "analysis_id": [analysis] * count,
                "rank": list(range(1, count + 1)),
                "merged": list(range(count)),
                "ground": ["street"] * count,
                "cause": ["outage"] * count,
                "level": ["observe"] * count,
                "measure": [millimetres] * count,
                "open_ms": [hours14] * count,
                "deficit": [millimetres * hours14] * count,
                "deficit_by_cause": [{"outage": millimetres * hours14}] * count,
                "windows": [f"{{{_range(middle, DAY[1])}}}"] * count,
                # Ten hours seen, fourteen open, in quarters of an hour.
                "slots": ["0" * 10 + "f" * 14] * count,
                "reasons": [["lost"]] * count,
                "jurisdiction_path": list(PATHS),
            },
            streets,
        ),
    )
    concerned = pd.DataFrame({"gap_id": list(gaps), "camera_id": cameras, "minutes": [840.0] * count})
    for row in concerned.itertuples(index=False):
        session.execute(
            text("INSERT INTO gap_camera (gap_id, camera_id, minutes) VALUES (:gap, :camera, :minutes)"),
            {"gap": int(row.gap_id), "camera": int(row.camera_id), "minutes": row.minutes},
        )
    return list(map(int, gaps))


def _plans(
    session: Session, batch: int, analysis: int, points: list[Point]
) -> tuple[dict[str, str], dict[str, int], dict[str, int]]:
    """A zone of one member in each jurisdiction, with a team, a published plan and a draft."""
    codes = {path: f"z{n}" for n, path in enumerate(PATHS, start=1)}
    zones = write_frame(
        session,
        "zone",
        _frame(
            {
                "code": list(codes.values()),
                "name": [f"{NAMES[path][0]}联防片区" for path in PATHS],
                "name_en": [f"{NAMES[path][1]} zone" for path in PATHS],
                "rule": [{"pattern": "separate", "visits": 2, "villages": 2, "separation_s": 1800}]
                * len(PATHS),
                "batch_id": [batch] * len(PATHS),
                "valid": [ALWAYS] * len(PATHS),
            },
            [_multi(BOXES[path]) for path in PATHS],
        ),
    )
    published, drafts = {}, {}
    for path, zone, point in zip(PATHS, map(int, zones), points, strict=True):
        session.execute(
            text("INSERT INTO zone_member (zone_id, jurisdiction_path) VALUES (:zone, CAST(:path AS ltree))"),
            {"zone": zone, "path": path},
        )
        team = write_frame(
            session,
            "team",
            _frame(
                {
                    "code": [f"team-{zone}"],
                    "name": [f"{NAMES[path][0]}一队"],
                    "name_en": [f"{NAMES[path][1]}, team 1"],
                    "zone_id": [zone],
                    "mode": ["foot"],
                    "size": [2],
                    "jurisdiction_path": [path],
                    "batch_id": [batch],
                    "valid": [ALWAYS],
                },
                [point],
                name="base",
            ),
        )
        for status, kept in (("published", published), ("draft", drafts)):
            kept[path] = _plan(session, zone, analysis, int(team[0]), path, point, status)
    return codes, published, drafts


def _plan(session: Session, zone: int, analysis: int, team: int, path: str, point: Point, status: str) -> int:
    plan = int(
        session.scalar(
            text(
                """INSERT INTO plan (zone_id, analysis_id, shift, status, document, road_revision, value,
                       upper_bound, crossed, reachable, violations, seed,
                       parameters, code_version, author)
                   VALUES (:zone, :analysis, CAST(:shift AS tstzrange), :status, '{}', 'r', 5, 5, 1, 1,
                           '[]', 1, '{"police_leader": "440513"}', 'v', 'test') RETURNING id"""
            ),
            {"zone": zone, "analysis": analysis, "shift": _range(*SHIFT), "status": status},
        )
        or 0
    )
    write_frame(
        session,
        "plan_stop",
        _frame(
            {
                "plan_id": [plan],
                "stop_id": ["s1"],
                "prize": [5],
                "service_s": [120],
                "why": [[{"cause": "outage", "street_m": 82.0, "places": 0, "weight": 328.0, "gap_ids": []}]],
                "crossed": [True],
                "crossable": [True],
                "jurisdiction_path": [path],
            },
            [point],
        ),
    )
    write_frame(
        session,
        "plan_visit",
        _frame(
            {
                "plan_id": [plan],
                "team_id": [team],
                "seq": [1],
                "stop_id": ["s1"],
                "arrive_at": [SHIFT[0]],
                "start_at": [SHIFT[0]],
                "end_at": [SHIFT[1]],
                "distance_m": [80.0],
            },
            [LineString([point, (point.x + 0.0008, point.y)])],
            name="leg",
        ),
    )
    return plan
