"""What a plan's page shows: its state, routes on a map, each team's evening, who visits whom, its figures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import geopandas as gpd
import pandas as pd
from werkzeug.wrappers import Response

from geo.errors import InputRefused
from patrols.plan import PlanFile
from patrols.repository import of_plan, on_map
from patrols.repository.parts import Part, earlier_parts, visits_of_shift
from patrols.repository.steps import steps
from patrols.services.figures import plan_figures, plan_file
from patrols.services.life import answered
from patrols.tables import Plan
from web.access import Action
from web.duty.making import colour_of
from web.geofeatures import collection
from web.i18n import N_, Translator
from web.jobs.words import told
from web.maps.words import MODES
from web.pages.plans.changed import changes_told, dropped_of, replaceable
from web.pages.plans.strips import key, strips
from web.pages.plans.told import change, ground_told, outcomes_of, spread_told, watched_chart
from web.pages.plans.wording import BY_HAND, NOT_NEEDED, OUTCOMES, STATUSES, STEPS, TONES
from web.planrights import may_of_plan, seen_plan, sees_reasons
from web.planstate import stale_plans
from web.refusals import said
from web.requests import db, render, translator
from web.stopreasons import told_reasons

HERE = (Action.PLANS_VIEW_DRAFTS, Action.PLANS_MAKE, Action.PLANS_PUBLISH, Action.CHECK_INS_ENTER)


def shown(number: int, *, refused: InputRefused | None = None, status: int = 200) -> Response:
    """The page of a plan, with the refusal of what was tried on it."""
    t = translator()
    plan = seen_plan(number)
    may_here = {action: may_of_plan(action, number) for action in HERE}
    with_reasons, state = sees_reasons(number), plan["status"]
    # Documents of large zones are large: read once.
    stored = db().get_one(Plan, number)
    file = plan_file(stored)
    context = _evening(plan, stored, file, t, with_reasons)
    if may_here[Action.PLANS_VIEW_DRAFTS]:
        context |= _life(plan, stored, t)
        context |= _figures(plan, stored, file, t, with_reasons)
    return render(
        "plans/record.html",
        status=status,
        plan=plan,
        zone_name=plan["zone"] if t.lang == "zh" else plan["zone_en"] or plan["zone"],
        shift=t.span(plan["start"], plan["end"]),
        leads=(plan["leads_name"] if t.lang == "zh" else plan["leads_name_en"]) or plan["leads"],
        state=t(STATUSES[state]),
        tone=TONES[state],
        may_here=may_here,
        with_reasons=with_reasons,
        bound=plan["value"] / plan["upper_bound"] if plan["upper_bound"] else None,
        refused=said(refused, t) if refused else "",
        refusals=[said(one, t) for one in refused.problems] if refused else [],
        **context,
    )


def _evening(
    plan: dict[str, Any], stored: Plan, file: PlanFile | None, t: Translator, with_reasons: bool
) -> dict[str, Any]:
    """What everybody who sees the plan is shown."""
    visits = on_map.visits(db(), plan["id"])
    whole = visits_of_shift(db(), plan["id"])
    stops = of_plan.stops(db(), plan["id"])
    homes = _villages(whole, t)
    teams = _teams(visits, t)
    return {
        "teams": teams,
        "day": strips(plan, whole, [(file, None), *_files_before(plan["id"])], t),
        "day_key": key(t),
        "matrix": of_plan.crossings(whole),
        "villages": homes,
        "ground": ground_told(plan["id"], of_plan.members(db(), plan["zone_id"]), homes, t),
        "stops": _stops(stops, whole, outcomes_of(stops, file), dropped_of(stored), t, with_reasons),
        "layers": plan_layers(plan, visits, stops, t),
        "published_at": next(
            (one["at"] for one in reversed(steps(db(), plan["id"])) if one["step"] == "published"), None
        )
        if plan["status"] == "published"
        else None,
    }


def _files_before(number: int) -> Iterator[tuple[PlanFile | None, Part | None]]:
    """What the earlier parts of a plan's shift were, the latest first."""
    for part in earlier_parts(db(), number):
        yield plan_file(db().get_one(Plan, part.plan)), part


def _life(plan: dict[str, Any], stored: Plan, t: Translator) -> dict[str, Any]:
    """How far the plan is, what has changed under it, and what of it nobody has answered for yet."""
    stale = stale_plans([plan["id"]]).get(plan["id"], [])
    taken = steps(db(), plan["id"])
    known = answered(taken) if plan["status"] != "draft" else []
    wrong = [*stored.violations, *(one.as_json() for one in stale)]
    return {
        "violations": [told(one, t) for one in stored.violations],
        "stale": [said(one, t) for one in stale],
        "unanswered": [told(one, t) for one in wrong if one not in known],
        "steps": [_step(one, t) for one in taken],
        "wishes": stored.parameters.get("wishes"),
        "by_hand": stored.parameters.get("by_hand"),
        "roster": stored.parameters.get("roster"),
        "goes_on": _going_on(stored.parameters.get("goes_on"), t),
        "changes": changes_told(plan, stored, t),
        "replaces": replaceable(plan, stored),
    }


def _going_on(kept: dict[str, Any] | None, t: Translator) -> dict[str, Any] | None:
    """From which plan, and when, one goes on whose shift had begun; None for any other."""
    if not kept:
        return None
    return {
        "plan": kept["plan"],
        "at": t.moment(datetime.fromisoformat(kept["now"])),
        "why": kept.get("why", ""),
    }


def _step(taken: dict[str, Any], t: Translator) -> dict[str, Any]:
    """A step as the page tells it."""
    name = taken["step"]
    return {
        "words": t(STEPS[name]),
        "tone": TONES.get(name, "warn"),
        "at": t.moment(taken["at"]),
        "author": taken["author"],
        "reason": taken["reason"],
        "by_plan": taken["by_plan"],
        "despite": [told(sentence, t) for sentence in taken["despite"]],
    }


def _figures(
    plan: dict[str, Any], stored: Plan, file: PlanFile | None, t: Translator, with_reasons: bool
) -> dict[str, Any]:
    """What the plan is worth, for those who may weigh it."""
    figures = plan_figures(db(), stored, file)
    before = figures.before
    return {
        "before": before,
        "before_span": t.span(before["start"], before["end"]) if before else "",
        "change": change(plan["value"], before["value"], t) if before else None,
        "crossed_change": change(plan["crossed"], before["crossed"], t) if before else None,
        "gaps_closed": figures.gaps_closed,
        "gaps_per_hour": figures.gaps_per_hour,
        "team_hours": figures.team_hours,
        "spread": spread_told(figures, t),
        "watched": watched_chart(stored, t) if with_reasons else None,
    }


def _villages(visits: pd.DataFrame, t: Translator) -> dict[str, str]:
    """Name of each team's village by its path; its code where it has none."""
    keys = ("village", "village_en") if t.lang == "zh" else ("village_en", "village")
    return {
        row["home"]: next((row[key] for key in keys if row[key]), row["home"].rpartition(".")[2])
        for row in visits[visits["home"].notna()].to_dict("records")
    }


def _by_team(visits: gpd.GeoDataFrame) -> Iterator[tuple[int, gpd.GeoDataFrame]]:
    """Each team's number and visits."""
    for number in sorted(set(visits["number"].astype(int))):
        yield number, visits[visits["number"] == number]


def _named(row: Any, t: Translator) -> str:
    return str(row["team_name"] if t.lang == "zh" else row["team_name_en"] or row["team_name"])


def _teams(visits: gpd.GeoDataFrame, t: Translator) -> list[dict[str, Any]]:
    """Each team's evening in order."""
    return [
        {
            "number": number,
            "colour": colour_of(number),
            "name": _named(rows.iloc[0], t),
            "mode": t(MODES[rows.iloc[0]["mode"]]),
            "length": t.length(float(rows["distance_m"].sum())),
            "visits": [
                {
                    "stop": int(row["stop"]),
                    "stop_id": row["stop_id"],
                    "arrive": t.clock(row["arrive_at"]),
                    "start": t.clock(row["start_at"]),
                    "end": t.clock(row["end_at"]),
                    "nth": int(row["nth"]),
                }
                for row in rows[rows["stop_id"].notna()].to_dict("records")
            ],
            "back": t.clock(rows["arrive_at"].max()),
        }
        for number, rows in _by_team(visits)
    ]


def _stops(
    stops: gpd.GeoDataFrame,
    visits: pd.DataFrame,
    outcomes: dict[str, str],
    dropped: set[str],
    t: Translator,
    with_reasons: bool,
) -> list[dict[str, Any]]:
    """Every stop: where, who comes when, crossed or why not; its worth and why for those who may know."""
    coming: dict[str, list[dict[str, Any]]] = {}
    for row in visits[visits["stop_id"].notna()].sort_values("start_at").to_dict("records"):
        coming.setdefault(row["stop_id"], []).append(
            {
                "when": f"{t.clock(row['start_at'])}–{t.clock(row['end_at'])}",
                "number": int(row["number"]),
                "name": _named(row, t),
                "colour": colour_of(int(row["number"])),
            }
        )
    village = "village" if t.lang == "zh" else "village_en"
    made = []
    for row in stops.drop(columns="geometry").to_dict("records"):
        outcome = outcomes[row["stop_id"]]
        made.append(
            {
                "number": int(row["number"]),
                "stop_id": row["stop_id"],
                "village": row[village],
                "visits": coming.get(row["stop_id"], []),
                "crossed": outcome == "crossed",
                "crossable": row["crossable"],
                "why_not": t(NOT_NEEDED)
                if outcome != "crossed" and row["stop_id"] in dropped
                else t(OUTCOMES[outcome])
                if outcome in OUTCOMES
                else "",
                "prize": int(row["prize"]) if with_reasons else None,
                "why": (told_reasons(row["why"], t) or [t(BY_HAND)]) if with_reasons else [],
            }
        )
    return made


def plan_layers(
    plan: dict[str, Any], visits: gpd.GeoDataFrame, stops: gpd.GeoDataFrame, t: Translator
) -> list[dict[str, Any]]:
    """The zone, each team's way in its colour, the numbered stops."""
    layers: list[dict[str, Any]] = [
        {
            "features": collection(of_plan.zone_shape(db(), plan["zone_id"]).assign(name="")),
            "colour": "#1b1f23",
            "weight": 2,
            "dash": "7 4",
            "fill": 0,
            "frame": True,
        }
    ]
    for number, rows in _by_team(visits):
        label = f"{number} {_named(rows.iloc[0], t)}"
        layers.append(
            {
                "features": collection(rows[["id", "geometry"]].assign(label=label), id="id", label="label"),
                "colour": colour_of(number),
                "weight": 5,
                "fill": 0,
                "ants": True,
            }
        )
    named = stops.assign(name=[t(N_("stop %(n)s"), n=int(n)) for n in stops["number"]])
    layers.append(
        {
            "features": collection(named, id="stop_id", label="name", number="number"),
            "colour": "#1b1f23",
            "radius": 9,
            "fill": 1,
        }
    )
    return layers
