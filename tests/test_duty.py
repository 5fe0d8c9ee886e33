"""What people get of a plan: that it says where and when, in both languages, and never why."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from datetime import datetime, timedelta
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import cv2
import duty_scene
import geopandas as gpd
import map_scene
import numpy as np
import openpyxl
import pyogrio
import pytest
import shapely
from click.testing import CliRunner
from papers import drawn, fonts, pages
from PIL import Image
from small_site import CHILD, OWN, SIBLING
from sqlalchemy import text

from geo.db import transaction
from geo.scope import WHOLE_SITE, Scope
from patrols.repository import of_plan
from web.access import Role
from web.cli import main
from web.duty.calendar import calendar
from web.duty.canvas import Canvas
from web.duty.drawn import team_map
from web.duty.files import PAPERS, PLAN_ENDINGS, TEAM_PAPERS, write_plan
from web.duty.gpx import gpx, gpx_by_team
from web.duty.making import duty_of
from web.duty.picture import plan_picture
from web.duty.routemap import AROUND, RADIUS
from web.duty.sheets import duty_sheets
from web.duty.tables import geojson
from web.duty.text import plan_text
from web.duty.workbook import workbook
from web.i18n import Translator
from web.maps.words import CAUSES

ZONE = ZoneInfo("Asia/Shanghai")
EN, ZH = Translator("en", ZONE), Translator("zh", ZONE)
HOME = "https://lianfang.example"
GPX = {"g": "http://www.topografix.com/GPX/1/1"}


@pytest.fixture(scope="module", autouse=True)
def _texts() -> None:
    map_scene.compiled_catalogues()


def read_code(picture: bytes) -> str:
    """What a QR code says, by OpenCV's reader."""
    found, *_ = cv2.QRCodeDetector().detectAndDecode(
        cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    )
    return found


def test_a_sheet_is_a_page_a_team_with_its_stops_in_order() -> None:
    """Chinese names in Chinese, in fonts that are inside; times in the site's zone."""
    paper = duty_sheets(duty_scene.duty(), ZH, home=HOME)
    first, second = pages(paper)
    assert fonts(paper) == {"Noto-Sans-CJK-SC", "Noto-Sans-CJK-SC-Bold"}
    assert "1 前埔1队" in first and "2 前埔2队" in second
    assert "2026-11-22 18:00 – 22:00" in first
    times = [line for line in first if line.startswith("18:") and "–" in line]
    assert times == ["18:04–18:10", "18:13–18:19", "18:22–18:28"]
    places = [line for line in first if line.endswith("与益田路路口")]
    assert places == ["彩田路与益田路路口", "益田路与益田路路口", "滨河大道与益田路路口"]
    assert "带队民警" in first and "1 / 1" in first and "1 / 1" in second
    assert not any("草稿" in line for page in (first, second) for line in page)
    english = pages(duty_sheets(duty_scene.duty(), EN, home=HOME))[0]
    assert "Police leader" in english and "彩田路与益田路路口" in english


def test_the_code_leads_to_the_teams_own_page() -> None:
    """Read back with OpenCV from the picture in the PDF."""
    paper = duty_sheets(duty_scene.duty(), ZH, home=f"{HOME}/")
    codes = [one for one in drawn(paper) if one.startswith(b"\x89PNG")]
    assert [read_code(one) for one in codes] == [f"{HOME}/plans/7/teams/{n}" for n in (1, 2)]


def test_a_draft_says_so_on_every_page() -> None:
    """A sheet that was printed before the plan counted must not be walked by."""
    stops = [duty_scene.stop(n, 20.0 * n, 0, "福华路") for n in range(1, 60)]
    told = pages(
        duty_sheets(duty_scene.duty(duty_scene.team(1, stops, minutes=1), draft=True), ZH, home=HOME)
    )
    assert len(told) > 1
    assert all(any("草稿" in line for line in page) for page in told)


@pytest.mark.parametrize("count", [1, 17, 22])
def test_an_evenings_stops_stay_on_one_page(count: int) -> None:
    """The map makes room; what lies beside is not cut."""
    stops = [duty_scene.stop(n, 20.0 * n, 0, "福华路与彩田路路口") for n in range(1, count + 1)]
    (page,) = pages(duty_sheets(duty_scene.duty(duty_scene.team(1, stops)), ZH, home=HOME))
    assert [line for line in page if line == "福华路与彩田路路口"] == ["福华路与彩田路路口"] * count


def test_a_long_route_goes_on_with_its_head_repeated() -> None:
    """Which team and shift, and the heads of the columns; no stop twice, none lost."""
    stops = [duty_scene.stop(n, 20.0 * n, 0, f"第{n}街") for n in range(1, 61)]
    told = pages(duty_sheets(duty_scene.duty(duty_scene.team(1, stops, minutes=1)), ZH, home=HOME))
    assert len(told) > 1
    for number, page in enumerate(told, start=1):
        whole = "".join(page)
        assert "1 前埔1队" in whole and "2026-11-22 18:00 – 22:00" in whole
        assert page.count("序号") == 1 and f"{number} / {len(told)}" in page
    places = [line for page in told for line in page if line.startswith("第")]
    assert places == [f"第{n}街" for n in range(1, 61)]


def test_the_same_plan_is_the_same_paper_picture_and_file() -> None:
    """Byte for byte: whether somebody has the newest one can be told."""
    made = duty_scene.duty()
    for ending, paper in PAPERS.items():
        assert paper.made(made, ZH, HOME) == paper.made(made, ZH, HOME), ending


@pytest.mark.parametrize("side", [-1, 1])
def test_scale_and_arrow_give_way_to_stops_in_their_corners(side: int) -> None:
    """Stops in two opposite corners of the map: the rings around their numbers are drawn whole."""
    stops = [duty_scene.stop(1, -500, -300 * side, "福华路"), duty_scene.stop(2, 700, 300 * side, "福华路")]
    made = duty_scene.duty(duty_scene.team(1, stops))
    team = made.teams[0]
    size = 1116, 708
    picture = np.asarray(team_map(made, team, ZH, size, 1)).astype(int)
    points = [*(visit.stop.point for visit in team.visits), team.base]
    metric = gpd.GeoSeries(points, crs=4326).to_crs(duty_scene.CRS)
    canvas = Canvas(shapely.union_all(metric.to_numpy()), size, sharp=1, around=AROUND, ground="#ffffff")
    colour = np.array(tuple(bytes.fromhex(team.colour[1:])))
    for point in metric[:2]:
        x, y = (round(one / canvas.dot) for one in canvas.at(point)[0])
        for dx, dy in ((RADIUS, 0), (-RADIUS, 0), (0, RADIUS), (0, -RADIUS)):
            ring = picture[round(y + dy * 0.93), round(x + dx * 0.93)]
            assert abs(ring - colour).max() < 60, (point, dx, dy)


def test_two_stops_at_one_place_have_no_way_between_them_and_all_papers() -> None:
    """Fixed duties may share a place, and a team that goes on may stand where its next stop is."""
    one, other = (duty_scene.stop(n, 100.0, 50.0, "福华路与益田路路口") for n in (1, 2))
    team = duty_scene.team(1, [one, other])
    stays = replace(team.visits[1], way=shapely.LineString())
    for visits, back in (
        ([team.visits[0], stays], team.way_back),
        ([replace(team.visits[0], way=shapely.LineString()), stays], shapely.LineString()),
    ):
        duty = duty_scene.duty(replace(team, visits=visits, way_back=back))
        assert len(duty.teams[0].ways) == sum(not way.is_empty for way in (visits[0].way, back))
        (sheet,) = pages(duty_sheets(duty, ZH, home=HOME))
        assert "福华路与益田路路口" in sheet
        assert plan_picture(duty, ZH).startswith(b"\x89PNG")
        assert gpx(duty, ZH).count(b"<trk>") == 1


def test_the_picture_is_tall_and_holds_every_team() -> None:
    """Each team's colour is in it more than once: on the map and at its list."""
    made = duty_scene.duty()
    picture = Image.open(io.BytesIO(plan_picture(made, ZH))).convert("RGB")
    assert picture.width == 1080 and picture.height > 1080
    below = np.asarray(picture)[1150:].reshape(-1, 3)
    for one in made.teams:
        colour = np.array(tuple(bytes.fromhex(one.colour[1:])))
        assert (abs(below.astype(int) - colour).max(axis=1) < 12).sum() > 300, one.name


def test_the_text_reads_as_a_message() -> None:
    """By hand, of one team of two stops."""
    stops = [duty_scene.stop(3, 0, 0, "福华路"), duty_scene.stop(9, 50, 0, "")]
    told = plan_text(duty_scene.duty(duty_scene.team(1, stops), draft=True), ZH)
    assert told.splitlines() == [
        "联防巡逻：福田联防片区",
        "2026-11-22 18:00 – 22:00",
        "草稿：尚未发布，不得据此出巡",
        "",
        "1 前埔1队 (步行、3 人、300 米)",
        "18:00 集合 福华路与彩田路路口",
        "18:04–18:10 福华路、3 号点",
        "18:13–18:19 下寨村、9 号点",
        "18:22 返回",
    ]


def test_the_workbook_holds_times_as_times_and_names_as_texts() -> None:
    """A team called =1+1 is no formula; 18:04 in Shanghai is 18:04 in the cell."""
    first, second = duty_scene.duty().teams
    made = duty_scene.duty(replace(first, name="=1+1"), second)
    book = openpyxl.load_workbook(io.BytesIO(workbook(made, EN)))
    assert book.sheetnames == ["Routes", "Teams", "Stops"]
    rows = [[cell.value for cell in row] for row in book["Routes"].iter_rows(min_row=4)]
    assert len(rows) == 5
    assert rows[0][:5] == [1, "=1+1", 1, datetime(2026, 11, 22, 18, 4), datetime(2026, 11, 22, 18, 10)]
    assert {cell.data_type for cell in book["Routes"]["B"][3:6]} == {"s"}
    teams = [[cell.value for cell in row] for row in book["Teams"].iter_rows(min_row=4)]
    assert teams[1][:6] == [2, "前埔2队", "后埔村", 3, "by e-bike", datetime(2026, 11, 22, 18, 0)]
    (third,) = [row for row in book["Stops"].iter_rows(min_row=4, values_only=True) if row[0] == 3]
    assert third[5] == "18:04 2 前埔2队, 18:22 1 =1+1"


def unfolded(file: bytes) -> list[str]:
    """Lines of an iCalendar file, put together again as RFC 5545 3.1 says."""
    assert b"\n" not in file.replace(b"\r\n", b"") and all(len(one) <= 75 for one in file.split(b"\r\n"))
    return file.replace(b"\r\n ", b"").decode().splitlines()


def test_a_calendar_has_an_event_a_team_with_its_stops() -> None:
    """From the muster at 18:00 in Shanghai, 10:00 UTC, until it is back; a draft is tentative."""
    lines = unfolded(calendar(duty_scene.duty(), ZH, home=HOME))
    assert lines.count("BEGIN:VEVENT") == lines.count("BEGIN:VALARM") == 2
    assert lines.count("DTSTART:20261122T100000Z") == 2 and lines.count("STATUS:CONFIRMED") == 2
    assert "DTEND:20261122T103100Z" in lines and "DTEND:20261122T102200Z" in lines
    assert "SUMMARY:巡逻：前埔1队" in lines
    assert sum(line.startswith("UID:") for line in set(lines)) == 2
    (described, _) = (line for line in lines if line.startswith("DESCRIPTION:1") or "前埔2队 (" in line)
    assert "18:04–18:10 彩田路与益田路路口、1 号点\\n18:13–18:19" in described
    assert f"URL:{HOME}/plans/7/teams/2" in lines
    draft = unfolded(calendar(duty_scene.duty(draft=True), ZH, home=HOME, teams=duty_scene.duty().teams[:1]))
    assert draft.count("STATUS:TENTATIVE") == draft.count("BEGIN:VEVENT") == 1


def test_gpx_has_a_track_a_team_and_each_team_a_file() -> None:
    """Points as the plan has them, to a centimetre; a waypoint a visit with its time."""
    made = duty_scene.duty()
    root = ElementTree.fromstring(gpx(made, ZH))
    tracks = root.findall("g:trk", GPX)
    assert [one.findtext("g:name", namespaces=GPX) for one in tracks] == ["1 前埔1队", "2 前埔2队"]
    points = [(float(one.get("lon")), float(one.get("lat"))) for one in tracks[0].iterfind(".//g:trkpt", GPX)]
    expected = [xy for line in made.teams[0].ways for xy in shapely.get_coordinates(line)]
    assert np.allclose(points, expected, atol=1e-7)
    waypoints = root.findall("g:wpt", GPX)
    assert [one.findtext("g:time", namespaces=GPX) for one in waypoints][:2] == [
        "2026-11-22T10:04:00+00:00",
        "2026-11-22T10:13:00+00:00",
    ]
    with zipfile.ZipFile(io.BytesIO(gpx_by_team(made, ZH))) as archive:
        assert archive.namelist() == ["01-t1.gpx", "02-t2.gpx"]
        second = ElementTree.fromstring(archive.read("02-t2.gpx"))
    assert len(second.findall("g:trk", GPX)) == 1 and len(second.findall("g:wpt", GPX)) == 2


def test_a_name_with_a_sign_that_xml_does_not_know_makes_a_file_all_the_same() -> None:
    """A bell in a team's name; angle brackets are escaped."""
    first = replace(duty_scene.duty().teams[0], name="a\x07<b>")
    root = ElementTree.fromstring(gpx(duty_scene.duty(first), ZH))
    assert root.find("g:trk", GPX).findtext("g:name", namespaces=GPX) == "1 a<b>"


def test_geojson_has_routes_and_stops_longitude_first() -> None:
    """By GDAL: lines and points, in the place where the plan has them."""
    made = duty_scene.duty()
    frame = pyogrio.read_dataframe(io.BytesIO(geojson(made)))
    kinds = frame.groupby("kind").geometry.agg(lambda shapes: set(shapes.geom_type))
    assert kinds.to_dict() == {"route": {"LineString"}, "stop": {"Point"}}
    stops = frame[frame["kind"] == "stop"].set_index("stop").geometry
    for stop in made.stops:
        assert stops[stop.number].distance(stop.point) < 1e-6
    routes = frame[(frame["kind"] == "route") & (frame["number"] == 1)]
    assert routes["visit"].tolist()[:3] == [1, 2, 3] and routes["visit"].isna().tolist()[3]


def said(ending: str, content: bytes) -> str:
    """All words of a paper or file, whatever it is wrapped in; of a picture what is written into it."""
    if ending == ".pdf":
        return "\n".join(line for page in pages(content) for line in page) + content.decode("latin1")
    if ending in (".zip", ".xlsx"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            # Of every workbook: the light in which Excel draws solids has a "camera".
            names = [name for name in archive.namelist() if not name.startswith("xl/theme/")]
            return "\n".join(name + archive.read(name).decode("utf8", "replace") for name in names)
    return content.decode("utf8", "replace")


# A weight that no time, place or random key of a paper happens to hold.
WORTH = 86421


@pytest.fixture
def weighed(served):
    """The small site with a weight that is easy to find."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("UPDATE plan_stop SET prize = :worth"), {"worth": WORTH})
    yield served
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("UPDATE plan_stop SET prize = 5"))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_paper_or_file_tells_a_camera_a_gap_a_cause_or_a_prize(weighed, tmp_path, lang: str) -> None:
    """Of the whole plan and of a team, in both languages, of a draft made from a gap beside a camera."""
    t = Translator(lang, ZONE)
    plan = weighed.site.drafts[OWN]
    found: dict[str, str] = {}
    with transaction(weighed.engine, scope=WHOLE_SITE) as session:
        duty = duty_of(session, of_plan.plan(session, plan), t)
        camera = session.execute(
            text("SELECT code, name FROM camera WHERE code = :code"), {"code": weighed.site.cameras[OWN]}
        ).one()
        for ending in (one for one in PLAN_ENDINGS if one != ".json"):
            path = tmp_path / f"plan{ending}"
            write_plan(session, plan, path, t, home=HOME)
            found[ending] = said(ending, path.read_bytes())
    for ending, (_, made) in TEAM_PAPERS.items():
        found[f"team{ending}"] = said(ending, made(duty, duty.teams[0], t, HOME))
    causes = [t(one.name) for one in CAUSES.values()] + [t(one.meaning) for one in CAUSES.values()]
    words = {
        *camera,
        *causes,
        *CAUSES,
        "prize",
        str(WORTH),
        f"{WORTH:,}",
        "footprint",
        "camera",
        "摄像",
        "缺口",
    }
    for name, whole in found.items():
        assert [word for word in words if word.lower() in whole.lower()] == [], name
    # The stop itself stands on each of them but the picture, which holds no text at all.
    street = "前埔镇大街"
    assert {name for name, whole in found.items() if street not in whole} == {".png"}


def test_whoever_sees_a_zone_gets_the_streets_of_its_neighbours(served) -> None:
    """A team of one village is sent to the other: its sheet names that street, not only its own."""
    zone, plan = served.site.zones[OWN], served.site.published[OWN]
    values = {"zone": zone, "plan": plan, "path": SIBLING}
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        for statement in (
            "INSERT INTO zone_member SELECT id, CAST(:path AS ltree) FROM zone WHERE code = :zone",
            "UPDATE zone SET geom = ST_Multi(ST_MakeEnvelope(116.60, 23.30, 116.64, 23.32, 4326)) "
            "WHERE code = :zone",
        ):
            session.execute(text(statement), values)
    try:
        with transaction(served.engine, scope=Scope.of([SIBLING])) as session:
            duty = duty_of(session, of_plan.plan(session, plan), ZH)
        assert duty.teams[0].visits[0].stop.place == "前埔镇大街"
        assert "前埔镇大街" in set(duty.streets["name"])
    finally:
        with transaction(served.engine, scope=WHOLE_SITE) as session:
            for statement in (
                "DELETE FROM zone_member WHERE jurisdiction_path = CAST(:path AS ltree) "
                "AND zone_id = (SELECT id FROM zone WHERE code = :zone)",
                "UPDATE zone SET geom = ST_Multi(ST_MakeEnvelope(116.60, 23.30, 116.62, 23.32, 4326)) "
                "WHERE code = :zone",
            ):
                session.execute(text(statement), values)


def test_a_team_musters_at_its_own_hour_when_that_is_later(served) -> None:
    """The shift begins at 18:00; the team serves from 18:30."""
    later = duty_scene.START + timedelta(minutes=30)
    change = "UPDATE team SET starts_at = :at WHERE zone_id = (SELECT id FROM zone WHERE code = :zone)"
    plan = served.site.published[OWN]
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text(change), {"at": later, "zone": served.site.zones[OWN]})
        (team,) = duty_of(session, of_plan.plan(session, plan), ZH).teams
        assert team.muster_at == later and team.village == "前埔镇" and team.base_place == "前埔镇大街"
        session.rollback()


def test_pages_of_papers_and_teams_are_for_whoever_sees_the_plan(served) -> None:
    """Members see published ones; each file is written down; what is none is not found."""
    plan, draft = served.site.published[OWN], served.site.drafts[OWN]
    member = served.client(Role.MEMBER, CHILD)
    assert member.get(f"/plans/{plan}/papers").status_code == 404, "the zone is the town's"
    member = served.client(Role.MEMBER, OWN)
    page = member.get(f"/plans/{plan}/papers?lang=en").text
    assert "Copy the text" in page and f"/plans/{plan}/teams/1" in page and "file.json" not in page
    assert "18:00–22:00 前埔镇大街, stop 1" in page
    team = member.get(f"/plans/{plan}/teams/1?lang=en").text
    assert "Qianpu, team 1" in team and "前埔镇大街" in team
    for address in (
        f"/plans/{draft}/papers",
        f"/plans/{draft}/teams/1",
        f"/plans/{draft}/teams/1/file.pdf",
        f"/plans/{plan}/teams/2",
        f"/plans/{plan}/teams/0/file.gpx",
        f"/plans/{plan}/teams/1/file.json",
    ):
        assert member.get(address).status_code == 404, address
    planner = served.client(Role.PLANNER, OWN).get(f"/plans/{draft}/papers?lang=en").text
    assert "file.json" in planner and "not published" in planner
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        before = session.scalar(text("SELECT count(*) FROM audit_entry WHERE event = 'export'"))
    answer = member.get(f"/plans/{plan}/teams/1/file.ics")
    assert answer.mimetype == "text/calendar" and b"BEGIN:VEVENT" in answer.data
    assert f"plan-{plan}-team-1.ics" in answer.headers["Content-Disposition"]
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        after = session.scalar(text("SELECT count(*) FROM audit_entry WHERE event = 'export'"))
    assert after == before + 1


def run(served, monkeypatch, *arguments: str):
    """A command against the small site."""
    monkeypatch.setenv("LIANFANG_DATABASE_URL", served.app_url)
    monkeypatch.setenv("LIANFANG_OWNER_DATABASE_URL", served.owner_url)
    return CliRunner().invoke(main, ["patrols", *arguments])


def test_the_command_writes_what_the_pages_hand_out(served, monkeypatch, tmp_path) -> None:
    """By the ending; of one team by its number; the code leads to the address that is given."""
    plan = served.site.published[OWN]
    to = tmp_path / "plan.txt"
    done = run(served, monkeypatch, "export", str(plan), str(to), "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.output.splitlines()[-1])["bytes"] == to.stat().st_size
    page = served.client(Role.MEMBER, OWN).get(f"/plans/{plan}/file.txt?lang=zh")
    assert to.read_bytes() == page.data
    assert page.headers["Content-Type"] == "text/plain; charset=utf-8"
    paper = tmp_path / "team.pdf"
    done = run(served, monkeypatch, "export", str(plan), str(paper), "--team", "1", "--url", f"{HOME}/")
    assert done.exit_code == 0, done.output
    (code,) = [one for one in drawn(paper.read_bytes()) if one.startswith(b"\x89PNG")]
    assert read_code(code) == f"{HOME}/plans/{plan}/teams/1"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("x.docx",), 1, "the ending .docx is not one of"),
        (("x.png", "--team", "1"), 1, "the ending .png is not one of .pdf .gpx .ics"),
        (("x.pdf", "--team", "9"), 1, "has no team 9; its teams are 1 to 1"),
        (("x.pdf", "--url", "lianfang"), 2, "is no address"),
    ],
)
def test_a_wrong_order_of_a_file_is_refused_in_one_sentence(
    served, monkeypatch, tmp_path, arguments: tuple[str, ...], status: int, words: str
) -> None:
    """And nothing is written."""
    name, *options = arguments
    plan = str(served.site.published[OWN])
    done = run(served, monkeypatch, "export", plan, str(tmp_path / name), *options)
    assert done.exit_code == status and words in done.output
    assert list(tmp_path.iterdir()) == []
    gone = run(served, monkeypatch, "export", "999999", str(tmp_path / "x.pdf"))
    assert gone.exit_code == 1 and "plan 999999 is not stored" in gone.output


def test_a_plan_that_goes_on_begins_where_its_teams_stand(served) -> None:
    """From 20:00 on, and later where something holds a team; back to its base all the same."""
    plan = served.site.published[OWN]
    told = {"plan": 3, "now": "2026-11-22T20:00:00+08:00", "out": [], "bound_until": {}}
    change = (
        "UPDATE plan SET parameters = jsonb_build_object('goes_on', CAST(:told AS jsonb)) WHERE id = :plan"
    )
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        code = session.scalar(
            text("SELECT code FROM team WHERE id = (SELECT team_id FROM plan_visit WHERE plan_id = :plan)"),
            {"plan": plan},
        )
        session.execute(
            text("UPDATE plan_visit SET leg = ST_Reverse(leg) WHERE plan_id = :plan"), {"plan": plan}
        )
        for bound, clock in (({}, "20:00"), ({code: "2026-11-22T20:40:00+08:00"}, "20:40")):
            session.execute(text(change), {"told": json.dumps({**told, "bound_until": bound}), "plan": plan})
            duty = duty_of(session, of_plan.plan(session, plan), ZH)
            (team,) = duty.teams
            assert duty.goes_on == 3 and ZH.clock(team.muster_at) == clock
            # The way that leads there begins 0.0008 degrees east of the base.
            assert (round(team.start.x - team.base.x, 4), team.start.y) == (0.0008, team.base.y)
        page = "".join(pages(duty_sheets(duty, ZH, home=HOME))[0])
        assert "继续出发" in page and "代替方案 3" in page and "集合" not in page
        assert "20:40 继续 前埔镇大街" in plan_text(duty, ZH)
        session.rollback()
