"""Who saw a place: a scene worked by hand, and the law that ties the answer to the analysis of coverage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString, MultiPolygon, Point, box
from sqlalchemy import text
from sqlalchemy.orm import Session

from cameras.analysis import analyse_scene
from cameras.evidence import SourceTable, deliveries
from cameras.footage import Sights, Target, sightings
from cameras.footage_answer import Sighting
from cameras.frames import FrameBatch
from cameras.frames.times import epoch_ms
from cameras.repository import frames as frame_store
from cameras.repository import records
from cameras.repository.footage import said_of_others
from cameras.services import SourceSpec, analyse, ingest_frames, store_cameras
from cameras.services.analysing import stored_scene
from cameras.services.finding import who_saw
from cameras.views import pose_cameras
from geo import repository as places
from geo.crs import to_lonlat, to_metric
from geo.datums import from_wgs84
from geo.db import ALWAYS, write_frame
from geo.errors import InputRefused, LianfangError
from geo.services import Source, open_site, site_crs, store_jurisdictions

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ASKED = NOON, NOON + timedelta(hours=1)
NOW = NOON + timedelta(days=2)
# Metres east and north of the place, where it looks (None: nobody knows), whether it turns. All have 1920
# pixels over 90°, which is 960 / d pixels per metre at d metres: detect to 38.4 m, observe to 15.36 m.
CAMERAS = {
    "near": (0, -12, 0.0, False),
    "walled": (-30, 0, 90.0, False),
    "lost": (24, 0, 270.0, False),
    "dome": (0, 20, None, True),
    "unknown": (0, -30, None, False),
    "far": (0, 1000, 0.0, False),
}
MIDDLE = Point(114.005, 22.505)


def source(kind: str) -> Source:
    return Source(kind, kind, "wgs84", "real", "test")


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def ground(session: Session, *xy: tuple[float, float]) -> gpd.GeoSeries:
    """Points so many metres east and north of the place, EPSG:4326."""
    crs = site_crs(session)
    middle = to_metric(gpd.GeoSeries([MIDDLE], crs=4326), crs).iloc[0]
    return to_lonlat(gpd.GeoSeries([Point(middle.x + x, middle.y + y) for x, y in xy], crs=crs))


def frames(folder: Path) -> Path:
    """One gateway, a frame a minute of each camera; what happens to each stands in the test."""
    lines = ["camera,captured_at,azimuth_deg,event,osd_at,luma"]
    for minute in range(-60, 60):
        when = at(minute).isoformat()
        for code in CAMERAS:
            azimuth = osd = ""
            luma = "10" if code == "near" and 50 <= minute < 55 else "120"
            if code == "lost" and 20 <= minute < 30:
                if minute == 20:
                    lines.append(f"lost,{when},,lost,,")
                continue
            if code == "dome":
                azimuth = "0" if 40 <= minute < 50 else "180"
            if code == "near":
                osd = (at(minute) + timedelta(seconds=300)).isoformat()
            lines.append(f"{code},{when},{azimuth},,{osd},{luma}")
    path = folder / "frames.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf8")
    return path


@pytest.fixture
def site(session: Session, tmp_path: Path) -> Session:
    """The scene: a street, a wall between `walled` and the place, six cameras and two hours of frames."""
    open_site(
        session, name="村", name_en="village", bounds=(114.0, 22.5, 114.01, 22.51), timezone="Asia/Shanghai"
    )
    ends = ground(session, (-60, -3), (60, -3))
    nodes = gpd.GeoDataFrame(index=[1, 2], geometry=list(ends), crs=4326)
    flags = dict.fromkeys(places.ROAD_FLAGS, True) | {"steps": False}
    street = {"u": 1, "v": 2, "way_id": 7, "name": "村道", "road_class": "residential", **flags}
    edges = gpd.GeoDataFrame([street], geometry=[LineString(list(ends))], crs=4326)
    batch = places.add_batch(
        session, kind="roads", file_name="r", sha256="r", datum="wgs84", label="real", rows=1, author="test"
    )
    places.add_roads(session, nodes, edges, batch)
    area = MultiPolygon([box(114.0, 22.5, 114.01, 22.51)])
    columns = {"path": ["t", "t.v"], "code": ["t", "v"], "level": [0, 1], "name": ["镇", "村"]}
    tree = gpd.GeoDataFrame(
        {**columns, "name_en": [None, None], "origin": ["synthetic"] * 2}, geometry=[area, area], crs=4326
    )
    store_jurisdictions(session, tree, source("jurisdictions"))
    crs = site_crs(session)
    middle = to_metric(gpd.GeoSeries([MIDDLE], crs=4326), crs).iloc[0]
    wall = to_lonlat(gpd.GeoSeries([box(middle.x - 20, middle.y - 5, middle.x - 15, middle.y + 5)], crs=crs))
    walls = gpd.GeoDataFrame({"key": ["w"], "height_m": [np.nan]}, geometry=list(wall), crs=4326)
    places.add_obstructions(session, walls, batch)
    rows = pd.DataFrame(
        [
            {
                "code": code,
                "name": f"机 {code}",
                "azimuth_deg": np.nan if azimuth is None else azimuth,
                "azimuth_quality": "unknown" if azimuth is None else "measured",
                "ptz": turns,
                "management_unit": "维保一队",
                "record_days": 30.0,
            }
            for code, (_, _, azimuth, turns) in CAMERAS.items()
        ]
    )
    listed = gpd.GeoDataFrame(
        rows, geometry=list(ground(session, *[one[:2] for one in CAMERAS.values()])), crs=4326
    )
    # From straight below to the horizon: no dead zone, no far edge.
    listed["tilt_deg"], listed["vfov_deg"], listed["mount_height_m"] = 45.0, 90.0, 4.0
    listed["height_px"] = np.nan
    listed["hfov_deg"], listed["width_px"], listed["parent_code"] = 90.0, 1920.0, None
    store_cameras(session, listed, source("cameras"))
    home = {"camera": records.camera_ids(session)["dome"], "name": "home", "azimuth_deg": 180.0}
    blank = dict.fromkeys(("tilt_deg", "hfov_deg", "vfov_deg", "width_px", "from_s", "until_s"), np.nan)
    records.add_presets(session, pd.DataFrame([{**home, **blank}]))
    ingest_frames(session, frames(tmp_path), SourceSpec("gw"), now=NOW)
    return session


def asked(session: Session, **changes: object) -> dict[str, Sighting]:
    found = who_saw(session, [(MIDDLE.x, MIDDLE.y)], *ASKED, now=NOW, **changes)  # type: ignore[arg-type]
    return {one.code: one for one in found.sightings}


def pieces(one: Sighting) -> list[tuple[float, float, str, str]]:
    """Minutes after noon, verdict, reason."""
    return [
        (
            (part.start - NOON) / timedelta(minutes=1),
            (part.end - NOON) / timedelta(minutes=1),
            part.verdict,
            part.reason,
        )
        for part in one.stretches
    ]


def test_the_scene_worked_by_hand(site: Session) -> None:
    """Each camera as the picture in the head of this file says, to the millisecond."""
    found = asked(site)
    # 80, 48, 40 pixels per metre; then what is not certain; a wall comes last.
    assert list(found) == ["near", "dome", "lost", "unknown", "walled"]
    assert pieces(found["near"]) == [
        (0, 50, "certain", ""),
        (50, 55, "degraded", "dark"),
        (55, 60, "certain", ""),
    ]
    assert pieces(found["lost"]) == [
        (0, 20, "certain", ""),
        (20, 30, "outage", "lost"),
        (30, 60, "certain", ""),
    ]
    assert pieces(found["dome"]) == [
        (0, 40, "certain", ""),
        (40, 50, "elsewhere", ""),
        (50, 60, "certain", ""),
    ]
    assert pieces(found["unknown"]) == [(0, 60, "possible", "")]
    assert pieces(found["walled"]) == [(0, 60, "occluded", "")]
    for code, (x, y, azimuth, _) in CAMERAS.items():
        if code == "far":
            continue
        one = found[code]
        metres = float(np.hypot(x, y))
        assert one.distance_m == pytest.approx(metres, abs=0.001)
        assert one.density == pytest.approx(960 / metres, rel=1e-4)
        assert one.bearing_deg == pytest.approx(np.degrees(np.arctan2(-x, -y)) % 360, abs=0.01)
        if azimuth is not None:
            assert one.azimuth_deg == pytest.approx(azimuth, abs=1e-6)
    assert found["near"].level == "observe" and found["dome"].level == found["lost"].level == "detect"
    assert found["unknown"].azimuth_deg is None and found["walled"].level == ""
    assert [part.azimuth_deg for part in found["dome"].stretches] == pytest.approx([180, 0, 180])
    assert found["lost"].seconds == 50 * 60


def test_where_to_fetch_it_and_which_time_its_clock_shows(site: Session) -> None:
    """`near` shows a time five minutes ahead; nobody read the other clocks."""
    found = asked(site)
    assert found["near"].clock_s == 300 and found["lost"].clock_s is None
    assert found["near"].unit == "维保一队" and found["near"].record_days == 30


def test_what_lists_of_recordings_say(site: Session) -> None:
    """By hand: a list seen a day and a half after the asked time began names twenty of the fifty minutes in
    which `lost` had the place in view, all of `dome`, and of `near` it says that there is nothing."""
    ids = records.camera_ids(site)
    seen = NOON + timedelta(hours=36)
    source_id = site.scalar(text("SELECT min(id) FROM frame_source"))
    for code, table, start, end in (
        ("near", "recording_list", at(-60), at(60)),
        ("lost", "recording_list", at(0), at(20)),
        ("lost", "recording", at(0), at(20)),
        ("dome", "recording_list", at(-1440), at(60)),
        ("dome", "recording", at(-1440), at(60)),
    ):
        more = ("kind, ", "'time', ") if table == "recording" else ("", "")
        site.execute(
            text(
                f"""INSERT INTO {table} (camera_id, source_id, {more[0]}period, seen_at)
                    VALUES (:camera, :source, {more[1]}tstzrange(:start, :end), :seen)"""
            ),
            {"camera": ids[code], "source": source_id, "start": start, "end": end, "seen": seen},
        )
    found = asked(site)
    # What is known to be recorded comes before what is known not to be, of what is certain.
    assert list(found) == ["dome", "lost", "near", "unknown", "walled"]
    assert (found["dome"].recording, found["dome"].recorded_s) == ("yes", 50 * 60)
    assert (found["lost"].recording, found["lost"].recorded_s) == ("part", 20 * 60)
    assert found["near"].recording == "no" and found["unknown"].recording == "unknown"
    # The oldest of `dome` was 60 hours old when the list was seen; the asked time is now 48 hours old.
    assert found["dome"].days_left == pytest.approx(0.5) and found["dome"].days_from == "list"
    # 30 days by the record, of which two have gone.
    assert found["unknown"].days_left == pytest.approx(28) and found["unknown"].days_from == "record"
    # A list of the asked hour alone, seen when it was over, does not tell that its recording went in an hour.
    site.execute(text("DELETE FROM recording WHERE camera_id <> :one"), {"one": ids["lost"]})
    site.execute(text("DELETE FROM recording_list WHERE camera_id <> :one"), {"one": ids["lost"]})
    for table in ("recording", "recording_list"):
        site.execute(
            text(f"UPDATE {table} SET period = tstzrange(:start, :end), seen_at = :end"),
            {"start": at(0), "end": at(60)},
        )
    lost = asked(site)["lost"]
    assert lost.recording == "yes" and lost.days_left == pytest.approx(28) and lost.days_from == "record"


def test_a_datum_moves_the_place_and_nothing_else(site: Session) -> None:
    """The same place in the datum of a phone's map gives the same answer."""
    lon, lat = from_wgs84([MIDDLE.x], [MIDDLE.y], "gcj02")
    there = who_saw(site, [(float(lon[0]), float(lat[0]))], *ASKED, now=NOW, datum="gcj02")
    here = asked(site)
    assert [one.code for one in there.sightings] == list(here)
    assert [pieces(one) for one in there.sightings] == [pieces(one) for one in here.values()]


def test_ground_around_the_place_is_seen_in_part(site: Session) -> None:
    """A circle of 5 m about the place, 12 m north of `near`: all of it lies in its quarter turn; of a circle
    about the camera itself, the quarter in front of it."""
    assert asked(site, radius_m=5.0)["near"].share == pytest.approx(1.0, abs=1e-9)
    point = ground(site, (0, -12)).iloc[0]
    found = who_saw(site, [(point.x, point.y)], *ASKED, now=NOW, radius_m=10.0)
    assert next(one.share for one in found.sightings if one.code == "near") == pytest.approx(0.25, abs=0.001)
    two = [(one.x, one.y) for one in ground(site, (0, 0), (0, -40))]
    several = who_saw(site, two, *ASKED, now=NOW)
    near = next(one for one in several.sightings if one.code == "near")
    assert near.share == 0.5 and near.distance_m == pytest.approx(12, abs=0.001)


def test_after_its_frames_are_gone_the_stored_analysis_answers(site: Session) -> None:
    """The same cameras for the same times; where the dome could look, its preset tells."""
    before = asked(site)
    number = analyse(site, start=NOON, end=ASKED[1], author="test")
    site.execute(text("DELETE FROM frame"))
    found = who_saw(site, [(MIDDLE.x, MIDDLE.y)], *ASKED, now=NOW)
    assert found.basis == "analysis" and found.analysis == number and found.days_without_frames == 1
    assert {one.code: pieces(one) for one in found.sightings} == {
        code: pieces(one) for code, one in before.items()
    }
    assert next(one.clock_s for one in found.sightings if one.code == "near") == 300
    # Once the day is removed for good, what no analysis covers is refused, and not told as a loss.
    site.execute(text("UPDATE frame_day SET removed_at = now(), analyses = ARRAY[:one]"), {"one": number})
    assert who_saw(site, [(MIDDLE.x, MIDDLE.y)], *ASKED, now=NOW).analysis == number
    with pytest.raises(LianfangError, match=f"kept in analysis {number}"):
        who_saw(site, [(MIDDLE.x, MIDDLE.y)], at(-30), at(30), now=NOW)
    site.execute(text("UPDATE frame_day SET removed_at = NULL, analyses = '{}'"))
    # Without both nobody knows anything, and that is what is said.
    site.execute(text("DELETE FROM analysis"))
    told = asked(site)
    assert {one.verdict for code, one in told.items() if code != "walled"} == {"not_measured", "possible"}


def test_a_stored_view_from_above_is_as_fine_as_its_way_through_the_air(site: Session) -> None:
    """`lost`, 24 m away, was 7 m up: 25 m along the ray, where 1920 pixels over 90° are 38.4 a metre.

    `walled` was carried: while it drove past, a wall stood between; its record is far away."""
    number = analyse(site, start=NOON, end=ASKED[1], author="test")
    site.execute(text("DELETE FROM frame"))
    ids = records.camera_ids(site)
    site.execute(text("UPDATE pose SET above_m = 7 WHERE camera_id = :one"), {"one": ids["lost"]})
    site.execute(text("UPDATE pose SET travels = true WHERE camera_id = :one"), {"one": ids["walled"]})
    site.execute(
        text("UPDATE camera SET mobile_device = 1, geom = ST_Translate(geom, 0.5, 0) WHERE id = :one"),
        {"one": ids["walled"]},
    )
    found = asked(site)
    assert found["lost"].density == pytest.approx(38.4, rel=1e-4)
    assert found["lost"].distance_m == pytest.approx(24, abs=0.001)
    assert pieces(found["walled"]) == [(0, 60, "occluded", "")]
    # An analysis of an older program did not note it.
    site.execute(
        text("UPDATE pose SET east_m = NULL, north_m = NULL, above_m = NULL, travels = false"),
    )
    older = asked(site)
    assert "walled" not in older and older["lost"].density == pytest.approx(40, rel=1e-4)
    assert site.scalar(text("SELECT max(id) FROM analysis")) == number


def test_what_an_analysis_noted_of_deliveries_is_what_frames_tell(site: Session) -> None:
    """Nobody was heard from minute 20 to 40. An analysis of the first half hour stands for its frames, not
    where frames came after it, nor where it waited for a source longer."""
    site.execute(
        text("DELETE FROM frame WHERE captured_at >= :a AND captured_at < :b"), {"a": at(20), "b": at(40)}
    )
    sources = frame_store.sources(site)
    known = SourceTable.of(sources, 2.5)

    def runs(lost_intervals: float = 2.5) -> list[tuple[float, float]]:
        said = said_of_others(site, [], sources, at(-10), at(50), 5, lost_intervals)
        none = FrameBatch.of([], [])
        found = deliveries(none, known, np.zeros(0, dtype=np.int64), said)
        return [((a - epoch_ms(NOON)) / 60e3, (b - epoch_ms(NOON)) / 60e3) for _, a, b in found.to_numpy()]

    # From five intervals before.
    first = -10 - 5 * float(sources["expected_interval_s"].iloc[0]) / 60
    assert runs() == [(first, 19), (40, 49)]
    analyse(site, start=NOON, end=at(30), author="test")
    site.execute(text("UPDATE frame_day SET changed_at = now() - interval '1 hour'"))
    assert runs() == [(first, 19), (40, 49)]
    site.execute(
        text("DELETE FROM frame WHERE captured_at >= :a AND captured_at < :b"), {"a": at(0), "b": at(30)}
    )
    assert runs() == [(first, 19), (40, 49)]
    assert runs(4.0) == [(first, -1), (40, 49)]
    site.execute(text("UPDATE frame_day SET changed_at = now() + interval '1 hour'"))
    assert runs() == [(first, -1), (40, 49)]


def test_nothing_is_told_of_what_cannot_be_asked(site: Session) -> None:
    """The future, an empty time, days on end, a place on the other side of the world, too wide a circle."""
    here = [(MIDDLE.x, MIDDLE.y)]
    for points, start, end, more in (
        (here, NOW, NOW + timedelta(hours=1), {}),
        (here, NOON, NOON, {}),
        (here, NOON - timedelta(days=4), NOON, {}),
        ([(22.505, 114.005)], *ASKED, {}),
        (here, *ASKED, {"radius_m": 201.0}),
        ([], *ASKED, {}),
    ):
        with pytest.raises(InputRefused):
            who_saw(site, points, start, end, now=NOW, **more)  # type: ignore[arg-type]
    # What has begun is told up to now.
    assert who_saw(site, here, *ASKED, now=at(30)).end == at(30)


def test_where_nobody_is_in_reach_there_is_nothing_to_tell(site: Session) -> None:
    """440 m from one camera, out of its reach, and 540 m from one that turns, which may zoom."""
    point = ground(site, (0, 560)).iloc[0]
    found = who_saw(site, [(point.x, point.y)], *ASKED, now=NOW)
    assert found.near == 1 and found.sightings == ()


def test_certain_is_what_the_analysis_calls_covered(site: Session) -> None:
    """For forty places: the time in which some camera is told as certain at a level or better is, to the
    millisecond, the time for which an analysis at that level counts the place as covered."""
    rng = np.random.default_rng(5)
    spots = [(float(x), float(y)) for x, y in rng.uniform(-45, 45, (40, 2))]
    count = len(spots)
    write_frame(
        site,
        "place",
        gpd.GeoDataFrame(
            {
                "key": [f"p{n}" for n in range(count)],
                "kind": ["school"] * count,
                "name": [""] * count,
                "jurisdiction_path": ["t.v"] * count,
                "batch_id": [site.scalar(text("SELECT min(id) FROM import_batch"))] * count,
                "valid": [ALWAYS] * count,
            },
            geometry=list(ground(site, *spots)),
            crs=4326,
        ).rename_geometry("geom"),
    )
    scene = stored_scene(site, *ASKED)
    period = (epoch_ms(ASKED[0]), epoch_ms(ASKED[1]))
    result = analyse_scene(scene, period)
    viewers = pose_cameras(result.availability.poses, result.points)
    nothing = gpd.GeoSeries([], crs=viewers.crs)
    sights = Sights(viewers, result.footprints, result.footprints["detect"], nothing)
    some = 0
    for number, level in enumerate(result.footprints):
        covered = result.coverages[level]
        atoms = covered.ground.atoms[covered.ground.atoms["ground"] == "place"]
        counted = covered.by_atom().loc[atoms.index, "covered"].to_numpy()
        good = set(list(result.footprints)[number:])
        for place, milliseconds in zip(scene.places.geometry, counted, strict=True):
            told = sightings(
                Target(gpd.GeoSeries([place], crs=viewers.crs)), sights, result.availability.segments, period
            )
            told = told[(told["verdict"] == "certain") & told["level"].isin(good)]
            assert _united(told) == milliseconds
            some += 0 < milliseconds < period[1] - period[0]
    assert some > 8, "places that are covered for a part of the time"


def _united(told: pd.DataFrame) -> int:
    """Milliseconds in at least one of some pieces."""
    total = reached = 0
    for start, end in sorted(zip(told["start_ms"], told["end_ms"], strict=True)):
        total += max(0, end - max(start, reached))
        reached = max(reached, end)
    return total
