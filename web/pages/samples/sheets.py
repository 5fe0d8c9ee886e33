"""Sheets of spot checks: drawn, judged, signed, printed."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from flask import Response as File
from flask import abort, flash, redirect, request
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from cameras.repository import samples as store
from cameras.sampling import (
    CRITERIA,
    VERDICTS,
    WRONG,
    canonical,
    fingerprint,
    finite_factor,
    is_judged,
    results,
)
from cameras.services import sampling
from cameras.services.sampling import LONGEST_NOTE, MOST_CAMERAS, Verdict
from cameras.tables import SampledCamera, SampleSheet
from geo.errors import InputRefused
from web import i18n
from web.access import Action, needs
from web.i18n import N_
from web.pages.cameras.tables import AZIMUTHS
from web.pages.checks.blueprint import WHOLE, now, one_area, target
from web.pages.samples import blueprint as words
from web.pages.samples.blueprint import bp
from web.pages.samples.tables import ROWS, SHEETS
from web.requests import access, audit, db, render, translator
from web.tabular.view import table_view

USUAL = 20
SEEDS = 1_000_000_000
# Where fewer than this share of all cameras are drawn, that they are finitely many is not worth a word.
SMALL_PART = 0.05
Sheet = tuple[SampleSheet, list[SampledCamera]]


@bp.get("")
@needs(Action.CAMERAS_VIEW)
def listed() -> Response:
    """All sheets of somebody's area, and a form to draw one."""
    return _listed()


@bp.post("")
@needs(Action.CAMERAS_EDIT)
def draw() -> Response:
    """Draw cameras into a new sheet."""
    asked = {name: request.form.get(name, "").strip() for name in ("count", "seed")}
    try:
        seed = _whole(asked["seed"], N_("Seed")) if asked["seed"] else secrets.randbelow(SEEDS)
        sheet = sampling.draw_sheet(
            db(),
            within=one_area(),
            count=_whole(asked["count"], N_("Cameras to draw")),
            seed=seed,
            author=access().account.name,
            now=now(),
        )
    except InputRefused as refused:
        return _listed(refused, asked, 422)
    audit("add", f"sample {sheet.id}", path=sheet.jurisdiction_path, cameras=sheet.drawn, seed=seed)
    return redirect(f"/samples/{sheet.id}", 303)


@bp.get("/<int:number>")
@needs(Action.CAMERAS_VIEW)
def record(number: int) -> Response:
    """One sheet, to be judged; as a file with `?format=`."""
    found = _sheet(number)
    if request.args.get("format"):
        return table_view(ROWS, "samples/record.html", parameters={"sheet": number})
    return _record(found)


@bp.post("/<int:number>/judge")
@needs(Action.CAMERAS_EDIT)
def judge(number: int) -> Response:
    """Write verdicts down: of all cameras whose verdict is another than the form had shown."""
    sheet, rows = _sheet(number)
    given = {row.rank: _given(row.rank) for row in rows if f"was-{row.rank}" in request.form}
    try:
        asked = {rank: (_shown(request.form[f"was-{rank}"]), Verdict(**one)) for rank, one in given.items()}
        changed = sampling.judge(db(), number, asked, author=access().account.name, now=now())
    except InputRefused as refused:
        return _record((sheet, rows), refused, given, 422)
    if changed:
        audit("change", f"sample {number}", path=sheet.jurisdiction_path, rows=changed)
        flash(
            ngettext(
                "%(n)s camera was written down.",
                "%(n)s cameras were written down.",
                changed,
                n=translator().number(changed),
            ),
            "success",
        )
    left = next((row.rank for row in store.rows(db(), sheet) if not _is_judged(row)), None)
    return redirect(f"/samples/{number}#{'sign' if left is None else f'camera-{left}'}", 303)


@bp.post("/<int:number>/sign")
@needs(Action.CAMERAS_EDIT)
def sign(number: int) -> Response:
    """Close a sheet under one's name."""
    found = _sheet(number)
    try:
        sheet = sampling.close(
            db(), number, seen=request.form.get("seen", ""), signer=access().account.name, now=now()
        )
    except InputRefused as refused:
        return _record(found, refused, status=422)
    audit("sign", f"sample {number}", path=sheet.jurisdiction_path, sha256=sheet.sha256)
    flash(gettext("The sheet is signed; it is not changed any more."), "success")
    return redirect(f"/samples/{number}/sheet", 303)


@bp.get("/<int:number>/sheet")
@needs(Action.CAMERAS_VIEW)
def printed(number: int) -> Response:
    """The sheet as it is printed and signed on paper."""
    sheet, rows = _sheet(number)
    return render("samples/sheet.html", **_told(sheet, rows))


@bp.get("/<int:number>/content.json")
@needs(Action.CAMERAS_VIEW)
def content(number: int) -> File:
    """What was signed, byte by byte: the SHA-256 of this file is the sheet's."""
    made = canonical(sampling.content(*_sheet(number)))
    return File(
        made,
        mimetype="application/json",
        headers={
            "Cache-Control": "private, no-store",
            "Content-Disposition": f'attachment; filename="lianfang-spot-check-{number}.json"',
        },
    )


def _sheet(number: int) -> Sheet:
    found = db().get(SampleSheet, number)
    if found is None:
        abort(404)
    return found, store.rows(db(), found)


def _is_judged(row: SampledCamera) -> bool:
    return is_judged(sampling.as_mapping(row))


def _whole(value: str, what: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 18):
        raise InputRefused(
            gettext("%(what)s: “%(value)s” is not a whole number.", what=translator()(what), value=value[:40])
        )
    return int(value)


def _given(rank: int) -> dict[str, Any]:
    """What the form says of one camera."""
    told = {name: request.form.get(f"{name}-{rank}", "") for name in CRITERIA}
    return {
        **{name: value if value in VERDICTS else None for name, value in told.items()},
        "note": request.form.get(f"note-{rank}", "").strip(),
    }


def _was(row: SampledCamera) -> str:
    """What a form shows of a row, to be sent back with it."""
    return "|".join([*(getattr(row, name) or "" for name in CRITERIA), row.note])


def _shown(was: str) -> Verdict:
    *told, note = (was.split("|", len(CRITERIA)) + [""] * (len(CRITERIA) + 1))[: len(CRITERIA) + 1]
    known = [one if one in VERDICTS else None for one in told]
    return Verdict(**dict(zip(CRITERIA, known, strict=True)), note=note[:LONGEST_NOTE])


def _listed(
    error: InputRefused | None = None, asked: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    t = translator()
    answer = table_view(
        SHEETS,
        "samples/list.html",
        parameters={"lang": i18n.negotiated(request), "everywhere": t(WHOLE)},
        most=MOST_CAMERAS,
        target=target(),
        usual=USUAL,
        error=error,
        asked=asked or {},
    )
    answer.status_code = status
    return answer


def _record(
    found: Sheet,
    error: InputRefused | None = None,
    given: Mapping[int, Mapping[str, Any]] | None = None,
    status: int = 200,
) -> Response:
    sheet, rows = found
    recorded = store.still_recorded(db(), [row.code for row in rows])
    edits = sheet.closed_at is None and access().scope(Action.CAMERAS_EDIT).covers(sheet.jurisdiction_path)
    shown = [
        {
            "row": row,
            "given": (given or {}).get(row.rank) or {**sampling.as_mapping(row), "note": row.note},
            "was": _was(row),
            "judged": _is_judged(row),
            "wrong": WRONG in sampling.as_mapping(row).values(),
            "id": recorded.get(row.code),
            "direction": _direction(row.record),
        }
        for row in rows
    ]
    return render(
        "samples/record.html",
        status=status,
        **_told(sheet, rows),
        shown=shown,
        edits=edits,
        error=error,
        seen=fingerprint(sampling.content(sheet, rows)),
        note_most=LONGEST_NOTE,
        meanings=words.CRITERION_MEANINGS,
    )


def _told(sheet: SampleSheet, rows: list[SampledCamera]) -> dict[str, Any]:
    """What the page and the paper both say of a sheet."""
    population = sheet.drawn_from["cameras"]
    return {
        "sheet": sheet,
        "rows": rows,
        "judged": sum(map(_is_judged, rows)),
        "figures": results([sampling.as_mapping(row) for row in rows], population),
        "population": population,
        "part": sheet.drawn / population,
        "remark": _remark(sheet.drawn, population),
        "area": _area(sheet),
        "directions": [_direction(row.record) for row in rows],
        "criteria": [(name, words.CRITERION_WORDS[name]) for name in CRITERIA],
        "criterion_words": words.CRITERION_WORDS,
        "verdict_words": words.VERDICT_WORDS,
        "verdict_tones": words.VERDICT_TONES,
        "intact": sheet.sha256 is None or fingerprint(sampling.content(sheet, rows)) == sheet.sha256,
    }


def _area(sheet: SampleSheet) -> str:
    """Name of what was drawn from, as it was."""
    return sheet.drawn_from["area"] or sheet.drawn_from["path"] or translator()(WHOLE)


def _remark(drawn: int, population: int) -> str:
    """What it means for the intervals that there are only so many cameras."""
    t = translator()
    numbers = {"n": t.number(drawn), "all": t.number(population), "part": t.share(drawn / population)}
    if drawn == population:
        return gettext("All %(n)s cameras were drawn: what was judged is no estimate.", n=numbers["n"])
    if drawn < SMALL_PART * population:
        return gettext(
            "%(n)s of %(all)s cameras (%(part)s) were drawn; for so small a part it does not matter how many "
            "there are.",
            **numbers,
        )
    return gettext(
        "%(n)s of %(all)s cameras (%(part)s) were drawn, none twice: the intervals are wider than they need "
        "be, by the factor %(factor)s they would shrink.",
        **numbers,
        factor=t.number(finite_factor(drawn, population), 2),
    )


def _direction(record: Mapping[str, Any]) -> str:
    t, azimuth, how = translator(), record["azimuth_deg"], record["azimuth_quality"]
    quality = t(AZIMUTHS[how])
    return quality if azimuth is None else f"{t.number(azimuth, 1)}° ({quality})"
