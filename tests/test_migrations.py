"""The schema goes up, down and up again, agrees with the tables, and the program's role owns nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from databases import another_database
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from geo.db import ALWAYS
from geo.errors import LianfangError
from geo.server import Cluster
from migrations import runner


@pytest.fixture
def empty_database(cluster: Cluster):
    """Address (owner role) of a second, empty database on the same server."""
    with another_database(cluster, "lianfang_migrations") as (_, owner_url):
        yield owner_url


def test_up_down_up_and_the_tables_agree(empty_database):
    """Two ups with a down between leave what one up leaves, and nothing is left to generate."""
    assert runner.upgrade(empty_database) is True
    runner.check(empty_database)
    assert runner.upgrade(empty_database) is False
    runner.downgrade(empty_database)
    engine = create_engine(empty_database, poolclass=NullPool)
    with engine.connect() as connection:
        left = connection.execute(
            text(
                """SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   JOIN pg_roles r ON r.oid = c.relowner
                   WHERE n.nspname = 'public' AND r.rolname = 'lianfang_owner'"""
            )
        ).scalars()
        assert set(left) <= {"alembic_version", "alembic_version_pkc"}
    assert runner.upgrade(empty_database) is True
    runner.check(empty_database)


def test_a_database_of_a_newer_program_is_refused_in_one_sentence(empty_database):
    runner.upgrade(empty_database)
    engine = create_engine(empty_database, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(LianfangError, match="revision 9999, newer than this program's"):
        runner.upgrade(empty_database)


def test_the_programs_role_owns_nothing_and_can_make_nothing(session: Session):
    owned = session.execute(
        text(
            "SELECT relname FROM pg_class JOIN pg_roles r ON r.oid = relowner WHERE rolname = 'lianfang_app'"
        )
    ).all()
    assert owned == []
    with pytest.raises(ProgrammingError, match="permission denied"):
        session.execute(text("CREATE TABLE public.mine (id int)"))


def test_a_frame_finds_its_day_partition_by_utc(session: Session):
    """23:59:59.999 UTC and the next midnight lie in two partitions."""
    for day in ("2026-11-21", "2026-11-22"):
        session.execute(text("SELECT make_frame_partition(:day)"), {"day": day})
    session.execute(
        text(
            """INSERT INTO frame (camera_id, source_id, captured_at, event) VALUES
               (1, 1, '2026-11-21 23:59:59.999+00', 0), (1, 1, '2026-11-22 00:00:00+00', 0)"""
        )
    )
    rows = session.execute(text("SELECT tableoid::regclass::text FROM frame ORDER BY captured_at")).scalars()
    assert list(rows) == ["frame_day_20261121", "frame_day_20261122"]


def _batch(session: Session) -> int:
    return session.execute(
        text(
            """INSERT INTO import_batch (kind, file_name, sha256, datum, label, row_count, author)
               VALUES ('cameras', 'x', 'x', 'wgs84', 'real', 1, 'test') RETURNING id"""
        )
    ).scalar_one()


def test_one_camera_code_cannot_be_true_twice_at_the_same_time(session: Session):
    batch = _batch(session)
    insert = text(
        """INSERT INTO camera (code, name, azimuth_quality, ptz, geom, batch_id, valid)
           VALUES ('A', 'a', 'unknown', false, ST_SetSRID(ST_MakePoint(24.9, 60.1), 4326), :batch, :valid)"""
    )
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC).isoformat()
    session.execute(insert, {"batch": batch, "valid": f"[2020-01-01,{noon})"})
    session.execute(insert, {"batch": batch, "valid": f"[{noon},)"})
    with pytest.raises(IntegrityError, match="ex_camera_code_valid"):
        session.execute(insert, {"batch": batch, "valid": ALWAYS})


def test_a_period_is_half_open_and_never_empty(session: Session):
    batch = _batch(session)
    insert = text(
        """INSERT INTO zone (code, name, rule, geom, batch_id, valid)
           VALUES ('Z', 'z', '{}', ST_Multi(ST_MakeEnvelope(0, 0, 1, 1, 4326)), :batch, :valid)"""
    )
    with pytest.raises(IntegrityError, match="valid_half_open"):
        session.execute(insert, {"batch": batch, "valid": "empty"})


def test_scope_follows_a_jurisdiction_that_is_renamed(session: Session):
    batch = _batch(session)
    session.execute(
        text(
            """INSERT INTO jurisdiction (path, code, level, name, origin, valid, batch_id)
               VALUES ('hel', 'hel', 0, '赫尔辛基', 'derived', :always, :batch)"""
        ),
        {"always": ALWAYS, "batch": batch},
    )
    session.execute(
        text(
            """INSERT INTO place (key, kind, geom, jurisdiction_path, valid, batch_id)
               VALUES ('p', 'school', ST_SetSRID(ST_MakePoint(24.9, 60.1), 4326), 'hel', :always, :batch)"""
        ),
        {"always": ALWAYS, "batch": batch},
    )
    session.execute(text("UPDATE jurisdiction SET path = 'helsinki' WHERE path = 'hel'"))
    assert session.execute(text("SELECT jurisdiction_path::text FROM place")).scalar_one() == "helsinki"
