"""The API's addresses. Each is a table of the pages, read in the scope of the token's action."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from apiflask import APIBlueprint
from flask import abort, request

from cameras.tables import Analysis
from geo.errors import InputRefused
from web import chosen, i18n
from web.access import Action, needs
from web.api.schemas import GapPage, Page, Rows
from web.pages.cameras.tables import CAMERAS
from web.pages.gaps.tables import CAUSES_OF, TABLES
from web.pages.jurisdictions.tables import CHILDREN, beginning_with, directly_in, uppermost
from web.pages.plans.tables import PLANS, drafts_seen
from web.pages.zones import ZONES
from web.requests import audit, db, scope, translator
from web.tabular import TableSpec, read_table
from web.tabular.query import is_path
from web.tabular.spec import PAGE_SIZES

bp = APIBlueprint("api", __name__, url_prefix="/api/v1", tag="Lianfang")

LEVEL = "observe"


@bp.get("/jurisdictions")
@bp.input(Page, location="query")
@bp.output(Rows)
@bp.doc(
    summary="Jurisdictions directly in one, with their watched shares",
    description="`under` is the path of a jurisdiction; without it, the uppermost that the token sees.",
)
@needs(Action.FIGURES_VIEW)
def jurisdictions(query_data: Page) -> dict[str, Any]:
    """Jurisdictions with their shares."""
    analysis = chosen.analysis()
    under = request.args.get("under")
    if under is not None and not is_path(under):
        raise InputRefused(f"under {under[:60]!r} is no path; give one such as c.d01.t02")
    asked = directly_in(under) if under else beginning_with(uppermost(db(), scope()))
    return _rows(
        CHILDREN,
        query_data,
        {
            "analysis": analysis.id if analysis else None,
            "level": analysis.level if analysis else LEVEL,
            **asked,
        },
        analysis,
    )


@bp.get("/cameras")
@bp.input(Page, location="query")
@bp.output(Rows)
@bp.doc(summary="Cameras with their state in an analysis (`analysis`; without it the newest)")
@needs(Action.CAMERAS_VIEW)
def cameras(query_data: Page) -> dict[str, Any]:
    """Cameras."""
    analysis = chosen.analysis()
    parameters = {"analysis": analysis.id if analysis else None}
    return _rows(CAMERAS, query_data, parameters, analysis)


@bp.get("/gaps")
@bp.input(GapPage, location="query")
@bp.output(Rows)
@bp.doc(summary="Gaps of one list, the most pressing first")
@needs(Action.GAPS_VIEW)
def gaps(query_data: GapPage) -> dict[str, Any]:
    """Gaps."""
    if query_data.list not in TABLES:
        raise InputRefused(f"list {query_data.list[:40]!r} is none of {', '.join(TABLES)}")
    analysis = chosen.analysis()
    return _rows(
        TABLES[query_data.list],
        query_data,
        {"analysis": analysis.id if analysis else None, "causes": CAUSES_OF[query_data.list]},
        analysis,
    )


@bp.get("/zones")
@bp.input(Page, location="query")
@bp.output(Rows)
@bp.doc(summary="Joint-defence zones")
@needs(Action.ZONES_VIEW)
def zones(query_data: Page) -> dict[str, Any]:
    """Zones."""
    return _rows(ZONES, query_data, drafts_seen())


@bp.get("/plans")
@bp.input(Page, location="query")
@bp.output(Rows)
@bp.doc(summary="Patrol plans: published ones, and drafts where the token may see them")
@needs(Action.PLANS_VIEW)
def plans(query_data: Page) -> dict[str, Any]:
    """Plans."""
    return _rows(PLANS, query_data, drafts_seen())


def _rows(
    spec: TableSpec, asked: Page, parameters: Mapping[str, Any], analysis: Analysis | None = None
) -> dict[str, Any]:
    """A page of a table as JSON; a filter that cannot be understood is refused."""
    if asked.size not in PAGE_SIZES:
        raise InputRefused(f"size {asked.size} is none of {', '.join(map(str, PAGE_SIZES))}")
    t = translator()
    arguments = {**request.args.to_dict(), "size": str(asked.size), "page": str(asked.page)}
    found = read_table(
        db(),
        spec,
        arguments,
        parameters={"lang": i18n.negotiated(request), **parameters},
        zone=t.zone,
    )
    if found.problems:
        raise InputRefused("; ".join(problem.text(t) for problem in found.problems))
    if asked.page > found.pages:
        abort(404)
    audit("view", f"api {spec.name}", rows=len(found.rows))
    keys = [column.key for column in spec.columns]
    basis = analysis and {
        "id": analysis.id,
        "level": analysis.level,
        "dimension": chosen.dimension(analysis),
    }
    return {
        "analysis": basis,
        "items": [{"id": row[spec.id]} | {key: _plain(row[key]) for key in keys} for row in found.rows],
        "total": found.total,
        "page": found.page,
        "pages": found.pages,
        "size": found.size,
    }


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, datetime) else value
