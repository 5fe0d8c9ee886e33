"""The form at the pole in a browser: what a phone says of its place and attitude, and what is made of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from conftest import ServedSite
from playwright.sync_api import Page, Route, sync_playwright
from small_site import OWN
from sqlalchemy import text
from visitor import PHONE, chromium

from geo.db import transaction
from geo.declination import declination_deg
from geo.scope import WHOLE_SITE
from web.access import Role

pytestmark = pytest.mark.browser
# Pages of this machine are as good as https to a browser. Nothing listens there: the app answers.
HOME = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def page(served: ServedSite) -> Iterator[Page]:
    client = served.client(Role.AUDITOR)

    def answer(route: Route) -> None:
        got = client.get(urlsplit(route.request.url).path)
        route.fulfill(status=got.status_code, headers=dict(got.headers), body=got.data)

    with sync_playwright() as playwright:
        browser = chromium(playwright)
        context = browser.new_context(
            viewport={"width": PHONE[0], "height": PHONE[1]},
            locale="en-GB",
            permissions=["geolocation", "accelerometer", "gyroscope", "magnetometer"],
            geolocation={"longitude": 114.05, "latitude": 22.54, "accuracy": 4.2},
        )
        context.route(f"{HOME}/**", answer)
        opened = context.new_page()
        yield opened
        browser.close()


@pytest.fixture
def form(page: Page, served: ServedSite) -> Page:
    page.goto(f"{HOME}/changes/pole/{served.site.cameras[OWN]}")
    return page


def held(page: Page, alpha: float, beta: float, gamma: float) -> float:
    """The direction that is written into the form when the phone is held so."""
    page.fill("#in-direction", "")
    page.click('[data-lf-take="compass"]')
    page.evaluate(
        """([alpha, beta, gamma]) => {
            window.clearInterval(window.turning);
            window.turning = window.setInterval(() => window.dispatchEvent(new DeviceOrientationEvent(
                "deviceorientationabsolute", {alpha, beta, gamma, absolute: true})), 50);
        }""",
        [alpha, beta, gamma],
    )
    page.wait_for_function("() => document.querySelector('#in-direction').value !== ''")
    return float(page.input_value("#in-direction"))


@pytest.mark.parametrize(
    ("alpha", "beta", "gamma", "magnetic"),
    [
        (0.0, 90.0, 0.0, 0.0),  # upright, its back to the north
        (270.0, 90.0, 0.0, 90.0),  # turned clockwise by a quarter
        (0.0, 0.0, 90.0, 270.0),  # flat with its top to the north, then tipped over its right edge
        (330.0, 0.0, 0.0, 30.0),  # flat, its upper edge to north-north-east
    ],
)
def test_the_compass_tells_where_the_phones_back_or_upper_edge_points(
    form: Page, served: ServedSite, alpha: float, beta: float, gamma: float, magnetic: float
) -> None:
    """Told from true north: the needle is corrected for where and when it is read."""
    where = text("SELECT ST_X(geom), ST_Y(geom) FROM camera WHERE code = :code")
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        lon, lat = session.execute(where, {"code": served.site.cameras[OWN]}).one()
    turned = declination_deg(lon, lat, datetime.now(UTC).date())
    assert turned < -1.0, "the needle points west of north in the south of China"
    found = held(form, alpha, beta, gamma)
    assert (found - magnetic - turned + 180.0) % 360.0 - 180.0 == pytest.approx(0.0, abs=0.51)


def test_the_phones_position_is_wgs_84_and_one_written_by_hand_has_no_accuracy(form: Page) -> None:
    form.select_option("#in-datum", "gcj02")
    form.click('[data-lf-take="fix"]')
    form.wait_for_function("() => document.querySelector('[name=accuracy_m]').value !== ''")
    assert form.input_value("#in-lon") == "114.050000" and form.input_value("#in-datum") == "wgs84"
    assert form.input_value("[name=accuracy_m]") == "4.2"
    form.fill("#in-lon", "114.051")
    assert form.input_value("[name=accuracy_m]") == ""


def test_a_vague_position_is_not_taken(form: Page) -> None:
    form.context.set_geolocation({"longitude": 114.0, "latitude": 22.0, "accuracy": 1500.0})
    before = form.input_value("#in-lon")
    form.click('[data-lf-take="fix"]')
    form.wait_for_function("() => document.querySelector('[data-lf-said=fix]').textContent.includes('1500')")
    assert form.input_value("#in-lon") == before
