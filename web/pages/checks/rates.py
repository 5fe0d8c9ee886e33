"""The rates by jurisdiction and by maintenance unit, and places built against those to be built."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pandas as pd
from flask import request
from werkzeug.wrappers import Response

from cameras.repository import audits
from geo.errors import InputRefused
from web import chosen, i18n, narrowing
from web.access import Action, needs
from web.i18n import N_
from web.maps.words import LEVELS
from web.pages.checks.blueprint import bp, month_of, tabs, today
from web.pages.checks.tables import PLACES, RATES
from web.requests import db, translator
from web.tabular.view import table_view, wants_rows

NOTHING = "-"
"""Of cameras without a unit, or in no jurisdiction."""
FIGURES = ("filled", "complete", "located", "believed", "online", "measured", "normal")


@bp.get("/rates")
@needs(Action.CAMERAS_VIEW)
def rates() -> Response:
    """How complete, located, online and whole the cameras are."""
    from cameras.audit.rates import group_rates
    from cameras.services.upkeep import rated_cameras

    by = "unit" if request.args.get("by") == "unit" else "jurisdiction"
    problem, month = None, today().replace(day=1)
    if request.args.get("month"):
        try:
            month = month_of(request.args["month"])
        except InputRefused as refused:
            problem = refused
    analysis = chosen.analysis()
    cameras, frozen = rated_cameras(db(), analysis, month, narrowing.area())
    keys = cameras["unit"].fillna(NOTHING) if by == "unit" else _below(cameras["path"])
    groups = group_rates(cameras, keys)
    whole = group_rates(cameras, pd.Series("", index=cameras.index)).iloc[0] if len(cameras) else None
    return table_view(
        RATES,
        "checks/rates.html",
        parameters=_rows(groups, by),
        tabs=tabs(),
        by=by,
        month=f"{month:%Y-%m}",
        frozen=frozen,
        whole=None if whole is None or wants_rows(RATES) else whole.to_dict(),
        analysis=analysis,
        period=chosen.period_words(analysis) if analysis else "",
        problem=problem,
    )


@bp.get("/places")
@needs(Action.CAMERAS_VIEW)
def places() -> Response:
    """Places that must be covered, by kind, and how many are."""
    analysis = chosen.analysis()
    area = narrowing.area()
    return table_view(
        PLACES,
        "checks/places.html",
        parameters={
            "analysis": analysis.id if analysis else None,
            "everywhere": area.everywhere,
            "paths": list(area.paths),
            "levels": list(LEVELS),
        },
        tabs=tabs(),
        analysis=analysis,
        period=chosen.period_words(analysis) if analysis else "",
    )


def _below(paths: pd.Series) -> pd.Series:
    """The jurisdiction directly below the area that each path lies in; the path where it is no deeper."""
    area = narrowing.area()
    depth = 2 if area.everywhere else max(path.count(".") for path in area.paths) + 2
    return paths.str.split(".").str[:depth].str.join(".").fillna(NOTHING)


def _rows(groups: pd.DataFrame, by: str) -> dict[str, Any]:
    """Parameters of `RATES`: one array a column."""
    ids = [str(one) for one in groups.index]
    if by == "unit":
        known = {NOTHING: translator()(N_("no unit in the record"))}
        hrefs = ["" if one == NOTHING else f"/checks?unit={quote(one)}" for one in ids]
        open_ = _open_by_unit()
    else:
        known = narrowing.named(db(), ids, i18n.negotiated(request))
        known[NOTHING] = translator()(N_("in no jurisdiction"))
        hrefs = ["" if one == NOTHING else f"/checks/rates?in={one}" for one in ids]
        open_ = audits.open_below(db(), [one for one in ids if one != NOTHING])
    return {
        "ids": ids,
        "names": [known.get(one, one) for one in ids],
        "hrefs": hrefs,
        "cameras": [int(n) for n in groups["cameras"]],
        "planned": [int(n) for n in groups["planned"]],
        "findings": [open_.get(one, 0) for one in ids],
        **{name: [None if value != value else float(value) for value in groups[name]] for name in FIGURES},
    }


def _open_by_unit() -> dict[str, int]:
    area = narrowing.area()
    found = audits.open_by_unit(db(), None if area.everywhere else list(area.paths))
    return {unit or NOTHING: count for unit, count in found.items()}
