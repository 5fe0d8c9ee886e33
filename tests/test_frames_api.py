"""`POST /api/v1/frames`: batches of a gateway, each stored once, in the scope of its token."""

from __future__ import annotations

import gzip
import io
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import pytest
from databases import another_database
from signing import app_on, make_account, signed_in_client
from small_site import CHILD, OWN, SIBLING, fill
from sqlalchemy import text

from cameras.services import delivering
from geo.db import make_engine, transaction
from geo.scope import WHOLE_SITE
from migrations import runner
from web.access import Action, Role, accounts, tokens
from web.jobs.clearing import clear_files

ADDRESS = "/api/v1/frames?source=gw-a&lang=en"
AT = "2026-11-20T18:%02d:00Z"


class Gateway:
    """A sender with a token for one town."""

    def __init__(self, app, engine, site) -> None:
        self.app, self.engine, self.site = app, engine, site
        self._keys = count()
        self.token = self.token_of("gateway", [Action.FRAMES_DELIVER])

    def token_of(self, name: str, actions: list[Action], path: str | None = OWN) -> str:
        make_account(self.engine, name, (Role.AUDITOR, None))
        with transaction(self.engine, scope=WHOLE_SITE) as session:
            owner = accounts.access_of(session, accounts.account_named(session, name))
            _, key = tokens.make_token(
                session, owner, title="test", actions=actions, path=path, days=1, now=datetime.now(UTC)
            )
        return key

    def send(self, body: bytes, *, address: str = ADDRESS, **headers: str | None):
        given = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/x-ndjson",
            "Idempotency-Key": f"batch-{next(self._keys)}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        kept = {name: value for name, value in given.items() if value is not None}
        return self.app.test_client().post(address, data=body, headers=kept)

    def lines(self, path: str, minutes: range, **more: object) -> bytes:
        code = self.site.cameras[path]
        rows = [{"camera": code, "captured_at": AT % minute, **more} for minute in minutes]
        return b"".join(json.dumps(row).encode() + b"\n" for row in rows)

    def stored(self) -> list[tuple[str, int, float | None]]:
        """(camera code, minute, luma) of every frame."""
        with transaction(self.engine, scope=WHOLE_SITE) as session:
            found = session.execute(
                text(
                    """SELECT c.code, extract(minute FROM captured_at)::int, luma
                       FROM frame f JOIN camera c ON c.id = f.camera_id ORDER BY 1, 2"""
                )
            )
            return [tuple(row) for row in found]


@pytest.fixture
def gateway(cluster, tmp_path) -> Iterator[Gateway]:
    with another_database(cluster, "lianfang_deliveries") as (app_url, owner_url):
        runner.upgrade(owner_url)
        engine = make_engine(app_url)
        with transaction(engine, scope=WHOLE_SITE) as session:
            site = fill(session)
            session.execute(text("DELETE FROM frame"))
        yield Gateway(app_on(engine, tmp_path), engine, site)
        engine.dispose()


def test_what_was_stored_known_and_refused_is_told(gateway: Gateway) -> None:
    """Two good lines, one of them twice; one beyond its limit; one of a camera nobody knows."""
    code = gateway.site.cameras[OWN]
    body = (
        gateway.lines(OWN, range(2), luma=80)
        + gateway.lines(OWN, range(1, 2), luma=80)
        + gateway.lines(OWN, range(2, 3), azimuth_deg=361)
        + b'{"camera": "nobody", "captured_at": "2026-11-20T18:00:00Z"}\n'
    )
    answer = gateway.send(body)
    assert answer.status_code == 200, answer.text
    told = answer.get_json()
    assert (told["stored"], told["known"], told["refused"]) == (2, 1, 2)
    assert [(one["line"], one["field"], one["value"]) for one in told["problems"]] == [
        (4, "azimuth_deg", "361.0"),
        (5, "camera", "nobody"),
    ]
    assert gateway.stored() == [(code, 0, 80.0), (code, 1, 80.0)]


def test_the_same_batch_is_answered_the_same_and_stores_nothing(gateway: Gateway) -> None:
    body = gateway.lines(CHILD, range(3))
    first = gateway.send(body, Idempotency_Key="minute-7")
    again = gateway.send(body, Idempotency_Key="minute-7")
    assert first.get_json() == again.get_json() and again.get_json()["stored"] == 3
    assert [one.headers["Idempotency-Replayed"] for one in (first, again)] == ["false", "true"]
    assert len(gateway.stored()) == 3
    # Under a key of its own it is a batch of its own, all of whose frames are known.
    assert gateway.send(body).get_json()["known"] == 3
    other = gateway.send(gateway.lines(CHILD, range(4)), Idempotency_Key="minute-7")
    assert other.status_code == 409 and "minute-7" in other.get_json()["detail"]
    assert len(gateway.stored()) == 3


def test_what_was_refused_as_a_whole_leaves_its_key_free(gateway: Gateway) -> None:
    broken = gateway.send(b"", Idempotency_Key="k")
    assert broken.status_code == 422 and "is empty" in broken.get_json()["detail"]
    assert gateway.send(gateway.lines(OWN, range(1)), Idempotency_Key="k").get_json()["stored"] == 1


def test_ten_at_once_with_one_key_store_it_once(gateway: Gateway) -> None:
    body, answers = gateway.lines(OWN, range(20)), []

    def send() -> None:
        answers.append(gateway.send(body, Idempotency_Key="one"))

    senders = [threading.Thread(target=send) for _ in range(10)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(60)
    assert [answer.status_code for answer in answers] == [200] * 10
    assert {answer.get_json()["stored"] for answer in answers} == {20}
    assert sorted(answer.headers["Idempotency-Replayed"] for answer in answers) == ["false"] + ["true"] * 9
    assert len(gateway.stored()) == 20


def test_packed_as_well_as_plain(gateway: Gateway) -> None:
    body = gzip.compress(gateway.lines(OWN, range(5)))
    assert gateway.send(body, Content_Encoding="gzip").get_json()["stored"] == 5
    cut = gateway.send(body[:-9], Content_Encoding="gzip")
    assert cut.status_code == 422 and "cannot be unpacked" in cut.get_json()["detail"]


def test_a_batch_that_grows_without_end_is_refused(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blank lines pack a thousand to one."""
    monkeypatch.setattr(delivering, "MOST_BYTES", 1_000_000)
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as stream:
        for _ in range(1_100):
            stream.write(b"\n" * 1_000)
    assert len(packed.getvalue()) < 10_000
    answer = gateway.send(packed.getvalue(), Content_Encoding="gzip")
    assert answer.status_code == 422 and "longer than 1 MB" in answer.get_json()["detail"]


def test_cameras_outside_of_the_tokens_place_are_not_known(gateway: Gateway) -> None:
    told = gateway.send(gateway.lines(SIBLING, range(1)) + gateway.lines(CHILD, range(1))).get_json()
    assert (told["stored"], told["refused"]) == (1, 1)
    assert "is not a known camera" in told["problems"][0]["reason"]
    assert [code for code, _, _ in gateway.stored()] == [gateway.site.cameras[CHILD]]


@pytest.mark.parametrize(
    ("headers", "address", "status", "words"),
    [
        ({"Authorization": None}, ADDRESS, 401, "Bearer"),
        ({"Authorization": "Bearer lf_wrong"}, ADDRESS, 401, "Bearer"),
        ({"Idempotency_Key": None}, ADDRESS, 422, "has no key"),
        ({"Idempotency_Key": "x" * 201}, ADDRESS, 422, "1 to 200"),
        ({"Content_Type": "application/json"}, ADDRESS, 415, "application/json"),
        ({"Content_Encoding": "br"}, ADDRESS, 415, "br"),
        ({}, "/api/v1/frames?lang=en", 422, "source"),
        ({}, ADDRESS + "&interval_s=0", 422, "is not above 0"),
        ({}, ADDRESS + "&kind=guess", 422, "kind"),
        ({}, ADDRESS + "&datum=xian80", 422, "datum"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_words(
    gateway: Gateway, headers: dict[str, str | None], address: str, status: int, words: str
) -> None:
    answer = gateway.send(gateway.lines(OWN, range(1)), address=address, **headers)
    assert answer.status_code == status and answer.mimetype == "application/problem+json"
    assert words in answer.text and gateway.stored() == []


def test_a_source_is_not_changed_in_passing(gateway: Gateway) -> None:
    """Its interval decides what silence means."""
    assert gateway.send(gateway.lines(OWN, range(1)), address=ADDRESS + "&interval_s=30").status_code == 200
    other = gateway.send(gateway.lines(OWN, range(1, 2)), address=ADDRESS + "&interval_s=60")
    assert other.status_code == 422 and "30" in other.get_json()["detail"]
    assert gateway.send(gateway.lines(OWN, range(1, 2))).get_json()["stored"] == 1


def test_a_token_for_reading_and_a_browser_cannot_deliver(gateway: Gateway) -> None:
    """A foreign page could make a signed-in browser post; it has no token."""
    body = gateway.lines(OWN, range(1))
    reader = gateway.token_of("reader", [Action.CAMERAS_VIEW])
    assert gateway.send(body, Authorization=f"Bearer {reader}").status_code == 403
    gateway.app.config["WTF_CSRF_ENABLED"] = True
    browser = signed_in_client(gateway.app, gateway.engine, Role.ADMINISTRATOR)
    headers = {"Idempotency-Key": "k", "Content-Type": "application/x-ndjson"}
    assert browser.post(ADDRESS, data=body, headers=headers).status_code == 401
    assert gateway.send(body).status_code == 200, "a program needs no form's token"


def test_deliveries_are_in_the_audit_log_and_forgotten_after_a_week(gateway: Gateway, tmp_path) -> None:
    gateway.send(gateway.lines(OWN, range(2)), Idempotency_Key="k")
    with transaction(gateway.engine, scope=WHOLE_SITE) as session:
        entry = session.execute(text("SELECT event, subject, detail FROM audit_entry")).all()[-1]
        assert (entry.event, entry.subject, entry.detail["rows"]) == ("add", "frames gw-a", 2)
        clear_files(session, tmp_path, now=datetime.now(UTC))
        assert session.scalar(text("SELECT count(*) FROM frame_delivery")) == 1
        session.execute(text("UPDATE frame_delivery SET stored_at = now() - interval '8 days'"))
        clear_files(session, tmp_path, now=datetime.now(UTC))
        assert session.scalar(text("SELECT count(*) FROM frame_delivery")) == 0
