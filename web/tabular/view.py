"""A table as a view answers it: the page, its rows anew, or a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import abort, request, send_file
from flask_babel import gettext
from werkzeug.wrappers import Response

from geo.db import session_factory
from web import narrowing
from web.access import Action
from web.requests import access, audit, db, may, render, scope, server, site, translator
from web.tabular.cells import filter_words
from web.tabular.export import export_table
from web.tabular.query import TablePage, read_table
from web.tabular.spec import TableSpec

FRAGMENT = "fragment.html"


def wants_rows(spec: TableSpec) -> bool:
    """Whether the page in the browser asks for the rows of this table anew, and for nothing else."""
    return request.headers.get("HX-Target") == f"table-{spec.name}"


def page_of(spec: TableSpec, *, parameters: Mapping[str, Any] | None = None) -> TablePage:
    """The page of a table that this request asks for, narrowed to the jurisdiction chosen."""
    return read_table(
        db(),
        spec,
        request.args.to_dict(),
        parameters=parameters,
        within=narrowing.chosen(),
        zone=translator().zone,
    )


def table_view(
    spec: TableSpec, template: str, *, parameters: Mapping[str, Any] | None = None, **context: Any
) -> Response:
    """The answer of a view that shows a table.

    The template gets `table` (a `TablePage`), `layout` and `fragment`; it begins with
    ``{% extends layout or "page.html" %}`` and puts the table into its block ``table``, so that a filter
    brings the rows anew without the rest of the page. `?format=` brings a file instead; that needs the right
    to export besides the view's own, and is written down.

    Parameters
    ----------
    spec : TableSpec
    template : str
    parameters : mapping
        Bound parameters of the specification's source.
    **context
        Further values for the template. What costs time is better left out when `wants_rows`.
    """
    if request.args.get("format"):
        return _file(spec, request.args["format"], parameters)
    page = replace(page_of(spec, parameters=parameters), exports=may(Action.EXPORTS_MAKE))
    rows_only = wants_rows(spec)
    return render(template, table=page, layout=FRAGMENT if rows_only else None, fragment=rows_only, **context)


def _file(spec: TableSpec, fmt: str, parameters: Mapping[str, Any] | None) -> Response:
    if not may(Action.EXPORTS_MAKE):
        abort(403)
    t = translator()
    arguments = request.args.to_dict()
    within = narrowing.chosen()
    # What the view may show and what may leave the house are two things: a file holds what is in both.
    leaving = scope().both(access().scope(Action.EXPORTS_MAKE))
    with session_factory(server().engine, scope=leaving)() as session:
        made = export_table(
            session,
            spec,
            arguments,
            fmt,
            t,
            parameters=parameters,
            within=within,
            about=_about(spec, arguments),
        )
    asked = {name: arguments[name] for name in spec.arguments if arguments.get(name)}
    # Where the rows lie: a narrowing that does not cut this table says nothing about them.
    where = within if spec.path is not None and leaving.covers(within) else leaving.root
    audit("export", f"table {spec.name}", path=where, format=fmt, rows=made.rows, filters=asked)
    answer = send_file(made.file, mimetype=made.mimetype, as_attachment=True, download_name=made.name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _about(spec: TableSpec, arguments: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    """Where a workbook comes from, for whoever finds it later."""
    t, there, within = translator(), site(), narrowing.chosen_name()
    asked = {name: arguments[name] for name in spec.arguments if arguments.get(name)}
    told = [
        (gettext("Made at"), f"{t.moment(datetime.now(t.zone))} ({t.zone.key})"),
        (gettext("Made by"), access().account.display_name),
        (gettext("Jurisdiction"), within or gettext("All of my area")),
        *filter_words(spec, asked, t),
    ]
    if there is not None and there.attribution:
        told.append((gettext("Source of the data"), there.attribution))
    return told
