"""From a wrong record to a right one on the pages: the form, the pole, many at once, the review."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from PIL import Image
from small_site import CHILD, OWN
from sqlalchemy import text

from geo.db import transaction
from geo.scope import WHOLE_SITE
from web.access import Role


@pytest.fixture
def clean(served) -> Iterator[None]:
    """The served site keeps nothing of these tests: fields are put back, periods joined again."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        before = session.execute(text("SELECT id, management_unit, point_class FROM camera")).all()
    yield
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM camera_change"))
        session.execute(text("DELETE FROM camera_proposal"))
        session.execute(text("DELETE FROM camera WHERE id <> ALL(:ids)"), {"ids": [row.id for row in before]})
        session.execute(text("UPDATE camera SET valid = tstzrange(lower(valid), NULL)"))
        for row in before:
            session.execute(
                text("UPDATE camera SET management_unit = :unit, point_class = :point WHERE id = :id"),
                {"id": row.id, "unit": row.management_unit, "point": row.point_class},
            )


def form_of(page: str) -> dict[str, str]:
    """What a browser would send back of the form, untouched."""
    found = dict(re.findall(r'<input class="form-control"[^>]* name="([^"]+)"[^>]* value="([^"]*)"', page))
    for name, options in re.findall(
        r'<select class="form-select"[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page, re.S
    ):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


def test_a_form_sent_back_as_it_came_proposes_nothing(served, clean) -> None:
    client = served.client(Role.AUDITOR)
    address = f"/changes/of/{served.site.cameras[OWN]}"
    answer = client.post(f"{address}?lang=en", data=form_of(client.get(address).text))
    assert answer.status_code == 422 and "nothing differs from the record" in answer.text


def test_from_a_wrong_direction_to_a_right_one(served, clean) -> None:
    code = served.site.cameras[OWN]
    client = served.client(Role.AUDITOR)
    page = client.get(f"/changes/of/{code}").text
    sent = form_of(page) | {"direction": "275.5", "management_unit": "二公司", "note": "现场看过"}
    assert client.post(f"/changes/of/{code}", data=sent).status_code == 302
    record = client.get(f"/cameras/{code}?lang=en").text
    assert "90° (measured)" in record and "waits for its review" in record
    number = re.search(r'href="/changes/(\d+)"', record)[1]
    shown = client.get(f"/changes/{number}?lang=en").text
    assert "275.5" in shown and "二公司" in shown and "现场看过" in shown
    assert "somebody else has to accept it" in shown and ">Accept<" not in shown
    own = client.post(f"/changes/{number}/accept?lang=en", follow_redirects=True)
    assert "waits for its review" in client.get(f"/cameras/{code}?lang=en").text and own.status_code == 200
    other = served.client(Role.ADMINISTRATOR)
    assert other.post(f"/changes/{number}/accept", data={"note": "对"}).status_code == 302
    record = client.get(f"/cameras/{code}?lang=en").text
    assert "275.5° (measured)" in record and "waits for its review" not in record
    assert "Direction 90 ° → 275.5 °" in record and "accepted by" in record
    again = client.post(f"/changes/{number}/accept", follow_redirects=True)
    assert "reviewed before" in again.text or "已由" in again.text


def test_what_was_written_wrong_is_still_in_the_form(served, clean) -> None:
    code = served.site.cameras[OWN]
    client = served.client(Role.AUDITOR)
    sent = form_of(client.get(f"/changes/of/{code}").text) | {"tilt_deg": "steep", "name": "新名字"}
    answer = client.post(f"/changes/of/{code}?lang=en", data=sent)
    assert answer.status_code == 422
    assert "is no number from -90 to 90" in answer.text.replace("&#39;", "'")
    assert 'value="steep"' in answer.text and 'value="新名字"' in answer.text


def photograph(size: tuple[int, int] = (3000, 2000)) -> io.BytesIO:
    """A picture with a place and an owner written into it."""
    picture = Image.new("RGB", size, (120, 130, 140))
    told = Image.Exif()
    told[0x013B] = "Zhang San"
    made = io.BytesIO()
    picture.save(made, "JPEG", exif=told)
    assert b"Zhang San" in made.getvalue()
    made.seek(0)
    return made


def test_the_cameras_page_says_that_its_views_are_older_than_its_record(served, clean) -> None:
    code = served.site.cameras[OWN]
    client = served.client(Role.ADMINISTRATOR)
    words = "The record has changed since"
    assert words not in client.get(f"/cameras/{code}?lang=en").text
    client.post(
        f"/changes/of/{code}", data=form_of(client.get(f"/changes/of/{code}").text) | {"direction": "17"}
    )
    [number] = re.findall(r"/changes/(\d+)\"", client.get("/changes?state=open").text)[:1]
    client.post(f"/changes/{number}/accept")
    assert words in client.get(f"/cameras/{code}?lang=en").text


def test_at_the_pole_a_photograph_loses_its_owner_and_its_size(served, clean) -> None:
    code = served.site.cameras[OWN]
    client = served.client(Role.AUDITOR)
    sent = form_of(client.get(f"/changes/pole/{code}").text) | {
        "direction": "100", "accuracy_m": "4.5", "photo": (photograph(), "p.jpg"),
    }  # fmt: skip
    assert client.post(f"/changes/pole/{code}", data=sent).status_code == 302
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        (number,) = session.execute(text("SELECT id FROM camera_proposal WHERE origin = 'pole'")).scalars()
    kept = client.get(f"/changes/{number}/photo.jpg")
    assert b"Zhang San" not in kept.data and kept.headers["Cache-Control"] == "private, no-store"
    assert Image.open(io.BytesIO(kept.data)).size == (1280, 853)
    assert (
        "± 4" in client.get(f"/changes/{number}?lang=en").text
        or "± 5" in client.get(f"/changes/{number}?lang=en").text
    )


def test_a_file_that_is_no_photograph_is_refused(served, clean) -> None:
    code = served.site.cameras[OWN]
    client = served.client(Role.AUDITOR)
    sent = {"direction": "100", "photo": (io.BytesIO(b"<svg/>"), "p.jpg")}
    answer = client.post(f"/changes/pole/{code}?lang=en", data=sent)
    assert answer.status_code == 422 and "no photograph that can be read" in answer.text
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        assert session.scalar(text("SELECT count(*) FROM camera_proposal")) == 0


def test_many_cameras_get_one_value_when_all_of_them_are_accepted(served, clean) -> None:
    client = served.client(Role.AUDITOR, OWN)
    page = client.get("/changes/many?lang=en").text
    count = int(re.search(r'name="count" value="(\d+)"', page)[1])
    assert served.site.cameras[CHILD] in page
    wrong = client.post(
        "/changes/many?lang=en", data={"count": count + 1, "field": "point_class", "value": "1"}
    )
    assert wrong.status_code == 422 and "The list has changed" in wrong.text
    wrong = client.post("/changes/many?lang=en", data={"count": count, "field": "point_class", "value": "7"})
    assert wrong.status_code == 422
    for unclear in ({"value": ""}, {"value": "1", "empty": "yes"}):
        sent = {"count": count, "field": "point_class", **unclear}
        wrong = client.post("/changes/many?lang=en", data=sent)
        assert wrong.status_code == 422 and "one of the two" in wrong.text
    sent = {"count": count, "field": "point_class", "value": "First class"}
    assert client.post("/changes/many?lang=en", data=sent).status_code == 302
    listed = client.get("/changes?state=open&lang=en").text
    number = re.search(r'/changes/(\d+)"', listed)[1]
    assert "Class of the point – → first class" in listed, "in the words of the form, not as it is stored"
    served.client(Role.ADMINISTRATOR).post(f"/changes/{number}/accept", data={"all": "yes"})
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        assert session.scalar(text("SELECT count(*) FROM camera WHERE point_class = 1")) == count


def test_how_to_reach_a_device_is_shown_to_whoever_may_change_records(served, clean) -> None:
    """A planner sees the camera and its maker, not its address in the network."""
    code = served.site.cameras[OWN]
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(
            text("UPDATE camera SET ip_address = '10.1.2.3', manufacturer = '某厂' WHERE code = :code"),
            {"code": code},
        )
    try:
        auditor = served.client(Role.AUDITOR).get(f"/cameras/{code}").text
        planner = served.client(Role.PLANNER).get(f"/cameras/{code}").text
        assert "10.1.2.3" in auditor and "某厂" in auditor
        assert "10.1.2.3" not in planner and "某厂" in planner
    finally:
        with transaction(served.engine, scope=WHOLE_SITE) as session:
            session.execute(text("UPDATE camera SET ip_address = NULL, manufacturer = NULL"))


def test_a_form_from_before_proposes_only_what_was_changed_in_it(served, clean) -> None:
    """The form was open while the record got another unit: sending it back does not take that away."""
    code = served.site.cameras[OWN]
    client = served.client(Role.AUDITOR)
    page = client.get(f"/changes/of/{code}").text
    was = dict(re.findall(r'<input type="hidden" name="(was-[^"]+)" value="([^"]*)"', page))
    sent = form_of(page) | was | {"block": "三警区"}
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(
            text("UPDATE camera SET management_unit = '新单位' WHERE code = :code"), {"code": code}
        )
    client.post(f"/changes/of/{code}", data=sent)
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        assert session.scalar(text("SELECT after FROM camera_proposal")) == {"block": "三警区"}
