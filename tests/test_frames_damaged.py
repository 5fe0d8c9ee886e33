"""Files of our own formats, damaged ten thousand times each: read, told, or refused."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from mutations import damaged, withstood

from cameras.frames import ReadOptions, read_frames
from cameras.frames.columns import LIMITS, LOST_EVENT

CAMERAS = {"N-01": 1, "N-02": 2}
OPTIONS = ReadOptions(
    cameras=CAMERAS, zone=ZoneInfo("Asia/Shanghai"), now=datetime(2026, 11, 22, tzinfo=UTC), source=7
)
MINUTES = [f"2026-11-21T12:{minute:02d}:00" for minute in range(12)]
CSV = [
    b"camera,captured_at,azimuth_deg,luma,osd_at,event\n"
    + b"".join(f"N-01,{at}+08:00,359.9,110,{at},\nN-02,{at}Z,,5.5,,lost\n".encode() for at in MINUTES),
    "\ufeff夹,captured_at,camera,lon,lat\r\n".encode()
    + b"".join(f'"a ""b"" c",{at}.250+08:00,N-02,116.6,23.3\r\n'.encode() for at in MINUTES),
]
NDJSON = [
    b"".join(
        f'{{"camera": "N-01", "captured_at": "{at}+08:00", "azimuth_deg": 359.9, "luma": 9}}\n'
        f'{{"captured_at": "{at}Z", "camera": "N-02", "event": "lost", "sharpness": null}}\n'.encode()
        for at in MINUTES
    ),
    b"".join(
        f'{{"camera": "N-01", "captured_at": "{at}", "note": "下寨 \\u4e0b", "x": {{"y": [1]}}}}\r\n'.encode()
        for at in MINUTES
    ),
]


@pytest.mark.parametrize(("name", "samples"), [("frames.csv", CSV), ("frames.ndjson", NDJSON)])
def test_damaged_files_are_read_or_refused_quickly_and_in_little_memory(
    tmp_path: Path, name: str, samples: list[bytes]
) -> None:
    """One in eight is packed after it was damaged, one in eight damaged after it was packed."""
    generator = np.random.default_rng(20_261_123)
    packed = [gzip.compress(sample, mtime=0) for sample in samples]
    told = Counter()

    def files() -> Iterator[tuple[Path, bytes]]:
        for turn in range(10_000):
            content = damaged(generator, packed if turn % 8 == 7 else samples)
            yield (
                tmp_path / (name if turn % 8 < 6 else f"{name}.gz"),
                gzip.compress(content, 1, mtime=0) if turn % 8 == 6 else content,
            )

    def read_whole(path: Path) -> None:
        for part in read_frames(path, OPTIONS):
            frames = part.frames
            told["frames"] += len(frames) > 0
            told["aside"] += len(part.rejected)
            assert set(frames.camera.tolist()) <= {1, 2}
            assert (frames.captured_ms <= 1_795_449_600_000).all()
            for measure, limit in LIMITS.items():
                values = getattr(frames, measure)
                assert limit.admits(values[np.isfinite(values)]).all(), measure
            assert set(np.unique(frames.event)) <= {0, LOST_EVENT}

    refusals = withstood(files(), read_whole, most_kb=300_000)
    assert told["frames"] > 1000 and told["aside"] > 1000 and refusals > 500
