"""Run the benchmarks of this folder, print what they found, keep it in `bench/results.json`.

A benchmark is a module here with `run() -> dict`: names to numbers, words or further dicts. A reference is
measured in the same run as what it is compared with, after warm-up, and the comparison is a name ending in
`ratio`; seconds and counts beside it only help to read it, and mean nothing on another machine.
"""

import argparse
import importlib
import importlib.metadata
import json
import os
import pkgutil
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import bench

RESULTS = Path(__file__).with_name("results.json")
LIBRARIES = ("numpy", "numba", "scipy", "shapely", "geopandas", "pyvrp", "psycopg")


def benchmarks() -> dict[str, ModuleType]:
    """Every module of this folder that has a `run`, by name."""
    names = (info.name for info in pkgutil.iter_modules(bench.__path__) if info.name != "__main__")
    modules = {name: importlib.import_module(f"bench.{name}") for name in names}
    return {name: module for name, module in sorted(modules.items()) if hasattr(module, "run")}


def machine_facts() -> dict[str, Any]:
    """What a figure depends on: processor, memory, system, versions, commit, and how busy the machine was."""
    cpu = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.split(":", 1)[1].strip() for line in cpu if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=RESULTS.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
        "commit": commit.stdout.strip() or None,
        "load_1min_at_start": round(os.getloadavg()[0], 2),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def lines(found: Mapping[str, Any], indent: int = 2) -> Iterator[str]:
    """A result as indented text; ratios carry their sign of comparison."""
    for name, value in found.items():
        if isinstance(value, Mapping):
            yield f"{'':{indent}}{name}"
            yield from lines(value, indent + 2)
        elif isinstance(value, float):
            times = " ×" if name.endswith("ratio") else ""
            yield f"{'':{indent}}{name:<34} {value:>12,.4g}{times}"
        else:
            yield f"{'':{indent}}{name:<34} {value!s:>12}"


def main(arguments: list[str]) -> int:
    """Run the benchmarks named, or all; the exit status."""
    available = benchmarks()
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(available)}; all when none is given"
    )
    parser.add_argument("--out", type=Path, default=RESULTS, help="where to write the results (JSON)")
    asked = parser.parse_args(arguments)
    unknown = sorted(set(asked.names) - set(available))
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}: there are {', '.join(available)}")
    results: dict[str, Any] = {"machine": machine_facts(), "results": {}}
    if results["machine"]["load_1min_at_start"] > results["machine"]["cores"]:
        print("the machine is busy: ratios may be off", file=sys.stderr)
    for name in asked.names or available:
        started = time.perf_counter()
        found = available[name].run()
        results["results"][name] = found
        print(f"{name} ({time.perf_counter() - started:.0f} s)", *lines(found), sep="\n", flush=True)
    unfinished = asked.out.with_suffix(".new")
    unfinished.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    unfinished.replace(asked.out)
    print(f"written to {asked.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
