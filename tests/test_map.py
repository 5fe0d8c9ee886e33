"""The map as one page: what it says, what it may not contain, and what it refuses."""

import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import map_scene
import numpy as np
import pytest
from shapely.geometry import LineString

from web import vendoring
from web.i18n import LANGUAGES, Translator
from web.maps import MapData, blank, render_map
from web.maps.layers import all_layers
from web.maps.offline import STATIC, OfflineMap, names_of
from web.maps.panel import panel, share_scale
from web.maps.popups import gap_popup, rule_in_words, stop_popup
from web.maps.served import joined
from web.maps.words import CAUSES, LISTS, SHARE_COLOURS, TEAM_COLOURS, share_colour

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module", autouse=True)
def _texts() -> None:
    map_scene.compiled_catalogues()


@pytest.fixture(scope="module")
def data() -> MapData:
    return map_scene.scene()


@pytest.fixture
def zh() -> Translator:
    return Translator("zh", SHANGHAI)


@pytest.fixture
def en() -> Translator:
    return Translator("en", SHANGHAI)


class Page(HTMLParser):
    """The elements of a page with their attributes and texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self._script: dict[str, str | None] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._script = dict(attrs) if tag == "script" else None
        if self._script is not None:
            self.scripts.append((self._script, ""))

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)

    def handle_endtag(self, tag: str) -> None:
        self._script = None

    def layer(self, name: str) -> dict:
        for attributes, text in self.scripts:
            if attributes.get("id") == f"data-{name}":
                return json.loads(text)
        raise KeyError(name)


# What the page may not contain


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_page_names_an_outside_address(data: MapData, lang: str) -> None:
    """Not in markup, script, style or data, but for the names and comments listed as harmless."""
    found = set(vendoring.outside_addresses(render_map(data, lang=lang)))
    assert found <= set(vendoring.HARMLESS)


def test_a_file_asks_for_nothing_beside_itself(data: MapData) -> None:
    """Every address in the self-contained page's markup is data, and its own policy forbids requests."""
    html = render_map(data, lang="zh")
    page = Page(html)
    addresses = [
        value
        for _, attrs in page.elements
        for key, value in attrs.items()
        if key in ("src", "href", "action")
    ]
    assert addresses == ["data:,"]
    assert not re.search(r"url\((?!\"?(data:|#))", html)
    assert any(
        "default-src 'none'" in (attrs.get("content") or "") for tag, attrs in page.elements if tag == "meta"
    )


def test_the_served_map_links_only_files_that_are_there() -> None:
    """Each style and script of the map page lies below web/static, and none is named twice."""
    page = joined(("gaps", "zones"))
    names = (*page.styles, *page.scripts)
    assert len(set(names)) == len(names) > 10
    assert [name for name in names if not (STATIC / name).is_file()] == []


def test_a_folium_plugin_that_is_not_vendored_fails_when_the_page_is_made() -> None:
    """And names the asset, instead of asking a server on the internet for it."""
    from folium.plugins import MiniMap

    folium_map = OfflineMap(location=[0, 0], tiles=None)
    MiniMap(tile_layer=None).add_to(folium_map)
    folium_map.get_root().render()
    with pytest.raises(ValueError, match=r"MiniMap.*vendor it in web/vendoring\.py"):
        names_of(folium_map.get_root())


def test_a_street_named_like_a_script_stays_a_name(data: MapData) -> None:
    """Names are data: they open no script element and are not run as a template."""
    page = Page(render_map(data, lang="en"))
    assert not any("hacked" in text for attributes, text in page.scripts if attributes.get("type") is None)
    names = {label[0] for label in page.layer("options")["streetNames"]}
    assert map_scene.HOSTILE in names


def test_no_element_has_a_style_or_a_handler_of_its_own(data: MapData) -> None:
    """The same templates serve pages whose policy forbids both."""
    page = Page(render_map(data, lang="zh"))
    assert not any("style" in attributes or "onclick" in attributes for _, attributes in page.elements)


def test_the_same_map_makes_the_same_page(data: MapData) -> None:
    """Byte for byte: there is no random id or clock in it."""
    assert render_map(data, lang="zh") == render_map(map_scene.scene(), lang="zh")


# What it says


def test_the_three_lists_hold_the_causes_of_the_design() -> None:
    """DESIGN section 4: who acts on which cause; no two causes and no two teams look the same."""
    lists = {key: {name for name, cause in CAUSES.items() if cause.list == key} for key in LISTS}
    assert lists == {
        "repair": {"moved", "degraded", "outage"},
        "measure": {"not_measured", "uncertain"},
        "build": {"resolution", "occluded", "no_camera"},
    }
    assert len({cause.colour for cause in CAUSES.values()}) == 8
    assert len(set(TEAM_COLOURS)) == 8
    for key in LISTS:
        looks = [cause.dash for cause in CAUSES.values() if cause.list == key]
        assert len(set(looks)) == len(looks), "told apart without colour"


def test_a_greater_share_is_never_darker() -> None:
    """The scale climbs in luminance (sRGB, WCAG 2.2), so it reads in grey too."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))

    shares = [0.0, 0.005, 0.01, 0.03, 0.07, 0.2, 0.4, 0.5, 1.0]
    lights = [luminance(share_colour(share)) for share in shares]
    assert lights == sorted(lights)
    assert {share_colour(share) for share in shares} == set(SHARE_COLOURS)
    assert share_colour(float("nan")) not in SHARE_COLOURS


def test_the_legend_names_every_class_once(en: Translator) -> None:
    """Worked by hand from the class bounds 0, 1, 2, 5, 10, 25, 50 per cent."""
    assert [words for _, words in share_scale(en)] == [
        "0 %", "< 1 %", "1–2 %", "2–5 %", "5–10 %", "10–25 %", "25–50 %", "50–100 %", "no street",
    ]  # fmt: skip


def test_a_gap_tells_why_when_how_long_and_what_to_do(zh: Translator) -> None:
    """The first outage: six hours in six windows from 11:00 UTC, 19:00 in Shanghai; four are spelled out."""
    row = map_scene.gaps().to_dict("records")[0]
    told = gap_popup(row, "横0路", zh)
    assert told["k"] == "摄像机掉线"
    assert told["t"] == "横0路 · 街道 82 米"
    rows = dict(told["r"])
    assert rows["时间"].split("\n") == [
        "2026-11-22 19:00 – 20:00",
        "2026-11-22 21:00 – 22:00",
        "2026-11-22 23:00 – 24:00",
        "2026-11-23 01:00 – 02:00",
        "另有 2 段",
    ]
    assert rows["合计"] == "6 小时"
    assert rows["摄像机"] == "C-00"
    assert rows["谁来办"] == "维修单位，数小时内"
    assert "信号丢失" in rows["原因"]
    assert told["d"] == "通知维修单位恢复；恢复之前请到现场巡看。"


def test_a_stop_tells_its_visits_in_order_of_time(en: Translator) -> None:
    """Stop 2 is visited by three teams; the earliest stands first whatever the order of the rows."""
    routes = map_scene.routes().to_dict("records")
    visits = [(row["team"], v) for row in reversed(routes) for v in row["visits"] if v["stop_id"] == "s1"]
    told = stop_popup(map_scene.stops().to_dict("records")[1], visits, "Main Street", en)
    times = dict(told["r"])["Visits"].split("\n")
    # T1 comes second in its round (19:10 + 22 min), T2 first in its own (19:40); T3 starts a stop further.
    assert times[:2] == ["19:32–19:38 T1", "19:40–19:46 T2"]
    assert told["d"] == "Crossed by two villages."


def test_a_zones_rule_reads_as_a_sentence(en: Translator, zh: Translator) -> None:
    """From its numbers; a text is left as it is."""
    rule = map_scene.zone()["rule"].iloc[0]
    assert rule_in_words(rule, en) == (
        "teams of different villages, at separate times, 2 visits to each stop, "
        "from 2 different villages, at least 30 min apart, in one shift"
    )
    assert rule_in_words(rule, zh).startswith("不同村的队伍错开时间、每点到 2 次")
    assert rule_in_words("Only at night", en) == "Only at night"


def test_visits_are_numbered_in_visiting_order_from_one(data: MapData) -> None:
    """Whatever numbers the plan uses and however its rows are sorted."""
    routes = map_scene.routes()
    routes["visits"] = [
        list(reversed([{**v, "seq": 10 * v["seq"]} for v in row])) for row in routes["visits"]
    ]
    page = Page(render_map(map_scene.scene(routes=routes), lang="zh"))
    badges = [f for f in page.layer("route-0")["features"] if f["sym"] == "visit"]
    assert [badge["seq"] for badge in badges] == [1, 2, 3, 4, 5]
    assert [badge["stop"] for badge in badges] == ["s0", "s1", "s2", "s3", "s4"]


def test_repair_is_shown_first_and_build_on_demand(data: MapData, zh: Translator) -> None:
    """What can be mended tonight is on; villages are the level shown; the rest waits for its switch."""
    layers = all_layers(data, zh)
    inputs = {i.id: i for group in panel(data, layers, zh).groups for i in group.inputs if i.id}
    on = {name for name, i in inputs.items() if i.on}
    assert {"gaps-outage", "gaps-moved", "gaps-degraded"} <= on
    assert not {name for name in on if name in ("gaps-uncertain", "gaps-resolution", "gaps-no_camera")}
    assert "jurisdictions-3" in on and "jurisdictions-4" not in on
    assert "footprints-detect" in on and "footprints-observe" not in on
    assert "gaps-occluded" not in inputs, "there is no such gap in the scene"
    named = {name for layer in layers for name in layer["when"]}
    assert named <= set(inputs) | {f"route-{i}" for i in range(3)}, "every layer can be switched"


def test_nothing_found_and_not_worked_out_are_two_sentences(zh: Translator) -> None:
    """A map never says there are no gaps of a night nobody analysed."""
    absent = map_scene.scene(gaps=None, routes=None, stops=None, cameras=None, footprints=None)
    empty = map_scene.scene(
        **{name: blank(name) for name in ("gaps", "routes", "stops", "cameras", "footprints")}
    )
    notes = []
    for data in (absent, empty):
        made = panel(data, all_layers(data, zh), zh)
        notes.append((made.gaps_note, made.teams_note, made.groups[2].note))
    assert notes[1] == ("这段时间没有发现缺口。", "本方案没有派出队伍。", "这里没有登记摄像机。")
    assert all(a and b and a != b for a, b in zip(*notes, strict=True))


def test_an_empty_map_is_still_a_page() -> None:
    """A site with a name and an outline, and nothing else."""
    data = MapData(
        title="空镇", site_timezone="Asia/Shanghai", bounds=(116.6, 23.2, 116.7, 23.3), attribution="© Nobody"
    )
    for lang in LANGUAGES:
        page = Page(render_map(data, lang=lang))
        assert page.layer("options")["attribution"] == "© Nobody"


def test_a_person_reads_places_in_the_language_of_the_page(data: MapData) -> None:
    """The village of a team is given in Chinese and read in English where its English name is known."""
    assert "East, on foot, 5 stops" in render_map(data, lang="en")
    assert "东村、步行、5 个巡逻点" in render_map(data, lang="zh")


def test_a_ninth_team_differs_from_the_first() -> None:
    """Eight colours; the ninth team has the first one's, dashed."""
    layers = all_layers(map_scene.scene(routes=map_scene.routes(9)), Translator("zh", SHANGHAI))
    styles = {layer["id"]: layer["style"] for layer in layers if "team" in layer}
    assert styles["route-8"]["color"] == styles["route-0"]["color"]
    assert "dashArray" in styles["route-8"] and "dashArray" not in styles["route-0"]


def test_a_gap_too_short_to_draw_is_a_point_and_still_counted(zh: Translator) -> None:
    """Five centimetres of street: nothing that the list counts is missing from the map."""
    gaps = map_scene.gaps()
    x, y = map_scene.at(1, 1)
    gaps.loc[0, "geometry"] = LineString([(x, y), (x + 4e-7, y)])
    data = map_scene.scene(gaps=gaps)
    layers = {layer["id"]: layer for layer in all_layers(data, zh)}
    drawn = [f for name, layer in layers.items() if name.startswith("gaps-") for f in layer["features"]]
    assert len(drawn) == len(gaps)
    assert layers["gaps-outage"]["features"][0]["g"] == {"t": "point", "c": [116601000, 23261000]}
    assert layers["gaps-outage"]["features"][0]["sym"] == "diamond"


# What is refused


def test_a_map_refuses_frames_it_would_draw_in_the_wrong_place() -> None:
    """Another CRS, or swapped bounds."""
    with pytest.raises(ValueError, match=r"streets: CRS is EPSG:3857.*give EPSG:4326"):
        map_scene.scene(streets=map_scene.streets().to_crs(3857))
    with pytest.raises(ValueError, match="west < east"):
        map_scene.scene(bounds=(23.26, 116.60, 23.27, 116.61))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gaps": map_scene.gaps().drop(columns="minutes")}, "gaps: columns minutes are missing"),
        ({"gaps": map_scene.gaps().assign(cause="rain")}, "cause of a gap 'rain' is not known"),
        ({"footprints": map_scene.footprints().assign(level="x")}, "footprint level 'x' is not known"),
        ({"level": "see"}, "level 'see' is not known"),
        ({"banners": ("beta",)}, "banner 'beta' is not known"),
        ({"figures": {"score": 1}}, "figure 'score' is not known"),
        ({"site_timezone": "Mars/Olympus"}, "site_timezone 'Mars/Olympus' is not an IANA zone"),
        (
            {"period": (datetime(2026, 1, 1), datetime(2026, 1, 2))},
            "period: 2026-01-01 00:00:00 has no time zone",
        ),
        ({"streets": None}, "streets: None is not a frame"),
    ],
)
def test_a_map_says_what_is_wrong_with_its_data(change: dict, message: str) -> None:
    """With the value and what would be right."""
    with pytest.raises(ValueError, match=re.escape(message)):
        map_scene.scene(**change)


def test_a_visit_without_a_time_zone_is_refused() -> None:
    """It would be shown at the wrong hour."""
    routes = map_scene.routes()
    routes["visits"].iloc[0][0]["start"] = datetime(2026, 11, 22, 19, 10)
    with pytest.raises(ValueError, match=r"visits of a route: .* has no time zone"):
        map_scene.scene(routes=routes)


def test_a_file_tells_which_state_of_the_data_it_shows() -> None:
    """The revision stands in its head."""
    page = Page(render_map(map_scene.scene(revision="7-3-12"), lang="zh"))
    assert ("meta", {"name": "lianfang-revision", "content": "7-3-12"}) in page.elements


def test_times_are_shown_in_the_zone_of_the_site() -> None:
    """The same period of one UTC day reads differently in Helsinki (UTC+2 in November)."""
    start = datetime(2026, 11, 21, 22, tzinfo=UTC)
    data = map_scene.scene(site_timezone="Europe/Helsinki", period=(start, start + timedelta(days=1)))
    assert "2026-11-22 00:00 – 24:00" in render_map(data, lang="en")
