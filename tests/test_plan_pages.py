"""The pages of zones and plans, on the small site; one drawing of a zone on the demo's villages."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime

import pandas as pd
import pytest
from flask.testing import FlaskClient
from PIL import Image
from signing import app_on, signed_in_client
from small_site import CHILD, OWN, PARENT, SIBLING
from sqlalchemy import text

from geo.db import transaction
from geo.errors import InputRefused
from geo.scope import WHOLE_SITE
from patrols.problem import CrossRule
from patrols.repository import of_plan
from patrols.services.drawing import draw_zone
from patrols.services.teams import TeamGiven, add_team, end_team
from web.access import Role


def numbers(page: str) -> list[str]:
    """Figures at the head of a page."""
    return re.findall(r'lf-metric-value">([^<]*)<', page)


def test_teams_see_published_plans_without_the_reasons(served) -> None:
    """Where to be and when; not why, not what it is worth, and no draft."""
    client = served.client(Role.MEMBER, OWN)
    page = client.get(f"/plans/{served.site.published[OWN]}?lang=en").text
    assert "18:00" in page and "Qianpu, team 1" in page
    assert "Camera lost" not in page and ">Prize<" not in page and ">Why<" not in page
    assert client.get(f"/plans/{served.site.drafts[OWN]}").status_code == 404
    listed = client.get("/plans").text
    assert f"/plans/{served.site.published[OWN]}" in listed
    assert f"/plans/{served.site.drafts[OWN]}" not in listed
    assert f"/plans/{served.site.published[SIBLING]}" not in listed


def test_the_planner_sees_drafts_and_why(served) -> None:
    """The cause in words, the upper bound."""
    page = served.client(Role.PLANNER, OWN).get(f"/plans/{served.site.drafts[OWN]}?lang=en").text
    assert "Camera lost" in page and "100 % of the upper bound" in page


def test_one_plan_of_a_zone_counts_at_a_time(served) -> None:
    """A second one for a shift is published when the first is withdrawn; one elsewhere is not there."""
    draft, other = served.site.drafts[CHILD], served.site.published[CHILD]
    team, commander = served.client(Role.MEMBER, OWN), served.client(Role.COMMANDER, OWN)
    # It was made on other streets, and whoever lets it out says so.
    knowing = {"despite": "yes", "reason": "seen"}
    assert commander.post(f"/plans/{served.site.drafts[PARENT]}/publish").status_code == 404
    assert commander.post(f"/plans/{draft}/approve", data=knowing).status_code == 302
    refused = commander.post(f"/plans/{draft}/publish?lang=en")
    assert refused.status_code == 422 and f"plan {other} is published for this zone and time" in refused.text
    assert team.get(f"/plans/{draft}").status_code == 404
    for plan, deed in ((other, "withdraw"), (draft, "publish")):
        assert commander.post(f"/plans/{plan}/{deed}", data=knowing).status_code == 302
    assert team.get(f"/plans/{draft}").status_code == 200
    for plan, deed in ((draft, "withdraw"), (other, "approve"), (other, "publish")):
        assert commander.post(f"/plans/{plan}/{deed}", data=knowing).status_code == 302
    assert team.get(f"/plans/{draft}").status_code == 404
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM plan_step"))


def test_the_picture_is_one_tall_png(served) -> None:
    """1080 pixels wide, taller than wide; teams may have it."""
    answer = served.client(Role.MEMBER, OWN).get(f"/plans/{served.site.published[OWN]}/file.png")
    assert answer.status_code == 200 and answer.mimetype == "image/png"
    picture = Image.open(io.BytesIO(answer.data))
    assert picture.width == 1080 and picture.height > picture.width
    assert len(set(picture.convert("RGB").resize((60, 80)).getdata())) > 5, "it is not blank"


def test_files_to_take_along_do_not_hold_the_prizes(served) -> None:
    """Routes for everybody; the plan format itself, which tells what a stop is worth, for planners."""
    plan = served.site.published[OWN]
    member = served.client(Role.MEMBER, OWN)
    gpx = member.get(f"/plans/{plan}/file.gpx")
    assert gpx.status_code == 200 and b"<trk>" in gpx.data
    assert member.get(f"/plans/{plan}/file.json").status_code == 403
    assert served.client(Role.PLANNER, OWN).get(f"/plans/{plan}/file.json").status_code == 200
    assert member.get(f"/plans/{plan}/file.exe").status_code == 404


def test_a_zone_is_seen_by_whoever_sees_a_member(served) -> None:
    """Its villages and teams; a viewer sees no form."""
    page = served.client(Role.VIEWER, OWN).get("/zones/z3?lang=en").text
    assert "Qianpu" in page and "separate times" in page and "/teams/end" not in page
    assert served.client(Role.VIEWER, OWN).get("/zones/z5").status_code == 404


def _order(**change: str) -> dict[str, str]:
    given = {"zone": "z3", "start": "2026-11-22T18:00", "end": "2026-11-22T22:00", "seconds": "5"}
    return {**given, **change}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"zone": "z5"}, "of your area"),
        ({"start": "x"}, "is not a time"),
        ({"end": "2026-11-22T18:00"}, "ends when it begins"),
        ({"seconds": "-1"}, "second"),
        ({"seconds": "soon"}, "is not a number"),
        ({"leads": CHILD}, "is no rota, so no village leads; choose none"),
    ],
)
def test_a_wrong_order_is_told(served, change: dict, words: str) -> None:
    """422 and what to write; a zone elsewhere is unknown."""
    answer = served.client(Role.PLANNER, OWN).post("/plans/new?lang=en", data=_order(**change))
    assert answer.status_code == 422 and words in answer.text


def test_an_order_becomes_a_job(served) -> None:
    """And the page of the job follows it."""
    answer = served.client(Role.PLANNER, OWN).post("/plans/new", data=_order())
    assert answer.status_code == 302 and answer.headers["Location"].startswith("/jobs/")
    with served.engine.begin() as connection:
        connection.execute(text("SELECT set_config('app.scope', '*', true)"))
        kinds = connection.execute(text("SELECT kind FROM job_run WHERE status = 'queued'")).scalars().all()
        assert kinds == ["plan"]
        connection.execute(text("DELETE FROM procrastinate_jobs; DELETE FROM job_run"))


def test_crossings_count_who_came_after_whom(session) -> None:
    """By hand: stop 1 by A then B, stop 2 by B, A and A again, stop 3 by A alone, stop 4 by the police."""
    visits = pd.DataFrame(
        {
            "stop_id": ["1", "1", "2", "2", "2", "3", "4", None],
            "start_at": [1, 2, 1, 2, 3, 1, 1, 9],
            "home": ["A", "B", "B", "A", "A", "A", None, "A"],
        }
    )
    table = of_plan.crossings(visits)
    assert table.loc["A", "B"] == 1 and table.loc["B", "A"] == 1 and table.loc["A", "A"] == 0


def test_a_zone_is_drawn_from_adjoining_villages(demo) -> None:
    """Its area is theirs; villages apart, a taken code and no name are refused; then it gets a team."""

    def rolled_back():
        return transaction(demo.engine, scope=WHOLE_SITE)

    with pytest.raises(_Done), rolled_back() as session:
        tree = of_plan.village_choices(session)
        (own,) = [m for m in [of_plan.zone(session, "hel-lf")] if m]
        members = of_plan.members(session, own["id"])["path"].tolist()
        two = members[:1]
        number = draw_zone(
            session, code="drawn", name="新片区", name_en="New", members=two, rule=CrossRule(), author="test"
        )
        area = of_plan.zone_shape(session, number).geometry.iloc[0]
        village = tree.set_index("path").loc[two[0], "geometry"]
        assert area.symmetric_difference(village).area < 1e-12
        sound = {"name": "一队", "village": two[0], "mode": "foot", "size": 2, "base": None}
        add_team(session, "drawn", "new-t1", TeamGiven(**sound), author="test")
        base = of_plan.teams(session, number).geometry.iloc[0]
        assert village.contains(base)
        wrongs = (({"mode": "horse"}, "mode"), ({"size": 0}, "1 to 100"), ({"village": "x"}, "not known"))
        for wrong, words in wrongs:
            with pytest.raises(InputRefused, match=words):
                add_team(session, "drawn", "t2", TeamGiven(**sound | wrong), author="test")
        with pytest.raises(InputRefused, match="street usable"):
            far = TeamGiven(**sound | {"village": None, "base": (10.0, 10.0)})
            add_team(session, "drawn", "far", far, author="t")
        end_team(session, "drawn", "new-t1", now=datetime.now(UTC))
        assert of_plan.teams(session, number).empty
        for code, name, chosen, words in (
            ("drawn", "x", two, "already stored"),
            ("n2", "", two, "code and a name"),
            ("n3", "x", [], "needs a village"),
            ("n4", "x", ["hel.nowhere"], "not known"),
        ):
            with pytest.raises(InputRefused) as refused:
                draw_zone(
                    session, code=code, name=name, name_en="", members=chosen, rule=CrossRule(), author="t"
                )
            assert words in str(refused.value) + " ".join(refused.value.problems)
        raise _Done


class _Done(Exception):
    """Ends a transaction without keeping it."""


def test_a_draft_is_removed_and_a_published_plan_is_not(demo, tmp_path) -> None:
    """Then its analysis too, by whoever may run them everywhere: neither stands in the way of an undo."""
    app = app_on(demo.engine, tmp_path)
    planner = signed_in_client(app, demo.engine, Role.PLANNER)
    local = signed_in_client(app, demo.engine, Role.PLANNER, "hel.d01")
    copy = """INSERT INTO analysis SELECT (jsonb_populate_record(a, '{"id": 9001}')).*
              FROM analysis a WHERE id = 1;
              INSERT INTO plan SELECT (jsonb_populate_record(p, '{"id": 9001, "analysis_id": 9001}')).*
              FROM plan p WHERE id = 1;
              INSERT INTO plan SELECT (jsonb_populate_record(p, '{"id": 9002, "status": "published"}')).*
              FROM plan p WHERE id = 1;
              UPDATE plan SET parameters = parameters || '{"police_leader": "440513"}' WHERE id > 9000"""
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        session.execute(text(copy))
    refused = planner.post("/plans/9002/remove?lang=en")
    assert refused.status_code == 422 and "withdraw it before you remove it" in refused.text
    assert "/plans/9002/remove" not in planner.get("/plans/9002").text
    commander = signed_in_client(app, demo.engine, Role.COMMANDER)
    # There is a newer analysis, without any gap.
    knowing = {"despite": "yes", "reason": "seen"}
    assert commander.post("/plans/9001/approve", data=knowing).status_code == 302
    second = commander.post("/plans/9001/publish?lang=en")
    assert second.status_code == 422 and "plan 9002 is published for this zone and time" in second.text
    assert commander.post("/plans/9001/withdraw", data={"reason": "two"}).status_code == 302
    assert "/analyses/9001/remove" not in local.get("/analyses/9001").text
    assert local.post("/analyses/9001/remove").status_code == 422
    assert "/analyses/9001/remove" in planner.get("/analyses/9001").text
    assert planner.post("/analyses/9001/remove").headers["Location"] == "/analyses"
    assert planner.get("/analyses/9001").status_code == 404
    assert planner.get("/plans/9001").status_code == 200, "a plan outlives what it was made from"
    assert planner.post("/plans/9001/remove").headers["Location"] == "/plans"
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        assert session.scalars(text("DELETE FROM plan WHERE id > 9000 RETURNING id")).all() == [9002]
        assert session.scalar(text("SELECT count(*) FROM gap WHERE analysis_id = 1")) > 0


def test_a_code_that_is_taken_elsewhere_is_refused(served) -> None:
    """Codes are unique in the whole site, also where whoever draws does not look."""
    village = f"{SIBLING}.w"
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(
            text(
                """INSERT INTO jurisdiction (path, code, level, name, origin, batch_id, valid, geom)
                   SELECT CAST(:path AS ltree), 'w', 3, '邻村', origin, batch_id, valid, geom
                   FROM jurisdiction WHERE path = CAST(:beside AS ltree)"""
            ),
            {"path": village, "beside": SIBLING},
        )
    given = {"code": "yy", "name": "片区", "separation_min": "30"}
    own, other = served.client(Role.PLANNER, OWN), served.client(Role.PLANNER, SIBLING)
    assert own.post("/zones/new", data={**given, "members": [CHILD]}).status_code == 302
    assert other.get("/zones/yy").status_code == 404
    taken = other.post("/zones/new?lang=zh", data={**given, "members": [village]})
    assert taken.status_code == 422 and "已在您的辖区之外使用" in taken.text
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM zone WHERE code = 'yy'"))
        session.execute(text("DELETE FROM import_batch WHERE file_name LIKE 'zone yy%'"))
        session.execute(text("DELETE FROM jurisdiction WHERE path = CAST(:path AS ltree)"), {"path": village})


def test_the_small_sites_own_zone_form_lists_its_villages(served) -> None:
    """One village has a border and level 3; a zone of it alone is stored and can be removed again."""
    client: FlaskClient = served.client(Role.PLANNER, OWN)
    page = client.get("/zones/new").text
    assert CHILD in page and "(nan)" not in page, "it is in no zone, and nothing is said of one"
    given = {"code": "zz", "name": "片 &#区", "members": [CHILD], "separation_min": "30"}
    assert client.post("/zones/new", data={**given, "separation_min": "x"}).status_code == 422
    assert client.post("/zones/new", data=given).headers["Location"] == "/zones/zz"
    page = client.get("/zones/zz").text
    assert 'href="/plans?q=%E7%89%87%20%26%23%E5%8C%BA"' in page, "a name with signs of an address"
    early = client.post("/plans/new?lang=en", data=_order(zone="zz"))
    assert early.status_code == 422 and "has no team yet; add one on its page first" in early.text
    with served.engine.begin() as connection:
        connection.execute(text("SELECT set_config('app.scope', '*', true)"))
        connection.execute(text("DELETE FROM zone WHERE code = 'zz'"))
        connection.execute(text("DELETE FROM import_batch WHERE file_name LIKE 'zone zz%'"))
