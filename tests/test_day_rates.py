"""Online and integrity rates day by day, by whichever analysis is the newest of each instant."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
import small_site
from small_site import CHILD, OWN
from sqlalchemy import text
from sqlalchemy.orm import Session

from cameras.audit.rates import STATES, camera_rates, group_rates, state_times
from cameras.repository import upkeep
from cameras.services import upkeep as keeping
from geo.db import ALWAYS, transaction
from geo.scope import WHOLE_SITE, Scope
from web.access import Role

ZONE = ZoneInfo("Asia/Shanghai")
NOVEMBER = date(2026, 11, 22)


@pytest.fixture
def site(session: Session):
    """21 November by the site's clock: five cameras, usable for 10 hours and then lost."""
    return small_site.fill(session)


def analysed_again(session: Session, site, start: datetime, end: datetime, state: str) -> None:
    """A newer analysis in which every camera is in one state throughout."""
    number = session.scalar(
        text(
            """INSERT INTO analysis (period, level, slot_min, threshold, parameters, input_revision,
                                     code_version, author, totals, delivered, ground)
               SELECT tstzrange(:start, :end), level, slot_min, threshold, parameters, input_revision,
                      code_version, author, totals, delivered, ground
               FROM analysis WHERE id = :old RETURNING id"""
        ),
        {"start": start, "end": end, "old": site.analysis},
    )
    session.execute(
        text(
            """INSERT INTO availability
                   (analysis_id, camera_id, period, state, reason, moved, jurisdiction_path)
               SELECT :id, id, tstzrange(:start, :end), :state, '', false, jurisdiction_path FROM camera"""
        ),
        {"id": number, "start": start, "end": end, "state": state},
    )


def test_a_day_by_hand(session: Session, site) -> None:
    """10 of 24 hours online. Its last 12 hours analysed again as usable: 22 of 24, and half a day more."""
    found = keeping.rates_by_day(session, NOVEMBER, WHOLE_SITE, ZONE)
    assert found.index.tolist() == ["2026-11-21"]
    day = found.loc["2026-11-21"]
    assert (day["analysed"], day["cameras"], day["planned"], day["measured"]) == (1.0, 5, 0, 1.0)
    assert day["online"] == pytest.approx(10 / 24) and day["normal"] == 1.0
    end = small_site.DAY[1]
    analysed_again(session, site, end - timedelta(hours=12), end + timedelta(hours=12), "usable")
    found = keeping.rates_by_day(session, NOVEMBER, WHOLE_SITE, ZONE)
    assert found["analysed"].to_dict() == {"2026-11-21": 1.0, "2026-11-22": 0.5}
    assert found["online"].to_dict() == {"2026-11-21": pytest.approx(22 / 24), "2026-11-22": 1.0}
    one = keeping.rates_by_day(session, NOVEMBER, Scope.of([CHILD]), ZONE)
    assert one["cameras"].tolist() == [1, 1]
    assert keeping.rates_by_day(session, NOVEMBER, WHOLE_SITE, ZONE, "nobody")["cameras"].isna().all()
    assert keeping.rates_by_day(session, date(2026, 10, 1), WHOLE_SITE, ZONE).empty


def test_planned_maintenance_is_left_out(session: Session, site) -> None:
    """The last 12 hours planned leave 10 of 12; all of the day leaves nothing to judge."""
    end = small_site.DAY[1]
    early = end - timedelta(days=3)
    for code, hours in ((site.cameras[OWN], 12), (site.cameras[CHILD], 48)):
        keeping.register_maintenance(
            session, codes=[code], start=end - timedelta(hours=hours), end=end, reason="检修", author="t",
            now=early,
        )  # fmt: skip
    day = keeping.rates_by_day(session, NOVEMBER, WHOLE_SITE, ZONE).loc["2026-11-21"]
    assert (day["cameras"], day["planned"]) == (5, 1)
    assert day["online"] == pytest.approx((3 * 10 / 24 + 10 / 12) / 4)


def test_what_the_database_works_out_is_what_arrays_say(session: Session, site) -> None:
    """Random states and overlapping maintenance, against `state_times` and `group_rates`."""
    draw = np.random.default_rng(7)
    start = datetime(2026, 11, 1, tzinfo=ZONE).astimezone(UTC)
    session.execute(text("DELETE FROM availability"))
    session.execute(text("UPDATE camera SET valid = :always"), {"always": ALWAYS})
    ids = dict(session.execute(text("SELECT code, id FROM camera")).all())
    rows = []
    for code, number in ids.items():
        cuts = np.sort(draw.choice(np.arange(1, 24), 6, replace=False))
        for first, last in zip([0, *cuts], [*cuts, 24], strict=True):
            rows.append((code, number, int(first), int(last), str(draw.choice(STATES))))
    session.execute(
        text("UPDATE analysis SET period = tstzrange(:start, :end) WHERE id = :id"),
        {"start": start, "end": start + timedelta(days=1), "id": site.analysis},
    )
    for _, number, first, last, state in rows:
        session.execute(
            text(
                """INSERT INTO availability
                       (analysis_id, camera_id, period, state, reason, moved, jurisdiction_path)
                   SELECT :analysis, id, tstzrange(:first, :last), :state, '', false, jurisdiction_path
                   FROM camera WHERE id = :camera"""
            ),
            {
                "analysis": site.analysis,
                "camera": number,
                "first": start + timedelta(hours=first),
                "last": start + timedelta(hours=last),
                "state": state,
            },
        )
    hour = 3_600_000
    zero = int(start.timestamp() * 1000)
    for code, first, last in (
        (site.cameras[OWN], 3, 9),
        (site.cameras[OWN], 7, 12),
        (site.cameras[CHILD], 0, 24),
    ):
        keeping.register_maintenance(
            session, codes=[code], start=start + timedelta(hours=first), end=start + timedelta(hours=last),
            reason="检修", author="t", now=start - timedelta(days=1),
        )  # fmt: skip
    segments = pd.DataFrame(
        [(code, zero + first * hour, zero + last * hour, state) for code, _, first, last, state in rows],
        columns=["code", "start_ms", "end_ms", "state"],
    )
    windows = upkeep.maintenance_windows(session, start, start + timedelta(days=1))
    assessed = pd.DataFrame({"code": sorted(ids), "path": "x", "unit": "u"})
    records = pd.DataFrame({"filled": 1.0, "doubted": False}, index=sorted(ids))
    expected = group_rates(
        camera_rates(assessed, records, state_times(segments, windows)), assessed["unit"]
    ).loc["u"]
    found = keeping.rates_by_day(session, date(2026, 11, 1), WHOLE_SITE, ZONE).loc["2026-11-01"]
    for name in ("cameras", "planned", "online", "measured", "normal"):
        assert found[name] == pytest.approx(expected[name]), name
    assert expected["planned"] == 1 and 0 < expected["online"] < 1


def test_the_page_and_its_empty_months(served) -> None:
    client = served.client(Role.AUDITOR)
    page = client.get("/checks/rates/days?month=2026-11&lang=en").text
    assert "2026-11-21" in page and "42 %" in page and "100 %" in page
    assert "/checks/rates/days?month=2026-11" in client.get("/checks/rates?month=2026-11").text
    for month in range(1, 13):
        if month != 11:
            empty = client.get(f"/checks/rates/days?month=2026-{month:02d}&lang=en")
            assert "No day of this month was analysed" in empty.text, calendar.month_name[month]
    assert "没有已分析的日期" in client.get("/checks/rates/days?month=2026-10&lang=zh").text
    odd = client.get("/checks/rates/days?month=soon&lang=en")
    assert odd.status_code == 200 and "is not a month" in odd.text
    assert served.client(Role.VIEWER).get("/checks/rates/days").status_code == 403
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("UPDATE camera SET management_unit = '一公司' WHERE code = :c"), {
            "c": served.site.cameras[OWN]
        })  # fmt: skip
    try:
        one = client.get("/checks/rates/days?month=2026-11&unit=一公司&format=csv&lang=en").text
        assert "2026-11-21" in one and one.splitlines()[1].split(",")[2] == "1"
    finally:
        with transaction(served.engine, scope=WHOLE_SITE) as session:
            session.execute(
                text("UPDATE camera SET management_unit = NULL WHERE code = :c"),
                {"c": served.site.cameras[OWN]},
            )
