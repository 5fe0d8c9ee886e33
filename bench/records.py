"""Camera records by the hundred thousand: taking a list in, taking it in again, and paging through them.

Times of pages are those of whole answers on this machine; memory is the most that the process had beyond what
the program has before it reads, for lists of a fifth, one time and three times the rows.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np

from bench.load import ask_once
from bench.scene import SOUTH, STEP_LAT, STEP_LON, WEST, Size
from bench.tiles import Server, filled_cluster, serving
from cameras.services import import_cameras
from geo.db import make_engine, transaction
from geo.scope import WHOLE_SITE
from geo.server import Cluster

RECORDS = 100_000
SIZE = Size(cameras=100, gaps=50, zones=1)
# What somebody does with the list: filters, sorts, pages, searches.
PAGES = {
    "first": "/cameras",
    "sorted_by_code": "/cameras?sort=-code",
    "page_1000": "/cameras?page=1000",
    "filtered_by_direction": "/cameras?azimuth_quality=coarse&sort=code",
    "filtered_by_state": "/cameras?state=outage&change=new",
    "searched": "/cameras?q=99999",
    "worst_first": "/cameras?sort=-state",
    "least_online": "/cameras?sort=online",
}
ROUNDS = 5
HEAD = (
    "编码,名称,经度,纬度,方位角,安装高度,厂商,型号,行政区划代码,安装地址,维护单位,父设备编码,点位类型,状态\n"
)


def list_of(count: int, size: Size, *, turned: int = 0, first: int = 0) -> str:
    """A list of `count` cameras all over the city, the first `turned` of them looking another way.

    Codes count from `first` on.
    """
    draw = np.random.default_rng(3)
    lon = WEST + draw.uniform(0, size.across, count) * STEP_LON
    lat = SOUTH + draw.uniform(0, size.up, count) * STEP_LAT
    azimuth = draw.integers(0, 360, count)
    rows = [HEAD]
    for n in range(count):
        direction = ("东", "西", "", str((azimuth[n] + 90 * (n < turned)) % 360))[n % 4 if n >= turned else 3]
        rows.append(
            f"4405130000132{first + n:07d},下寨村{n}号,{lon[n]:.6f},{lat[n]:.6f},{direction},{3 + n % 5},"
            f"某某数码,DS-{n % 90},"
            f"440513,棉北街道某路{n % 900}号,维护单位{n % 12},44051300001180{n % 400:06d},{1 + n % 3},ON\n"
        )
    return "".join(rows)


def run(records: int = RECORDS, size: Size = SIZE) -> dict[str, Any]:
    """Seconds of imports, milliseconds of pages, megabytes of memory."""
    with tempfile.TemporaryDirectory(prefix="lianfang-bench-") as name, filled_cluster(size) as (cluster, _):
        folder = Path(name)
        files = {
            "part": {"count": records // 5, "first": 4 * records},
            "whole": {"count": records},
            "again": {"count": records, "turned": records // 100},
            "long": {"count": 3 * records, "first": 5 * records},
        }
        taken = {}
        for stem, options in files.items():
            path = folder / f"{stem}.csv"
            path.write_text(list_of(size=size, **options), encoding="utf8")
            taken[stem] = _in_its_own_process(cluster.app_url, str(path))
    with filled_cluster(replace(size, cameras=records)) as (cluster, _):
        pages = looked_at(cluster)
    return {
        "records": records,
        "import_s": taken["whole"]["seconds"],
        "import_again_s": taken["again"]["seconds"],
        "import_counts": taken["again"]["counts"],
        "import_three_times_s": taken["long"]["seconds"],
        "memory_fifth_mb": taken["part"]["memory_mb"],
        "memory_mb": taken["whole"]["memory_mb"],
        "memory_three_times_mb": taken["long"]["memory_mb"],
        **pages,
    }


def _in_its_own_process(*arguments: str) -> dict[str, Any]:
    """What `taken_in` answers in a process of its own, whose memory is its alone."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.records", *arguments],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent.parent,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def most_mb(process: str = "self") -> float:
    """The most memory a process had so far, megabytes."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf8")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def taken_in(url: str, path: str) -> dict[str, Any]:
    """Import a list; its seconds, and the memory beyond what the program has before it reads."""
    engine = make_engine(url)
    before = most_mb()
    started = time.perf_counter()
    with transaction(engine, scope=WHOLE_SITE) as session:
        report = import_cameras(session, Path(path), datum="wgs84", author="bench")
    seconds = time.perf_counter() - started
    engine.dispose()
    return {"seconds": seconds, "memory_mb": most_mb() - before, "counts": dict(report.counts)}


def looked_at(cluster: Cluster) -> dict[str, Any]:
    """Medians of pages at the server, and an export with the memory it took beyond that of the pages."""
    with serving(cluster) as server:
        pages = {}
        for name, address in PAGES.items():
            taken = []
            for _ in range(ROUNDS + 1):
                started = time.perf_counter()
                status, _ = ask_once(server.port, address, server.headers)
                taken.append(time.perf_counter() - started)
                if status != 200:
                    raise RuntimeError(f"{address} answered {status}")
            pages[name] = 1000 * statistics.median(taken[1:])
        before, started = _workers_mb(server.pid), time.perf_counter()
        export = _downloaded(server, "/cameras?format=xlsx")
        return {
            "pages_ms": pages,
            "slowest_page_ms": max(pages.values()),
            "export_xlsx_s": time.perf_counter() - started,
            "export_xlsx_mb": export / 1e6,
            "export_memory_mb": _workers_mb(server.pid) - before,
        }


def _downloaded(server: Server, address: str) -> int:
    """Bytes of a file, which comes in chunks."""
    connection = HTTPConnection("127.0.0.1", server.port)
    name, value = server.headers.strip().split(": ", 1)
    connection.request("GET", address, headers={name: value})
    answer = connection.getresponse()
    if answer.status != 200:
        raise RuntimeError(f"{address} answered {answer.status}")
    count = len(answer.read())
    connection.close()
    return count


def _workers_mb(pid: int) -> float:
    """The most memory that the workers of a server had so far, megabytes, the largest one's."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf8").split()
    return max(most_mb(child) for child in children)


if __name__ == "__main__":
    print(json.dumps(taken_in(*sys.argv[1:])))
