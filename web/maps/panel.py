"""What stands beside the map: headline figures, the legend that switches layers, lists of gaps and routes.

Plain values for the templates in ``web/templates``; no HTML here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from web.i18n import Translator
from web.maps.data import MapData
from web.maps.layers import Layer
from web.maps.popups import buildings_note, display_name, rule_in_words, team_name
from web.maps.words import (
    BANNERS,
    CAUSES,
    JURISDICTION_LEVELS,
    LEVELS,
    LISTS,
    MODES,
    NO_SHARE_COLOUR,
    SHARE_CLASSES,
    SHARE_COLOURS,
    STATES,
    TEAM_COLOURS,
)

VILLAGE = 3
LONGEST_LIST = {"repair": 200, "measure": 100, "build": 30}


@dataclass(frozen=True)
class Swatch:
    """How a thing looks on the map, for the legend; `shape` names a drawing in ``components/swatch.html``."""

    shape: str
    colour: str = ""
    dash: str = ""


@dataclass(frozen=True)
class Input:
    """One switch of the legend; a radio button when `choice` names its group, of a level of detail maybe."""

    id: str
    label: str
    swatch: Swatch | None = None
    on: bool = True
    count: str = ""
    choice: str = ""
    hint: str = ""
    level: str = ""


@dataclass(frozen=True)
class Group:
    """A titled set of switches, or, where there is nothing to switch, a sentence why.

    `far` holds pairs (layers, sentence) for a map that draws a layer only from closer by.
    """

    title: str
    inputs: Sequence[Input] = ()
    note: str = ""
    scale: bool = False
    far: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Figure:
    """One headline number with its unit and meaning; the bar shows (certain, possible) shares."""

    label: str
    value: str
    note: str = ""
    bar: tuple[float, float] | None = None
    tab: str = ""


@dataclass(frozen=True)
class Row:
    """A line of a list; `target` is "layer:feature" on the map."""

    target: str
    title: str
    line: Sequence[str]
    swatch: Swatch
    kind: str


@dataclass(frozen=True)
class GapList:
    """One of the three lists, its most pressing gaps first."""

    key: str
    title: str
    who: str
    count: str
    rows: Sequence[Row]
    cut: str = ""


@dataclass(frozen=True)
class Team:
    """A team's tour as a list."""

    number: int
    colour: int
    target: str
    name: str
    line: str
    visits: Sequence[dict[str, str]]


@dataclass(frozen=True)
class Panel:
    """Everything beside the map."""

    figures: Sequence[Figure]
    groups: Sequence[Group]
    gap_lists: Sequence[GapList]
    gaps_note: str
    teams: Sequence[Team]
    teams_note: str
    banners: Sequence[tuple[str, str]]
    scale: Sequence[tuple[str, str]]
    scale_title: str


def panel(data: MapData, layers: Sequence[Layer], t: Translator) -> Panel:
    """The panel of a map, from the same layers that are drawn."""
    by_id = {layer["id"]: layer for layer in layers}
    return Panel(
        figures=figures(data, t),
        groups=[
            _patrol_group(data, by_id, t),
            *_gap_groups(data, by_id, t),
            _camera_group(data, by_id, t),
            _footprint_group(data, by_id, t),
            _jurisdiction_group(data, t),
        ],
        gap_lists=_gap_lists(layers, t),
        gaps_note=_gaps_note(data, t),
        teams=_teams(data, by_id, t),
        teams_note=_teams_note(data, t),
        banners=[(t(BANNERS[key][0]), t(BANNERS[key][1])) for key in data.banners],
        scale=share_scale(t),
        scale_title=t("Share of street watched for certain") if len(data.jurisdictions) else "",
    )


def share_scale(t: Translator) -> list[tuple[str, str]]:
    """The classes of watched shares as (colour, words), from nothing upwards, then "no street"."""
    percent = [f"{100 * bound:g}" for bound in (*SHARE_CLASSES, 1.0)]
    classes = [(SHARE_COLOURS[0], "0 %")]
    for colour, low, high in zip(SHARE_COLOURS[1:], percent, percent[1:], strict=False):
        classes.append((colour, f"< {high} %" if low == "0" else f"{low}–{high} %"))
    return [*classes, (NO_SHARE_COLOUR, t("no street"))]


def figures(data: MapData, t: Translator) -> list[Figure]:
    """The headline numbers that are known, each with its unit, its meaning and the tab behind it."""
    known = data.figures
    made = []
    if _is_known(known.get("certain_share")):
        certain = float(known["certain_share"])
        shown = float(known["possible_share"]) if _is_known(known.get("possible_share")) else certain
        note = t("perhaps %(share)s, counting views that are not certain", share=t.share(shown))
        if _is_known(known.get("street_length_m")):
            note += " · " + t("of %(length)s of street", length=t.length(float(known["street_length_m"])))
        made.append(
            Figure(
                t("Watched for certain: %(level)s", level=t(LEVELS[data.level][0])),
                t.share(certain),
                note,
                (certain, shown),
                "layers",
            )
        )
    if data.gaps is not None:
        lists = data.gaps["cause"].map(lambda cause: CAUSES[cause].list)
        counts = {key: int((lists == key).sum()) for key in LISTS}
        note = t(
            "%(measure)s to measure, %(build)s to build",
            measure=t.number(counts["measure"]),
            build=t.number(counts["build"]),
        )
        made.append(Figure(t("Gaps to repair"), t.number(counts["repair"]), note, tab="gaps"))
    if _is_known(known.get("crossed_stops")):
        note = t("crossed by two villages")
        if _is_known(known.get("reachable_stops")):
            reachable = t.number(int(known["reachable_stops"]))
            note = t("crossed by two villages, of %(reachable)s that can be", reachable=reachable)
        value = t.number(int(known["crossed_stops"]))
        if _is_known(known.get("stops")):
            value += f" / {t.number(int(known['stops']))}"
        if known.get("violations"):
            note += " · " + t.plural("%(n)s rule broken", "%(n)s rules broken", int(known["violations"]))
        made.append(Figure(t("Stops tonight"), value, note, tab="routes"))
    if _is_known(known.get("cameras")):
        note = ""
        if _is_known(known.get("online_rate")):
            note = t("online %(share)s of the time", share=t.share(float(known["online_rate"])))
        if _is_known(known.get("frames")):
            frames = t.plural("%(n)s frame", "%(n)s frames", int(known["frames"]))
            note = t.joined([part for part in (note, frames) if part])
        made.append(Figure(t("Cameras"), t.number(int(known["cameras"])), note, tab="layers"))
    return made


def _patrol_group(data: MapData, by_id: dict[str, Layer], t: Translator) -> Group:
    inputs, note = [], ""
    if "zone" in by_id and data.zone is not None:
        rows = data.zone.to_dict("records")
        name = t.joined([display_name(row, t) for row in rows])
        note = rule_in_words(rows[0]["rule"], t)
        inputs.append(Input("zone", t("Joint-defence zone: %(name)s", name=name), Swatch("zone", "#1b1f23")))
    if "stops" in by_id:
        count = t.number(len(by_id["stops"]["features"]))
        inputs.append(Input("stops", t("Stops"), Swatch("stop"), count=count))
    teams = [layer for layer in by_id.values() if "team" in layer]
    if teams:
        inputs.append(
            Input("routes", t("Routes"), Swatch("route", TEAM_COLOURS[0]), count=t.number(len(teams)))
        )
    return Group(t("Patrol"), inputs, note if inputs else _teams_note(data, t))


def _gap_groups(data: MapData, by_id: dict[str, Layer], t: Translator) -> list[Group]:
    if _gaps_note(data, t):
        return [Group(t("Gaps"), note=_gaps_note(data, t))]
    made = []
    for key, (title, who) in LISTS.items():
        inputs = []
        for name, cause in CAUSES.items():
            drawn = by_id.get(f"gaps-{name}")
            if cause.list == key and drawn:
                shape = "gap-thin" if key == "build" else "gap"
                inputs.append(
                    Input(
                        f"gaps-{name}",
                        t(cause.name),
                        Swatch(shape, cause.colour, cause.dash),
                        on=key == "repair",
                        count=t.number(len(drawn["features"])),
                        hint=t(cause.meaning),
                    )
                )
        note = t("for %(who)s", who=t(who)) if inputs else t("Nothing on this list.")
        made.append(Group(t(title), inputs, note))
    return made


def _camera_group(data: MapData, by_id: dict[str, Layer], t: Translator) -> Group:
    if "cameras" not in by_id or data.cameras is None:
        absent = data.cameras is None
        return Group(
            t("Cameras"),
            note=t("Cameras are not shown on this map.") if absent else t("No camera is recorded here."),
        )
    count = t.number(len(by_id["cameras"]["features"]))
    states = data.cameras["state"].value_counts()
    keys = [
        Input("", t(words), Swatch(f"camera-{state}", colour), count=t.number(int(states[state])))
        for state, (words, colour) in STATES.items()
        if state in states
    ]
    return Group(t("Cameras"), [Input("cameras", t("All cameras"), Swatch("camera"), count=count), *keys])


def _footprint_group(data: MapData, by_id: dict[str, Layer], t: Translator) -> Group:
    title = t("What cameras see")
    if data.footprints is None or data.footprints.empty:
        note = (
            t("Views are not shown on this map.")
            if data.footprints is None
            else t("No camera sees any ground.")
        )
        return Group(title, note=note)
    present = set(data.footprints["level"])
    shown = data.level if data.level in present else next(level for level in LEVELS if level in present)
    inputs = [
        Input("footprints-certain", t("Seen for certain"), Swatch("certain", "#33383d")),
        Input(
            "footprints-possible",
            t("Perhaps seen: direction or lens not certain"),
            Swatch("possible", "#33383d"),
        ),
    ]
    for level, (words, ppm) in LEVELS.items():
        if level in present:
            hint = t("at least %(ppm)s px/m", ppm=t.number(ppm, 1))
            inputs.append(
                Input(f"footprints-{level}", t(words), on=level == shown, choice="footprints", hint=hint)
            )
    return Group(title, inputs, buildings_note(data.dimension, t))


def _jurisdiction_group(data: MapData, t: Translator) -> Group:
    if data.jurisdictions.empty:
        return Group(t("Jurisdictions"), note=t("No jurisdictions are loaded."))
    levels = sorted(int(level) for level in data.jurisdictions["level"].unique())
    shown = VILLAGE if VILLAGE in levels else levels[-1]
    counts = data.jurisdictions["level"].value_counts()
    inputs = [
        Input(
            f"jurisdictions-{level}",
            t(JURISDICTION_LEVELS[min(level, len(JURISDICTION_LEVELS) - 1)]),
            on=level == shown,
            count=t.number(int(counts[level])),
            choice="jurisdictions",
        )
        for level in levels
    ]
    inputs.append(Input("jurisdictions-none", t("None"), on=False, choice="jurisdictions"))
    note = t("Colour: share of street length watched for certain (%(level)s)", level=t(LEVELS[data.level][0]))
    return Group(t("Jurisdictions"), inputs, note, scale=True)


def _gaps_note(data: MapData, t: Translator) -> str:
    if data.gaps is None:
        return t("Gaps are not shown on this map: they were not worked out, or are not for this reader.")
    if data.gaps.empty:
        return t("No gap was found in this period.")
    return ""


def _teams_note(data: MapData, t: Translator) -> str:
    if data.routes is None:
        return t("There is no patrol plan for this map yet.")
    if data.routes.empty:
        return t("This plan sends out no team.")
    return ""


def _gap_lists(layers: Sequence[Layer], t: Translator) -> list[GapList]:
    made = []
    for key, (title, who) in LISTS.items():
        rows = [
            (one["rank"], layer, number, one)
            for layer in layers
            if layer.get("list") == key
            for number, one in enumerate(layer["features"])
        ]
        rows.sort(key=lambda row: row[0], reverse=True)
        most = LONGEST_LIST[key]
        shown = [
            Row(
                f"{layer['id']}:{number}",
                one["p"]["t"],
                one["line"],
                Swatch("gap", layer["style"]["color"], layer["style"].get("dashArray", "")),
                one["p"]["k"],
            )
            for _, layer, number, one in rows[:most]
        ]
        total = t.number(len(rows))
        cut = t("The first %(most)s of %(total)s.", most=most, total=total) if len(rows) > most else ""
        made.append(GapList(key, t(title), t("for %(who)s", who=t(who)), total, shown, cut))
    return made


def _teams(data: MapData, by_id: dict[str, Layer], t: Translator) -> list[Team]:
    if data.routes is None:
        return []
    made = []
    for number, row in enumerate(data.routes.to_dict("records")):
        layer = by_id[f"route-{number}"]
        visits = sorted(row["visits"], key=lambda visit: visit["seq"])
        badges = [(i, one) for i, one in enumerate(layer["features"]) if one["sym"] == "visit"]
        mode = t(MODES.get(str(row["mode"]), "")) or str(row["mode"] or "")
        stops = t.plural("%(n)s stop", "%(n)s stops", len(visits))
        parts = [part for part in (str(row["village"] or ""), mode, stops) if part]
        made.append(
            Team(
                number,
                number % len(TEAM_COLOURS),
                f"{layer['id']}:0" if layer["features"] else "",
                team_name(row, t),
                t.joined(parts),
                [
                    {
                        "target": f"{layer['id']}:{index}",
                        "order": str(badge["seq"]),
                        "label": t("Stop %(label)s", label=badge["label"]),
                        "time": f"{t.clock(visit['start'])} – {t.clock(visit['end'])}",
                        "kind": t("second visit") if badge["second"] else t("first visit"),
                    }
                    for visit, (index, badge) in zip(visits, badges, strict=True)
                ],
            )
        )
    return made


def _is_known(value: Any) -> bool:
    return value is not None and isfinite(value)
