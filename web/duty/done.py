"""Planned beside done, team by team, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from patrols.adherence import planned_and_done
from patrols.repository import check_ins as store
from web.duty.content import Duty, Stop, Team, Visit
from web.i18n import N_, Translator

ON_TIME_S = 300
"""A team that comes within five minutes of the plan is on time."""


@dataclass(frozen=True)
class CheckIn:
    """One that was entered; `left_at` is None where it was left empty."""

    id: int
    stop: Stop
    arrived_at: datetime
    left_at: datetime | None
    signer: str
    note: str
    pack_id: str | None
    author: str
    entered_at: datetime


@dataclass(frozen=True)
class Line:
    """One planned visit and what became of it: `came` is None where nobody signed in; `said` in words."""

    visit: Visit
    came: CheckIn | None
    said: str
    tone: str


@dataclass(frozen=True)
class TeamDone:
    """A team's visits, and its check-ins that belong to none of them."""

    team: Team
    lines: Sequence[Line]
    others: Sequence[CheckIn]

    @property
    def done(self) -> int:
        """Visits that were signed in at."""
        return sum(line.came is not None for line in self.lines)

    @property
    def missing(self) -> int:
        """Visits at which nobody signed in."""
        return len(self.lines) - self.done


def planned_beside_done(session: Session, duty: Duty, t: Translator) -> list[TeamDone]:
    """What was planned and what was done, by team in the order of their numbers."""
    visits = [(team, visit) for team in duty.teams for visit in team.visits]
    planned = pd.DataFrame(
        [(team.id, visit.stop.id, visit.start_at) for team, visit in visits],
        columns=["team_id", "stop_id", "start_at"],
    )
    stored = store.of_plan(session, duty.plan)
    whose, late_s = planned_and_done(planned, stored)
    stops = {stop.id: stop for stop in duty.stops}
    came = {
        int(row["id"]): (row["team_id"], _check_in(row, stops))
        for row in stored.reset_index().to_dict("records")
    }
    lines: dict[int, list[Line]] = {team.id: [] for team in duty.teams}
    for (team, visit), number, late in zip(visits, whose, late_s, strict=True):
        if pd.isna(number):
            lines[team.id].append(Line(visit, None, t(N_("not signed in")), "quiet"))
        else:
            said, tone = _lateness(int(late), t)
            lines[team.id].append(Line(visit, came[int(number)][1], said, tone))
    matched = {int(one) for one in whose.dropna()}
    return [
        TeamDone(
            team,
            lines[team.id],
            [
                one
                for number, (whose_id, one) in came.items()
                if whose_id == team.id and number not in matched
            ],
        )
        for team in duty.teams
    ]


def _check_in(row: dict[Any, Any], stops: dict[str, Stop]) -> CheckIn:
    return CheckIn(
        id=int(row["id"]),
        stop=stops[row["stop_id"]],
        arrived_at=row["arrived_at"].to_pydatetime(),
        left_at=None if pd.isna(row["left_at"]) else row["left_at"].to_pydatetime(),
        signer=row["signer"],
        note=row["note"],
        pack_id=row["pack_id"],
        author=row["author"],
        entered_at=row["entered_at"].to_pydatetime(),
    )


def _lateness(late_s: int, t: Translator) -> tuple[str, str]:
    """How late somebody came, in words and as a tone."""
    if abs(late_s) <= ON_TIME_S:
        return t(N_("on time")), "good"
    if late_s > 0:
        return t(N_("%(time)s late"), time=t.duration(late_s / 60)), "warn"
    return t(N_("%(time)s early"), time=t.duration(-late_s / 60)), "warn"
