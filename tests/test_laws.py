"""Laws of a whole analysis, from frames to gaps: what must hold of every scene, whatever its figures are."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from coverage_strategies import CRS, leaf_frame, place_frame, street_frame
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, box
from sqlalchemy import text
from sqlalchemy.orm import Session
from test_camera_services import DAY, NOW, cameras, site, source

from cameras.analysis import AnalysisResult, AnalysisSettings, Scene, analyse_scene
from cameras.causes import CAUSE_NAMES
from cameras.coverage import Coverage, CoverageSettings
from cameras.frames import FrameBatch
from cameras.services import SourceSpec, analyse, ingest_frames, store_cameras

assert site
MINUTE = 60_000
HOUR = 60 * MINUTE
PERIOD = (0, HOUR)
LEVEL = "observe"
# A law is about every scene: each run draws new ones, and few, for an analysis takes a fifth of a second.
LAW = settings(max_examples=5, deadline=None)

GATEWAY, ROUND, OWN = 1, 2, 3
SOURCES = pd.DataFrame(
    {"kind": ["gateway", "inspection", "gateway"], "expected_interval_s": [60.0, 600.0, 60.0]},
    index=pd.Index([GATEWAY, ROUND, OWN], name="source"),
)
# Off whole metres, so that no street runs exactly along a footprint's rim.
_OFF = 0.1370137
WITNESS = 9


def camera_frame(rows: dict[int, dict[str, object]]) -> gpd.GeoDataFrame:
    """CAMERAS by id; what is not given is not known."""
    points = [Point(row["x"] + _OFF, row["y"] + _OFF) for row in rows.values()]  # type: ignore[operator]
    fields = ("azimuth_deg", "hfov_deg", "width_px", "tilt_deg", "vfov_deg", "height_px", "mount_height_m")
    columns = {name: [row.get(name, np.nan) for row in rows.values()] for name in fields}
    quality = [
        row.get("azimuth_quality", "measured" if "azimuth_deg" in row else "unknown") for row in rows.values()
    ]
    return gpd.GeoDataFrame(
        {"code": [f"c{number}" for number in rows], **columns, "azimuth_quality": quality, "ptz": False},
        geometry=gpd.GeoSeries(points, crs=CRS).to_numpy(),
        index=pd.Index(list(rows), name="camera_id"),
        crs=CRS,
    )


LENS = {"hfov_deg": 90.0, "width_px": 1920.0}
CAMERAS = camera_frame(
    {
        1: {"x": 5, "y": 2, "azimuth_deg": 90.0, **LENS},
        2: {"x": 30, "y": -3},
        3: {"x": 55, "y": 3, "azimuth_deg": 270.0, "azimuth_quality": "coarse", **LENS},
        WITNESS: {"x": 900, "y": 900, "azimuth_deg": 0.0, **LENS},
    }
)


def runs(cameras_: tuple[int, ...] = (1, 2, 3), *, spoilt: bool = True) -> st.SearchStrategy[list[tuple]]:
    """When a source speaks of a camera: camera, source, first minute, minutes, direction, luma."""
    return st.lists(
        st.tuples(
            st.sampled_from(cameras_),
            st.sampled_from([GATEWAY, GATEWAY, ROUND]),
            st.integers(-10, 59),
            st.integers(1, 45),
            st.sampled_from([None, 90.0, 180.0, 270.0]),
            st.sampled_from([120.0, 120.0, 10.0] if spoilt else [120.0]),
        ),
        max_size=7,
    )


def frames_of(told: list[tuple], lost: list[tuple[int, int]] = ()) -> FrameBatch:  # type: ignore[assignment]
    """One frame a minute (a round: each ten), later stretches over earlier ones; and loss events."""
    by_key: dict[tuple[int, int, int], tuple[float, float, int]] = {}
    for camera, speaker, first, minutes, azimuth, luma in told:
        step = 10 if speaker == ROUND else 1
        for minute in range(first, first + minutes, step):
            key = (camera, speaker, minute * MINUTE + 1000 * camera)
            by_key[key] = (np.nan if azimuth is None else azimuth, luma, 0)
    for camera, at in lost:
        by_key[(camera, GATEWAY, at)] = (np.nan, np.nan, 1)
    keys = sorted(by_key)
    return FrameBatch.of(
        [key[0] for key in keys],
        [key[2] for key in keys],
        source=[key[1] for key in keys],
        azimuth_deg=[by_key[key][0] for key in keys],
        luma=[by_key[key][1] for key in keys],
        event=[by_key[key][2] for key in keys],
        hfov_deg=[np.nan if by_key[key][2] else 90.0 for key in keys],
        width_px=[np.nan if by_key[key][2] else 1920.0 for key in keys],
    )


def scene_of(frames: FrameBatch, cameras_: gpd.GeoDataFrame = CAMERAS) -> Scene:
    """Two streets that cross, a school, a wall, two leaves."""
    return Scene(
        cameras=cameras_,
        presets=pd.DataFrame(),
        sources=SOURCES,
        expected=pd.DataFrame({"camera": [1], "source": [GATEWAY]}),
        frames=frames,
        edges=street_frame([[(0, 0), (30, 0)], [(30, 0), (60, 0)], [(30, -25), (30, 0)]]),
        places=place_frame([(33, 4)]),
        obstructions=gpd.GeoDataFrame(
            {"height_m": [5.0]}, geometry=gpd.GeoSeries([box(12, -6, 16, -2)], crs=CRS)
        ),
        jurisdictions=leaf_frame(v1=(-10, -40, 40, 40), v2=(40, -40, 80, 40)),
        zone=UTC,
    )


ASKED = AnalysisSettings(coverage=CoverageSettings(level=LEVEL, slot_min=5))


def found_in(scene: Scene, shift: int = 0) -> AnalysisResult:
    return analyse_scene(scene, (PERIOD[0] + shift, PERIOD[1] + shift), ASKED)


def pieces(one: Coverage, two: Coverage) -> pd.DataFrame:
    """The ground cut as both are cut, with whether each slot is open (`one`, `two`) there."""
    tables = []
    for cover in (one, two):
        atoms = cover.ground.atoms[["ground", "ground_id", "from_mm", "until_mm"]].copy()
        is_open = cover.leading[cover.signatures.of_atom] > 0
        tables.append(atoms.assign(open=list(is_open)))
    rows = []
    keys = ["ground", "ground_id"]
    for key, first in tables[0].groupby(keys, observed=True):
        second = tables[1][(tables[1][keys] == list(key)).all(axis=1)]
        cuts = np.unique(
            np.concatenate([t[["from_mm", "until_mm"]].to_numpy().ravel() for t in (first, second)])
        )
        # A place is no stretch.
        starts = cuts[:-1] if len(cuts) > 1 else cuts
        row = {}
        for name, table in (("one", first), ("two", second)):
            at = np.searchsorted(table["from_mm"].to_numpy(), starts, side="right") - 1
            row[name] = [table["open"].to_numpy()[place] for place in at]
        rows.append(pd.DataFrame(row))
    return pd.concat(rows, ignore_index=True)


def check_never_more(less: AnalysisResult, more: AnalysisResult) -> None:
    """No deficit of `less` is above that of `more`, and no slot open in it is closed in the other."""
    for name, cover in less.coverages.items():
        other = more.coverages[name]
        assert (cover.totals()["deficit"] <= other.totals()["deficit"]).all()
        cut = pieces(cover, other)
        assert len(cut) and not any((a & ~b).any() for a, b in zip(cut["one"], cut["two"], strict=True))


@LAW
@given(runs())
def test_coverage_and_deficit_are_the_whole_and_the_causes_are_the_deficit(told: list[tuple]) -> None:
    """Exactly, at every level; and the gaps with the slots that stayed closed hold all of it."""
    found = found_in(scene_of(frames_of(told)))
    causes = [f"deficit_{name}" for name in CAUSE_NAMES]
    for cover in found.coverages.values():
        totals = cover.totals()
        assert (totals["covered"] + totals["deficit"] == totals["measure"] * HOUR).all()
        assert (totals[causes].sum(axis=1) == totals["deficit"]).all()
        streets = totals.xs("street", level="ground")
        assert int(streets["measure"].sum()) == 85_000
    gaps = found.gaps.frame
    assert (gaps[causes].sum(axis=1) == gaps["deficit"]).all()
    whole = found.coverages[LEVEL].totals()["deficit"]
    for ground, deficit in gaps.groupby("ground", observed=True)["deficit"].sum().items():
        assert deficit <= whole.xs(ground, level="ground").sum()


@LAW
@given(runs(), st.integers(0, 60), st.integers(-20, 20), st.integers(0, 359))
def test_one_more_usable_camera_never_adds_to_what_nobody_sees(
    told: list[tuple], x: int, y: int, azimuth: int
) -> None:
    """It speaks through a source of its own: what another source hears or misses is evidence of others."""
    scene = scene_of(frames_of(told))
    more = camera_frame({7: {"x": x, "y": y, "azimuth_deg": float(azimuth), **LENS}})
    heard = FrameBatch.of([7] * 80, [minute * MINUTE for minute in range(-15, 65)], source=OWN, luma=120.0)
    grown = replace(
        scene,
        cameras=pd.concat([scene.cameras, more]),
        frames=FrameBatch.concatenate([scene.frames, heard]),
    )
    check_never_more(found_in(grown), found_in(scene))


@LAW
@given(
    runs(spoilt=False), st.sampled_from([1, 2, 3]), st.integers(0, 50), st.integers(1, 20), st.integers(0, 30)
)
def test_a_longer_outage_never_takes_from_what_nobody_sees(
    told: list[tuple], camera: int, first: int, minutes: int, longer: int
) -> None:
    """A camera is reported lost and says nothing for a while, and for a longer while.

    Another camera is heard all the time, so that the sources live whatever this one says.
    """
    lives = [(WITNESS, GATEWAY, -15, 80, None, 120.0), (WITNESS, ROUND, -60, 125, None, 120.0)]

    def lost_for(length: int) -> AnalysisResult:
        frames = frames_of([*told, *lives])
        lost = range(first * MINUTE, (first + length) * MINUTE)
        gone = (
            (frames.camera == camera) & (frames.captured_ms >= lost.start) & (frames.captured_ms < lost.stop)
        )
        event = FrameBatch.of(
            [camera] if length else [], [lost.start] if length else [], source=GATEWAY, event=1
        )
        return found_in(scene_of(FrameBatch.concatenate([frames.take(~gone), event])))

    healthy, short, long = (lost_for(length) for length in (0, minutes, minutes + longer))
    check_never_more(healthy, short)
    check_never_more(short, long)


@LAW
@given(runs(), st.randoms(use_true_random=False), st.sampled_from([-86_400_000, 777, 31 * 86_400_000 + 1]))
def test_shifted_times_shift_all_windows_and_the_order_of_frames_changes_nothing(
    told: list[tuple], shuffle: random.Random, shift: int
) -> None:
    frames = frames_of(told)
    order = np.arange(len(frames))
    places = order.tolist()
    shuffle.shuffle(places)
    mixed = frames.take(np.array(places, dtype=np.int64))
    later = FrameBatch(**{**mixed.columns(), "captured_ms": mixed.captured_ms + shift})
    one, two = found_in(scene_of(frames)), found_in(scene_of(later), shift)
    moved = two.availability.segments
    moved[["start_ms", "end_ms"]] -= shift
    pd.testing.assert_frame_equal(moved, one.availability.segments)
    for name, cover in one.coverages.items():
        pd.testing.assert_frame_equal(two.coverages[name].totals(), cover.totals())
        assert (two.coverages[name].leading == cover.leading).all()
        assert (two.coverages[name].slots - shift == cover.slots).all()
    before, after = one.gaps.frame, two.gaps.frame
    assert len(before) == len(after)
    for gap, same in zip(before.itertuples(), after.itertuples(), strict=True):
        assert (gap.cause, gap.deficit, gap.measure) == (same.cause, same.deficit, same.measure)
        assert (np.asarray(gap.windows) + shift == np.asarray(same.windows)).all()


# Through the database --------------------------------------------------------------------------------


def told_by(session: Session, analysis: int) -> list[list[tuple]]:
    """All that an analysis says, without its keys."""
    asked = (
        """SELECT c.code, a.period, a.state, a.reason, a.moved, p.azimuth_deg, n.azimuth_deg
           FROM availability a JOIN camera c ON c.id = a.camera_id LEFT JOIN pose p ON p.id = a.pose_id
           LEFT JOIN pose n ON n.id = a.nominal_id WHERE a.analysis_id = :analysis ORDER BY 1, 2""",
        """SELECT rank, cause, deficit, deficit_by_cause::text, windows::text, ST_AsText(geom)
           FROM gap WHERE analysis_id = :analysis ORDER BY 1""",
        """SELECT ground, kind, level, jurisdiction_path::text, certain, possible, twice
           FROM coverage_share WHERE analysis_id = :analysis ORDER BY 1, 2, 3, 4""",
    )
    return [[tuple(row) for row in session.execute(text(query), {"analysis": analysis})] for query in asked]


def some_frames(seed: int) -> list[str]:
    """Lines of a morning of two cameras: heard, silent, turned, dark, reported lost."""
    rng = random.Random(seed)
    lines = []
    for camera in ("c0", "c1"):
        minute = rng.randrange(0, 20)
        while minute < 360:
            azimuth, luma = rng.choice(["", "0", "180"]), rng.choice(["120", "120", "9"])
            for _ in range(rng.randrange(5, 60)):
                at = (DAY + timedelta(minutes=minute)).isoformat()
                lines.append(f"{camera},{at},{azimuth},{luma},")
                minute += 1
            if rng.random() < 0.5:
                lines.append(f"{camera},{(DAY + timedelta(minutes=minute, seconds=5)).isoformat()},,,lost")
            minute += rng.randrange(1, 40)
    return lines


@pytest.mark.parametrize("seed", [1])
def test_late_evidence_gives_the_answer_of_evidence_in_time(site: Session, tmp_path: Path, seed: int) -> None:
    """The same frames at once; and in any order, in five files, two of them twice, one after an analysis."""
    store_cameras(site, cameras((114.005, 22.5046), (114.0051, 22.506)), source("cameras"))
    rng, lines = random.Random(seed), some_frames(seed)
    end = DAY + timedelta(hours=6)
    count = 0

    def hand_in(part: list[str]) -> None:
        nonlocal count
        count += 1
        path = tmp_path / f"part{count}.csv"
        path.write_text("camera,captured_at,azimuth_deg,luma,event\n" + "\n".join(part) + "\n")
        ingest_frames(site, path, SourceSpec("gw"), now=NOW)

    def answer() -> list[list[tuple]]:
        return told_by(site, analyse(site, start=DAY, end=end, author="test"))

    with site.begin_nested() as at_once:
        hand_in(lines)
        wanted = answer()
        at_once.rollback()
    site.expire_all()
    rng.shuffle(lines)
    parts = [lines[k::5] for k in range(5)]
    for part in (*parts[:4], parts[1], parts[0][::-1]):
        hand_in(part)
    early = answer()
    hand_in(parts[4])
    assert answer() == wanted != early


def states(session: Session, code: str, first_day: int, days: int = 1) -> list[tuple]:
    """(state, reason, hours) of a camera as an analysis of some days tells them."""
    start = DAY + timedelta(days=first_day)
    analysis = analyse(session, start=start, end=start + timedelta(days=days), author="test")
    rows = session.execute(
        text(
            """SELECT state, reason, extract(epoch FROM upper(period) - lower(period)) / 3600
               FROM availability a JOIN camera c ON c.id = a.camera_id
               WHERE analysis_id = :analysis AND code = :code ORDER BY period"""
        ),
        {"analysis": analysis, "code": code},
    )
    return [(row[0], row[1], round(float(row[2]), 2)) for row in rows]


def test_a_camera_that_died_long_ago_is_still_missed(site: Session, tmp_path: Path) -> None:
    """Heard on the first day only, by a gateway that goes on with another: lost on the third day, too.

    Before the gateway's first word about it nobody could have missed it.
    """
    store_cameras(site, cameras((114.005, 22.5046), (114.0051, 22.506)), source("cameras"))

    def hand_in(camera: str, days: range) -> None:
        lines = [
            f"{camera},{(DAY + timedelta(minutes=5 * minute)).isoformat()}"
            for day in days
            for minute in range(288 * day, 288 * (day + 1))
        ]
        path = tmp_path / f"{camera}.csv"
        path.write_text("camera,captured_at\n" + "\n".join(lines) + "\n")
        ingest_frames(site, path, SourceSpec("gw", 300.0), now=NOW + timedelta(days=9))

    hand_in("c1", range(4))
    assert states(site, "c0", 2) == [("not_measured", "", 24.0)]
    hand_in("c0", range(1, 2))
    assert states(site, "c0", 3) == [("outage", "silent", 24.0)]
    assert states(site, "c0", 0) == [("not_measured", "", 24.0)]
    # The last frame of the day counts for 12 1/2 minutes.
    assert states(site, "c0", 1, days=2) == [("usable", "", 24.12), ("outage", "silent", 23.88)]
