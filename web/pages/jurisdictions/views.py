"""The pages of jurisdictions."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, request
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from cameras.levels import DORI
from cameras.repository import rollup
from cameras.tables import Analysis
from geo.tables import Jurisdiction
from web import chosen, i18n, narrowing
from web.access import Action, needs
from web.geofeatures import collection
from web.maps.words import LEVELS
from web.pages.jurisdictions import tables
from web.requests import db, scope, translator
from web.tabular import read_table
from web.tabular.query import is_path
from web.tabular.view import table_view, wants_rows

bp = Blueprint("jurisdictions", __name__, url_prefix="/jurisdictions")


@bp.get("")
@needs(Action.FIGURES_VIEW)
def top() -> Response:
    """The jurisdictions that an account begins with; a single one opens itself."""
    narrowed = narrowing.chosen()
    if narrowed is not None and not request.args.get("format"):
        return redirect(f"/jurisdictions/{narrowed}")
    found = tables.uppermost(db(), scope())
    if len(found) == 1 and not request.args.get("format"):
        return redirect(f"/jurisdictions/{found[0]}")
    analysis, level = _asked()
    return table_view(
        tables.CHILDREN,
        "jurisdictions/list.html",
        parameters=_parameters(analysis, level) | tables.beginning_with(found),
        **_shared(analysis, level),
    )


@bp.get("/<path>")
@needs(Action.FIGURES_VIEW)
def record(path: str) -> Response:
    """One jurisdiction: its figures, the ones in it, its streets and places."""
    if not is_path(path):
        abort(404)
    found = db().scalar(select(Jurisdiction).where(Jurisdiction.path == path))
    if found is None:
        abort(404)
    analysis, level = _asked()
    parameters = _parameters(analysis, level)
    below = parameters | tables.directly_in(path)
    own = parameters | {"path": path}
    if wants_rows(tables.CHILDREN) or request.args.get("format"):
        return table_view(
            tables.CHILDREN, "jurisdictions/record.html", parameters=below, **_shared(analysis, level)
        )
    return table_view(
        tables.CHILDREN,
        "jurisdictions/record.html",
        parameters=below,
        found=found,
        figures=rollup.figures(db(), analysis.id, level, path) if analysis else None,
        streets=read_table(db(), tables.STREETS, {}, parameters=own),
        places=read_table(db(), tables.PLACES, {}, parameters=own),
        above=_above(path),
        shapes=_shapes(found),
        kind=tables.level_word(found.level),
        below_kind=tables.level_word(found.level + 1),
        **_shared(analysis, level),
    )


def _asked() -> tuple[Analysis | None, str]:
    """The analysis and the level of detail that the page speaks of."""
    analysis = chosen.analysis()
    level = request.args.get("level") or (analysis.level if analysis else "observe")
    if level not in DORI:
        abort(404)
    return analysis, level


def _parameters(analysis: Analysis | None, level: str) -> dict[str, Any]:
    return {
        "analysis": analysis.id if analysis else None,
        "level": level,
        "lang": i18n.negotiated(request),
    }


def _shared(analysis: Analysis | None, level: str) -> dict[str, Any]:
    return {
        "analysis": analysis,
        "period": chosen.period_words(analysis) if analysis else "",
        "level": level,
        "levels": LEVELS,
    }


def _above(path: str) -> list[tuple[str, str]]:
    """(name, address) of what a jurisdiction lies in, as far as the account sees it."""
    parts = path.split(".")
    paths = [".".join(parts[:end]) for end in range(1, len(parts))]
    names = narrowing.named(db(), paths, i18n.negotiated(request))
    return [(gettext("Jurisdictions"), "/jurisdictions")] + [
        (names[one], f"/jurisdictions/{one}") for one in paths if one in names
    ]


def _shapes(found: Jurisdiction) -> list[dict[str, Any]]:
    """The jurisdiction and the ones directly in it, for the small map."""
    t = translator()
    rows = rollup.shapes(db(), found.path, found.level + 1)
    name = "name" if t.lang == "zh" else "name_en"
    inner = collection(rows, label=name, href=lambda row: f"/jurisdictions/{row['path']}")
    outer = collection(rollup.shapes(db(), found.path, found.level), label=name)
    return [
        {"features": outer, "colour": "#1b1f23", "weight": 2, "fill": 0, "frame": True},
        {"features": inner, "colour": "#6b747b", "weight": 1, "fill": 0.06},
    ]
