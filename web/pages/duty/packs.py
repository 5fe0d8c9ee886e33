"""Signed packs: one of a plan to take away, one of check-ins to hand in."""

from __future__ import annotations

import io
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from flask import flash, redirect, request, send_file
from flask_babel import ngettext
from werkzeug.wrappers import Response

from web.access import Action, needs
from web.duty.making import duty_of
from web.i18n import LANGUAGES, N_, Translator
from web.packs.keys import Keys
from web.packs.patrol import patrol_pack
from web.packs.taking import take_in
from web.packs.visits import read_check_in_pack
from web.pages.duty.blueprint import bp, home
from web.planrights import seen_plan
from web.refusals import Refused
from web.requests import access, audit, db, server, translator


@bp.get("/<int:number>/pack.zip")
@needs(Action.PLANS_VIEW_DRAFTS)
def pack(number: int) -> Response:
    """A signed pack of a published plan, for the other network."""
    plan = seen_plan(number)
    if plan["status"] != "published":
        raise Refused(N_("A pack is made of a published plan; publish this one first."))
    keys, zone = Keys(server().folder), translator().zone
    spoken = {lang: duty_of(db(), plan, Translator(lang, zone)) for lang in LANGUAGES}
    content = patrol_pack(spoken, zone, home=home(), keys=keys)
    audit("export", f"plan {number}", format=".zip", what="pack")
    return send_file(
        io.BytesIO(content),
        mimetype="application/zip",
        as_attachment=True,
        download_name=f"patrol-pack-{number}.zip",
    )


@bp.post("/<int:number>/check-ins/pack")
@needs(Action.CHECK_INS_ENTER)
def hand_in(number: int) -> Response:
    """Take in the check-ins of a pack that came back."""
    seen_plan(number)
    given = request.files.get("pack")
    if given is None or not given.filename:
        raise Refused(N_("Choose the pack that came back, a .zip file."))
    with tempfile.TemporaryDirectory() as folder:
        # The sender's name for it is told, not used.
        path = Path(folder) / "check-ins.zip"
        given.save(path)
        found = read_check_in_pack(path, Keys(server().folder).taken())
    if found.plan != number:
        raise Refused(
            N_("The pack is of plan %(other)s, not of plan %(plan)s; hand it in there."),
            other=found.plan,
            plan=number,
        )
    count = take_in(db(), found, author=access().account.name, now=datetime.now(UTC))
    audit("add", f"check-ins of plan {number}", rows=count, sha256=found.id)
    flash(
        ngettext(
            "%(n)s check-in was entered.",
            "%(n)s check-ins were entered.",
            count,
            n=translator().number(count),
        ),
        "success",
    )
    return redirect(f"/plans/{number}/check-ins", 303)
