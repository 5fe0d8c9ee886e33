"""The pages of sources."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

from flask import Blueprint, Response, abort
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from cameras.services.delivered import clock_days, sources_told
from cameras.tables import FrameFile
from web.access import Action, needs
from web.pages.sources.tables import (
    CLOCK_TONES,
    CLOCKS,
    DELIVERIES,
    KINDS,
    SOURCES,
    STATE_TONES,
    STATES,
    sources_parameters,
)
from web.requests import audit, db, scope
from web.settings import analysis_settings, current
from web.tabular.view import table_view

bp = Blueprint("sources", __name__, url_prefix="/sources")


@bp.get("")
@needs(Action.IMPORTS_RUN)
def listed() -> AnyResponse:
    """Every source, what it delivered and what was refused."""
    told = sources_told(db(), now=datetime.now(UTC), thresholds=analysis_settings(current(db())).thresholds)
    return table_view(
        SOURCES, "sources/list.html", parameters=sources_parameters(told, whole=scope().everywhere)
    )


@bp.get("/<int:number>")
@needs(Action.IMPORTS_RUN)
def record(number: int) -> AnyResponse:
    """One source: its clock by day, and each of its files and batches."""
    now = datetime.now(UTC)
    told = sources_told(db(), now=now, thresholds=analysis_settings(current(db())).thresholds)
    if number not in told.index:
        abort(404)
    row = told.loc[[number]].to_dict("records")[0]
    return table_view(
        DELIVERIES,
        "sources/record.html",
        parameters={"source": number, "whole": scope().everywhere},
        source=row,
        heard=None if row["state"] == "never" else row["heard_at"],
        is_listed=scope().everywhere,
        days=clock_days(db(), number, now=now, interval_s=float(row["expected_interval_s"])),
        kinds=KINDS,
        states=STATES,
        state_tones=STATE_TONES,
        clocks=CLOCKS,
        clock_tones=CLOCK_TONES,
    )


@bp.get("/<int:number>/refused/<sha256>.csv")
@needs(Action.IMPORTS_RUN)
def refused(number: int, sha256: str) -> Response:
    """What of a file or batch was refused, a sentence a line: its first thousand, as they are kept."""
    found = db().get(FrameFile, (sha256, number))
    # Sentences name cameras of any place.
    if found is None or not scope().everywhere:
        abort(404)
    made = io.StringIO()
    writer = csv.writer(made)
    writer.writerow([gettext("Refused")])
    writer.writerows([_safe(str(one))] for one in found.problems)
    audit("export", f"source {number}", file=found.file_name, format="csv", rows=len(found.problems))
    return Response(
        "\ufeff" + made.getvalue(),
        mimetype="text/csv",
        headers={
            "Content-Disposition": f"attachment; filename=refused-{sha256[:12]}.csv",
            "Cache-Control": "no-store",
        },
    )


def _safe(sentence: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{sentence}" if sentence[:1] in "=+-@\t\r" else sentence
