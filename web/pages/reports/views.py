"""The pages of weekly reports."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

from flask import Blueprint, abort, redirect, request, send_file
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from cameras.services.weekly import week_report, weeks_analysed
from cameras.weekly import Week, last_whole_week, monday_of, parsed_monday, week_from
from geo.db import session_factory
from geo.scope import Scope
from web import i18n, narrowing
from web.access import Action, needs
from web.i18n import N_
from web.pages.reports.tables import WEEKS, weeks_parameters
from web.refusals import Refused
from web.report.content import Document
from web.report.files import MIMETYPES, report_bytes
from web.report.making import week_document
from web.report.page import picture_address
from web.requests import access, audit, db, may, render, scope, server, translator
from web.tabular.view import table_view

bp = Blueprint("reports", __name__, url_prefix="/reports")


@bp.get("")
@needs(Action.GAPS_VIEW)
def listed() -> Response:
    """Weeks that have analyses; a day leads to its week."""
    zone = translator().zone
    if request.args.get("day"):
        return redirect(f"/reports/{monday_of(parsed_monday(request.args['day'])):%Y-%m-%d}")
    return table_view(
        WEEKS,
        "reports/list.html",
        parameters=weeks_parameters(weeks_analysed(db(), zone)),
        last=last_whole_week(datetime.now(UTC), zone).monday.isoformat(),
    )


@bp.get("/<monday>")
@needs(Action.GAPS_VIEW)
def record(monday: str) -> Response:
    """The report of a week; as a file with `?format=`."""
    week, now = week_from(parsed_monday(monday), translator().zone), datetime.now(UTC)
    if request.args.get("format"):
        return _file(week, now, request.args["format"])
    cameras = db(Action.CAMERAS_VIEW) if may(Action.CAMERAS_VIEW) else None
    made = _document(db(), week, narrowing.area(), now, cameras)
    later = week.monday + timedelta(days=7)
    return render(
        "reports/page.html",
        document=made,
        picture=picture_address(made) if made else "",
        days=f"{week.monday:%Y-%m-%d} – {week.sunday:%Y-%m-%d}",
        earlier=(week.monday - timedelta(days=7)).isoformat(),
        later=later.isoformat() if week.end <= now else None,
    )


def _document(
    session: Session, week: Week, area: Scope, now: datetime, cameras: Session | None, *, whole: bool = False
) -> Document | None:
    found = week_report(session, week, area, now=now, cameras=cameras)
    if found is None:
        return None
    who = access().account.display_name
    return week_document(session, found, translator(), who=who, area=_area_name(area), whole=whole)


def _area_name(area: Scope) -> str:
    """Names of the jurisdictions of an area; "" is all of the site."""
    names = narrowing.named(db(), area.paths, i18n.negotiated(request))
    return translator().joined([names.get(path, path) for path in area.paths])


def _file(week: Week, now: datetime, form: str) -> Response:
    if not may(Action.EXPORTS_MAKE):
        abort(403)
    if form not in MIMETYPES:
        raise Refused(
            N_("“%(value)s” is no format of a report; use %(formats)s."),
            value=form[:20],
            formats=", ".join(MIMETYPES),
        )
    # What the view may show and what may leave the house are two things: a file holds what is in both.
    leaving = scope().both(access().scope(Action.EXPORTS_MAKE))
    seen = access().scope(Action.CAMERAS_VIEW).both(leaving)
    engine = server().engine
    with session_factory(engine, scope=leaving)() as session, session_factory(engine, scope=seen)() as other:
        made = _document(
            session, week, narrowing.area().both(leaving), now, other if seen else None, whole=form == "xlsx"
        )
    if made is None:
        raise Refused(
            N_("No analysis covers any of the week from %(monday)s; run one first."),
            monday=week.monday.isoformat(),
        )
    content = report_bytes(made, form, translator())
    narrowed = narrowing.chosen()
    audit(
        "export",
        f"report {week.monday:%Y-%m-%d}",
        path=narrowed if leaving.covers(narrowed) else leaving.root,
        format=form,
    )
    answer = send_file(
        io.BytesIO(content),
        mimetype=MIMETYPES[form],
        as_attachment=True,
        download_name=f"{made.name}-{made.lang}.{form}",
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
