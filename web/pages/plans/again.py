"""Plan a shift again from a plan: its visits, each kept, forbidden, given to another team or left open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from geo.errors import InputRefused
from patrols.repository import of_plan, on_map
from web.access import Action, needs
from web.duty.making import colour_of
from web.pages.plans.blueprint import bp
from web.pages.plans.ordering import ordered, shift_given
from web.planrights import seen_plan
from web.refusals import said
from web.requests import db, render, translator
from web.settings import current

KEEP, FORBID, GIVE = "keep", "forbid", "give:"


@dataclass(frozen=True)
class _Line:
    """A visit, or a stop that nobody visits (`team` is None), and the name of its field."""

    field: str
    stop_id: str
    stop: int
    team: str | None
    number: int
    name: str
    when: str


@bp.get("/<int:number>/again")
@needs(Action.PLANS_MAKE)
def again(number: int) -> Response:
    """What shall stay as it is, and what shall not be."""
    return _form(seen_plan(number), {})


@bp.post("/<int:number>/again")
@needs(Action.PLANS_MAKE)
def begin_again(number: int) -> Response:
    """Put the plan into the queue, with what is kept and what is forbidden."""
    plan = seen_plan(number)
    given = request.form.to_dict()
    try:
        pinned, forbidden = _wishes(plan, given)
        asked = shift_given(given) | {
            "zone": plan["zone_code"],
            "again": number,
            "pinned": pinned,
            "forbidden": forbidden,
        }
        # The zone's rule may be another one by now.
        if plan["leads"] and plan["rule"].get("pattern") == "rota":
            asked["leads"] = plan["leads"]
        return ordered(plan["zone_code"], asked)
    except InputRefused as refused:
        db().rollback()
        return _form(plan, given, refused=refused, status=422)


def _wishes(plan: dict[str, Any], given: dict[str, str]) -> tuple[list[list[str]], list[list[str]]]:
    """Pairs (team, stop) that are kept and that are forbidden."""
    pinned, forbidden = [], []
    for line in _lines(plan):
        wish = given.get(line.field, "")
        if wish.startswith(GIVE):
            pinned.append([wish.removeprefix(GIVE), line.stop_id])
        if line.team is None:
            continue
        if wish == KEEP:
            pinned.append([line.team, line.stop_id])
        elif wish == FORBID or wish.startswith(GIVE):
            forbidden.append([line.team, line.stop_id])
    return pinned, forbidden


def _lines(plan: dict[str, Any]) -> Iterator[_Line]:
    """Every visit by team and order, then the stops without one."""
    t = translator()
    visits = on_map.visits(db(), plan["id"])
    visits = visits[visits["stop_id"].notna()]
    name = "team_name" if t.lang == "zh" else "team_name_en"
    for row in visits.to_dict("records"):
        yield _Line(
            f"visit-{row['id']}",
            row["stop_id"],
            int(row["stop"]),
            row["team"],
            int(row["number"]),
            row[name] or row["team_name"],
            f"{t.clock(row['start_at'])}–{t.clock(row['end_at'])}",
        )
    seen = set(visits["stop_id"])
    for row in of_plan.stops(db(), plan["id"]).drop(columns="geometry").to_dict("records"):
        if row["stop_id"] not in seen:
            number = int(row["number"])
            yield _Line(f"stop-{number}", row["stop_id"], number, None, 0, "", "")


def _form(
    plan: dict[str, Any], given: dict[str, str], *, refused: InputRefused | None = None, status: int = 200
) -> Response:
    t = translator()
    zh = t.lang == "zh"
    lines = list(_lines(plan))
    teams = of_plan.teams(db(), plan["zone_id"]).drop(columns="geometry").to_dict("records")
    return render(
        "plans/again.html",
        status=status,
        plan=plan,
        zone_name=plan["zone"] if zh else plan["zone_en"] or plan["zone"],
        shift=t.span(plan["start"], plan["end"]),
        by_team=[
            {
                "number": number,
                "name": own[0].name,
                "code": own[0].team,
                "colour": colour_of(number),
                "lines": own,
                "asked": any(given.get(line.field) for line in own),
            }
            for number in sorted({line.number for line in lines if line.team})
            if (own := [line for line in lines if line.number == number])
        ],
        unvisited=[line for line in lines if line.team is None],
        teams=[(row["code"], row["name"] if zh else row["name_en"]) for row in teams],
        given={
            "start": f"{plan['start'].astimezone(t.zone):%Y-%m-%dT%H:%M}",
            "end": f"{plan['end'].astimezone(t.zone):%Y-%m-%dT%H:%M}",
            "seconds": current(db())["planning.search_s"],
            "seed": "1",
            **given,
        },
        problem=said(refused, t) if refused else "",
        problems=[said(one, t) for one in refused.problems] if refused else [],
        keep=KEEP,
        forbid=FORBID,
        give=GIVE,
    )
