"""The ground of a zone: findings, borders, and meeting places: proposed, named, moved, struck, on paper."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import geopandas as gpd
import pytest
import shapely
from click.testing import CliRunner
from PIL import Image
from signing import app_on, signed_in_client
from small_site import CHILD
from sqlalchemy import text
from test_planning import CRS_M, MIDDLE, WEST, add_team_rows, at, planned, team, town

from geo.crs import to_lonlat
from geo.db import transaction
from geo.errors import InputRefused
from geo.scope import WHOLE_SITE
from patrols.repository import of_plan
from patrols.repository import zone_ground as store
from patrols.services import meeting
from patrols.services.zone_checks import check_zone
from web.access import Role
from web.cli import main
from web.duty.drawn import plan_map
from web.duty.making import duty_of
from web.duty.meetings import letters
from web.duty.sheets import map_height
from web.i18n import Translator

NOW = datetime(2026, 11, 21, tzinfo=UTC)
WHO = {"author": "tester", "now": NOW}


def lonlat_of(point: shapely.Point) -> tuple[float, float]:
    found = to_lonlat(gpd.GeoSeries([point], crs=CRS_M)).iloc[0]
    return found.x, found.y


@pytest.fixture
def zone(session) -> int:
    """The town: a zone of two villages, a team in each."""
    number = town(session)
    add_team_rows(session, number, team("w", WEST, 0, 0), team("m", MIDDLE, 600, 400))
    return number


# --- services -------------------------------------------------------------------------------------


def test_a_stored_zone_is_checked_and_a_mark_takes_a_finding_away(session, zone) -> None:
    assert check_zone(session, "z") == []
    session.execute(text("UPDATE team SET valid = tstzrange(lower(valid), now()) WHERE code = 'm'"))
    found = check_zone(session, "z")
    assert [str(one.told) for one in found] == ["middle has no team; add one, or say that it has none"]
    assert found[0].point is not None
    assert -180 <= found[0].point.x <= 180, "degrees"
    assert store.mark_without_team(session, zone, MIDDLE, True)
    assert check_zone(session, "z") == []
    assert not store.mark_without_team(session, zone, "c.d.t.east", True)


def test_places_are_proposed_once_and_what_a_person_did_stays(session, zone) -> None:
    assert meeting.propose(session, zone, **WHO) == 1
    first = store.meeting_places(session, zone)
    assert {first["left"].iloc[0], first["right"].iloc[0]} == {WEST, MIDDLE}
    assert meeting.propose(session, zone, **WHO) == 1, "anew: nobody touched it"
    assert len(store.meeting_places(session, zone)) == 1
    number = int(store.meeting_places(session, zone)["id"].iloc[0])
    meeting.change(session, zone, number, name="Bridge", at=None, struck=False, **WHO)
    assert meeting.propose(session, zone, **WHO) == 0
    meeting.change(session, zone, number, name="", at=None, struck=True, **WHO)
    assert meeting.propose(session, zone, **WHO) == 0, "struck: not proposed again"
    assert store.meeting_places(session, zone).empty
    assert len(store.meeting_places(session, zone, struck=True)) == 1


def test_a_place_that_is_moved_is_by_hand(session, zone) -> None:
    meeting.propose(session, zone, **WHO)
    number = int(store.meeting_places(session, zone)["id"].iloc[0])
    spot = lonlat_of(at(300, 0))
    meeting.change(session, zone, number, name="", at=spot, struck=False, **WHO)
    row = store.meeting_places(session, zone).iloc[0]
    assert (row["origin"], row["walk_s"]) == ("by_hand", None)
    assert (row["geometry"].x, row["geometry"].y) == pytest.approx(spot)


def test_what_cannot_be_a_meeting_place_is_refused(session, zone) -> None:
    spot = lonlat_of(at(300, 0))
    with pytest.raises(InputRefused, match="two villages of the zone that share a border"):
        meeting.make(session, zone, (WEST, "c.d.t.east"), spot, "", **WHO)
    with pytest.raises(InputRefused, match="m from the zone; put it at most 500 m away"):
        meeting.make(session, zone, (WEST, MIDDLE), lonlat_of(at(5000, 0)), "", **WHO)
    with pytest.raises(InputRefused, match="at most 60 characters"):
        meeting.make(session, zone, (WEST, MIDDLE), spot, "x" * 61, **WHO)
    with pytest.raises(InputRefused, match="is no position"):
        meeting.make(session, zone, (WEST, MIDDLE), (500.0, 0.0), "", **WHO)
    with pytest.raises(InputRefused, match="is not there any more"):
        meeting.change(session, zone, 999999, name="", at=None, struck=True, **WHO)
    assert store.meeting_places(session, zone, struck=True).empty


def test_borders_tell_how_many_streets_cross_them(session, zone) -> None:
    ground = meeting.zone_ground(session, zone)
    assert ground.borders["crossings"].tolist() == [3]
    assert len(ground.crossings) == 3


def test_letters_go_on_after_z() -> None:
    assert [letters(n) for n in (0, 1, 25, 26, 51, 52, 701, 702)] == [
        *("A", "B", "Z", "AA", "AZ", "BA", "ZZ", "AAA")
    ]


def test_papers_show_meeting_places_and_leave_room_for_them(session, zone) -> None:
    made = planned(session)
    plan = of_plan.plan(session, made.plan_id)
    t = Translator("en", ZoneInfo("UTC"))
    bare = duty_of(session, plan, t)
    meeting.make(session, zone, (WEST, MIDDLE), lonlat_of(at(300, 200)), "Old bridge", **WHO)
    meeting.make(session, zone, (WEST, MIDDLE), lonlat_of(at(300, 400)), "", **WHO)
    number = int(store.meeting_places(session, zone)["id"].iloc[1])
    meeting.change(session, zone, number, name="", at=None, struck=True, **WHO)
    duty = duty_of(session, plan, t)
    assert [(one.label, one.name, one.left, one.right) for one in duty.meetings] == [
        ("A", "Old bridge", "west", "middle")
    ]
    assert map_height(duty, duty.teams[0]) <= map_height(bare, bare.teams[0])
    size = (600, 400)
    with_letter, without = (plan_map(one, t, size, 1).convert("RGB") for one in (duty, bare))
    assert (11, 61, 102) in {colour for _, colour in with_letter.getcolors(1 << 24)}
    assert (11, 61, 102) not in {colour for _, colour in without.getcolors(1 << 24)}


# --- pages ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def planner(demo, tmp_path_factory):
    app = app_on(demo.engine, tmp_path_factory.mktemp("ground"))
    return signed_in_client(app, demo.engine, Role.PLANNER)


@pytest.fixture
def code(demo) -> Iterator[str]:
    """The demo's zone; its meeting places and marks go afterwards."""
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        found = session.scalar(text("SELECT code FROM zone ORDER BY id LIMIT 1"))
    yield found
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM meeting_place"))
        session.execute(text("UPDATE zone_member SET no_team = false"))


def places(demo) -> list[tuple]:
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        rows = session.execute(text("SELECT id, name, origin, struck FROM meeting_place ORDER BY id"))
        return [tuple(row) for row in rows]


def test_the_page_shows_borders_and_proposes_places(demo, planner, code) -> None:
    page = planner.get(f"/zones/{code}/ground?lang=en").text
    assert f"/zones/{code}/ground" in planner.get(f"/zones/{code}?lang=en").text
    assert "No meeting place yet." in page
    rows = re.findall(r'data-id="border-\d+"><td>([^<]*)</td>', page)
    assert len(rows) >= 4
    answer = planner.post(f"/zones/{code}/ground/propose")
    assert answer.headers["Location"] == f"/zones/{code}/ground"
    assert len(places(demo)) >= len(rows) / 2
    page = planner.get(f"/zones/{code}/ground?lang=en").text
    assert "the farther side walks" in page
    assert "<strong>A</strong>" in page
    assert "交接" in planner.get(f"/zones/{code}/ground?lang=zh").text


def test_a_place_is_made_named_moved_and_struck(demo, planner, code) -> None:
    page = planner.get(f"/zones/{code}/ground?lang=en").text
    pair = re.search(r'<option value="([^"|]+\|[^"]+)"', page)[1]
    data = json.loads(re.search(r'id="data-map-ground">(.*?)</script>', page, re.S)[1])
    lon, lat = data["layers"][3]["features"]["features"][0]["geometry"]["coordinates"]
    given = {"villages": pair, "name": "桥头", "lon": str(lon), "lat": str(lat)}
    assert planner.post(f"/zones/{code}/ground/places", data=given).status_code == 303
    [(number, name, origin, struck)] = places(demo)
    assert (name, origin, struck) == ("桥头", "by_hand", False)
    assert "桥头" in planner.get(f"/zones/{code}/ground").text
    change = f"/zones/{code}/ground/places/{number}"
    moved = {"name": "Bridge", "move": "yes", "lon": str(lon), "lat": "0"}
    answer = planner.post(change + "?lang=en", data=moved)
    assert answer.status_code == 422
    assert "m from the zone; put it at most 500 m away" in answer.text
    assert places(demo) == [(number, "桥头", "by_hand", False)]
    assert planner.post(change, data={"name": "Bridge", "struck": "yes"}).status_code == 303
    assert places(demo) == [(number, "Bridge", "by_hand", True)]
    assert "struck" in planner.get(f"/zones/{code}/ground?lang=en").text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"villages": "a|b", "lon": "24.9", "lat": "60.1"}, "share a border"),
        ({"villages": "a|b"}, "Click on the map where the teams meet"),
        ({"villages": "a|b", "lon": "x", "lat": "60.1"}, "is no position"),
    ],
)
def test_a_wrong_place_is_refused_on_the_page(demo, planner, code, given, words) -> None:
    answer = planner.post(f"/zones/{code}/ground/places?lang=en", data=given)
    assert answer.status_code == 422
    assert words in answer.text
    assert places(demo) == []


def test_a_village_is_said_to_have_no_team(demo, planner, code) -> None:
    """A village with a team bears the mark too: then it is a finding, and taken away on the same page."""
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        with_team, without = (
            session.scalar(
                text(
                    f"""SELECT m.jurisdiction_path::text FROM zone_member m
                        WHERE {negated} EXISTS (SELECT FROM team t WHERE t.zone_id = m.zone_id
                                                AND t.jurisdiction_path = m.jurisdiction_path)
                        ORDER BY 1 LIMIT 1"""
                )
            )
            for negated in ("", "NOT")
        )
    before = planner.get(f"/zones/{code}/ground/findings?lang=en").text
    if without is not None:
        assert "has no team; add one" in before
    address = f"/zones/{code}/ground/villages"
    assert planner.post(address, data={"village": with_team, "no_team": "yes"}).status_code == 303
    assert "is said to have no team and has one" in planner.get(f"/zones/{code}/ground?lang=en").text
    assert planner.post(address, data={"village": with_team, "no_team": ""}).status_code == 303
    assert planner.get(f"/zones/{code}/ground/findings?lang=en").text == before
    refused = planner.post(address + "?lang=en", data={"village": "x", "no_team": "yes"})
    assert refused.status_code == 422
    assert "This village is not in the zone." in refused.text


def test_the_command_says_what_was_found(demo, code, monkeypatch) -> None:
    monkeypatch.setenv("LIANFANG_DATABASE_URL", demo.app_url)
    monkeypatch.setenv("LIANFANG_OWNER_DATABASE_URL", demo.owner_url)
    result = CliRunner().invoke(main, ["patrols", "zones", "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout.strip().splitlines()[-1])
    assert list(told["zones"]) == [code]
    assert all(one["lon"] is not None for one in told["zones"][code])
    result = CliRunner().invoke(main, ["patrols", "zones", "--zone", "no-such"])
    assert result.exit_code == 1
    assert "zone 'no-such' is not known" in result.output


def test_members_see_where_to_meet_and_change_nothing(served) -> None:
    code = served.site.zones[CHILD]
    member = served.client(Role.MEMBER, CHILD)
    page = member.get(f"/zones/{code}/ground?lang=en")
    assert page.status_code == 200
    assert "Propose" not in page.text
    assert member.post(f"/zones/{code}/ground/propose").status_code == 403


def test_a_sheet_lists_them(demo, planner, code) -> None:
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        number = session.scalar(text("SELECT id FROM zone WHERE code = :code"), {"code": code})
        meeting.propose(session, number, **WHO)
        assert len(store.meeting_places(session, number))
    picture = planner.get("/plans/1/file.png")
    assert picture.status_code == 200
    assert Image.open(io.BytesIO(picture.data)).size[0] > 100
