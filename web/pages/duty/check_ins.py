"""Who signed in at which stop: typed from the sheets, beside what was planned, and taken back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import abort, flash, redirect, request
from flask_babel import ngettext
from werkzeug.wrappers import Response

from geo.errors import InputRefused, Sentence, message_of
from patrols.repository import check_ins as store
from patrols.repository.parts import earlier_parts
from patrols.services.check_ins import enter
from patrols.signing import LONGEST_NAME, LONGEST_NOTE, Entry, Shift, clock_of, time_in_shift
from web.access import Action, needs
from web.duty.content import Duty, Team
from web.duty.done import TeamDone, planned_beside_done, totals_of_shift
from web.duty.making import duty_of
from web.i18n import N_
from web.pages.duty.blueprint import bp, team_of
from web.planrights import seen_plan
from web.refusals import Refused
from web.requests import access, audit, db, render, translator

OTHERS = ("x1", "x2")
"""Lines of the form for stops that nobody planned for the team."""


@bp.get("/<int:number>/check-ins")
@needs(Action.CHECK_INS_ENTER)
def check_ins(number: int) -> Response:
    """What was planned and what was done; a form for what a team's sheet says."""
    duty = duty_of(db(), seen_plan(number), translator())
    # It names people on duty.
    audit("view", f"check-ins of plan {number}")
    return _page(duty, _team_asked(duty, request.args))


@bp.post("/<int:number>/check-ins")
@needs(Action.CHECK_INS_ENTER)
def enter_check_ins(number: int) -> Response:
    """Keep what was typed from a team's sheet, all of it or nothing."""
    duty = duty_of(db(), seen_plan(number), translator())
    team = _team_asked(duty, request.form)
    if team is None:
        abort(404)
    shift = Shift(duty.start, duty.end, translator().zone)
    try:
        entries = _entries(duty, team, shift, request.form)
        kept = enter(db(), number, shift, entries, author=access().account.name, now=datetime.now(UTC))
    except InputRefused as refused:
        return _page(duty, team, refused=refused, given=request.form, status=422)
    audit("add", f"check-ins of plan {number}", rows=len(kept), team=team.code)
    flash(
        ngettext(
            "%(n)s check-in was entered.",
            "%(n)s check-ins were entered.",
            len(kept),
            n=translator().number(len(kept)),
        ),
        "success",
    )
    return redirect(f"/plans/{number}/check-ins?team={team.number}", 303)


@bp.post("/<int:number>/check-ins/take-back")
@needs(Action.CHECK_INS_ENTER)
def take_back(number: int) -> Response:
    """Remove one check-in, or all that came with one pack."""
    seen_plan(number)
    pack = request.form.get("pack", "")
    if pack:
        count = store.take_back_pack(db(), number, pack)
        audit("remove", f"check-ins of plan {number}", rows=count, sha256=pack)
    else:
        gone = store.take_back(db(), number, _whole(request.form.get("id", "")))
        count = int(gone is not None)
        if gone is not None:
            told = f"{gone.stop_id} {translator().moment(gone.arrived_at)}"
            audit("remove", f"check-ins of plan {number}", rows=1, what=told)
    if not count:
        raise Refused(N_("It was taken back already; load the page anew."))
    flash(
        ngettext(
            "%(n)s check-in was taken back.",
            "%(n)s check-ins were taken back.",
            count,
            n=translator().number(count),
        ),
        "success",
    )
    team = _whole(request.form.get("team", ""))
    return redirect(f"/plans/{number}/check-ins" + (f"?team={team}" if team else ""), 303)


@bp.get("/<int:number>/check-ins/card")
@needs(Action.CHECK_INS_ENTER)
def done_card(number: int) -> Response:
    """Planned beside done, for the plan's page."""
    t = translator()
    duty = duty_of(db(), seen_plan(number), t)
    return render(
        "duty/done_card.html",
        duty=duty,
        done=totals_of_shift(db(), duty, t),
        before=[(part.plan, t.clock(part.until)) for part in earlier_parts(db(), number)],
    )


def _page(
    duty: Duty,
    team: Team | None,
    *,
    refused: InputRefused | None = None,
    given: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    done = planned_beside_done(db(), duty, translator())
    own: TeamDone | None = next((one for one in done if team is not None and one.team.id == team.id), None)
    packs = {one.pack_id for each in done for one in _all(each) if one.pack_id}
    return render(
        "duty/check_ins.html",
        status=status,
        duty=duty,
        done=done,
        own=own,
        others=OTHERS,
        refused=refused,
        given=given or {},
        packs={
            pack: sum(one.pack_id == pack for each in done for one in _all(each)) for pack in sorted(packs)
        },
        longest_name=LONGEST_NAME,
        longest_note=LONGEST_NOTE,
    )


def _all(done: TeamDone) -> list[Any]:
    return [*(line.came for line in done.lines if line.came is not None), *done.others]


def _team_asked(duty: Duty, asked: Mapping[str, str]) -> Team | None:
    """The team that is asked for, the first without; None where the plan has none."""
    if "team" in asked:
        return team_of(duty, _whole(asked["team"]))
    return next(iter(duty.teams), None)


def _entries(duty: Duty, team: Team, shift: Shift, form: Mapping[str, str]) -> list[Entry]:
    """What the form says, line by line; a line without a time of coming says nothing."""
    everybody = form.get("signer-all", "").strip()
    entries: list[Entry] = []
    problems: list[str] = []
    lines = [(str(visit.order), visit.stop.id, visit.start_at) for visit in team.visits]
    lines += [(name, form.get(f"stop-{name}", ""), duty.start) for name in OTHERS]
    for name, stop, near in lines:
        came, left = (form.get(f"{what}-{name}", "").strip() for what in ("came", "left"))
        signer, note = (form.get(f"{what}-{name}", "").strip() for what in ("signer", "note"))
        if name in OTHERS and not stop and (came or left or signer or note):
            words = Sentence("choose the stop, or leave the line empty")
            problems.append(Sentence("line %(line)s: %(why)s", line=_line(name), why=words))
            continue
        if not came:
            if left or signer or note:
                words = Sentence("write when the team came, or leave the line empty")
                problems.append(Sentence("line %(line)s: %(why)s", line=_line(name), why=words))
            continue
        try:
            arrived = time_in_shift(clock_of(came), shift, near)
            gone = time_in_shift(clock_of(left), shift, arrived) if left else None
        except InputRefused as error:
            problems.append(Sentence("line %(line)s: %(why)s", line=_line(name), why=message_of(error)))
            continue
        entries.append(Entry(team.id, stop, arrived, gone, signer or everybody, note))
    if problems:
        raise InputRefused(Sentence("nothing was entered: correct what is said of it"), problems)
    if not entries:
        raise Refused(N_("Nothing was typed: write at least one time of coming."))
    return entries


def _line(name: str) -> str:
    """A line of the form as the page calls it."""
    return name.replace("x", "+")


def _whole(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 18 else 0
