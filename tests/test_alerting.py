"""Ground that is usually watched at this hour, and is not now: raised, continued, ended, in a small village.

A street of 100 m from south to north, and a school beside it at metre 20. Camera c0 stands at its south end
and c1 in its middle, both face north. At the level "observe" each sees the street from metre 4.09 before it
(below the picture: 4 m / tan(15° + 58.7° / 2)) to 30.72 (3840 px / (2 · 62.5 · tan 45°)). One gateway tells
of both every minute. 20:00 to 21:00 was analysed on each of the three days before, with both in order.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import geopandas as gpd
import pytest
from shapely import Point
from sqlalchemy import text
from sqlalchemy.orm import Session
from test_camera_services import cameras, site, source

from cameras.alerts import AlertSettings
from cameras.analysis import AnalysisSettings
from cameras.frames.times import epoch_ms
from cameras.services import SourceSpec, analyse, ingest_frames, store_cameras
from cameras.services.alerting import Checked, acknowledge, check_alerts, check_is_due, known_days
from cameras.services.analysing import stored_scene
from cameras.services.upkeep import register_maintenance, withdraw_maintenance
from geo import repository as places
from geo.errors import InputRefused, LianfangError

assert site
# 20:00 in Shanghai.
EVENING = datetime(2026, 11, 24, 12, tzinfo=UTC)
SETTINGS = AnalysisSettings()
CHOSEN = AlertSettings(window_min=15)
SEEN_MM = 26_629


def at(minute: float, *, day: int = 0) -> datetime:
    """Minutes after 20:00 of tonight, or of a day before."""
    return EVENING + timedelta(minutes=minute, days=-day)


class Village:
    """The site, and what happens in it."""

    def __init__(self, session: Session, folder: Path) -> None:
        self.session, self.folder, self.files = session, folder, 0

    def hand_in(
        self,
        start: float,
        end: float,
        *names: str,
        day: int = 0,
        source: str = "gw",
        interval_s: float = 60.0,
        kind: str = "gateway",
    ) -> None:
        """A frame a minute from a minute on and before another, of some cameras."""
        self.files += 1
        path = self.folder / f"{self.files}.csv"
        lines = ["camera,captured_at"]
        for minute in range(round(start), round(end)):
            lines += [f"{name},{at(minute, day=day).isoformat()}" for name in names]
        path.write_text("\n".join(lines) + "\n", encoding="utf8")
        # Each evening's frames came when it was over.
        ingest_frames(
            self.session,
            path,
            SourceSpec(source, interval_s, kind),
            now=at(end + 60, day=day),
            keep_good=True,
        )

    def analysed(self, day: int) -> int:
        """20:00 to 21:00 of a day before, analysed."""
        return analyse(self.session, start=at(0, day=day), end=at(60, day=day), author="test")

    def check(self, minute: float, chosen: AlertSettings = CHOSEN) -> Checked:
        return check_alerts(self.session, now=at(minute), analysis=SETTINGS, chosen=chosen)

    def alerts(self) -> list[dict]:
        """All alerts there are."""
        rows = self.session.execute(
            text(
                """SELECT a.id, a.cause, a.planned, a.common, a.street_mm, a.places, a.days, a.open_days,
                          a.since_at, a.first_seen_at, a.last_seen_at, a.missed, a.ended_at, a.ended_how,
                          a.reasons, a.jurisdiction_path::text AS path, GeometryType(a.geom) AS shape,
                          ARRAY(SELECT c.code FROM alert_camera ac JOIN camera c ON c.id = ac.camera_id
                                WHERE ac.alert_id = a.id ORDER BY 1) AS cameras
                   FROM alert a ORDER BY a.id"""
            )
        )
        return [dict(row) for row in rows.mappings()]


@pytest.fixture
def village(site: Session, tmp_path: Path) -> Village:
    store_cameras(site, cameras((114.005, 22.505), (114.005, 22.5055)), source("cameras"))
    batch = places.add_batch(
        site, kind="places", file_name="p", sha256="p", datum="wgs84", label="real", rows=1, author="test"
    )
    # 0.00018° of latitude are 20 m.
    school = {"key": "s", "kind": "school", "name": "小学"}
    places.add_places(
        site, gpd.GeoDataFrame([school], geometry=[Point(114.00501, 22.50518)], crs=4326), batch
    )
    made = Village(site, tmp_path)
    for day in (1, 2, 3):
        made.hand_in(-20, 60, "c0", "c1", day=day)
        made.analysed(day)
    made.hand_in(-20, 15, "c0", "c1")
    return made


def test_a_camera_lost_tonight_is_raised_once_it_fills_half_of_the_window(village: Village) -> None:
    """c0 speaks last at 20:14 and counts until 20:16:30: at 20:24 half of the quarter is."""
    village.hand_in(15, 26, "c1")
    assert village.check(24) == Checked(at(24), 3, 3)
    told = village.check(24.5)
    (alert,) = village.alerts()
    assert told.raised == (alert["id"],) and told.going_on == 0
    assert (alert["cause"], alert["planned"], alert["cameras"]) == ("outage", False, ["c0"])
    assert alert["street_mm"] == pytest.approx(SEEN_MM, abs=3) and alert["places"] == 1
    assert alert["shape"] == "GEOMETRYCOLLECTION" and alert["path"] == "t.v"
    assert (alert["days"], alert["open_days"], alert["reasons"]) == (3, 0, ["silent"])
    assert alert["since_at"] == at(16.5) and alert["first_seen_at"] == alert["last_seen_at"] == at(24.5)


def test_it_is_raised_within_a_minute_of_the_frames_that_show_it(village: Village) -> None:
    """As set from the start: c0 counts until 20:16:30, and a worker looks again within 20 s of 20:17."""
    village.hand_in(15, 18, "c1")
    usual = AlertSettings()
    assert village.check(16.5, usual).raised == ()
    (number,) = village.check(17 + 20 / 60, usual).raised
    (alert,) = village.alerts()
    assert (alert["id"], alert["cause"], alert["cameras"]) == (number, "outage", ["c0"])
    assert alert["since_at"] == at(16.5) and alert["first_seen_at"] - at(16.5) < timedelta(minutes=1)


def test_a_gateway_between_two_batches_alarms_nobody(village: Village) -> None:
    """It was heard at 20:14: its cameras count as not measured from 20:16:30, and are told at 20:24."""
    usual = AlertSettings()
    for minute in (17.5, 20, 23.9):
        assert village.check(minute, usual).raised == ()
    (number,) = village.check(24.1, usual).raised
    (alert,) = village.alerts()
    assert (alert["id"], alert["cause"], alert["cameras"]) == (number, "not_measured", ["c0", "c1"])
    # A loss that the gateway itself speaks of does not wait.
    village.session.execute(text("DELETE FROM alert"))
    village.hand_in(15, 26, "c1")
    assert [one["cause"] for one in village.alerts()] == []
    village.check(26, usual)
    assert [(one["cause"], one["cameras"]) for one in village.alerts()] == [("outage", ["c0"])]


def test_it_goes_on_as_one_alert_and_ends_when_two_checks_find_the_ground_watched(village: Village) -> None:
    village.hand_in(15, 60, "c1")
    (first,) = village.check(25).raised
    for minute in (25.5, 26, 30):
        told = village.check(minute)
        assert (told.raised, told.ended, told.going_on) == ((), (), 1)
    (alert,) = village.alerts()
    assert (alert["id"], alert["first_seen_at"], alert["last_seen_at"]) == (first, at(25), at(30))
    assert alert["since_at"] == at(16.5), "as the first check saw it, though its window has left that behind"
    # Back from 20:31 on: at 20:39 more than half of the quarter is covered.
    village.hand_in(31, 60, "c0")
    assert village.check(38).going_on == 1 and village.alerts()[0]["missed"] == 0
    told = village.check(39)
    assert (told.ended, told.going_on, village.alerts()[0]["missed"]) == ((), 1, 1)
    told = village.check(39.5)
    assert (told.ended, told.going_on) == ((first,), 0)
    (alert,) = village.alerts()
    assert (alert["ended_at"], alert["ended_how"], alert["last_seen_at"]) == (at(39.5), "watched", at(38))
    assert village.check(40) == Checked(at(40), 3, 3)


def test_what_flickers_for_one_check_is_one_alert(village: Village) -> None:
    village.hand_in(15, 60, "c1")
    village.check(30)
    village.session.execute(text("UPDATE alert SET missed = 1"))
    village.check(30.5)
    (alert,) = village.alerts()
    assert (alert["missed"], alert["ended_at"], alert["last_seen_at"]) == (0, None, at(30.5))


def test_a_camera_lost_later_is_an_alert_of_its_own(village: Village) -> None:
    """c0 and c1 share no ground; c1 counts until 20:32:30."""
    village.hand_in(15, 31, "c1")
    (first,) = village.check(25).raised
    # A third camera far away tells that the gateway lives.
    store_cameras(village.session, cameras_named("far", (114.009, 22.509)), source("more"))
    village.hand_in(0, 60, "far")
    (second,) = village.check(42).raised
    one, two = village.alerts()
    assert (one["id"], one["cameras"], two["id"], two["cameras"]) == (first, ["c0"], second, ["c1"])
    assert two["since_at"] == at(32.5) and two["street_mm"] == pytest.approx(SEEN_MM, abs=3)
    assert one["last_seen_at"] == two["last_seen_at"] == at(42)


def test_a_gateway_that_falls_silent_is_one_loss_of_all_its_cameras(village: Village) -> None:
    """Nobody knows more of either camera from 20:16:30 on: not measured, and together."""
    (number,) = village.check(25).raised
    (alert,) = village.alerts()
    assert (alert["id"], alert["cause"], alert["common"]) == (number, "not_measured", "gw")
    assert alert["cameras"] == ["c0", "c1"] and alert["street_mm"] == pytest.approx(2 * SEEN_MM, abs=5)
    # The gateway speaks again, of c1 alone: the same loss goes on as what it is now.
    village.hand_in(24, 45, "c1")
    told = village.check(41)
    assert (told.raised, told.going_on) == ((), 1)
    (alert,) = village.alerts()
    assert (alert["id"], alert["cause"], alert["cameras"], alert["common"]) == (number, "outage", ["c0"], "")


def test_each_source_is_read_as_far_back_as_it_counts(village: Village) -> None:
    """An inspection round of six hours has shown c1 at 16:00; the gateway's frames of then are not read."""
    village.hand_in(15, 60, "c1")
    village.hand_in(-240, -239, "c1", source="round", interval_s=21_600.0, kind="inspection")
    start, end = at(10), at(25)
    whole, brief = (
        stored_scene(village.session, start, end, brief=is_brief).frames for is_brief in (False, True)
    )
    assert brief.captured_ms.min() == epoch_ms(at(-240))
    gateway = brief.captured_ms[brief.source != brief.source[brief.captured_ms.argmin()]]
    assert gateway.min() == epoch_ms(at(5))
    # Thirty hours before: the evening of the day before is read, too.
    assert whole.captured_ms.min() == epoch_ms(at(-20, day=1))
    (number,) = village.check(25).raised
    assert [one["id"] for one in village.alerts()] == [number]


def test_a_camera_whose_direction_only_its_frames_tell_is_told_as_lost(village: Village) -> None:
    """c1 has no direction in its record; its frames say north. Without them its ground is uncertain."""
    session = village.session
    session.execute(
        text("UPDATE camera SET azimuth_deg = NULL, azimuth_quality = 'unknown' WHERE code = 'c1'")
    )
    session.execute(
        text("UPDATE frame SET azimuth_deg = 0 WHERE camera_id = (SELECT id FROM camera WHERE code = 'c1')")
    )
    session.execute(text("DELETE FROM analysis"))
    for day in (1, 2, 3):
        village.analysed(day)
    village.hand_in(15, 60, "c0")
    assert village.check(24).raised == ()
    (number,) = village.check(25).raised
    (alert,) = village.alerts()
    assert (alert["id"], alert["cause"], alert["cameras"]) == (number, "outage", ["c1"])
    assert alert["street_mm"] == pytest.approx(SEEN_MM, abs=3) and alert["since_at"] == at(16.5)
    assert alert["reasons"] == ["silent"]


def test_what_is_usually_open_is_not_told(village: Village) -> None:
    """c0 was lost on one of the three days before: a third is more than a fifth, and less than a half."""
    village.session.execute(
        text(
            "DELETE FROM frame WHERE captured_at BETWEEN :a AND :b AND camera_id = ("
            "SELECT id FROM camera WHERE code = 'c0')"
        ),
        {"a": at(-20, day=2), "b": at(60, day=2)},
    )
    village.analysed(2)
    village.hand_in(15, 60, "c1")
    assert village.check(25).raised == () and village.alerts() == []
    told = village.check(25.5, AlertSettings(window_min=15, open_share=0.5))
    assert len(told.raised) == 1 and village.alerts()[0]["open_days"] == 1
    # What is usual may change under an open alert: it ends, for that reason.
    village.check(26)
    village.check(26.5)
    assert village.alerts()[0]["ended_how"] == "usual"


def test_the_newest_analysis_of_a_day_tells_what_was_open(village: Village) -> None:
    """An older one of that day, made before frames came late, counts no more."""
    before = [day.parts["analysis"].tolist() for day in known_days(village.session, at(25), SETTINGS, CHOSEN)]
    again = village.analysed(2)
    days = known_days(village.session, at(25), SETTINGS, CHOSEN)
    assert [day.back for day in days] == [1, 2, 3]
    assert [day.parts["analysis"].tolist() for day in days] == [before[0], [again], before[2]]


def test_an_analysis_made_otherwise_or_of_another_hour_is_no_usual_day(village: Village) -> None:
    other = AnalysisSettings(coverage=SETTINGS.coverage.__class__(level="detect"))
    assert known_days(village.session, at(25), other, CHOSEN) == []
    assert len(known_days(village.session, at(60), SETTINGS, CHOSEN)) == 3
    assert known_days(village.session, at(61), SETTINGS, CHOSEN) == []
    # 21:00 of the day before was analysed, 14 days ago was not.
    assert (
        len(known_days(village.session, at(25, day=-1), SETTINGS, AlertSettings(window_min=15, days=3))) == 2
    )


def test_with_too_few_days_nothing_is_told_and_what_was_open_ends(village: Village) -> None:
    village.hand_in(15, 60, "c1")
    few = AlertSettings(window_min=15, fewest_days=4)
    told = village.check(25, few)
    assert (told.days, told.fewest_days, told.is_judged, told.raised) == (3, 4, False, ())
    assert not check_is_due(village.session, at(26), SETTINGS, few)
    (number,) = village.check(26).raised
    assert check_is_due(village.session, at(27), SETTINGS, few), "an alert that nobody can judge any more"
    assert village.check(27, few).going_on == 1
    assert village.check(27.5, few).ended == (number,)
    assert village.alerts()[0]["ended_how"] == "unjudged"


def test_a_camera_under_registered_maintenance_alarms_nobody_and_is_told(village: Village) -> None:
    number = register_maintenance(
        village.session, codes=["c0"], start=at(0), end=at(40), reason="换球机", author="test", now=at(-60)
    )
    village.hand_in(15, 60, "c1")
    told = village.check(25)
    assert (told.raised, told.planned) == ((), 1)
    (planned,) = village.alerts()
    assert planned["planned"] and planned["cameras"] == ["c0"]
    # Withdrawn: from now on it is an alert, and the other is over.
    withdraw_maintenance(village.session, number, author="test", now=at(26))
    assert len(village.check(26.5).raised) == 1
    village.check(27)
    one, two = village.alerts()
    assert (one["ended_how"], two["planned"], two["ended_at"]) == ("maintenance", False, None)


def test_a_clock_that_does_not_go_on_is_refused(village: Village) -> None:
    village.check(25)
    with pytest.raises(
        LianfangError, match="the last check was of 2026-11-24 20:25:00, and 2026-11-24 20:25:00"
    ):
        village.check(25)


def test_it_is_due_when_frames_came_or_a_silence_begins_to_count(village: Village) -> None:
    """The gateway spoke last at 20:14: its silence counts from 20:16:30, and opens the window at 20:24."""

    def due(minute: float) -> bool:
        return check_is_due(village.session, at(minute), SETTINGS, CHOSEN)

    assert due(15)
    village.check(15)
    assert not due(15) and not due(16) and due(17)
    village.check(17)
    assert not due(23.9) and due(24.1)
    assert len(village.check(24.1).raised) == 1
    village.check(55)
    assert not due(60)
    village.hand_in(15, 25, "c1")
    assert due(61) and not due(25)


def test_acknowledged_once_with_a_note(village: Village) -> None:
    village.hand_in(15, 60, "c1")
    (number,) = village.check(25).raised
    found = acknowledge(village.session, number, author="li", note=" 电工在路上 ", now=at(27))
    assert (found.acknowledged_by, found.acknowledged_at, found.note) == ("li", at(27), "电工在路上")
    village.check(28)
    assert village.session.scalar(text("SELECT note FROM alert")) == "电工在路上"
    with pytest.raises(InputRefused, match="acknowledged by li already"):
        acknowledge(village.session, number, author="wang", note="", now=at(29))
    with pytest.raises(InputRefused, match="there is no alert 424242"):
        acknowledge(village.session, 424242, author="li", note="", now=at(29))
    with pytest.raises(InputRefused, match="the note has 501 characters"):
        village.session.execute(text("UPDATE alert SET acknowledged_at = NULL, acknowledged_by = NULL"))
        acknowledge(village.session, number, author="li", note="x" * 501, now=at(29))


def cameras_named(name: str, *points: tuple[float, float]) -> gpd.GeoDataFrame:
    """As `cameras`, by other codes."""
    return cameras(*points).assign(code=[name] * len(points))
