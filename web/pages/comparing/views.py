"""The pages of two analyses compared."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
from flask import Blueprint, abort, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from cameras.repository import on_map
from cameras.services import comparing
from cameras.services.comparing import ComparedGaps
from cameras.tables import Analysis
from web import chosen, i18n, narrowing
from web.access import Action, needs
from web.i18n import N_
from web.maps.words import CAUSES, DIMENSIONS, LEVELS, LISTS
from web.pages.comparing.tables import CHOICE, OUTCOMES, PARTS, TABLES, TONES
from web.requests import db, may, render, translator
from web.tabular.view import table_view, wants_rows

bp = Blueprint("comparing", __name__, url_prefix="/analyses")

FIRST = "gaps"


@bp.get("/<int:number>/against")
@needs(Action.GAPS_VIEW)
def choose(number: int) -> Response:
    """The analyses that one can be compared with."""
    found = _analysis(number)
    return table_view(
        CHOICE,
        "comparing/choose.html",
        parameters={"base": number},
        analysis=found,
        period=chosen.period_words(found),
        words=_made_with(found),
    )


@bp.get("/<int:number>/against/<int:other>", defaults={"part": FIRST})
@bp.get("/<int:number>/against/<int:other>/<part>")
@needs(Action.GAPS_VIEW)
def compared(number: int, other: int, part: str) -> Response:
    """What became of gaps, shares or cameras since another analysis."""
    if part not in TABLES or (part == "cameras" and not may(Action.CAMERAS_VIEW)):
        abort(404)
    after, before = _analysis(number), _analysis(other)
    context: dict[str, Any] = {
        "after": after,
        "before": before,
        "period": chosen.period_words(after),
        "earlier": chosen.period_words(before),
        "part": part,
        "why": _why_not(after, before),
    }
    if context["why"]:
        return render("comparing/page.html", **context)
    area, spec = narrowing.area(), TABLES[part]
    gaps = None
    if part == "gaps" or not wants_rows(spec):
        gaps = comparing.compared_gaps(db(), before, after, area)
    if part == "gaps":
        assert gaps is not None
        rows = _gap_rows(gaps)
    elif part == "shares":
        rows = _share_rows(comparing.compared_shares(db(), before, after, area))
    else:
        rows = _camera_rows(comparing.compared_cameras(db(), before, after, area))
    return table_view(
        spec,
        "comparing/page.html",
        parameters={
            "rows": json.dumps(rows),
            "analyses": [number, other],
            "lang": i18n.negotiated(request),
        },
        **context,
        **({} if gaps is None or wants_rows(spec) else _figures(before, after, gaps)),
    )


def _analysis(number: int) -> Analysis:
    found = db().get(Analysis, number)
    if found is None:
        abort(404)
    return found


def _why_not(after: Analysis, before: Analysis) -> list[str]:
    """What keeps two analyses from being compared, in words; nothing when they can be."""
    if after.id == before.id:
        return [gettext("It is one and the same analysis. Choose another to compare it with.")]
    made, others = _made_with(after), _made_with(before)
    return [
        gettext("%(what)s: %(one)s here, %(other)s there", what=made[name][0], one=made[name][1], other=words)
        for name, (_, words) in others.items()
        if name in comparing.differences(after, before)
    ]


def _made_with(analysis: Analysis) -> dict[str, tuple[str, str]]:
    """What must be alike, and its value, in words."""
    t, made = translator(), comparing.made_with(analysis)
    level, dimension = str(made["level"]), str(made["dimension"])
    return {
        "level": (t(N_("Level of detail")), t(LEVELS[level][0]) if level in LEVELS else level),
        "dimension": (t(N_("Buildings in the way")), t(DIMENSIONS[dimension][0])),
        "slot_min": (t(N_("Slot")), t.duration(float(made["slot_min"]))),
        "threshold": (t(N_("Open below")), t.share(float(made["threshold"]))),
    }


def _figures(before: Analysis, after: Analysis, gaps: ComparedGaps) -> dict[str, Any]:
    """What stands above the table: the watched street, gaps by outcome and by cause."""
    t, area = translator(), narrowing.area()
    shares = [on_map.share(db(), one.id, one.level, area) for one in (before, after)]
    counts = gaps.rows["outcome"].value_counts()
    causes = gaps.causes.reindex(list(CAUSES))
    lost = (
        comparing.compared_cameras(db(), before, after, area).dropna() if may(Action.CAMERAS_VIEW) else None
    )
    return {
        "parts": [(key, t(words)) for key, words in PARTS.items() if key != "cameras" or lost is not None],
        "watched": None if None in shares else shares,
        "outcomes": [(key, t(words), int(counts.get(key, 0)), TONES[key]) for key, words in OUTCOMES.items()],
        "lost": None if lost is None or lost.empty else lost.mean().to_dict(),
        "causes": [
            (CAUSES[name], t(LISTS[CAUSES[name].list][0]), row)
            for name, row in zip(causes.index, causes.to_dict("records"), strict=True)
            if row["before_gaps"] or row["after_gaps"]
        ],
        "chart_spec": {
            "kind": "bar",
            "x": [t(CAUSES[name].name) for name in causes.index],
            "series": [
                {"name": t(words), "values": [float(f"{value:.1f}") for value in causes[f"{side}_street_m"]]}
                for side, words in (("before", N_("Period before")), ("after", N_("Period now")))
            ],
            "unit": "m",
            "digits": 1,
            "turned": True,
        },
    }


def _gap_rows(gaps: ComparedGaps) -> list[dict[str, Any]]:
    # Where there was no gap, no time is told.
    hours = gaps.rows[["before_h", "after_h"]].where(gaps.rows[["before_h", "after_h"]] > 0)
    rows = gaps.rows.assign(before_min=60 * hours["before_h"], after_min=60 * hours["after_h"])
    return _records(rows[["id", "outcome", "before_min", "after_min", "shared"]])


def _share_rows(shares: pd.DataFrame) -> list[dict[str, Any]]:
    rows = shares.reset_index()
    rows = rows.assign(
        points=100 * rows.pop("change"), id=rows["path"] + " " + rows["ground"] + rows["level"]
    )
    return _records(rows)


def _camera_rows(cameras: pd.DataFrame) -> list[dict[str, Any]]:
    told = pd.DataFrame(
        {
            "id": cameras.index,
            "before_min": 60 * cameras["before_h"],
            "after_min": 60 * cameras["after_h"],
            "before_unknown": 60 * cameras["before_unknown_h"],
            "after_unknown": 60 * cameras["after_unknown_h"],
            "change_h": cameras["change"],
        }
    )
    return _records(told)


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows for JSON: what is not known is null."""
    return [
        {str(name): None if value != value else value for name, value in row.items()}
        for row in rows.to_dict("records")
    ]
