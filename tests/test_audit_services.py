"""The life of a finding on a real database, planned maintenance, assessed lists and the rates."""

from __future__ import annotations

import importlib
import re
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
import small_site
from hypothesis import given
from hypothesis import settings as settings_of_law
from hypothesis import strategies as st
from small_site import CHILD, OWN, SIBLING
from sqlalchemy import text
from sqlalchemy.orm import Session

from cameras.audit import AuditSettings
from cameras.audit.rates import (
    FIELDS,
    REQUIRED,
    assessed_time,
    camera_rates,
    filled,
    filled_share,
    group_rates,
    merged_windows,
    state_times,
)
from cameras.repository import audits, upkeep
from cameras.services import auditing
from cameras.services import upkeep as keeping
from cameras.tables import Analysis
from geo.db import transaction
from geo.errors import InputRefused
from geo.scope import WHOLE_SITE, Scope

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
TODAY = date(2026, 11, 22)


@pytest.fixture
def site(session: Session) -> small_site.SmallSite:
    return small_site.fill(session)


def run(session: Session, days: float = 0, **more) -> auditing.AuditReport:
    return auditing.audit_cameras(session, now=NOW + timedelta(days=days), author="audit", **more)


def finding(session: Session, code: str, kind: str = "no_height") -> dict:
    number = session.scalar(
        text("SELECT id FROM audit_finding WHERE code = :code AND kind = :kind"), {"code": code, "kind": kind}
    )
    found = audits.finding(session, number)
    assert found is not None
    return found


def set_height(session: Session, code: str, height: float | None) -> None:
    session.execute(text("UPDATE camera SET mount_height_m = :h WHERE code = :c"), {"h": height, "c": code})


def steps(session: Session, number: int) -> list[tuple[str, str]]:
    return [(one["step"], one["author"]) for one in audits.steps(session, number)]


def test_a_finding_opens_goes_with_the_evidence_and_comes_back(session, site) -> None:
    """None of the five cameras has a height; nothing else is wrong with them but that no height is known."""
    told = run(session)
    assert told.by_kind == {"no_height": 5} and (told.opened, told.returned, told.gone) == (5, 0, 0)
    assert {"never_seen", "long_unseen", "inside_building"} <= set(told.not_checked)
    again = run(session, 1)
    assert (again.found, again.opened, again.returned, again.gone) == (5, 0, 0, 0)

    code = site.cameras[OWN]
    set_height(session, code, 4.0)
    assert run(session, 2).gone == 1
    one = finding(session, code)
    assert (one["state"], one["closed_how"]) == ("closed", "evidence")
    set_height(session, code, None)
    assert run(session, 3).returned == 1
    one = finding(session, code)
    assert one["state"] == "open" and one["found_at"] == NOW and one["path"] == OWN
    assert [step for step, _ in steps(session, one["id"])] == ["found", "gone", "returned"]


def test_a_retired_record_closes_its_findings(session, site) -> None:
    run(session)
    session.execute(
        text("UPDATE camera SET valid = tstzrange(lower(valid), :now) WHERE code = :code"),
        {"now": NOW, "code": site.cameras[OWN]},
    )
    assert run(session, 1).gone == 1 and finding(session, site.cameras[OWN])["state"] == "closed"


def test_an_audit_of_one_town_leaves_the_others_findings_alone(session, site) -> None:
    """The town has a camera of its own and one in its village; a twin across the border would still count."""
    assert run(session, within=OWN).by_kind == {"no_height": 2}
    run(session, 1)
    for path in (CHILD, SIBLING):
        set_height(session, site.cameras[path], 5.0)
    told = run(session, 2, within=OWN)
    assert (told.cameras, told.found, told.gone) == (2, 1, 1)
    assert finding(session, site.cameras[SIBLING])["state"] == "open"


def test_what_was_not_looked_for_stays_open(session, site) -> None:
    """With its last building gone, nobody knows whether a camera still stands inside one."""
    lon, lat = small_site.POINTS[OWN]
    session.execute(
        text(
            """INSERT INTO obstruction (key, geom, jurisdiction_path, valid, batch_id)
               SELECT 'o', ST_Multi(ST_MakeEnvelope(:x - 1e-4, :y - 1e-4, :x + 1e-4, :y + 1e-4, 4326)), :path,
                      valid, batch_id FROM camera LIMIT 1"""
        ),
        {"x": lon, "y": lat, "path": OWN},
    )
    assert run(session).by_kind["inside_building"] == 1
    session.execute(text("DELETE FROM obstruction"))
    told = run(session, 1)
    assert "inside_building" in told.not_checked and told.gone == 0
    assert finding(session, site.cameras[OWN], "inside_building")["state"] == "open"


def test_a_work_order_ends_by_evidence_or_by_another_persons_review(session, site) -> None:
    run(session)
    one, other = (finding(session, site.cameras[path])["id"] for path in (OWN, SIBLING))
    due = TODAY + timedelta(days=7)
    order = auditing.assign(
        session, [one, other], unit="海康运维", due_on=due, author="chen", now=NOW, today=TODAY
    )
    assert re.fullmatch(r"GD20261122-\d+", order)
    found = finding(session, site.cameras[OWN])
    assert (found["state"], found["unit"], found["due_on"], found["order_no"]) == (
        "assigned",
        "海康运维",
        due,
        order,
    )
    with pytest.raises(InputRefused, match="another person"):
        auditing.close_reviewed(session, one, reason="看过", author="chen", now=NOW)
    with pytest.raises(InputRefused, match="reason is missing"):
        auditing.close_reviewed(session, one, reason=" ", author="lin", now=NOW)
    auditing.close_reviewed(session, one, reason="已现场核实", author="lin", now=NOW)
    assert finding(session, site.cameras[OWN])["closed_how"] == "review"
    # The record still has no height: the reviewer has said that this is well so.
    assert run(session, 1).returned == 0
    set_height(session, site.cameras[SIBLING], 6.0)
    assert run(session, 2).gone == 1
    assert steps(session, one) == [("found", "audit"), ("assigned", "chen"), ("closed", "lin")]
    assert steps(session, other) == [("found", "audit"), ("assigned", "chen"), ("gone", "audit")]


def test_two_work_orders_of_one_day_have_two_numbers_though_they_share_a_finding(session, site) -> None:
    """The first finding goes to one unit, and the same day with a third one to another."""
    run(session)
    one, two, three = (finding(session, site.cameras[path])["id"] for path in (OWN, CHILD, SIBLING))
    words = {"due_on": TODAY, "author": "chen", "now": NOW, "today": TODAY}
    first = auditing.assign(session, [one, two], unit="甲", **words)
    second = auditing.assign(session, [one, three], unit="乙", **words)
    assert first != second
    orders = {path: finding(session, site.cameras[path])["order_no"] for path in (OWN, CHILD, SIBLING)}
    assert orders == {OWN: second, CHILD: first, SIBLING: second}


def test_what_a_reviewer_closed_comes_back_when_the_matter_changes(session, site) -> None:
    """And when it had gone in between, even unchanged."""
    code = site.cameras[OWN]
    set_height(session, code, 0.5)
    run(session)
    number = finding(session, code, "height_odd")["id"]
    auditing.accept(session, number, reason="护栏上", author="chen", now=NOW)
    auditing.close_reviewed(session, number, reason="属实", author="lin", now=NOW)
    assert run(session, 1).returned == 0
    set_height(session, code, 0.4)
    assert run(session, 2).returned == 1 and finding(session, code, "height_odd")["state"] == "open"
    auditing.accept(session, number, reason="护栏上", author="lin", now=NOW)
    auditing.close_reviewed(session, number, reason="属实", author="chen", now=NOW)
    for days, height, returned in ((3, 4.0, 0), (4, 0.4, 1)):
        set_height(session, code, height)
        assert run(session, days).returned == returned


def test_what_was_accepted_comes_back_when_the_matter_changes(session, site) -> None:
    """Half a metre was accepted, 199 m were not; a work order under way stays with its unit."""
    code = site.cameras[OWN]
    set_height(session, code, 0.5)
    run(session)
    number = finding(session, code, "height_odd")["id"]
    auditing.accept(session, number, reason="护栏上", author="chen", now=NOW)
    # What is usual, as the settings say, is not the camera's matter.
    other = AuditSettings(lowest_m=1.0)
    assert run(session, 1, settings=other).returned == 0
    set_height(session, code, 199.0)
    assert run(session, 2).returned == 1
    found = finding(session, code, "height_odd")
    assert found["state"] == "open" and steps(session, number)[-1] == ("returned", "audit")
    # Whoever accepted the other matter may review this one.
    words = {"unit": "海康", "due_on": TODAY, "today": TODAY, "author": "lin", "now": NOW}
    auditing.assign(session, [number], **words)
    auditing.close_reviewed(session, number, reason="属实", author="chen", now=NOW)
    auditing.reopen(session, number, reason="再看", author="chen", now=NOW)
    auditing.assign(session, [number], **words)
    set_height(session, code, 198.0)
    assert run(session, 3).returned == 0 and finding(session, code, "height_odd")["state"] == "assigned"


@pytest.mark.parametrize("kind", ["crowded_position", "crowded_address"])
def test_one_camera_more_at_a_crowded_place_is_the_same_matter(session, site, kind) -> None:
    """Thirty of one position, or address; then one more; then another position and address."""
    session.execute(
        text(
            """INSERT INTO camera (code, name, azimuth_quality, ptz, geom, valid, batch_id, address,
                                   jurisdiction_path)
               SELECT 'crowd-' || n, 'x', 'unknown', false,
                      CASE WHEN :kind = 'crowded_position' THEN geom
                           ELSE ST_Translate(geom, n * 0.0002, 0) END, valid, batch_id, '镇政府', NULL
               FROM camera, generate_series(0, 30) n WHERE code = :code"""
        ),
        {"code": site.cameras[OWN], "kind": kind},
    )
    late = "SET valid = tstzrange(lower(valid), {}) WHERE code = 'crowd-30'"
    session.execute(text(f"UPDATE camera {late.format('now()')}"))
    run(session)
    number = finding(session, "crowd-7", kind)["id"]
    auditing.accept(session, number, reason="临时", author="chen", now=NOW)
    session.execute(text(f"UPDATE camera {late.format('NULL')}"))
    before = finding(session, "crowd-7", kind)["evidence"]
    assert run(session, 1).returned == 0
    assert finding(session, "crowd-7", kind)["state"] == "accepted"
    assert finding(session, "crowd-7", kind)["evidence"] != before
    session.execute(
        text("UPDATE camera SET address = '派出所', geom = ST_Translate(geom, 0.001, 0) WHERE code ~ 'crowd'")
    )
    assert run(session, 2).returned == 1 and finding(session, "crowd-7", kind)["state"] == "open"


def test_a_step_that_does_not_fit_the_state_is_refused(session, site) -> None:
    run(session)
    number = finding(session, site.cameras[OWN])["id"]
    words = {"author": "chen", "now": NOW}
    with pytest.raises(InputRefused, match="open cannot be closed by a reviewer"):
        auditing.close_reviewed(session, number, reason="x", **words)
    with pytest.raises(InputRefused, match="open cannot be opened again"):
        auditing.reopen(session, number, reason="x", **words)
    auditing.accept(session, number, reason="x", **words)
    with pytest.raises(InputRefused, match="accepted cannot be accepted"):
        auditing.accept(session, number, reason="x", **words)
    auditing.reopen(session, number, reason="仍须整改", **words)
    for wrong, message in (
        ({"unit": " "}, "unit is missing"),
        ({"due_on": TODAY - timedelta(days=1)}, "is over"),
        ({"numbers": []}, "no finding is chosen"),
        ({"numbers": [number, 999_999]}, "no finding 999999"),
    ):
        asked = {"numbers": [number], "unit": "u", "due_on": TODAY, "today": TODAY} | wrong
        with pytest.raises(InputRefused, match=message):
            auditing.assign(session, asked.pop("numbers"), **asked, **words)
    assert finding(session, site.cameras[OWN])["state"] == "open"


# --- Planned maintenance and assessed lists --------------------------------


def test_maintenance_is_registered_beforehand_for_cameras_that_are_known(session, site) -> None:
    period = {"start": NOW + timedelta(hours=1), "end": NOW + timedelta(hours=3)}
    words = {"reason": "线路割接", "author": "chen", "now": NOW}
    own = site.cameras[OWN]
    number = keeping.register_maintenance(session, codes=[own, own, ""], **period, **words)
    windows = upkeep.maintenance_windows(session, NOW, NOW + timedelta(days=1))
    assert windows["code"].tolist() == [own]
    assert (windows["end_ms"] - windows["start_ms"]).tolist() == [7_200_000]
    # Withdrawn after an hour: the second hour counts again.
    keeping.withdraw_maintenance(session, number, author="lin", now=NOW + timedelta(hours=2))
    windows = upkeep.maintenance_windows(session, NOW, NOW + timedelta(days=1))
    assert (windows["end_ms"] - windows["start_ms"]).tolist() == [3_600_000]
    with pytest.raises(InputRefused, match="nothing to withdraw"):
        keeping.withdraw_maintenance(session, number, author="lin", now=NOW + timedelta(hours=2))
    for wrong, message in (
        ({"codes": ["nowhere"]}, "nowhere is not known"),
        ({"codes": []}, "no camera is named"),
        ({"unit": "无此单位", "codes": []}, "no record names"),
        ({"end": NOW}, "empty"),
        ({"start": NOW - timedelta(hours=2), "end": NOW - timedelta(hours=1)}, "registered before"),
        ({"reason": ""}, "reason"),
    ):
        with pytest.raises(InputRefused, match=message):
            keeping.register_maintenance(session, **({"codes": [own]} | period | words | wrong))


def test_a_unit_brings_all_its_cameras(session, site) -> None:
    session.execute(
        text("UPDATE camera SET management_unit = ' 海康运维 ' WHERE jurisdiction_path <@ 'c.d.t'")
    )
    keeping.register_maintenance(
        session,
        unit="海康运维",
        start=NOW - timedelta(hours=1),
        end=NOW + timedelta(hours=1),
        reason="检修",
        author="chen",
        now=NOW,
    )
    windows = upkeep.maintenance_windows(session, NOW - timedelta(days=1), NOW + timedelta(days=1))
    assert set(windows["code"]) == {site.cameras[OWN], site.cameras[CHILD]}
    # What lies before the registration counts all the same.
    assert set(windows["end_ms"] - windows["start_ms"]) == {3_600_000}


def test_a_period_that_makes_no_sense_is_told_in_the_sites_time(session, site) -> None:
    """Four o'clock in the night of Greenwich is noon in Shanghai."""
    words = {"codes": [site.cameras[OWN]], "reason": "检修", "author": "chen", "now": NOW}
    for start, end, said in (
        (NOW, NOW, "from 2026-11-22 12:00 to 2026-11-22 12:00 is empty"),
        (NOW - timedelta(hours=9), NOW - timedelta(hours=8), "ended at 2026-11-22 04:00;"),
    ):
        with pytest.raises(InputRefused, match=said):
            keeping.register_maintenance(session, start=start, end=end, **words)


def test_a_frozen_list_is_the_denominator_and_is_not_changed(session, site) -> None:
    words = {"author": "chen", "now": NOW}
    head = keeping.freeze_list(session, month=TODAY, within=OWN, **words)
    assert (head.month, head.cameras, head.within_path) == (date(2026, 11, 1), 2, OWN)
    for within in (OWN, CHILD):
        with pytest.raises(InputRefused, match="frozen already for 前埔镇"):
            keeping.freeze_list(session, month=TODAY, within=within, **words)
    keeping.freeze_list(session, month=TODAY, within=SIBLING, **words)
    with pytest.raises(InputRefused, match="no camera to assess"):
        keeping.freeze_list(session, month=date(2026, 12, 1), within=OWN, point_class=1, **words)
    # A camera that is taken out this month stays on the list, without a record.
    session.execute(
        text("UPDATE camera SET valid = tstzrange(lower(valid), :now) WHERE code = :code"),
        {"now": NOW, "code": site.cameras[CHILD]},
    )
    rated = keeping.rated_cameras(session, None, TODAY, Scope.of([OWN]))
    assert rated["listed"].all() and set(rated["code"]) == {site.cameras[OWN], site.cameras[CHILD]}
    assert rated.set_index("code")["located"].to_dict() == {
        site.cameras[OWN]: True,
        site.cameras[CHILD]: False,
    }
    rated = keeping.rated_cameras(session, None, date(2026, 10, 1), Scope.of([OWN]))
    assert not rated["listed"].any() and rated["code"].tolist() == [site.cameras[OWN]]


def test_one_villages_list_is_not_the_citys_denominator_and_the_city_freezes_the_rest(session, site) -> None:
    """Of five cameras one village freezes its own: the city is assessed on five all the same."""
    words = {"author": "chen", "now": NOW}
    keeping.freeze_list(session, month=TODAY, within=CHILD, **words)
    # What comes to the village after it was frozen is not assessed this month, neither there nor above.
    session.execute(
        text(
            """INSERT INTO camera (code, name, azimuth_quality, ptz, geom, valid, batch_id, jurisdiction_path)
               SELECT 'late', '新', 'unknown', false, geom, valid, batch_id, jurisdiction_path FROM camera
               WHERE code = :code"""
        ),
        {"code": site.cameras[CHILD]},
    )
    five = set(site.cameras.values())
    rated = keeping.rated_cameras(session, None, TODAY, WHOLE_SITE)
    assert set(rated["code"]) == five and len(rated) == 5
    assert rated.loc[rated["listed"], "code"].tolist() == [site.cameras[CHILD]]
    town = keeping.rated_cameras(session, None, TODAY, Scope.of([OWN])).set_index("code")["listed"]
    assert town.to_dict() == {site.cameras[OWN]: False, site.cameras[CHILD]: True}
    assert keeping.rated_cameras(session, None, TODAY, Scope.of([CHILD]))["listed"].tolist() == [True]
    assert keeping.freeze_list(session, month=TODAY, within=None, **words).cameras == 4
    rated = keeping.rated_cameras(session, None, TODAY, WHOLE_SITE)
    assert set(rated["code"]) == five and rated["listed"].all()
    with pytest.raises(InputRefused, match="frozen already"):
        keeping.freeze_list(session, month=TODAY, within=SIBLING, **words)


def test_lists_of_two_classes_stand_beside_each_other(session, site) -> None:
    """One camera of the first class, one of the second, three of none."""
    for path, number in ((OWN, 1), (SIBLING, 2)):
        session.execute(
            text("UPDATE camera SET point_class = :n WHERE code = :code"),
            {"n": number, "code": site.cameras[path]},
        )
    words = {"month": TODAY, "within": None, "author": "chen", "now": NOW}
    assert keeping.freeze_list(session, point_class=1, **words).cameras == 1
    assert keeping.freeze_list(session, point_class=2, **words).cameras == 1
    with pytest.raises(InputRefused, match="frozen already"):
        keeping.freeze_list(session, point_class=1, **(words | {"within": OWN}))
    # For points of no class no list speaks: they count as where none is frozen, and may follow.
    rated = keeping.rated_cameras(session, None, TODAY, WHOLE_SITE)
    assert (len(rated), rated["listed"].sum()) == (5, 2)
    assert set(rated.loc[rated["listed"], "code"]) == {site.cameras[OWN], site.cameras[SIBLING]}
    # One more of the first class comes after its list was frozen, and waits for the next month.
    session.execute(
        text("UPDATE camera SET point_class = 1 WHERE code = :code"), {"code": site.cameras[CHILD]}
    )
    assert set(keeping.rated_cameras(session, None, TODAY, Scope.of([OWN]))["code"]) == {site.cameras[OWN]}
    session.execute(text("UPDATE camera SET point_class = 3 WHERE code = :c"), {"c": site.cameras[CHILD]})
    assert keeping.freeze_list(session, **words).cameras == 3
    with pytest.raises(InputRefused, match="frozen already"):
        keeping.freeze_list(session, **words)


def test_rates_of_the_small_site_are_those_worked_by_hand(session, site) -> None:
    """Usable 10 of 24 hours, then lost. Maintenance of the last 12 hours leaves 10 of 12."""
    analysis = session.get_one(Analysis, site.analysis)
    rated = keeping.rated_cameras(session, analysis, TODAY, WHOLE_SITE)
    assert not rated["listed"].any() and len(rated) == 5
    whole = group_rates(rated, pd.Series("all", index=rated.index)).loc["all"]
    assert (whole["cameras"], whole["planned"]) == (5, 0)
    assert whole["online"] == pytest.approx(10 / 24) and whole["measured"] == 1.0 and whole["normal"] == 1.0
    # name, azimuth, lens and width_px of fifteen.
    assert whole["filled"] == pytest.approx(4 / 15) and whole["complete"] == 0.0
    assert whole["located"] == 1.0 and whole["believed"] == 1.0
    end = small_site.DAY[1]
    keeping.register_maintenance(
        session,
        codes=[site.cameras[OWN]],
        start=end - timedelta(hours=12),
        end=end,
        reason="检修",
        author="chen",
        now=small_site.DAY[0],
    )
    rated = keeping.rated_cameras(session, analysis, TODAY, WHOLE_SITE)
    assert rated.set_index("code").at[site.cameras[OWN], "online_share"] == pytest.approx(10 / 12)
    assert rated.set_index("code").at[site.cameras[SIBLING], "online_share"] == pytest.approx(10 / 24)


def test_what_the_database_says_is_filled_is_what_the_records_fill(session, site) -> None:
    """Each field alone and a few together, on the records themselves and as the letters that are read."""
    values = {"azimuth_quality": "measured", "ptz_type": 6, "point_class": 2, "installed_on": TODAY}
    texts = (
        "name",
        "manufacturer",
        "model",
        "civil_code",
        "address",
        "ip_address",
        "management_unit",
        "contact",
    )
    values |= dict.fromkeys(texts, "x") | dict.fromkeys(set(FIELDS) - set(values) - set(texts), 7.0)
    blank = dict.fromkeys(FIELDS) | {"name": " ", "azimuth_quality": "coarse", "ptz_type": 1}
    rows = [{**blank, name: values[name]} for name in FIELDS]
    rows += [blank, values, {**values, "azimuth_quality": "coarse"}, {**values, "azimuth_deg": None}]
    rows += [
        {**blank, "focal_mm": 4.0, "sensor_width_mm": 5.0},
        {**values, "hfov_deg": None, "focal_mm": None},
    ]
    for number, row in enumerate(rows):
        session.execute(
            text(
                f"""INSERT INTO camera (code, ptz, geom, valid, batch_id, {", ".join(FIELDS)})
                    SELECT 'f-{number}', false, geom, valid, batch_id,
                           {", ".join(f":{name}" for name in FIELDS)}
                    FROM camera WHERE code = :code"""
            ),
            {**row, "code": site.cameras[OWN]},
        )
    expected = filled(audits.full_records(session).set_index("code")).mean(axis=1)
    made = filled_share(upkeep.judged_records(session, None)["kept"])
    assert made.nunique() >= 4 and (made.max(), made.loc["f-19"]) == (1.0, 0.0)
    pd.testing.assert_series_equal(made.sort_index(), expected.sort_index(), check_names=False)


def test_a_camera_wholly_in_maintenance_is_in_no_time_rate() -> None:
    cameras = pd.DataFrame({"code": ["a", "b", "c"], "path": ["x"] * 3, "unit": ["u"] * 3})
    records = pd.DataFrame({"filled": [1 / 15] * 2, "doubted": [False, True]}, index=["a", "b"])
    segments = pd.DataFrame(
        {
            "code": ["a", "a", "b", "b"],
            "start_ms": [0, 40, 0, 50],
            "end_ms": [40, 100, 50, 100],
            "state": ["usable", "outage", "degraded", "not_measured"],
        }
    )
    windows = pd.DataFrame({"code": ["a", "a"], "start_ms": [0, 30], "end_ms": [50, 100]})
    rated = camera_rates(cameras, records, state_times(segments, windows))
    assert rated["planned"].tolist() == [True, False, False]
    all_ = group_rates(rated, cameras["unit"]).loc["u"]
    # b: half the time online, all of it unfit; half not measured. c: not in the analysis.
    assert (all_["online"], all_["measured"], all_["normal"]) == (0.5, 0.5, 0.0)
    assert all_["located"] == pytest.approx(2 / 3) and all_["believed"] == pytest.approx(1 / 3)


moments = st.integers(0, 60)
periods = st.tuples(st.sampled_from("ab"), moments, st.integers(1, 20)).map(
    lambda p: (p[0], p[1], p[1] + p[2])
)


@settings_of_law(max_examples=40)
@given(st.lists(periods, max_size=8), st.lists(periods, max_size=6))
def test_maintenance_takes_away_exactly_the_milliseconds_it_covers(segments: list, windows: list) -> None:
    """Law, against counting every millisecond."""
    names = ["code", "start_ms", "end_ms"]
    left = assessed_time(pd.DataFrame(segments, columns=names), pd.DataFrame(windows, columns=names))
    for (code, start, end), answer in zip(segments, left.tolist(), strict=True):
        off = {ms for other, a, b in windows if other == code for ms in range(a, b)}
        assert answer == len([ms for ms in range(start, end) if ms not in off])
    joined = merged_windows(pd.DataFrame(windows, columns=names))
    for _, rows in joined.groupby("code"):
        assert (rows["start_ms"].to_numpy()[1:] > rows["end_ms"].to_numpy()[:-1]).all()


def test_a_lens_is_told_by_its_angle_or_by_focal_length_and_sensor() -> None:
    records = pd.DataFrame(
        {
            "hfov_deg": [90.0, np.nan, np.nan],
            "focal_mm": [np.nan, 4.0, 4.0],
            "sensor_width_mm": [np.nan, 5.6, np.nan],
            "azimuth_deg": [0.0, 10.0, np.nan],
            "azimuth_quality": ["measured", "coarse", "unknown"],
            "ptz_type": [3, 3, 6],
            "address": [" ", None, "村口"],
        }
    )
    told = filled(records)
    assert list(told) == list(REQUIRED)
    assert told["lens"].tolist() == [True, True, False]
    assert told["azimuth"].tolist() == [True, False, True]
    assert told["address"].tolist() == [False, False, True] and not told["model"].any()


def test_the_demos_cameras_are_audited_and_its_datum_is_right(demo) -> None:
    """Helsinki: no camera has a height, none is outside, and no Chinese datum is suspected (DOMAIN §2)."""
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        told = auditing.audit_cameras(session, now=datetime(2026, 11, 21, tzinfo=UTC), author="test")
        findings = audits.listed(session, None)
        directions = session.scalar(
            text("SELECT count(*) FROM camera WHERE azimuth_quality = 'measured' AND upper_inf(valid)")
        )
        session.rollback()
    assert told.cameras == demo.summary["cameras"] and told.found == len(findings)
    assert "datum_wrong" not in told.by_kind and "code_malformed" not in told.by_kind
    assert (
        told.by_kind.get("no_azimuth", 0) + told.by_kind.get("coarse_azimuth", 0) == told.cameras - directions
    )


def test_the_marks_of_before_are_told_from_what_is_stored(session, site) -> None:
    """The migration's marks are those of the next audit, which therefore opens nothing again."""
    marks = importlib.import_module("migrations.versions.0022_marks_of_findings").MARKS
    set_height(session, site.cameras[OWN], 0.5)
    session.execute(
        text(
            """INSERT INTO camera (code, name, azimuth_quality, ptz, geom, valid, batch_id, address)
               SELECT 'crowd-' || n, 'x', 'unknown', false, ST_Translate(geom, (n / 40) * n * 0.0002, 0),
                      valid, batch_id, '镇政府'
               FROM camera, generate_series(0, 79) n WHERE code = :code"""
        ),
        {"code": site.cameras[OWN]},
    )
    run(session)
    kinds = "kind IN ('crowded_position', 'crowded_address', 'height_odd')"
    read = text(f"SELECT kind, subject, mark FROM audit_finding WHERE {kinds}")
    fresh = {(kind, subject): mark for kind, subject, mark in session.execute(read)}
    assert {kind for kind, _ in fresh} == {"crowded_position", "crowded_address", "height_odd"}
    session.execute(text("UPDATE audit_finding SET mark = '31 cameras within 0.5 m'"))
    session.execute(text(marks))
    assert {(kind, subject): mark for kind, subject, mark in session.execute(read)} == fresh
