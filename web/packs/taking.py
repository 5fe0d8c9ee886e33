"""Take the check-ins of a pack in, beside the plan that they belong to."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from geo.errors import InputRefused, Sentence
from geo.services import current_site
from patrols.repository import check_ins as store
from patrols.repository import of_plan
from patrols.services.check_ins import enter
from patrols.signing import Entry, Shift
from web.duty.making import duty_of
from web.i18n import Translator
from web.packs.patrol import identity
from web.packs.visits import CheckInPack

NOBODY = -1


def take_in(session: Session, pack: CheckInPack, *, author: str, now: datetime) -> int:
    """Store the check-ins of a pack, all or none; answers how many.

    Parameters
    ----------
    session : Session
        In a scope that sees the plan's zone.
    pack : CheckInPack
    author : str
        Who hands it in.
    now : datetime

    Raises
    ------
    InputRefused
        When the plan is not here or is another one, the pack was taken in before, or something in it cannot
        have been so.
    """
    plan = of_plan.plan(session, pack.plan)
    if plan is None:
        raise InputRefused(Sentence("the pack is of plan %(plan)s, which is not stored here", plan=pack.plan))
    zone = ZoneInfo(current_site(session).timezone)
    # Names are not compared, so either language does.
    duty = duty_of(session, plan, Translator("zh", zone))
    if identity(duty) != pack.identity:
        raise InputRefused(
            Sentence(
                "plan %(plan)s is another here than the one that the pack was made for; hand it in where "
                "that plan was made",
                plan=pack.plan,
            )
        )
    before = store.of_plan(session, pack.plan)
    if (before["pack_id"] == pack.id).any():
        raise InputRefused(
            Sentence("these check-ins were taken in before; take them back first to hand them in anew")
        )
    teams = {team.code: team.id for team in duty.teams}
    entries = [
        Entry(teams.get(one.team, NOBODY), one.stop_id, one.arrived_at, one.left_at, one.signer, one.note)
        for one in pack.visits
    ]
    shift = Shift(duty.start, duty.end, zone)
    return len(enter(session, pack.plan, shift, entries, author=author, now=now, pack_id=pack.id))
