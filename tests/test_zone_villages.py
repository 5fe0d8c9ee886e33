"""A zone's villages changed afterwards: area, members, borders; what cannot be; drawing with a whole town."""

from __future__ import annotations

import pytest
from small_site import CHILD, OWN
from sqlalchemy import text
from test_planning import EAST, MIDDLE, WEST, add_team_rows, planned, team, town

from geo.crs import to_metric
from geo.errors import InputRefused, LianfangError
from patrols import repository
from patrols.services import meeting, stale_reasons
from patrols.services.drawing import change_members
from web.access import Role

ALL = (WEST, MIDDLE, EAST)


@pytest.fixture
def zone(session) -> int:
    number = town(session)
    add_team_rows(session, number, team("w", WEST, 0, 0))
    return number


def area(session, number: int) -> float:
    return float(to_metric(repository.zones(session).loc[[number]], "EPSG:32635").area.iloc[0])


def test_a_village_comes_and_goes_and_the_area_with_it(session, zone) -> None:
    """Three villages of 400 by 600 m."""
    assert change_members(session, "z", ALL, allowed=ALL) == ([EAST], [])
    assert repository.zones(session).loc[zone, "members"] == sorted(ALL)
    assert area(session, zone) == pytest.approx(3 * 400 * 600, rel=1e-3)
    assert change_members(session, "z", [WEST, MIDDLE], allowed=ALL) == ([], [EAST])
    assert area(session, zone) == pytest.approx(2 * 400 * 600, rel=1e-3)
    assert change_members(session, "z", [WEST, MIDDLE], allowed=[]) == ([], []), "nothing changes"


def test_plans_are_stale_and_borders_of_who_went_have_no_place(session, zone) -> None:
    add_team_rows(session, zone, team("w2", WEST, 0, 200))
    plan = planned(session).plan_id
    assert stale_reasons(session, [plan])[plan] == []
    change_members(session, "z", ALL, allowed=ALL)
    assert stale_reasons(session, [plan])[plan]
    who = {"author": "tester", "now": repository.latest_plan(session).created_at}
    assert meeting.propose(session, zone, **who) == 2
    change_members(session, "z", [WEST, MIDDLE], allowed=ALL)
    assert session.scalar(text("SELECT count(*) FROM meeting_place")) == 1


@pytest.mark.parametrize(
    ("members", "allowed", "sentence"),
    [
        ((WEST, EAST), ALL, "do not adjoin"),
        ((), ALL, "has no village"),
        ((WEST,), ALL, "the rule asks for 2 villages"),
        ((MIDDLE, EAST), ALL, "team 'w' is of village"),
        (ALL, (WEST, MIDDLE), "is not of your area"),
        ((*ALL, "c.d.t.none"), (*ALL, "c.d.t.none"), "is not known or has no area"),
    ],
)
def test_what_cannot_be_is_refused(session, zone, members, allowed, sentence) -> None:
    with pytest.raises(InputRefused, match=sentence):
        change_members(session, "z", members, allowed=allowed)
    assert repository.zones(session).loc[zone, "members"] == sorted([WEST, MIDDLE])


def test_an_unknown_zone_is_refused(session, zone) -> None:
    with pytest.raises(LianfangError, match="zone 'x' is not known"):
        change_members(session, "x", ALL, allowed=ALL)


def test_the_page_offers_villages_by_town(served) -> None:
    """A refusal keeps what was chosen; nothing is stored."""
    code = served.site.zones[CHILD]
    client = served.client(Role.PLANNER, OWN)
    address = f"/zones/{code}/villages"
    assert address in client.get(f"/zones/{code}").text
    page = client.get(address + "?lang=en").text
    assert "data-lf-town" in page
    assert f'value="{CHILD}" id="m-{CHILD.replace(".", "-")}" checked' in page
    assert "data-lf-town" in client.get("/zones/new").text
    answer = client.post(address + "?lang=en", data={})
    assert answer.status_code == 422
    assert "has no village" in answer.text
    assert f'value="{CHILD}" id="m-{CHILD.replace(".", "-")}" checked' in client.get(address).text
    assert served.client(Role.MEMBER, CHILD).get(address).status_code == 403
