"""A record mended by hand: proposed, reviewed, and only then another."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from test_camera_services import site
from test_recording import FIRST, batch, periods, stored, take_in

from cameras.repository import one
from cameras.repository.proposals import forget_photos
from cameras.services.mending import accept, propose, reject
from geo.db import ScopedSession
from geo.errors import InputRefused, LianfangError
from geo.scope import WHOLE_SITE, Scope
from web.refusals import Refused
from web.undoing import undo_import

assert site and take_in


@pytest.fixture
def records(site: Session, take_in) -> Session:
    """Cameras a (90°, 4 m), b (east) and c; recorded in an earlier transaction, as it were."""
    take_in(FIRST)
    return site


def ask(session: Session, camera: str, **texts: str) -> list[int]:
    return propose(session, [camera], texts, author="zhang")


def an_hour_goes_by(session: Session) -> None:
    for ended in ("NOT upper_inf(valid)", "upper_inf(valid)"):
        earlier = "tstzrange(lower(valid) - interval '1 hour', upper(valid) - interval '1 hour')"
        session.execute(text(f"UPDATE camera SET valid = {earlier} WHERE {ended}"))


def test_a_proposed_change_does_not_count_until_it_is_accepted(records):
    (number,) = ask(records, "b", management_unit="二公司")
    assert stored(records, "management_unit")[1] == ("b", None)
    assert accept(records, [number], reviewer="li") == 1
    assert stored(records, "management_unit")[1] == ("b", "二公司")
    who = records.execute(
        text(
            """SELECT c.author, p.reviewer, c.kind
               FROM camera_change c JOIN camera_proposal p ON p.id = c.proposal_id"""
        )
    ).one()
    assert tuple(who) == ("zhang", "li", "changed")


def test_an_accepted_direction_is_measured_and_opens_a_new_period(records):
    (number,) = ask(records, "b", direction="101.5")
    accept(records, [number], reviewer="li")
    (old, _, until), (new, since, _) = periods(records, "b")
    assert (old, new) == (90.0, 101.5) and until == since
    assert stored(records, "azimuth_quality")[1] == ("b", "measured")


def test_a_period_that_was_mended_is_told_as_whose_it_is(records):
    (number,) = ask(records, "b", direction="101.5")
    accept(records, [number], reviewer="li")
    now, before = one.history(records, "b")
    assert (now["file_name"], now["author"]) == ("", "zhang")
    assert before["file_name"].endswith(".csv") and before["author"] != "zhang"


def test_an_emptied_field_is_empty_and_an_untouched_one_stays(records):
    (number,) = ask(records, "a", mount_height_m="", direction="90", management_unit="一公司")
    accept(records, [number], reviewer="li")
    assert stored(records, "mount_height_m, azimuth_deg, management_unit")[0] == ("a", None, 90.0, "一公司")
    an_hour_goes_by(records)
    (number,) = ask(records, "a", direction="")
    accept(records, [number], reviewer="li")
    assert stored(records, "azimuth_deg, azimuth_quality")[0] == ("a", None, "unknown")


def test_a_position_is_taken_in_its_datum(records):
    """At 114.00°, 22.51° GCJ-02 lies 0.0049° further east and 0.0027° further south than WGS 84."""
    (number,) = propose(records, ["c"], {"lon": "114.0089", "lat": "22.5033"}, author="zhang", datum="gcj02")
    accept(records, [number], reviewer="li")
    lon, lat = records.execute(
        text("SELECT ST_X(geom), ST_Y(geom) FROM camera WHERE code = 'c' AND upper_inf(valid)")
    ).one()
    assert (lon, lat) == pytest.approx((114.004, 22.506), abs=0.0005)


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ({"tilt_deg": "120"}, "Tilt, downwards '120' is no number from -90 to 90"),
        ({"mount_height_m": "-3"}, "no number from 0 to 200"),
        ({"direction": "upwards"}, "neither degrees from 0 to 360 nor a compass point"),
        ({"direction": "45;135"}, "is not understood"),
        ({"installed_on": "2024-02-30"}, "Installed on '2024-02-30' is not understood"),
        ({"lon": "114.004", "lat": "x"}, "is not in decimal degrees"),
        ({"lon": "22.506", "lat": "114.004"}, "look swapped"),
        ({"lon": "116.4", "lat": "39.9"}, "outside the site's area"),
        ({"code": "z"}, "'code' is no field"),
    ],
)
def test_what_is_not_understood_is_refused_and_nothing_is_proposed(records, texts, told):
    with pytest.raises(InputRefused) as refused:
        ask(records, "a", name="新名", **texts)
    assert told in "".join(refused.value.problems)
    assert records.scalar(text("SELECT count(*) FROM camera_proposal")) == 0


def test_a_proposal_without_a_difference_is_refused(records):
    with pytest.raises(InputRefused, match="nothing differs"):
        ask(records, "a", direction="90", mount_height_m="4.0", ptz="no")


def test_two_proposals_for_one_field_do_not_both_count(records):
    (first,) = ask(records, "a", direction="100")
    (second,) = ask(records, "a", direction="110")
    (other,) = ask(records, "a", name="新名")
    accept(records, [first], reviewer="li")
    with pytest.raises(LianfangError, match="Direction was changed since"):
        accept(records, [second], reviewer="li")
    accept(records, [other], reviewer="li")
    assert stored(records, "name, azimuth_deg")[0] == ("a", "新名", 100.0)
    reject(records, [second], reviewer="li")
    with pytest.raises(LianfangError, match="was reviewed before, by li"):
        accept(records, [second], reviewer="li")


def test_many_cameras_change_together_or_not_at_all(records):
    ids = propose(records, ["a", "b", "c"], {"management_unit": "三公司"}, author="zhang", origin="bulk")
    records.execute(text("UPDATE camera SET valid = tstzrange(lower(valid), now()) WHERE code = 'c'"))
    with pytest.raises(LianfangError, match="camera 'c' has ended"), records.begin_nested():
        accept(records, ids, reviewer="li")
    assert stored(records, "management_unit")[0] == ("a", "一公司")
    assert accept(records, ids[:2], reviewer="li") == 2
    assert [row[1] for row in stored(records, "management_unit")] == ["三公司", "三公司"]


def test_whoever_takes_back_their_own_proposal_withdraws_it(records):
    (number,) = ask(records, "a", name="新名")
    reject(records, [number], reviewer="zhang")
    assert records.scalar(text("SELECT state FROM camera_proposal")) == "withdrawn"


def test_an_import_is_not_undone_over_an_accepted_change(records):
    (number,) = ask(records, "a", name="新名")
    accept(records, [number], reviewer="li")
    with pytest.raises(Refused, match="were proposed"):
        undo_import(records, batch(records), author="li")


def test_nobody_accepts_their_own_change_unless_they_may(records):
    (number,) = ask(records, "a", name="新名")
    with pytest.raises(LianfangError, match="you proposed this change yourself"):
        accept(records, [number], reviewer="zhang")
    assert accept(records, [number], reviewer="zhang", own=True) == 1


def test_a_list_of_before_does_not_undo_what_was_reviewed(records, take_in):
    """The same old list comes every night; a list with a third value is news."""
    (number,) = ask(records, "a", direction="200", management_unit="二公司")
    accept(records, [number], reviewer="li")
    an_hour_goes_by(records)
    report = take_in(FIRST)
    assert report.counts["unchanged"] == 3 and "were mended since and reviewed" in report.findings[-1]
    assert stored(records, "azimuth_deg, management_unit")[0] == ("a", 200.0, "二公司")
    take_in(FIRST.replace("一公司", "三公司"))
    assert stored(records, "azimuth_deg, management_unit")[0] == ("a", 200.0, "三公司")


def test_a_coarse_direction_confirmed_does_not_make_another_one_measured(records, take_in):
    """Somebody confirms at the pole that b looks east; meanwhile a list says south-west."""
    (number,) = ask(records, "b", direction="90")
    an_hour_goes_by(records)
    take_in(FIRST.replace("东", "西南"))
    assert stored(records, "azimuth_deg, azimuth_quality")[1] == ("b", 225.0, "coarse")
    with pytest.raises(LianfangError, match="was changed since this was proposed"):
        accept(records, [number], reviewer="li")


def test_a_list_of_before_two_changes_undoes_neither(records, take_in):
    for unit in ("二公司", "三公司"):
        (number,) = ask(records, "a", management_unit=unit)
        accept(records, [number], reviewer="li")
    report = take_in(FIRST)
    assert report.counts["unchanged"] == 3
    assert stored(records, "management_unit")[0] == ("a", "三公司")


def test_a_new_measurement_is_news_though_the_one_before_was_taken_back(records, take_in):
    (number,) = ask(records, "a", direction="")
    accept(records, [number], reviewer="li")
    an_hour_goes_by(records)
    take_in(FIRST)
    assert stored(records, "azimuth_deg, azimuth_quality")[0] == ("a", None, "unknown")
    take_in(FIRST.replace(",90,", ",120,"))
    assert stored(records, "azimuth_deg, azimuth_quality")[0] == ("a", 120.0, "measured")


def test_the_same_is_not_proposed_twice(records):
    ask(records, "a", name="新名")
    with pytest.raises(InputRefused, match="was proposed before and waits"):
        ask(records, "a", name="新名")
    assert len(ask(records, "a", name="另一名")) == 1


def test_what_is_still_to_be_reviewed_goes_along_to_the_next_record(records):
    (first,) = ask(records, "a", direction="200")
    (second,) = ask(records, "a", management_unit="二公司")
    accept(records, [first], reviewer="li")
    about = """SELECT upper_inf(c.valid) FROM camera_proposal p JOIN camera c ON c.id = p.camera_id
               WHERE p.id = :id"""
    assert records.scalar(text(about), {"id": second}) is True
    assert records.scalar(text(about), {"id": first}) is False


def test_nobody_waits_for_a_list_that_is_being_taken_in(engine, records, monkeypatch):
    """The list of these tests is not committed: another session is told so after a while."""
    monkeypatch.setattr("cameras.services.mending.WAIT_S", 1)
    with ScopedSession(engine, scope=WHOLE_SITE) as other:
        with pytest.raises(LianfangError, match="are being written"):
            accept(other, [1], reviewer="li")
        assert other.scalar(text("SHOW lock_timeout")) == "0"


def test_photographs_go_with_a_rejection_and_some_time_after_an_acceptance(records):
    """They are for the review, and may show who passed by."""
    count = text("SELECT count(photo) FROM camera_proposal")
    made = [propose(records, [code], {}, author="zhang", photo=b"jpeg")[0] for code in "abc"]
    assert records.scalar(count) == 3
    reject(records, made[:1], reviewer="li")
    accept(records, made[1:2], reviewer="li")
    assert records.scalar(count) == 2
    reviewed_at = records.scalar(text("SELECT reviewed_at FROM camera_proposal WHERE state = 'accepted'"))
    forget_photos(records, reviewed_at)
    assert records.scalar(count) == 2
    forget_photos(records, reviewed_at + timedelta(seconds=1))
    assert records.scalar(count) == 1, "one still waits for its review"


def test_an_undone_import_gives_proposals_back_to_the_record_before(records, take_in):
    take_in(FIRST.replace(",90,", ",120,"))
    (number,) = ask(records, "a", name="新名")
    undo_import(records, batch(records), author="li")
    assert records.scalar(text("SELECT state FROM camera_proposal")) == "open"
    accept(records, [number], reviewer="li")
    assert stored(records, "name, azimuth_deg")[0] == ("a", "新名", 90.0)


def test_an_emptied_name_is_no_name_and_signs_that_do_not_print_are_refused(records):
    (number,) = ask(records, "a", name="")
    accept(records, [number], reviewer="li")
    assert stored(records, "name")[0] == ("a", "")
    with pytest.raises(InputRefused):
        ask(records, "a", name="甲\x00乙")


def test_a_mended_position_comes_from_no_list(records):
    (number,) = propose(records, ["c"], {"lon": "114.007", "lat": "22.507"}, author="zhang")
    accept(records, [number], reviewer="li")
    assert stored(records, "source_datum, source_row")[2] == ("c", "wgs84", None)


def test_a_position_outside_ones_area_is_refused(records):
    """In the box of the village and outside of it: 22.5044 lies south of its border."""
    with (
        ScopedSession(
            records.connection(), scope=Scope.of(["t.v"]), join_transaction_mode="create_savepoint"
        ) as mine,
        pytest.raises(InputRefused, match="outside your area"),
    ):
        propose(mine, ["c"], {"lon": "114.005", "lat": "22.5044"}, author="zhang")
