"""Two languages, complete: every text in both, numbers and times as they are read, the choice of language."""

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import map_scene
import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from geo.errors import LianfangError
from web import i18n
from web.i18n import COOKIE, LANGUAGES, Translator, negotiated
from web.maps import render_map

ROOT = Path(__file__).resolve().parent.parent
KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "t": None,
    "plural": (1, 2),
    "N_": None,
    "Sentence": None,
}
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@pytest.fixture(scope="module", autouse=True)
def _texts() -> None:
    map_scene.compiled_catalogues()


def used_texts() -> set[str | tuple[str, ...]]:
    """Every text the program marks for translation, by Babel's own extraction."""
    with (ROOT / "web" / "translations" / "babel.cfg").open() as config:
        methods, options = parse_mapping_cfg(config)
    found = extract_from_dir(str(ROOT), methods, options, keywords=KEYWORDS, strip_comment_tags=False)
    return {entry[2] for entry in found}


def catalogue(lang: str) -> Catalog:
    with (ROOT / "web" / "translations" / lang / "LC_MESSAGES" / "messages.po").open("rb") as source:
        return read_po(source, locale=lang)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_text_is_translated_and_none_is_left_over(lang: str) -> None:
    """The catalogue holds exactly the texts that the program uses."""
    known = {message.id for message in catalogue(lang) if message.id}
    used = used_texts()
    assert len(used) > 150
    assert used - known == set(), "run pybabel extract and translate these"
    assert known - used == set(), "these are used no more"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_translation_is_whole(lang: str) -> None:
    """Not empty, not fuzzy, all plural forms there, and the same things filled in."""
    entries = catalogue(lang)
    for message in entries:
        if not message.id:
            continue
        assert not message.fuzzy, message.id
        sources = message.id if isinstance(message.id, tuple) else (message.id,)
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        if isinstance(message.id, tuple):
            assert len(forms) == entries.num_plurals, message.id
        allowed = {name for source in sources for name in PLACEHOLDER.findall(source)}
        needed = set(PLACEHOLDER.findall(sources[-1]))
        for form in forms:
            assert form and form.strip(), message.id
            used = set(PLACEHOLDER.findall(form))
            assert used <= allowed, message.id
            assert needed <= used or (len(forms) > 1 and form is forms[0]), message.id
            assert "%" not in PLACEHOLDER.sub("", form), message.id


def test_chinese_is_chinese_and_english_is_english() -> None:
    """No text was copied from the other catalogue."""
    han = re.compile(r"[\u4e00-\u9fff]")
    for message in catalogue("zh"):
        for form in message.string if isinstance(message.string, tuple) else (message.string,):
            if message.id and PLACEHOLDER.sub("", str(message.id)).strip(" ();"):
                assert han.search(form), message.id
    for message in catalogue("en"):
        for form in message.string if isinstance(message.string, tuple) else (message.string,):
            if message.id:
                assert not han.search(form), message.id


class Texts(HTMLParser):
    """The texts a reader sees or is read aloud."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._hidden = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden = tag in ("script", "style")
        for key, value in attrs:
            if key in ("title", "aria-label", "alt") and value:
                self.found.append(value)

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden and data.strip():
            self.found.append(data.strip())


def test_no_english_word_is_left_on_the_chinese_page() -> None:
    """But for codes, units, names of languages and the zone's IANA name."""
    html = render_map(map_scene.scene(), lang="zh")
    allowed = {"English", "Asia", "Shanghai", "px", "km", "JavaScript"}
    hostile = set(re.findall(r"[A-Za-z]+", map_scene.HOSTILE))
    for text in Texts(html).found:
        words = set(re.findall(r"[A-Za-z]{2,}", text)) - allowed - hostile
        assert not words, text


def test_no_chinese_word_is_left_on_the_english_page() -> None:
    """But for the program's own name, the switch to Chinese, and names that have no English form."""
    html = render_map(map_scene.scene(), lang="en")
    names = {"联防", "中文"}
    for text in Texts(html).found:
        chinese = set(re.findall(r"[\u4e00-\u9fff]+", text)) - names
        assert all(re.match(r"[横纵路街]+$", word) for word in chinese), text


def test_a_text_without_its_catalogue_says_what_to_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nobody is shown keys because a set-up step was left out."""
    monkeypatch.setattr(i18n, "CATALOGUES", tmp_path)
    i18n.catalogue.cache_clear()
    try:
        with pytest.raises(LianfangError, match="pybabel compile"):
            Translator("zh")("Close")
    finally:
        i18n.catalogue.cache_clear()


def test_compiling_gives_what_pybabel_gives(tmp_path: Path) -> None:
    """The same .mo from the same .po, whoever compiles."""
    folder = tmp_path / "zh" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    po = (ROOT / "web" / "translations" / "zh" / "LC_MESSAGES" / "messages.po").read_bytes()
    (folder / "messages.po").write_bytes(po)
    (written,) = i18n.compile_catalogues(tmp_path)
    ours = written.read_bytes()
    written.unlink()
    from babel.messages.frontend import CommandLineInterface

    CommandLineInterface().run(["pybabel", "-q", "compile", "-d", str(tmp_path)])
    assert written.read_bytes() == ours


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.0, "0 %"),
        (0.0004, "< 0.1 %"),
        (0.001, "0.1 %"),
        (0.087, "8.7 %"),
        (0.41, "41 %"),
        (0.996, "99.6 %"),
        (0.9996, "> 99.9 %"),
        (1.0, "100 %"),
    ],
)
def test_a_share_is_never_rounded_to_nothing_or_all(share: float, said: str) -> None:
    """Little is not none, and nearly all is not all."""
    assert Translator("en").share(share) == said


def test_an_unknown_share_is_no_number() -> None:
    """NaN is a dash, not nan per cent."""
    assert Translator("zh").share(float("nan")) == "–"


def test_lengths_change_unit_where_they_round_to_a_kilometre() -> None:
    """999.6 m is 1 km, not 1000 m; long ones lose their decimals."""
    en = Translator("en")
    said = [en.length(m) for m in (0.4, 81.6, 999.4, 999.6, 61_234, 1_234_567)]
    assert said == ["0 m", "82 m", "999 m", "1 km", "61.2 km", "1,235 km"]
    assert Translator("zh").length(61_234) == "61.2 公里"


def test_durations_are_hours_and_minutes() -> None:
    """Worked by hand."""
    en = Translator("en")
    assert [en.duration(m) for m in (0.2, 45, 60, 61, 1440)] == [
        "under 1 min",
        "45 min",
        "1 h",
        "1 h 1 min",
        "24 h",
    ]
    assert Translator("zh").duration(105) == "1 小时 45 分"


def test_a_period_that_ends_at_midnight_ends_at_24_that_day() -> None:
    """Half-open periods, read as people say them; the date is said once where it is one day."""
    t = Translator("zh", ZoneInfo("Asia/Shanghai"))
    midnight = datetime(2026, 11, 21, 16, tzinfo=UTC)
    assert t.span(midnight, midnight + timedelta(days=1)) == "2026-11-22 00:00 – 24:00"
    assert (
        t.span(midnight + timedelta(hours=19), midnight + timedelta(hours=26))
        == "2026-11-22 19:00 – 2026-11-23 02:00"
    )
    assert t.span(midnight, midnight) == "2026-11-22 00:00 – 00:00"


def test_one_thing_is_not_one_things() -> None:
    """English has two forms, Chinese one."""
    en, zh = Translator("en"), Translator("zh")
    assert en.plural("%(n)s stop", "%(n)s stops", 1) == "1 stop"
    assert en.plural("%(n)s stop", "%(n)s stops", 1200) == "1,200 stops"
    assert zh.plural("%(n)s stop", "%(n)s stops", 2) == "2 个巡逻点"


@pytest.mark.parametrize(
    ("query", "cookie", "accept", "chosen"),
    [
        ("", "", "", "zh"),
        ("", "", "fi", "zh"),
        ("", "", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("", "", "en-GB,en;q=0.9", "en"),
        ("", "", "fr, en;q=0.5", "en"),
        ("", "zh", "en", "zh"),
        ("en", "zh", "zh", "en"),
        ("xx", "en", "zh", "en"),
        ("xx", "yy", "en", "en"),
    ],
)
def test_what_was_asked_for_goes_before_what_the_browser_likes(
    query: str, cookie: str, accept: str, chosen: str
) -> None:
    """The address, then the cookie, then the browser, then Chinese; what is unknown is passed over."""
    headers = {"Accept-Language": accept} if accept else {}
    if cookie:
        headers["Cookie"] = f"{COOKIE}={cookie}"
    builder = EnvironBuilder(query_string={"lang": query} if query else None, headers=headers)
    assert negotiated(Request(builder.get_environ())) == chosen  # type: ignore[arg-type]
