"""What is stated of a team holds in its plans, keeps its history, and is refused where it cannot be."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd
import pytest
from signing import signed_in_client
from small_site import CHILD, SIBLING
from sqlalchemy import text
from test_planning import END, MIDDLE, START, WEST, add_team_rows, at, planned, team, town

from geo.crs import to_lonlat
from geo.db import transaction
from geo.errors import InputRefused, LianfangError
from geo.scope import WHOLE_SITE
from patrols import repository
from patrols.hours import Break, Terms
from patrols.plan import read_plan
from patrols.repository import of_plan
from patrols.repository.team_states import team_states
from patrols.services import check_plan, import_teams, life
from patrols.services.duty import on_duty_here
from patrols.services.staleness import stale_reasons
from patrols.services.teams import TeamGiven, add_team, change_team, end_team
from web.access import Role
from web.duty import files as planfiles
from web.duty.making import duty_of
from web.duty.text import plan_text
from web.i18n import Translator

PAUSE = Break(time(18, 30), time(19, 0), 20)


def lonlat(x, y):
    point = to_lonlat(gpd.GeoSeries([at(x, y)], crs="EPSG:32635")).iloc[0]
    return point.x, point.y


def stated(**own):
    usual = {"name": "队", "village": WEST, "mode": "foot", "size": 2, "base": lonlat(0, 0)}
    return TeamGiven(**usual | own)


@pytest.fixture
def zone(session):
    return town(session)


# ---------------------------------------------------------------- in a plan


def test_a_slow_team_walks_slowly_and_the_checker_measures_it_so(session, zone, tmp_path):
    """At half the pace every way takes twice the seconds of the street, to the second."""
    add_team_rows(
        session, zone, team("quick", WEST, 0, 0), team("slow", MIDDLE, 0, 0, terms=Terms(pace_percent=50))
    )
    made = planned(session)
    problem = made.problem
    assert problem.teams["mode"].tolist() == ["foot", "foot@50"]
    assert (problem.duration_s["foot@50"] == 2 * problem.duration_s["foot"]).all()
    assert (problem.distance_m["foot@50"] == problem.distance_m["foot"]).all()
    assert (made.plan.visits["team_id"] == "slow").any() and made.violations == ()
    planfiles.write_plan(session, made.plan_id, tmp_path / "p.json")
    broken, remarks = check_plan(session, read_plan((tmp_path / "p.json").read_text(encoding="utf8")))
    assert broken == [] and not any("are not those of the roads" in one for one in remarks)
    # A file in which it walks like the others is found out by the roads.
    quick = (tmp_path / "p.json").read_text(encoding="utf8").replace("foot@50", "foot@51")
    _, remarks = check_plan(session, read_plan(quick))
    assert any("are not those of the roads" in one for one in remarks)
    for ending in (".gpx", ".geojson"):
        planfiles.write_plan(session, made.plan_id, tmp_path / f"p{ending}")


def test_a_break_is_in_the_problem_and_the_plan_keeps_it(session, zone):
    add_team_rows(
        session, zone, team("w", WEST, 0, 0, terms=Terms(breaks=(PAUSE,))), team("m", MIDDLE, 400, 0)
    )
    made = planned(session)
    assert made.problem.breaks.to_dict("records") == [
        {"team_id": "w", "earliest_s": 1800, "latest_s": 3600, "duration_s": 1200}
    ]
    assert made.violations == ()


def test_papers_tell_breaks_and_when_a_team_with_hours_musters(session, zone):
    late = Terms(hours=(time(18, 20), time(20)), breaks=(PAUSE, Break(time(22), time(23), 10)))
    add_team_rows(session, zone, team("w", WEST, 0, 0, terms=late), team("m", MIDDLE, 400, 0))
    made = planned(session)
    life.name_leader(session, made.plan_id, "440513")
    words = Translator("en", ZoneInfo("UTC"))
    duty = duty_of(session, of_plan.plan(session, made.plan_id), words)
    told = {one.code: one for one in duty.teams}
    assert told["w"].breaks == [PAUSE] and told["m"].breaks == []
    assert told["w"].muster_at == START + timedelta(minutes=20) and told["m"].muster_at == START
    text_of_plan = plan_text(duty, words)
    assert "break of 20 min, begun 18:30–19:00" in text_of_plan
    assert "18:20 muster" in text_of_plan and "Police leader: 440513" in text_of_plan


def test_breaks_that_do_not_fit_are_told_by_their_team(session, zone):
    both = Terms(breaks=(Break(time(18, 30), time(18, 30), 20), Break(time(18, 40), time(18, 40), 20)))
    add_team_rows(session, zone, team("w", WEST, 0, 0, terms=both))
    with pytest.raises(LianfangError, match=r"breaks of team 'w' do not fit .*18:40-18:40 20"):
        planned(session)


def test_a_team_is_sent_to_no_stop_where_it_must_not_go(session, zone):
    away = Terms(keep_out=(MIDDLE,))
    add_team_rows(session, zone, team("w", WEST, 0, 0, terms=away), team("m", MIDDLE, 400, 0))
    made = planned(session)
    village = made.problem.stops.set_index("stop_id")["village"]
    there = set(village.index[village == MIDDLE])
    own = made.plan.visits[made.plan.visits["team_id"] == "w"]["stop_id"]
    assert there and len(own) and not there & set(own)
    assert set(made.problem.forbidden["stop_id"]) == there


def test_a_plan_is_stale_once_the_terms_of_its_team_change(session, zone):
    add_team_rows(session, zone, team("w", WEST, 0, 0), team("m", MIDDLE, 400, 0))
    number = planned(session).plan_id
    assert stale_reasons(session, [number])[number] == []
    for terms, words in (
        (Terms(breaks=(PAUSE,)), "team 'w' has other breaks now"),
        (Terms(pace_percent=70), "team 'w' goes at 70 per cent of the usual pace now, not at 100"),
        (Terms(keep_out=(MIDDLE,)), "team 'w' must keep out of other places now"),
        (Terms(hours=(time(18), time(19))), "team 'w' has other hours now"),
        (Terms(daytime_only=True), "team 'w' has other hours now"),
        (Terms(hours=(time(8), time(12))), "team 'w' does not serve in this shift any more"),
    ):
        with session.begin_nested() as step:
            now = datetime(2026, 11, 21, tzinfo=UTC)
            change_team(session, "z", "w", stated(name="w", terms=terms), now=now, author="t")
            assert stale_reasons(session, [number])[number] == [words]
            step.rollback()


# ---------------------------------------------------------------- changing one


def test_a_changed_team_has_a_history_and_its_plans_keep_the_old_one(session, zone):
    add_team_rows(session, zone, team("w", WEST, 0, 0), team("m", MIDDLE, 400, 0))
    made = planned(session)
    now = datetime(2026, 11, 20, tzinfo=UTC)
    whole = Terms((time(18), time(2)), True, (PAUSE,), ("急救",), 80, (MIDDLE,))
    change_team(
        session, "z", "w", stated(name="新名", name_en="New", size=3, terms=whole), now=now, author="li"
    )
    new, old = team_states(session, zone, "w").to_dict("records")
    assert (new["name"], new["size"], new["author"], new["since"]) == ("新名", 3, "li", now)
    assert pd.isna(new["until"]) and Terms.of_row(new) == whole
    assert (old["name"], old["until"]) == ("w", now) and Terms.of_row(old) == Terms()
    served = repository.teams(session, zone).set_index("code")
    assert Terms.of_row(served.loc["w"].to_dict()) == whole
    visits = repository.plan_visits(session, made.plan_id)
    assert set(visits[visits["team"] == "w"]["team_name"]) == {"w"}
    end_team(session, "z", "w", now=now + timedelta(days=1))
    assert list(repository.teams(session, zone)["code"]) == ["m"]
    assert len(team_states(session, zone, "w")) == 2


@pytest.mark.parametrize(
    "own, words",
    [
        ({"terms": Terms(keep_out=("c.d.t.no",))}, "village 'c.d.t.no' is not known"),
        ({"terms": Terms(keep_out=(WEST,))}, "does not keep out of its own village"),
        ({"terms": Terms(calendar="no")}, "calendar 'no' is not known"),
        ({"starts_at": END, "ends_at": START}, "which is not after"),
        ({"name": " "}, "needs a code and a name"),
        ({"base": lonlat(9000, 9000)}, "from the nearest street"),
    ],
)
def test_what_does_not_fit_changes_nothing(session, zone, own, words):
    add_team_rows(session, zone, team("w", WEST, 0, 0))
    with pytest.raises(InputRefused, match=words):
        change_team(session, "z", "w", stated(**own), now=START, author="t")
    assert len(team_states(session, zone, "w")) == 1


def test_a_team_that_is_not_there_is_not_changed(session, zone):
    with pytest.raises(InputRefused, match="zone 'z' has no team 'x'"):
        change_team(session, "z", "x", stated(), now=START, author="t")


def test_a_team_serves_on_the_days_of_its_calendar(session, zone):
    """21 November 2026 is a Saturday."""
    for code, day in (("sat", 6), ("sun", 7)):
        session.execute(
            text(
                """INSERT INTO duty_calendar (code, name, weekdays, terms, left_out, single, follows_holidays,
                                              author, valid)
                   VALUES (:code, 'x', ARRAY[CAST(:day AS smallint)], '[]', '{}', '{}', false, 't',
                           '[2020-01-01,)')"""
            ),
            {"code": code, "day": day},
        )
        add_team(session, "z", code, stated(terms=Terms(calendar=code)), author="t")
    kept, remarks = on_duty_here(session, repository.teams(session, zone), START, END)
    assert list(kept["code"]) == ["sat"]
    assert remarks == ["team 'sun' serves on the days of calendar 'sun', not in this shift, and was left out"]


# ---------------------------------------------------------------- files

HEAD = "code,village,mode,lon,lat,每日时段,白天,休息,技能,步速,回避,日历"


def write(path, *lines):
    path.write_text("\n".join((HEAD, *lines)), encoding="utf8")
    return path


def test_a_file_states_the_terms(session, zone, tmp_path):
    lon, lat = lonlat(0, 0)
    file = write(tmp_path / "t.csv", f"a,west,foot,{lon},{lat},18:00-22:00,是,20:00-21:00 15,急救,70,middle,")
    import_teams(session, file, zone="z", datum="wgs84", author="t")
    (row,) = repository.teams(session, zone).to_dict("records")
    assert Terms.of_row(row) == Terms(
        (time(18), time(22)), True, (Break(time(20), time(21), 15),), ("急救",), 70, (MIDDLE,)
    )


def test_bad_terms_of_a_file_are_told_by_row(session, zone, tmp_path):
    lon, lat = lonlat(0, 0)
    bad = (
        "six,,,,,,",
        ",perhaps,,,,,",
        ",,20:00 15,,,,",
        ",,,,10,,",
        ",,,,70.5,,",
        ",,,,,nowhere,",
        ",,,,,,no",
    )
    file = write(tmp_path / "t.csv", *(f"t{n},west,foot,{lon},{lat},{line}" for n, line in enumerate(bad)))
    with pytest.raises(InputRefused) as refused:
        import_teams(session, file, zone="z", datum="wgs84", author="t")
    assert [one.partition(":")[0] for one in refused.value.problems] == [f"row {n}" for n in range(2, 9)]
    told = " ".join(refused.value.problems)
    for words in (
        "'six' are no hours",
        "daytime_only 'perhaps' is not known; write yes or no",
        "'20:00 15' is no break",
        "pace_percent 10 is out of limits",
        "a pace of 70.5 per cent is no whole number",
        "village 'nowhere' is not known",
        "calendar 'no' is not known",
    ):
        assert words in told, words


# ---------------------------------------------------------------- the page


def form(served, number):
    """The form of the small site's team, as it stands."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        (point,) = session.execute(
            text("SELECT ST_X(base) AS lon, ST_Y(base) AS lat FROM team WHERE code = :code"),
            {"code": f"team-{number}"},
        )
    usual = {"name": "一队", "mode": "foot", "size": "2", "village": CHILD, "pace_percent": "100"}
    return usual | {"lon": str(point.lon), "lat": str(point.lat)}


def test_a_planner_changes_a_team_on_its_page_and_sees_how_it_was(served):
    code = served.site.zones[CHILD]
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        number = session.scalar(text("SELECT id FROM zone WHERE code = :code"), {"code": code})
    address = f"/zones/{code}/teams/team-{number}"
    client = signed_in_client(served.app, served.engine, Role.PLANNER, CHILD)
    assert "18:00-22:00" in client.get(f"{address}?lang=zh").text
    given = form(served, number)
    refused = client.post(f"{address}?lang=en", data=given | {"hours": "six"})
    assert refused.status_code == 422 and "are no hours; write them as 18:00-22:00" in refused.text
    assert (
        client.post(address, data=given | {"hours": "18:00-22:00", "breaks": "20:00-21:00 15"}).status_code
        == 302
    )
    page = client.get(f"{address}?lang=en").text
    assert 'value="18:00-22:00"' in page and 'value="20:00-21:00 15"' in page
    assert "daily 18:00–22:00" in page and "break of 15 min, begun 20:00–21:00" in page
    assert "daily 18:00–22:00" in client.get(f"/zones/{code}?lang=en").text
    assert client.get(f"/zones/{code}/teams/nobody").status_code == 404
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(
            text("DELETE FROM team WHERE code = :code AND upper_inf(valid)"), {"code": f"team-{number}"}
        )
        session.execute(
            text("UPDATE team SET valid = tstzrange(lower(valid), NULL, '[)') WHERE code = :code"),
            {"code": f"team-{number}"},
        )


@pytest.fixture
def own_team(served):
    """Address, code and planner of the child's team; how it was is put back."""
    code = served.site.zones[CHILD]
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        number = session.scalar(text("SELECT id FROM zone WHERE code = :code"), {"code": code})
        before = session.execute(
            text("SELECT id, base, jurisdiction_path::text AS village FROM team WHERE code = :code"),
            {"code": f"team-{number}"},
        ).one()
        # As an import may state it: more digits than a form writes.
        session.execute(
            text("UPDATE team SET base = ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) WHERE id = :id"),
            {"id": before.id, "lon": 116.60500012345, "lat": 23.30500045678},
        )
        session.execute(
            text("INSERT INTO team_keep_out VALUES (:id, CAST(:path AS ltree))"),
            {"id": before.id, "path": SIBLING},
        )
    client = signed_in_client(served.app, served.engine, Role.PLANNER, CHILD)
    yield f"/zones/{code}/teams/team-{number}", before.id, client
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(
            text("DELETE FROM team WHERE code = :code AND id <> :id"),
            {"code": f"team-{number}", "id": before.id},
        )
        session.execute(text("DELETE FROM team_keep_out WHERE team_id = :id"), {"id": before.id})
        session.execute(
            text(
                """UPDATE team SET base = :base, jurisdiction_path = CAST(:village AS ltree),
                                   valid = tstzrange(lower(valid), NULL, '[)') WHERE id = :id"""
            ),
            {"id": before.id, "base": before.base, "village": before.village},
        )


class Form(HTMLParser):
    """What a browser sends of the form that has a field `having`, when nobody touches it."""

    def __init__(self, having: str, page: str) -> None:
        super().__init__()
        self.given: dict[str, str] = {}
        self._now: dict[str, str] = {}
        self._select, self._having = "", having
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        own = dict(attrs)
        name, value = own.get("name"), own.get("value") or ""
        if tag == "form":
            self._now = {}
        elif tag == "input" and name and (own.get("type") not in ("checkbox", "radio") or "checked" in own):
            self._now[name] = value
        elif tag == "select":
            self._select = name or ""
        elif tag == "option" and (self._select not in self._now or "selected" in own):
            self._now[self._select] = value

    def handle_endtag(self, tag):
        if tag == "form" and self._having in self._now:
            self.given = self._now


def as_shown(client, address):
    """What a team's form sends back as it is."""
    given = Form("size", client.get(f"{address}?lang=en").text).given
    assert given["village"] == CHILD and given["lon"] == "116.605000"
    return given


def test_a_form_stored_as_it_is_shown_changes_nothing(served, own_team):
    """Not even the base, though the form writes fewer digits than are stored: no plan becomes stale by it."""
    address, number, client = own_team
    answer = client.post(f"{address}?lang=en", data=as_shown(client, address), follow_redirects=True)
    assert answer.status_code == 200 and "Nothing was changed." in answer.text
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        assert session.scalars(text("SELECT id FROM team WHERE upper_inf(valid)")).all().count(number) == 1


def test_what_a_team_had_before_and_has_no_more_is_not_shown_as_a_word(served, own_team):
    """Of a column in which some rows have a text pandas makes NaN of the others."""
    address, _, client = own_team
    given = as_shown(client, address)
    assert client.post(address, data=given | {"name_en": "Old"}).status_code == 302
    assert client.post(address, data=given | {"name_en": "", "village": ""}).status_code == 302
    page = client.get(f"{address}?lang=en").text
    told = Form("size", page).given
    assert (told["name_en"], told["village"]) == ("", "") and ">nan<" not in page


def test_what_a_planner_does_not_see_of_a_team_stays(served, own_team):
    """The base too, to its last digit, where only the size changes."""
    address, number, client = own_team
    page = client.get(f"{address}?lang=en").text
    assert "Also, and unchanged from here: u." in page
    assert client.post(address, data=as_shown(client, address) | {"size": "5"}).status_code == 302
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        before, after = session.execute(
            text(
                """SELECT t.size, ST_AsText(t.base, 15) AS base,
                          ARRAY(SELECT k.jurisdiction_path::text FROM team_keep_out k
                                WHERE k.team_id = t.id) AS away
                   FROM team t WHERE t.code = (SELECT code FROM team WHERE id = :id) ORDER BY t.id"""
            ),
            {"id": number},
        ).all()
    assert (after.size, after.base, after.away) == (5, before.base, [SIBLING])


def test_seconds_of_a_file_outlive_the_form(served, own_team):
    """A flight of 20 minutes 34 seconds, and a team that serves from a second on."""
    address, number, client = own_team
    own = {"mode": "uav", "range_m": 1500, "endurance_s": 1234, "starts_at": "2026-01-02T03:04:05+00:00"}
    usual = {"mode": "foot", "range_m": None, "endurance_s": None, "starts_at": None}
    change = text(
        """UPDATE team SET mode = :mode, range_m = :range_m, endurance_s = :endurance_s,
                           starts_at = CAST(:starts_at AS timestamptz) WHERE id = :id"""
    )
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(change, {"id": number} | own)
    try:
        given = as_shown(client, address)
        assert given["endurance_min"] == "20.5667" and given["starts_at"].endswith(":05")
        answer = client.post(f"{address}?lang=en", data=given, follow_redirects=True)
        assert "Nothing was changed." in answer.text
        refused = client.post(f"{address}?lang=en", data=given | {"endurance_min": "inf"})
        assert refused.status_code == 422 and "“inf” is not a number" in refused.text
        assert client.post(address, data=given | {"endurance_min": "25.5"}).status_code == 302
        with transaction(served.engine, scope=WHOLE_SITE) as session:
            flown = session.scalars(
                text("SELECT endurance_s FROM team WHERE code = (SELECT code FROM team WHERE id = :id)"),
                {"id": number},
            ).all()
        assert sorted(flown) == [1234, 1530]
    finally:
        with transaction(served.engine, scope=WHOLE_SITE) as session:
            session.execute(change, {"id": number} | usual)


def test_a_team_of_another_area_is_shown_and_not_changed(served, own_team):
    address, number, client = own_team
    given = as_shown(client, address)
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(
            text("UPDATE team SET jurisdiction_path = CAST(:path AS ltree) WHERE id = :id"),
            {"id": number, "path": SIBLING},
        )
    page = client.get(f"{address}?lang=en")
    assert page.status_code == 200 and "Store the team" not in page.text
    assert ">End<" not in client.get(f"{address.partition('/teams')[0]}?lang=en").text
    refused = client.post(f"{address}?lang=en", data=given | {"size": "5"})
    assert refused.status_code == 422 and "is of a village outside your area" in refused.text
