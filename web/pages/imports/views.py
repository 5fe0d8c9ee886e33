"""Taking in a file step by step: hand it in, say what it is, see every row's verdict, import."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import abort, flash, redirect, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from cameras.importers.further import FURTHER_COLUMNS
from geo.datums import DATUMS
from geo.db import transaction
from geo.errors import InputRefused, LianfangError
from geo.readers.files import is_of_osm
from geo.scope import WHOLE_SITE
from geo.services import ImportReport
from patrols import repository as patrols
from web.access import Action, needs
from web.imports import LOCAL_KINDS, import_file
from web.jobs import enqueue
from web.jobs.bodies import importing
from web.jobs.words import as_stored, told
from web.pages.imports.asked import Asked, asked_in
from web.pages.imports.blueprint import bp
from web.pages.imports.handing_in import ENDINGS, LARGEST_BYTES, kept, own_path
from web.pages.imports.layers import layers
from web.pages.imports.tables import COUNT_WORDS, IMPORTS, REMARKS, remarks
from web.pages.imports.wording import DATUM_NAMES, DATUM_WORDS, FIELDS
from web.recognising import COLUMNS, KIND_WORDS, is_large, recognise, suggested, try_datums
from web.refusals import said
from web.requests import access, audit, db, render, scope, server, site, translator
from web.tables import Account
from web.tabular.view import table_view, wants_rows
from web.uploads import takes_files


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
        layers=[] if rows_only or checked.report is None else layers(checked.report.rows),
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
            jurisdiction_path=own_path(),
        )
    except LianfangError as refused:
        flash(said(refused, translator()), "error")
        return redirect(f"/imports/{token}/columns")
    audit("run", "import", job=job, kind=asked.kind, file=asked.file, datum=asked.datum, keep_good=keep_good)
    return redirect(f"/jobs/{job}")


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
