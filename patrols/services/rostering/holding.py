"""What all that is done to a roster needs: held, its zone's teams and clock, its changes written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy.orm import Session

from geo.errors import InputRefused, LianfangError, Sentence
from geo.services import current_site
from patrols import repository
from patrols.problem import CrossRule
from patrols.repository import of_plan
from patrols.repository import rosters as store
from patrols.rosters.document import Document
from patrols.services.duty import calendar_days, serves_whole
from patrols.tables import StoredRoster, Zone

MEMORY_DAYS = 31
"""How far back published rosters count when a new one is made: as long as the longest."""


def change(
    session: Session,
    roster: StoredRoster,
    made: Document,
    step: str,
    detail: Mapping[str, Any],
    *,
    now: datetime,
    author: str,
) -> None:
    """Give a roster another document, and write down what it was before."""
    store.add_step(session, roster, step, at=now, author=author, detail=dict(detail), before=roster.document)
    roster.document = made
    session.flush()


def served_before(session: Session, zone_id: int, first: date) -> list[dict[str, Any]]:
    """What the zone's published rosters of the `MEMORY_DAYS` before a day say, as a document keeps it."""
    since = first - timedelta(days=MEMORY_DAYS)
    code = session.get_one(Zone, zone_id).code
    rows = store.published(session, code, since, first - timedelta(days=1))
    found = []
    for row in sorted(rows, key=lambda row: str(row["document"]["days"][0])):
        made: Document = row["document"]
        turns = []
        for turn in made["turns"]:
            day, slot = made["days"][turn["day"]], made["slots"][turn["slot"]]
            if since.isoformat() <= day < first.isoformat():
                could = [code for code in turn["can"] if code not in turn["forbidden"]]
                own = {name: turn[name] for name in ("teams", "village", "leader")}
                turns.append({"day": day, "from": slot["from"], "to": slot["to"], "could": could, **own})
        found.append({"roster": row["id"], "leaders": made["leaders"], "turns": turns})
    return found


def mixed_of_zone(session: Session, zone_id: int) -> int | None:
    """Of how many villages the people of a mixed team are, where the zone's rule is *joint*."""
    rule = CrossRule(**session.get_one(Zone, zone_id).rule)
    return rule.villages if rule.pattern == "joint" else None


def teams_of_zone(
    session: Session, zone_id: int, when: Sequence[tuple[int, int, datetime, datetime]]
) -> tuple[dict[str, dict[str, Any]], dict[str, list[bool]]]:
    """The teams of a zone as a roster keeps them, and in which turns each can serve."""
    clock = clock_of_site(session)
    days: Mapping[str, Callable[[date], bool]] = calendar_days(session)
    names = of_plan.teams(session, zone_id).set_index("code")
    teams: dict[str, dict[str, Any]] = {}
    can: dict[str, list[bool]] = {}
    for row in repository.teams(session, zone_id).to_dict("records"):
        code = str(row["code"])
        told = names.loc[code]
        teams[code] = {
            "name": row["name"],
            "name_en": told["name_en"],
            "village": _known(row["village"]),
            "village_name": _known(told["village"]),
            "village_name_en": _known(told["village_en"]),
            "villages": int(_known(row["village"]) is not None) + len(row["partners"]),
        }
        can[code] = [serves_whole(row, start, end, clock, days) for _, _, start, end in when]
    return teams, can


def _known(value: Any) -> Any:
    return None if pd.isna(value) else value


def clock_of_site(session: Session) -> ZoneInfo:
    """The clock that days and hours are by."""
    return ZoneInfo(current_site(session).timezone)


def held(session: Session, number: int) -> StoredRoster:
    """A roster, with all of its zone kept from changing; LianfangError for an unknown one."""
    roster = store.hold(session, number)
    if roster is None:
        raise LianfangError(Sentence("roster %(roster)s is not stored", roster=number))
    return roster


def draft(session: Session, number: int) -> StoredRoster:
    """As `held`; InputRefused where it is published."""
    return _unpublished(held(session, number))


def seen(session: Session, number: int) -> StoredRoster:
    """A roster as it is, without keeping others from changing it; LianfangError for an unknown one."""
    roster = session.get(StoredRoster, number, populate_existing=True)
    if roster is None:
        raise LianfangError(Sentence("roster %(roster)s is not stored", roster=number))
    return roster


def seen_draft(session: Session, number: int) -> StoredRoster:
    """As `seen`; InputRefused where it is published."""
    return _unpublished(seen(session, number))


def _unpublished(roster: StoredRoster) -> StoredRoster:
    if roster.status != "draft":
        raise InputRefused(
            Sentence("roster %(roster)s is published; withdraw it before it is changed so", roster=roster.id)
        )
    return roster
