"""A planner changes a draft by hand in a real browser: by mouse, by key, on a phone; and keeps it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from test_journeys import JOB_MS, PASSWORD, Site, browser, examined, site, visit
from visitor import PHONE, WIDE, Visitor

__all__ = ["browser", "examined", "site", "visit"]

pytestmark = pytest.mark.browser

Orders = dict[str, list[str]]


def board(visit: Callable[..., Visitor], site: Site, lang: str, size: tuple[int, int]) -> Visitor:
    """Somebody at the board of the demo's draft."""
    visitor = visit(lang, size)
    visitor.page.goto(f"{site.home}/plans/1")
    visitor.sign_in("planner", PASSWORD)
    visitor.follow('a[href$="/by-hand"]')
    return visitor


def orders(page: Page) -> Orders:
    """What the board holds."""
    expect(page.locator("#hand:not([aria-busy])")).to_be_attached()
    return dict(json.loads(page.get_attribute("#hand", "data-hand-orders") or ""))


def box(page: Page, team: str, place: int) -> dict[str, float]:
    """Where a visit is on the screen."""
    found = page.locator(f'[data-hand-row="{team}"] [data-place="{place}"] rect').bounding_box()
    assert found
    return dict(found)


def drag(page: Page, team: str, place: int, x: float, y: float) -> None:
    """A visit by mouse to a point of the screen."""
    start = box(page, team, place)
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(x, y, steps=4)
    page.mouse.up()


def becomes(page: Page, wanted: Orders) -> None:
    """The board comes to hold these orders."""
    page.wait_for_function(
        """wanted => { const hand = document.getElementById("hand");
             return !hand.hasAttribute("aria-busy")
               && JSON.stringify(JSON.parse(hand.dataset.handOrders)) === wanted; }""",
        arg=json.dumps(wanted, separators=(",", ":"), ensure_ascii=False),
    )


def moved(before: Orders, **changed: list[str]) -> Orders:
    return {team: changed.get(team, own) for team, own in before.items()}


def two_teams(page: Page) -> tuple[Orders, str, str]:
    """The orders, and two teams by e-bike: both can go everywhere that the other can."""
    first = orders(page)
    one, two = page.evaluate(
        """() => [...document.querySelectorAll("[data-hand-row]")]
             .filter((row) => /ebike|电动车/.test(row.dataset.handName)).map((row) => row.dataset.handRow)"""
    )[:2]
    return first, one, two


def test_by_mouse_visits_go_to_other_teams_and_back(visit, site) -> None:
    visitor = board(visit, site, "zh", WIDE)
    page = visitor.page
    first, one, two = two_teams(page)
    visitor.look("by hand")
    target = box(page, two, 3)
    drag(page, one, 1, target["x"] + 1, target["y"] + 10)
    stop = first[one][1]
    gone = first[one][:1] + first[one][2:]
    after = moved(first, **{one: gone, two: [*first[two][:3], stop, *first[two][3:]]})
    becomes(page, after)
    visitor.look("by hand, changed")
    # Onto another visit: the two are exchanged.
    target = box(page, two, 0)
    drag(page, one, 0, target["x"] + target["width"] / 2, target["y"] + 10)
    swapped = moved(after, **{one: [after[two][0], *after[one][1:]], two: [after[one][0], *after[two][1:]]})
    becomes(page, swapped)
    page.click('[data-hand-do="undo"]')
    becomes(page, after)
    page.click('[data-hand-do="undo"]')
    becomes(page, first)
    expect(page.locator('[data-hand-do="undo"]')).to_be_disabled()
    page.click('[data-hand-do="redo"]')
    becomes(page, after)
    page.click('[data-hand-do="over"]')
    becomes(page, first)
    # Nowhere, and beside itself: it stays.
    drag(page, one, 2, 5, 5)
    here = box(page, one, 2)
    drag(page, one, 2, here["x"] + here["width"] + 1, here["y"] + 10)
    assert orders(page) == first
    nobody = page.locator("[data-hand-nobody]").bounding_box()
    assert nobody
    drag(page, one, 0, nobody["x"] + 20, nobody["y"] + 5)
    becomes(page, moved(first, **{one: first[one][1:]}))


def test_by_key_a_visit_is_picked_up_put_down_and_put_back(visit, site) -> None:
    visitor = board(visit, site, "en", WIDE)
    page = visitor.page
    first, one, two = two_teams(page)
    said = page.locator("#hand-said")
    page.locator(f'[data-hand-row="{one}"] [data-place="0"]').focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(said).to_contain_text("is picked up")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    expect(said).to_contain_text("is back where it was")
    assert orders(page) == first
    page.keyboard.press(" ")
    # Before itself, past itself, in exchange for the next.
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    order = first[one]
    becomes(page, moved(first, **{one: [order[0], order[2], order[1], *order[3:]]}))
    # It is at the hand still, wherever it went.
    held: Any = page.evaluate("document.activeElement.dataset.stop")
    assert held == order[1]
    rows = list(first)
    way = rows.index(two) - rows.index(one)
    page.keyboard.press("Enter")
    for _ in range(abs(way)):
        page.keyboard.press("ArrowDown" if way > 0 else "ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_function(
        """([team, stop]) =>
             JSON.parse(document.getElementById("hand").dataset.handOrders)[team].includes(stop)""",
        arg=[two, order[1]],
    )
    assert order[1] not in orders(page)[one]
    visitor.look("by hand, by key")


def test_on_a_phone_a_menu_moves_it_and_it_is_kept(visit, site) -> None:
    visitor = board(visit, site, "en", PHONE)
    page = visitor.page
    first, one, two = two_teams(page)
    page.locator("[data-hand-list] summary").click()
    page.locator(f'[data-hand-menu="{one}"][data-place="0"]').click()
    page.select_option("#hand-to", two)
    page.select_option("#hand-at", "swap:0")
    visitor.look("the menu of a visit")
    page.click('[data-hand-deed="move"]')
    wanted = moved(first, **{one: [first[two][0], *first[one][1:]], two: [first[one][0], *first[two][1:]]})
    becomes(page, wanted)
    visitor.look("by hand on a phone")
    with page.expect_navigation():
        page.click("form[action$='/by-hand'] .btn-primary")
    page.wait_for_selector('main a[href^="/plans/"]:not([href="/plans/1"])', timeout=JOB_MS)
    visitor.follow('main a[href^="/plans/"]:not([href="/plans/1"])')
    visitor.says("手动调整", "Changed by hand from plan 1")
    number = int(visitor.path.rpartition("/")[2])
    rows = site.rows(
        """SELECT t.code, v.stop_id FROM plan_visit v JOIN team t ON t.id = v.team_id
           WHERE v.plan_id = :plan AND v.stop_id IS NOT NULL ORDER BY t.code, v.seq""",
        plan=number,
    )
    assert rows == [(team, stop) for team in sorted(wanted) for stop in wanted[team]]
