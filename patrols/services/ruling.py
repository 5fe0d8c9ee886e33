"""The rule of a zone: changing it, and what it is in one shift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime

import pandas as pd
from sqlalchemy import update
from sqlalchemy.orm import Session

from geo.errors import InputRefused, LianfangError, Sentence
from patrols import repository
from patrols.problem import CrossRule
from patrols.repository import of_plan
from patrols.repository.leading import last_led
from patrols.tables import Zone


def change_rule(session: Session, zone: str, rule: CrossRule) -> tuple[CrossRule, CrossRule]:
    """Give a zone another rule from now on; answers the one before and the new one.

    Plans that were made keep theirs, and are stale.

    Raises
    ------
    LianfangError
        When the zone is not known, or the rule asks for more villages than it has.
    """
    number = repository.zone_of_code(session, zone)
    members = len(of_plan.members(session, number))
    if rule.villages > members:
        raise InputRefused(
            Sentence(
                "the rule asks for %(asked)s villages at a stop, zone '%(zone)s' has %(n)s; ask for fewer",
                asked=rule.villages,
                zone=zone,
                n=members,
            )
        )
    if rule.leader is not None:
        raise InputRefused(
            Sentence("the duty village is named for each shift; leave it out of the zone's rule")
        )
    stored = session.get_one(Zone, number).rule
    session.execute(update(Zone).where(Zone.id == number).values(rule=asdict(rule)))
    return CrossRule(**stored), rule


def rule_of_shift(
    session: Session,
    zone_id: int,
    rule: CrossRule,
    teams: pd.DataFrame,
    start: datetime,
    leads: str | None,
    drafts: Sequence[int] = (),
) -> CrossRule:
    """A zone's rule as it holds in one shift: a rota with its duty village.

    Parameters
    ----------
    rule : CrossRule
        The zone's.
    teams : DataFrame
        village (path or None) of the teams on duty.
    start : datetime
        Of the shift.
    leads : str or None
        Path of the duty village; None takes the one whose turn it is: of those with a team on duty the one
        that led longest ago, by published plans and these drafts, one that never did first, then by path.

    Raises
    ------
    LianfangError
        When a duty village is named and the rule is no rota, or it has no team on duty, or nobody has.
    """
    if rule.pattern != "rota":
        if leads is not None:
            raise LianfangError(
                Sentence(
                    "the zone's rule is no rota, so no village leads; leave out '%(village)s'", village=leads
                )
            )
        return rule
    homes = sorted(teams["village"].dropna().unique())
    if leads is not None and leads not in homes:
        raise LianfangError(
            Sentence(
                "village '%(village)s' has no team on duty in this shift and cannot lead it; choose one of "
                "%(known)s",
                village=leads,
                known=", ".join(homes) or "–",
            )
        )
    if not homes:
        raise LianfangError(
            Sentence(
                "the rule is a rota, and no village has a team on duty in this shift; nobody can lead it"
            )
        )
    led = last_led(session, zone_id, start, drafts)
    turn = min(homes, key=lambda path: (path in led, led.get(path, start), path))
    return replace(rule, leader=leads or turn)


def counts(village: str | None, villages: int, rule: CrossRule) -> bool:
    """Whether visits by a team count for crossing.

    Parameters
    ----------
    village : str or None
        Its home.
    villages : int
        Of how many villages its people come.
    """
    return villages >= rule.villages if rule.pattern == "joint" else not pd.isna(village)


def uncounted(duty: str, team: str, rule: CrossRule) -> Sentence:
    """That a team which must come to a fixed duty takes a visit there and does not count for crossing."""
    if rule.pattern == "joint":
        return Sentence(
            "fixed duty '%(duty)s' asks for team '%(team)s', which is not mixed of %(n)s villages: its visit "
            "is one of the %(visits)s that the rule asks for and does not count, so nothing is crossed there",
            duty=duty,
            team=team,
            n=rule.villages,
            visits=rule.visits,
        )
    return Sentence(
        "fixed duty '%(duty)s' asks for team '%(team)s', which is of no village: its visit is one of the "
        "%(visits)s that the rule asks for and does not count, so nothing is crossed there",
        duty=duty,
        team=team,
        visits=rule.visits,
    )


def crossing_remarks(
    teams: pd.DataFrame, rule: CrossRule, names: Mapping[str, str] | None = None
) -> list[str]:
    """That nothing can be crossed, where the teams on duty are not such as the rule asks for.

    Parameters
    ----------
    teams : DataFrame
        village (path or None) and villages (of how many its people come) of the teams on duty.
    rule : CrossRule
        Of the shift.
    names : mapping, optional
        What villages are called, by path; left out, they are called by it.
    """
    if rule.pattern == "joint":
        if (teams["villages"] >= rule.villages).any():
            return []
        return [
            Sentence(
                "nothing can be crossed: that takes a mixed team of %(n)s villages, and none is on duty",
                n=rule.villages,
            )
        ]
    homes = sorted(teams["village"].dropna().unique())
    if len(homes) >= rule.villages:
        return []
    of = (
        Sentence("all are of %(village)s", village=(names or {}).get(homes[0], homes[0]))
        if homes
        else Sentence("none has a village")
    )
    if len(homes) > 1:
        of = Sentence("all are of %(n)s villages", n=len(homes))
    return [
        Sentence(
            "nothing can be crossed: that takes teams of %(n)s villages, and of those on duty %(of)s",
            n=rule.villages,
            of=of,
        )
    ]
