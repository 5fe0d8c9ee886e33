"""Proposals on pages and on the command line: asked for, shown, exported, removed."""

from __future__ import annotations

import json
import math
import re

import pyogrio
import pytest
from click.testing import CliRunner
from conftest import ServedSite
from small_site import CHILD, OWN, PARENT, SIBLING
from sqlalchemy import text

from cameras.repository import siting as store
from cameras.services.siting import propose_siting
from cameras.siting.search import SearchSettings
from cameras.siting.settings import SitingSettings
from geo.db import transaction
from geo.errors import LianfangError
from geo.scope import WHOLE_SITE
from web.access import Role
from web.cli import main
from web.cli import siting as command
from web.i18n import Translator
from web.jobs.bodies import siting as body
from web.maps.served import OPTIONS
from web.sitingtable import of_gap, siting_table
from web.tiles.views import source

HTMX = {"HX-Request": "true"}
ORDER = {"place": OWN, "count": "2", "re_aims": "1", "level": "detect"}


@pytest.fixture
def proposal(served: ServedSite):
    """A proposal of one's own town: one street of 82 m that no camera certainly sees at this level."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        settings = SitingSettings(level="detect", search=SearchSettings(kicks=5, relaxation=30))
        number = propose_siting(session, jurisdiction=OWN, count=2, settings=settings, author="planner")
    yield number
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM siting_proposal"))


def test_an_order_becomes_a_job_of_that_jurisdiction(served: ServedSite) -> None:
    answer = served.client(Role.AUDITOR, OWN).post("/siting/new", data=ORDER)
    assert answer.status_code == 302 and re.fullmatch(r"/jobs/\d+", answer.headers["Location"])
    with served.engine.begin() as connection:
        connection.execute(text("SELECT set_config('app.scope', '*', true)"))
        row = connection.execute(
            text("SELECT kind, jurisdiction_path::text AS path, arguments FROM job_run")
        ).one()
        assert (row.kind, row.path) == ("siting", OWN)
        asked = body.order(row.arguments)
        assert (asked["count"], asked["re_aims"], asked["level"], asked["exact"]) == (2, 1, "detect", False)
        connection.execute(text("DELETE FROM procrastinate_jobs; DELETE FROM job_run"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"place": SIBLING}, "there is no jurisdiction"),
        ({"place": "*"}, "Choose one jurisdiction"),
        ({"count": "many"}, "is not a number"),
        ({"count": "501"}, "give 0 to 500"),
        ({"count": "0", "re_aims": "0"}, "at least one"),
        ({"level": "sharp"}, "is not known"),
    ],
)
def test_an_order_that_will_not_do_is_said_on_the_form(served: ServedSite, changed: dict, said: str) -> None:
    answer = served.client(Role.AUDITOR, OWN).post("/siting/new?lang=en", data={**ORDER, **changed})
    assert answer.status_code == 422 and said in answer.get_data(as_text=True)


def test_a_proposal_is_seen_with_its_jurisdiction_and_by_nobody_else(
    served: ServedSite, proposal: int
) -> None:
    """Whoever sees the town or what it lies in sees the proposal; its village and its neighbour do not."""
    for path, status in ((OWN, 200), (PARENT, 200), (CHILD, 404), (SIBLING, 404)):
        client = served.client(Role.PLANNER, path)
        assert client.get(f"/siting/{proposal}").status_code == status
        assert (f'href="/siting/{proposal}"' in client.get("/siting").get_data(as_text=True)) == (
            status == 200
        )
    assert served.client(Role.VIEWER, OWN).get("/siting").status_code == 403


def test_the_page_and_its_files_say_the_same(served: ServedSite, proposal: int) -> None:
    """By hand: 2 new cameras at most, ranks from 1, the last row's share closed is the proposal's."""
    client = served.client(Role.AUDITOR, OWN)
    page = client.get(f"/siting/{proposal}?lang=en").get_data(as_text=True)
    assert "Gap closed" in page and "new camera" in page
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        head, rows = store.proposal(session, proposal), store.proposed(session, proposal)
        assert head is not None
        table = siting_table(rows, head, Translator("en"))
        closed = of_gap(head.value_mm, head)
    assert 1 <= len(rows) <= 3 and rows["rank"].tolist() == list(range(1, len(rows) + 1))
    assert table["gap_closed_share"].iloc[-1] == pytest.approx(closed, abs=5e-5) and 0 < closed <= 1
    features = json.loads(client.get(f"/siting/{proposal}?format=geojson").data)["features"]
    assert [one["properties"]["rank"] for one in features] == rows["rank"].tolist()
    assert features[-1]["properties"]["closed"] == pytest.approx(closed)
    assert client.get(f"/siting/{proposal}?format=xlsx").data[:2] == b"PK"


def options(page: str) -> dict:
    """What the map's script reads."""
    return json.loads(re.search(rf'id="{OPTIONS}">(.*?)</script>', page, re.S)[1])  # type: ignore[index]


def tile_of(served: ServedSite, number: int) -> tuple[str, int]:
    """Address of the tile at zoom 14 around the first camera of a proposal, and that camera's id."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        rows = store.proposed(session, number)
    at, side = rows.geometry.iloc[0], 2**14
    x = int((at.x + 180.0) / 360.0 * side)
    y = int((1.0 - math.asinh(math.tan(math.radians(at.y))) / math.pi) / 2.0 * side)
    return f"/tiles/siting/14/{x}/{y}.mvt?siting={number}", int(rows["id"].iloc[0])


def test_a_proposal_is_a_layer_of_the_map_for_whom_it_is(served: ServedSite, proposal: int) -> None:
    """Asked for in the address: its layer, its choice, tiles and cards; without, and for others, nothing."""
    auditor = served.client(Role.AUDITOR, OWN)
    shown = auditor.get(f"/map?siting={proposal}&lang=en").text
    assert f'<option value="{proposal}" selected>' in shown and "new camera" in shown
    assert (
        f"siting={proposal}" in shown
        and f'href="/map?siting={proposal}"' in auditor.get(f"/siting/{proposal}").text
    )
    plain = auditor.get("/map?lang=en").text
    assert "/tiles/siting/" not in plain and f'<option value="{proposal}">' in plain
    tile, camera = tile_of(served, proposal)
    assert auditor.get(tile).status_code == 200
    assert auditor.get(tile.partition("?")[0]).status_code == 204, "no proposal asked for"
    card = auditor.get(f"/map/feature/siting/{camera}?lang=en", headers=HTMX).text
    for words in ("Proposed camera", "Gap closed by it", f'href="/siting/{proposal}"'):
        assert words in card
    for path in (CHILD, SIBLING):
        other = served.client(Role.AUDITOR, path)
        assert other.get(f"/map?siting={proposal}").status_code == 404
        assert other.get(tile).status_code == 204
        assert other.get(f"/map/feature/siting/{camera}", headers=HTMX).status_code == 404
    viewer = served.client(Role.VIEWER, OWN)
    assert viewer.get(f"/map?siting={proposal}").status_code == 404
    assert viewer.get(tile).status_code == 403
    assert f'value="{proposal}"' not in viewer.get("/map").text


def test_tiles_of_a_proposal_hold_where_each_camera_stands_and_what_it_sees(
    served: ServedSite, proposal: int, tmp_path
) -> None:
    """A point and an area for each, as GDAL reads them; and the address is another after a change."""
    auditor = served.client(Role.AUDITOR, OWN)
    address, camera = tile_of(served, proposal)
    file = tmp_path / "siting.mvt"
    file.write_bytes(auditor.get(address).data)
    z, x, y = re.findall(r"/([0-9]+)(?=[/.])", address)
    frame = pyogrio.read_dataframe(file, layer="siting", X=x, Y=y, Z=z, CLIP="NO")
    mine = frame[frame["id"] == camera]
    assert sorted(mine.geom_type.str.removeprefix("Multi")) == ["Point", "Polygon"]
    assert mine["rank"].unique() == [1] and mine["kind"].isin(["new", "re_aim"]).all()

    def revision() -> str:
        with served.app.app_context():
            source().forget()
        return options(auditor.get(f"/map?siting={proposal}").text)["layers"]["siting"]["url"]

    before = revision()
    assert before == revision() and f"siting={proposal}&v=" in before
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("UPDATE siting_proposal SET author = author"))
    assert revision() != before


def test_a_proposal_can_be_removed(served: ServedSite, proposal: int) -> None:
    assert served.client(Role.COMMANDER, SIBLING).post(f"/siting/{proposal}/remove").status_code == 404
    assert served.client(Role.COMMANDER, OWN).post(f"/siting/{proposal}/remove").status_code == 302
    assert served.client(Role.COMMANDER, OWN).get(f"/siting/{proposal}").status_code == 404


def test_the_job_stores_and_says_how_near_the_best_it_is(served: ServedSite) -> None:
    """Run in a transaction that is taken back; progress goes up, and the words change with it."""

    class Told(list):
        author = "planner"

        def __call__(self, share: float, words: str = "") -> None:
            self.append((share, words))

        def should_stop(self) -> bool:
            return False

    told = Told()
    asked = body.order({"jurisdiction": OWN, "count": 1, "level": "detect"})
    with (
        pytest.raises(RuntimeError, match="taken back"),
        transaction(served.engine, scope=WHOLE_SITE) as session,
    ):
        outcome = body.run(session, asked, told)
        number = outcome.details["siting"]
        assert outcome.url == f"/siting/{number}" and store.proposal(session, number) is not None
        assert str(outcome.summary.values["closed"]).endswith(" %")
        raise RuntimeError("taken back")
    shares = [share for share, _ in told]
    assert shares == sorted(shares) and len({words for _, words in told}) >= 3
    with pytest.raises(LianfangError, match="takes no argument"):
        body.order({"jurisdiction": OWN, "count": 1, "cameras": 2})


@pytest.mark.parametrize("ending", [".geojson", ".csv", ".xlsx", ".html"])
def test_the_command_writes_by_the_ending_and_answers_in_json(
    served: ServedSite, monkeypatch: pytest.MonkeyPatch, tmp_path, ending: str
) -> None:
    monkeypatch.setattr(command, "open_database", lambda: _kept_open(served))
    out = tmp_path / f"proposal{ending}"
    asked = ["cameras", "site", "--jurisdiction", OWN, "--count", "2", "--level", "detect", "--json"]
    try:
        result = CliRunner().invoke(main, [*asked, "--no-re-aim", "--out", str(out)])
        assert result.exit_code == 0, result.output
        told = json.loads(result.output.strip().splitlines()[-1])
        assert told["re_aims"] == 0 and told["new"] == told["cameras"] <= 2
        assert 0 < told["gap_closed"] <= told["gap_closed_at_most"] <= 1
        assert told["seen_before"] < told["seen_after"] and out.stat().st_size > 300
        if ending == ".html":
            page = out.read_text(encoding="utf8")
            assert page.count('data-target="siting-new:') == told["new"]
            drawn = json.loads(re.search(r'id="data-siting-new">(.*?)</script>', page)[1])  # type: ignore[index]
            assert len(drawn["features"]) == told["new"] and "nan" not in json.dumps(drawn["features"])
    finally:
        with transaction(served.engine, scope=WHOLE_SITE) as session:
            session.execute(text("DELETE FROM siting_proposal"))


def test_the_command_refuses_in_one_sentence(served: ServedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "open_database", lambda: _kept_open(served))
    for arguments, status, said in (
        (["--jurisdiction", "nowhere", "--count", "1"], 1, "not known"),
        (["--jurisdiction", OWN, "--count", "1", "--out", "p.pdf"], 1, "is not one of"),
        (["--jurisdiction", OWN, "--count", "0", "--no-re-aim"], 1, "at least one"),
        (["--jurisdiction", OWN, "--count", "-1"], 2, "-1"),
    ):
        result = CliRunner().invoke(main, ["cameras", "site", *arguments])
        assert result.exit_code == status and said in result.output


def _kept_open(served: ServedSite):
    from contextlib import nullcontext

    return nullcontext(served.engine)
