"""Taking in a file step by step: hand it in, say what it is, see every row's verdict, import, undo."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
from flask import Blueprint, abort, flash, redirect, request
from flask_babel import gettext
from sqlalchemy import text
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from cameras.importers.further import FURTHER_COLUMNS
from geo.datums import DATUMS
from geo.db import transaction
from geo.errors import InputRefused, LianfangError
from geo.readers.files import GRAPH_ENDING, OSM_ENDINGS, is_of_osm
from geo.scope import WHOLE_SITE
from geo.services import ImportReport
from geo.tables import ImportBatch
from patrols import repository as patrols
from web.access import Action, needs
from web.basemap import DRAWN
from web.geofeatures import collection
from web.imports import LOCAL_KINDS, import_file, keep_upload
from web.jobs import enqueue
from web.jobs.bodies import basemap, importing
from web.jobs.words import as_stored, told
from web.pages.imports.asked import Asked, asked_in
from web.pages.imports.tables import COUNT_WORDS, IMPORTS, REMARKS, remarks
from web.pages.imports.wording import DATUM_NAMES, DATUM_WORDS, FIELDS, LABELS
from web.recognising import COLUMNS, KIND_WORDS, is_large, recognise, suggested, try_datums
from web.refusals import Refused, said
from web.requests import access, audit, db, render, scope, server, site, translator
from web.tables import Account
from web.tabular.view import table_view, wants_rows
from web.undoing import TABLES, undo_import, what_stands
from web.uploads import takes_files

bp = Blueprint("imports", __name__, url_prefix="/imports")

# A shapefile is several files at once, of which a form hands in one.
ENDINGS = (".csv", ".tsv", ".txt", ".geojson", ".json", ".gpkg", ".xlsx", ".xml", GRAPH_ENDING, *OSM_ENDINGS)
LARGEST_BYTES = 200 * 1024**2
SHOWN_SHAPES = 2000
LAYER = {"colour": "#0072b2", "weight": 1.5, "radius": 4, "fill": 0.5, "frame": True}


@bp.get("")
@needs(Action.IMPORTS_RUN)
def listed() -> Response:
    """What was imported so far."""
    return table_view(IMPORTS, "imports/list.html")


@bp.get("/new")
@needs(Action.IMPORTS_RUN)
def new() -> Response:
    """Where a file is handed in."""
    return _upload_page()


@bp.post("/new")
@takes_files(LARGEST_BYTES)
@needs(Action.IMPORTS_RUN)
def upload() -> Response:
    """Keep the file, if it is one that can be read."""
    given = request.files.get("file")
    if given is None or not given.filename:
        return _upload_page(gettext("Choose a file first."), 422)
    try:
        asked = kept(given)
        recognise(asked.path)
    except InputRefused as refused:
        return _upload_page(said(refused, translator()), 422)
    return redirect(f"/imports/{asked.token}/columns")


def kept(given: FileStorage, endings: tuple[str, ...] = ENDINGS, largest: int = LARGEST_BYTES) -> Asked:
    """Keep an uploaded file; InputRefused for one that is too large, or of a form that is not read."""
    name = given.filename or ""
    if not name.lower().endswith(endings):
        raise InputRefused(
            gettext(
                "“%(name)s” is of no form that is read; give one of %(endings)s.",
                name=name[-60:],
                endings=" ".join(endings),
            )
        )
    size = given.stream.seek(0, 2)
    given.stream.seek(0)
    if not 0 < size <= largest:
        raise InputRefused(
            gettext(
                "“%(name)s” has %(size)s MB; a file may have up to %(largest)s MB and must not be empty.",
                name=name[-60:],
                size=translator().number(size / 1024**2, 1),
                largest=largest // 1024**2,
            )
        )
    upload = keep_upload(server().folder, given.stream, name)
    return Asked(upload.sha256, upload.name)


@bp.get("/<token>/columns")
@needs(Action.IMPORTS_RUN)
def columns(token: str) -> Response:
    """Kind, datum and columns: what was recognised, and what somebody has to say."""
    return _columns_page(asked_in(token))


@bp.post("/<token>/columns")
@needs(Action.IMPORTS_RUN)
def say(token: str) -> Response:
    """Take what was said; on to the rows when it is enough."""
    before, given = asked_in(token), request.form
    kind = given.get("kind", "")
    asked = replace(
        before,
        kind=kind if kind in COLUMNS else "",
        datum=given.get("datum", "") if given.get("datum") in DATUMS else "",
        zone=given.get("zone", ""),
        name=given.get("name", "").strip()[:120],
        timezone=given.get("timezone", "").strip() or before.timezone,
        mapping={},
        whole_of=given.get("whole_of", "").strip()[:200] if kind == "cameras" else "",
        retire=kind == "cameras" and bool(given.get("whole_of")) and given.get("retire") == "yes",
    )
    if given.get("shown") != kind:
        # Another kind has other columns: shown first.
        return redirect(f"/imports/{asked.token}/columns")
    headings = recognise(asked.path).headings
    chosen = {
        column.field: given[f"field-{column.field}"]
        for column in COLUMNS.get(asked.kind, ())
        if given.get(f"field-{column.field}") in headings
    }
    asked = replace(asked, mapping=chosen)
    if not asked.kind:
        return _columns_page(asked, gettext("Say what the file holds."), 422)
    if not asked.datum:
        return _columns_page(
            asked, gettext("State the datum: without it positions are wrong by up to 1,500 m."), 422
        )
    if asked.kind == "teams" and not asked.zone:
        return _columns_page(asked, gettext("Say which zone the teams serve in."), 422)
    return redirect(f"/imports/{asked.token}/check")


@bp.get("/<token>/check")
@needs(Action.IMPORTS_RUN)
def check(token: str) -> Response:
    """A rehearsal: which rows are good, which are refused and why, and where they lie."""
    asked = asked_in(token)
    if not asked.complete:
        return redirect(f"/imports/{token}/columns")
    checked = _checked(asked)
    rows_only = wants_rows(REMARKS) or bool(request.args.get("format"))
    return table_view(
        REMARKS,
        "imports/check.html",
        parameters=remarks(
            {
                "bad": map(as_stored, checked.problems),
                "changed": map(as_stored, checked.report.changes if checked.report else ()),
                "odd": map(as_stored, checked.findings),
            },
            translator(),
        ),
        count_words=COUNT_WORDS,
        asked=asked,
        checked=checked,
        kinds=KIND_WORDS,
        datums=DATUM_NAMES,
        layers=[] if rows_only or checked.report is None else _layers(checked.report.rows),
    )


@bp.post("/<token>/begin")
@needs(Action.IMPORTS_RUN)
def begin(token: str) -> Response:
    """Put the import into the queue."""
    asked = asked_in(token)
    if not asked.complete:
        abort(404)
    keep_good = request.form.get("keep_good") == "yes"
    try:
        job = enqueue(
            db(),
            importing.KIND,
            asked.arguments(keep_good=keep_good),
            account=db().get_one(Account, access().account.id),
            title=importing.title(asked.kind, asked.file),
            jurisdiction_path=_own_path(),
        )
    except LianfangError as refused:
        flash(said(refused, translator()), "error")
        return redirect(f"/imports/{token}/columns")
    audit("run", "import", job=job, kind=asked.kind, file=asked.file, datum=asked.datum, keep_good=keep_good)
    return redirect(f"/jobs/{job}")


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
        layers=[] if rows_only or batch.undone_at is not None else _stored_layers(batch),
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
            jurisdiction_path=_own_path(),
        )
    flash(gettext("The import was undone; its rows are gone."), "success")
    return redirect(f"/imports/{number}")


@dataclass(frozen=True)
class Checked:
    """What a rehearsal of an import said.

    Parameters
    ----------
    report : ImportReport or None
        None where not one row can be taken in, or the file was not read here.
    refusal : str
        Why the file as a whole cannot be taken in, "" where it can.
    problems, findings : tuple of str
        Sentences on rows that are refused, and on odd ones.
    unread : bool
        Whether the file is so large that only the job reads it.
    """

    report: ImportReport | None
    refusal: str = ""
    problems: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    unread: bool = False


def _checked(asked: Asked) -> Checked:
    path = asked.path
    # Somebody waits for the page, and its other requests too.
    if is_large(path):
        return Checked(None, unread=True)
    # As the job will see it: codes are taken and streets meet whoever may see them.
    with transaction(server().engine, scope=WHOLE_SITE) as session:
        try:
            report = import_file(
                session, path, asked.order(keep_good=True, dry_run=True), author=access().account.name
            )
        except LianfangError as refused:
            problems = refused.problems if isinstance(refused, InputRefused) else ()
            return Checked(None, said(refused, translator()), tuple(problems))
        finally:
            session.rollback()
    return Checked(report, "", report.problems, report.findings)


def _own_path() -> str | None:
    """Where a job of whoever asks belongs; `within` keeps it to those who see as much as they do."""
    return None if scope().everywhere else scope().paths[0]


def _upload_page(problem: str = "", status: int = 200) -> Response:
    return render(
        "imports/new.html",
        status=status,
        problem=problem,
        accept=",".join(dict.fromkeys((*ENDINGS, ".pbf"))),
        endings=ENDINGS,
        largest=LARGEST_BYTES // 1024**2,
    )


def _columns_page(asked: Asked, problem: str = "", status: int = 200) -> Response:
    look = recognise(asked.path)
    asked = replace(asked, kind=asked.kind or look.kind)
    trials = suggestion = None
    of_osm = is_of_osm(asked.path)
    if asked.kind and not of_osm:
        with transaction(server().engine, scope=WHOLE_SITE) as session:
            trials = try_datums(session, asked.path, asked.kind, asked.mapping or None)
        suggestion = suggested(trials)
    zones = patrols.zones(db()) if asked.kind == "teams" else None
    kinds = [kind for kind in look.kinds if scope().everywhere or kind in LOCAL_KINDS]
    return render(
        "imports/columns.html",
        status=status,
        problem=problem,
        asked=asked,
        look=look,
        reason=told(look.reason.as_json(), translator()),
        kinds=[(kind, translator()(KIND_WORDS[kind])) for kind in kinds],
        datums=[(name, translator()(words)) for name, words in DATUM_WORDS.items()],
        datum_names=DATUM_NAMES,
        columns=COLUMNS.get(asked.kind, ()),
        further={one.field for one in FURTHER_COLUMNS} if asked.kind == "cameras" else set(),
        fields=asked.fields(look.headings),
        words=FIELDS,
        trials=trials or (),
        suggestion=suggestion,
        extract=of_osm,
        zones=[] if zones is None else list(zip(zones["code"], zones["name"], strict=True)),
        first=site() is None,
    )


def _layers(rows: gpd.GeoDataFrame | None) -> list[dict[str, Any]]:
    """Positions as a map shows them, every so many of them where they are more than one looks at."""
    if rows is None or rows.geometry.isna().all():
        return []
    frame = rows[rows.geometry.notna()]
    frame = frame.iloc[:: max(1, -(-len(frame) // SHOWN_SHAPES))]
    label = next((name for name in ("code", "name", "key", "kind") if name in frame), "")
    shown = gpd.GeoDataFrame(
        {"id": list(frame.index), "label": list(frame[label]) if label else ""},
        geometry=frame.geometry.to_numpy(),
        crs=frame.crs,
    )
    return [{**LAYER, "features": collection(shown, label="label")}]


# A text for the hover of each table's rows.
_LABELS = {
    "camera": "name",
    "road_edge": "name",
    "obstruction": "key",
    "place": "name",
    "water": "''",
    "jurisdiction": "name",
    "zone": "name",
    "team": "name",
}


def _stored_layers(batch: ImportBatch) -> list[dict[str, Any]]:
    """Where the rows of an import lie, as far as whoever asks may see them."""
    if batch.kind not in TABLES:
        return []
    table = TABLES[batch.kind][0]
    shape = "base" if table == "team" else "geom"
    rows = (
        db()
        .execute(
            text(
                f"""SELECT id, {_LABELS[table]} AS label, ST_AsBinary({shape}) AS shape FROM {table}
                WHERE batch_id = :batch AND {shape} IS NOT NULL ORDER BY id LIMIT :most"""
            ),
            {"batch": batch.id, "most": SHOWN_SHAPES},
        )
        .all()
    )
    if not rows:
        return []
    shown = gpd.GeoDataFrame(
        {"id": [row.id for row in rows], "label": [row.label for row in rows]},
        geometry=gpd.GeoSeries.from_wkb([bytes(row.shape) for row in rows], crs=4326),
    )
    return [{**LAYER, "features": collection(shown, label="label")}]


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
