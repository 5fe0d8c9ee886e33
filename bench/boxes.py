"""A bounding-box query under row-level security, against the same query without a policy.

The bar is 0.5 ms on 27,000 rows. What made it needed: with the operator's function not marked LEAKPROOF,
PostgreSQL may not use the spatial index before it has asked the policy of every row.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import psycopg

from geo.db import ALWAYS
from geo.server import temporary_cluster
from migrations import runner

SIDE_LON, SIDE_LAT = 180, 150  # 27,000 places in a grid, about 100 m apart
TOWNS = 27
# Whoever asks may see nine of the towns; the box lies across the edge of what they may see.
PATH = "b.d1"
BOX = (116.5 + 0.001 * 55.5, 23.3 + 0.001 * 70.5, 116.5 + 0.001 * 65.5, 23.3 + 0.001 * 80.5)
QUERY = "SELECT count(*) FROM place WHERE geom && ST_MakeEnvelope(%s, %s, %s, %s, 4326)"
BAR_MS = 0.5
ROUNDS = 400

_STORE = f"""
INSERT INTO import_batch (kind, file_name, sha256, datum, label, row_count, author)
    VALUES ('places', 'boxes', 'b', 'wgs84', 'synthetic', {SIDE_LON * SIDE_LAT}, 'bench');
INSERT INTO jurisdiction (path, code, level, name, origin, valid, batch_id)
    SELECT path::ltree, path, nlevel(path::ltree) - 1, path, 'synthetic', '{ALWAYS}', b.id
    FROM import_batch b, (
        SELECT 'b' AS path UNION ALL SELECT 'b.d' || d FROM generate_series(1, 3) AS d
        UNION ALL SELECT 'b.d' || 1 + t * 3 / {TOWNS} || '.t' || t FROM generate_series(0, {TOWNS - 1}) AS t
    ) AS made;
-- Towns are strips from west to east, one district after the other.
INSERT INTO place (key, kind, geom, jurisdiction_path, valid, batch_id)
    SELECT x || '-' || y, 'school', ST_Point(116.5 + 0.001 * x, 23.3 + 0.001 * y, 4326),
           ('b.d' || 1 + x * 3 / {SIDE_LON} || '.t' || x * {TOWNS} / {SIDE_LON})::ltree, '{ALWAYS}', b.id
    FROM import_batch b, generate_series(0, {SIDE_LON - 1}) AS x, generate_series(0, {SIDE_LAT - 1}) AS y
    ORDER BY md5(x || '-' || y);
ANALYZE place, jurisdiction;
"""


def store(owner_url: str) -> None:
    """Fill an empty, migrated database."""
    with _connect(owner_url) as owner:
        owner.execute(_STORE)  # type: ignore[call-overload]


def expected() -> int:
    """Places in the box that lie in the first district, counted on the grid."""
    columns = [x for x in range(SIDE_LON) if 55.5 < x < 65.5 and x * 3 // SIDE_LON == 0]
    return len(columns) * sum(70.5 < y < 80.5 for y in range(SIDE_LAT))


def run() -> dict[str, Any]:
    """Milliseconds of one query, asked again and again over one connection."""
    with temporary_cluster() as cluster:
        runner.upgrade(cluster.owner_url)
        store(cluster.owner_url)
        with _connect(cluster.owner_url) as owner, _connect(cluster.app_url) as app:
            app.execute("SELECT set_config('app.scope', %s, true)", [PATH])
            found = app.execute(QUERY, BOX).fetchone()
            if found != (expected(),):
                raise RuntimeError(f"{found} rows in the box, {expected()} expected")
            # Side by side, so that a busy moment is everybody's.
            bare, guarded, planned = [], [], []
            for _ in range(ROUNDS):
                bare.append(_once_ms(owner))
                guarded.append(_once_ms(app))
                planned.append(_once_ms(app, prepare=False))
        with psycopg.connect(cluster.superuser_dsn, dbname="lianfang", autocommit=True) as superuser:
            superuser.execute("ALTER FUNCTION geometry_overlaps(geometry, geometry) NOT LEAKPROOF")
        with _connect(cluster.app_url) as app:
            app.execute("SELECT set_config('app.scope', %s, true)", [PATH])
            unmarked = [_once_ms(app) for _ in range(ROUNDS // 10)]
    without_policy, with_policy = statistics.median(bare), statistics.median(guarded)
    return {
        "rows": SIDE_LON * SIDE_LAT,
        "bar_ms": BAR_MS,
        "with_policy_ms": with_policy,
        "with_policy_planned_each_time_ms": statistics.median(planned),
        "without_policy_ms": without_policy,
        "not_leakproof_ms": statistics.median(unmarked),
        "policy_ratio": with_policy / without_policy,
    }


def _connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""))


def _once_ms(connection: psycopg.Connection, *, prepare: bool | None = None) -> float:
    started = time.perf_counter()
    connection.execute(QUERY, BOX, prepare=prepare).fetchone()
    return (time.perf_counter() - started) * 1000
