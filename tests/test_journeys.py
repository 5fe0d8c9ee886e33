"""What the three kinds of user come for, from signing in to the result, in a real browser with a job worker.

Each journey goes through both languages, on a wide screen and on a phone. Jobs are run on one way through
each language and width; the other ways look at what the demo made.
"""

from __future__ import annotations

import csv
import os
import re
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import map_scene
import pytest
from conftest import Demo
from databases import another_database
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine, text
from visitor import PHONE, WIDE, Visitor, chromium
from werkzeug.serving import make_server

from geo.db import make_engine, transaction
from geo.scope import WHOLE_SITE
from geo.server import Cluster
from web.access import Role, accounts
from web.app import create_app
from web.i18n import Translator
from web.maps.words import CAUSES

pytestmark = pytest.mark.browser

PASSWORD = "three ducks on the pond"
# Where each of them serves: the zone's villages lie in both districts of the demo's city.
PEOPLE = {
    "auditor": (Role.AUDITOR, "hel"),
    "planner": (Role.PLANNER, "hel"),
    "commander": (Role.COMMANDER, "hel"),
    "member": (Role.MEMBER, "hel.d01.t01.v02"),
    "viewer": (Role.VIEWER, "hel.d01"),
}
WAYS = [("zh", WIDE, True), ("en", PHONE, True), ("en", WIDE, False), ("zh", PHONE, False)]
WAY_NAMES = ["zh wide job", "en phone job", "en wide", "zh phone"]
JOB_MS = 180_000
GPX = {"gpx": "http://www.topografix.com/GPX/1/1"}


@dataclass(frozen=True)
class Site:
    """A copy of the demo that is served, with people who know their password, and a job worker."""

    engine: Engine
    home: str

    def rows(self, statement: str, **values: object) -> list[tuple]:
        """What the database says, over everything."""
        with transaction(self.engine, scope=WHOLE_SITE) as session:
            return [tuple(row) for row in session.execute(text(statement), values)]

    def do(self, statement: str, **values: object) -> None:
        """Change the database."""
        with transaction(self.engine, scope=WHOLE_SITE) as session:
            session.execute(text(statement), values)


@pytest.fixture(scope="module")
def site(cluster: Cluster, demo: Demo) -> Iterator[Site]:
    map_scene.compiled_catalogues()
    demo.engine.dispose()
    # The folder that the demo stands in is the program's own: the base map lies there too.
    var = demo.folder.parent
    with another_database(cluster, "lianfang_journeys", copy_of="lianfang_demo") as (app_url, _):
        environment = {**os.environ, "LIANFANG_DATABASE_URL": app_url, "LIANFANG_VAR": str(var)}
        environment.pop("LIANFANG_OWNER_DATABASE_URL", None)
        program = Path(sys.executable).with_name("lianfang")
        worker = subprocess.Popen([program, "jobs", "work"], env=environment, stderr=subprocess.DEVNULL)
        engine = make_engine(app_url)
        with transaction(engine, scope=WHOLE_SITE) as session:
            for name, (role, path) in PEOPLE.items():
                account = accounts.add_account(session, name, author="test", password=PASSWORD)
                accounts.grant(session, account, role, path, author="test", within=WHOLE_SITE)
        app = create_app(engine, secret_key="a key of journeys", folder=var, testing=True)
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Site(engine, f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()
        worker.terminate()
        worker.wait()
        engine.dispose()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = chromium(playwright)
        yield running
        running.close()


@pytest.fixture(scope="module")
def examined() -> set[tuple[str, int]]:
    return set()


@pytest.fixture
def visit(browser: Browser, site: Site, examined: set[tuple[str, int]]) -> Iterator[Callable[..., Visitor]]:
    """Visitors, whose browsers are closed at the end; what they made goes with them."""
    came: list[Visitor] = []

    def somebody(lang: str, size: tuple[int, int]) -> Visitor:
        came.append(Visitor(browser, site.home, lang, size, examined))
        return came[-1]

    yield somebody
    for visitor in came:
        visitor.context.close()
    site.do("DELETE FROM plan WHERE id > 1")
    site.do("DELETE FROM analysis WHERE id > 1")


@pytest.mark.parametrize(("lang", "size", "jobs"), WAYS, ids=WAY_NAMES)
def test_the_technical_auditor(
    visit: Callable[..., Visitor], site: Site, lang: str, size: tuple[int, int], jobs: bool
) -> None:
    """From this morning's losses to a camera, the repair list as a file, a gap on the map, a new analysis."""
    visitor = visit(lang, size)
    page = visitor.page
    page.goto(f"{site.home}/cameras")
    visitor.look("sign-in")
    visitor.sign_in("auditor", PASSWORD)
    assert visitor.path == "/cameras", "one arrives where one wanted to go"
    visitor.follow("a.lf-name")
    visitor.says("今早", "This morning")
    visitor.look("home of the auditor")

    # Cameras that went together: the line says how many, the list behind it shows them.
    line = page.locator('.lf-line:has(a[href^="/cameras?together="])').first
    together = _number(line.locator("b").inner_text())
    line.locator("a").click()
    page.wait_for_url("**/cameras?together=*")
    visitor.look("cameras")
    assert _rows(visitor) == together >= 2
    visitor.follow("tr[data-id] .lf-first a")
    visitor.says("当日证据", "Evidence of the day")
    visitor.look("camera")
    lost = page.locator(".lf-strip-line :is(.lf-tone-bad, .lf-tone-info)")
    assert lost.count() > 0, "for a part of the day it was lost, or its source was silent"

    visitor.follow("a.lf-name")
    visitor.follow('a[href="/gaps?list=repair"]')
    visitor.look("gaps")
    everything = _rows(visitor)
    if page.locator(".lf-filters-more").is_visible():
        page.click(".lf-filters-more")
    with page.expect_response(lambda answer: "cause=outage" in answer.url):
        page.select_option("#f-gaps_repair-cause", "outage")
    page.wait_for_function("() => location.search.includes('cause=outage')")
    visitor.look("gaps filtered")
    shown = _rows(visitor)
    assert 0 < shown < everything
    page.click(".lf-table-tools button")
    file = visitor.fetch('.lf-table-tools a[href*="format=csv"]').path()
    with file.open(encoding="utf-8-sig", newline="") as opened:
        assert len(list(csv.reader(opened))) == shown + 1
    written = site.rows(
        "SELECT account_name FROM audit_entry WHERE event = 'export' ORDER BY id DESC LIMIT 1"
    )
    assert written == [("auditor",)]

    visitor.follow("tr[data-id] .lf-first a")
    gap = visitor.path.rpartition("/")[2]
    visitor.look("gap")
    visitor.follow('a[href^="/map?analysis="]')
    page.wait_for_selector(f'[data-card="gaps:{gap}"]')
    visitor.look("map of a gap")

    page.goto(f"{site.home}/gaps")
    visitor.follow('a[href="/analyses/new"]')
    visitor.look("new analysis")
    if jobs:
        page.fill("#in-end", _later(page.input_value("#in-start"), hours=1))
        visitor.follow("form.lf-narrow button[type=submit]")
        assert visitor.path.startswith("/jobs/")
        page.wait_for_selector('a.btn-primary[href^="/analyses/"]', timeout=JOB_MS)
        visitor.says("查看结果", "See the result")
        visitor.look("job")
        visitor.follow('a.btn-primary[href^="/analyses/"]')
    else:
        page.goto(f"{site.home}/analyses")
        visitor.look("analyses")
        visitor.follow("tr[data-id] .lf-first a")
    visitor.look("analysis")
    assert page.locator(".lf-metric").count() == 3, "repair, measure, build"


@pytest.mark.parametrize(("lang", "size", "jobs"), WAYS, ids=WAY_NAMES)
def test_the_planner_and_the_commander(
    visit: Callable[..., Visitor], site: Site, lang: str, size: tuple[int, int], jobs: bool, tmp_path: Path
) -> None:
    """Tonight's zone, a plan, its routes on paper and phone; the commander alone lets the teams see it."""
    site.do("UPDATE plan SET status = 'draft'")
    visitor = visit(lang, size)
    page = visitor.page
    page.goto(site.home)
    visitor.sign_in("planner", PASSWORD)
    visitor.says("今晚", "Tonight")
    visitor.look("home of the planner")
    visitor.menu("/zones")
    visitor.look("zones")
    visitor.follow("tr[data-id] .lf-first a")
    visitor.says("派生村05一队", "Derived village 05, team 1")
    visitor.look("zone")
    visitor.follow('a[href^="/plans/new?zone="]')
    visitor.look("new plan")
    if jobs:
        page.fill("#in-seconds", "3")
        visitor.follow("form.lf-narrow button[type=submit]")
        page.wait_for_selector('a.btn-primary[href^="/plans/"]', timeout=JOB_MS)
        visitor.look("job")
        visitor.follow('a.btn-primary[href^="/plans/"]')
    else:
        page.goto(f"{site.home}/plans")
        visitor.look("plans")
        visitor.follow("tr[data-id] .lf-first a")
    visitor.says("谁与谁交叉", "Who crosses whom")
    visitor.look("plan")
    plan = int(visitor.path.rpartition("/")[2])
    (teams,) = site.rows("SELECT count(DISTINCT team_id) FROM plan_visit WHERE plan_id = :plan", plan=plan)[0]
    assert page.locator(".lf-strip-line").count() == teams > 1, "a strip for each team"
    assert page.locator(".lf-strip-line text").count() > teams, "with its stops"
    crossed = page.locator(".lf-matrix td").all_inner_texts()
    assert sum(int(cell) for cell in crossed if cell.isdigit()) > 0
    assert page.locator('form[action$="/approve"]').count() == 0, "a planner proposes"

    page.click("text=/^(带走|Take along)/")
    routes = ElementTree.parse(visitor.fetch('a[href$="/file.gpx"]').path())
    assert len(routes.findall("gpx:trk", GPX)) == teams
    page.click("text=/^(带走|Take along)/")
    picture = visitor.fetch('a[href$="/file.png"]').path().read_bytes()
    across, down = struct.unpack(">II", picture[16:24])
    assert picture[:8] == b"\x89PNG\r\n\x1a\n" and down > across

    visitor.sign_out()
    page.goto(f"{site.home}/plans/{plan}")
    visitor.sign_in("commander", PASSWORD)
    assert visitor.path == f"/plans/{plan}"
    page.fill("#in-leader", "440513")
    visitor.follow('form[action$="/leader"] button')
    visitor.says("带班民警：440513", "Police leader: 440513")
    for deed, words in (("approve", ("已审批", "approved")), ("publish", ("已发布", "published"))):
        page.click(f'form[action$="/{deed}"] button')
        page.wait_for_selector("#lf-confirm[open]")
        visitor.look(f"plan with a question, {deed}")
        visitor.follow('[data-lf-answer="yes"]')
        visitor.says(*words)
    assert page.locator('form[action$="/withdraw"]').count() == 1
    visitor.look("plan of the commander")
    written = site.rows(
        "SELECT event, account_name FROM audit_entry WHERE event <> 'view' ORDER BY id DESC LIMIT 2"
    )
    assert written == [("publish", "commander"), ("approve", "commander")]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(("name", "size"), [("viewer", WIDE), ("member", PHONE)])
def test_those_who_look_and_walk(
    visit: Callable[..., Visitor], site: Site, lang: str, name: str, size: tuple[int, int]
) -> None:
    """Map, search, time and the published plan; of cameras, gaps and reasons not a byte."""
    site.do("UPDATE plan SET status = 'published'")
    visitor = visit(lang, size)
    page = visitor.page
    page.goto(site.home)
    visitor.sign_in(name, PASSWORD)
    if name == "viewer":
        assert visitor.path == "/map"
    else:
        visitor.says("今晚", "Tonight")
        visitor.look("home of a member")
        visitor.menu("/map")
    visitor.look("map")
    page.fill("#map-search", _street(site, PEOPLE[name][1]))
    page.wait_for_selector("#map-found [data-feature^=streets]")
    page.press("#map-search", "Enter")
    page.wait_for_selector('[data-card^="streets:"]')
    visitor.look("map of a street")
    page.keyboard.press("Escape")
    said = page.inner_text("[data-time-said]")
    page.focus("#time-range")
    page.keyboard.press("End")
    page.wait_for_function("said => document.querySelector('[data-time-said]').innerText !== said", arg=said)
    visitor.look("map at a time")

    visitor.menu("/zones")
    visitor.look("zones of others")
    visitor.follow('a[href="/plans"]')
    visitor.look("plans of others")
    visitor.follow("tr[data-id] .lf-first a")
    visitor.says("各队的时间安排", "The evening by team")
    visitor.look("plan of others")
    _nothing_told(visitor, site)


def _nothing_told(visitor: Visitor, site: Site) -> None:
    """No answer that came names a camera, a gap or a cause; no tile of them was asked for, nor would come."""
    codes = [code.encode() for (code,) in site.rows("SELECT code FROM camera")]
    t = Translator(visitor.lang)
    causes = [t(cause.name).encode() for cause in CAUSES.values()]
    assert len(codes) > 200 and len(causes) >= 5
    # A browser forgets what it got once it has left the page, so everything is asked for once more.
    asked = sorted({url for url in visitor.asked if "/static/" not in url and url.startswith(visitor.home)})
    assert len([url for url in asked if "/tiles/" in url]) > 3
    for url in asked:
        body = visitor.context.request.get(url).body()
        assert [one.decode() for one in (*codes, *causes) if one in body] == [], url
    secret = re.compile(r"/tiles/(cameras|footprints|gaps|cells)/|/map/lists/(gaps|cameras)|/gaps|/cameras")
    assert [url for url in visitor.asked if secret.search(url)] == []
    for address in ("/cameras", "/gaps", "/analyses", "/tiles/gaps/14/9327/4742.mvt", "/map/lists/cameras"):
        assert visitor.context.request.get(f"{site.home}{address}").status == 403, address


def _street(site: Site, path: str) -> str:
    """The name of a street of a jurisdiction."""
    under = "SELECT min(name) FROM road_edge WHERE jurisdiction_path <@ CAST(:path AS ltree) AND name <> ''"
    return str(site.rows(under, path=path)[0][0])


def _rows(visitor: Visitor) -> int:
    """How many rows the table has on all its pages."""
    return _number(visitor.page.inner_text(".lf-table-count"))


def _number(words: str) -> int:
    found = re.search(r"\d+", words.replace(",", ""))
    assert found, words
    return int(found[0])


def _later(moment: str, *, hours: int) -> str:
    """A moment as a form has it, some hours later."""
    return f"{datetime.fromisoformat(moment) + timedelta(hours=hours):%Y-%m-%dT%H:%M}"
