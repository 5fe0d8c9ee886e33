"""The first five minutes: three things to try, a demonstration, and one's own data without an import."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, request, send_file
from flask_babel import gettext
from sqlalchemy import text
from werkzeug.wrappers import Response

from geo.datums import DATUMS
from geo.db import transaction
from geo.errors import InputRefused
from geo.scope import WHOLE_SITE
from geo.tables import ImportBatch
from web import i18n
from web.access import Action, needs
from web.demostate import SCENE_NAMES, demo_progress
from web.i18n import N_
from web.jobs import enqueue
from web.jobs.bodies import demo, own
from web.jobs.words import told
from web.maps.page import FILE_POLICY
from web.pages.imports.handing_in import kept
from web.pages.imports.wording import DATUM_WORDS
from web.refusals import said
from web.requests import access, audit, db, may, render, scope, server, translator
from web.tables import Account, JobRun
from web.uploads import takes_files

bp = Blueprint("start", __name__)

TRIES = (
    (
        "/try/break",
        N_("Break a camera"),
        N_("Its wedge vanishes, a gap appears with its cause, and a stop moves."),
        Action.GAPS_VIEW,
    ),
    (
        "/try/turn",
        N_("Turn a camera"),
        N_("Drag where it looks: what it sees stops at the walls."),
        Action.CAMERAS_VIEW,
    ),
    (
        "/try/tonight",
        N_("Tonight"),
        N_("Routes, who crosses whom, and one tall picture to send."),
        Action.PLANS_VIEW,
    ),
)
"""Address, title, sentence, and the right that its page asks for."""

SCENES = {
    "helsinki": (
        N_("Central Helsinki"),
        N_("Real streets, buildings and cameras of OpenStreetMap; the cameras' reports are made up."),
    ),
    "town": (
        N_("A town by the sea"),
        N_("Synthetic: eight villages, 300 cameras with the faults of real lists; there is no such place."),
    ),
}
LARGEST_LIST = 5 * 1024**2
LARGEST_EXTRACT = 30 * 1024**2
# The page of a result, shown apart from the program: it may run what is in it and nothing of ours.
VIEW_POLICY = f"sandbox allow-scripts allow-popups; frame-ancestors 'none'; {FILE_POLICY}"


@bp.get("/start")
@needs(Action.PROFILE_OWN)
def page() -> Response:
    """What one can do first."""
    return _page()


@bp.post("/start/demo")
@needs(Action.SETTINGS_CHANGE)
def load_demo() -> Response:
    """Make a scene, where nothing but a scene would be lost."""
    scene = request.form.get("scene", "")
    seed = request.form.get("seed", "1")
    if scene not in SCENE_NAMES or not scope().everywhere:
        abort(404 if scene not in SCENE_NAMES else 403)
    if not _open_to_demo():
        flash(gettext("This database holds real data; a demonstration would replace it."), "error")
        return redirect("/start#demo")
    if not (seed.isascii() and seed.isdigit() and int(seed) < 2**32):
        flash(gettext("“%(value)s” is no number of a demonstration.", value=seed[:20]), "error")
        return redirect("/start#demo")
    arguments: dict[str, Any] = {"scene": scene, "seed": int(seed)}
    job = enqueue(
        db(),
        demo.KIND,
        arguments,
        account=db().get_one(Account, access().account.id),
        title=demo.title(scene),
        jurisdiction_path=None,
    )
    audit("run", "demo", job=job, **arguments)
    return redirect(f"/jobs/{job}")


@bp.post("/start/own")
@takes_files(LARGEST_LIST + LARGEST_EXTRACT)
@needs(Action.ANALYSES_RUN)
def own_data() -> Response:
    """Work out somebody's own files, apart from what is stored."""
    datum = request.form.get("datum", "")
    try:
        if datum not in DATUMS:
            raise InputRefused(gettext("State the datum: without it positions are wrong by up to 1,500 m."))
        cameras = _given("cameras", gettext("List of cameras"), (".csv", ".tsv", ".txt"), LARGEST_LIST)
        streets = _given("streets", gettext("Extract"), (".osm.pbf",), LARGEST_EXTRACT)
    except InputRefused as refused:
        return _page(said(refused, translator()), datum, 422)
    zone = translator().zone
    job = enqueue(
        db(),
        own.KIND,
        {
            "cameras_sha256": cameras.sha256,
            "cameras_file": cameras.file,
            "streets_sha256": streets.sha256,
            "streets_file": streets.file,
            "datum": datum,
            "day": datetime.now(UTC).astimezone(zone).date().isoformat(),
            "zone": zone.key,
            "lang": i18n.negotiated(request),
            # The list may be of all the places that somebody works for.
            **({} if scope().everywhere else {"within": scope().text}),
        },
        account=db().get_one(Account, access().account.id),
        title=own.title(cameras.file),
        jurisdiction_path=None if scope().everywhere else scope().paths[0],
    )
    audit("run", "own data", job=job, file=cameras.file, datum=datum)
    return redirect(f"/jobs/{job}")


@bp.get("/results/<int:number>")
@needs(Action.JOBS_VIEW)
def result(number: int) -> Response:
    """What came of somebody's own files: figures, what was refused, and the files."""
    run = _finished(number)
    details = (run.result or {})["details"]
    return render(
        "start/result.html",
        job=run,
        details=details,
        there=own.results_dir(server().folder, number).is_dir(),
        problems=[told(one, translator()) for one in details["problems"]],
        findings=[told(one, translator()) for one in details["findings"]],
    )


@bp.get("/results/<int:number>/<name>")
@needs(Action.JOBS_VIEW)
def result_file(number: int, name: str) -> Response:
    """One of the files; the map also to be looked at here, shut off from the program."""
    run = _finished(number)
    path = own.results_dir(server().folder, number) / name
    if name not in own.FILES or not path.is_file():
        abort(404)
    shown = name == own.MAP and "view" in request.args
    stem = str(run.arguments["cameras_file"]).rsplit(".", 1)[0]
    answer = send_file(path.resolve(), as_attachment=not shown, download_name=f"{stem}-{name}")
    if shown:
        answer.headers["Content-Security-Policy"] = VIEW_POLICY
    else:
        audit("export", f"result {number}", path=run.jurisdiction_path, file=name)
    return answer


def _given(name: str, what: str, endings: tuple[str, ...], largest: int) -> Any:
    given = request.files.get(name)
    if given is None or not given.filename:
        raise InputRefused(gettext("%(what)s: choose a file first.", what=what))
    return kept(given, endings, largest)


def _finished(number: int) -> JobRun:
    run = db().get(JobRun, number)
    if run is None or run.kind != own.KIND or run.status != "done":
        abort(404)
    return run


def _page(problem: str = "", datum: str = "", status: int = 200) -> Response:
    stored = _has_data()
    return render(
        "start/page.html",
        status=status,
        tries=[(href, title, words) for href, title, words, action in TRIES if may(action)],
        stored=stored,
        scenes=SCENES if may(Action.SETTINGS_CHANGE) else {},
        open_to_demo=_open_to_demo(),
        problem=problem,
        datum=datum,
        datums=DATUM_WORDS,
        list_mb=LARGEST_LIST // 1024**2,
        extract_mb=LARGEST_EXTRACT // 1024**2,
    )


def _has_data() -> bool:
    with transaction(server().engine, scope=WHOLE_SITE) as session:
        return bool(session.scalar(text("SELECT EXISTS (SELECT FROM analysis)")))


def _open_to_demo() -> bool:
    """Whether nothing is stored, or nothing but a demonstration."""
    with transaction(server().engine, scope=WHOLE_SITE) as session:
        return demo_progress(session) is not None or session.query(ImportBatch).first() is None
