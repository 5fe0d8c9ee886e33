"""Presets of turning cameras mended by hand: read from a form, proposed, reviewed, and only then others."""

from __future__ import annotations

import re

import pytest
from small_site import OWN, SIBLING
from sqlalchemy import text
from sqlalchemy.orm import Session
from test_camera_services import site
from test_mending import an_hour_goes_by
from test_mending_pages import clean
from test_recording import FIRST, take_in

from cameras.presets import clock, presets_in_words, read_presets, written
from cameras.repository.presets import presets_of
from cameras.services.mending import accept, propose, reject
from cameras.services.presets import current_presets, propose_presets, state_of
from geo.db import transaction
from geo.errors import InputRefused, LianfangError
from geo.scope import WHOLE_SITE
from web.access import Role

assert site and take_in and clean

GATE = {
    "was": "",
    "name": "大门",
    "azimuth": "90",
    "tilt": "10.5",
    "hfov": "30",
    "from": "8:00",
    "until": "18:30",
}
BRIDGE = {"was": "", "name": "桥", "azimuth": "360", "tilt": "", "hfov": "", "from": "", "until": ""}
BLANK = dict.fromkeys(GATE, "")


def test_a_form_is_read_as_a_person_means_it() -> None:
    """8:00 is 28,800 s of the day and 18:30 is 66,600; 360° is 0°; a blank line is no preset."""
    gate, bridge = read_presets([GATE, BLANK, BRIDGE], [])
    assert gate == {
        "name": "大门", "azimuth_deg": 90.0, "tilt_deg": 10.5, "hfov_deg": 30.0, "vfov_deg": None,
        "width_px": None, "from_s": 28_800, "until_s": 66_600,
    }  # fmt: skip
    assert (bridge["azimuth_deg"], bridge["tilt_deg"], bridge["from_s"]) == (0.0, None, None)
    assert presets_in_words([gate, bridge]) == "大门 90° ↓10.5° ∠30° 08:00–18:30; 桥 0°"
    assert (clock(66_600), clock(86_400), clock(None)) == ("18:30", "24:00", "")


def test_what_the_form_does_not_show_stays_with_its_preset() -> None:
    """The width of the picture whatever changes; the vertical field while the horizontal one does not."""
    before = [{**one, "vfov_deg": 17.0, "width_px": 2560.0} for one in read_presets([GATE], [])]
    (renamed,) = read_presets([{**GATE, "was": "大门", "name": "正门"}], before)
    assert (renamed["name"], renamed["vfov_deg"], renamed["width_px"]) == ("正门", 17.0, 2560.0)
    (zoomed,) = read_presets([{**GATE, "was": "大门", "hfov": "20"}], before)
    assert (zoomed["hfov_deg"], zoomed["vfov_deg"], zoomed["width_px"]) == (20.0, None, 2560.0)
    fine = [{**before[0], "azimuth_deg": 110.4123456, "from_s": 28_801}]
    assert read_presets([written(fine[0])], fine) == fine, "a form sent back as it came changes nothing"
    assert read_presets([{**GATE, "was": "大门", "name": ""}], before) == [], "an emptied name takes it out"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": ""}, "preset 1: give it a name"),
        ({"name": "a" * 61}, "at most 60 characters"),
        ({"azimuth": ""}, "'' is no number from 0 to 360"),
        ({"azimuth": "370"}, "'370' is no number"),
        ({"azimuth": "east"}, "'east' is no number"),
        ({"tilt": "91"}, "from -90 to 90"),
        ({"hfov": "0"}, "from 1 to 360"),
        ({"until": ""}, "from '8:00' until ''"),
        ({"until": "8:00"}, "two different times"),
        ({"until": "24:30"}, "are not understood"),
    ],
)
def test_what_is_no_preset_is_refused_with_its_name_and_the_remedy(changed: dict, said: str) -> None:
    with pytest.raises(InputRefused) as refused:
        read_presets([GATE | changed], [])
    assert said in " ".join(str(one) for one in refused.value.problems)


def test_two_of_one_name_and_too_many_are_refused() -> None:
    for rows, said in (
        ([GATE, GATE], "two presets are called '大门'"),
        ([{**GATE, "name": str(n)} for n in range(256)], "256 presets are more than 255"),
    ):
        with pytest.raises(InputRefused) as refused:
            read_presets(rows, [])
        assert said in str(refused.value.problems[0])


@pytest.fixture
def turning(site: Session, take_in) -> Session:
    """Cameras a, b and c, of which b turns; recorded in an earlier transaction, as it were."""
    take_in(FIRST)
    site.execute(text("UPDATE camera SET ptz = true WHERE code = 'b'"))
    return site


def ask(session: Session, *rows: dict[str, str]) -> int:
    state = state_of(current_presets(session, "b")[2])
    return propose_presets(session, "b", rows, state=state, author="zhang")


def held(session: Session) -> dict[int, str]:
    """Presets of every record of b, in words, the oldest first."""
    ids = (
        session.execute(text("SELECT id FROM camera WHERE code = 'b' ORDER BY lower(valid)")).scalars().all()
    )
    return {number: presets_in_words(found) for number, found in presets_of(session, ids).items()}


def test_presets_count_when_accepted_and_hold_from_then_on(turning: Session) -> None:
    """The record of before keeps those of before: what was analysed then is analysed the same again."""
    first = ask(turning, GATE, BRIDGE)
    assert list(held(turning).values()) == [""]
    assert accept(turning, [first], reviewer="li") == 1
    assert list(held(turning).values()) == ["", "大门 90° ↓10.5° ∠30° 08:00–18:30; 桥 0°"]
    an_hour_goes_by(turning)
    second = ask(turning, {**GATE, "was": "大门", "azimuth": "100"})
    accept(turning, [second], reviewer="li", note="对")
    old, middle, new = held(turning).values()
    assert (old, middle) == ("", "大门 90° ↓10.5° ∠30° 08:00–18:30; 桥 0°")
    assert new == "大门 100° ↓10.5° ∠30° 08:00–18:30"
    told = turning.execute(
        text(
            """SELECT c.author, p.reviewer, c.kind, c.previous_id IS NOT NULL,
                      CAST(c.before -> 'presets' -> 0 -> 'azimuth_deg' AS float8),
                      CAST(c.after -> 'presets' -> 0 -> 'azimuth_deg' AS float8)
               FROM camera_change c JOIN camera_proposal p ON p.id = c.proposal_id
               ORDER BY c.id DESC LIMIT 1"""
        )
    ).one()
    assert tuple(told) == ("zhang", "li", "moved", True, 90.0, 100.0)


def test_another_change_takes_the_presets_along(turning: Session) -> None:
    accept(turning, [ask(turning, GATE)], reviewer="li")
    an_hour_goes_by(turning)
    accept(turning, propose(turning, ["b"], {"direction": "200"}, author="zhang"), reviewer="li")
    assert list(held(turning).values())[1:] == ["大门 90° ↓10.5° ∠30° 08:00–18:30"] * 2


def test_what_was_proposed_over_older_presets_is_not_accepted(turning: Session) -> None:
    """The first counts, the second has to be proposed anew; a rejected one changes nothing."""
    first, second, third = ask(turning, GATE), ask(turning, BRIDGE), ask(turning, GATE, BRIDGE)
    reject(turning, [third], reviewer="li")
    accept(turning, [first], reviewer="li")
    with pytest.raises(LianfangError, match="Presets was changed since"):
        accept(turning, [second], reviewer="li")
    assert list(held(turning).values())[-1].startswith("大门")


def test_a_camera_that_does_not_turn_and_a_form_of_before_are_refused(turning: Session) -> None:
    with pytest.raises(InputRefused, match="does not turn"):
        propose_presets(turning, "a", [GATE], state=state_of([]), author="zhang")
    accept(turning, [ask(turning, GATE)], reviewer="li")
    with pytest.raises(InputRefused, match="were changed since"):
        propose_presets(turning, "b", [BRIDGE], state=state_of([]), author="zhang")
    with pytest.raises(InputRefused, match="nothing differs"):
        ask(turning, {**GATE, "was": "大门"})
    with pytest.raises(LianfangError, match="no open record"):
        propose_presets(turning, "z", [GATE], state="", author="zhang")


def test_from_the_page_to_the_record(served, clean) -> None:
    """Proposed by one, seen by another before it counts, accepted; then on the record with who and whom."""
    code = served.site.cameras[OWN]
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("UPDATE camera SET ptz = true WHERE code = :code"), {"code": code})
    try:
        client, other = served.client(Role.AUDITOR), served.client(Role.ADMINISTRATOR)
        address = f"/changes/presets/{code}"
        assert f'href="{address}"' in client.get(f"/cameras/{code}").text
        page = client.get(f"{address}?lang=en").text
        sent = {f"{name}-0": value for name, value in GATE.items()}
        sent["state"] = re.search(r'name="state" value="(\w+)"', page)[1]  # type: ignore[index]
        wrong = client.post(f"{address}?lang=en", data=sent | {"azimuth-0": "east"})
        assert wrong.status_code == 422 and "is no number" in wrong.text and 'value="east"' in wrong.text
        assert client.post(address, data=sent | {"note": "现场看过"}).status_code == 302
        number = re.search(r'href="/changes/(\d+)"', client.get(f"/cameras/{code}").text)[1]  # type: ignore[index]
        listed = client.get("/changes?state=open&lang=en").text
        assert "Presets – → 大门 90°" in listed
        assert "大门 90° ↓10.5° ∠30° 08:00–18:30" in other.get(f"/changes/{number}?lang=en").text
        assert other.post(f"/changes/{number}/accept").status_code == 302
        record = client.get(f"/cameras/{code}?lang=en").text
        assert "10.5°" in record and "08:00–18:30" in record and "moved or turned" in record
        assert client.get(f"/changes/presets/{served.site.cameras[SIBLING]}").status_code == 200
        own = served.client(Role.AUDITOR, OWN)
        assert own.get(f"/changes/presets/{served.site.cameras[SIBLING]}").status_code == 404
        assert served.client(Role.VIEWER, OWN).get(address).status_code == 403
    finally:
        with transaction(served.engine, scope=WHOLE_SITE) as session:
            session.execute(text("DELETE FROM camera_preset"))
            session.execute(text("UPDATE camera SET ptz = false WHERE code = :code"), {"code": code})
