"""What an administrator changes holds: limits, defaults, and the analyses and plans made with it."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import map_scene
import pytest
import small_site
from hypothesis import assume, given
from hypothesis import settings as settings_of_law
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from cameras.alerts import AlertSettings
from cameras.analysis import AnalysisSettings
from cameras.audit import AuditSettings
from cameras.tables import Analysis
from geo.errors import InputRefused, LianfangError
from geo.tables import Setting
from patrols.services import PlanSettings
from web import settings
from web.i18n import Translator
from web.jobs.bodies import analysis, plan
from web.refusals import Refused, said
from web.settings import BY_NAME, GROUPS, SETTINGS, Spec, Value

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEFAULTS = {spec.name: spec.default for spec in SETTINGS}


def test_what_is_not_changed_is_the_default_of_the_analysis_and_the_plan() -> None:
    """The list on the page and the settings objects say the same."""
    assert asdict(settings.analysis_settings(DEFAULTS)) == asdict(AnalysisSettings())
    assert settings.plan_settings(DEFAULTS) == PlanSettings()
    assert settings.audit_settings(DEFAULTS) == AuditSettings()
    assert settings.alert_settings(DEFAULTS) == AlertSettings()


def test_every_setting_stands_in_a_group_and_its_default_is_allowed() -> None:
    """And in the order of the groups, so that the page reads as the list."""
    assert list(dict.fromkeys(spec.group for spec in SETTINGS)) == list(GROUPS)
    assert len(BY_NAME) == len(SETTINGS)
    for spec in SETTINGS:
        assert spec.checked(spec.default) == spec.default
        # 16:9 is shown with six digits.
        shown = 1.77778 if spec.name == "optics.aspect" else spec.default
        assert spec.parsed(spec.typed(spec.default)) == shown


def test_the_page_on_settings_lists_them_as_they_are() -> None:
    """docs/settings.md, row by row: names, defaults, limits, units."""
    page = (Path(__file__).resolve().parent.parent / "docs" / "settings.md").read_text(encoding="utf8")
    rows = [
        [cell.strip() for cell in row.split("|")]
        for row in re.findall(r"^\| (`\w+\.\w+` \|.*)\|$", page, re.M)
    ]
    assert [row[0] for row in rows] == [f"`{spec.name}`" for spec in SETTINGS]
    for spec, (_, title, default, limits, unit) in zip(SETTINGS, rows, strict=True):
        assert (title, default) == (spec.title, spec.typed(spec.default))
        is_number = spec.kind in ("whole", "number", "share")
        assert limits == (" to ".join(spec.limits) if is_number else "")
        assert unit == ("%" if spec.kind == "share" else spec.unit)


def values_of(spec: Spec) -> st.SearchStrategy[Value]:
    if spec.kind == "choice":
        return st.sampled_from(sorted(spec.words))
    if spec.kind in ("text", "address"):
        return st.just(spec.default)
    if spec.kind == "whole":
        return st.integers(int(spec.low), int(spec.high))
    made = st.floats(spec.low, spec.high)
    return made.map(lambda value: round(value, 6)) if spec.kind == "share" else made


@settings_of_law(max_examples=40)
@given(st.fixed_dictionaries({spec.name: values_of(spec) for spec in SETTINGS}))
def test_whatever_the_page_takes_an_analysis_and_a_plan_take(values: dict[str, Value]) -> None:
    """Our limits lie inside those of the settings objects, at their very edges too."""
    assume(values["diagnosis.dark_luma"] <= values["diagnosis.bright_luma"])
    checked = {name: BY_NAME[name].checked(value) for name, value in values.items()}
    settings.analysis_settings(checked)
    settings.plan_settings(checked)
    settings.alert_settings(checked)


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("analysis.slot_min", "0", "Slot: 0 min is outside 1 to 1440."),
        ("analysis.slot_min", "15.5", "Slot: 15.5 is not a whole number."),
        ("analysis.slot_min", "long", "Slot: “long” is not a number."),
        ("analysis.slot_min", "nan", "Slot: “nan” is not a number."),
        ("diagnosis.dark_luma", "12,5", "Too dark below: “12,5” is not a number."),
        ("analysis.place_weight_m", "1,5000", "is not a number."),
        ("analysis.threshold", "0", "Open below: 0 % is outside 1 to 100."),
        ("analysis.level", "see all", "Level: “see all” is none of the choices."),
        ("optics.tilt_deg", "91", "Tilt: 91 ° is outside -90 to 90."),
        ("basemap.url", "ftp://maps/", "write http://host/path"),
        ("basemap.url", "https://maps/; script-src *", "write http://host/path"),
        ("basemap.url", "https://maps/'none'", "write http://host/path"),
        ("basemap.attribution", "two\nlines", "at most 200 characters"),
        ("basemap.attribution", "x" * 201, "at most 200 characters"),
    ],
)
def test_a_value_beyond_its_limits_is_refused_with_them(name: str, typed: str, sentence: str) -> None:
    """And in the reader's language."""
    map_scene.compiled_catalogues()
    with pytest.raises(Refused) as refused:
        BY_NAME[name].parsed(typed)
    assert sentence in str(refused.value)
    told = said(refused.value, Translator("zh"))
    assert told != str(refused.value) and "%(" not in told


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("analysis.threshold", "33.3333", 0.333333),
        ("analysis.threshold", " 50 % ", 0.5),
        ("analysis.place_weight_m", "1,500", 1500),
        ("demand.sight_m", "45.5", 45.5),
        ("basemap.url", " http://10.1.2.3:8080/t/{z}/{x}/{y}.png ", "http://10.1.2.3:8080/t/{z}/{x}/{y}.png"),
        ("basemap.url", "", ""),
    ],
)
def test_a_value_is_read_as_it_is_typed(name: str, typed: str, value: Value) -> None:
    """Shares as per cent, thousands with or without their comma."""
    assert BY_NAME[name].parsed(typed) == value


def test_only_what_differs_from_the_default_is_stored(session: Session) -> None:
    """With who changed it and when; back at its default nothing is left."""
    made = settings.change(session, {"analysis.slot_min": 30, "demand.stops": 60}, author="wang", now=NOW)
    assert made == [settings.Change("analysis.slot_min", 15, 30)]
    held = settings.stored(session)["analysis.slot_min"]
    assert (held.value, held.changed_at, held.author) == (30, NOW, "wang")
    assert settings.current(session) == {**DEFAULTS, "analysis.slot_min": 30}
    assert settings.change(session, {"analysis.slot_min": 30}, author="li", now=NOW) == []
    assert settings.stored(session)["analysis.slot_min"].author == "wang", "nothing was changed"
    made = settings.reset(session, "analysis.slot_min", author="li", now=NOW)
    assert made == [settings.Change("analysis.slot_min", 30, 15)]
    assert settings.stored(session) == {} and settings.current(session) == DEFAULTS


def test_settings_that_exclude_each_other_are_refused_together(session: Session) -> None:
    """A picture cannot be too dark and too bright at once, nor may it take more days than there are."""
    with pytest.raises(
        Refused, match=r"Days it takes 9 is more than Days looked back 2; no alert could ever"
    ):
        settings.change(session, {"alerts.days": 2, "alerts.fewest_days": 9}, author="w", now=NOW)
    with pytest.raises(Refused, match="Too dark below 230 lies above Too bright above 220"):
        settings.change(session, {"demand.stops": 5, "diagnosis.dark_luma": 230}, author="w", now=NOW)
    assert settings.stored(session) == {}
    settings.change(session, {"diagnosis.dark_luma": 230, "diagnosis.bright_luma": 240}, author="w", now=NOW)
    with pytest.raises(Refused, match="exchange them"):
        settings.reset(session, "diagnosis.bright_luma", author="w", now=NOW)


def test_a_stored_value_that_is_no_longer_allowed_is_not_used(session: Session) -> None:
    """An analysis with another value than the page shows would be worse than none; it can be reset."""
    session.add(Setting(name="demand.stops", value=10**9, changed_at=NOW, author="old program"))
    session.add(Setting(name="demo.state", value={}, changed_at=NOW, author="demo"))
    session.flush()
    with pytest.raises(LianfangError, match=r"demand\.stops cannot be used: Most stops: 1000000000"):
        settings.current(session)
    settings.change(session, {"demand.sight_m": 30}, author="w", now=NOW)
    settings.reset(session, "demand.stops", author="w", now=NOW)
    assert settings.current(session) == {**DEFAULTS, "demand.sight_m": 30}
    assert session.scalar(select(Setting.author).where(Setting.name == "demo.state")) == "demo"


class Silent:
    """A job's `tell` that nobody listens to."""

    author = "wang"

    def __call__(self, share: float, words: str = "", **values: object) -> None: ...


def test_an_analysis_is_made_with_the_settings_of_the_site(session: Session) -> None:
    """Stored with it; what whoever starts it says comes first."""
    small_site.fill(session)
    settings.change(
        session,
        {
            "analysis.slot_min": 60,
            "analysis.threshold": 0.25,
            "diagnosis.dark_luma": 12,
            "optics.hfov_deg": 70,
        },
        author="w",
        now=NOW,
    )
    start, end = (moment.isoformat() for moment in small_site.DAY)
    asked = analysis.order({"start": start, "end": end, "threshold": 0.75})
    done = analysis.run(session, asked, Silent())  # type: ignore[arg-type]
    made = session.get_one(Analysis, done.details["analysis"])
    assert (made.slot_min, made.threshold, made.level) == (60, 0.75, "observe")
    assert made.parameters["thresholds"]["dark_luma"] == 12
    assert made.parameters["assumed"]["hfov_deg"] == 70


def test_a_plan_is_made_with_the_settings_of_the_site(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How stops are chosen, and how long is searched; the search alone can be said otherwise."""
    taken: list[dict[str, Any]] = []

    def plan_shift(session: Session, **given: Any) -> Any:
        taken.append(given)
        return SimpleNamespace(
            plan=SimpleNamespace(crossed=[]), plan_id=1, reachable=0, violations=(), remarks=()
        )

    monkeypatch.setattr("patrols.services.plan_shift", plan_shift)
    settings.change(
        session,
        {"demand.stops": 7, "demand.weight_build": 3, "planning.search_s": 4, "planning.stop_limit_m": 20},
        author="w",
        now=NOW,
    )
    shift = {"zone": "z1", "start": NOW.isoformat(), "end": (NOW + timedelta(hours=4)).isoformat()}
    for asked in (shift, {**shift, "seconds": 2.0}, {**shift, "iterations": 10}):
        plan.run(session, plan.order(asked), Silent())  # type: ignore[arg-type]
    made = taken[0]["settings"]
    assert (made.demand.stops, made.demand.list_weight["build"], made.stop_limit_m) == (7, 3, 20)
    assert [one["budget"].seconds for one in taken] == [4, 2, None]
    assert taken[2]["budget"].iterations == (10,)


def test_a_level_that_no_analysis_knows_is_refused_before_it_begins() -> None:
    """At the door of the job."""
    start, end = (moment.isoformat() for moment in small_site.DAY)
    with pytest.raises(InputRefused, match="level 'all' is not known"):
        analysis.order({"start": start, "end": end, "level": "all"})
