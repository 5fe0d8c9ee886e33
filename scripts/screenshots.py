"""Pictures of every page in both languages for docs/tour.md: ``python scripts/screenshots.py LINK``.

LINK is the one-time address that `make run` (or `lianfang serve`) prints for signing in on this machine; the
demo must be loaded. The script goes through the pages as an administrator does, in Chromium, hands in a list
of cameras to show the wizard and a result, and writes ``docs/images/pages/<page>.<language>.png``: 1280 px
wide, some also as on a phone. Look at them before committing them. ``--only map plan`` takes these alone.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images" / "pages"
EXTRACT = ROOT / "data" / "fetched" / "Helsinki.osm.pbf"
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
WIDTH, HEIGHT, TALLEST = 1280, 800, 1500
PHONE = (390, 844)
PATIENCE_MS = 120_000
LARGEST_BYTES = 120_000
JOB_MS = 300_000
ROW = "tr[data-id] .lf-first a"
CAMERAS = """code,name,lon,lat,direction
new-1,Harbour gate,24.9525,60.1672,90
new-2,Market square,24.9530,60.1678,200
new-3,North corner,24.9478,60.1702,45
new-4,Station steps,24.9425,60.1710,
new-5,Esplanade,24.9465,60.1676,265
new-6,Old tram stop,24.9499,60.1689,130
new-7,Nowhere,2.1,60.1,0
"""


@dataclass(frozen=True)
class Shot:
    """One picture.

    Parameters
    ----------
    name : str
        Of the file, without language and ending.
    endpoint : str
        The view that it shows, as Flask calls it; "" for what no view shows.
    address : str
        Where the way begins.
    follow : tuple of str
        Links to click one after the other; the last page is the one shown.
    click : tuple of str
        What to click on that page before the picture is taken.
    phone : bool
        Whether it is shown as on a phone too.
    signed_in : bool
    """

    name: str
    endpoint: str
    address: str
    follow: tuple[str, ...] = ()
    click: tuple[str, ...] = ()
    phone: bool = False
    signed_in: bool = True


SHOTS = (
    Shot("sign-in", "signing.page", "/sign-in", signed_in=False),
    Shot("home", "home.home", "/", phone=True),
    Shot("start", "start.page", "/start"),
    Shot("result", "start.result", "own data"),
    Shot("try-break", "trial.choose_to_break", "/try/break"),
    Shot("try-broken", "trial.break_camera", "/try/break", follow=(".lf-line a", 'a[href$="?broken=yes"]')),
    Shot("try-turn", "trial.choose_to_turn", "/try/turn"),
    Shot("try-re-aims", "trial.re_aims", "/try/turn", follow=('a[href^="/try/re-aims/"]',)),
    Shot("try-turned", "trial.turn_camera", "/try/turn", follow=(".lf-line a",)),
    Shot("map", "map.show", "/map", phone=True),
    Shot("map-gap", "map.show", "/gaps?cause=outage", follow=(ROW, 'a[href^="/map?analysis="]')),
    Shot("jurisdictions", "jurisdictions.top", "/jurisdictions"),
    Shot("jurisdiction", "jurisdictions.record", "/jurisdictions", follow=(ROW,)),
    Shot("cameras", "cameras.listed", "/cameras?sort=online"),
    Shot("camera", "cameras.record", "/cameras?state=outage&sort=-online", follow=(ROW,)),
    Shot("siting-new", "siting.new", "/siting/new"),
    Shot("siting", "siting.record", "a siting proposal"),
    Shot("sitings", "siting.listed", "/siting"),
    Shot("map-siting", "map.show", "/siting", follow=(ROW, 'a[href^="/map?siting="]')),
    Shot("checks", "checks.listed", "/checks?state=open,assigned,accepted"),
    Shot("check", "checks.record", "/checks?kind=inside_building", follow=(ROW,)),
    Shot("check-rates", "checks.rates", "/checks/rates"),
    Shot("check-days", "checks.rates_of_days", "/checks/rates/days?month=2026-11"),
    Shot("check-places", "checks.places", "/checks/places"),
    Shot("check-maintenance", "checks.maintenance", "/checks/maintenance"),
    Shot("check-assessed", "checks.assessed", "/checks/assessed"),
    Shot("check-assessed-list", "checks.assessed_list", "/checks/assessed", follow=(ROW,)),
    Shot("samples", "samples.listed", "a spot check"),
    Shot("sample", "samples.record", "/samples", follow=(ROW,), phone=True),
    Shot("sample-sheet", "samples.printed", "/samples", follow=(ROW, 'a[href$="/sheet"]')),
    Shot("camera-mend", "mending.edit", "/cameras", follow=(ROW, 'a[href^="/changes/of/"]')),
    Shot(
        "camera-pole",
        "mending.pole",
        "/cameras",
        follow=(ROW, 'a[href^="/changes/of/"]', 'a[href^="/changes/pole/"]'),
        phone=True,
    ),
    # One that turns in the demo of the default seed.
    Shot("camera-presets", "mending.presets", "/changes/presets/osm-n311047603"),
    Shot("cameras-many", "mending.many", "/changes/many?azimuth_quality=unknown"),
    Shot("changes", "mending.listed", "a change"),
    Shot("change", "mending.record", "/changes?state=open", follow=(ROW,)),
    Shot("gaps", "gaps.listed", "/gaps"),
    Shot("gaps-week", "gaps.pattern", "/gaps/pattern"),
    Shot("gap", "gaps.record", "/gaps?cause=outage", follow=(ROW,)),
    Shot("alerts", "alerts.listed", "/alerts", phone=True),
    Shot("footage", "footage.page", "/gaps?cause=outage", follow=(ROW, 'a[href^="/footage?"]'), phone=True),
    Shot(
        "footage-sheet",
        "footage.sheet",
        "/gaps?cause=outage",
        follow=(ROW, 'a[href^="/footage?"]', 'a[href^="/footage/sheet"]'),
    ),
    Shot("analyses", "analyses.listed", "/analyses"),
    Shot("analysis", "analyses.record", "/analyses", follow=(ROW,)),
    Shot("analysis-new", "analyses.new", "/analyses/new"),
    Shot("compared", "comparing.compared", "two analyses"),
    Shot("compare", "comparing.choose", "/analyses", follow=(ROW, 'a[href$="/against"]')),
    Shot("reports", "reports.listed", "/reports"),
    Shot("report", "reports.record", "/reports", follow=(ROW,), phone=True),
    Shot("zones", "zones.listed", "/zones"),
    Shot("zone", "zones.record", "/zones", follow=(ROW,)),
    Shot("zone-ground", "ground.page", "/zones", follow=(ROW, 'a[href$="/ground"]')),
    Shot("zone-villages", "zone_villages.edit", "/zones", follow=(ROW, 'a[href$="/villages"]')),
    Shot("zone-new", "zones.new", "/zones/new"),
    Shot("zone-rule", "zonerule.edit", "/zones", follow=(ROW, 'a[href$="/rule"]')),
    Shot("team-new", "teams.new", "/zones", follow=(ROW, 'a[href$="/teams/new"]')),
    Shot("team", "teams.record", "/zones", follow=(ROW, 'tr[data-id] a[href*="/teams/"]'), phone=True),
    Shot("rosters", "rosters.listed", "/rosters"),
    Shot("roster", "rosters.record", "/rosters", follow=(ROW,), phone=True),
    Shot("roster-new", "rosters.new", "/rosters/new"),
    Shot("plans", "plans.listed", "/plans"),
    Shot("plan", "plans.record", "/plans", follow=(ROW,), phone=True),
    Shot("plan-papers", "duty.papers", "/plans", follow=(ROW, 'a[href$="/papers"]')),
    Shot(
        "plan-team",
        "duty.team",
        "/plans",
        follow=(ROW, 'a[href$="/papers"]', 'a[href$="/teams/1"]'),
        phone=True,
    ),
    Shot("plan-check-ins", "duty.check_ins", "a sign-in sheet", phone=True),
    Shot("plan-new", "plans.new", "/plans/new"),
    Shot("fixed-duties", "fixed_duties.listed", "/fixed-duties"),
    Shot("fixed-duty", "fixed_duties.record", "/fixed-duties/village_entrance", phone=True),
    Shot("fixed-duty-new", "fixed_duties.new", "/fixed-duties/new"),
    Shot("calendars", "calendars.listed", "/calendars"),
    Shot("calendar", "calendars.record", "/calendars/school-days"),
    Shot("calendar-new", "calendars.new", "/calendars/new"),
    Shot("holidays", "calendars.holidays", "/calendars/holidays"),
    Shot("plan-again", "plans.again", "/plans", follow=(ROW, 'a[href$="/again"]')),
    Shot(
        "plan-by-hand",
        "plans.by_hand",
        "/plans",
        follow=(ROW, 'a[href$="/by-hand"]'),
        click=('[data-hand-visit][data-place="2"]', '[data-hand-deed="out"]'),
        phone=True,
    ),
    Shot("plan-go-on", "plans.going_on", "/plans", follow=(ROW, 'a[href$="/go-on"]')),
    Shot("imports", "imports.listed", "/imports"),
    Shot("import", "imports.record", "/imports?kind=cameras", follow=(ROW,)),
    Shot("import-file", "imports.new", "/imports/new"),
    Shot("import-columns", "imports.columns", "a list"),
    Shot("import-rows", "imports.check", "a list"),
    Shot("sources", "sources.listed", "/sources"),
    Shot("source", "sources.record", "/sources", follow=(ROW,)),
    Shot("thresholds", "thresholds.listed", "/thresholds"),
    Shot("threshold", "thresholds.record", "/cameras", follow=(ROW, 'a[href^="/thresholds/"]')),
    Shot("jobs", "jobs.listed", "/jobs"),
    Shot("job", "jobs.record", "/jobs", follow=(ROW,)),
    Shot("accounts", "accounts.page", "/accounts"),
    Shot("account", "accounts.account", "/accounts", follow=(ROW,)),
    Shot("account-new", "accounts.new", "/accounts/new"),
    Shot("settings", "settings.page", "/settings"),
    Shot("audit", "audit.page", "/audit"),
    Shot("profile", "profile.page", "/profile"),
    Shot("tokens", "tokens.page", "/profile/tokens"),
    Shot("help", "help.page", "/help"),
    Shot("not-found", "", "/there-is-no-such-page"),
)

NOT_PAGES = {
    "alerts.record": "the demo has one day, and so never an alert",
    "alerts.news": "a line of the list of alerts",
    "accounts.places": "options of a field",
    "tokens.places": "options of a field",
    "siting.places": "options of a field",
    "narrow.choices": "options of the switcher",
    "rosters.file": "a workbook or a calendar",
    "home.morning": "rows of the home page",
    "mending.photo": "a picture",
    "samples.content": "a file",
    "growing.progress": "a line of other pages",
    "map.card": "a part of the map",
    "map.camera_list": "a part of the map",
    "map.gap_list": "a part of the map",
    "map.route_list": "a part of the map",
    "map.search": "a part of the map",
    "map.plan": "data of the map",
    "tiles.tile": "data of the map",
    "basemap.now": "data of the map",
    "basemap.archive": "data of the map",
    "trial.seen": "data of a trial",
    "trial.tonight": "leads to a plan",
    "jobs.progress": "a part of a job's page",
    "duty.file": "a file",
    "duty.team_file": "a file",
    "duty.sign_in": "a file",
    "duty.pack": "a file",
    "duty.done_card": "a part of a plan's page",
    "ground.findings": "a part of a zone's page",
    "stills.still": "a picture",
    "sources.refused": "a file",
    "start.result_file": "a file",
    "static": "files of the look",
    "map.script": "files of the look",
    "openapi.spec": "for machines",
    "signing.link": "an address that works once",
    "health.healthz": "for machines",
    "health.readyz": "for machines",
    "health.metrics": "for machines",
}
"""Views that answer GET and are no page, and why; those of the API are none either."""

CALM = """() => document.readyState === "complete"
  && !document.querySelector(".htmx-request, [data-lf-map]:not([data-lf-drawn])")
  && !document.querySelector("[data-lf-chart]:not([data-lf-drawn])")
  && !document.querySelector('#map_lianfang [class*="lf-tile"]:not(.leaflet-tile-loaded)')
  && (!document.getElementById("map_lianfang") || Boolean(window.Lianfang && Lianfang.page
      && Lianfang.page.ready && Lianfang.page.store.pending === 0))"""


class Photographer:
    """One browser of the administrator in one language."""

    def __init__(self, browser: Browser, home: str, lang: str, state: dict | None, folder: Path) -> None:
        self.home, self.lang, self.folder = home, lang, folder
        self._kept = {"locale": LOCALES[lang], "reduced_motion": "reduce"}
        self._signed_in = self._context(browser, state)
        self._stranger = self._context(browser, None)

    def _context(self, browser: Browser, state: dict | None) -> BrowserContext:
        return browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT}, storage_state=state, **self._kept
        )

    def take(self, shot: Shot) -> list[Path]:
        """Go there and write its pictures."""
        page = (self._signed_in if shot.signed_in else self._stranger).new_page()
        page.set_default_timeout(PATIENCE_MS)
        elsewhere: list[str] = []
        page.on("request", lambda request: self._mind(request.url, elsewhere))
        try:
            self._go(page, shot)
            for selector in shot.follow:
                with page.expect_navigation():
                    page.locator(f"{selector} >> visible=true").first.click()
            for selector in shot.click:
                page.locator(f"{selector} >> visible=true").first.click()
            written = [self._write(page, shot.name)]
            if shot.phone:
                page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
                page.reload()
                written.append(self._write(page, f"{shot.name}-phone"))
        finally:
            page.close()
        if elsewhere:
            raise RuntimeError(f"{shot.name} asked another server: {elsewhere[0]}")
        return written

    def _mind(self, url: str, elsewhere: list[str]) -> None:
        if not url.startswith((self.home, "data:", "about:", "blob:")):
            elsewhere.append(url)

    def _go(self, page: Page, shot: Shot) -> None:
        if shot.address == "own data":
            self._own_data(page)
        elif shot.address == "a change":
            self._propose(page)
        elif shot.address == "a spot check":
            self._draw(page)
        elif shot.address == "a siting proposal":
            self._site(page)
        elif shot.address == "a sign-in sheet":
            self._sign_in(page)
        elif shot.address == "two analyses":
            self._analyse(page)
        elif shot.address == "a list":
            self._hand_in(page)
            if shot.endpoint == "imports.check":
                page.check("#in-datum-wgs84")
                with page.expect_navigation():
                    page.locator("form[data-lf-kind-form] button[type=submit] >> visible=true").last.click()
        else:
            answer = page.goto(self.home + shot.address)
            if answer is None or (answer.status >= 400 and shot.name != "not-found"):
                raise RuntimeError(f"{shot.address} answered {answer.status if answer else 'nothing'}")
        if shot.signed_in and urlsplit(page.url).path == "/sign-in":
            raise RuntimeError("the link signed nobody in: restart the server for a fresh one")

    def _hand_in(self, page: Page) -> None:
        """The wizard's first step."""
        page.goto(f"{self.home}/imports/new")
        page.set_input_files("#in-file", _listed())
        with page.expect_navigation():
            page.click("main form button[type=submit]")

    def _propose(self, page: Page) -> None:
        """A change of the first camera, and the list it stands on."""
        page.goto(f"{self.home}/cameras")
        for selector in (ROW, 'a[href^="/changes/of/"]'):
            with page.expect_navigation():
                page.locator(f"{selector} >> visible=true").first.click()
        page.fill("#in-direction", "275")
        page.fill("#in-mount_height_m", "6.5")
        page.fill("#in-management_unit", "二公司")
        with page.expect_navigation():
            page.click("main form button[type=submit]")
        page.goto(f"{self.home}/changes?state=open")

    def _draw(self, page: Page) -> None:
        """A spot check of which the first cameras are judged, and the list it stands on."""
        page.goto(f"{self.home}/samples")
        page.fill("#in-count", "8")
        page.fill("#in-seed", "20261122")
        with page.expect_navigation():
            page.click("#draw button[type=submit]")
        for rank, direction in ((1, "right"), (2, "wrong"), (3, "right"), (4, "unjudged"), (5, "right")):
            for name in ("picture", "naming", "clock"):
                page.check(f"[name={name}-{rank}][value=right]")
            # What has no direction in its record cannot be right.
            told = page.locator(f"[name=direction-{rank}][value={direction}]")
            (told if told.is_enabled() else page.locator(f"[name=direction-{rank}][value=unjudged]")).check()
        with page.expect_navigation():
            page.click(".lf-bar button")
        page.goto(f"{self.home}/samples")

    def _sign_in(self, page: Page) -> None:
        """The check-ins of a plan's first team, of which the first lines are typed."""
        page.goto(f"{self.home}/plans")
        for selector in (ROW, 'a[href$="/papers"]', 'a[href$="/check-ins"]'):
            with page.expect_navigation():
                page.locator(f"{selector} >> visible=true").first.click()
        if page.locator(".lf-check-in.lf-done").count() == 0:
            page.fill("#in-signer-all", "李华")
            for line, came, left in ((1, "18:05", "18:11"), (2, "18:13", "18:19"), (3, "18:35", "18:41")):
                page.fill(f"[name=came-{line}]", came)
                page.fill(f"[name=left-{line}]", left)
            with page.expect_navigation():
                page.click(".lf-bar button")

    def _site(self, page: Page) -> None:
        """The page of a proposal that is made for it."""
        page.goto(f"{self.home}/siting/new")
        # Of the whole town, where nobody's own jurisdiction is proposed.
        page.fill("[name=place]", "hel")
        with page.expect_navigation():
            page.click("main form button[type=submit]")
        page.wait_for_selector('a.btn-primary[href^="/siting/"]', timeout=JOB_MS)
        with page.expect_navigation():
            page.click('a.btn-primary[href^="/siting/"]')

    def _analyse(self, page: Page) -> None:
        """The evening of the analysed day, against the whole of it."""
        page.goto(f"{self.home}/analyses/new")
        start = page.input_value("[name=start]")
        page.fill("[name=start]", f"{start[:10]}T18:00")
        with page.expect_navigation():
            page.click("main form button[type=submit]")
        page.wait_for_selector('a.btn-primary[href^="/analyses/"]', timeout=JOB_MS)
        with page.expect_navigation():
            page.click('a.btn-primary[href^="/analyses/"]')
        page.goto(f"{page.url}/against/1")

    def _own_data(self, page: Page) -> None:
        """The page of a result that is made for it."""
        page.goto(f"{self.home}/start")
        page.set_input_files("#in-cameras", _listed())
        page.set_input_files("#in-streets", EXTRACT)
        page.check("#own #in-datum-wgs84")
        with page.expect_navigation():
            page.click("#own button[type=submit]")
        page.wait_for_selector('a[href^="/results/"]', timeout=JOB_MS)
        with page.expect_navigation():
            page.click('a[href^="/results/"]')

    def _write(self, page: Page, name: str) -> Path:
        page.wait_for_function(CALM)
        page.wait_for_timeout(400)  # fonts and canvases
        width = page.evaluate("innerWidth")
        tall = page.evaluate("document.documentElement.scrollHeight")
        # A window as tall as the page: of what lies outside the window, parts are missing in a picture.
        page.set_viewport_size({"width": width, "height": min(tall, TALLEST)})
        page.wait_for_timeout(200)
        page.wait_for_function(CALM)
        page.wait_for_load_state("networkidle")  # the base map of a small map says nothing else
        path = self.folder / f"{name}.{self.lang}.png"
        path.write_bytes(small(page.screenshot()))
        return path


def _listed() -> dict:
    return {"name": "cameras.csv", "mimeType": "text/csv", "buffer": CAMERAS.encode()}


def small(picture: bytes) -> bytes:
    """A PNG with as many colours as `LARGEST_BYTES` allows: 256 at most, 64 at least."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    for colours in (256, 128, 64):
        made = io.BytesIO()
        # By coverage: the few pixels of a route or a gap keep their colour; k-means: the many keep theirs.
        reduced = image.quantize(colours, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
        reduced.save(made, "PNG", optimize=True)
        if made.tell() <= LARGEST_BYTES:
            break
    return made.getvalue()


def photograph(link: str, languages: list[str], folder: Path, only: list[str]) -> list[Path]:
    """Write the pictures asked for (all without `only`) and say which were written.

    Raises
    ------
    RuntimeError
        When Chromium is missing, a page does not answer, or one asks another server for anything.
    """
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise RuntimeError("chromium was not found: install the system's chromium")
    folder.mkdir(parents=True, exist_ok=True)
    parts = urlsplit(link)
    home = f"{parts.scheme}://{parts.netloc}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        entering = browser.new_context()
        entering.new_page().goto(link)
        state = entering.storage_state()
        written = []
        for lang in languages:
            taking = Photographer(browser, home, lang, state, folder)
            for shot in SHOTS:
                if not only or shot.name in only:
                    made = taking.take(shot)
                    print(*made, sep="\n", flush=True)
                    written += made
        browser.close()
    return written


def main() -> int:
    """Parse the command line and take the pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("link", help="the one-time address for signing in")
    parser.add_argument("--lang", action="append", choices=tuple(LOCALES), help="default: both")
    parser.add_argument("--only", nargs="+", default=[], metavar="PAGE", choices=[s.name for s in SHOTS])
    parser.add_argument("--out", type=Path, default=IMAGES, help="folder (default: docs/images/pages)")
    given = parser.parse_args()
    try:
        photograph(given.link, given.lang or list(LOCALES), given.out, given.only)
    except (RuntimeError, Error) as error:
        print(f"screenshots: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
