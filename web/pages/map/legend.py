"""What stands beside the map at once: headline figures, and the legend that switches the layers.

Only what whoever asks may see; what is left out is not mentioned. Plain values for the templates.
"""

from __future__ import annotations

from dataclasses import dataclass

from cameras.repository import on_map as cameras
from cameras.repository import siting as store
from patrols.repository import on_map as patrols
from web.access import Action
from web.i18n import N_, Translator
from web.maps.panel import Figure, Group, Input, Swatch
from web.maps.popups import buildings_note
from web.maps.words import CAUSES, LEVELS, LISTS, SITING, STATES, TEAM_COLOURS
from web.pages.map.choice import Choice, Siting, reach
from web.pages.map.kept import kept
from web.requests import db, may

UNKNOWN = ("unknown", N_("not analysed"), "#8a9299")
"""A camera that no analysis speaks of: name of the state, words, colour."""

INK = "#1b1f23"


@dataclass(frozen=True)
class Counts:
    """How many there are for whoever asks: gaps by cause and cameras by state, empty without the right."""

    gaps: dict[str, int]
    cameras: dict[str, int]

    @classmethod
    def of(cls, choice: Choice) -> Counts:
        """Counted in the database, each as far as its own right reaches."""
        analysis = choice.analysis.id if choice.analysis else None
        gaps, seen = reach(Action.GAPS_VIEW), reach(Action.CAMERAS_VIEW)
        return kept(
            "counts",
            (analysis, gaps, seen),
            lambda: cls(
                cameras.gap_counts(db(), analysis, gaps) if gaps and analysis is not None else {},
                cameras.camera_counts(db(), analysis, seen) if seen else {},
            ),
        )

    def of_list(self, key: str) -> int:
        """Gaps on one of the three lists."""
        return sum(count for cause, count in self.gaps.items() if CAUSES[cause].list == key)


def camera_states() -> list[tuple[str, str, str]]:
    """(state, words, colour) of every state of a camera, the worst last: drawn on top."""
    order = ("usable", "not_measured", "degraded", "outage")
    return [UNKNOWN, *((state, STATES[state][0], STATES[state][1]) for state in order)]


def shown_level(choice: Choice) -> str:
    """The level that shares and views are shown at."""
    return choice.analysis.level if choice.analysis else "observe"


def figures(choice: Choice, counts: Counts, t: Translator) -> list[Figure]:
    """The headline numbers, each with its unit, its meaning and the tab behind it."""
    made = []
    analysis, plan = choice.analysis, choice.plan
    if analysis is not None and may(Action.FIGURES_VIEW):
        seen = reach(Action.FIGURES_VIEW)
        number, level = analysis.id, analysis.level
        share = kept("share", (number, level, seen), lambda: cameras.share(db(), number, level, seen))
        if share:
            note = t(
                "perhaps %(share)s, counting views that are not certain", share=t.share(share["possible"])
            )
            note += " · " + t("of %(length)s of street", length=t.length(share["length_m"]))
            title = t("Watched for certain: %(level)s", level=t(LEVELS[analysis.level][0]))
            bar = (share["certain"], share["possible"])
            made.append(Figure(title, t.share(share["certain"]), note, bar, "layers"))
    if analysis is not None and may(Action.GAPS_VIEW):
        note = t(
            "%(measure)s to measure, %(build)s to build",
            measure=t.number(counts.of_list("measure")),
            build=t.number(counts.of_list("build")),
        )
        made.append(Figure(t("Gaps to repair"), t.number(counts.of_list("repair")), note, tab="gaps"))
    if plan is not None:
        note = t("crossed by two villages, of %(reachable)s that can be", reachable=t.number(plan.reachable))
        if plan.violations:
            note += " · " + t.plural("%(n)s rule broken", "%(n)s rules broken", plan.violations)
        value = f"{t.number(plan.crossed)} / {t.number(patrols.stop_count(db(), plan.id))}"
        made.append(Figure(t("Stops of the plan"), value, note, tab="routes"))
    if may(Action.CAMERAS_VIEW):
        lost = counts.cameras.get("outage", 0)
        note = t.plural("%(n)s lost in the period", "%(n)s lost in the period", lost) if analysis else ""
        made.append(Figure(t("Cameras"), t.number(sum(counts.cameras.values())), note, tab="cameras"))
    return made


def groups(choice: Choice, counts: Counts, t: Translator, *, streets: bool) -> list[Group]:
    """The legend, group by group; `streets` says whether the watched streets are drawn from the start."""
    made = [_siting(choice.siting, t)] if choice.siting else []
    made.append(_patrol(choice, t))
    if may(Action.GAPS_VIEW):
        made += _gaps(choice, counts, t)
    if may(Action.CAMERAS_VIEW):
        made += [_cameras(counts, t), _footprints(choice, t)]
    made.append(_ground(choice, t, streets))
    return made


def _siting(proposal: Siting, t: Translator) -> Group:
    counts = store.proposed_counts(db(), proposal.id)
    inputs = [
        Input(f"siting-{kind}", t(words), Swatch("proposed", colour), count=t.number(counts[kind]))
        for kind, (words, colour) in SITING.items()
        if kind in counts
    ]
    note = t("The number is the rank: 1 closes most of the gap.") if inputs else t("Nothing to propose")
    far = t("Cameras are drawn from closer by.")
    return Group(t("Proposed cameras"), inputs, note, far=(("siting", far),))


def _patrol(choice: Choice, t: Translator) -> Group:
    inputs = [Input("zones", t("Joint-defence zones"), Swatch("zone", INK))] if may(Action.ZONES_VIEW) else []
    if choice.plan is None:
        return Group(t("Patrol"), inputs, t("There is no patrol plan for this map yet."))
    # Whoever looks at proposed cameras is not looking for tonight's routes, whose numbers lie over theirs.
    shown = choice.siting is None
    inputs.append(Input("routes", t("Routes"), Swatch("route", TEAM_COLOURS[0]), on=shown))
    return Group(t("Patrol"), inputs)


def _gaps(choice: Choice, counts: Counts, t: Translator) -> list[Group]:
    if choice.analysis is None:
        return [Group(t("Gaps"), note=t("No analysis has been made yet."))]
    squares = t("From this far a square stands for the gaps in it: the larger, the more street is open.")
    far, made = (("gaps", squares),), list[Group]()
    for key, (title, who) in LISTS.items():
        shape = "gap-thin" if key == "build" else "gap"
        inputs = [
            Input(
                f"gaps-{name}",
                t(cause.name),
                Swatch(shape, cause.colour, cause.dash),
                on=key == "repair",
                count=t.number(counts.gaps.get(name, 0)),
                hint=t(cause.meaning),
            )
            for name, cause in CAUSES.items()
            if cause.list == key
        ]
        made.append(Group(t(title), inputs, t("for %(who)s", who=t(who)), far=far if not made else ()))
    return made


def _cameras(counts: Counts, t: Translator) -> Group:
    if not counts.cameras:
        return Group(t("Cameras"), note=t("No camera is recorded here."))
    inputs = [
        Input(
            f"cameras-{state}",
            t(words),
            Swatch(f"camera-{state}", colour),
            count=t.number(counts.cameras[state]),
        )
        for state, words, colour in reversed(camera_states())
        if state in counts.cameras
    ]
    far = t("Cameras are drawn from closer by.")
    return Group(t("Cameras"), inputs, far=(("cameras", far),))


def _footprints(choice: Choice, t: Translator) -> Group:
    title = t("What cameras see")
    present = cameras.levels(db(), choice.analysis.id) if choice.analysis else []
    if not present or choice.analysis is None:
        return Group(title, note=t("No analysis has been made yet."))
    shown = shown_level(choice)
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
            inputs.append(
                Input(
                    f"footprints-{level}",
                    t(words),
                    on=level == shown,
                    choice="footprints",
                    hint=t("at least %(ppm)s px/m", ppm=t.number(ppm, 1)),
                    level=level,
                )
            )
    far = t("Views are drawn from closer by.")
    note = buildings_note(choice.analysis.dimension, t)
    return Group(title, inputs, note, far=(("footprints", far),))


def _ground(choice: Choice, t: Translator, streets: bool) -> Group:
    level = t(LEVELS[shown_level(choice)][0])
    note = t("Colour: share of street length watched for certain (%(level)s)", level=level)
    return Group(
        t("Jurisdictions and streets"),
        [
            Input("jurisdictions", t("Jurisdictions and their names"), Swatch("area")),
            Input("streets", t("Watched streets"), Swatch("street"), on=streets),
        ],
        note,
        scale=True,
        far=(("streets", t("Streets are drawn from closer by.")),),
    )
