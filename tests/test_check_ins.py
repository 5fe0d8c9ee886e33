"""Who signed in where and when: what is believed, what is refused, what is forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from small_site import OWN, SHIFT
from sqlalchemy import text

from geo.db import transaction
from geo.errors import InputRefused
from geo.scope import WHOLE_SITE
from patrols.repository import check_ins as store
from patrols.services.check_ins import enter
from patrols.signing import Entry, Shift, time_in_shift

ZONE = ZoneInfo("Asia/Shanghai")
LATER = SHIFT[1] + timedelta(days=1)
EVENING = Shift(*SHIFT, ZONE)


class _Done(Exception):
    """Ends a transaction without keeping it."""


@pytest.fixture
def planned(served):
    """(session, its number, the one team) of the published plan of the small site, with a second stop."""
    try:
        with transaction(served.engine, scope=WHOLE_SITE) as session:
            plan = served.site.published[OWN]
            session.execute(
                text(
                    """INSERT INTO plan_stop (plan_id, stop_id, prize, service_s, why, crossed, crossable,
                                              geom, jurisdiction_path)
                       SELECT plan_id, 's2', prize, service_s, why, crossed, crossable, geom,
                              jurisdiction_path
                       FROM plan_stop WHERE plan_id = :plan"""
                ),
                {"plan": plan},
            )
            team = session.scalar(
                text("SELECT team_id FROM plan_visit WHERE plan_id = :plan"), {"plan": plan}
            )
            yield session, plan, team
            raise _Done
    except _Done:
        pass


def at(hour: int, minute: int = 0) -> datetime:
    """A time of that evening in Shanghai; the shift is from 18:00 to 22:00."""
    return datetime(2026, 11, 22, hour, minute, tzinfo=ZONE)


def refused(session, plan: int, *entries: Entry, now: datetime = LATER) -> list[str]:
    """Sentences of a refusal, after which nothing is stored."""
    before = len(store.of_plan(session, plan))
    with pytest.raises(InputRefused) as error:
        enter(session, plan, EVENING, entries, author="li", now=now)
    assert len(store.of_plan(session, plan)) == before
    return [str(one) for one in error.value.problems]


def test_what_was_signed_is_kept_as_it_was_written(planned) -> None:
    """With who typed it, and that it came from a sheet."""
    session, plan, team = planned
    entries = [
        Entry(team, "s1", at(18, 4), at(18, 10), "陈一", "门锁着"),
        Entry(team, "s2", at(18, 20), None),
    ]
    ids = enter(session, plan, EVENING, entries, author="li", now=LATER)
    kept = store.of_plan(session, plan)
    assert kept.index.tolist() == ids
    assert kept["stop_id"].tolist() == ["s1", "s2"] and kept["signer"].tolist() == ["陈一", ""]
    assert kept["arrived_at"].tolist() == [at(18, 4), at(18, 20)]
    assert kept["left_at"].notna().tolist() == [True, False]
    assert set(kept["origin"]) == {"sheet"} and set(kept["author"]) == {"li"}


def test_each_wrong_time_is_told_in_one_sentence(planned) -> None:
    """By the number of the stop, with the value, the limit and what to do."""
    session, plan, team = planned
    told = refused(
        session,
        plan,
        Entry(team, "s1", at(16, 59)),
        Entry(team, "s2", at(18, 30), at(18, 20)),
    )
    assert told == [
        "stop 1: 16:59 lies outside the shift from 18:00 to 22:00 and an hour around it; correct the time",
        "stop 2: the team left at 18:20, before it came at 18:30; correct one of them",
    ]
    assert refused(session, plan, Entry(team, "s1", at(18, 4)), now=at(18, 3)) == [
        "stop 1: 18:04 is still to come, it is 18:03; correct the time"
    ]
    for edge in (at(17), at(23)):
        assert len(enter(session, plan, EVENING, [Entry(team, "s1", edge)], author="li", now=LATER)) == 1


def test_a_team_is_in_one_place_at_a_time(planned) -> None:
    """Within one form, and against what was typed before; from one minute to the next it may go on."""
    session, plan, team = planned
    first = Entry(team, "s1", at(18, 4), at(18, 10))
    assert refused(session, plan, first, Entry(team, "s2", at(18, 9))) == [
        "the team cannot be at stop 1 until 18:10 and at stop 2 from 18:09; correct one of them"
    ]
    enter(session, plan, EVENING, [first], author="li", now=LATER)
    assert len(refused(session, plan, Entry(team, "s2", at(18, 0), at(18, 5)))) == 1
    assert refused(session, plan, Entry(team, "s1", at(18, 4))) == [
        "stop 1 at 18:04 is entered already; leave it out"
    ]
    assert refused(session, plan, Entry(team, "s1", at(18, 7))) == [
        "stop 1 at 18:07 is entered already; leave it out"
    ]
    enter(session, plan, EVENING, [Entry(team, "s2", at(18, 10))], author="li", now=LATER)


def test_what_is_not_of_the_plan_is_refused(planned) -> None:
    """A stop, a team; a name too long, and one with signs of a terminal."""
    session, plan, team = planned
    assert refused(session, plan, Entry(team, "s9", at(18, 4))) == [
        "stop 's9' is none of this plan; choose one of it"
    ]
    assert refused(session, plan, Entry(-1, "s1", at(18, 4))) == [
        "stop 1: the team has no route in this plan"
    ]
    (told,) = refused(session, plan, Entry(team, "s1", at(18, 4), signer="x" * 61))
    assert "has 61 letters; at most 60 are kept" in told
    (told,) = refused(session, plan, Entry(team, "s1", at(18, 4), note="\x1b[2J"))
    assert "signs that cannot be read" in told


@pytest.mark.parametrize(
    ("clock", "near", "meant"),
    [
        (time(18, 4), at(18), at(18, 4)),
        (time(17, 0), at(18), at(17)),
        (time(23, 0), at(18), at(23)),
    ],
)
def test_a_time_of_day_is_one_of_the_shift(clock: time, near: datetime, meant: datetime) -> None:
    """Its own evening, an hour around it."""
    assert time_in_shift(clock, Shift(*SHIFT, ZONE), near) == meant


def test_a_time_after_midnight_is_of_the_next_day() -> None:
    """A shift from 20:00 to 02:00; half past one is tomorrow's, noon is none of it."""
    night = Shift(at(20), at(20) + timedelta(hours=6), ZONE)
    assert time_in_shift(time(1, 30), night, at(20)) == datetime(2026, 11, 23, 1, 30, tzinfo=ZONE)
    with pytest.raises(InputRefused, match="12:00 lies outside the shift from 20:00 to 02:00"):
        time_in_shift(time(12), night, at(20))


def test_of_a_shift_of_two_days_the_nearest_time_is_meant() -> None:
    """Noon is there twice."""
    long = Shift(at(6), at(6) + timedelta(days=2), ZONE)
    assert time_in_shift(time(12), long, at(13)) == at(12)
    assert time_in_shift(time(12), long, at(13) + timedelta(days=1)) == at(12) + timedelta(days=1)


def test_an_hour_that_the_clocks_skip_is_none() -> None:
    """Helsinki, 2026-03-29: 03:00 to 04:00 does not exist; the hour of October is there twice."""
    zone = ZoneInfo("Europe/Helsinki")
    spring = Shift(datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 3, tzinfo=UTC), zone)
    assert time_in_shift(time(4, 30), spring, spring.start).astimezone(UTC).hour == 1
    with pytest.raises(InputRefused, match="03:30 lies outside"):
        time_in_shift(time(3, 30), spring, spring.start)
    autumn = Shift(datetime(2026, 10, 24, 23, tzinfo=UTC), datetime(2026, 10, 25, 3, tzinfo=UTC), zone)
    for hour in (0, 1):
        near = datetime(2026, 10, 25, hour, 20, tzinfo=UTC)
        assert time_in_shift(time(3, 30), autumn, near).astimezone(UTC).hour == hour


def test_one_is_taken_back_and_a_whole_pack_is(planned) -> None:
    """And nothing of another plan."""
    session, plan, team = planned
    (one,) = enter(session, plan, EVENING, [Entry(team, "s1", at(18, 4))], author="li", now=LATER)
    pack = [Entry(team, "s2", at(19)), Entry(team, "s1", at(20))]
    enter(session, plan, EVENING, pack, author="li", now=LATER, pack_id="ab")
    assert store.take_back(session, plan + 1, one) is None
    gone = store.take_back(session, plan, one)
    assert gone is not None and gone.stop_id == "s1" and store.take_back(session, plan, one) is None
    assert store.take_back_pack(session, plan + 1, "ab") == 0
    assert store.take_back_pack(session, plan, "ab") == 2
    assert store.of_plan(session, plan).empty


def test_names_are_forgotten_and_visits_stay(planned) -> None:
    """Those signed before; who was there is personal, that somebody was is not."""
    session, plan, team = planned
    enter(
        session, plan, EVENING, [Entry(team, "s1", at(18, 4), None, "陈一", "咳嗽")], author="li", now=LATER
    )
    assert store.forget_signers(session, at(18, 4)) == 0
    assert store.forget_signers(session, at(18, 5)) == 1
    kept = store.of_plan(session, plan)
    assert kept[["signer", "note"]].to_numpy().tolist() == [["", ""]] and len(kept) == 1
    assert store.forget_signers(session, at(18, 5)) == 0
