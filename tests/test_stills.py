"""One small picture of each fault, where the site allows it, and none anywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from small_site import OWN, SIBLING
from sqlalchemy import text
from test_probing import BEGINS, made, site
from test_video import light, street
from videos import coded

from cameras.repository import stills as store
from cameras.stills import APART_MS, WIDTH_PX, Still, Stills
from cameras.stretches import Stretch
from geo.db import transaction
from geo.scope import WHOLE_SITE
from web import settings
from web.access import Role
from web.jobs.clearing import clear_files

assert site
GREY = np.full((480, 960, 3), 90, np.uint8)


def fault(reason: str, start_ms: int, end_ms: int) -> Stretch:
    return Stretch(reason, start_ms, end_ms, 3, {})


def test_the_first_picture_of_each_fault_is_handed_out_once() -> None:
    """Of a lost signal there is none; the same fault again within the hour brings no second one."""
    stills = Stills(20)
    for second in range(10):
        stills.see(second * 1000, GREY)
    assert stills.of([fault("", 0, 9_000), fault("lost", 0, 9_000)]) == []
    (found,) = stills.of([fault("dark", 2_500, 6_000)])
    assert (found.taken_ms, found.reason) == (3_000, "dark")
    assert stills.of([fault("dark", 2_500, 9_000)]) == [], "it goes on"
    assert stills.of([fault("dark", 8_000, 9_000)]) == [], "again within the hour"
    assert [one.taken_ms for one in stills.of([fault("blurred", 8_000, 9_000)])] == [8_000]
    stills.see(2_500 + APART_MS, GREY)
    later = fault("dark", 2_500 + APART_MS, 2_500 + APART_MS)
    assert [one.taken_ms for one in stills.of([later])] == [2_500 + APART_MS]
    assert Stills(3).of([fault("dark", 0, 10)]) == [], "no picture, no still"


def test_it_is_too_small_to_know_anybody_by() -> None:
    stills = Stills(5)
    stills.see(0, GREY)
    (found,) = stills.of([fault("flat", 0, 0)])
    picture = cv2.imdecode(np.frombuffer(found.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None and picture.shape == (80, WIDTH_PX, 3)
    assert abs(float(picture.mean()) - 90) < 2


@pytest.fixture
def night(tmp_path: Path) -> Path:
    """30 s at one picture a second, from 10 to 19 s a tenth of the light."""
    pictures = [light(street(n) * 0.1) if 10 <= n < 20 else street(n) for n in range(30)]
    return coded(tmp_path / "night.mp4", pictures, rate=1)


def test_a_probe_keeps_them_only_when_told_to(site, night: Path) -> None:
    engine, code = site

    def kept() -> list[tuple[datetime, str]]:
        with transaction(engine, scope=WHOLE_SITE) as session:
            return [(one["taken_at"], one["reason"]) for one in store.stills_of(session, code, 9)]

    def run(source: str) -> None:
        probe = made(site, source, str(night))[0]
        probe.stills = Stills(99)
        probe.run()

    made(site, "stills-none", str(night))[0].run()
    # One that began while the site allowed it asks again.
    run("stills-off")
    assert kept() == []
    with transaction(engine, scope=WHOLE_SITE) as session:
        settings.change(session, {"files.stills": "on"}, author="test", now=BEGINS)
    run("stills-on")
    assert kept() == [(BEGINS + timedelta(seconds=10), "dark")]
    run("stills-on")
    assert len(kept()) == 1
    with transaction(engine, scope=WHOLE_SITE) as session:
        assert store.forget_stills(session, datetime.now(UTC) + timedelta(days=9)) == 1
        session.execute(text("DELETE FROM setting"))


@pytest.fixture
def pictured(served) -> Iterator[int]:
    """A still of a camera of one's own town, taken an hour ago; answers its number."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        camera = session.scalar(
            text("SELECT id FROM camera WHERE code = :c"), {"c": served.site.cameras[OWN]}
        )
        taken = int((datetime.now(UTC) - timedelta(hours=1)).timestamp() * 1000)
        store.add_stills(session, int(camera or 0), [Still(taken, "dark", b"\xff\xd8picture")])
        number = session.scalar(text("SELECT id FROM still"))
    yield int(number or 0)
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM still"))


def test_who_mends_records_sees_it_and_that_is_written_down(served, pictured: int) -> None:
    code, address = served.site.cameras[OWN], f"/stills/{pictured}.jpg"
    auditor = served.client(Role.AUDITOR, OWN)
    assert f'href="{address}"' in auditor.get(f"/cameras/{code}").text
    answer = auditor.get(address)
    assert answer.data == b"\xff\xd8picture" and answer.headers["Cache-Control"] == "no-store"
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        told = session.execute(
            text("SELECT event, subject FROM audit_entry WHERE detail ? 'still' ORDER BY id DESC LIMIT 1")
        ).one()
    assert tuple(told) == ("view", f"camera {code}")
    assert served.client(Role.AUDITOR, SIBLING).get(address).status_code == 404
    for role in (Role.VIEWER, Role.COMMANDER, Role.PLANNER):
        client = served.client(role, OWN)
        assert client.get(address).status_code == 403
        assert address not in client.get(f"/cameras/{code}").text


def test_they_go_after_their_days_and_at_once_when_none_is_kept(
    served, pictured: int, tmp_path: Path
) -> None:
    """Off by default: an hour old, it goes at the next look."""

    def left() -> int:
        with transaction(served.engine, scope=WHOLE_SITE) as session:
            return int(session.scalar(text("SELECT count(*) FROM still")) or 0)

    def clear(now: datetime) -> None:
        with transaction(served.engine, scope=WHOLE_SITE) as session:
            clear_files(session, tmp_path, now=now)

    now = datetime.now(UTC)
    try:
        with transaction(served.engine, scope=WHOLE_SITE) as session:
            settings.change(session, {"files.stills": "on"}, author="test", now=now)
        clear(now + timedelta(days=13))
        assert left() == 1
        clear(now + timedelta(days=14))
        assert left() == 0
    finally:
        with transaction(served.engine, scope=WHOLE_SITE) as session:
            session.execute(text("DELETE FROM setting"))
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        camera = session.scalar(
            text("SELECT id FROM camera WHERE code = :c"), {"c": served.site.cameras[OWN]}
        )
        store.add_stills(session, int(camera or 0), [Still(int(now.timestamp() * 1000) - 1000, "dark", b"x")])
    clear(now)
    assert left() == 0
