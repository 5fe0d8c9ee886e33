"""The exported map in a real browser: a file on a disk asks for nothing, its switches and popups work."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import map_scene
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from web.i18n import LANGUAGES
from web.maps import blank, render_map

pytestmark = pytest.mark.browser

CHROMIUM = os.environ.get("LIANFANG_CHROMIUM", "/usr/bin/chromium")
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
WIDE, USUAL, PHONE = (1920, 1080), (1280, 720), (390, 844)


class Watched:
    """A page with everything it asked for and everything that went wrong in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None
        )

    def elsewhere(self, home: str) -> list[str]:
        """Requests for anything but `home`."""
        return [url for url in self.requests if url != home and not url.startswith("data:")]

    def shown(self, layer: str) -> bool:
        """Whether a layer is on the map."""
        ask = "id => Lianfang.map.hasLayer(Lianfang.layers.get(id).group)"
        return bool(self.page.evaluate(ask, layer))

    def click_map(self, lon: float, lat: float) -> None:
        """A click of the mouse at a place on the map."""
        point = self.page.evaluate("at => Lianfang.map.latLngToContainerPoint(at)", [lat, lon])
        box = self.page.locator("#map_lianfang").bounding_box()
        assert box
        self.page.mouse.click(box["x"] + point["x"], box["y"] + point["y"])

    def popup(self) -> str:
        """The text of the open popup."""
        return self.page.locator(".lf-popup").inner_text()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM} is missing: install Debian's chromium, or run `make test`, which does")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The made-up town as a file in each language: their addresses."""
    map_scene.compiled_catalogues()
    folder = tmp_path_factory.mktemp("exported")
    addresses = {}
    for lang in LANGUAGES:
        path = folder / f"{lang}.html"
        path.write_text(render_map(map_scene.scene(), lang=lang), encoding="utf-8")
        addresses[lang] = path.as_uri()
    return addresses


@pytest.fixture
def opened(browser: Browser) -> Iterator[Any]:
    """Opens an address at a size and watches it; every page is closed at the end."""
    contexts = []

    def open_page(url: str, size: tuple[int, int] = USUAL, lang: str = "zh-CN") -> Watched:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale=lang)
        contexts.append(context)
        watched = Watched(context.new_page())
        watched.page.goto(url)
        watched.page.wait_for_function("() => window.Lianfang && Lianfang.map")
        return watched

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_the_file_works_and_asks_no_server(
    town: dict[str, str], opened: Any, size: tuple[int, int], lang: str
) -> None:
    """Every layer is switched on and every tab opened; not one request leaves, not one complaint is made."""
    page = opened(town[lang], size)
    assert page.page.locator("html").get_attribute("lang") == {"zh": "zh-Hans", "en": "en"}[lang]
    if size == PHONE:
        page.page.locator("#panel-toggle").click()
    page.page.locator("#in-jurisdictions-4").check()
    assert page.shown("jurisdictions-4") and not page.shown("jurisdictions-3"), "one level at a time"
    page.page.locator("#in-gaps-no_camera").check()
    switches = "#pane-layers input[type=checkbox], #pane-layers input[type=radio]"
    clicked = page.page.evaluate(
        "css => [...document.querySelectorAll(css)].filter(e => !e.checked).map(e => e.click()).length",
        switches,
    )
    assert clicked >= 8
    for tab in ("gaps", "routes", "layers"):
        page.page.locator(f"#tab-{tab}").click()
        assert page.page.locator(f"#pane-{tab}").is_visible()
    assert page.shown("gaps-no_camera") and page.shown("gaps-outage")
    assert page.elsewhere(town[lang]) == []
    assert page.complaints == []
    assert "http" not in page.page.locator(".leaflet-control-attribution").inner_html()
    assert page.page.locator(".lf-languages").count() == 0, "a file has one language"


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_the_map_opens_on_the_whole_area_as_large_as_it_goes(
    town: dict[str, str], opened: Any, size: tuple[int, int]
) -> None:
    """All of it is in view, and one step closer it would not be."""
    page = opened(town["zh"], size).page
    west, south, east, north = map_scene.scene().bounds
    bounds = [[south, west], [north, east]]
    assert page.evaluate("b => Lianfang.map.getBounds().contains(b)", bounds)
    assert page.evaluate("b => Lianfang.map.getZoom() == Lianfang.map.getBoundsZoom(b)", bounds)
    # Half a zoom step is a factor of 1.41: more of the narrower side than 1 / 1.42 is filled.
    spans = page.evaluate(
        """([[s, w], [n, e]]) => { const map = Lianfang.map, size = map.getSize();
        const a = map.latLngToContainerPoint([n, w]), b = map.latLngToContainerPoint([s, e]);
        return Math.max((b.x - a.x) / size.x, (b.y - a.y) / size.y); }""",
        bounds,
    )
    assert 1 / 1.42 < spans <= 1


def test_a_switch_takes_its_layer_off_the_map_and_puts_it_back(town: dict[str, str], opened: Any) -> None:
    """Routes with all their badges, and cameras."""
    page = opened(town["zh"])
    badges = page.page.locator(".lf-visit")
    assert badges.count() == 15
    page.page.locator("#in-routes").uncheck()
    assert badges.count() == 0 and not page.shown("route-1")
    page.page.locator("#in-routes").check()
    assert badges.count() == 15
    page.page.locator("#in-cameras").uncheck()
    assert not page.shown("cameras")


def test_views_follow_both_their_level_and_their_certainty(town: dict[str, str], opened: Any) -> None:
    """One level at a time; certain and possible apart."""
    page = opened(town["zh"])
    assert page.shown("footprints-detect-certain") and page.shown("footprints-detect-possible")
    page.page.locator("#in-footprints-observe").check()
    page.page.locator("#in-footprints-possible").uncheck()
    shown = {f"{level}-{belief}": page.shown(f"footprints-{level}-{belief}")
             for level in ("detect", "observe") for belief in ("certain", "possible")}  # fmt: skip
    assert shown == {
        "detect-certain": False,
        "detect-possible": False,
        "observe-certain": True,
        "observe-possible": False,
    }


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_click_on_a_gap_says_what_an_officer_needs(
    town: dict[str, str], opened: Any, size: tuple[int, int]
) -> None:
    """A click on the map itself: the first outage lies on the first 0.8 blocks of 横1路."""
    page = opened(town["zh"], size)
    middle = map_scene.at(0.2, 1)
    page.page.evaluate("([x, y]) => Lianfang.map.setView([y, x], 18, {animate: false})", list(middle))
    page.click_map(*middle)
    told = page.popup()
    for words in ("摄像机掉线", "横1路", "2026-11-22 19:00 – 20:00", "6 小时", "C-00", "通知维修单位恢复"):
        assert words in told
    page.page.keyboard.press("Escape")
    assert page.page.locator(".lf-popup").count() == 0


def test_a_click_beside_everything_tells_the_village(town: dict[str, str], opened: Any) -> None:
    """The areas lie below the streets, and still answer."""
    page = opened(town["zh"])
    page.click_map(*map_scene.at(5.75, 5.85))
    told = page.popup()
    assert "村社区" in told and "东村" in told and "0.5 %" in told and "20 %" in told


def test_a_visit_tells_the_stop_and_both_villages(town: dict[str, str], opened: Any) -> None:
    """The badge of a visit opens its stop: which team when, and whether it is crossed."""
    page = opened(town["en"])
    page.page.locator("#tab-routes").click()
    page.page.locator("details[data-team='0'] summary").click()
    page.page.locator("details[data-team='0'] .lf-row").nth(1).click()
    told = page.popup()
    for words in ("Stop 2", "19:32–19:38 T1", "19:40–19:46 T2", "Crossed by two villages."):
        assert words in told
    assert page.page.locator("details[data-team='0'] .lf-row-lit").inner_text().startswith("2")


def test_the_keyboard_does_what_the_mouse_does(town: dict[str, str], opened: Any) -> None:
    """Arrow keys change the tab, Tab reaches the list, Enter opens, Escape closes; badges are reached too."""
    page = opened(town["zh"])
    keys = page.page.keyboard
    page.page.locator("#tab-layers").focus()
    keys.press("ArrowRight")
    for _ in range(6):
        keys.press("Tab")
        if page.page.evaluate("document.activeElement.classList.contains('lf-row')"):
            break
    keys.press("Enter")
    assert "摄像机掉线" in page.popup()
    keys.press("Escape")
    assert page.page.locator(".lf-popup").count() == 0
    badge = page.page.locator(".lf-visit").first
    badge.focus()
    keys.press("Enter")
    assert "巡逻点 1" in page.popup()
    assert badge.get_attribute("title") == "T1，巡逻点 1，19:10"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_on_a_phone_nothing_covers_anything_else(town: dict[str, str], opened: Any, lang: str) -> None:
    """Buttons, scale, attribution and the sheet's handle keep apart; nothing is wider than the screen."""
    page = opened(town[lang], PHONE)
    names = (
        ".lf-head",
        ".leaflet-control-zoom",
        ".lf-whole",
        ".leaflet-control-scale",
        ".leaflet-control-attribution",
        "#panel-toggle",
    )
    boxes = {name: page.page.locator(name).bounding_box() for name in names}
    for name, box in boxes.items():
        assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE[0], name
        assert box["y"] >= 0 and box["y"] + box["height"] <= PHONE[1], name
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            a, b = boxes[one], boxes[other]
            apart = (
                a["x"] + a["width"] <= b["x"]
                or b["x"] + b["width"] <= a["x"]
                or a["y"] + a["height"] <= b["y"]
                or b["y"] + b["height"] <= a["y"]
            )
            assert apart, (one, other)
    page.page.locator("#panel-toggle").click()
    assert page.page.locator("#panel-toggle").get_attribute("aria-expanded") == "true"
    assert page.page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    size = page.page.evaluate("parseFloat(getComputedStyle(document.querySelector('.lf-note')).fontSize)")
    assert size >= 14


def test_a_camera_named_like_a_script_runs_nothing(opened: Any, tmp_path: Path) -> None:
    """Its name is told letter for letter in the popup, and the script in it did not run."""
    map_scene.compiled_catalogues()
    cameras = map_scene.cameras().assign(name=map_scene.HOSTILE)
    attribution = "<img src=x onerror='window.hacked = true'>"
    path = tmp_path / "map.html"
    data = map_scene.scene(cameras=cameras, attribution=attribution)
    path.write_text(render_map(data, lang="en"), encoding="utf-8")
    page = opened(path.as_uri())
    camera = cameras.geometry.iloc[0]
    page.page.evaluate("([x, y]) => Lianfang.map.setView([y, x], 19, {animate: false})", [camera.x, camera.y])
    page.click_map(camera.x, camera.y)
    assert map_scene.HOSTILE in page.popup()
    assert attribution in page.page.locator(".leaflet-control-attribution").inner_text()
    assert page.page.evaluate("window.hacked") is None
    assert page.complaints == []


def test_the_empty_town_is_a_page_with_sentences(opened: Any, tmp_path: Path) -> None:
    """No cameras, no gaps, no plan: nothing breaks and each is said."""
    map_scene.compiled_catalogues()
    empty = {name: blank(name) for name in ("cameras", "footprints", "gaps", "zone", "stops", "routes")}
    path = tmp_path / "empty.html"
    path.write_text(render_map(map_scene.scene(**empty), lang="en"), encoding="utf-8")
    page = opened(path.as_uri())
    page.page.locator("#tab-gaps").click()
    assert "No gap was found in this period." in page.page.locator("#pane-gaps").inner_text()
    page.page.locator("#tab-routes").click()
    assert "This plan sends out no team." in page.page.locator("#pane-routes").inner_text()
    assert page.complaints == []
