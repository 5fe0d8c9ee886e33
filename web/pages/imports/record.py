"""One import: what came in, what was said of its rows, and undoing it."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request
from flask_babel import gettext
from sqlalchemy import text
from werkzeug.wrappers import Response

from geo.db import transaction
from geo.errors import LianfangError
from geo.scope import WHOLE_SITE
from geo.tables import ImportBatch
from web.access import Action, needs
from web.basemap import DRAWN
from web.imports import LOCAL_KINDS
from web.jobs import enqueue
from web.jobs.bodies import basemap
from web.pages.imports.blueprint import bp
from web.pages.imports.handing_in import own_path
from web.pages.imports.layers import stored_layers
from web.pages.imports.tables import COUNT_WORDS, REMARKS, remarks
from web.pages.imports.wording import DATUM_NAMES, LABELS
from web.recognising import KIND_WORDS
from web.refusals import Refused, said
from web.requests import access, audit, db, scope, server, translator
from web.tables import Account
from web.tabular.view import table_view, wants_rows
from web.undoing import TABLES, undo_import, what_stands


@bp.get("/<int:number>")
@needs(Action.IMPORTS_RUN)
def record(number: int) -> Response:
    """One import: what came in, what was said of its rows, and whether it can be undone."""
    batch = db().get(ImportBatch, number)
    if batch is None:
        abort(404)
    details = _details(number)
    rows_only = wants_rows(REMARKS) or bool(request.args.get("format"))
    return table_view(
        REMARKS,
        "imports/record.html",
        parameters=remarks(
            {
                "bad": details.get("problems", ()),
                "changed": details.get("changes", ()),
                "odd": details.get("findings", ()),
            },
            translator(),
        ),
        count_words=COUNT_WORDS,
        batch=batch,
        details=details,
        kinds=KIND_WORDS,
        datums=DATUM_NAMES,
        labels=LABELS,
        obstacle=_obstacle(batch),
        layers=[] if rows_only or batch.undone_at is not None else stored_layers(batch),
    )


@bp.post("/<int:number>/undo")
@needs(Action.IMPORTS_RUN)
def undo(number: int) -> Response:
    """Take the rows of an import out again, or say what stands on them."""
    batch = db().get(ImportBatch, number)
    if batch is None:
        abort(404)
    obstacle = _obstacle(batch)
    if obstacle:
        flash(obstacle, "error")
        return redirect(f"/imports/{number}")
    try:
        # What stands on its rows may lie where whoever asks sees nothing.
        with transaction(server().engine, scope=WHOLE_SITE) as session:
            undo_import(session, number, author=access().account.name, within=scope())
    except LianfangError as refused:
        flash(said(refused, translator()), "error")
        return redirect(f"/imports/{number}")
    audit("undo", f"import {number}", kind=batch.kind, file=batch.file_name, rows=batch.row_count)
    if batch.kind in DRAWN:
        enqueue(
            db(),
            basemap.KIND,
            {},
            account=db().get_one(Account, access().account.id),
            title=basemap.title(),
            jurisdiction_path=own_path(),
        )
    flash(gettext("The import was undone; its rows are gone."), "success")
    return redirect(f"/imports/{number}")


def _details(number: int) -> dict[str, Any]:
    """What the job that made an import said of its rows; nothing for one of the command line."""
    found = db().scalar(
        text(
            """SELECT result->'details' FROM job_run
               WHERE kind = 'import' AND result->'details'->'batches' @> to_jsonb(CAST(:number AS bigint))
               ORDER BY id DESC LIMIT 1"""
        ),
        {"number": number},
    )
    return dict(found or {})


def _obstacle(batch: ImportBatch) -> str:
    """Why an import cannot be undone now by whoever asks, "" where it can, or was."""
    if batch.undone_at is not None:
        return said(Refused("This import was undone before; there is nothing left of it."), translator())
    if batch.kind not in TABLES or not (scope().everywhere or batch.kind in LOCAL_KINDS):
        return gettext("Only somebody who may import for the whole site can undo this.")
    with transaction(server().engine, scope=WHOLE_SITE) as session:
        stands = what_stands(session, batch, scope())
    return "" if stands is None else said(stands, translator())
