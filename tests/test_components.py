"""The pieces that pages are made of: their HTML in both languages, and what they do in a browser."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import map_scene
import pytest
from flask import Flask
from flask.testing import FlaskClient
from gallery_app import gallery_app
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from web.i18n import LANGUAGES, Translator
from web.maps.offline import STATIC
from web.timeline import Line, Period, Timeline

CHROMIUM = os.environ.get("LIANFANG_CHROMIUM", "/usr/bin/chromium")
AXE = STATIC / "vendor" / "for_tests" / "axe" / "axe.js"
WIDE, PHONE = (1920, 1000), (390, 844)
VOID = {"meta", "link", "input", "br", "img", "hr"}


class Checked(HTMLParser):
    """What a page's HTML says, element by element, with what our rules forbid."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forbidden: list[str] = []
        self.ids: Counter[str] = Counter()
        self.named: set[str] = set()
        self.controls: list[dict[str, str | None]] = []
        self.references: list[str] = []
        self.open: list[str] = []
        self._labels = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        for name, value in attrs:
            if name == "style" or name.startswith(("on", "hx-on")):
                self.forbidden.append(f"{tag} {name}")
            if name in ("href", "src", "action") and (value or "").startswith(
                ("http:", "https:", "//", "javascript:")
            ):
                self.forbidden.append(f"{tag} {value}")
            if name in ("aria-describedby", "aria-labelledby", "aria-controls", "form"):
                self.references += (value or "").split()
        if tag == "style" or (
            tag == "script" and "src" not in given and given.get("type") != "application/json"
        ):
            self.forbidden.append(f"inline {tag}")
        if given.get("id"):
            self.ids[str(given["id"])] += 1
        if tag == "label":
            self.named.add(str(given.get("for")))
        if tag in ("input", "select", "textarea") and given.get("type") not in ("hidden", "submit"):
            self.controls.append(given)
        if tag not in VOID and not (self.get_starttag_text() or "").endswith("/>"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID or tag in ("rect", "circle", "line", "path"):
            return
        assert self.open and self.open[-1] == tag, f"</{tag}> at {self.getpos()} closes {self.open[-3:]}"
        self.open.pop()


@pytest.fixture(scope="module")
def app() -> Flask:
    map_scene.compiled_catalogues()
    return gallery_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("path", ["/gallery", "/error/404", "/error/503", "/error/429"])
def test_every_piece_is_sound_html(client: FlaskClient, lang: str, path: str) -> None:
    """Closed where opened, ids once, every reference met, every control named, nothing the policy forbids."""
    answer = client.get(f"{path}?lang={lang}")
    assert answer.status_code == 200
    page = Checked(answer.text)
    assert page.open == [] and page.forbidden == []
    assert [name for name, count in page.ids.items() if count > 1] == []
    assert [name for name in page.references if name not in page.ids] == []
    for control in page.controls:
        assert control.get("aria-label") or control.get("id") in page.named, control
    if path == "/gallery":
        assert len(page.controls) > 12


def test_a_filter_brings_the_rows_and_nothing_else(client: FlaskClient) -> None:
    """The frame is left out, so a word typed costs a table and not a page."""
    rows = client.get("/gallery?q=x", headers={"HX-Target": "table-cameras"}).text
    assert rows.strip().startswith('<div class="lf-region" id="table-cameras"')
    assert "lf-top" not in rows and "lf-metric" not in rows
    whole = client.get("/gallery?q=x").text
    assert rows.strip() in whole, "the same rows as on the page"


def test_texts_of_others_stay_texts(app: Flask) -> None:
    """Names come from other people's data, in cells, in data of maps and charts, and in the address."""
    hostile = "</script><img src=x onerror=alert(1)>"
    html = app.test_client().get("/gallery", query_string={"q": hostile, "name": hostile, "lang": "en"}).text
    assert Checked(html).forbidden == [] and "<img" not in html
    with app.test_request_context("/"):
        from flask import render_template_string

        spec = {"kind": "bar", "x": [hostile], "series": [{"name": hostile, "values": [1]}], "unit": hostile}
        said = render_template_string(
            '{% from "components/chart.html" import chart %}{{ chart("x", h, s, t) }}',
            h=hostile,
            s=spec,
            t=Translator("en"),
        )
    assert "<img" not in said and said.count("</script>") == 1


ZONE = ZoneInfo("Asia/Shanghai")


def test_a_time_line_is_cut_at_its_ends_and_marked_by_the_clock() -> None:
    """Worked by hand: a day of the site's zone, a period over midnight, one instant, one outside."""
    start = datetime(2026, 11, 21, 16, tzinfo=UTC)
    hour = timedelta(hours=1)
    line = Line(
        "x",
        [
            Period(start - 3 * hour, start + 6 * hour, "over midnight"),
            Period(start + 12 * hour, start + 12 * hour + timedelta(seconds=1), "an instant"),
            Period(start + 18 * hour, start + 30 * hour, "beyond the end"),
            Period(start + 24 * hour, start + 25 * hour, "the next day"),
        ],
    )
    strips = Timeline(start, start + 24 * hour, [line])
    assert [(left, width) for left, width, _ in strips.bars(line)] == [
        (0.0, 25.0),
        (50.0, 0.12),
        (75.0, 25.0),
    ]
    ticks = strips.ticks(Translator("zh", ZONE))
    assert [tick.words for tick in ticks][:3] == ["00:00", "02:00", "04:00"] and ticks[-1].words == "24:00"
    assert [tick.minor for tick in ticks][:3] == [False, True, False] and ticks[-1].percent == 100
    shift = Timeline(start + timedelta(hours=3, minutes=40), start + 8 * hour, [])
    assert shift.ticks(Translator("zh", ZONE))[0].words == "04:00"
    with pytest.raises(ValueError, match="no length"):
        Timeline(start, start, [])


@pytest.fixture(scope="module")
def home(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM} is missing: install Debian's chromium, or run `make test`, which does")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


class Shown:
    """The gallery in a browser, with every complaint and every address asked for."""

    def __init__(
        self, browser: Browser, home: str, lang: str, size: tuple[int, int], query: str = ""
    ) -> None:
        self.page: Page = browser.new_page(
            viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce"
        )
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(f"{home}/gallery?lang={lang}{query}")
        self.page.wait_for_selector("[data-lf-map][data-lf-drawn]")
        self.page.wait_for_selector("#chart-causes [data-lf-drawn]")

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


@pytest.mark.browser
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_the_pieces_keep_the_policy_the_width_and_wcag(
    browser: Browser, home: str, lang: str, size: tuple[int, int]
) -> None:
    """No complaint of the policy, nothing from outside, no sideways scrolling, no serious finding of axe."""
    shown = Shown(browser, home, lang, size)
    page = shown.page
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run({resultTypes: ['violations']}).then((r) => r.violations)")
    serious = [
        (one["id"], node["html"][:200])
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
    assert smallest >= 14, "Chinese is at least 14 px"
    assert [url for url in shown.asked if not url.startswith((home, "data:"))] == []
    assert shown.complaints == []
    page.close()


@pytest.mark.browser
def test_rows_and_map_light_each_other_and_filters_stay_in_the_address(browser: Browser, home: str) -> None:
    """A row clicked lights its point, a point its row; a choice filters at once, a head sorts."""
    shown = Shown(browser, home, "en", WIDE)
    page = shown.page
    page.evaluate("document.addEventListener('lf:row', (e) => (window.heard = e.detail))")
    page.locator('tr[data-id="3"] td').nth(2).click()
    assert page.evaluate("window.heard") == {"id": "3", "from": "table"}
    assert "lf-chosen" in (page.locator('tr[data-id="3"]').get_attribute("class") or "")
    point = page.evaluate(
        """() => {
          const {map, groups} = Lianfang.smallMaps["map-one"];
          const box = map.getContainer().getBoundingClientRect();
          const layer = groups[1].group.getLayers().find((l) => l.feature.id === 9);
          const at = map.latLngToContainerPoint(layer.getLatLng());
          return {x: box.x + at.x, y: box.y + at.y};
        }"""
    )
    page.mouse.click(point["x"], point["y"])
    assert page.evaluate("window.heard") == {"id": "9", "from": "map"}
    assert page.locator("tr.lf-chosen").get_attribute("data-id") == "9"
    with page.expect_response(lambda answer: "state=outage" in answer.url):
        page.select_option("#f-cameras-state", "outage")
    page.wait_for_function("() => location.search.includes('state=outage')")
    assert "q=" not in page.url and "share_min" not in page.url, "what is empty stays out of the address"
    with page.expect_response(lambda answer: "sort=name" in answer.url):
        page.click("#sort-cameras-name")
    page.wait_for_selector('th[aria-sort="ascending"]')
    assert "state=outage" in page.url
    with page.expect_response(lambda answer: "q=%E9%97%A8" in answer.url) as answered:
        page.fill("#f-cameras-q", "门")
    assert "sort=name" in answered.value.url and "state=outage" in answered.value.url
    assert page.evaluate("document.activeElement.id") == "f-cameras-q", "one types on"
    kept = page.evaluate(
        "JSON.stringify(Object.entries(localStorage)) + JSON.stringify(Object.entries(sessionStorage))"
    )
    assert "44051300" not in kept, "no row is left in the browser's storage"
    assert page.url.count("state=outage") == 1
    page.go_back()
    page.wait_for_function("() => !location.search.includes('q=')")
    assert shown.complaints == []
    page.close()


@pytest.mark.browser
def test_a_deed_is_asked_about_and_keys_work(browser: Browser, home: str) -> None:
    """The form goes off after yes alone; / searches, ? shows the keys, j walks the rows, Esc closes."""
    shown = Shown(browser, home, "en", WIDE)
    page = shown.page
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.click('form[action="/cameras/run"] button')
    assert page.locator("#lf-confirm").is_visible() and "four minutes" in page.inner_text("#lf-confirm-text")
    page.keyboard.press("Escape")
    assert not page.locator("#lf-confirm").is_visible() and sent == []
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "f-cameras-q"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.locator("tr.lf-chosen").get_attribute("data-id") == "2"
    page.keyboard.press("?")
    assert page.locator("#lf-shortcuts").is_visible()
    page.keyboard.press("Escape")
    page.click(".lf-switcher > button")
    page.wait_for_selector(".lf-choice >> text=海门镇")
    assert page.evaluate("document.activeElement.id") == "lf-switcher-search"
    page.keyboard.press("Escape")
    assert shown.complaints == []
    page.click('form[action="/cameras/run"] button')
    page.click('[data-lf-answer="yes"]')
    page.wait_for_url("**/cameras/run")
    assert sent == [f"{home}/cameras/run"]
    page.close()


@pytest.mark.browser
def test_on_a_phone_the_navigation_is_behind_a_button_and_rows_are_cards(browser: Browser, home: str) -> None:
    """Every entry can be reached; a row says what each value is."""
    shown = Shown(browser, home, "zh", PHONE)
    page = shown.page
    assert not page.locator('.lf-nav a[href="/audit"]').is_visible()
    page.click(".lf-menu-button")
    page.wait_for_selector('.lf-nav a[href="/audit"]', state="visible")
    page.keyboard.press("Escape")
    page.wait_for_selector('.lf-nav a[href="/audit"]', state="hidden")
    cell = page.locator('tr[data-id="1"] td').nth(3)
    said = cell.evaluate("(e) => getComputedStyle(e, '::before').content")
    assert len(said) > 2 and said == f'"{cell.get_attribute("data-label")}"'
    assert shown.complaints == []
    page.close()
