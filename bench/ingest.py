"""Frame metadata by the million: from files into the database, against the least that storing it once costs.

The reference takes rows that are ready (ids, no check) by `COPY` into a staging table, and from there by
`INSERT … ON CONFLICT DO NOTHING` into a plain table with the same primary key. Ours reads the file, validates
every value, looks codes up, and stores into the partitioned table behind row-level security. Both take the
same rows, by turns.
"""

from __future__ import annotations

import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
from sqlalchemy import Engine, text

from bench.records import most_mb
from bench.scene import Size
from bench.tiles import filled_cluster
from cameras.frames import FrameBatch
from cameras.frames.write import write_csv, write_ndjson, write_parquet
from cameras.repository import records
from cameras.services import SourceSpec, ingest_frames
from geo.db import make_engine, transaction
from geo.scope import WHOLE_SITE

ROWS = 1_000_000
SIZE = Size(cameras=2_000, gaps=50, zones=1)
FORMATS = {"csv": write_csv, "parquet": write_parquet, "ndjson": write_ndjson}
ROUNDS = 3
DAY_MS = 86_400_000
FIRST_MS = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 1000
# What a gateway that looks at pictures tells: eight columns, as the figures in the field are quoted for.
MEASURES = ("azimuth_deg", "luma", "contrast", "sharpness", "similarity")
NOW = datetime(2027, 1, 1, tzinfo=UTC)


def frames_of(day: int, ids: np.ndarray, rows: int) -> FrameBatch:
    """Frames of some cameras, so many in all, spread over a day and in the order in which they came."""
    draw = np.random.default_rng(day)
    minute = np.repeat(np.arange(-(-rows // len(ids))), len(ids))[:rows]
    camera = np.tile(ids, -(-rows // len(ids)))[:rows]
    step_ms = DAY_MS // (minute[-1] + 1)
    return FrameBatch.of(
        camera,
        FIRST_MS + day * DAY_MS + minute * step_ms + camera % step_ms,
        source=1,
        azimuth_deg=np.round(draw.uniform(0, 359.9, rows), 1),
        luma=np.round(draw.uniform(40, 200, rows), 1),
        contrast=np.round(draw.uniform(30, 90, rows), 1),
        sharpness=np.round(draw.uniform(55, 95, rows), 1),
        similarity=np.round(draw.uniform(0, 0.9, rows), 3),
    )


def run(rows: int = ROWS, size: Size = SIZE, many: int = 20) -> dict[str, Any]:
    """Rows a second and their ratios to the reference, and memory from `rows` to `many` times as many."""
    with tempfile.TemporaryDirectory(prefix="lianfang-bench-") as name, filled_cluster(size) as (cluster, _):
        folder, engine = Path(name), make_engine(cluster.app_url)
        with transaction(engine, scope=WHOLE_SITE) as session:
            codes = {number: code for code, number in records.camera_ids(session).items()}
        ids = np.array(sorted(codes))
        plain_table(make_engine(cluster.owner_url))
        taken: dict[str, list[float]] = {name: [] for name in ("reference", *FORMATS)}
        days = iter(range(365))
        for _ in range(ROUNDS):
            taken["reference"].append(by_copy(cluster.owner_url, frames_of(next(days), ids, rows)))
            for ending, write in FORMATS.items():
                path = folder / f"frames.{ending}"
                write(path, frames_of(next(days), ids, rows), codes)
                taken[ending].append(stored(engine, path))
                path.unlink()
        engine.dispose()
        found: dict[str, Any] = {
            f"{name}_rows_per_s": rows / statistics.median(seconds) for name, seconds in taken.items()
        }
        for ending in FORMATS:
            shares = [a / b for a, b in zip(taken["reference"], taken[ending], strict=True)]
            found[f"{ending}_ratio"] = statistics.median(shares)
            found[f"{ending}_spread"] = [round(min(shares), 3), round(max(shares), 3)]
        memory = {}
        for times in (1, many):
            path = folder / "many.csv"
            write_long(path, codes, next(days), rows, times)
            memory[times] = _in_its_own_process(cluster.app_url, str(path))
            path.unlink()
    return {
        "rows": rows,
        **found,
        "memory_mb": memory[1]["memory_mb"],
        f"memory_times_{many}_mb": memory[many]["memory_mb"],
        f"seconds_times_{many}": memory[many]["seconds"],
    }


def write_long(path: Path, codes: dict[int, str], day: int, rows: int, times: int) -> None:
    """A CSV file of many days, written a day at a time."""
    ids = np.array(sorted(codes))
    part = path.with_suffix(".part.csv")
    with path.open("wb") as whole:
        for n in range(times):
            write_csv(part, frames_of(day + 10 * n, ids, rows), codes)
            with part.open("rb") as stream:
                heading = stream.readline()
                if n == 0:
                    whole.write(heading)
                while block := stream.read(1 << 24):
                    whole.write(block)
    part.unlink()


def plain_table(engine: Engine) -> None:
    """What the reference stores into: eight columns and the key."""
    numbers = ", ".join(f"{name} double precision" for name in MEASURES)
    with engine.begin() as connection:
        connection.execute(
            text(
                f"""CREATE TABLE bench_frame (camera_id bigint, source_id int, captured_at timestamptz,
                    {numbers}, PRIMARY KEY (camera_id, source_id, captured_at))"""
            )
        )
    engine.dispose()


def by_copy(url: str, frames: FrameBatch) -> float:
    """Seconds of the reference for rows that are ready as CSV."""
    ready = io.BytesIO()
    columns = {
        "camera_id": pa.array(frames.camera),
        "source_id": pa.array(frames.source),
        "captured_at": pa.array(frames.captured_ms).cast(pa.timestamp("ms", tz="UTC")),
        **{name: pa.array(getattr(frames, name)) for name in MEASURES},
    }
    arrow_csv.write_csv(pa.table(columns), ready, arrow_csv.WriteOptions(include_header=False))
    engine = make_engine(url)
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        cursor = driver.cursor()
        started = time.perf_counter()
        cursor.execute("CREATE TEMPORARY TABLE stage (LIKE bench_frame) ON COMMIT DROP")
        with cursor.copy("COPY stage FROM STDIN (FORMAT csv)") as copy:
            for part in _parts(ready):
                copy.write(part)
        cursor.execute("INSERT INTO bench_frame SELECT * FROM stage ON CONFLICT DO NOTHING")
        driver.commit()
        seconds = time.perf_counter() - started
    engine.dispose()
    return seconds


def _parts(ready: io.BytesIO) -> Iterator[memoryview]:
    whole = ready.getbuffer()
    for at in range(0, len(whole), 1 << 20):
        yield whole[at : at + (1 << 20)]


def stored(engine: Engine, path: Path) -> float:
    """Seconds of taking a file in."""
    started = time.perf_counter()
    with transaction(engine, scope=WHOLE_SITE) as session:
        report = ingest_frames(session, path, SourceSpec("bench", 60.0), now=NOW)
    seconds = time.perf_counter() - started
    if report.refused or report.known:
        raise RuntimeError(f"{path}: {report.refused} refused, {report.known} known; nothing was to be")
    return seconds


def _in_its_own_process(url: str, path: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.ingest", url, path],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent.parent,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Take one file in, and say how long it took and how much memory."""
    engine = make_engine(sys.argv[1])
    before = most_mb()
    seconds = stored(engine, Path(sys.argv[2]))
    engine.dispose()
    sys.stdout.write(json.dumps({"seconds": seconds, "memory_mb": most_mb() - before}) + "\n")


if __name__ == "__main__":
    main()
