"""What a plan tells, and to whom: reasons and weights are blind spots, wherever they stand."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from signing import make_account
from small_site import CHILD, OWN, SIBLING
from sqlalchemy import text

from geo.db import transaction
from geo.scope import NOWHERE, WHOLE_SITE, Scope
from web.access import Role

# A weight that no time, place or random key of an answer happens to hold.
WORTH = 86421
TELLING = ("Camera lost", "outage", ">Why<", ">Prize<", "Weight", "Value", str(WORTH), f"{WORTH:,}")


def _plan_answers(client: FlaskClient, plan: int, visit: int) -> dict[str, bytes]:
    """Everything that is answered about a plan, by address."""
    addresses = [
        f"/plans/{plan}",
        *(f"/plans/{plan}/file{ending}" for ending in (".json", ".gpx", ".geojson", ".csv", ".gpkg")),
        *(f"/plans/{plan}/file{ending}" for ending in (".txt", ".ics")),
        f"/plans/{plan}/papers",
        f"/plans/{plan}/teams/1",
        f"/map/plan/{plan}",
        f"/map/lists/routes?plan={plan}",
        f"/map/feature/routes/{visit}",
        f"/tiles/routes/14/13498/7102.mvt?plan={plan}",
        "/plans",
        "/zones",
    ]
    return {one: client.get(one, headers={"Accept-Language": "en"}).data for one in addresses}


@pytest.fixture
def weighed(served):
    """The published plan of two towns with a weight that is easy to find: (number, a visit) by town."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("UPDATE plan_stop SET prize = :worth"), {"worth": WORTH})
        session.execute(
            text("""UPDATE plan SET document = '{"stops": [{"prize": 86421, "cause": "outage"}]}'""")
        )
        rows = session.execute(text("SELECT plan_id, min(id) FROM plan_visit GROUP BY 1"))
        visits = {row[0]: row[1] for row in rows}
    yield {path: (number, visits[number]) for path, number in served.site.published.items()}
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("UPDATE plan_stop SET prize = 5"))
        session.execute(text("UPDATE plan SET document = '{}'"))


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VOLUNTEER, Role.VIEWER])
def test_no_answer_tells_those_who_walk_what_a_stop_is_worth(served, weighed, role: Role) -> None:
    """Page, files, map, card, tiles and lists: a weight is a blind spot as much as its cause."""
    for address, answer in _plan_answers(served.client(role, OWN), *weighed[OWN]).items():
        told = [word for word in TELLING if word.encode() in answer]
        assert not told, (address, told)


def test_a_right_in_one_town_tells_nothing_of_another_towns_plan(served, weighed) -> None:
    """Who plans in one and only looks at the other sees reasons in the first alone."""
    key = make_account(served.engine, "two-towns", (Role.COMMANDER, OWN), (Role.VIEWER, SIBLING))
    client = served.app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = key
    there, visit = weighed[SIBLING]
    assert client.get(f"/plans/{there}/file.json").status_code == 403
    page = client.get(f"/plans/{there}").text
    assert f"/plans/{there}/file.json" not in page and f"/plans/{there}/withdraw" not in page
    for address, answer in _plan_answers(client, there, visit).items():
        told = [word for word in TELLING if word.encode() in answer]
        assert not told, (address, told)
    here, visit = weighed[OWN]
    answers = _plan_answers(client, here, visit)
    for address in (f"/plans/{here}", f"/map/feature/routes/{visit}"):
        assert b"Camera lost" in answers[address] and f"{WORTH:,}".encode() in answers[address], address
    assert str(WORTH).encode() in answers[f"/plans/{here}/file.json"]


@pytest.fixture
def crossed(served):
    """One's own zone gets the sibling town as a member, and a team of it that comes an hour later."""
    plan = served.site.published[OWN]
    values = {"code": served.site.zones[OWN], "plan": plan, "path": SIBLING}
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        values["zone"] = session.scalar(text("SELECT id FROM zone WHERE code = :code"), values)
        for statement in (
            "INSERT INTO zone_member (zone_id, jurisdiction_path) VALUES (:zone, CAST(:path AS ltree))",
            """INSERT INTO team (code, name, name_en, zone_id, mode, size, jurisdiction_path, batch_id, valid,
                                 base)
               SELECT 'away', '二队', 'team 2', zone_id, mode, size, CAST(:path AS ltree), batch_id, valid,
                      base
               FROM team WHERE zone_id = :zone""",
            """INSERT INTO plan_visit (plan_id, team_id, seq, stop_id, arrive_at, start_at, end_at,
                                       distance_m, leg)
               SELECT plan_id, (SELECT id FROM team WHERE code = 'away'), seq, stop_id,
                      arrive_at + interval '1h', start_at + interval '1h', end_at + interval '1h', distance_m,
                      leg
               FROM plan_visit WHERE plan_id = :plan""",
        ):
            session.execute(text(statement), values)
    yield plan
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        for statement in (
            "DELETE FROM plan_visit WHERE team_id = (SELECT id FROM team WHERE code = 'away')",
            "DELETE FROM team WHERE code = 'away'",
            "DELETE FROM zone_member WHERE zone_id = :zone AND jurisdiction_path = CAST(:path AS ltree)",
        ):
            session.execute(text(statement), values)


@pytest.mark.parametrize("path", [None, OWN, SIBLING])
def test_who_crosses_whom_is_the_same_for_everybody_who_sees_the_zone(served, crossed, path) -> None:
    """Qianpu came first and Houpu an hour later, whichever of the two villages the reader belongs to."""
    client, code = served.client(Role.MEMBER, path), served.site.zones[OWN]
    page = client.get(f"/plans/{crossed}?lang=en").text
    matrix = page.split("lf-matrix")[1].split("</table>")[0]
    assert re.findall(r"<th[^>]*>([^<]*)</th>", matrix) == ["Qianpu", "Houpu", "Qianpu", "Houpu"]
    cells = [cell.strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", matrix)]
    assert cells[1:3] == ['<span class="lf-missing">·</span>', "1"] and cells[3] == "–"
    (row,) = (row for row in client.get("/zones?lang=en").text.split("<tr") if f"/zones/{code}" in row)
    assert row.count(">2<") == 2, "two villages, two teams"
    villages = client.get(f"/zones/{code}?lang=en").text.split("<h2")
    (listed,) = (card for card in villages if card.split("</h2>")[0].endswith("Villages"))
    assert "Qianpu" in listed and "Houpu" in listed
    links = [one for one in (OWN, SIBLING) if f'href="/jurisdictions/{one}"' in listed]
    assert links == ([OWN, SIBLING] if path is None else [path]), "what one may not open is no link"
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        zone = session.scalar(text("SELECT id FROM zone WHERE code = :code"), {"code": code})
    card = client.get(f"/map/feature/zones/{zone}?lang=en").text
    assert "Qianpu" in card and "Houpu" in card


def test_names_are_read_of_villages_of_zones_one_sees_and_of_no_others(served, crossed) -> None:
    """The village below is in the zone of itself alone, which the sibling town does not see."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        zones = {row[1]: row[0] for row in session.execute(text("SELECT id, code FROM zone"))}
    names = text("SELECT path::text FROM zone_villages(:zone) ORDER BY 1")
    with transaction(served.engine, scope=Scope.of([SIBLING])) as session:
        seen = {path: zones[code] for path, code in served.site.zones.items()}
        assert session.scalars(names, {"zone": seen[OWN]}).all() == [OWN, SIBLING]
        assert session.scalars(names, {"zone": seen[CHILD]}).all() == []
    with transaction(served.engine, scope=NOWHERE) as session:
        assert session.scalars(names, {"zone": seen[OWN]}).all() == []


def test_a_plan_of_a_zone_across_towns_is_ordered_by_either_of_them(served, crossed) -> None:
    """Its job belongs to the village of the zone that whoever ordered it may plan in."""
    given = {"zone": served.site.zones[OWN], "start": "2026-11-22T18:00", "end": "2026-11-22T22:00"}
    answer = served.client(Role.PLANNER, SIBLING).post(
        "/plans/new", data={**given, "seed": "1", "seconds": "5"}
    )
    assert answer.status_code == 302, answer.text
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        assert session.scalars(text("SELECT jurisdiction_path::text FROM job_run")).all()[-1] == SIBLING
        session.execute(text("DELETE FROM procrastinate_jobs"))
        session.execute(text("DELETE FROM job_run"))
