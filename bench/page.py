"""The map page over 27,000 grids and 10,000 cameras, in Chromium at 1280 × 800.

Its HTML, how long until all that is in view is drawn, and the longest time between two frames: from the
first paint on, and while somebody drags and zooms the map. Cold is the first visit after the data have
changed, with an empty browser; warm is a visit by another browser after it. What a virtual machine's host
took of the processors meanwhile is told beside the worst frame: it stands still with them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from bench.__main__ import lines
from bench.load import ask_once
from bench.scene import SMALL, Size
from bench.tiles import Server, data_changed, filled_cluster, serving

CHROMIUM = os.environ.get("LIANFANG_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"]
WIDTH, HEIGHT = 1280, 800
VISITS = 5
MOST_MS = 60_000
# A new window of Chromium loads its own address bar's page (chrome://omnibox-popup, 430 scripts) for a second
# or so, on the cores that the page is measured on. Who opens the map has had the browser open before.
WINDOW_MS = 2500
# Every frame's length, and when the map was first at rest: nothing asked for, every tile drawn.
WATCH = """
(() => {
  const seen = (window.seen = { frames: [], starts: [], painted: null });
  const calm = () => {
    const page = window.Lianfang && Lianfang.page;
    const waiting = '#map_lianfang [class*="lf-tile"]:not(.leaflet-tile-loaded)';
    return page && page.ready && page.store.pending === 0 && !document.querySelector(waiting);
  };
  let before = performance.now(), since = null;
  const frame = () => {
    const now = performance.now();
    seen.frames.push(now - before);
    seen.starts.push(before);
    before = now;
    if (!calm()) since = null;
    else if (since === null) since = now;
    // A frame later it is on the screen; still calm after three, nothing else was coming.
    else if (seen.painted === null && now - since > 50) seen.painted = since;
    seen.calm = since !== null && now - since > 50;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})();
"""
# Before the first paint there is nothing on the screen that could stand still.
WORST_FRAME_MS = """() => {
  const painted = performance.getEntriesByName("first-paint")[0].startTime;
  return Math.max(...seen.frames.filter((_, i) => seen.starts[i] >= painted));
}"""
HEAP_MB = "() => performance.memory.usedJSHeapSize / 1e6"


def run(size: Size | None = None, visits: int = VISITS) -> dict[str, Any]:
    """Figures of the page; medians of the visits, of frames the longest of all.

    Parameters
    ----------
    size : Size, optional
        Of the city; 27,000 grids and 10,000 cameras without it.
    visits : int
        Cold and warm ones each.
    """
    with filled_cluster(size or Size()) as (cluster, _), serving(cluster) as server:
        status, html = ask_once(server.port, "/map", server.headers)
        if status != 200:
            raise RuntimeError(f"/map: {status}")
        found: dict[str, Any] = {"html_kb": len(html) / 1000}
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            # Chromium's own start is not the page's.
            _visit(browser, server)
            cold, warm = [], []
            for _ in range(visits):
                data_changed(cluster)
                cold.append(_visit(browser, server))
                warm.append(_visit(browser, server))
            found |= {"cold": _summed(cold), "warm": _summed(warm)}
            found["moved"] = _moved(browser, server)
            browser.close()
        return found


def _open(browser: Browser, server: Server) -> Page:
    """The page at rest, in a browser that knows nothing but who is signed in."""
    home = f"http://127.0.0.1:{server.port}"
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, locale="zh-CN")
    name, value = server.headers.removeprefix("Cookie: ").strip().split("=", 1)
    context.add_cookies([{"name": name, "value": value, "url": home}])
    page = context.new_page()
    page.wait_for_timeout(WINDOW_MS)
    page.add_init_script(WATCH)
    page.goto(f"{home}/map")
    page.wait_for_function("() => seen.painted !== null", timeout=MOST_MS)
    return page


def _stolen_ms() -> float:
    """Processor time that this machine wanted and its host gave to others, since it was started."""
    total = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return 1000 * int(total[8]) / os.sysconf("SC_CLK_TCK")


def _visit(browser: Browser, server: Server) -> dict[str, float]:
    before = _stolen_ms()
    page = _open(browser, server)
    found = {
        "stolen_ms": _stolen_ms() - before,
        "painted_s": page.evaluate("() => seen.painted") / 1000,
        "worst_frame_ms": page.evaluate(WORST_FRAME_MS),
        "heap_mb": page.evaluate(HEAP_MB),
    }
    page.context.close()
    return found


def _summed(visits: list[dict[str, float]]) -> dict[str, float]:
    worst = max(visits, key=lambda each: each["worst_frame_ms"])
    return {
        "painted_s": statistics.median(each["painted_s"] for each in visits),
        "painted_slowest_s": max(each["painted_s"] for each in visits),
        "worst_frame_ms": worst["worst_frame_ms"],
        "stolen_in_that_visit_ms": worst["stolen_ms"],
        "worst_frame_median_ms": statistics.median(each["worst_frame_ms"] for each in visits),
        "heap_mb": statistics.median(each["heap_mb"] for each in visits),
    }


def _moved(browser: Browser, server: Server) -> dict[str, float]:
    """The map zoomed in by the wheel until grids and single cameras are seen, dragged there, zoomed out."""
    page = _open(browser, server)
    before = _stolen_ms()
    box = page.locator("#map_lianfang").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    worst: dict[str, float] = {}
    for name, act in (("zooming_in", -1), ("dragging", 0), ("zooming_out", 1)):
        page.evaluate("() => { seen.frames.length = seen.starts.length = 0; }")
        if act:
            for _ in range(4):
                page.mouse.wheel(0, act * 120)
                page.wait_for_timeout(400)
        else:
            for dx, dy in ((400, 0), (0, 250), (-400, 0), (0, -250)):
                page.mouse.down()
                page.mouse.move(x + dx, y + dy, steps=25)
                page.mouse.up()
                page.mouse.move(x, y)
        page.wait_for_function("() => seen.calm", timeout=MOST_MS)
        frames = page.evaluate("() => seen.frames")
        worst[f"{name}_worst_frame_ms"] = max(frames)
        worst[f"{name}_p95_frame_ms"] = sorted(frames)[int(0.95 * (len(frames) - 1))]
    worst["stolen_ms"] = _stolen_ms() - before
    worst["heap_mb"] = page.evaluate(HEAP_MB)
    page.context.close()
    return worst


def main(arguments: list[str]) -> int:
    """Measure and print; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.page", description=__doc__.splitlines()[0])
    parser.add_argument("--visits", type=int, default=VISITS)
    parser.add_argument("--small", action="store_true", help="a town of 108 grids, to see whether all works")
    asked = parser.parse_args(arguments)
    print(*lines(run(SMALL if asked.small else None, asked.visits)), sep="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
