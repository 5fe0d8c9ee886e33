"""Two periods compared on pages: figures, tables, files, and what cannot be compared."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import pytest
from small_site import CHILD, OWN, SIBLING
from sqlalchemy import text

from geo.db import transaction
from geo.scope import WHOLE_SITE
from web.access import Role

LATER, OTHERWISE = 9101, 9102

# Two days later, over two days: of the five gaps of 14 h on the first day, the one of one's own town is open
# for 4 h (2 a day), the village's for 28 (as it was); the others are gone, and the sibling has a new one.
# Cameras were lost for 4 h; half is seen instead of ten hours of 24.
FILL = """
INSERT INTO analysis SELECT (jsonb_populate_record(a,
    '{"id": 9101, "period": "[2026-11-22T16:00:00+00,2026-11-24T16:00:00+00)"}')).*
FROM analysis a WHERE id = :first;
INSERT INTO analysis SELECT (jsonb_populate_record(a,
    '{"id": 9102, "level": "identify", "threshold": 0.25}')).*
FROM analysis a WHERE id = :first;
INSERT INTO gap SELECT (jsonb_populate_record(g, jsonb_build_object('id', 9100 + g.id, 'analysis_id', 9101,
    'open_ms', CASE WHEN g.id = :own THEN 4 ELSE 28 END * 3600000::bigint,
    'deficit', CASE WHEN g.id = :own THEN 4 ELSE 28 END * g.measure * 3600000))).*
FROM gap g WHERE g.id IN (:own, :child);
INSERT INTO gap SELECT (jsonb_populate_record(g, jsonb_build_object('id', 9100 + g.id, 'analysis_id', 9101,
    'cause', 'moved'))).* FROM gap g WHERE g.id = :sibling;
INSERT INTO coverage_share SELECT (jsonb_populate_record(s, jsonb_build_object('id', 9100 + s.id,
    'analysis_id', 9101, 'certain', s.total / 2, 'possible', s.total / 2))).*
FROM coverage_share s WHERE analysis_id = :first;
INSERT INTO availability SELECT (jsonb_populate_record(v, jsonb_build_object('id', 9100 + v.id,
    'analysis_id', 9101, 'pose_id', NULL, 'nominal_id', NULL,
    'period', '[2026-11-22T16:00:00+00,2026-11-22T20:00:00+00)'))).*
FROM availability v WHERE analysis_id = :first AND state = 'outage';
"""


@pytest.fixture(scope="module")
def two(served) -> Iterator[str]:
    """The address that compares a later analysis with the one there is."""
    site = served.site
    numbers = {
        "first": site.analysis,
        "own": site.gaps[OWN],
        "child": site.gaps[CHILD],
        "sibling": site.gaps[SIBLING],
    }
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        for statement in FILL.split(";\n")[:-1]:
            session.execute(text(statement), numbers)
    yield f"/analyses/{LATER}/against/{site.analysis}"
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM analysis WHERE id IN (9101, 9102)"))


def values(page: str) -> list[str]:
    """What the figures at the top say."""
    return re.findall(r'lf-metric-value">([^<]*)<', page)


def exported(client, address: str) -> list[dict[str, str]]:
    """The table of a page as a file."""
    answer = client.get(f"{address}?format=csv&lang=en")
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_the_page_tells_what_became_of_gaps(served, two) -> None:
    """One new, none longer, three gone, one shorter, one as it was; half is watched; 2 h a day lost."""
    page = served.client(Role.COMMANDER).get(f"{two}?lang=en").text
    assert values(page) == ["50 %", "1", "0", "3", "1", "1", "2"]
    assert "+8.3 points" in page and "before: 42 %" in page and "before: 14;" in page
    # 82 m times 14 of 24 h in five places; 82 m times 4 + 28 of 48 h.
    assert "239 m → 55 m" in page and "5 → 2" in page
    assert served.client(Role.COMMANDER).get(f"{two}?lang=zh").status_code == 200


def test_each_reader_compares_their_own_part(served, two) -> None:
    """A town sees its two gaps, in the file too."""
    client = served.client(Role.COMMANDER, OWN)
    assert values(client.get(f"{two}?lang=en").text)[1:6] == ["0", "0", "0", "1", "1"]
    rows = exported(client, two)
    assert sorted(row["What became of it"] for row in rows) == ["as it was", "shorter"]
    assert f"/gaps/{9100 + served.site.gaps[SIBLING]}" not in client.get(two).text
    assert {row["Code"] for row in exported(client, f"{two}/cameras")} == {
        served.site.cameras[OWN],
        served.site.cameras[CHILD],
    }
    assert {row["Jurisdiction"] for row in exported(client, f"{two}/shares")} == {"Qianpu", "Xiazhai"}


def test_tables_hold_figures_of_a_day(served, two) -> None:
    """Whatever the length of a period."""
    client = served.client(Role.COMMANDER)
    camera = exported(client, f"{two}/cameras")[0]
    told = [value for name, value in camera.items() if name.startswith(("Lost", "Change"))]
    assert [float(value) for value in told] == [840, 120, -12]
    share = exported(client, f"{two}/shares")[0]
    change = next(value for name, value in share.items() if name.startswith("Change"))
    assert float(change) == pytest.approx(100 * (0.5 - 10 / 24), abs=0.01)
    page = client.get(f"{two}?outcome=new&lang=en").text
    assert f"/gaps/{9100 + served.site.gaps[SIBLING]}" in page and "1 row" in page


def test_the_other_way_round_new_is_gone(served, two) -> None:
    """And gone is new."""
    client, first = served.client(Role.COMMANDER), served.site.analysis
    page = client.get(f"/analyses/{first}/against/{LATER}?lang=en").text
    assert values(page)[1:6] == ["3", "1", "1", "0", "1"]


def test_what_cannot_be_compared_says_why(served, two) -> None:
    """The same analysis twice; another level and threshold; and there is no such analysis."""
    client, first = served.client(Role.COMMANDER), served.site.analysis
    assert "one and the same analysis" in client.get(f"/analyses/{first}/against/{first}?lang=en").text
    page = client.get(f"/analyses/{first}/against/{OTHERWISE}?lang=en").text
    assert "These cannot be compared" in page and "Level of detail: " in page
    assert "Open below: 50 % here, 25 % there" in page and "Slot: 15" not in page
    for address in (f"/analyses/{first}/against/99", "/analyses/99/against", f"{two}/streets"):
        assert client.get(address).status_code == 404


def test_only_what_was_made_alike_is_offered(served, two) -> None:
    """From the page of an analysis, by way of a list."""
    client, first = served.client(Role.COMMANDER), served.site.analysis
    assert f"/analyses/{first}/against" in client.get(f"/analyses/{first}").text
    page = client.get(f"/analyses/{first}/against?lang=en").text
    assert f"/analyses/{first}/against/{LATER}" in page and f"against/{OTHERWISE}" not in page
    assert "None to compare with" in client.get(f"/analyses/{OTHERWISE}/against?lang=en").text
