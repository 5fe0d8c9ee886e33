"""The first five minutes: what is offered to whom, a demonstration, and one's own data without an import."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import small_site
from sqlalchemy import text

from geo.db import transaction
from geo.errors import InputRefused
from geo.scope import WHOLE_SITE
from web.access import Role
from web.jobs import running
from web.jobs.bodies import own
from web.jobs.running import run_job
from web.owndata import own_data
from web.tables import JobRun

# Three buildings' worth of a made-up street: 200 m from west to east at 23.3 N, a house north of its middle.
OSM = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6">
<node id="1" version="1" lat="23.3" lon="116.600"/><node id="2" version="1" lat="23.3" lon="116.602"/>
<node id="3" version="1" lat="23.3002" lon="116.6005"/><node id="4" version="1" lat="23.3002" lon="116.6006"/>
<node id="5" version="1" lat="23.3003" lon="116.6006"/><node id="6" version="1" lat="23.3003" lon="116.6005"/>
<way id="10" version="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/></way>
<way id="11" version="1"><nd ref="3"/><nd ref="4"/><nd ref="5"/><nd ref="6"/><nd ref="3"/>
<tag k="building" v="yes"/></way>
</osm>
"""
LIST = "name,lon,lat,direction\n西口,116.6001,23.3,90\n坏行,0,0,\n"


@pytest.fixture
def files(tmp_path) -> tuple[Path, Path]:
    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    (tmp_path / "town.osm").write_text(OSM, encoding="utf-8")
    return tmp_path / "list.csv", tmp_path / "town.osm"


@pytest.fixture
def clean(served) -> Iterator[None]:
    yield
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM job_run; DELETE FROM procrastinate_jobs"))


def worked_out(files: tuple[Path, Path], **options: object):
    return own_data(
        *files,
        **{
            "datum": "wgs84",
            "day": date(2026, 11, 22),
            "zone": ZoneInfo("Asia/Shanghai"),
            "title": "mine",
            "now": datetime(2026, 11, 22, tzinfo=UTC),
            **options,
        },  # type: ignore[arg-type]
    )


def test_without_frames_nothing_is_certainly_seen_and_what_footprints_hold_is_possible(files):
    """By hand: the camera looks along the street; 2 px/m … of an assumed lens is never certain."""
    made = worked_out(files)
    assert made.problems == (
        "row 3: longitude 0, latitude 0 is a place-holder, not a place; give the real coordinates",
    )
    assert made.figures["cameras"] == 1 and made.figures["certain_share"] == 0.0
    assert 0.0 < made.figures["possible_share"] < 1.0
    assert list(made.map.cameras["state"]) == ["not_measured"]
    assert set(made.gaps["list"]) <= {"measure", "build"}
    # The gaps of the one street, all day long, are all of it: 204 m along the parallel.
    street = made.gaps[made.gaps["ground"] == "street"]
    assert street["measure"].sum() == pytest.approx(204.6, abs=0.5)
    assert set(street["minutes"]) == {1440.0}


def test_a_list_far_from_the_streets_is_refused_row_by_row(files):
    """Thirty kilometres away: another town, or another datum."""
    files[0].write_text("name,lon,lat\na,116.9,23.3\n", encoding="utf-8")
    with pytest.raises(InputRefused) as told:
        worked_out(files)
    assert "outside the site's area" in told.value.problems[0]


def test_what_is_offered_hangs_on_what_somebody_may_do(served):
    admin = served.client(Role.ADMINISTRATOR).get("/start?lang=en").text
    assert "Break a camera" in admin and 'action="/start/own"' in admin
    assert "This database holds real data" in admin and 'action="/start/demo"' not in admin
    viewer = served.client(Role.VIEWER, small_site.OWN).get("/start?lang=en").text
    assert 'action="/start/own"' not in viewer and "holds real data" not in viewer


def test_a_demonstration_never_takes_the_place_of_real_data(served):
    client = served.client(Role.ADMINISTRATOR)
    assert client.post("/start/demo", data={"scene": "town"}).headers["Location"] == "/start#demo"
    assert client.post("/start/demo", data={"scene": "mars"}).status_code == 404
    assert served.client(Role.COMMANDER).post("/start/demo", data={"scene": "town"}).status_code == 403
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        assert session.query(JobRun).filter_by(kind="demo").count() == 0


def given(datum: str = "wgs84", extract: str = "town.osm.pbf") -> dict[str, object]:
    return {
        "datum": datum,
        "cameras": (io.BytesIO(LIST.encode()), "list.csv"),
        "streets": (io.BytesIO(pbf()), extract),
    }


def pbf() -> bytes:
    """The made-up street as an extract in the binary form."""
    import osmium

    folder = Path(pbf.folder)  # type: ignore[attr-defined]
    source, target = folder / "t.osm", folder / "t.osm.pbf"
    source.write_text(OSM, encoding="utf-8")
    target.unlink(missing_ok=True)
    with osmium.SimpleWriter(str(target)) as writer:
        for item in osmium.FileProcessor(str(source)):
            writer.add(item)
    return target.read_bytes()


@pytest.fixture(autouse=True)
def _folder(tmp_path) -> None:
    pbf.folder = tmp_path  # type: ignore[attr-defined]


def test_two_files_become_a_map_and_gaps_that_only_those_who_see_the_job_may_have(served, clean, monkeypatch):
    folder = served.app.extensions["lianfang"].folder
    monkeypatch.setenv("LIANFANG_VAR", str(folder))
    client = served.client(Role.PLANNER, small_site.OWN)
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        before = session.execute(text("SELECT count(*) FROM camera")).scalar_one()
        batches = session.scalar(text("SELECT count(*) FROM import_batch"))
    begun = client.post("/start/own?lang=en", data=given())
    job = int(begun.headers["Location"].rsplit("/", 1)[1])
    assert run_job(served.engine, job, procrastinate_id=None, stopping=lambda: False) == "done"
    page = client.get(f"/results/{job}?lang=en").text
    assert "place-holder" in page and f'href="/results/{job}/map.html"' in page
    whole = client.get(f"/results/{job}/map.html")
    assert whole.headers["Content-Disposition"].startswith("attachment")
    assert "Content-Security-Policy" in whole.text and "http://" not in _addresses(whole.text)
    shown = client.get(f"/results/{job}/map.html?view")
    assert shown.headers["Content-Security-Policy"].startswith("sandbox allow-scripts")
    assert "allow-same-origin" not in shown.headers["Content-Security-Policy"]
    gaps = json.loads(client.get(f"/results/{job}/gaps.geojson").data)
    assert {one["properties"]["list"] for one in gaps["features"]} <= {"measure", "build"}
    assert client.get(f"/results/{job}/gaps.csv").status_code == 200
    for address in (f"/results/{job}", f"/results/{job}/map.html", f"/results/{job}/gaps.csv"):
        assert served.client(Role.PLANNER, small_site.SIBLING).get(address).status_code == 404
        assert served.client(Role.VIEWER, small_site.OWN).get(address).status_code == 403
    assert client.get(f"/results/{job}/..%2f..%2fsecret").status_code == 404
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        assert session.execute(text("SELECT count(*) FROM camera")).scalar_one() == before
        assert session.scalar(text("SELECT count(*) FROM import_batch")) == batches


def test_an_own_map_that_is_cancelled_at_the_last_moment_leaves_no_files(served, clean, monkeypatch):
    """And one whose files were removed says so, with its figures."""
    folder = served.app.extensions["lianfang"].folder
    monkeypatch.setenv("LIANFANG_VAR", str(folder))
    client = served.client(Role.PLANNER, small_site.OWN)

    def begin() -> int:
        return int(client.post("/start/own?lang=en", data=given()).headers["Location"].rsplit("/", 1)[1])

    job = begin()
    done = running._done

    def cancelled_first(session, attempt, outcome) -> None:
        assert (own.results_dir(folder, job) / own.MAP).is_file()
        with transaction(served.engine, scope=WHOLE_SITE) as other:
            other.execute(text("UPDATE job_run SET cancel_requested = true WHERE id = :id"), {"id": job})
        done(session, attempt, outcome)

    monkeypatch.setattr(running, "_done", cancelled_first)
    assert run_job(served.engine, job, procrastinate_id=None, stopping=lambda: False) == "cancelled"
    assert not own.results_dir(folder, job).exists()
    monkeypatch.setattr(running, "_done", done)
    job = begin()
    assert run_job(served.engine, job, procrastinate_id=None, stopping=lambda: False) == "done"
    assert own.results_dir(folder, job).is_dir()
    shutil.rmtree(own.results_dir(folder, job))
    page = client.get(f"/results/{job}?lang=en").text
    assert "kept for a limited time" in page and "map.html" not in page and "place-holder" in page


def _addresses(page: str) -> str:
    """What a page asks for by itself: sources and style sheets."""
    import re

    return " ".join(re.findall(r'(?:src|<link[^>]+href)="([^"]*)"', page))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"datum": ""}, "State the datum"),
        ({"extract": "town.gpkg"}, "no form that is read"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_begun(served, values, told):
    answer = served.client(Role.PLANNER, small_site.OWN).post("/start/own?lang=en", data=given(**values))
    assert answer.status_code == 422 and told in answer.text


def test_a_viewer_is_offered_what_a_viewer_may_try(served) -> None:
    """Routes of published plans, and no camera: a button must not lead to a refusal."""
    page = served.client(Role.VIEWER, small_site.OWN).get("/start").text
    assert "/try/tonight" in page and "/try/break" not in page and "/try/turn" not in page
    assert 'href="/start"' in page, "the menu leads back here"
    page = served.client(Role.PLANNER, small_site.OWN).get("/start").text
    assert "/try/break" in page and "/try/turn" in page
