"""What a plan that goes on changes: for whom, when, and as a text for the teams concerned."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd

from patrols.changes import changed_visits
from patrols.repository import of_plan, on_map, steps
from patrols.tables import Plan
from web.duty.changed import change_text
from web.duty.making import duty_of
from web.i18n import Translator
from web.pages.plans.wording import CHANGE_TONES, CHANGES
from web.requests import db


def changes_told(plan: dict[str, Any], stored: Plan, t: Translator) -> dict[str, Any] | None:
    """What is other than in the plan that this one goes on from; None for one that goes on from none.

    `rows` is None where that plan is not stored any more.
    """
    kept = stored.parameters.get("goes_on")
    if not kept:
        return None
    before = of_plan.plan(db(), kept["plan"])
    if before is None:
        return {"plan": kept["plan"], "rows": None, "text": ""}
    now = datetime.fromisoformat(kept["now"])
    was, becomes = (on_map.visits(db(), number) for number in (before["id"], plan["id"]))
    names = _names(pd.concat([was, becomes]), t)
    found = changed_visits(*to_come(was, becomes, now))
    numbers = dict(of_plan.stops(db(), plan["id"])[["stop_id", "number"]].itertuples(index=False, name=None))
    concerned = list(dict.fromkeys(found.loc[found["told"], "team"]))
    return {
        "plan": kept["plan"],
        "rows": [
            {
                "team": names[row["team"]],
                "stop_id": row["stop_id"],
                "stop": int(numbers[row["stop_id"]]),
                "before": "" if pd.isna(row["before"]) else t.clock(row["before"].to_pydatetime()),
                "after": "" if pd.isna(row["after"]) else t.clock(row["after"].to_pydatetime()),
                "words": t(CHANGES[row["what"]]),
                "tone": CHANGE_TONES[row["what"]],
                "told": bool(row["told"]),
            }
            for row in found.to_dict("records")
        ],
        "teams": [names[code] for code in concerned],
        "text": change_text(duty_of(db(), plan, t), {code: names[code] for code in concerned}, now, t),
    }


def replaceable(plan: dict[str, Any], stored: Plan) -> int | None:
    """The published plan in whose place this one can be published; None for none."""
    return None if plan["status"] == "published" else steps.published_beside(db(), stored)


def dropped_of(stored: Plan) -> set[str]:
    """Stops of a plan that are not needed any more, as whoever let it go on said."""
    return set((stored.parameters.get("goes_on") or {}).get("dropped", ()))


def to_come(was: pd.DataFrame, becomes: pd.DataFrame, now: datetime) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Visits at stops that are still to be made, of a plan and of the one that goes on from it at a moment.

    A visit that the first begins at that very moment is made; one of the second begins there at the earliest.

    Parameters
    ----------
    was, becomes : DataFrame
        team (code), stop_id (None on the way back), start_at.
    """
    columns = ["team", "stop_id", "start_at"]
    return (
        was.loc[was["stop_id"].notna() & (was["start_at"] > now), columns],
        becomes.loc[becomes["stop_id"].notna() & (becomes["start_at"] >= now), columns],
    )


def _names(visits: pd.DataFrame, t: Translator) -> dict[str, str]:
    """Each team's name by its code."""
    column = "team_name" if t.lang == "zh" else "team_name_en"
    return {row["team"]: row[column] or row["team_name"] for row in visits.to_dict("records")}
