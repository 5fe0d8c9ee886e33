"""What people name zones, teams and duties: a code is a part of an address, a name is read in a list."""

from __future__ import annotations

import pytest
from test_planning import MIDDLE, WEST, town
from test_team_terms import lonlat, stated

from geo.errors import InputRefused
from patrols.codes import code_problem, refuse_name
from patrols.problem import CrossRule
from patrols.repository import of_plan
from patrols.services import import_teams
from patrols.services.drawing import draw_zone
from patrols.services.teams import add_team


@pytest.mark.parametrize(
    "code", ["a/b", "..", ".", "new", "a?b", "a#b", "50%", "a\\b", "a\nb", "a\0b", "x" * 101]
)
def test_what_is_no_part_of_an_address_is_no_code(code):
    told = code_problem(code)
    assert told is not None and "cannot be an address of the program; take another" in told


@pytest.mark.parametrize("code", ["hel-lf", "中文片", "a b", "x" * 100, "440513-3", "end"])
def test_what_is_printed_in_one_part_is_a_code(code):
    assert code_problem(code) is None


@pytest.mark.parametrize("name", ["名" * 121, "a\0b", "two\nlines"])
def test_a_name_is_one_line_that_a_list_has_room_for(name):
    with pytest.raises(InputRefused, match="give at most 120, in one line"):
        refuse_name("good", name)


def draw(session, **own):
    usual = {
        "code": "drawn",
        "name": "片",
        "name_en": "",
        "members": [WEST, MIDDLE],
        "rule": CrossRule(),
        "author": "t",
    }
    return draw_zone(session, **usual | own)


def test_a_zone_is_drawn_with_a_code_that_is_an_address_and_a_name_to_be_read(session):
    town(session)
    for own, words in (
        ({"code": "a/b"}, "cannot be an address"),
        ({"code": "a\nb"}, "cannot be an address"),
        ({"name": "a\0"}, "in one line"),
        ({"name_en": "n" * 200}, "in one line"),
    ):
        with pytest.raises(InputRefused, match=words):
            draw(session, **own)


def test_a_village_named_twice_is_in_a_zone_once(session):
    town(session)
    number = draw(session, members=[WEST, MIDDLE, WEST])
    assert of_plan.members(session, number)["path"].tolist() == sorted([WEST, MIDDLE])


@pytest.mark.parametrize("code", ["new", "end", "t/1", ".."])
def test_a_team_has_a_code_that_leads_to_its_page(session, code):
    town(session)
    with pytest.raises(InputRefused, match="cannot be an address"):
        add_team(session, "z", code, stated(), author="t")


def test_a_team_has_a_name_to_be_read(session):
    town(session)
    with pytest.raises(InputRefused, match="in one line"):
        add_team(session, "z", "t1", stated(name="队" * 3000), author="t")


def test_rows_of_a_file_are_refused_for_their_codes(session, tmp_path):
    town(session)
    lon, lat = lonlat(0, 0)
    rows = [f"{code},west,foot,{lon},{lat}" for code in ("good", "end", "t/1")]
    (tmp_path / "t.csv").write_text("\n".join(["code,village,mode,lon,lat", *rows]), encoding="utf8")
    with pytest.raises(InputRefused) as refused:
        import_teams(session, tmp_path / "t.csv", zone="z", datum="wgs84", author="t")
    told = [one.partition(": ") for one in refused.value.problems]
    assert [row for row, _, _ in told] == ["row 3", "row 4"]
    assert all("cannot be an address" in words for _, _, words in told)
