"""A roster in one language: its turns, who serves in them, and how they are shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from patrols.rosters import document as doc
from patrols.rosters.figures import team_figures
from web.i18n import N_, Translator

KINDS = {"all": N_("All turns"), "night": N_("Nights"), "weekend": N_("Weekends")}
WEEKDAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))


@dataclass(frozen=True)
class Entry:
    """A team in a turn."""

    code: str
    name: str
    fixed: bool
    mixed: bool


@dataclass(frozen=True)
class Turn:
    """One slot of one day."""

    number: int
    day: str
    start: datetime
    end: datetime
    name: str
    entries: Sequence[Entry]
    village: str
    leader: str
    forbidden: Sequence[str]


@dataclass(frozen=True)
class Share:
    """What a team serves: its name, village, by kind of turn (turns, fair share), and turns before."""

    code: str
    name: str
    village: str
    turns: Mapping[str, tuple[int, float]]
    before: int


@dataclass(frozen=True, eq=False)
class Shown:
    """A roster as people read it.

    Parameters
    ----------
    days : sequence of str
        Each with its weekday.
    slots : sequence of str
        Hours.
    grid : sequence of rows
        A turn for each day and slot.
    spread : dict
        By kind, in turns.
    counted : sequence of int
        Numbers of the rosters before whose turns count.
    """

    number: int
    zone: str
    zone_code: str
    draft: bool
    made_at: datetime
    days: Sequence[str]
    slots: Sequence[str]
    grid: Sequence[Sequence[Turn]]
    shares: Sequence[Share]
    spread: Mapping[str, float]
    repeats: int
    proven: bool
    rest_h: float
    counted: Sequence[int]

    @property
    def turns(self) -> list[Turn]:
        """Every turn in order of time."""
        return sorted((turn for row in self.grid for turn in row), key=lambda turn: turn.number)


def shown(head: Mapping[str, Any], t: Translator) -> Shown:
    """A stored roster (`patrols.repository.rosters.head`) in the translator's language."""
    made = head["document"]
    names = {code: _named(facts, "name", t) for code, facts in made["teams"].items()}
    homes = {
        facts["village"]: _named(facts, "village_name", t)
        for facts in made["teams"].values()
        if facts["village"]
    }
    mixed = {code for code, facts in made["teams"].items() if doc.is_mixed(made, facts)}
    when = doc.periods(made, t.zone)
    days = [_day(day, t) for day in made["days"]]
    cells: dict[tuple[int, int], Turn] = {}
    for k, (turn, (start, end)) in enumerate(zip(made["turns"], when, strict=True)):
        cells[turn["day"], turn["slot"]] = Turn(
            k,
            days[turn["day"]],
            start,
            end,
            doc.turn_name(made, k),
            [Entry(code, names[code], code in turn["fixed"], code in mixed) for code in turn["teams"]],
            homes.get(turn["village"], ""),
            turn["leader"],
            [names[code] for code in turn["forbidden"]],
        )
    return Shown(
        number=head["id"],
        zone=_named({"zone": head["zone"], "zone_en": head["zone_en"]}, "zone", t),
        zone_code=head["zone_code"],
        draft=head["status"] != "published",
        made_at=head["created_at"],
        days=days,
        slots=[f"{one['from']}–{one['to']}" for one in made["slots"]],
        grid=[[cells[day, slot] for slot in range(len(made["slots"]))] for day in range(len(days))],
        shares=[
            Share(
                one.code,
                names[one.code],
                homes.get(made["teams"][one.code]["village"], ""),
                {kind: (one.turns[kind], one.share[kind]) for kind in one.turns},
                one.before["all"],
            )
            for one in team_figures(made, t.zone)
        ],
        spread=made["spread"],
        repeats=made["repeats"],
        proven=made["proven"],
        rest_h=made["rest_h"],
        counted=[one["roster"] for one in made.get("before", ())],
    )


def _day(day: str, t: Translator) -> str:
    return f"{day} {t(WEEKDAYS[date.fromisoformat(day).weekday()])}"


def _named(row: Mapping[str, Any], name: str, t: Translator) -> str:
    """A name in the reader's language where it has one, else in the other; "" without."""
    keys = (name, f"{name}_en") if t.lang == "zh" else (f"{name}_en", name)
    return next((str(row[key]) for key in keys if row.get(key)), "")
