"""The map page as the server makes it: how large, for whom, what is found, listed and told."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import map_scene
import pytest
import small_site
from conftest import ServedSite
from databases import another_database
from signing import app_on, make_account
from small_site import CHILD, OWN, SIBLING
from sqlalchemy import text

from geo.db import make_engine, transaction
from geo.scope import WHOLE_SITE
from geo.server import Cluster
from migrations import runner
from web.access import Role
from web.maps.offline import STATIC
from web.maps.served import joined
from web.pages.map.bundle import ALONE

EVERYBODYS = {"jurisdictions", "streets", "zones", "routes"}
BLIND_SPOTS = {"cells", "gaps", "cameras", "footprints"}
HTMX = {"HX-Request": "true"}


def page(client: Any, path: str = "/map", **query: Any) -> str:
    """The page in English."""
    answer = client.get(path, query_string={"lang": "en", **query})
    assert answer.status_code == 200, answer.status_code
    return str(answer.get_data(as_text=True))


def options(html: str) -> dict[str, Any]:
    """What the page's script reads."""
    found = re.search(r'<script type="application/json" id="data-map">(.*?)</script>', html, re.S)
    assert found
    return dict(json.loads(found.group(1)))


def features(html: str) -> list[str]:
    """The things that rows lead to, in order, each once."""
    return list(dict.fromkeys(re.findall(r'data-feature="([^"]+)"', html)))


def test_the_page_stays_below_100_kB_however_much_there_is(served: ServedSite) -> None:
    """With more analyses and plans than it offers, each with the longest name a zone may have."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        before = (
            session.scalar(text("SELECT max(id) FROM analysis")),
            session.scalar(text("SELECT max(id) FROM plan")),
        )
        columns = (
            "period, level, slot_min, threshold, parameters, input_revision, code_version, author, totals"
        )
        session.execute(
            text(f"INSERT INTO analysis ({columns}) SELECT {columns} FROM analysis, generate_series(1, 60)")
        )
        columns = (
            "zone_id, analysis_id, shift, status, document, road_revision, value, upper_bound, crossed, "
            "reachable, violations, seed, parameters, code_version, author"
        )
        session.execute(
            text(
                f"""INSERT INTO plan ({columns}) SELECT {columns}
                    FROM (SELECT * FROM plan WHERE status = 'draft' LIMIT 1) AS one, generate_series(1, 60)"""
            )
        )
        session.execute(text("UPDATE zone SET name_en = repeat('x', 200)"))
    try:
        client = served.client(Role.ADMINISTRATOR)
        html = page(client)
        assert len(html.encode()) <= 100_000
        assert html.count("<option") == 100, "fifty of each"
    finally:
        with transaction(served.engine, scope=WHOLE_SITE) as session:
            session.execute(text("DELETE FROM plan WHERE id > :last"), {"last": before[1]})
            session.execute(text("DELETE FROM analysis WHERE id > :last"), {"last": before[0]})
            for path, code in served.site.zones.items():
                session.execute(
                    text("UPDATE zone SET name_en = :name WHERE code = :code"),
                    {"name": f"{small_site.NAMES[path][1]} zone", "code": code},
                )


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER, Role.VOLUNTEER])
def test_who_may_not_see_blind_spots_is_told_of_none(served: ServedSite, role: Role) -> None:
    """No layer, no list, no figure, no choice of analyses, not even their names in the script."""
    html = page(served.client(role, OWN))
    told = options(html)
    assert set(told["layers"]) == EVERYBODYS
    for word in ("tab-gaps", "tab-cameras", "choose-analysis", 'data-input="gaps-', 'data-input="cameras-'):
        assert word not in html
    assert "/tiles/gaps" not in html and "/tiles/cameras" not in html
    assert not re.search(r"Lianfang\.tileLayer\([a-z_]+, \"(gaps|cells|cameras|footprints)\"\)", html)
    assert "Gaps to repair" not in html
    published = {str(served.site.published[path]) for path in (OWN, CHILD)}
    assert set(re.findall(r'<option value="(\d+)"', html)) == published, "published plans of one's own area"


def test_who_plans_sees_every_layer_and_drafts_too(served: ServedSite) -> None:
    """All eight layers of the design; plans of the own area only, drafts among them."""
    html = page(served.client(Role.PLANNER, OWN))
    assert set(options(html)["layers"]) == EVERYBODYS | BLIND_SPOTS
    kept = served.site
    mine = {str(plans[path]) for plans in (kept.published, kept.drafts) for path in (OWN, CHILD)}
    choices = html.split('id="choose-plan"')[1].split("</select>")[0]
    assert set(re.findall(r'<option value="(\d+)"', choices)) == mine


def test_somebody_who_plans_in_one_town_and_looks_at_another_counts_the_gaps_of_the_first(
    served: ServedSite,
) -> None:
    """The page is opened for the map; figures of gaps and cameras keep to where these may be seen."""
    key = make_account(served.engine, "both-towns", (Role.PLANNER, OWN), (Role.VIEWER, SIBLING))
    client = served.app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = key
    html = page(client)
    lost = re.search(r'id="in-gaps-outage".*?<span class="lf-count">(\d+)</span>', html, re.S)
    assert lost and lost.group(1) == "2", "own town and its village, not the sibling"
    figure = re.search(r"Cameras</span>\s*<span class=\"lf-figure-value\">(\d+)", html)
    assert figure and figure.group(1) == "2"
    assert features(page(client, "/map/search", q="路口")) != []
    assert len([f for f in features(page(client, "/map/search", q="路口")) if f.startswith("cameras")]) == 2
    areas = [f for f in features(page(client, "/map/search", q="埔镇")) if f.startswith("jurisdictions")]
    assert len(areas) == 2, "areas of both towns are on the map"


def test_scripts_carry_the_nonce_of_the_answer_and_nothing_else_runs(served: ServedSite) -> None:
    """The policy has no unsafe-*; every script in the page is data, a file of ours, or marked."""
    answer = served.client(Role.ADMINISTRATOR).get("/map?lang=en")
    policy, html = answer.headers["Content-Security-Policy"], answer.get_data(as_text=True)
    assert "unsafe" not in policy
    nonce = re.search(r"script-src 'self' 'nonce-([^']+)'", policy)
    assert nonce
    ours = ('type="application/json"', 'src="/static/', f'nonce="{nonce.group(1)}"')
    for tag in re.findall(r"<script[^>]*>", html):
        assert any(mark in tag for mark in ours), tag
    assert not re.search(r"\s(style|on[a-z]+)=", re.sub(r"<script.*?</script>", "", html, flags=re.S))


def test_the_scripts_come_as_one_and_are_kept_for_good(served: ServedSite) -> None:
    """All of them in their order, Leaflet alone; under another name, as one of before an update, not kept."""
    client = served.app.test_client()
    html = page(served.client(Role.VIEWER, OWN))
    url = re.search(r'const urls = \["/static/(.+)", "(/map/script-[0-9a-f]+\.js)"\];', html)
    assert url and url.group(1) == ALONE
    assert all(
        f'<link rel="preload" as="script" href="{one}">' in html for one in (f"/static/{ALONE}", url.group(2))
    )
    answer = client.get(url.group(2), headers={"Accept-Encoding": "identity"})
    sent = answer.get_data(as_text=True)
    places = [sent.index((STATIC / name).read_text(encoding="utf-8")) for name in joined(()).scripts[1:]]
    assert joined(()).scripts[0] == ALONE
    assert places == sorted(places) and len(places) > 8
    assert "immutable" in answer.headers["Cache-Control"]
    zipped = client.get(url.group(2), headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(zipped.data).decode() == sent
    assert client.get("/map/script-0.js").headers["Cache-Control"] == "no-cache"


def test_the_same_rights_give_the_same_script() -> None:
    """Folium draws random ids; a page that is never twice the same could not be compared."""
    assert joined(("gaps", "zones")) == joined.__wrapped__(("gaps", "zones"))
    assert 'Lianfang.tileLayer(map_lianfang, "gaps")' in joined(("gaps",)).script


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("寨", [CHILD]),  # inside a name
        ("QIANPU", [OWN]),  # any case
        ("埔", [OWN]),  # 后埔镇 is not in the scope
        ("%", []),
        ("_", []),
        ("v", [CHILD]),  # a code
    ],
)
def test_the_search_finds_a_part_of_a_name_in_ones_own_area(
    served: ServedSite, query: str, found: list[str]
) -> None:
    """Jurisdictions that a viewer of one town finds; signs of patterns mean themselves."""
    html = page(served.client(Role.VIEWER, OWN), "/map/search", q=query)
    names = re.findall(r'data-feature="jurisdictions:\d+"[^>]*><span class="lf-found-name">([^<]+)', html)
    assert sorted(names) == sorted(small_site.NAMES[path][1] for path in found)


def test_the_search_finds_all_kinds_and_cameras_only_for_whom_they_are(served: ServedSite) -> None:
    """Street, school and camera of a village are found by its name; a viewer does not find the camera."""
    everything = page(served.client(Role.AUDITOR, OWN), "/map/search", q="下寨")
    kinds = {feature.split(":")[0] for feature in features(everything)}
    assert kinds == {"jurisdictions", "cameras", "streets", "places"}
    by_code = page(served.client(Role.AUDITOR, OWN), "/map/search", q=served.site.cameras[CHILD][-6:])
    assert [feature.split(":")[0] for feature in features(by_code)] == ["cameras"]
    seen = page(served.client(Role.VIEWER, OWN), "/map/search", q="下寨")
    assert {feature.split(":")[0] for feature in features(seen)} == {"jurisdictions", "streets", "places"}


def test_the_search_tells_at_most_twenty_and_says_when_there_is_nothing(served: ServedSite) -> None:
    """Five jurisdictions, five streets, five places and five cameras have a name of 赫."""
    client = served.client(Role.ADMINISTRATOR)
    assert len(features(page(client, "/map/search", q="e"))) <= 20
    assert "Nothing has a name or code like" in page(client, "/map/search", q="zzz")
    assert features(page(client, "/map/search", q=" ")) == []


def test_lists_hold_the_gaps_of_ones_own_area_in_view(served: ServedSite) -> None:
    """By list, then by view: the child's gap lies at 116.605 23.305."""
    client, gaps = served.client(Role.PLANNER, OWN), served.site.gaps
    assert features(page(client, "/map/lists/gaps", list="repair")) == [
        f"gaps:{gaps[OWN]}",
        f"gaps:{gaps[CHILD]}",
    ]
    assert features(page(client, "/map/lists/gaps", list="build")) == []
    near = {"bbox": "116.604,23.304,116.607,23.307"}
    assert len(features(page(client, "/map/lists/gaps", list="repair", **near))) == 2, "all, unless asked"
    inside = page(client, "/map/lists/gaps", list="repair", within="1", **near)
    assert features(inside) == [f"gaps:{gaps[CHILD]}"]
    assert "下寨村大街" in inside, "the street that the gap lies on"
    cameras = page(client, "/map/lists/cameras", **near)
    assert len(features(cameras)) == 1 and "lost" in cameras, "the worst state of the period"
    assert features(page(client, "/map/lists/cameras")) == [], "no view, no cameras"


@pytest.mark.parametrize("bbox", ["1,2,3", "a,b,c,d", "2,1,1,2", "0,-91,1,1", "nan,0,1,1"])
def test_a_view_that_is_none_is_refused(served: ServedSite, bbox: str) -> None:
    """404, not a list of something else."""
    client = served.client(Role.AUDITOR)
    assert client.get("/map/lists/cameras", query_string={"bbox": bbox}).status_code == 404


@pytest.mark.parametrize("what", ["list=other", "page=0x", "page=99999", "analysis=0", "analysis=-1"])
def test_a_list_that_is_none_is_refused(served: ServedSite, what: str) -> None:
    """404 for a list, page or analysis there is not."""
    assert served.client(Role.AUDITOR).get(f"/map/lists/gaps?{what}").status_code == 404


def test_a_card_tells_why_when_who_and_which_camera(served: ServedSite) -> None:
    """The words of the cause before its codes; a link to the gap and to the camera concerned."""
    client, gap = served.client(Role.AUDITOR), served.site.gaps[CHILD]
    told = page(client, f"/map/feature/gaps/{gap}")
    for words in (
        "Camera lost",
        "signal lost",
        "2026-11-21 10:00 – 24:00",
        "14 h",
        "the contractor",
        "Xiazhai",
    ):
        assert words in told
    assert f'href="/gaps/{gap}"' in told and "下寨村路口, 14 h" in told
    assert f'data-card="gaps:{gap}"' in told and f'data-feature="gaps:{gap}"' in told, "and its line"
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        seen = session.execute(
            text("SELECT event, jurisdiction_path::text FROM audit_entry WHERE subject = :subject"),
            {"subject": f"gap {gap}"},
        ).all()
    assert ("view", CHILD) in [tuple(row) for row in seen], "who looked at it was written down"


def test_a_card_of_what_lies_outside_is_not_there(served: ServedSite) -> None:
    """Not forbidden: it does not exist for them. A layer that they may not see at all is forbidden."""
    client, gaps = served.client(Role.PLANNER, OWN), served.site.gaps
    assert client.get(f"/map/feature/gaps/{gaps[OWN]}").status_code == 200
    assert client.get(f"/map/feature/gaps/{gaps[SIBLING]}").status_code == 404
    assert client.get("/map/feature/others/1").status_code == 404
    assert (
        served.client(Role.VIEWER, OWN).get(f"/map/feature/gaps/{gaps[OWN]}", headers=HTMX).status_code == 403
    )


def test_a_draft_is_for_planners_and_says_why_only_to_them(served: ServedSite) -> None:
    """Its visits, their places and the card of a visit; a viewer has the published one without causes."""
    planner, viewer = served.client(Role.PLANNER, OWN), served.client(Role.VIEWER, OWN)
    draft, published = served.site.drafts[OWN], served.site.published[OWN]
    assert planner.get(f"/map/plan/{draft}").status_code == 200
    assert viewer.get(f"/map/plan/{draft}").status_code == 404
    told = viewer.get(f"/map/plan/{published}").get_json()
    visit = told["teams"][0]["visits"][0]
    assert visit["at"] == [116615000, 23315000] and visit["arrive"] == told["start"]
    assert "Qianpu" in page(viewer, "/map/lists/routes", plan=published)
    card = page(viewer, f"/map/feature/routes/{visit['id']}")
    assert "Stop 1" in card and "Camera lost" not in card
    assert "Camera lost" in page(planner, f"/map/feature/routes/{visit['id']}")
    hidden = planner.get(f"/map/plan/{draft}").get_json()["teams"][0]["visits"][0]["id"]
    assert viewer.get(f"/map/feature/routes/{hidden}").status_code == 404


def test_an_analysis_asked_for_is_shown_and_one_that_is_not_there_is_404(served: ServedSite) -> None:
    """In the addresses of the tiles too."""
    client, number = served.client(Role.AUDITOR), served.site.analysis
    told = options(page(client, analysis=number))
    assert f"analysis={number}&" in told["layers"]["gaps"]["url"]
    assert told["layers"]["gaps"]["from"] == told["layers"]["cells"]["to"] + 1, "squares until gaps are drawn"
    assert client.get("/map?analysis=999999").status_code == 404
    assert client.get("/map?plan=999999").status_code == 404


def test_the_slider_goes_from_the_analysed_day_to_the_end_of_the_patrol(served: ServedSite) -> None:
    """24 h in slots of 15 min are 96; the shift ends 46 h after the day began: 184."""
    told = options(page(served.client(Role.AUDITOR), plan=served.site.published[OWN]))["time"]
    assert (told["analysed"], told["slots"], told["slot_s"]) == (96, 184, 900)
    assert told["start"] == small_site.DAY[0].timestamp()
    assert told["zone"] == "Asia/Shanghai"
    patrol = options(page(served.client(Role.VIEWER, OWN)))["time"]
    assert (patrol["start"], patrol["slots"]) == (small_site.SHIFT[0].timestamp(), 16), "four hours, for all"


def test_an_empty_site_says_what_to_do_first(cluster: Cluster, tmp_path: Path) -> None:
    """With a way to bring data in for who may, without one for who may not."""
    map_scene.compiled_catalogues()
    with another_database(cluster, "lianfang_map_empty") as (app_url, owner_url):
        runner.upgrade(owner_url)
        engine = make_engine(app_url)
        app = app_on(engine, tmp_path)
        for role, can in ((Role.ADMINISTRATOR, True), (Role.VIEWER, False)):
            client = app.test_client()
            with client.session_transaction() as cookie:
                cookie["_user_id"] = make_account(engine, role.value, (role, None))
            html = page(client)
            assert "There is nothing to draw yet" in html
            assert ('href="/imports/new"' in html) is can
        engine.dispose()
