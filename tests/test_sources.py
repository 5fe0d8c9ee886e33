"""Sources of frames: what they delivered, what was refused, and what their deliveries say of their clocks."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from signing import signed_in_client
from small_site import CHILD, OWN
from sqlalchemy import text
from test_frames_api import ADDRESS, Gateway, gateway

from cameras.services import SourceSpec
from cameras.services.delivered import sources_told
from cameras.services.probing import Watched, note_watched, probed_camera
from cameras.source_clock import AHEAD, FINE, LATE, SLACK_S, UNKNOWN, source_clock
from geo.db import transaction
from geo.scope import WHOLE_SITE
from web.access import Role
from web.cli import main

assert gateway
DELAYS = st.lists(st.floats(0.0, 600.0), min_size=10, max_size=40)


@given(st.floats(-90_000.0, 90_000.0), DELAYS, st.floats(1.0, 600.0))
def test_a_clock_is_called_ahead_only_when_it_is_and_by_no_more_than_it_is(
    offset_s: float, delays: list[float], patience_s: float
) -> None:
    """Whatever the delays are, which nobody knows: none of them is negative."""
    lags = [delay - offset_s for delay in delays]
    found = source_clock(len(lags), min(lags), max(lags), patience_s)
    if found.state == AHEAD:
        assert offset_s >= found.offset_s - 1e-6 > 0
    if offset_s > SLACK_S + min(delays) + 1e-6:
        assert found.state == AHEAD and found.offset_s == pytest.approx(offset_s - min(delays), abs=1e-6)
    if found.state == LATE:
        assert min(lags) > patience_s
    if offset_s == 0 and min(delays) <= patience_s:
        assert found.state == FINE


def test_few_batches_say_nothing_but_one_from_the_future_says_enough() -> None:
    assert source_clock(0, 0.0, 0.0, 150.0).state == UNKNOWN
    assert source_clock(9, 1.0, 2.0, 150.0).state == UNKNOWN
    assert source_clock(1, -37.0, -37.0, 150.0).state == AHEAD
    assert source_clock(10, 28_800.4, 28_803.0, 150.0).offset_s == 28_800.4


def deliver(gateway: Gateway, source: str, path: str, *, ahead_s: float, batches: int = 12) -> None:
    """Batches of a gateway whose clock runs ahead, each of the minute before."""
    for batch in range(batches):
        now_ms = round((datetime.now(UTC).timestamp() + ahead_s) * 1000)
        # No two of one millisecond, however fast they come.
        at = datetime.fromtimestamp((now_ms - now_ms % 20 + batch) / 1000, UTC)
        row = {"camera": gateway.site.cameras[path], "captured_at": at.isoformat()}
        answer = gateway.send(
            json.dumps(row).encode() + b"\n", address=f"/api/v1/frames?source={source}&lang=en"
        )
        assert answer.get_json()["stored"] == 1, answer.text


def test_what_came_and_what_was_refused_is_shown_with_the_clock(gateway: Gateway) -> None:
    """One gateway is right, one 37 s ahead, one hands in a line that cannot be taken."""
    deliver(gateway, "gw-right", OWN, ahead_s=-0.5)
    deliver(gateway, "gw-ahead", CHILD, ahead_s=37.0)
    bad = gateway.lines(OWN, range(2)) + gateway.lines(OWN, range(3, 4), azimuth_deg=361)
    gateway.send(bad, address=ADDRESS)
    client = signed_in_client(gateway.app, gateway.engine, Role.ADMINISTRATOR)
    rows = client.get("/sources?lang=en&format=csv").text.splitlines()
    told = {line.split(",")[0]: line for line in rows[1:]}
    assert "speaks" in told["gw-right"] and ",on time," in told["gw-right"]
    assert ",runs ahead,3" in told["gw-ahead"]
    assert "azimuth_deg '361.0' is outside" in told["gw-a"] and "silent" in told["gw-a"]

    with transaction(gateway.engine, scope=WHOLE_SITE) as session:
        numbers = dict(session.execute(text("SELECT code, id FROM frame_source")).all())
    page = client.get(f"/sources/{numbers['gw-ahead']}?lang=en").text
    assert "It runs ahead by at least 3" in page and "Times of frames are never changed." in page
    page = client.get(f"/sources/{numbers['gw-a']}?lang=en").text
    address = page.split(f'href="/sources/{numbers["gw-a"]}/refused/')[1].split('"')[0]
    refused = client.get(f"/sources/{numbers['gw-a']}/refused/{address}?lang=en")
    assert refused.text.splitlines()[1].startswith("\"line 3: azimuth_deg '361.0'")
    assert client.get(f"/sources/{numbers['gw-right']}/refused/{address}").status_code == 404

    # Sentences about rows name cameras of any place: whoever sees a town is told how many, not which.
    town = signed_in_client(gateway.app, gateway.engine, Role.AUDITOR, CHILD)
    assert "azimuth_deg" not in town.get("/sources?lang=en").text
    assert town.get(f"/sources/{numbers['gw-a']}/refused/{address}").status_code == 404
    # Files tell of other places, too: none is named, and no link is given that leads nowhere.
    assert "batch-" in page
    shown = town.get(f"/sources/{numbers['gw-a']}?lang=en").text
    assert "Frames delivered in 7 days" in shown and "listed for whoever sees the whole site" in shown
    assert "batch-" not in shown and "/refused/" not in shown
    assert "batch-" not in town.get(f"/sources/{numbers['gw-a']}?lang=en&format=csv").text
    assert signed_in_client(gateway.app, gateway.engine, Role.PLANNER).get("/sources").status_code == 403


def test_what_a_probe_refused_stands_beside_the_deliveries(gateway: Gateway) -> None:
    """It is noted while the probe goes on: the same run, anew."""
    begun = datetime(2026, 11, 20, tzinfo=UTC)
    for rows, refused in ((5, 0), (9, 2)):
        with transaction(gateway.engine, scope=WHOLE_SITE) as session:
            probed = probed_camera(
                session, gateway.site.cameras[OWN], SourceSpec("probe-1s", 1.0, "stream"), now=begun
            )
            problems = ("packet 7: cannot be decoded",) if refused else ()
            note_watched(
                session,
                probed,
                Watched("rtsp://10.0.0.8/h264", begun, rows, refused, problems, begun),
                now=begun,
            )
    with transaction(gateway.engine, scope=WHOLE_SITE) as session:
        kept = session.execute(
            text("SELECT way, row_count, refused, problems ->> 0, newest_at FROM frame_file")
        ).all()
    assert [tuple(row) for row in kept] == [("probe", 9, 2, "packet 7: cannot be decoded", begun)]


def test_a_probe_of_three_days_delivered_each_day_what_it_made_that_day(gateway: Gateway) -> None:
    """Days begin at midnight of the site, 16:00 UTC; each note tells what the run made in all."""
    begun = datetime(2026, 11, 20, 15, tzinfo=UTC)
    notes = [(0.5, 1_800, 0), (1.5, 5_400, 1), (24.9, 89_640, 1), (26.0, 93_600, 3)]
    for hours, rows, refused in notes:
        now = begun + timedelta(hours=hours)
        with transaction(gateway.engine, scope=WHOLE_SITE) as session:
            probed = probed_camera(
                session, gateway.site.cameras[OWN], SourceSpec("probe-1s", 1.0, "stream"), now=now
            )
            problems = tuple(f"packet {number}" for number in range(refused))
            watched = Watched("rtsp://10.0.0.8/h264", begun, rows, refused, problems, now)
            note_watched(session, probed, watched, now=now)
    at = begun + timedelta(hours=26)
    with transaction(gateway.engine, scope=WHOLE_SITE) as session:
        kept = session.execute(
            text("SELECT row_count, refused, problems, stored_at FROM frame_file ORDER BY stored_at")
        ).all()
        told = sources_told(session, now=at).to_dict("records")[0]
    assert [tuple(row) for row in kept] == [
        (1_800, 0, [], begun + timedelta(hours=0.5)),
        (87_840, 1, ["packet 0"], begun + timedelta(hours=24.9)),
        (3_960, 2, ["packet 1", "packet 2"], at),
    ]
    assert (told["today"], told["week"], told["refused"]) == (3_960, 93_600, 3)


def test_a_source_whose_clock_is_ahead_is_heard_when_its_frames_came(gateway: Gateway) -> None:
    """A day's clock 20 h ahead: the last batch came three hours ago, and nothing since."""
    deliver(gateway, "gw-ahead", OWN, ahead_s=20 * 3600, batches=1)
    with transaction(gateway.engine, scope=WHOLE_SITE) as session:
        came = session.scalar(text("SELECT stored_at FROM frame_file"))
        states = [
            sources_told(session, now=came + timedelta(hours=hours)).to_dict("records")[0]["state"]
            for hours in (0, 3, 30)
        ]
        told = sources_told(session, now=came).to_dict("records")[0]
    assert states == ["speaks", "silent", "gone"]
    assert told["heard_at"] == came < told["newest_at"]


def test_a_site_without_sources_says_how_to_begin(gateway: Gateway, monkeypatch, tmp_path: Path) -> None:
    page = signed_in_client(gateway.app, gateway.engine, Role.ADMINISTRATOR).get("/sources?lang=en").text
    assert "No source yet" in page and "/api/v1/frames" in page
    url = gateway.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("LIANFANG_DATABASE_URL", url)
    monkeypatch.setenv("LIANFANG_OWNER_DATABASE_URL", url.replace("lianfang_app", "lianfang_owner"))
    told = CliRunner().invoke(main, ["frames", "sources", "--json"])
    assert told.exit_code == 0 and json.loads(told.stdout.splitlines()[-1]) == {"sources": []}, told.output
