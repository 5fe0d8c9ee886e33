"""The board on which a draft is changed by hand: a line for each team, and what a change means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from patrols.changes import changed_visits
from patrols.check import Violation
from patrols.daybook import VISIT, daybook
from patrols.outcomes import stop_outcomes
from patrols.plan import PatrolPlan
from patrols.problem import PatrolProblem
from patrols.repository import of_plan, on_map
from patrols.services.by_hand import Draft, Tried
from web.duty.done import NOBODYS
from web.duty.making import colour_of
from web.i18n import N_, Translator
from web.pages.plans.strips import DARK_INK, KINDS, LIGHT
from web.pages.plans.told import change
from web.pages.plans.wording import CHANGE_TONES, CHANGES, OUTCOMES
from web.refusals import said
from web.requests import db
from web.timeline import Line, Period, Timeline


@dataclass(frozen=True)
class _Names:
    """How teams and stops are told.

    Parameters
    ----------
    teams : dict
        Name by code.
    numbers : dict
        Number by code, of those with a route in the stored plan.
    stops : dict
        Number by stop_id.
    villages : dict
        Name of a stop's village by its stop_id, "" for none.
    """

    teams: dict[str, str]
    numbers: dict[str, int]
    stops: dict[str, int]
    villages: dict[str, str]

    def team(self, code: str) -> str:
        """A team's number, where it has one, and name."""
        name = self.teams.get(code, code)
        return f"{self.numbers[code]} {name}" if code in self.numbers else name


def _names(plan: dict[str, Any], t: Translator) -> _Names:
    zh = t.lang == "zh"
    visits = on_map.visits(db(), plan["id"])
    rows = visits.drop_duplicates("team").to_dict("records")
    teams = of_plan.teams(db(), plan["zone_id"]).drop(columns="geometry").to_dict("records")
    stops = of_plan.stops(db(), plan["id"]).drop(columns="geometry").to_dict("records")
    return _Names(
        {row["team"]: row["team_name" if zh else "team_name_en"] or row["team_name"] for row in rows}
        | {row["code"]: row["name" if zh else "name_en"] for row in teams},
        {row["team"]: int(row["number"]) for row in rows},
        {row["stop_id"]: int(row["number"]) for row in stops},
        {row["stop_id"]: row["village" if zh else "village_en"] or "" for row in stops},
    )


def goes_on(draft: Draft) -> bool:
    """Whether a draft is of the rest of a shift, which planning again knows nothing of."""
    return bool(draft.stored.parameters.get("goes_on"))


def board(
    plan: dict[str, Any], draft: Draft, tried: Tried, with_reasons: bool, t: Translator
) -> dict[str, Any]:
    """What `plans/by_hand_board.html` shows.

    Parameters
    ----------
    plan : dict
        As `of_plan.plan`.
    draft : Draft
        As it is stored.
    tried : Tried
        As it would be.
    with_reasons : bool
        Whether whoever asks may know what stops are worth.
    """
    names = _names(plan, t)
    book = daybook(tried.problem, tried.plan)
    origin = tried.problem.origin
    ends = [plan["end"], *(_at(origin, second) for second in book["end_s"].tolist())]
    # Of a plan that goes on, what is left of the shift.
    day = Timeline(max(plan["start"], _at(origin, tried.problem.span_s[0])), max(ends), [])
    told = _changes(draft, tried, names, t)
    fresh = {(row["team_code"], row["stop_id"]) for row in told if row["what"] == "new"}
    return {
        "day": day,
        "teams": [
            _team(code, day, book[book["team_id"] == code], tried, names, fresh, t)
            for code in tried.problem.teams["team_id"]
        ],
        "changes": told,
        "figures": _figures(draft.plan, tried.plan, with_reasons, t),
        "outcomes": _outcomes(draft, tried, names, t),
        "broken": [_broken(one, tried.problem, names, t) for one in tried.broken],
        "left": _left(tried, names),
        "elsewhere": not goes_on(draft) and any(row["what"] != "moved" for row in told),
    }


def _left(tried: Tried, names: _Names) -> list[dict[str, Any]]:
    """Stops that nobody comes to, without those crossed before the plan begins: stop_id, number, village."""
    served = {*tried.plan.visits["stop_id"], *tried.plan.crossed}
    return [
        {"stop_id": stop, "number": number, "village": names.villages[stop]}
        for stop, number in names.stops.items()
        if stop not in served
    ]


def _team(
    code: str,
    day: Timeline,
    book: pd.DataFrame,
    tried: Tried,
    names: _Names,
    fresh: set[tuple[str, str]],
    t: Translator,
) -> dict[str, Any]:
    """A team's line: what lies between its visits, and the visits in their order."""
    origin = tried.problem.origin
    number = names.numbers.get(code)
    colour = NOBODYS if number is None else colour_of(number)
    between = Line("", list(_between(book[book["kind"] != VISIT], origin, t)))
    rows = tried.plan.visits[tried.plan.visits["team_id"] == code].sort_values("seq")
    visits = []
    for place, row in enumerate(rows.to_dict("records")):
        start, end = _at(origin, row["start_s"]), _at(origin, row["end_s"])
        stop = names.stops[row["stop_id"]]
        period = Period(start, end, "", colour=colour, text=str(stop))
        left, width, _ = next(iter(day.bars(Line("", [period]))), (0.0, 0.0, period))
        visits.append(
            {
                "place": place,
                "stop_id": row["stop_id"],
                "stop": stop,
                "when": f"{t.clock(start)}–{t.clock(end)}",
                "left": left,
                "width": width,
                "new": (code, row["stop_id"]) in fresh,
            }
        )
    return {
        "code": code,
        "label": names.team(code),
        "colour": colour,
        "ink": DARK_INK if colour in LIGHT else "#ffffff",
        "between": list(day.bars(between)),
        "visits": visits,
    }


def _between(book: pd.DataFrame, origin: datetime, t: Translator) -> Iterator[Period]:
    """Ways, waits and breaks."""
    for row in book.to_dict("records"):
        words, shade = KINDS[row["kind"]]
        yield Period(_at(origin, row["start_s"]), _at(origin, row["end_s"]), t(words), colour=shade)


def _at(origin: datetime, second: int) -> datetime:
    return origin + timedelta(seconds=int(second))


def _starts(problem: PatrolProblem, plan: PatrolPlan) -> pd.DataFrame:
    """Visits as `changed_visits` takes them."""
    return pd.DataFrame(
        {
            "team": plan.visits["team_id"],
            "stop_id": plan.visits["stop_id"],
            "start_at": pd.to_datetime(
                [_at(problem.origin, second) for second in plan.visits["start_s"].tolist()], utc=True
            ),
        }
    )


def _changes(draft: Draft, tried: Tried, names: _Names, t: Translator) -> list[dict[str, Any]]:
    """Who goes where no more, anew, or at another time; who is told first."""
    found = changed_visits(_starts(draft.problem, draft.plan), _starts(tried.problem, tried.plan))
    rows = [
        {
            "team_code": row["team"],
            "team": names.team(row["team"]),
            "stop_id": row["stop_id"],
            "stop": names.stops[row["stop_id"]],
            "before": "" if pd.isna(row["before"]) else t.clock(row["before"].to_pydatetime()),
            "after": "" if pd.isna(row["after"]) else t.clock(row["after"].to_pydatetime()),
            "what": row["what"],
            "words": t(CHANGES[row["what"]]),
            "tone": CHANGE_TONES[row["what"]] if row["told"] else "quiet",
        }
        for row in found.to_dict("records")
    ]
    return sorted(rows, key=lambda row: row["what"] == "moved")


def _figures(
    before: PatrolPlan, after: PatrolPlan, with_reasons: bool, t: Translator
) -> list[tuple[str, str, str, tuple[str, str] | None]]:
    """What it is worth: name, value now, what it was, the difference."""
    pairs: list[tuple[str, float, float]] = [
        (t(N_("Stops crossed")), len(after.crossed), len(before.crossed))
    ]
    if with_reasons:
        pairs.append((t(N_("Value")), after.value, before.value))
    return [
        (
            name,
            t.number(now),
            t(N_("%(n)s before"), n=t.number(was)),
            change(now, was, t) if now != was else None,
        )
        for name, now, was in pairs
    ]


def _outcomes(draft: Draft, tried: Tried, names: _Names, t: Translator) -> list[tuple[str, str]]:
    """Stops that are crossed now, or no more, as (words, tone)."""
    lost = [stop for stop in draft.plan.crossed if stop not in tried.plan.crossed]
    won = [stop for stop in tried.plan.crossed if stop not in draft.plan.crossed]
    why = stop_outcomes(tried.problem, tried.plan)
    return [
        *(
            (
                t(
                    N_("stop %(n)s is not crossed any more: %(why)s"),
                    n=names.stops[str(stop)],
                    why=t(OUTCOMES[str(why[stop])]),
                ),
                "warn",
            )
            for stop in lost
        ),
        *((t(N_("stop %(n)s is crossed now"), n=names.stops[str(stop)]), "good") for stop in won),
    ]


def _broken(found: Violation, problem: PatrolProblem, names: _Names, t: Translator) -> str:
    """A broken rule in words of the page; as the checker says it where there are no better ones."""
    team = "" if found.team_id is None else names.team(str(found.team_id))
    stop = names.stops.get(str(found.stop_id), 0)
    if found.code == "shift" and found.value is not None and found.limit is not None:
        back, end = (t.clock(_at(problem.origin, int(second))) for second in (found.value, found.limit))
        return t(N_("%(team)s is back at %(back)s, its shift ends at %(end)s"), team=team, back=back, end=end)
    if found.code == "window" and found.value is not None:
        at = t.clock(_at(problem.origin, int(found.value)))
        return t(
            N_("%(team)s is at stop %(n)s at %(at)s, outside the hours in which somebody must come"),
            team=team,
            n=stop,
            at=at,
        )
    words = {
        "break": N_("%(team)s has no room for its break"),
        "forbidden": N_("%(team)s must not go to stop %(n)s"),
        "required": N_("somebody must come to stop %(n)s, and nobody does"),
        "pinned": N_("%(team)s must come to stop %(n)s and does not"),
    }.get(found.code)
    return said(found.message, t) if words is None else t(words, team=team, n=stop)
