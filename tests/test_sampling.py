"""Spot checks: the draw, the figures, and a sheet from its draw to its signature, on the pages."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from conftest import ServedSite
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, chisquare
from small_site import CHILD, OWN, PARENT, SIBLING

from cameras.sampling import canonical, draw, fingerprint, finite_factor, population_hash, results, wilson
from web.access import Role

CODES = st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=40, unique=True)
CRITERIA = ("picture", "naming", "direction", "clock")


@given(CODES, st.integers(0, 2**53), st.data())
def test_a_draw_hangs_on_codes_and_seed_alone(codes, seed, data) -> None:
    """Not on their order; a larger draw begins with the smaller one; none comes twice."""
    count = data.draw(st.integers(1, len(codes)))
    drawn = draw(codes, count, seed)
    assert len(set(drawn)) == count and set(drawn) <= set(codes)
    assert draw(reversed(codes + codes), count, seed) == drawn
    assert draw(codes, len(codes), seed)[:count] == drawn
    assert population_hash(reversed(codes)) == population_hash(codes)


def test_a_draw_is_what_a_hash_tool_gives() -> None:
    """`printf 7:c | sha256sum` begins 18ec666c; of e, a, d and b: 3da2a199, 82d9d62b, d3a3c601, ec2ad6f6."""
    assert draw("abcde", 5, 7) == ["c", "e", "a", "d", "b"]


def test_the_command_of_the_page_draws_the_same(tmp_path) -> None:
    """docs/sampling.md, as it stands, in a shell; LC_ALL=C as anyone's `sort` may order otherwise."""
    page = (Path(__file__).parent.parent / "docs" / "sampling.md").read_text(encoding="utf8")
    command = re.search(r"```sh\n(.*?)```", page, re.S)
    codes = [f"44051101001320{n:06d}" for n in range(40)]
    (tmp_path / "codes.txt").write_text("\n".join(codes) + "\n")
    told = subprocess.check_output(
        ["bash", "-c", command[1]], cwd=tmp_path, env={"PATH": os.environ["PATH"], "LC_ALL": "C"}, text=True
    )
    assert [line.split()[1] for line in told.splitlines()] == draw(codes, 20, 7)


def test_every_camera_has_the_same_chance() -> None:
    """5 of 20 with 4,000 seeds: each is drawn 1,000 times but for chance (chi-squared, p far from nought)."""
    codes = [f"4405{n:016d}" for n in range(20)]
    counted = Counter(code for seed in range(4000) for code in draw(codes, 5, seed))
    assert chisquare([counted[code] for code in codes]).pvalue > 0.001


@pytest.mark.parametrize(("count", "seed"), [(0, 1), (3, 1), (1, -1)])
def test_what_cannot_be_drawn_is_refused(count, seed) -> None:
    with pytest.raises(ValueError, match=r"count|seed"):
        draw(["a", "b"], count, seed)


@pytest.mark.parametrize(
    ("right", "judged", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_the_published_one(right, judged, low, high) -> None:
    """R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3."""
    assert wilson(right, judged) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 200), st.data())
def test_the_interval_is_scipys(judged, data) -> None:
    right = data.draw(st.integers(0, judged))
    expected = binomtest(right, judged).proportion_ci(0.95, method="wilson")
    assert wilson(right, judged) == pytest.approx((expected.low, expected.high), abs=1e-12)


def row(*verdicts: str | None) -> dict[str, str | None]:
    return dict(zip(CRITERIA, verdicts, strict=True))


def test_figures_count_what_was_judged() -> None:
    """Four cameras of a hundred, by hand: a whole camera is wrong for one thing, unjudged for one unknown."""
    rows = [
        row("right", "right", "right", "right"),
        row("right", "wrong", "unjudged", "right"),
        row("right", "right", "unjudged", "right"),
        row("right", None, "right", "right"),
    ]
    found = {one.criterion: (one.right, one.wrong, one.unjudged, one.share) for one in results(rows, 100)}
    assert found == {
        "picture": (4, 0, 0, 1.0),
        "naming": (2, 1, 0, 2 / 3),
        "direction": (2, 0, 2, 1.0),
        "clock": (4, 0, 0, 1.0),
        "all": (1, 1, 1, 0.5),
    }
    nothing = results([row(None, None, None, None)], 100)[0]
    assert (nothing.share, nothing.low, nothing.high) == (None, None, None)


def test_where_all_were_drawn_nothing_is_estimated() -> None:
    rows = [row("right", "right", "right", "right"), row("wrong", "unjudged", "right", "right")]
    picture, naming, *_ = results(rows, 2)
    assert (picture.share, picture.low, picture.high) == (0.5, 0.5, 0.5)
    # One of two could be judged: of the other nothing is known.
    assert naming.low < naming.share
    assert finite_factor(2, 2) == 0 and finite_factor(1, 10) == 1
    # 36 of 100: the root of 64 / 99.
    assert finite_factor(36, 100) == pytest.approx(0.80403, abs=1e-5)


def test_the_same_content_has_the_same_fingerprint() -> None:
    """As Python's own json and hashlib read it back; the order of keys does not matter."""
    content = {"b": "联防", "a": [1, None, 116.6]}
    assert canonical(content) == '{"a":[1,null,116.6],"b":"联防"}'.encode()
    assert fingerprint(dict(reversed(content.items()))) == hashlib.sha256(canonical(content)).hexdigest()


# The pages.


@pytest.fixture
def site(served: ServedSite) -> Iterator[ServedSite]:
    """The served site; the owner takes the sheets away, since the program cannot."""
    yield served
    with psycopg.connect(served.owner_url.replace("+psycopg", "")) as owner:
        owner.execute("TRUNCATE sample_sheet CASCADE")


def drawn(client, count: int = 2, **more: str) -> str:
    """Draw a sheet; answers its address."""
    answer = client.post(
        "/samples", data={**form_of(client.get("/samples").text, ""), "count": count, "seed": "7"} | more
    )
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def form_of(page: str, kind: str = "judge") -> dict[str, str]:
    """What a browser would send back of a sheet, untouched."""
    form = re.search(rf'<form [^>]*method="post" action="/samples(?:/\d+/)?{kind}".*?</form>', page, re.S)
    assert form, f"no form to {kind}"
    sent = {}
    for one in re.findall(r"<input [^>]+>", form[0]):
        name, value = (re.search(rf'{key}="([^"]*)"', one) for key in ("name", "value"))
        if name and ('type="radio"' not in one or " checked" in one):
            sent[name[1]] = value[1] if value else ""
    return sent


def all_of(rank: int, verdict: str = "right", **other: str) -> dict[str, str]:
    return {f"{name}-{rank}": other.get(name, verdict) for name in CRITERIA}


def test_a_sheet_from_its_draw_to_its_signature(site: ServedSite) -> None:
    client = site.client(Role.AUDITOR, OWN)
    here = drawn(client)
    page = client.get(f"{here}?lang=en").text
    # One's own town and the village in it have a camera each; the neighbours' are not drawn.
    assert all(f"/cameras/{site.site.cameras[path]}" in page for path in (OWN, CHILD))
    assert site.site.cameras[SIBLING] not in page and "0 of 2 judged" in page and "Close and sign" not in page
    assert (
        client.post(f"{here}/judge", data=form_of(page) | all_of(1) | {"note-1": "清楚"}).status_code == 303
    )
    page = client.get(f"{here}?lang=en").text
    assert "1 of 2 judged" in page and "清楚" in page and "/changes/of/" not in page
    answer = client.post(f"{here}/judge", data=form_of(page) | all_of(2, direction="wrong"))
    assert answer.headers["Location"] == f"{here}#sign"
    page = client.get(f"{here}?lang=en").text
    # What is wrong leads to its record.
    assert page.count("/changes/of/") == 1 and "All 2 cameras were drawn" in page
    answer = client.post(f"{here}/sign", data=form_of(page, "sign"))
    assert answer.headers["Location"] == f"{here}/sheet"
    paper = client.get(f"{here}/sheet?lang=en").text
    signed = hashlib.sha256(client.get(f"{here}/content.json").data).hexdigest()
    assert paper.count(signed) == 2 and "is not what was signed" not in paper
    told = json.loads(client.get(f"{here}/content.json").data)
    assert told["seed"] == 7 and [one["direction"] for one in told["cameras"]] == ["right", "wrong"]
    codes = [site.site.cameras[OWN], site.site.cameras[CHILD]]
    assert [one["code"] for one in told["cameras"]] == draw(codes, 2, 7)
    assert "抽检" in client.get(f"{here}/sheet?lang=zh").text
    rows = list(
        csv.DictReader(io.StringIO(client.get(f"{here}?format=csv&lang=en").data.decode("utf-8-sig")))
    )
    assert [one["Direction"] for one in rows] == ["right", "wrong"]
    listed = client.get("/samples?lang=en&state=signed").text
    assert f'href="{here}"' in listed and "50 %" in listed


def test_a_direction_that_nobody_wrote_down_is_not_right(site: ServedSite) -> None:
    client = site.client(Role.AUDITOR, OWN)
    here = drawn(client, 1)
    [number] = re.findall(r"/samples/(\d+)", here)
    with psycopg.connect(site.owner_url.replace("+psycopg", "")) as owner:
        owner.execute(
            "UPDATE sampled_camera SET record = record || %s::jsonb WHERE sheet_id = %s",
            [json.dumps({"azimuth_deg": None, "azimuth_quality": "unknown"}), number],
        )
    page = client.get(f"{here}?lang=en").text
    refused = client.post(f"{here}/judge?lang=en", data=form_of(page) | all_of(1))
    assert refused.status_code == 422 and "has no direction in its record" in refused.text
    sent = form_of(page) | all_of(1, direction="unjudged")
    assert client.post(f"{here}/judge", data=sent).status_code == 303


def signed_sheet(site: ServedSite, client) -> str:
    here = drawn(client, 1)
    client.post(f"{here}/judge", data=form_of(client.get(here).text) | all_of(1))
    assert client.post(f"{here}/sign", data=form_of(client.get(here).text, "sign")).status_code == 303
    return here


def test_a_signed_sheet_stays_as_it_is(site: ServedSite) -> None:
    """Neither by the page nor by hand, and also when the record changes meanwhile."""
    client = site.client(Role.AUDITOR, OWN)
    here = signed_sheet(site, client)
    before = client.get(f"{here}/content.json").data
    sent = {"was-1": "right|right|right|right|", **all_of(1, "wrong")}
    answer = client.post(f"{here}/judge?lang=en", data=sent)
    assert answer.status_code == 422 and "a signed sheet is not changed" in answer.text
    assert client.post(f"{here}/sign?lang=en", data={"seen": "x"}).status_code == 422
    number = int(here.rsplit("/", 1)[1])
    for statement in (
        "UPDATE sampled_camera SET clock = 'wrong' WHERE sheet_id = %s",
        "DELETE FROM sampled_camera WHERE sheet_id = %s",
        "INSERT INTO sampled_camera (sheet_id, rank, code, record) VALUES (%s, 9, 'x', '{}')",
        "UPDATE sample_sheet SET signer = 'x' WHERE id = %s",
        "UPDATE sample_sheet SET closed_at = NULL, signer = NULL, sha256 = NULL WHERE id = %s",
        "DELETE FROM sample_sheet WHERE id = %s",
    ):
        with (
            psycopg.connect(site.owner_url.replace("+psycopg", "")) as owner,
            pytest.raises(psycopg.errors.RaiseException, match="is not changed"),
        ):
            owner.execute(statement, [number])
    with psycopg.connect(site.owner_url.replace("+psycopg", "")) as owner:
        # The tree may take its jurisdiction back: the sheet is filed elsewhere, and says the same.
        owner.execute("UPDATE sample_sheet SET jurisdiction_path = %s WHERE id = %s", [PARENT, number])
    assert client.get(here).status_code == 404
    assert site.client(Role.AUDITOR, PARENT).get(f"{here}/content.json").data == before


def test_what_others_judged_meanwhile_is_not_overwritten(site: ServedSite) -> None:
    """Two open the same page; the second is told, keeps what they chose, and may save it knowingly."""
    one, other = site.client(Role.AUDITOR, OWN), site.client(Role.AUDITOR, OWN)
    here = drawn(one)
    page = one.get(f"{here}?lang=en").text
    mine = form_of(page) | all_of(1) | all_of(2)
    assert other.post(f"{here}/judge", data=form_of(page) | all_of(2, "wrong")).status_code == 303
    answer = one.post(f"{here}/judge?lang=en", data=mine)
    assert answer.status_code == 422 and "camera 2 was judged meanwhile" in answer.text
    assert "1 of 2 judged" in one.get(f"{here}?lang=en").text
    assert form_of(answer.text)["clock-2"] == "right"
    assert one.post(f"{here}/judge", data=form_of(answer.text)).status_code == 303
    # Rows that somebody left as they were shown are nobody's: they change nothing.
    assert other.post(f"{here}/judge", data=form_of(page)).status_code == 303
    assert "2 of 2 judged" in one.get(f"{here}?lang=en").text


def test_nobody_signs_what_they_have_not_seen(site: ServedSite) -> None:
    client = site.client(Role.AUDITOR, OWN)
    here = drawn(client, 1)
    assert client.post(f"{here}/sign", data={"seen": "x"}).status_code == 422
    client.post(f"{here}/judge", data=form_of(client.get(here).text) | all_of(1))
    page = client.get(here).text
    client.post(f"{here}/judge", data=form_of(page) | all_of(1, "wrong"))
    answer = client.post(f"{here}/sign?lang=en", data=form_of(page, "sign"))
    assert answer.status_code == 422 and "changed a verdict since" in answer.text


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"count": "3"}, "there are only 2 here"),
        ({"count": "0"}, "give 1 to 200"),
        ({"count": "many"}, "“many” is not a whole number"),
        ({"seed": "-1"}, "“-1” is not a whole number"),
        ({"seed": "9" * 17}, "is not from 0 to"),
    ],
)
def test_a_draw_that_will_not_do_is_said_on_the_form(site: ServedSite, asked, said) -> None:
    client = site.client(Role.AUDITOR, OWN)
    answer = client.post("/samples?lang=en", data={"area": OWN, "count": "2", "seed": "", **asked})
    assert answer.status_code == 422 and said in answer.text
    assert "No spot check yet" in client.get("/samples?lang=en").text


def test_who_may_only_look_sees_no_form(site: ServedSite) -> None:
    here = drawn(site.client(Role.AUDITOR, OWN))
    planner = site.client(Role.PLANNER, OWN)
    page = planner.get(f"{here}?lang=en").text
    assert "Save the verdicts" not in page and "Draw cameras" not in planner.get("/samples?lang=en").text
    assert planner.post(f"{here}/judge").status_code == 403
    assert site.client(Role.AUDITOR, SIBLING).get(here).status_code == 404
