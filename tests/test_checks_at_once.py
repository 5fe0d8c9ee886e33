"""Two people at one sheet, maintenance or audit: the second reads what the first left, not what it held."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from conftest import ServedSite
from small_site import SIBLING
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from cameras.repository import audits
from cameras.repository import samples as store
from cameras.sampling import fingerprint
from cameras.services import auditing, sampling, upkeep
from cameras.services.sampling import Verdict
from cameras.tables import Maintenance, SampledCamera, SampleSheet
from geo.db import ScopedSession, transaction
from geo.errors import InputRefused
from geo.scope import WHOLE_SITE

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
BLANK, RIGHT = Verdict(), Verdict("right", "right", "right", "right")
WRONG = Verdict("wrong", "right", "right", "right")


@pytest.fixture
def site(served: ServedSite) -> Iterator[ServedSite]:
    """The served site; what these tests commit is taken away by the owner."""
    yield served
    with psycopg.connect(served.owner_url.replace("+psycopg", "")) as owner:
        owner.execute("TRUNCATE sample_sheet, maintenance, audit_finding, camera_audit CASCADE")


@pytest.fixture
def sheet(site: ServedSite) -> int:
    """A sheet of two cameras, both judged right."""
    with transaction(site.engine, scope=WHOLE_SITE) as session:
        number = sampling.draw_sheet(session, within=None, count=2, seed=1, author="li", now=NOW).id
        sampling.judge(session, number, {1: (BLANK, RIGHT), 2: (BLANK, RIGHT)}, author="li", now=NOW)
    return number


def looked_at(session: Session, number: int) -> tuple[SampleSheet, list[SampledCamera], str]:
    """A sheet with its rows, as a page holds them before anything is locked, and the fingerprint it shows."""
    found = session.get_one(SampleSheet, number)
    rows = store.rows(session, found)
    return found, rows, fingerprint(sampling.content(found, rows))


def judge(site: ServedSite, number: int, before: Verdict, after: Verdict) -> None:
    with transaction(site.engine, scope=WHOLE_SITE) as session:
        sampling.judge(session, number, {1: (before, after)}, author="wu", now=NOW)


def test_nobody_signs_over_a_verdict_that_came_between_the_page_and_the_lock(site, sheet) -> None:
    with ScopedSession(site.engine, scope=WHOLE_SITE, expire_on_commit=False) as session:
        held = looked_at(session, sheet)
        judge(site, sheet, RIGHT, WRONG)
        with pytest.raises(InputRefused, match="somebody changed a verdict"):
            sampling.close(session, sheet, seen=held[-1], signer="chen", now=NOW)
        # Looked at again, it is signed, and what is signed is what is stored.
        sampling.close(session, sheet, seen=looked_at(session, sheet)[-1], signer="chen", now=NOW)
        session.commit()
    with transaction(site.engine, scope=WHOLE_SITE) as session:
        kept, _, fingerprint_now = looked_at(session, sheet)
        assert kept.sha256 == fingerprint_now


def test_of_two_who_judge_at_once_the_second_is_told(site, sheet) -> None:
    with ScopedSession(site.engine, scope=WHOLE_SITE, expire_on_commit=False) as session:
        held = looked_at(session, sheet)
        judge(site, sheet, RIGHT, WRONG)
        with pytest.raises(InputRefused, match="others judged the same"):
            sampling.judge(
                session, sheet, {1: (RIGHT, Verdict("unjudged"))}, author="chen", now=NOW + timedelta(1)
            )
        # The page is told with what the other said.
        assert held[1][0].picture == "wrong"


def test_a_verdict_just_after_the_signature_is_refused_in_one_sentence(site, sheet) -> None:
    with ScopedSession(site.engine, scope=WHOLE_SITE, expire_on_commit=False) as session:
        held = looked_at(session, sheet)
        with transaction(site.engine, scope=WHOLE_SITE) as other:
            sampling.close(other, sheet, seen=held[-1], signer="wu", now=NOW)
        with pytest.raises(InputRefused, match=f"spot check {sheet} is signed"):
            sampling.judge(session, sheet, {1: (RIGHT, WRONG)}, author="chen", now=NOW)
        assert held[0].signer == "wu"


def test_maintenance_is_withdrawn_once(site) -> None:
    with transaction(site.engine, scope=WHOLE_SITE) as session:
        number = upkeep.register_maintenance(
            session,
            codes=[site.site.cameras[SIBLING]],
            start=NOW,
            end=NOW + timedelta(days=1),
            reason="检修",
            author="li",
            now=NOW,
        )
    with ScopedSession(site.engine, scope=WHOLE_SITE, expire_on_commit=False) as session:
        held = session.get_one(Maintenance, number)
        with transaction(site.engine, scope=WHOLE_SITE) as other:
            upkeep.withdraw_maintenance(other, number, author="wu", now=NOW + timedelta(hours=1))
        with pytest.raises(InputRefused, match="nothing to withdraw"):
            upkeep.withdraw_maintenance(session, number, author="chen", now=NOW + timedelta(hours=2))
        assert held.withdrawn_by == "wu"
    with transaction(site.engine, scope=WHOLE_SITE) as session:
        assert session.scalar(text("SELECT withdrawn_by FROM maintenance")) == "wu"


def somebody_waits(engine: Engine) -> bool:
    with transaction(engine, scope=WHOLE_SITE) as session:
        return bool(session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


def test_two_audits_at_once_find_each_fault_once(site) -> None:
    """Five cameras without a height: the second audit waits for the first, and has nothing to add."""
    told: list[auditing.AuditReport | Exception] = []

    def second() -> None:
        try:
            with transaction(site.engine, scope=WHOLE_SITE) as session:
                told.append(auditing.audit_cameras(session, now=NOW, author="wu"))
        except Exception as error:  # handed to the test's own thread
            told.append(error)

    with transaction(site.engine, scope=WHOLE_SITE) as session:
        first = auditing.audit_cameras(session, now=NOW, author="li")
        thread = threading.Thread(target=second)
        thread.start()
        until = time.monotonic() + 60
        while thread.is_alive() and not somebody_waits(site.engine) and time.monotonic() < until:
            time.sleep(0.05)
    thread.join(60)
    assert first.opened == first.found > 0
    assert isinstance(told[0], auditing.AuditReport), told
    assert (told[0].opened, told[0].found) == (0, first.found)


def test_nobody_moves_a_finding_while_an_audit_brings_it_up_to_date(site, monkeypatch) -> None:
    with transaction(site.engine, scope=WHOLE_SITE) as session:
        auditing.audit_cameras(session, now=NOW, author="li")
    stored, refused = audits.add_steps, []

    def meanwhile(*given, **more) -> None:
        """Between what the audit read and what it writes."""
        with transaction(site.engine, scope=WHOLE_SITE) as other:
            try:
                other.execute(text("SELECT FROM audit_finding ORDER BY id FOR UPDATE NOWAIT"))
            except OperationalError as error:
                refused.append(error)
        stored(*given, **more)

    monkeypatch.setattr(audits, "add_steps", meanwhile)
    with transaction(site.engine, scope=WHOLE_SITE) as session:
        auditing.audit_cameras(session, now=NOW, author="li")
    assert len(refused) == 3
