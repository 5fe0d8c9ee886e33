"""The rates by jurisdiction and by maintenance unit, and places built against those to be built."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote

import pandas as pd
from flask import request
from werkzeug.wrappers import Response

from cameras.repository import audits
from cameras.tables import Analysis
from geo.errors import InputRefused
from web import chosen, i18n, narrowing
from web.access import Action, needs
from web.i18n import N_
from web.maps.words import LEVELS
from web.pages.checks.blueprint import bp, month_of, tabs, today
from web.pages.checks.tables import PLACES, RATES
from web.requests import db, translator
from web.settings import current
from web.tabular.view import table_view, wants_rows

NOTHING = "-"
"""Of cameras without a unit, or in no jurisdiction."""
FIGURES = ("filled", "complete", "located", "believed", "online", "measured", "normal", "recorded", "lasting")


@bp.get("/rates")
@needs(Action.CAMERAS_VIEW)
def rates() -> Response:
    """How complete, located, online and whole the cameras are."""
    from cameras.audit.rates import group_rates
    from cameras.recordings.periods import grouped
    from cameras.services.upkeep import rated_cameras

    by = "unit" if request.args.get("by") == "unit" else "jurisdiction"
    analysis = chosen.analysis()
    problem, month = None, _month_of(analysis)
    if request.args.get("month"):
        try:
            month = month_of(request.args["month"])
        except InputRefused as refused:
            problem = refused
    fits = analysis is None or _lies_in(analysis, month)
    cameras = rated_cameras(db(), analysis if fits else None, month, narrowing.area())
    keys = cameras["unit"].fillna(NOTHING) if by == "unit" else _below(cameras["path"])
    told = _recordings(cameras, month)
    groups = group_rates(cameras, keys).join(grouped(told, keys))
    one = pd.Series("", index=cameras.index)
    whole = group_rates(cameras, one).join(grouped(told, one)).iloc[0] if len(cameras) else None
    return table_view(
        RATES,
        "checks/rates.html",
        parameters=_rows(groups, by),
        tabs=tabs(),
        by=by,
        month=f"{month:%Y-%m}",
        listed=int(cameras["listed"].sum()),
        fits=fits,
        recent=month == today().replace(day=1),
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


def _month_of(analysis: Analysis | None) -> date:
    """The month that is looked at where none is asked for: the analysis', else this one."""
    if analysis is None:
        return today().replace(day=1)
    assert analysis.period.lower is not None
    return analysis.period.lower.astimezone(translator().zone).date().replace(day=1)


def _recordings(cameras: pd.DataFrame, month: date) -> pd.DataFrame:
    """`share` and `short` of each camera's recordings; what lists say is of now, and of no earlier month."""
    from cameras.services.recording_lists import recording_figures

    if month != today().replace(day=1) or cameras.empty:
        return pd.DataFrame(float("nan"), cameras.index, ["share", "short"])
    figures = recording_figures(
        db(),
        None,
        now=datetime.now(UTC),
        zone=translator().zone,
        default_days=float(current(db())["recordings.required_days"]),
    ).cameras.set_index("code")
    return figures[["share", "short"]].astype(float).reindex(cameras["code"]).set_axis(cameras.index)


def _lies_in(analysis: Analysis, month: date) -> bool:
    """Whether the analysed period lies in a month of the site's zone, from its first midnight to its last."""
    zone = translator().zone
    begins = datetime(month.year, month.month, 1, tzinfo=zone)
    ends = datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=zone)
    start, end = analysis.period.lower, analysis.period.upper
    assert start is not None and end is not None
    return begins <= start and end <= ends


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
        known = narrowing.named(db(), [one for one in ids if one != NOTHING], i18n.negotiated(request))
        known[NOTHING] = translator()(N_("in no jurisdiction"))
        hrefs = ["" if one == NOTHING else f"/checks/rates?in={one}" for one in ids]
        open_ = audits.open_below(db(), [one for one in ids if one != NOTHING])
    return {
        "ids": ids,
        "names": [known.get(one, one) for one in ids],
        "hrefs": hrefs,
        "cameras": [int(n) for n in groups["cameras"]],
        "planned": [int(n) for n in groups["planned"]],
        "told": [int(n) for n in groups["told"]],
        "findings": [open_.get(one, 0) for one in ids],
        **{name: [None if value != value else float(value) for value in groups[name]] for name in FIGURES},
    }


def _open_by_unit() -> dict[str, int]:
    area = narrowing.area()
    found = audits.open_by_unit(db(), None if area.everywhere else list(area.paths))
    return {unit or NOTHING: count for unit, count in found.items()}
