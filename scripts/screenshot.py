"""Pictures of the running map for the README and the docs: ``python scripts/screenshot.py``.

Asks the program at ``--url`` like any reader, in Chromium, and writes ``map-<language>-<width>.png``. Run it
after `make run` and look at what it wrote before committing it.
"""

import argparse
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = ("1920x1080", "390x844")
LANGUAGES = ("zh", "en")
IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"


def screenshots(
    url: str, sizes: list[str], languages: list[str], folder: Path, *, open_tab: str = ""
) -> list[Path]:
    """Write one picture for each size and language and say which were written.

    Raises
    ------
    RuntimeError
        When Chromium is missing, the page does not answer, or asks another server for anything.
    """
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise RuntimeError("chromium was not found: install the system's chromium")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for size in sizes:
            width, height = (int(part) for part in size.split("x"))
            for lang in languages:
                page = browser.new_page(viewport={"width": width, "height": height})
                asked: list[str] = []
                page.on("request", lambda request, asked=asked: asked.append(request.url))
                answer = page.goto(f"{url.rstrip('/')}/?lang={lang}")
                if answer is None or not answer.ok:
                    raise RuntimeError(f"{url} answered {answer.status if answer else 'nothing'}")
                page.wait_for_function("window.Lianfang && Lianfang.map")
                if open_tab:
                    toggle = page.locator("#panel-toggle")
                    if toggle.is_visible() and toggle.get_attribute("aria-expanded") == "false":
                        toggle.click()
                    page.locator(f"#tab-{open_tab}").click()
                page.wait_for_timeout(500)  # fonts and canvases
                elsewhere = [a for a in asked if not a.startswith((url.rstrip("/"), "data:"))]
                if elsewhere:
                    raise RuntimeError(f"the page asked another server: {elsewhere[0]}")
                path = folder / f"map-{lang}-{width}.png"
                page.screenshot(path=path)
                page.close()
                written.append(path)
        browser.close()
    return written


def main() -> int:
    """Parse the command line, take the pictures, name them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the program runs")
    parser.add_argument("--size", action="append", metavar="WxH", help=f"default: {' and '.join(SIZES)}")
    parser.add_argument("--lang", action="append", choices=LANGUAGES, help="default: both")
    parser.add_argument(
        "--tab", choices=("layers", "gaps", "routes"), default="", help="open this list first"
    )
    parser.add_argument("--out", type=Path, default=IMAGES, help="folder (default: docs/images)")
    given = parser.parse_args()
    try:
        written = screenshots(
            given.url, given.size or list(SIZES), given.lang or list(LANGUAGES), given.out, open_tab=given.tab
        )
    except (RuntimeError, Error) as error:
        print(f"screenshot: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    for path in written:
        print(path)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
