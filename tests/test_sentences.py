"""Sentences of the lower packages: plain English below `web`, the reader's language on every page."""

from __future__ import annotations

import ast
import copy
import io
import json
import pickle
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import map_scene
import pytest
import small_site
from sqlalchemy import text

from cameras.coverage import CoverageSettings
from cameras.fields import FURTHER_FIELDS
from cameras.importers import read_cameras
from geo.db import transaction
from geo.errors import InputRefused, LianfangError, Named, Sentence, message_of, of_row, row_named, said
from geo.readers import read_jurisdictions, read_places
from geo.scope import WHOLE_SITE
from patrols.importers import read_teams, read_zones
from web.access import Role
from web.i18n import Translator
from web.jobs.running import run_job
from web.jobs.words import as_stored, told
from web.pages.imports.tables import remarks
from web.pages.imports.wording import FIELD_NAMES
from web.recognising import COLUMNS

ROOT = Path(__file__).resolve().parent.parent
CHINESE = {
    "row %(row)s: %(what)s": "第 %(row)s 行：%(what)s",
    "%(field)s is missing": "缺少%(field)s",
    "lon": "经度",
}
# What Chinese pages show as it is: units, formats, names of datums and of the tests' own rows.
AS_IT_IS = re.compile(
    r"“[^”]*”|WKT|POLYGON|Polygon|MultiPolygon|Point|QGIS|csv"
    r"|school|bank|station|water|foot|ebike|car|uav|official|derived|synthetic"
)


@pytest.fixture(scope="module", autouse=True)
def _texts() -> None:
    map_scene.compiled_catalogues()


def in_chinese(text_: str) -> str:
    return CHINESE.get(text_, text_)


# --- A sentence -----------------------------------------------------------


def test_a_name_inside_a_sentence_is_told_in_the_language_of_the_reader() -> None:
    """Also when it was stored, copied, or is told by the page of a job."""
    given = Sentence("%(field)s is missing", field=Named("西村", "West"))
    assert given == "West is missing" and Sentence("%(a)s", a=Named("西村")) == "西村"
    for one in (
        given,
        pickle.loads(pickle.dumps(given)),
        copy.copy(given),
        Sentence.from_json(given.as_json()),
    ):
        assert one == given and one.said(Translator("en")) == "West is missing"
        assert "西村" in one.said(Translator("zh")) and "West" not in one.said(Translator("zh"))
    assert told(as_stored(given), Translator("en")) == "West is missing"
    assert told(as_stored(given), Translator("zh")).startswith("西村")
    assert told(as_stored(Sentence("%(a)s", a=Named("西村"))), Translator("en")) == "西村"


def test_a_sentence_is_english_text_and_keeps_its_parts() -> None:
    """Nested ones too; in another language each part is said in its own words."""
    told_ = of_row("row", 5, Sentence("%(field)s is missing", field=Sentence("lon")))
    assert told_ == "row 5: lon is missing" and f"{told_}" == "row 5: lon is missing"
    assert json.dumps([told_]) == '["row 5: lon is missing"]'
    assert told_.said(in_chinese) == "第 5 行：缺少经度"
    assert row_named("feature", 2) == "feature 2"


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_a_copy_keeps_the_parts(copied: Callable[[object], object]) -> None:
    """A worker process hands its refusal over whole."""
    refusal = copied(InputRefused(Sentence("100 % wrong"), [of_row("row", 5, Sentence("lon"))]))
    assert isinstance(refusal, InputRefused)
    assert str(refusal) == "100 % wrong" and said(refusal, in_chinese) == "100 % wrong"
    assert [said(problem, in_chinese) for problem in refusal.problems] == ["第 5 行：经度"]


def test_a_stored_sentence_comes_back_with_its_parts() -> None:
    """Also one within another, and through JSON."""
    sentence = Sentence("row %(row)s: %(what)s", row=7, what=Sentence("%(field)s is missing", field="lon"))
    back = Sentence.from_json(json.loads(json.dumps(sentence.as_json())))
    assert back == sentence and back.as_json() == sentence.as_json()
    assert back.said(in_chinese) == sentence.said(in_chinese) != str(sentence)


def test_what_does_not_print_is_written_as_an_escape() -> None:
    """A cell must not move a terminal's cursor, and no JSON of PostgreSQL holds a NUL."""
    assert Sentence("%(v)s", v="a\x00\x1b[2Jb\n") == "a\\x00\\x1b[2Jb\\n"
    assert Sentence("%(v)s", v="片区 “甲”") == "片区 “甲”"


def test_any_error_says_its_sentence_or_its_text() -> None:
    """Also a ValueError raised with one; a plain text stands as it is."""
    assert said(ValueError(Sentence("lon")), in_chinese) == "经度"
    assert said(LianfangError("50 % done"), in_chinese) == "50 % done"
    assert message_of(KeyError("a")) == "'a'"
    with pytest.raises(ValueError) as wrong:
        CoverageSettings(slot_min=0)
    assert said(wrong.value, Translator("zh")) == "时段长度 0 分钟超出范围；请写 1 至 1440"


def test_a_stored_sentence_is_said_when_it_is_read() -> None:
    """The database holds parts, not one of the languages."""
    problem = of_row(
        "row", 5, Sentence("%(field)s is missing; give it in decimal degrees", field=Sentence("lon"))
    )
    stored = json.loads(json.dumps(as_stored(problem)))
    assert told(stored, Translator("zh")) == "第 5 行：缺少经度；请写十进制度数"
    assert told(stored, Translator("en")) == "row 5: lon is missing; give it in decimal degrees"
    assert told(as_stored("100 % as it is"), Translator("zh")) == "100 % as it is"


def test_a_table_of_remarks_knows_each_row() -> None:
    """The row of a problem, the first row of a finding on many, none where there is none."""
    many = Sentence("%(n)s odd, first in %(first)s", n=3, first=row_named("row", 8))
    given = [as_stored(one) for one in (of_row("row", 5, Sentence("lon")), many, "plain")]
    rows = json.loads(remarks({"bad": given[:1], "odd": given[1:]}, in_chinese)["remarks"])
    assert [(row["row_number"], row["sentence"]) for row in rows] == [
        (5, "经度"),
        (8, "3 odd, first in row 8"),
        (None, "plain"),
    ]


def test_every_field_of_a_file_has_its_name_for_sentences() -> None:
    """All but the path, whose name is that of a road elsewhere, and those that are told by their labels."""
    fields = {column.field for columns in COLUMNS.values() for column in columns}
    assert fields - {"path"} - {one.name for one in FURTHER_FIELDS} <= set(FIELD_NAMES)


# --- The readers' sentences -----------------------------------------------------------

BAD_FILES = [
    (
        read_cameras,
        {"area": (113.7, 22.4, 114.7, 22.9)},
        """编码,经度,纬度,方向,俯角,分辨率,云台
        ,114.1,22.5,,,,
        4.40513E+19,114.1,22.5,,,,
        1,22.5,114.1,,,,
        2,0,0,,,,
        3,1,2,,,,
        4,这里,22.5,,,,
        5,,22.5,,,,
        6,114.1,22.5,西偏,,,
        7,114.1,22.5,10-40,,,
        8,114.1,22.5,,一百,,
        9,114.1,22.5,,100,,
        10,114.1,22.5,,,高清,
        11,114.1,22.5,,,,也许
        12,114.1,22.5
        11,114.1,22.5,,,,
        """,
    ),
    (
        read_places,
        {},
        """类型,经度,纬度
        ,114.1,22.5
        学校,200,95
        """,
    ),
    (
        read_zones,
        {},
        """编码,名称,范围,间隔
        1,甲,POLYGON,
        2,乙,,
        3,丙,"POINT (114 22)",
        4,丁,"POLYGON ((114 22,114.1 22.1,114.1 22,114 22.1,114 22))",
        5,戊,"POLYGON ((0 0,114.1 22,114 22.1,0 0))",-5
        """,
    ),
    (
        read_teams,
        {},
        """编码,方式,人数,经度,纬度,开始,结束,村
        1,马,1,114.1,22.5,,,
        2,步行,1.5,114.1,22.5,,,
        3,步行,0,114.1,22.5,,,
        4,步行,2,114.1,22.5,明天,,
        5,步行,2,114.1,22.5,2026-11-22 20:00,2026-11-22 19:00,
        6,步行,2,114.1,22.5,,,甲;乙
        """,
    ),
    (
        read_jurisdictions,
        {},
        """编码,上级,名称,来源
        1-a,,甲,
        2,2,乙,
        3,9,,
        4,,丁,梦
        """,
    ),
]


@pytest.mark.parametrize(
    ("read", "options", "content"), BAD_FILES, ids=lambda it: getattr(it, "__name__", "")
)
def test_every_bad_row_is_told_in_chinese(
    read: Callable[..., object], options: dict[str, object], content: str, tmp_path: Path
) -> None:
    """No word of English but codes and formats, and the English is the sentence itself."""
    path = tmp_path / "表.csv"
    path.write_text("\n".join(line.strip() for line in content.splitlines()), encoding="utf-8")
    with pytest.raises(InputRefused) as refused:
        read(path, datum="wgs84", **options)
    sentences = [message_of(refused.value), *refused.value.problems]
    assert len(sentences) > len([line for line in content.splitlines() if line.strip()]) - 1
    for sentence in sentences:
        assert said(sentence, Translator("en")) == sentence
        chinese = said(sentence, Translator("zh"))
        assert re.search(r"[\u4e00-\u9fff]{2}", chinese)
        assert not re.search(r"[A-Za-z]{3}", AS_IT_IS.sub("", chinese)), chinese


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xlsx", "x"),
        ("a.csv", ""),
        ("a.csv", "编码,经度,纬度\n"),
        ("a.csv", "编码,编码,经度,纬度\n1,1,2,3\n"),
        ("a.csv", "编码,code,经度,纬度\n1,1,2,3\n"),
        ("a.csv", "清单,,\n编码,经度,纬度\n"),
        ("a.geojson", "{}"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_chinese(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(InputRefused) as refused:
        read_cameras(tmp_path / name, datum="wgs84")
    sentence = message_of(refused.value)
    assert isinstance(sentence, Sentence)
    assert re.search(r"[\u4e00-\u9fff]{4}", said(sentence, Translator("zh")))


# --- Pages -----------------------------------------------------------


@pytest.fixture
def clean(served) -> Iterator[None]:
    """The served site keeps nothing of these tests."""
    yield
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM job_run; DELETE FROM procrastinate_jobs"))


def checked(client, content: str) -> str:
    """Where a list of cameras is checked."""
    answer = client.post("/imports/new", data={"file": (io.BytesIO(content.encode()), "表.csv")})
    given = {"kind": "cameras", "shown": "cameras", "datum": "wgs84"}
    return client.post(answer.headers["Location"], data=given).headers["Location"].removesuffix("/check")


LON, LAT = small_site.POINTS[small_site.OWN]
LIST = f"编码,名称,经度,纬度\n甲1,口,{LON:.6f},{LAT:.6f}\n甲2,坏,0,0\n"


def test_a_bad_row_is_read_in_the_readers_language(served, clean, monkeypatch) -> None:
    """When it is checked, and from what the job stored when it failed."""
    monkeypatch.setenv("LIANFANG_VAR", str(served.app.extensions["lianfang"].folder))
    client = served.client(Role.AUDITOR)
    address = checked(client, LIST)
    chinese = client.get(f"{address}/check?lang=zh").text
    assert "经度 0、纬度 0 是占位值" in chinese and "place-holder" not in chinese
    assert "place-holder" in client.get(f"{address}/check?lang=en").text
    job = client.post(f"{address}/begin").headers["Location"]
    number = int(job.rsplit("/", 1)[1])
    assert run_job(served.engine, number, procrastinate_id=None, stopping=lambda: False) == "failed"
    chinese = client.get(f"{job}?lang=zh").text
    assert "表.csv：2 条摄像机记录中有 1 条有误，整个文件未导入" in chinese
    assert "第 3 行：经度 0、纬度 0 是占位值" in chinese and "place-holder" not in chinese
    english = client.get(f"{job}?lang=en").text
    assert (
        "1 of 2 cameras are bad" in english and "row 3: longitude 0, latitude 0 is a place-holder" in english
    )


def test_an_analysis_that_cannot_be_made_is_told_in_chinese(served) -> None:
    """The form says it, not the job."""
    given = {"start": "2026-11-21T00:00", "end": "2026-11-20T00:00", "level": "observe"}
    client = served.client(Role.AUDITOR)
    turned = client.post("/analyses/new?lang=zh", data={**given, "slot_min": "15", "threshold": "50"})
    assert turned.status_code == 422 and "为空，请填写晚于开始的结束时间" in turned.text
    given["end"] = "2026-11-22T00:00"
    long = client.post("/analyses/new?lang=zh", data={**given, "slot_min": "2000", "threshold": "50"})
    assert long.status_code == 422 and "时段长度 2000 分钟超出范围" in long.text


# --- The source -----------------------------------------------------------

ENGLISH_ONLY = {
    "geo/server": "the command line starts and stops the database",
    "cameras/frames": "frames are handed in on the command line",
    "cameras/recordings": "lists of recordings are handed in on the command line",
    "patrols/plan.py": "plan files are read on the command line",
}
RAISED = {"InputRefused", "LianfangError", "RequiredStopsUnserved", "refuse", "refuse_whole", "finding"}


def bare_texts(tree: ast.AST) -> Iterator[ast.expr]:
    """Literal sentences given to a refusal without being a `Sentence`."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and called(call) in RAISED:
            waiting: list[ast.AST] = list(call.args)
            while waiting:
                node = waiting.pop()
                if isinstance(node, ast.JoinedStr) or (
                    isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value
                ):
                    yield node
                elif not (isinstance(node, ast.Call) and called(node) == "Sentence"):
                    waiting += ast.iter_child_nodes(node)


def called(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def test_no_refusal_of_the_lower_packages_is_bare_english() -> None:
    """Somebody reads it on a Chinese page; what only the command line says is listed with the reason."""
    for package in ("geo", "cameras", "patrols"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(tuple(ENGLISH_ONLY)):
                found = [f"{name}:{node.lineno}" for node in bare_texts(ast.parse(path.read_text("utf-8")))]
                assert not found, f"{found}: give a Sentence"


def test_the_search_for_bare_english_finds_it() -> None:
    """Else the test above proves nothing."""
    wrong = 'raise InputRefused(f"{a} is wrong")\nnotes.refuse(3, "is wrong")\nraise LianfangError("is " + b)'
    right = 'raise InputRefused(Sentence("is %(a)s", a="not right"), problems)'
    assert [len(list(bare_texts(ast.parse(source)))) for source in (wrong, right)] == [3, 0]
