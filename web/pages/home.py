"""The first page after signing in, by role: this morning for the technical team, tonight for the station,
the map for whoever only looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pandas as pd
from flask import Blueprint, redirect, render_template, request
from flask_babel import gettext
from sqlalchemy import text
from werkzeug.wrappers import Response

from cameras.losses import CHANGES
from cameras.repository import alerts, results
from cameras.services.reporting import morning_losses
from patrols.repository import on_map
from web import chosen, i18n
from web.access import Action, needs
from web.maps.words import CAUSES, LISTS, REASONS, STATES
from web.pages.growing import under_way
from web.requests import access, db, may, render, translator

bp = Blueprint("home", __name__)

# Enough for a screen; the rest is behind the figures.
SHOWN_LINES = 12
SHOWN_PLANS = 6
MOVED_WORDS = CAUSES["moved"].name


@dataclass(frozen=True)
class LossLine:
    """One line of the morning: cameras that went together, or one camera."""

    change: str
    kind: str
    reason: str
    common: str
    count: int
    title: str
    href: str
    since: str
    until: str


@bp.get("/")
@needs(Action.PROFILE_OWN)
def home() -> Response:
    """Whoever only looks is shown the map; others what waits for them."""
    if not may(Action.CAMERAS_VIEW) and not may(Action.PLANS_VIEW):
        return redirect("/map") if may(Action.MAP_VIEW) else render("home/nothing.html")
    if access().roles and not (may(Action.CAMERAS_VIEW) or _walks()):
        return redirect("/map")
    return render(
        "home/page.html",
        morning=_morning(),
        tonight=_tonight(),
        lists=_lists(),
        alerts=_alerts(),
        is_empty=_is_empty(),
        growing=under_way(),
    )


@bp.get("/home/morning")
@needs(Action.CAMERAS_VIEW)
def morning() -> str:
    """All lines of the morning."""
    return render_template("home/lines.html", lines=_lines(_losses(), None), t=translator())


def _walks() -> bool:
    """Whether somebody is out on patrol, so that tonight's routes come before the map."""
    return any(role.value in ("member", "volunteer") for role in access().roles)


def _is_empty() -> bool:
    return not db().scalar(text("SELECT EXISTS (SELECT 1 FROM road_edge)"))


def _losses() -> pd.DataFrame | None:
    session = db(Action.CAMERAS_VIEW)
    latest = results.latest_analysis(session)
    return None if latest is None else morning_losses(session, latest.id)


def _morning() -> dict[str, Any] | None:
    """The losses of the latest analysis in figures and lines; None without the right or an analysis."""
    if not may(Action.CAMERAS_VIEW):
        return None
    found = _losses()
    if found is None:
        return {"period": "", "counts": {}, "lines": [], "more": 0}
    latest = results.latest_analysis(db(Action.CAMERAS_VIEW))
    assert latest is not None
    lines = _lines(found, SHOWN_LINES)
    return {
        "period": chosen.period_words(latest),
        "counts": {change: int((found["change"] == change).sum()) for change in CHANGES},
        "groups": {
            change: int(found.loc[found["change"] == change, "group"].nunique()) for change in CHANGES
        },
        "lines": lines,
        "more": int(found["group"].nunique()) - len(lines),
    }


def _lines(found: pd.DataFrame | None, limit: int | None) -> list[LossLine]:
    """What went together in one line each; new ones first."""
    if found is None or found.empty:
        return []
    t = translator()
    lines: list[LossLine] = []
    for _, group in found.groupby("group", sort=True):
        if limit is not None and len(lines) == limit:
            break
        first = group.iloc[0]
        common = str(first["common"])
        lines.append(
            LossLine(
                change=str(first["change"]),
                kind=str(first["kind"]),
                reason=t(REASONS.get(str(first["reason"]), "")),
                common=common,
                count=len(group),
                title=common or str(first["name"]),
                href=_cameras_lost(common, str(first["change"])) if common else f"/cameras/{first['code']}",
                since=t.moment(_instant(group["since_ms"].min())),
                until=t.moment(_instant(group["until_ms"].max())) if first["until_ms"] >= 0 else "",
            )
        )
    return lines


def _cameras_lost(common: str, change: str) -> str:
    """The list of the cameras that were lost with one recorder or source."""
    return f"/cameras?{urlencode({'together': common, 'change': change})}"


def _instant(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(int(epoch_ms) / 1000, UTC)


def _lists() -> list[dict[str, Any]] | None:
    """How long the three lists of gaps are; None without the right or an analysis."""
    if not may(Action.GAPS_VIEW):
        return None
    session = db(Action.GAPS_VIEW)
    latest = results.latest_analysis(session)
    if latest is None:
        return None
    rows = session.execute(
        text(
            """SELECT cause, count(*) AS gaps,
                      COALESCE(sum(measure) FILTER (WHERE ground = 'street'), 0) / 1000.0 AS metres
               FROM gap WHERE analysis_id = :analysis GROUP BY cause"""
        ),
        {"analysis": latest.id},
    ).all()
    told = []
    for key, (name, who) in LISTS.items():
        mine = [row for row in rows if CAUSES[row.cause].list == key]
        told.append(
            {
                "key": key,
                "name": name,
                "who": who,
                "gaps": sum(row.gaps for row in mine),
                "metres": float(sum(row.metres for row in mine)),
            }
        )
    return told


def _alerts() -> dict[str, int] | None:
    """How many alerts there are by state; None without the right, or as long as there never was one."""
    if not may(Action.GAPS_VIEW):
        return None
    found = alerts.counts(db(Action.GAPS_VIEW), access().scope(Action.GAPS_VIEW))
    return found if any(found.values()) else None


def _tonight() -> dict[str, Any] | None:
    """The newest plans that somebody may see."""
    if not may(Action.PLANS_VIEW):
        return None
    rights = access()
    found = on_map.plans(
        db(Action.PLANS_VIEW),
        rights.scope(Action.PLANS_VIEW),
        rights.scope(Action.PLANS_VIEW_DRAFTS),
        SHOWN_PLANS,
    )
    zh = i18n.negotiated(request) == "zh"
    t = translator()
    plans = [
        {
            "id": int(row["id"]),
            "zone": row["zone"] if zh else row["zone_en"] or row["zone"],
            "shift": t.span(row["start"], row["end"]),
            "status": row["status"],
            "crossed": int(row["crossed"]),
            "reachable": int(row["reachable"]),
            "violations": len(row["violations"] or ()),
        }
        for row in found.to_dict("records")
    ]
    return {"plans": plans}


@bp.app_context_processor
def words() -> dict[str, Any]:
    """Words for states and changes that the pages of losses use."""
    return {
        "state_words": {key: name for key, (name, _) in STATES.items()} | {"moved": MOVED_WORDS},
        "change_words": {
            "new": gettext("new"),
            "still": gettext("still"),
            "restored": gettext("back again"),
        },
    }
