"""A day of a county: 10,000 cameras with a frame a minute, 5,000 grids, 2,000 km of streets, from stored
frames to stored gaps: seconds, and the most memory the program had.

Then one camera after another is turned, and the analysis brought up to date; and the same overlay is asked of
PostGIS."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from sqlalchemy import Engine, text

from bench.overlay import overlay
from bench.records import most_mb
from bench.scene import PERIOD, Size
from bench.tiles import filled_cluster
from cameras.frames import FrameBatch
from cameras.frames.columns import LOST_EVENT
from cameras.frames.times import epoch_ms
from cameras.repository import frames as store
from cameras.repository import records
from cameras.services import analyse, revise
from geo.db import make_engine, transaction
from geo.scope import WHOLE_SITE
from geo.server import Cluster

CAMERAS, MINUTES = 10_000, 1_440
# 5,000 grids of 200 m by 300 m: streets every 200 m one way and every 300 m the other.
SIZE = Size(((2, 2), (5, 5), (5, 5), (2, 1)), cameras=CAMERAS, gaps=100, zones=1, finer=(2, 3))
STREETS_KM = 2_000
GATEWAYS = 20
PARTS = 20
TURNED = 9


def run(size: Size = SIZE, minutes: int = MINUTES) -> dict[str, Any]:
    """Seconds and megabytes of the day."""
    with filled_cluster(size) as (cluster, _):
        engine = make_engine(cluster.app_url)
        with transaction(engine, scope=WHOLE_SITE) as session:
            found = ready(cluster, size)
            ids = np.array(sorted(records.camera_ids(session).values()))
            gateways = [
                store.add_source(
                    session, code=f"gw-{n}", kind="gateway", expected_interval_s=60.0, label="synthetic"
                )
                for n in range(GATEWAYS)
            ]
        started = time.perf_counter()
        for seed, part in enumerate(np.array_split(ids, PARTS)):
            with transaction(engine, scope=WHOLE_SITE) as session:
                store.stage_frames(session)
                store.copy_frames(session, day_of(part, gateways, minutes, seed=seed))
                store.publish_frames(session)
        found["storing_s"] = time.perf_counter() - started
        with psycopg.connect(cluster.superuser_url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE frame")
        engine.dispose()
        # The first compiles what an installation has compiled already.
        found |= _in_its_own_process(cluster.app_url, cluster.superuser_url.replace("+psycopg", ""))
    return found


def ready(cluster: Cluster, size: Size) -> dict[str, Any]:
    """Let 2,000 km be watched, and every camera be told as its list would; answers what there is."""
    with psycopg.connect(cluster.superuser_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            """UPDATE road_edge e SET watched = o.upto <= %s FROM (
                   SELECT id, sum(ST_Length(geom::geography)) OVER (ORDER BY id) / 1000.0 AS upto
                   FROM road_edge) o WHERE o.id = e.id""",
            (STREETS_KM,),
        )
        connection.execute("UPDATE camera SET width_px = 3840, height_px = 2160")
        connection.execute("DELETE FROM analysis")
        (km,) = connection.execute(
            "SELECT sum(ST_Length(geom::geography)) / 1000.0 FROM road_edge WHERE watched"
        ).fetchone() or (0,)
        (leaves,) = connection.execute(
            "SELECT count(*) FROM jurisdiction WHERE level = %s", (len(size.tree),)
        ).fetchone() or (0,)
    return {"cameras": size.cameras, "grids": leaves, "streets_km": float(km)}


def day_of(ids: np.ndarray, gateways: list[int], minutes: int, *, seed: int) -> FrameBatch:
    """A frame a minute of cameras, each of the next gateway in turn: one in twenty is lost for hours, one
    in thirty dark at night, one in fifty looks elsewhere for a while."""
    draw = np.random.default_rng(seed)
    start = epoch_ms(PERIOD[0])
    n, m = len(ids), minutes
    at = start + np.arange(m) * 60_000 + draw.integers(0, 60_000, n)[:, None]
    luma = draw.normal(110, 8, (n, m)).clip(40, 200)
    luma[draw.random(n) < 1 / 30, : m // 4] = 12.0
    azimuth = np.repeat(draw.integers(0, 360, n).astype(float)[:, None], m, axis=1)
    for row in np.flatnonzero(draw.random(n) < 1 / 50):
        begin = draw.integers(0, m)
        azimuth[row, begin : begin + 180] = (azimuth[row, 0] + 120.0) % 360.0
    there = np.ones((n, m), dtype=bool)
    event = np.zeros((n, m), dtype=np.int8)
    for row in np.flatnonzero(draw.random(n) < 1 / 20):
        begin = int(draw.integers(1, m - 60))
        there[row, begin : begin + int(draw.integers(30, 600))] = False
        if row % 2:
            there[row, begin], event[row, begin] = True, LOST_EVENT
    picked = there.ravel()
    return FrameBatch.of(
        np.repeat(ids, m)[picked],
        at.ravel()[picked],
        source=np.repeat(np.resize(gateways, n), m)[picked],
        azimuth_deg=azimuth.ravel()[picked],
        luma=luma.ravel()[picked].round(1),
        contrast=draw.normal(60, 4, n * m).clip(30, 100).round(1)[picked],
        sharpness=draw.normal(80, 4, n * m).clip(55, 100).round(1)[picked],
        similarity=draw.uniform(0, 0.9, n * m).round(3)[picked],
        event=event.ravel()[picked],
    )


def turned_one_by_one(engine: Engine, analysis: int) -> dict[str, Any]:
    """Seconds to bring the analysis up to date around a camera: the median of several, and the longest."""
    with transaction(engine, scope=WHOLE_SITE) as session:
        codes = session.execute(
            text(
                """SELECT DISTINCT c.code FROM gap_camera gc JOIN gap g ON g.id = gc.gap_id
                   JOIN camera c ON c.id = gc.camera_id
                   WHERE g.analysis_id = :analysis AND g.cause = 'outage' ORDER BY 1 LIMIT :some"""
            ),
            {"analysis": analysis, "some": TURNED + 1},
        ).scalars()
        cameras = list(codes)
    took, gaps = [], 0
    for code in cameras:
        with transaction(engine, scope=WHOLE_SITE) as session:
            session.execute(
                text("UPDATE camera SET azimuth_deg = (azimuth_deg + 100)::numeric % 360 WHERE code = :code"),
                {"code": code},
            )
            started = time.perf_counter()
            found = revise(session, analysis, [code], author="bench")
        took.append(time.perf_counter() - started)
        gaps += found.gone + found.new
    # The first compiles queries and fills caches.
    return {
        "one_camera_s": statistics.median(took[1:]),
        "one_camera_longest_s": max(took[1:]),
        "gaps_changed": gaps,
    }


def _in_its_own_process(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.day", *arguments],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Analyse the day in an existing database, and say how long it took and how much memory."""
    engine = make_engine(sys.argv[1])
    with transaction(engine, scope=WHOLE_SITE) as session:
        rows = session.scalar(text("SELECT count(*) FROM frame"))
    found: dict[str, Any] = {"frames": rows}
    # Compiled code is read from its store, as on an installed site: a short analysis first.
    with transaction(engine, scope=WHOLE_SITE) as session:
        analyse(session, start=PERIOD[0], end=PERIOD[0] + timedelta(minutes=15), author="bench")
    found["before_mb"] = most_mb()
    steps: list[tuple[float, float]] = []
    started = time.perf_counter()
    with transaction(engine, scope=WHOLE_SITE) as session:
        number = analyse(
            session,
            start=PERIOD[0],
            end=PERIOD[1],
            author="bench",
            progress=lambda part: steps.append((part, round(time.perf_counter() - started, 2))),
        )
    found["analysis_s"] = time.perf_counter() - started
    found["memory_mb"] = most_mb()
    found["steps"] = steps
    children = resource.getrusage(resource.RUSAGE_SELF)
    found["processor_s"] = children.ru_utime + children.ru_stime
    with psycopg.connect(sys.argv[2], autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    found |= turned_one_by_one(engine, number)
    found["overlay"] = overlay(engine, number)
    with transaction(engine, scope=WHOLE_SITE) as session:
        found["gaps"] = session.scalar(text("SELECT count(*) FROM gap WHERE analysis_id = :n"), {"n": number})
    engine.dispose()
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
