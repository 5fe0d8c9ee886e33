"""An analysis brought up to date around some cameras is the analysis made again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.day import day_of
from bench.scene import PERIOD, Size, build
from cameras.repository import frames as frame_store
from cameras.repository import records
from cameras.services import analyse, revise
from geo.db import read_frame
from geo.errors import LianfangError

# Sixteen grids, so dense with cameras that most of them see what others see as well.
SIZE = Size(((1, 1), (2, 1), (2, 2), (2, 1)), cameras=60, gaps=10, zones=1, finer=(2, 2))
END = PERIOD[0] + timedelta(hours=1)
_WHAT = {
    "gaps": """SELECT cause, ground, level, measure, open_ms, deficit, deficit_by_cause::text AS by_cause,
                      windows::text AS windows, reasons::text AS reasons, slots,
                      encode(ST_AsBinary(geom), 'hex') AS shape, jurisdiction_path::text AS path,
                      (SELECT string_agg(camera_id || ':' || minutes, ' ' ORDER BY camera_id)
                       FROM gap_camera WHERE gap_id = gap.id) AS cameras,
                      (SELECT min(encode(ST_AsBinary(other.geom), 'hex') || other.windows)
                       FROM gap AS other
                       WHERE other.analysis_id = :id AND other.merged = gap.merged) AS merged
               FROM gap WHERE analysis_id = :id ORDER BY path, ground, cause, shape, windows""",
    "ranks": """SELECT rank FROM gap WHERE analysis_id = :id
                ORDER BY jurisdiction_path::text, ground, cause, encode(ST_AsBinary(geom), 'hex'),
                         windows::text""",
    "shares": """SELECT jurisdiction_path::text AS path, ground, kind, level, measure, total, certain,
                        possible, twice, built, deficit_by_cause::text AS by_cause
                 FROM coverage_share WHERE analysis_id = :id ORDER BY 1, 2, 3, 4""",
    "on the map": """SELECT jurisdiction_id, certain_permille, possible_permille FROM jurisdiction_share
                     WHERE analysis_id = :id ORDER BY 1""",
    "availability": """SELECT camera_id, period::text AS period, state, reason, moved FROM availability
                       WHERE analysis_id = :id ORDER BY 1, 2""",
    "states": """SELECT camera_id, state, online, findings, change, together FROM camera_state
                 WHERE analysis_id = :id ORDER BY 1""",
    "footprints": """SELECT p.camera_id, f.level, f.certain, f.area_m2,
                            encode(ST_AsBinary(f.geom), 'hex') AS shape
                     FROM footprint f JOIN pose p ON p.id = f.pose_id
                     WHERE f.analysis_id = :id ORDER BY 1, 2, 5""",
    "findings": """SELECT camera_id, kind, value, period::text AS period FROM camera_finding
                   WHERE analysis_id = :id ORDER BY 1, 2""",
    "deliveries": "SELECT delivered::text AS delivered FROM analysis WHERE id = :id",
}


def told(session: Session, analysis: int) -> dict[str, pd.DataFrame]:
    """All that an analysis says, but for the numbers of its rows."""
    found = {name: read_frame(session, sql, id=analysis) for name, sql in _WHAT.items()}
    totals = session.scalar(text("SELECT totals FROM analysis WHERE id = :id"), {"id": analysis})
    # How many were read when it was made stays what it was.
    totals.pop("frames")
    shares = totals.pop("watched_share")
    flat = {**totals.pop("gaps"), **totals}
    flat |= {f"{level} {kind}": share for level, of in shares.items() for kind, share in of.items()}
    found["totals"] = pd.DataFrame({name: [round(float(value), 9)] for name, value in sorted(flat.items())})
    return found


def made_again(session: Session, analysis: int) -> dict[str, pd.DataFrame]:
    """What an analysis of the same period would say now; it is not kept."""
    with session.begin_nested() as savepoint:
        again = told(session, analyse(session, start=PERIOD[0], end=END, author="test"))
        savepoint.rollback()
    return again


class City:
    """A made-up city whose cameras have frames of an hour, analysed."""

    def __init__(self, session: Session) -> None:
        build(session, SIZE)
        session.execute(text("DELETE FROM analysis"))
        self.session = session
        by_code = records.camera_ids(session)
        self.codes = {number: code for code, number in by_code.items()}
        self.ids = np.array(sorted(self.codes))
        gateways = [
            frame_store.add_source(
                session, code=f"gw-{n}", kind="gateway", expected_interval_s=60.0, label="synthetic"
            )
            for n in range(3)
        ]
        self.frames = day_of(self.ids, gateways, 75, seed=1)
        # Of the last camera nothing is heard yet, and of no other of its gateway in its second half.
        self.late = self.frames.source == gateways[-1]
        self.late &= (self.frames.captured_ms >= self.frames.captured_ms.min() + 1_800_000) | (
            self.frames.camera == self.ids[-1]
        )
        self.store(~self.late)
        self.analysis = analyse(session, start=PERIOD[0], end=END, author="test")

    def store(self, rows: np.ndarray) -> None:
        """Let frames arrive."""
        frame_store.stage_frames(self.session)
        frame_store.copy_frames(self.session, self.frames.take(np.flatnonzero(rows)))
        frame_store.publish_frames(self.session)

    def set(self, camera: int, change: str, **values: Any) -> None:
        """Correct a record."""
        self.session.execute(text(f"UPDATE camera SET {change} WHERE id = :id"), {"id": camera, **values})

    def is_up_to_date(self, *cameras: int) -> None:
        """Bring it up to date around cameras, and compare with the analysis made again."""
        before = set(self.session.execute(text("SELECT id FROM gap")).scalars())
        found = revise(self.session, self.analysis, [self.codes[int(one)] for one in cameras], author="test")
        after = set(self.session.execute(text("SELECT id FROM gap")).scalars())
        assert (len(before - after), len(after - before)) == (found.gone, found.new)
        now, again = told(self.session, self.analysis), made_again(self.session, self.analysis)
        ranks, in_order = (of.pop("ranks")["rank"].to_numpy() for of in (now, again))
        assert (np.diff(ranks[np.argsort(in_order)]) >= 0).all()
        for name, table in again.items():
            pd.testing.assert_frame_equal(now[name], table, obj=name)


@pytest.fixture
def city(session: Session) -> City:
    """Taken back after the test."""
    return City(session)


def _seen_by_others(city: City) -> list[int]:
    """Cameras that face the street, those with most gaps first."""
    found = city.session.execute(
        text("SELECT camera_id FROM gap_camera GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 4")
    )
    return list(found.scalars())


CHANGES: list[Callable[[City, int], None]] = [
    lambda city, camera: city.set(camera, "azimuth_deg = azimuth_deg + 100"),
    lambda city, camera: city.set(camera, "azimuth_deg = NULL, azimuth_quality = 'unknown'"),
    lambda city, camera: city.set(camera, "hfov_deg = 35, width_px = 3840"),
    lambda city, camera: city.set(camera, "geom = ST_Translate(geom, 0.0017, 0.0009)"),
]


def test_corrected_records(city: City) -> None:
    """Turned, no longer known where to, with another lens, and at another place."""
    cameras = _seen_by_others(city)
    gaps = told(city.session, city.analysis)["gaps"]
    for camera, change in zip(cameras, CHANGES, strict=True):
        change(city, camera)
        city.is_up_to_date(camera)
    # Else nothing was shown.
    assert not told(city.session, city.analysis)["gaps"].equals(gaps)


def test_several_cameras_at_once(city: City) -> None:
    cameras = _seen_by_others(city)
    for camera, change in zip(cameras, CHANGES, strict=True):
        change(city, camera)
    city.is_up_to_date(*cameras)


def test_frames_that_come_late_speak_for_all_cameras_of_their_source(city: City) -> None:
    """One camera alone: its gateway lived, so the silence of the others is a loss now."""
    lost = text("SELECT count(*) FROM availability WHERE state = 'outage' AND analysis_id = :id")
    before = city.session.scalar(lost, {"id": city.analysis})
    city.store(city.late & (city.frames.camera == city.ids[-1]))
    city.is_up_to_date(city.ids[-1])
    assert city.session.scalar(lost, {"id": city.analysis}) > before + 10
    city.store(city.late)
    city.is_up_to_date(*np.unique(city.frames.camera[city.late]))


def test_a_record_that_is_gone_and_one_that_is_new(city: City) -> None:
    gone, new = _seen_by_others(city)[:2]
    # What an import does that finds a camera at another place since the middle of the period.
    city.session.execute(
        text("UPDATE camera SET valid = tstzrange(lower(valid), :until) WHERE id = :id"),
        {"id": gone, "until": PERIOD[0] + timedelta(minutes=25)},
    )
    city.session.execute(text("DELETE FROM frame WHERE camera_id = :id"), {"id": new})
    city.session.execute(text("DELETE FROM camera_source WHERE camera_id = :id"), {"id": new})
    city.is_up_to_date(gone, new)


def test_who_brought_it_up_to_date_is_kept(city: City) -> None:
    code = city.codes[int(city.ids[0])]
    revise(city.session, city.analysis, [code], author="officer")
    (note,) = city.session.scalar(
        text("SELECT revisions FROM analysis WHERE id = :id"), {"id": city.analysis}
    )
    assert (note["by"], note["cameras"]) == ("officer", [code])


def test_what_cannot_be_brought_up_to_date_is_refused_and_stays(city: City) -> None:
    session = city.session
    code = city.codes[int(_seen_by_others(city)[0])]
    with pytest.raises(LianfangError, match="no analysis 424242"):
        revise(session, 424242, [code], author="test")
    before = told(session, city.analysis)
    for change in (
        "UPDATE road_edge SET watched = NOT watched",
        "DELETE FROM place",
        "INSERT INTO obstruction (key, geom, valid, batch_id)"
        " SELECT 'new', ST_Multi(ST_Buffer(geom, 0.0001)), valid, batch_id FROM camera LIMIT 1",
    ):
        with session.begin_nested() as savepoint:
            session.execute(text(change))
            with pytest.raises(LianfangError, match="have changed since analysis"):
                revise(session, city.analysis, [code], author="test")
            savepoint.rollback()
    with session.begin_nested() as savepoint:
        session.execute(text("UPDATE analysis SET delivered = NULL"))
        session.expire_all()
        with pytest.raises(LianfangError, match="of an older program"):
            revise(session, city.analysis, [code], author="test")
        savepoint.rollback()
    for name, table in told(session, city.analysis).items():
        pd.testing.assert_frame_equal(table, before[name])
