"""Thresholds of single cameras: judged by them, learnt from normal days, set by hand on the pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from small_site import OWN, SIBLING
from sqlalchemy import text
from sqlalchemy.orm import Session
from test_camera_services import cameras, site, source

from cameras.diagnosis import OWN_THRESHOLDS, REASONS, Thresholds, diagnose
from cameras.frames import FrameBatch
from cameras.learning import LEARNT, LearningSettings, learnt, normal_day
from cameras.repository import frames as frame_store
from cameras.repository import records, thresholds
from cameras.services import analyse, revise, store_cameras
from cameras.services.mending import accept, propose
from cameras.services.thresholds import learn_thresholds, set_thresholds, thresholds_of
from geo.db import transaction
from geo.errors import InputRefused, LianfangError
from geo.scope import WHOLE_SITE
from web import settings
from web.access import Role
from web.jobs.bodies import learning as body
from web.jobs.registry import kind_of
from web.pages.thresholds.tables import NAMES
from web.refusals import Refused

assert site
SITE = Thresholds()
LIMITS = Thresholds(margin_share=0.1)
MINUTE = 60_000


def day(sharpness: object, *, camera: int = 1, minutes: int = 1_440, **others: object) -> FrameBatch:
    """A frame a minute."""
    at = np.arange(minutes) * MINUTE
    return FrameBatch.of(np.full(minutes, camera), at, source=1, sharpness=sharpness, **others)


def reasons(frames: FrameBatch, own: pd.DataFrame | None) -> list[str]:
    return [REASONS[code] for code in diagnose(frames, LIMITS, own)[1]]


def test_a_camera_is_judged_by_its_own_threshold_and_others_by_the_sites() -> None:
    """Sharpness 55: below 60 of camera 1, above the site's 50; its margin is a tenth of 40, the near end."""
    own = pd.DataFrame({"blurred_sharpness": [60.0, np.nan]}, index=[1, 2])
    frames = FrameBatch.of(
        [1, 1, 1, 1, 2, 2], [0, 1, 2, 3, 0, 1], source=1, sharpness=[55, 63.9, 64.1, 59, 55, 49]
    )
    assert reasons(frames, own) == ["blurred", "blurred", "", "blurred", "", "blurred"]
    assert reasons(frames, None) == ["", "", "", "", "", "blurred"]
    # A camera that CAMERAS does not have, and one without any of its own.
    assert (
        reasons(frames, own.loc[[2]]) == reasons(frames, pd.DataFrame(index=[1, 2])) == reasons(frames, None)
    )


@pytest.mark.parametrize(
    ("name", "own", "measures", "word"),
    [
        ("dark_luma", 10.0, {"luma": 20.0}, "dark"),
        ("bright_luma", 250.0, {"luma": 240.0}, "bright"),
        ("flat_contrast", 5.0, {"contrast": 10.0}, "flat"),
        ("blurred_sharpness", 20.0, {"sharpness": 30.0}, "blurred"),
        ("frozen_similarity", 0.999, {"similarity": 0.99}, "frozen"),
        ("noisy_noise", 20.0, {"noise": 10.0}, "noisy"),
        ("tinted_cast", 60.0, {"cast": 40.0}, "tinted"),
        ("shifted_shift", 0.5, {"shift": 0.1}, "shifted"),
    ],
)
def test_each_threshold_can_be_a_cameras_own(
    name: str, own: float, measures: dict[str, float], word: str
) -> None:
    frames = FrameBatch.of([1] * 12, range(12), source=1, **{key: [at] * 12 for key, at in measures.items()})
    assert set(reasons(frames, None)) == {word}
    assert set(reasons(frames, pd.DataFrame({name: [own]}, index=[1]))) == {""}


def test_the_page_knows_every_threshold() -> None:
    assert tuple(OWN_THRESHOLDS) == NAMES


def test_halfway_from_the_sites_to_the_worst_of_normal_days() -> None:
    """Of 1,440 values 0 … 1,439 the 1 % quantile is the 14th: 75 + 14 · 0.01 = 75.14 on the worst day; half
    of the way from 50 to that is 62.6. The noise goes down: from 6 to halfway of 2, which is 4."""
    rising = 75.0 + np.arange(1_440) * 0.01
    days = [normal_day(day(rising + better, noise=2.0), SITE) for better in (0.0, 1, 2, 3, 4, 5, 6)]
    assert days[0]["blurred_sharpness"].tolist() == [pytest.approx(75.14)]
    found = learnt(days, SITE)
    assert found.to_dict("records") == [
        {"camera": 1, "name": "blurred_sharpness", "value": 62.6, "days": 7},
        {"camera": 1, "name": "noisy_noise", "value": 4.0, "days": 7},
    ]
    assert learnt(days[:6], SITE).empty, "six days are not enough"
    assert learnt([], SITE).empty


@pytest.mark.parametrize(
    ("frames", "why"),
    [
        (day(80.0, minutes=99), "too few frames"),
        (day(80.0, minutes=19 * 60), "frames in too few hours: not of the night"),
        (day(np.where(np.arange(1_440) < 15, 40.0, 80.0)), "more than 1 % were blurred"),
        (day(80.0, event=np.where(np.arange(1_440) < 15, 1, 0)), "more than 1 % were losses"),
    ],
)
def test_days_that_are_not_normal_teach_nothing(frames: FrameBatch, why: str) -> None:
    assert normal_day(frames, SITE).empty, why


def test_what_is_poor_every_day_never_becomes_the_rule() -> None:
    """A camera always blurred has no normal day; one that is at the site's threshold leaves no room."""
    assert learnt([normal_day(day(40.0), SITE)] * 9, SITE).empty
    assert learnt([normal_day(day(50.0), SITE)] * 9, SITE).empty


def test_learning_only_makes_stricter() -> None:
    draw = np.random.default_rng(4)
    for _ in range(40):
        level = {name: draw.uniform(0, 100) for name in ("contrast", "sharpness", "noise", "cast")}
        days = [
            normal_day(
                day(**{name: draw.normal(at, 2, 1_440).clip(0, 100) for name, at in level.items()}), SITE
            )
            for _ in range(7)
        ]
        for row in learnt(days, SITE).to_dict("records"):
            site_value = getattr(SITE, row["name"])
            assert (row["value"] > site_value) == (LEARNT[row["name"]] == "below")
            assert row["value"] != site_value


NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
# Midnights of the site, which is eight hours ahead.
MIDNIGHT = datetime(2026, 11, 21, 16, tzinfo=UTC)


@pytest.fixture
def town(site: Session) -> Session:
    """Two cameras with a frame each five minutes, of which the second is blurred on each of its days."""
    store_cameras(site, cameras((114.005, 22.5046), (114.005, 22.5047)), source("cameras"))
    return site


def lived(session: Session, days: int, until: datetime = MIDNIGHT) -> dict[str, int]:
    """So many days of frames of both cameras; answers their ids."""
    ids = records.camera_ids(session)
    number = frame_store.add_source(
        session, code="gw", kind="gateway", expected_interval_s=300.0, label="real"
    )
    at = int(until.timestamp() * 1000) - np.arange(1, days * 288 + 1)[::-1] * 300_000
    frame_store.stage_frames(session)
    for code, sharpness in (("c0", 80.0), ("c1", 30.0)):
        frame_store.copy_frames(
            session,
            FrameBatch.of(
                np.full(len(at), ids[code]), at, source=number, sharpness=np.full(len(at), sharpness)
            ),
        )
    frame_store.publish_frames(session)
    return ids


def test_learnt_from_the_days_that_are_stored_and_counted_until_the_camera_is_turned(town: Session) -> None:
    """Halfway from 50 to 80; the camera that is always blurred learns nothing."""
    ids = lived(town, 7)
    steps: list[float] = []
    found = learn_thresholds(town, SITE, author="zhang", now=NOW, progress=steps.append)
    assert found.to_dict("records") == [{"code": "c0", "name": "blurred_sharpness", "value": 65.0, "days": 7}]
    assert steps == sorted(steps) and steps[-1] == 1.0
    assert thresholds_of(town, "c0", SITE).blurred_sharpness == 65.0
    assert thresholds_of(town, "c1", SITE) == SITE
    # Again is the same again, not twice.
    learn_thresholds(town, SITE, author="li", now=NOW)
    assert thresholds.thresholds(town)["author"].tolist() == ["li"]
    # By hand comes first, and holds for every record of the camera.
    set_thresholds(town, "c0", {"blurred_sharpness": 20.0}, SITE, author="zhang", now=NOW)
    assert thresholds_of(town, "c0", SITE).blurred_sharpness == 20.0
    set_thresholds(town, "c0", {}, SITE, author="zhang", now=NOW)
    assert thresholds_of(town, "c0", SITE).blurred_sharpness == 65.0
    accept(town, propose(town, ["c0"], {"direction": "200"}, author="zhang"), reviewer="li")
    assert records.camera_ids(town)["c0"] != ids["c0"]
    assert thresholds_of(town, "c0", SITE) == SITE, "another view has to be learnt anew"


def test_what_was_learnt_never_makes_a_stricter_site_laxer(town: Session) -> None:
    """Learnt 65 when the site had 50: with 70 on the site, 70 counts; what was set by hand counts anyhow."""
    lived(town, 7)
    learn_thresholds(town, SITE, author="zhang", now=NOW)
    strict = Thresholds(blurred_sharpness=70.0)
    assert thresholds_of(town, "c0", strict).blurred_sharpness == 70.0
    assert thresholds_of(town, "c0", SITE).blurred_sharpness == 65.0
    set_thresholds(town, "c0", {"blurred_sharpness": 20.0}, strict, author="zhang", now=NOW)
    assert thresholds_of(town, "c0", strict).blurred_sharpness == 20.0


def test_too_few_days_are_no_days(town: Session) -> None:
    lived(town, 6)
    assert learn_thresholds(town, SITE, author="zhang", now=NOW).empty
    few = LearningSettings(least_days=3)
    assert len(learn_thresholds(town, SITE, author="zhang", now=NOW, settings=few)) == 1
    assert thresholds.forget_learnt(town) == 1 and thresholds.thresholds(town).empty


def test_analyses_and_updates_judge_by_them(town: Session) -> None:
    """c1 is blurred all day by the site's threshold; with 20 set by hand usable, after an update too."""
    lived(town, 2)
    start, end = MIDNIGHT - timedelta(days=1), MIDNIGHT

    def degraded(analysis: int) -> int:
        return int(
            town.scalar(
                text(
                    """SELECT count(*) FROM availability a JOIN camera c ON c.id = a.camera_id
                       WHERE analysis_id = :id AND state = 'degraded' AND c.code = 'c1'"""
                ),
                {"id": analysis},
            )
            or 0
        )

    number = analyse(town, start=start, end=end, author="test")
    assert degraded(number) > 0
    set_thresholds(town, "c1", {"blurred_sharpness": 20.0}, SITE, author="zhang", now=NOW)
    assert degraded(number) > 0, "what was found stays as it was found"
    revise(town, number, ["c1"], author="test")
    assert degraded(number) == 0
    assert degraded(analyse(town, start=start, end=end, author="test")) == 0


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"blurred_sharpness": 101.0}, "blurred_sharpness 101 is outside 0 to 100"),
        ({"blurred_sharpness": float("nan")}, "blurred_sharpness nan is outside"),
        ({"lost_intervals": 3.0}, "'lost_intervals' is no threshold of a camera"),
        ({"dark_luma": 230.0}, "would be dark below 230 and bright above 220"),
        ({"bright_luma": 20.0}, "would be dark below 30 and bright above 20"),
    ],
)
def test_what_is_no_threshold_is_refused_and_what_was_set_stays(
    town: Session, values: dict[str, float], said: str
) -> None:
    set_thresholds(town, "c0", {"tinted_cast": 60.0}, SITE, author="zhang", now=NOW)
    with pytest.raises(InputRefused) as refused:
        set_thresholds(town, "c0", {"tinted_cast": 70.0} | values, SITE, author="li", now=NOW)
    assert said in " ".join(str(one) for one in (refused.value, *refused.value.problems))
    row = thresholds.thresholds(town).to_dict("records")
    assert [(one["name"], one["value"], one["author"]) for one in row] == [("tinted_cast", 60.0, "zhang")]
    with pytest.raises(LianfangError, match="no open record"):
        set_thresholds(town, "nowhere", {}, SITE, author="li", now=NOW)


def test_the_site_is_not_set_so_that_a_camera_is_always_dark(town: Session) -> None:
    """A camera bright from 90 on, a site dark below 95: nothing would be left between."""
    set_thresholds(town, "c0", {"bright_luma": 90.0}, SITE, author="zhang", now=NOW)
    with pytest.raises(Refused, match="Every picture of c0 would be too dark"):
        settings.change(town, {"diagnosis.dark_luma": 95, "demand.stops": 5}, author="li", now=NOW)
    assert settings.stored(town) == {}
    settings.change(town, {"diagnosis.dark_luma": 90}, author="li", now=NOW)
    set_thresholds(town, "c0", {}, SITE, author="zhang", now=NOW)
    settings.change(town, {"diagnosis.dark_luma": 95}, author="li", now=NOW)


def test_what_is_stored_as_it_was_keeps_its_author(town: Session) -> None:
    set_thresholds(town, "c0", {"tinted_cast": 60.0, "dark_luma": 12.0}, SITE, author="zhang", now=NOW)
    set_thresholds(town, "c0", {"tinted_cast": 60.0, "dark_luma": 13.0}, SITE, author="li", now=NOW)
    found = thresholds.thresholds(town).set_index("name")["author"]
    assert found.to_dict() == {"dark_luma": "li", "tinted_cast": "zhang"}


def test_from_the_page_to_the_list(served) -> None:
    """Per cent as in the settings; what is refused stays in the form; others' cameras are not there."""
    code = served.site.cameras[OWN]
    address = f"/thresholds/{code}"
    client = served.client(Role.AUDITOR)
    try:
        assert f'href="{address}"' in client.get(f"/cameras/{code}").text
        wrong = client.post(f"{address}?lang=en", data={"frozen_similarity": "99.5", "tinted_cast": "300"})
        assert wrong.status_code == 422 and "300" in wrong.text and 'value="99.5"' in wrong.text
        always = client.post(f"{address}?lang=en", data={"dark_luma": "240"})
        assert always.status_code == 422 and "correct one of the two" in always.text
        assert "按全站阈值判定" in client.get("/thresholds?lang=zh").text
        assert client.post(address, data={"frozen_similarity": "99.5", "tinted_cast": ""}).status_code == 303
        with transaction(served.engine, scope=WHOLE_SITE) as session:
            found = thresholds.thresholds(session)[["code", "name", "value"]].to_numpy().tolist()
        assert found == [[code, "frozen_similarity", 0.995]]
        assert 'value="99.5"' in client.get(address).text
        listed = client.get("/thresholds?lang=en").text
        assert "Frozen above" in listed and "0.995" in listed and "set by hand" in listed
        assert served.client(Role.AUDITOR, SIBLING).get(address).status_code == 404
        assert "0.995" not in served.client(Role.AUDITOR, SIBLING).get("/thresholds?lang=en").text
        assert served.client(Role.VIEWER).get(address).status_code == 403
    finally:
        with transaction(served.engine, scope=WHOLE_SITE) as session:
            session.execute(text("DELETE FROM camera_threshold"))


def test_learning_is_begun_and_forgotten_by_whoever_sees_the_whole_site(served) -> None:
    client, own = served.client(Role.AUDITOR), served.client(Role.AUDITOR, OWN)
    assert own.post("/thresholds/learn").status_code == own.post("/thresholds/forget").status_code == 422
    assert "/thresholds/learn" not in own.get("/thresholds").text
    assert "/thresholds/learn" in client.get("/thresholds").text
    begun = client.post("/thresholds/learn")
    assert begun.status_code == 303
    assert "从正常日学习阈值" in client.get(begun.headers["Location"] + "?lang=zh").text
    assert client.post("/thresholds/forget").status_code == 303
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM procrastinate_jobs; DELETE FROM job_run"))


def test_the_job_learns(town: Session) -> None:
    """From today's midnight back: more days than are needed, should it be midnight while this runs."""
    zone = timezone(timedelta(hours=8))
    lived(town, 9, datetime.combine(datetime.now(zone).date(), datetime.min.time(), zone))

    class Tell:
        author = "zhang"

        def __call__(self, share: float, words: str) -> None:
            assert 0 <= share <= 1 and words

    outcome = kind_of(body.KIND).body(town, body.order({}), Tell())  # type: ignore[arg-type]
    assert outcome.details["thresholds"] == 1 and outcome.url == "/thresholds?origin=learnt"
    with pytest.raises(LianfangError):
        body.order({"cameras": 3})
