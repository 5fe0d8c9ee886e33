"""Somebody at a browser: goes from page to page, and everything a page may not do is told.

What is asked of every page: it asks no other server, no script fails, the content policy holds, nothing is
wider than the screen, axe-core finds nothing serious, Chinese is large enough to read and English holds none.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Download, Page, Playwright

from web.maps.offline import STATIC

CHROMIUM = os.environ.get("LIANFANG_CHROMIUM", "/usr/bin/chromium")
AXE = STATIC / "vendor" / "for_tests" / "axe" / "axe.js"
WIDE, PHONE = (1920, 1000), (390, 844)
LOCALES = {"zh": "zh-CN", "en": "en-GB"}

# Drawn, fetched and swapped: small maps, charts, the big map's tiles, whatever HTMX asks for. What HTMX swaps
# in settles a little later, and a script may answer that: so nothing has changed for a moment either.
CALM = """() => {
  if (document.readyState !== "complete") return false;
  if (!window.lfChanged) {
    window.lfChanged = performance.now();
    const told = { subtree: true, childList: true, attributes: true };
    new MutationObserver(() => { window.lfChanged = performance.now(); }).observe(document, told);
  }
  if (performance.now() - window.lfChanged < 150) return false;
  const drawing = ".htmx-request, [data-lf-map]:not([data-lf-drawn]), [data-lf-chart]:not([data-lf-drawn])";
  if (document.querySelector(drawing)) return false;
  if (!document.getElementById("map_lianfang")) return true;
  const page = window.Lianfang && Lianfang.page;
  const waiting = '#map_lianfang [class*="lf-tile"]:not(.leaflet-tile-loaded)';
  return Boolean(page && page.ready && page.store.pending === 0 && !document.querySelector(waiting));
}"""
CHINESE = """() => [...document.querySelectorAll("body *")]
  .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && /[\\u4e00-\\u9fff]/.test(n.data)))
  .filter((e) => e.checkVisibility() && !e.closest("svg, script, [lang^=zh]:not(html)"))
  .map((e) => [parseFloat(getComputedStyle(e).fontSize), e.textContent.trim().slice(0, 60)])"""
SERIOUS = """axe.run({resultTypes: ["violations"]}).then((r) => r.violations
  .filter((one) => ["serious", "critical"].includes(one.impact))
  .flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 200)}`)))"""


def chromium(playwright: Playwright) -> Browser:
    """Debian's Chromium; the test fails where there is none."""
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM} is missing: install Debian's chromium, or run `make test`, which does")
    return playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])


class Visitor:
    """One browser of one person.

    Parameters
    ----------
    browser : Browser
    home : str
        Address of the server, without a slash at its end.
    lang : str
        "zh" or "en", told to the server as a browser does.
    size : (int, int)
        Width and height of the window in CSS pixels.
    examined : set
        (page, width) that axe has seen already; shared by the visitors of a run.
    """

    def __init__(
        self,
        browser: Browser,
        home: str,
        lang: str,
        size: tuple[int, int],
        examined: set[tuple[str, int]],
    ) -> None:
        self.home, self.lang, self.width = home, lang, size[0]
        self.asked: list[str] = []
        self._examined = examined
        self._complaints: list[str] = []
        self.context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale=LOCALES[lang],
            reduced_motion="reduce",
            accept_downloads=True,
        )
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self._complaints.append(str(error)))
        self.page.on("console", self._hear)
        self.page.on("request", lambda request: self.asked.append(request.url))

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self._complaints.append(message.text)

    @property
    def path(self) -> str:
        """Path of the page that is open."""
        return urlsplit(self.page.url).path

    def sign_in(self, name: str, password: str) -> None:
        """From whatever page asked for it, through the form."""
        self.page.fill("#name", name)
        self.page.fill("#password", password)
        with self.page.expect_navigation():
            self.page.click("form[action='/sign-in'] button[type=submit]")
        assert self.path != "/sign-in", self.page.inner_text("main")

    def sign_out(self) -> None:
        """By the menu of the account."""
        self.page.click(".lf-account > button")
        with self.page.expect_navigation():
            self.page.click("form[action='/sign-out'] button")

    def follow(self, selector: str) -> None:
        """Click the first of these that can be seen, and wait for the page it leads to."""
        with self.page.expect_navigation():
            self.page.locator(f"{selector} >> visible=true").first.click()

    def menu(self, href: str) -> None:
        """An entry of the main navigation; on a phone it is behind a button."""
        if not self.page.locator(f'.lf-nav a[href="{href}"]').is_visible():
            self.page.click(".lf-menu-button")
            self.page.wait_for_selector(f'.lf-nav a[href="{href}"]', state="visible")
        self.follow(f'.lf-nav a[href="{href}"]')

    def fetch(self, selector: str) -> Download:
        """Click a link that hands out a file."""
        with self.page.expect_download() as coming:
            self.page.click(selector)
        return coming.value

    def says(self, zh: str, en: str) -> None:
        """The page says this, in the visitor's language."""
        assert {"zh": zh, "en": en}[self.lang] in self.page.inner_text("body"), self.page.url

    def calm(self) -> None:
        """Wait until the page stands still."""
        self.page.wait_for_function(CALM)

    def look(self, name: str) -> None:
        """See the whole page, and what is wrong with it."""
        self.calm()
        page, where = self.page, f"{name} ({self.lang}, {self.width} px)"
        assert page.evaluate("document.documentElement.scrollWidth") <= self.width, where
        chinese = page.evaluate(CHINESE)
        if self.lang == "en":
            assert chinese == [], where
        else:
            assert chinese and min(size for size, _ in chinese) >= 14, (where, min(chinese))
            if (name, self.width) not in self._examined:
                self._examined.add((name, self.width))
                page.evaluate(AXE.read_text(encoding="utf-8"))
                serious = page.evaluate(SERIOUS)
                assert serious == [], (where, serious)
        outside = [url for url in self.asked if not url.startswith((self.home, "data:", "about:"))]
        assert outside == [], (where, outside)
        assert self._complaints == [], (where, self._complaints)
