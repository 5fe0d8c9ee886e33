"""Signed packs between two networks: whole or refused, and never a way to learn where nobody looks."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import stat
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duty_scene
import map_scene
import numpy as np
import openpyxl
import pytest
from click.testing import CliRunner
from mutations import damaged, withstood
from papers import pages
from small_site import OWN
from sqlalchemy import text

from geo.db import transaction
from geo.errors import InputRefused, LianfangError
from geo.scope import WHOLE_SITE
from patrols.repository import of_plan
from web.access import Role
from web.cli import main
from web.duty.gpx import zipped
from web.duty.making import duty_of
from web.i18n import Translator
from web.maps.words import CAUSES
from web.packs import container
from web.packs.container import MANIFEST, SIGNATURE, packed, unpacked
from web.packs.keys import Keys, public_key
from web.packs.patrol import FORM, patrol_pack, read_patrol_pack
from web.packs.visits import FORM as RETURNED
from web.packs.visits import check_in_pack, read_check_in_pack, read_list

ZONE = ZoneInfo("Asia/Shanghai")
HOME = "https://lianfang.example"
LATER = duty_scene.START + timedelta(days=1)


@pytest.fixture(scope="module", autouse=True)
def _texts() -> None:
    map_scene.compiled_catalogues()


@pytest.fixture(scope="module")
def inner(tmp_path_factory) -> Keys:
    """The machine where plans are made."""
    return Keys(tmp_path_factory.mktemp("inner"))


@pytest.fixture
def outer(tmp_path) -> Keys:
    """The other one."""
    return Keys(tmp_path / "outer")


@pytest.fixture(scope="module")
def content(inner: Keys) -> bytes:
    """A pack of the scene."""
    return patrol_pack({"zh": duty_scene.duty()}, ZONE, home=HOME, keys=inner)


def kept(folder: Path, content: bytes, name: str = "pack.zip") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def inside(content: bytes) -> dict[str, bytes]:
    """Files of a pack as any program unpacks them."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_pack_holds_routes_stops_and_papers_and_says_whose_they_are(tmp_path, inner, content) -> None:
    """Read back with the maker's public key; the same plan gives the same pack."""
    found = read_patrol_pack(kept(tmp_path, content), [public_key(inner.own().text)])
    assert sorted(found.pack.files) == [
        "check-ins.csv",
        "plan.json",
        "routes.geojson",
        "zh/duty-sheets.pdf",
        "zh/gpx/01.gpx",
        "zh/gpx/02.gpx",
        "zh/shifts.ics",
        "zh/sign-in-sheets.pdf",
        "zh/text.txt",
    ]
    assert (found.plan, found.zone, found.teams) == (7, "福田联防片区", {1: "t1", 2: "t2"})
    assert [(one.team, one.stop) for one in found.visits] == [(1, 1), (1, 2), (1, 3), (2, 3), (2, 4)]
    assert "1 前埔1队" in pages(found.pack.files["zh/duty-sheets.pdf"])[0]
    assert content == patrol_pack({"zh": duty_scene.duty()}, ZONE, home=HOME, keys=inner)
    manifest = json.loads(inside(content)[MANIFEST])
    assert manifest["format"] == "lianfang-patrol-pack/1" and manifest["draft"] is False


def refusal(path: Path, keys, form: str = FORM) -> str:
    """The one sentence of a refusal."""
    with pytest.raises(InputRefused) as error:
        unpacked(path, form, keys)
    told = str(error.value)
    assert told and "\n" not in told and not error.value.problems
    return told


def test_a_change_of_any_file_is_found(tmp_path, inner, content) -> None:
    """A letter of each file, of the manifest, of the signature; in a ZIP file that is whole by itself."""
    files = inside(content)
    for name, said in files.items():
        for at in (0, len(said) // 2, len(said) - 1):
            changed = said[:at] + bytes([said[at] ^ 1]) + said[at + 1 :]
            path = kept(tmp_path, zipped({**files, name: changed}))
            told = refusal(path, [inner.own()])
            assert "changed" in told or (name == SIGNATURE and "not trusted" in told), (name, at)


def test_a_file_more_or_less_is_found(tmp_path, inner, content) -> None:
    """Also one that has the name of another, and one that would lie outside of the folder."""
    files = inside(content)
    for wrong in (
        {**files, "more.txt": b"x"},
        {name: said for name, said in files.items() if name != "plan.json"},
        {**files, "../../etc/passwd": b"x"},
    ):
        assert "changed" in refusal(kept(tmp_path, zipped(wrong)), [inner.own()])
    twice = io.BytesIO()
    with zipfile.ZipFile(twice, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        for name, said in [*files.items(), ("plan.json", b"{}")]:
            archive.writestr(name, said)
    assert "changed" in refusal(kept(tmp_path, twice.getvalue()), [inner.own()])
    for name in (MANIFEST, SIGNATURE):
        less = {one: said for one, said in files.items() if one != name}
        assert "no manifest or no signature" in refusal(kept(tmp_path, zipped(less)), [inner.own()])


def test_a_pack_of_somebody_else_is_refused_with_their_fingerprint(tmp_path, inner, outer, content) -> None:
    """Signed as it should be, by a key nobody here knows; and a foreign signature put under a known key."""
    told = refusal(kept(tmp_path, content), [outer.own()])
    assert inner.own().fingerprint in told and "not trusted here" in told and "--trust" in told
    forged = inside(patrol_pack({"zh": duty_scene.duty()}, ZONE, home=HOME, keys=outer))
    _, signature = forged[SIGNATURE].decode().splitlines()
    forged[SIGNATURE] = f"{inner.own().text}\n{signature}\n".encode()
    assert "changed after it was signed" in refusal(kept(tmp_path, zipped(forged)), [inner.own()])


def test_a_signature_of_one_kind_of_pack_is_good_for_no_other(tmp_path, inner, content) -> None:
    """Or check-ins could be handed in as patrols."""
    path = kept(tmp_path, content)
    assert "is no lianfang-check-in-pack/1" in refusal(path, [inner.own()], RETURNED)


def test_a_pack_that_is_cut_off_is_refused(tmp_path, inner, content) -> None:
    """At a hundred places from nothing to all but one byte; and what is no ZIP file at all."""
    for at in {*np.linspace(0, len(content) - 1, 100, dtype=int).tolist(), len(content) - 1}:
        assert "no pack, or it is cut off" in refusal(kept(tmp_path, content[:at]), [inner.own()])
    assert "no pack" in refusal(kept(tmp_path, b"%PDF-1.7 something else"), [inner.own()])


def test_a_pack_that_unpacks_to_more_than_it_may_is_not_unpacked(tmp_path, inner, monkeypatch) -> None:
    """Ten megabytes of nothing in ten kilobytes, as one file and as the manifest."""
    monkeypatch.setattr(container, "LARGEST_FILE", 1_000_000)
    bomb = packed(FORM, {}, {"a.bin": bytes(10_000_000)}, inner)
    assert len(bomb) < 50_000
    assert "more than 1000000 bytes" in refusal(kept(tmp_path, bomb), [inner.own()])
    files = inside(packed(FORM, {}, {}, inner)) | {MANIFEST: bytes(10_000_000)}
    assert "more than 1000000 bytes" in refusal(kept(tmp_path, zipped(files)), [inner.own()])
    with pytest.raises(ValueError, match="no name of a file"):
        packed(FORM, {}, {"../x": b""}, inner)


def test_what_the_signer_himself_wrote_wrongly_is_refused(tmp_path, inner) -> None:
    """A version to come, signed with the right key: without its list, without its plan."""
    for head in ({"files": 3}, {"format": 4}):
        manifest = json.dumps({"format": FORM, "files": [], **head}).encode()
        signature = inner.sign(container._signed(FORM, manifest))
        signed = f"{inner.own().text}\n{base64.b64encode(signature).decode()}\n".encode()
        path = kept(tmp_path, zipped({MANIFEST: manifest, SIGNATURE: signed}))
        assert refusal(path, [inner.own()])
    for files in ({}, {"plan.json": b"[]"}, {"plan.json": b'{"start": "soon"}'}, {"plan.json": b"\xff"}):
        path = kept(tmp_path, packed(FORM, {"plan": 1, "identity": "", "zone": ""}, files, inner))
        with pytest.raises(InputRefused, match="holds no plan that this program reads"):
            read_patrol_pack(path, [inner.own()])
    for said in (b"{}", b"[1]", b'[{"team": "t1"}]', b'[{"arrived_at": "2026-11-22T18:00"}]'):
        files = {"check-ins.json": said}
        path = kept(tmp_path, packed(RETURNED, {"plan": 1, "identity": ""}, files, inner))
        if said == b"{}":
            assert read_check_in_pack(path, [inner.own()]).visits == ()
            continue
        with pytest.raises(InputRefused, match="holds no check-ins that this program reads"):
            read_check_in_pack(path, [inner.own()])


def test_damaged_packs_are_read_whole_or_refused(tmp_path, inner) -> None:
    """What is read of a damaged pack is what was signed: a flipped date of the ZIP file changes nothing."""
    generator = np.random.default_rng(20261122)
    samples = [
        packed(FORM, {"plan": 1}, {"a.txt": b"one" * 50, "b/c.bin": bytes(range(256))}, inner),
        packed(FORM, {"plan": 2}, {}, inner),
    ]
    signed = [unpacked(kept(tmp_path, one), FORM, [inner.own()]) for one in samples]
    taken = []

    def read(path: Path) -> None:
        taken.append(unpacked(path, FORM, [inner.own()]))

    files = ((tmp_path / "damaged.zip", damaged(generator, samples)) for _ in range(1500))
    refused = withstood(files, read, most_kb=60_000)
    assert refused > 1000 and len(taken) + refused == 1500
    assert all(one in signed for one in taken)


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path) -> None:
    """Of eight who need it at the same time one makes it; the file is readable by nobody else."""
    keys = Keys(tmp_path)
    assert keys.taken() == [] and not (tmp_path / "keys").exists(), "checking makes no key"
    with ThreadPoolExecutor(8) as pool:
        made = {one.text for one in pool.map(lambda _: Keys(tmp_path).own(), range(8))}
    assert made == {keys.own().text}
    path = tmp_path / "keys" / "signing.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["signing.pem"]
    assert keys.own().verifies(keys.sign(b"said"), b"said")
    assert not keys.own().verifies(keys.sign(b"said"), b"unsaid")
    path.chmod(0o640)
    with pytest.raises(LianfangError, match=r"signing\.pem can be read by others \(mode 640\)"):
        keys.own()
    path.chmod(0o600)
    path.write_bytes(b"-----BEGIN PRIVATE KEY-----\n")
    with pytest.raises(LianfangError, match="is no Ed25519 key"):
        keys.own()


def test_keys_are_trusted_by_name_and_forgotten(tmp_path, inner) -> None:
    """A name is no way out of the folder; a text that is no key is none."""
    keys = Keys(tmp_path)
    keys.trust("inner", inner.own())
    assert keys.trusted() == {"inner": inner.own()} and keys.taken() == [inner.own()]
    for name in ("../x", "", "a b", "x" * 41, "中"):
        with pytest.raises(InputRefused, match="is no name of a key"):
            keys.trust(name, inner.own())
    text_ = inner.own().text
    for wrong in ("", "ed25519:", text_[:-2], text_.replace("ed25519", "rsa"), f"{text_[:-1]}!", text_ + "A"):
        with pytest.raises(InputRefused, match="is no public key"):
            public_key(wrong)
    (tmp_path / "keys" / "trusted" / "bad.pub").write_text("nothing")
    with pytest.raises(LianfangError, match=r"bad\.pub holds no public key"):
        keys.trusted()
    keys.forget("bad")
    keys.forget("inner")
    assert keys.trusted() == {}
    with pytest.raises(InputRefused, match="no key is trusted under the name 'inner'"):
        keys.forget("inner")


@pytest.mark.parametrize("form", ["csv", "gb18030", "xlsx"])
def test_a_filled_list_becomes_a_signed_pack(tmp_path, inner, outer, content, form: str) -> None:
    """As a spreadsheet saves it; lines without a time say nothing; the plan's own network reads it."""
    patrol = read_patrol_pack(kept(tmp_path, content), [inner.own()])
    rows = list(csv.reader(io.StringIO(patrol.pack.files["check-ins.csv"].decode("utf-8-sig"))))
    assert rows[0][:4] == ["team", "team_name", "order", "stop"] and len(rows) == 6
    came, left, signer, note = (rows[0].index(name) for name in ("came", "left", "signer", "note"))
    rows[1][came], rows[1][left], rows[1][signer], rows[1][note] = "1804", "18:10", "陈一", "门锁着"
    rows[5][came] = "18:15"
    path = tmp_path / f"list.{'xlsx' if form == 'xlsx' else 'csv'}"
    if form == "xlsx":
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(path)
    else:
        target = io.StringIO()
        csv.writer(target).writerows(rows)
        path.write_bytes(target.getvalue().encode("utf-8-sig" if form == "csv" else "gb18030"))
    entries = read_list(path, patrol, now=LATER)
    back = kept(tmp_path, check_in_pack(patrol, entries, outer), "back.zip")
    found = read_check_in_pack(back, [outer.own()])
    assert (found.plan, found.identity, found.signer) == (7, patrol.identity, outer.own())
    assert [(one.team, one.stop_id, one.signer, one.note) for one in found.visits] == [
        ("t1", "z-001", "陈一", "门锁着"),
        ("t2", "z-004", "", ""),
    ]
    assert [one.arrived_at.astimezone(ZONE).strftime("%H:%M") for one in found.visits] == ["18:04", "18:15"]
    assert found.visits[0].left_at is not None and found.visits[1].left_at is None


def test_each_wrong_line_of_a_list_is_told(tmp_path, inner, content) -> None:
    """With its row, as a spreadsheet numbers them; nothing is signed."""
    patrol = read_patrol_pack(kept(tmp_path, content), [inner.own()])

    def told(*lines: str, now: datetime = LATER) -> list[str]:
        path = kept(tmp_path, "\n".join(["team,stop,came,left", *lines]).encode(), "list.csv")
        with pytest.raises(InputRefused) as error:
            read_list(path, patrol, now=now)
        return [str(one) for one in error.value.problems] or [str(error.value)]

    assert told("9,1,18:04,", "1,77,18:04,", "1,1,soon,", "1,1,12:00,") == [
        "row 2: there is no team '9' in the pack; write its number",
        "row 3: there is no stop '77' in the pack; write its number",
        "row 4: “soon” is not a time of day; write it as 18:04",
        "row 5: 12:00 lies outside the shift from 18:00 to 22:00 and an hour around it; correct the time",
    ]
    assert told("1,1,18:10,18:04") == [
        "stop 1: the team left at 18:04, before it came at 18:10; correct one of them"
    ]
    assert told("1,1,18:04,18:10", "1,2,,18:30") == [
        "row 3: write when the team came, or leave the line empty"
    ], "what somebody wrote is not lost unsaid"
    assert told("1,1,,") == ["list.csv: no line has a time of coming; fill the column 'came'"]
    assert "still to come" in told("1,1,18:04,", now=duty_scene.START)[0]
    with pytest.raises(InputRefused, match="came"):
        read_list(kept(tmp_path, b"team,stop\n1,1\n", "list.csv"), patrol, now=LATER)


# Served: the plan in a database, the commands and the pages.


@pytest.fixture
def over(served):
    """The small site's published plan, two years earlier, so that its shift is over; no check-in is left."""
    plan = "UPDATE plan SET shift = tstzrange(lower(shift) - :by, upper(shift) - :by)"
    visit = """UPDATE plan_visit SET arrive_at = arrive_at - :by, start_at = start_at - :by,
                                     end_at = end_at - :by"""
    for by in ("2 years", "-2 years"):
        if by.startswith("-"):
            yield served.site.published[OWN]
        with transaction(served.engine, scope=WHOLE_SITE) as session:
            session.execute(text("DELETE FROM check_in"))
            for statement in (plan, visit):
                session.execute(text(statement.replace(":by", f"interval '{by}'")))


def run(served, monkeypatch, folder: Path, *arguments: str):
    """A command on a machine of its own folder, against the small site."""
    monkeypatch.setenv("LIANFANG_DATABASE_URL", served.app_url)
    monkeypatch.setenv("LIANFANG_OWNER_DATABASE_URL", served.owner_url)
    monkeypatch.setenv("LIANFANG_VAR", str(folder))
    return CliRunner().invoke(main, ["patrols", *arguments, "--json"])


def last(done) -> dict:
    assert done.exit_code == 0, done.output
    return json.loads(done.output.splitlines()[-1])


def test_patrols_go_out_and_check_ins_come_back(served, over, monkeypatch, tmp_path) -> None:
    """Two machines with a folder each and one way to carry files between them."""
    here, there = tmp_path / "inner", tmp_path / "outer"
    out, folder, back = tmp_path / "patrol.zip", tmp_path / "unpacked", tmp_path / "back.zip"
    key = last(run(served, monkeypatch, here, "key"))["key"]
    made = last(run(served, monkeypatch, here, "pack", str(over), str(out), "--url", HOME))
    assert made["key"] == key and made["plan"] == over
    refused = run(served, monkeypatch, there, "unpack", str(out), "--to", str(folder))
    assert refused.exit_code == 1 and "is not trusted here" in refused.output and not folder.exists()
    last(run(served, monkeypatch, there, "key", "--trust", "inner", key))
    found = last(run(served, monkeypatch, there, "unpack", str(out), "--to", str(folder)))
    assert found["visits"] == 1 and found["files"] == sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()
    )
    again = run(served, monkeypatch, there, "unpack", str(out), "--to", str(folder))
    assert again.exit_code == 1 and "is not empty" in again.output
    listed = (folder / "check-ins.csv").read_text(encoding="utf-8-sig").splitlines()
    (folder / "check-ins.csv").write_text(
        "\n".join([listed[0], listed[1].replace(",,,,", ",18:04,18:10,陈一,")])
    )
    filled = str(folder / "check-ins.csv")
    answer = last(run(served, monkeypatch, there, "return", str(out), filled, str(back)))
    assert answer["check_ins"] == 1
    refused = run(served, monkeypatch, here, "receive", str(back))
    assert refused.exit_code == 1 and "is not trusted here" in refused.output
    taken = last(run(served, monkeypatch, here, "receive", str(back), "--key", answer["key"]))
    assert taken == {"plan": over, "check_ins": 1, "key": answer["key"]}
    twice = run(served, monkeypatch, here, "receive", str(back), "--key", answer["key"])
    assert twice.exit_code == 1 and "were taken in before" in twice.output
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        row = session.execute(text("SELECT stop_id, signer, origin, author FROM check_in")).one()
        events = session.scalars(
            text("SELECT peer FROM audit_entry WHERE subject = :of"), {"of": f"check-ins of plan {over}"}
        ).all()
    assert tuple(row)[:3] == ("s1", "陈一", "pack") and "command line" in events


def test_a_pack_of_another_plan_of_the_same_number_is_refused(served, over, monkeypatch, tmp_path) -> None:
    """Two databases count alike: what makes the plan this plan is compared."""
    here, out, back = tmp_path / "inner", tmp_path / "patrol.zip", tmp_path / "back.zip"
    last(run(served, monkeypatch, here, "pack", str(over), str(out)))
    with zipfile.ZipFile(out) as archive:
        listed = archive.read("check-ins.csv").decode("utf-8-sig").replace(",,,,", ",18:04,,,")
    filled = kept(tmp_path, listed.encode(), "list.csv")
    last(run(served, monkeypatch, here, "return", str(out), str(filled), str(back)))
    move = "UPDATE plan_visit SET start_at = start_at + interval '1 min' WHERE plan_id = :plan"
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text(move), {"plan": over})
    done = run(served, monkeypatch, here, "receive", str(back))
    assert done.exit_code == 1 and f"plan {over} is another here than the one" in done.output
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text(move.replace("+", "-")), {"plan": over})
    assert last(run(served, monkeypatch, here, "receive", str(back)))["check_ins"] == 1


def test_a_draft_is_packed_only_when_one_says_so(served, monkeypatch, tmp_path) -> None:
    """And its papers say what it is."""
    draft, out = served.site.drafts[OWN], tmp_path / "patrol.zip"
    refused = run(served, monkeypatch, tmp_path, "pack", str(draft), str(out))
    assert refused.exit_code == 1 and f"plan {draft} is not published" in refused.output and not out.exists()
    last(run(served, monkeypatch, tmp_path, "pack", str(draft), str(out), "--draft"))
    assert "草稿" in inside(out.read_bytes())["zh/text.txt"].decode()
    assert run(served, monkeypatch, tmp_path, "pack", str(draft), "x.tar").exit_code == 2
    gone = run(served, monkeypatch, tmp_path, "pack", "999999", str(out))
    assert gone.exit_code == 1 and "plan 999999 is not stored" in gone.output


WORTH = 86421


def test_a_pack_tells_no_camera_gap_cause_or_prize(served, inner) -> None:
    """Every file of it, in both languages, and the manifest."""
    plan = served.site.published[OWN]
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("UPDATE plan_stop SET prize = :worth"), {"worth": WORTH})
        stored = of_plan.plan(session, plan)
        spoken = {lang: duty_of(session, stored, Translator(lang, ZONE)) for lang in ("zh", "en")}
        camera = session.execute(
            text("SELECT code, name FROM camera WHERE code = :code"), {"code": served.site.cameras[OWN]}
        ).one()
        session.rollback()
    files = inside(patrol_pack(spoken, ZONE, home=HOME, keys=inner))
    causes = [Translator(lang)(one.name) for lang in ("zh", "en") for one in CAUSES.values()]
    words = {*camera, *causes, *CAUSES, "prize", str(WORTH), "footprint", "camera", "摄像", "缺口"}
    assert len(files) > 12
    for name, said in files.items():
        whole = said.decode("latin1") + said.decode("utf8", "replace")
        if name.endswith(".pdf"):
            whole += "\n".join(line for page in pages(said) for line in page)
        assert [word for word in words if word.lower() in whole.lower()] == [], name


def test_the_pages_hand_a_pack_out_and_take_one_in(served, over, tmp_path) -> None:
    """The key is shown to those who make packs; members and other towns see neither."""
    planner, member = served.client(Role.PLANNER, OWN), served.client(Role.MEMBER, OWN)
    page = planner.get(f"/plans/{over}/papers?lang=en").text
    keys = Keys(Path(served.app.extensions["lianfang"].folder))
    assert keys.own().text in page and keys.own().fingerprint in page and f"/plans/{over}/pack.zip" in page
    assert "ed25519" not in member.get(f"/plans/{over}/papers").text
    secret = Path(served.app.extensions["lianfang"].folder) / "keys" / "signing.pem"
    secret.chmod(0o644)
    page = planner.get(f"/plans/{over}/papers?lang=en").text
    assert "can be read by others (mode 644)" in page and "Copy the text" in page, "papers need no key"
    assert planner.get(f"/plans/{over}/pack.zip").status_code == 409
    secret.chmod(0o600)
    assert member.get(f"/plans/{over}/pack.zip").status_code == 403
    draft = planner.get(f"/plans/{served.site.drafts[OWN]}/pack.zip?lang=en")
    assert draft.status_code == 422 and "publish this one first" in draft.text
    out = planner.get(f"/plans/{over}/pack.zip")
    assert out.mimetype == "application/zip"
    patrol = read_patrol_pack(kept(tmp_path, out.data), [keys.own()])
    filled = kept(tmp_path, b"team,stop,came\n1,1,18:04\n", "list.csv")
    entries = read_list(filled, patrol, now=datetime.now(UTC))
    outer = Keys(tmp_path / "outer")
    back = check_in_pack(patrol, entries, outer)

    def hand_in(content: bytes, plan: int = over):
        return planner.post(
            f"/plans/{plan}/check-ins/pack?lang=en", data={"pack": (io.BytesIO(content), "../back.zip")}
        )

    foreign = hand_in(back)
    assert foreign.status_code == 422 and outer.own().fingerprint in foreign.text
    keys.trust("outer", outer.own())
    try:
        elsewhere = hand_in(back, served.site.drafts[OWN])
        assert elsewhere.status_code == 422 and f"is of plan {over}" in elsewhere.text
        assert hand_in(back[:-40]).status_code == 422
        assert planner.post(f"/plans/{over}/check-ins/pack?lang=en").status_code == 422
        assert hand_in(back).status_code == 303
        page = planner.get(f"/plans/{over}/check-ins?lang=en").text
        assert "by pack" in page and "Take all of it back" in page
        assert "were taken in before" in hand_in(back).text
        (pack,) = re.findall(r'name="pack" value="([0-9a-f]{64})"', page)
        answer = planner.post(f"/plans/{over}/check-ins/take-back", data={"pack": pack})
        assert answer.status_code == 303
        assert hand_in(back).status_code == 303
    finally:
        keys.forget("outer")
