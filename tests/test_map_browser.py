"""The map page in a real browser: tiles drawn and hit, rows and map together, time, address, paper."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import small_site
from conftest import ServedSite
from playwright.sync_api import Browser, Page, Route, sync_playwright
from signing import make_account
from small_site import CHILD, OWN
from werkzeug.serving import make_server

from web.access import Role
from web.i18n import LANGUAGES
from web.maps.offline import STATIC
from web.maps.words import VERMILION

pytestmark = pytest.mark.browser

CHROMIUM = os.environ.get("LIANFANG_CHROMIUM", "/usr/bin/chromium")
AXE = STATIC / "vendor" / "for_tests" / "axe" / "axe.js"
WIDE, USUAL, PHONE = (1920, 1000), (1280, 800), (390, 844)
CLOSE = "#at=17/23.30500/116.60500"
CALM = """() => {
  const page = window.Lianfang && Lianfang.page;
  const waiting = '#map_lianfang [class*="lf-tile"]:not(.leaflet-tile-loaded)';
  return page && page.ready && page.store.pending === 0 && !document.querySelector(waiting);
}"""


class Opened:
    """The map page in a browser, with every complaint and every address asked for."""

    def __init__(self, page: Page, home: str) -> None:
        self.page, self.home = page, home
        self.complaints: list[str] = []
        self.asked: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)
        page.on("request", lambda request: self.asked.append(request.url))

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def open(self, address: str = "/map") -> Opened:
        """Go there and wait until everything is drawn."""
        self.page.goto("about:blank")  # another fragment of the same page would not load it anew
        self.page.goto(self.home + address)
        return self.calm()

    def calm(self) -> Opened:
        """Wait until no tile is on its way."""
        self.page.wait_for_function(CALM)
        return self

    def click_map(self, lon: float, lat: float) -> None:
        """A click of the mouse at a place."""
        point = self.page.evaluate("at => Lianfang.map.latLngToContainerPoint(at)", [lat, lon])
        box = self.page.locator("#map_lianfang").bounding_box()
        assert box
        self.page.mouse.click(box["x"] + point["x"], box["y"] + point["y"])

    def under(self, lon: float, lat: float) -> list[str]:
        """Layers of what can be seen and picked at a place, the uppermost first."""
        ask = "at => Lianfang.page.over.hit(L.latLng(at)).map(({layer}) => layer)"
        return list(dict.fromkeys(self.page.evaluate(ask, [lat, lon])))

    def colour(self, lon: float, lat: float) -> list[int]:
        """Red, green and blue of what is drawn over the base map at a place; none where nothing is."""
        return list(
            self.page.evaluate(
                """at => {
                  const z = Lianfang.page.over._tileZoom, p = Lianfang.map.project(at, z), side = 512;
                  for (const cut of Lianfang.page.over._cut.values()) {
                    const x = p.x - cut.coords.x * side, y = p.y - cut.coords.y * side;
                    if (cut.coords.z !== z || x < 0 || y < 0 || x >= side || y >= side) continue;
                    if (!cut.canvas.width) return [];
                    const k = cut.canvas.width / side;
                    const [r, g, b, a] = cut.canvas.getContext("2d").getImageData(x * k, y * k, 1, 1).data;
                    return a ? [r, g, b] : [];
                  }
                  return [];
                }""",
                [lat, lon],
            )
        )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM} is missing: install Debian's chromium, or run `make test`, which does")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def home(served: ServedSite) -> Iterator[str]:
    """The small site on a free port of this machine."""
    server = make_server("127.0.0.1", 0, served.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def visit(browser: Browser, served: ServedSite, home: str) -> Iterator[Any]:
    """Pages of somebody with a role; every one is closed at the end."""
    contexts = []

    def somebody(
        role: Role = Role.ADMINISTRATOR,
        path: str | None = None,
        *,
        size: tuple[int, int] = USUAL,
        lang: str = "en",
    ) -> Opened:
        key = make_account(
            served.engine, f"{role.value}-{(path or 'site').replace('.', '-')}"[:60], (role, path)
        )
        signer = served.app.session_interface.get_signing_serializer(served.app)
        locale = {"zh": "zh-CN", "en": "en-GB"}[lang]
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, locale=locale, reduced_motion="reduce"
        )
        name = served.app.config["SESSION_COOKIE_NAME"]
        context.add_cookies([{"name": name, "value": signer.dumps({"_user_id": key}), "url": home}])
        contexts.append(context)
        return Opened(context.new_page(), home)

    yield somebody
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def street(served: ServedSite) -> tuple[float, float]:
    """The middle of the village's gap: 0.0008° of street east of its camera."""
    lon, lat = small_site.POINTS[CHILD]
    return lon + 0.0004, lat


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_the_page_keeps_the_policy_the_width_and_wcag(visit: Any, lang: str, size: tuple[int, int]) -> None:
    """Every layer and list once: nothing from outside, no complaint, no serious finding, no small Chinese."""
    opened = visit(size=size, lang=lang).open(f"/map{CLOSE}")
    page = opened.page
    if size == PHONE:
        page.click("#panel-toggle")
    page.evaluate("document.querySelectorAll('#pane-layers input:not(:checked)').forEach((i) => i.click())")
    opened.calm()
    for tab in ("gaps", "routes", "cameras"):
        page.click(f"#tab-{tab}")
        page.wait_for_selector(f"#pane-{tab} .lf-row, #pane-{tab} details", state="attached")
    opened.calm()
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run({resultTypes: ['violations']}).then((r) => r.violations)")
    serious = [
        (one["id"], node["html"][:160])
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
    assert serious == []
    smallest = page.evaluate(
        """() => Math.min(...[...document.querySelectorAll("body *")]
          .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && /[\\u4e00-\\u9fff]/.test(n.data)))
          .filter((e) => e.checkVisibility() && !e.closest("svg, script"))
          .map((e) => parseFloat(getComputedStyle(e).fontSize)))"""
    )
    assert lang == "en" or smallest >= 14
    assert [url for url in opened.asked if not url.startswith((opened.home, "data:", "about:"))] == []
    assert opened.complaints == []


def test_a_click_on_the_map_tells_the_gap_and_lights_its_row(
    visit: Any, served: ServedSite, street: tuple[float, float]
) -> None:
    """Card, row, ring and address; Escape undoes all of it."""
    opened = visit().open(f"/map{CLOSE}&off=routes.zones.streets.footprints-certain")
    page, ref = opened.page, f"gaps:{served.site.gaps[CHILD]}"
    drawn, meant = opened.colour(*street), [int(VERMILION[i : i + 2], 16) for i in (1, 3, 5)]
    assert max(abs(a - b) for a, b in zip(drawn, meant, strict=True)) < 8, "the colour of its cause"
    opened.click_map(*street)
    page.wait_for_selector(f'[data-card="{ref}"]')
    assert "Camera lost" in page.inner_text("#map-card") and "the contractor" in page.inner_text("#map-card")
    row = page.locator(f'#list-gaps [data-feature="{ref}"].lf-row-lit')
    row.wait_for()
    assert row.is_visible(), "its list is open"
    page.wait_for_function("ref => location.hash.includes('f=' + ref)", arg=ref)
    page.keyboard.press("Escape")
    assert not page.is_visible("#map-card") and page.locator(".lf-row-lit").count() == 0
    assert opened.complaints == []


def test_a_click_on_a_row_goes_to_the_thing(visit: Any, served: ServedSite) -> None:
    """From the whole area to the gap of one's own town; a layer that is off is switched on."""
    opened = visit(Role.PLANNER, OWN).open()
    page, gap = opened.page, served.site.gaps[OWN]
    page.uncheck("#in-gaps-outage")
    page.click("#tab-gaps")
    page.click(f'#list-gaps [data-feature="gaps:{gap}"]')
    page.wait_for_selector(f'[data-card="gaps:{gap}"]')
    lon, lat = small_site.POINTS[OWN]
    assert page.evaluate("at => Lianfang.map.getBounds().contains(at)", [lat, lon])
    assert page.evaluate("Lianfang.map.getZoom()") >= 17
    assert page.is_checked("#in-gaps-outage")
    opened.calm()
    assert "gaps" in opened.under(lon + 0.0004, lat)
    page.click("#map-card button[data-feature^=cameras]")
    page.wait_for_selector('[data-card^="cameras:"]')
    assert page.is_visible("#pane-cameras .lf-row-lit")
    assert opened.complaints == []


def test_a_second_click_on_the_same_spot_takes_what_lies_below(visit: Any) -> None:
    """The camera, its view, the jurisdiction, and the camera again."""
    lon, lat = small_site.POINTS[CHILD]
    opened = visit().open(f"/map{CLOSE}&off=routes.gaps-outage.zones")
    seen = []
    for _ in range(4):
        opened.click_map(lon - 0.00002, lat + 0.00003)
        opened.page.wait_for_function(
            "seen => document.querySelector(`[data-card]:not([data-card='${seen}'])`)",
            arg=seen[-1] if seen else "",
        )
        seen.append(str(opened.page.get_attribute("[data-card]", "data-card")))
    kinds = [ref.split(":")[0] for ref in seen]
    assert kinds == ["cameras", "footprints", "jurisdictions", "cameras"]


def test_the_slider_shows_what_was_open_at_a_time(visit: Any, street: tuple[float, float]) -> None:
    """The camera was lost from 10:00 on, in the site's zone; the whole period shows all."""
    opened = visit().open(f"/map{CLOSE}&off=routes")
    page = opened.page
    tiles = len([url for url in opened.asked if "/tiles/" in url])
    assert "gaps" in opened.under(*street)
    page.evaluate("Lianfang.page.time.show(39)")
    assert page.inner_text("[data-time-said]") == "2026-11-21 09:45 – 10:00"
    assert "gaps" not in opened.under(*street)
    page.focus("#time-range")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("[data-time-said]") == "2026-11-21 10:00 – 10:15"
    assert "gaps" in opened.under(*street)
    page.keyboard.press("Escape")
    assert page.inner_text("[data-time-said]") == "Whole period: 2026-11-21 00:00 – 24:00"
    assert page.get_attribute("[data-time-whole]", "aria-pressed") == "true"
    page.click("[data-time-play]")
    page.wait_for_function("() => Lianfang.page.time.slot >= 2")
    page.click("[data-time-play]")
    assert tiles == len([url for url in opened.asked if "/tiles/" in url]), "no tile was asked for again"
    assert opened.complaints == []


def test_a_team_is_where_the_plan_has_it(visit: Any, served: ServedSite) -> None:
    """Half way half of the way, at its stop while it stands there, nowhere after its tour."""
    opened = visit().open(f"/map?plan={served.site.published[CHILD]}")
    places = opened.page.evaluate(
        """() => {
          const team = { visits: [
            { arrive: 100, end: 160, place: L.latLng(0, 1), way: [[L.latLng(0, 0), L.latLng(0, 1)]] },
            { arrive: 200, end: null, place: null, way: [[L.latLng(0, 1), L.latLng(0, 0)]] },
          ] };
          return [0, 50, 100, 159, 180, 200].map((now) => {
            const at = Lianfang.whereabouts(team, now, 0);
            return at && Math.round(at.lng * 100) / 100;
          });
        }"""
    )
    assert places == [0, 0.5, 1, 1, 0.5, None]
    assert opened.page.evaluate('[0, 1, 2, 3, 4, 5].map((n) => Lianfang.looks.isOpen("64", n))') == [
        False, True, True, False, False, True,
    ], "0110 01"  # fmt: skip
    opened.page.evaluate("Lianfang.page.time.show(Lianfang.page.time.slotOf(Lianfang.page.plan.start))")
    opened.page.wait_for_timeout(50)
    assert opened.page.evaluate("Lianfang.page.overlay._signs.length") == 2, "the stop's number and the team"


def test_an_address_brings_the_view_back(visit: Any, served: ServedSite, street: tuple[float, float]) -> None:
    """Place, zoom, layers, time and what was picked, in another browser."""
    first = visit().open()
    page = first.page
    page.check("#in-gaps-no_camera")
    page.uncheck("#in-zones")
    page.evaluate("at => Lianfang.map.setView(at, 17, {animate: false})", [street[1], street[0]])
    page.evaluate("Lianfang.page.time.show(41)")
    page.evaluate(f"Lianfang.page.pick('gaps:{served.site.gaps[CHILD]}')")
    page.wait_for_function("() => location.hash.includes('f=gaps') && location.hash.includes('t=')")
    address = page.evaluate("location.pathname + location.search + location.hash")
    assert "t=2026-11-21T02:15Z" in address, "times in an address are UTC"
    second = visit().open(address).page
    second.wait_for_selector("[data-card^=gaps]")
    state = "[Lianfang.map.getZoom(), Lianfang.page.time.slot, [...Lianfang.page.look.on].sort().join()]"
    assert second.evaluate(state) == page.evaluate(state)
    assert second.evaluate("at => Lianfang.map.getCenter().distanceTo(at)", [street[1], street[0]]) < 2
    assert not second.is_checked("#in-zones") and second.is_checked("#in-gaps-no_camera")
    broken = visit().open("/map#at=x/y/z&t=never&f=gaps:<img>&on=nothing")
    assert broken.complaints == [] and broken.page.locator("[data-card]").count() == 0


def test_the_search_is_worked_with_keys_alone(visit: Any) -> None:
    """Slash goes there, arrows choose, Enter goes to the street; Escape closes."""
    opened = visit(Role.AUDITOR, OWN).open()
    page = opened.page
    page.keyboard.press("/")
    with page.expect_response(lambda answer: "/map/search" in answer.url):
        page.keyboard.type("下寨")
    page.wait_for_selector("#map-found [role=option]")
    kinds = page.locator("#map-found [role=option]").evaluate_all(
        "(all) => all.map((one) => one.dataset.feature.split(':')[0])"
    )
    assert kinds == ["jurisdictions", "cameras", "streets", "places"]
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    chosen = page.get_attribute("#map-search", "aria-activedescendant")
    assert page.get_attribute(f"#{chosen}", "data-feature").startswith("streets:")
    page.keyboard.press("Enter")
    page.wait_for_selector('[data-card^="streets:"]')
    assert not page.is_visible("#map-found")
    lon, lat = small_site.POINTS[CHILD]
    assert page.evaluate("at => Lianfang.map.getBounds().contains(at)", [lat, lon])
    assert opened.complaints == []


def test_a_viewer_asks_for_nothing_that_is_not_for_them(visit: Any, street: tuple[float, float]) -> None:
    """No tile of a gap or camera is even asked for, at any zoom."""
    opened = visit(Role.VIEWER, OWN).open(f"/map{CLOSE}")
    opened.page.evaluate("Lianfang.map.setZoom(12, {animate: false})")
    opened.calm()
    layers = {match.group(1) for url in opened.asked if (match := re.search(r"/tiles/([a-z]+)/", url))}
    assert layers <= {"jurisdictions", "streets", "zones", "routes"} and "jurisdictions" in layers
    assert opened.complaints == []


def test_tiles_that_do_not_come_are_told_once_and_asked_for_again(
    visit: Any, street: tuple[float, float]
) -> None:
    """A server that is busy: one message for all of its tiles; trying again brings them."""
    opened = visit()
    page = opened.page
    failing = [True]

    def answer(route: Route) -> None:
        if failing[0]:
            route.fulfill(status=503, body="")
        else:
            route.continue_()

    page.route("**/tiles/gaps/**", answer)
    opened.open(f"/map{CLOSE}&off=routes")
    assert page.is_visible("#map-trouble") and "server is busy" in page.inner_text("#map-trouble")
    assert "gaps" not in opened.under(*street)
    failing[0] = False
    page.click("#map-trouble [data-retry]")
    page.wait_for_function(
        "at => Lianfang.page.over.hit(L.latLng(at)).some((one) => one.layer === 'gaps')",
        arg=[street[1], street[0]],
    )
    assert not page.is_visible("#map-trouble")


def test_it_goes_onto_one_sheet_of_A4_across(visit: Any, tmp_path: Path) -> None:
    """297 by 210 mm are 842 by 595 points; the title, the map and the legend of what is on, no buttons."""
    opened = visit().open(f"/map{CLOSE}")
    page = opened.page
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    boxes = re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", printed)
    assert [(round(float(w)), round(float(h))) for w, h in boxes] == [(842, 595)]
    page.emulate_media(media="print")
    assert page.is_visible(".lf-print-head h1") and "2026-11-21" in page.inner_text(".lf-print-head")
    assert page.is_visible("label[for=in-gaps-outage]") and not page.is_visible(
        "label[for=in-gaps-no_camera]"
    )
    for hidden in (".lf-top", ".lf-map-search", ".leaflet-control-zoom", ".lf-map-buttons", "#tab-layers"):
        assert not page.is_visible(hidden), hidden


def test_on_a_phone_the_panel_is_a_sheet_and_the_card_fits(visit: Any, street: tuple[float, float]) -> None:
    """Closed at first; a picked thing stays in view above its card."""
    opened = visit(size=PHONE).open(f"/map{CLOSE}&off=routes")
    page = opened.page
    assert not page.is_visible("#pane-layers")
    opened.click_map(*street)
    page.wait_for_selector("[data-card^=gaps]")
    card, screen = page.locator("#map-card").bounding_box(), PHONE
    assert card and card["x"] >= 0 and card["x"] + card["width"] <= screen[0]
    handle = page.locator("#panel-toggle").bounding_box()
    assert handle and card["y"] + card["height"] <= handle["y"]
    point = page.evaluate("() => Lianfang.map.latLngToContainerPoint(Lianfang.page.ring)")
    box = page.locator("#map_lianfang").bounding_box()
    assert box and point["y"] + box["y"] < card["y"], "above the card"
    page.click("#panel-toggle")
    assert page.get_attribute("#panel-toggle", "aria-expanded") == "true"
    page.click("#tab-gaps")
    page.wait_for_selector("#list-gaps .lf-row")
    assert opened.complaints == []
