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
from patrols.repository.parts import planned_of_shift, visits_of_shift
from web.duty.content import Duty, Stop, Team, Visit
from web.i18n import N_, Translator

ON_TIME_S = 300
"""A team that comes within five minutes of the plan is on time."""
NOBODYS = "#6b747b"
"""Of a team that has no number in a plan, and so no colour."""


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


@dataclass(frozen=True)
class TeamTotal:
    """How much of what was planned for a team was done, over its whole shift.

    `number` is None for a team that the plan does not send anywhere any more; `elsewhere` are check-ins that
    belong to no planned visit.
    """

    number: int | None
    name: str
    colour: str
    planned: int
    done: int
    elsewhere: int


def totals_of_shift(session: Session, duty: Duty, t: Translator) -> list[TeamTotal]:
    """What was planned and done by team, with the part of the shift before a plan that goes on."""
    planned, stored = planned_of_shift(session, duty.plan)
    whose, _ = planned_and_done(planned, stored)
    elsewhere = stored[~stored.index.isin(whose.dropna())]
    teams = {team.code: team for team in duty.teams}
    column = "team_name" if t.lang == "zh" else "team_name_en"
    names = {
        row["team"]: row[column] or row["team_name"]
        for row in visits_of_shift(session, duty.plan).to_dict("records")
    }
    gone = sorted({*planned["team_id"], *stored["team_id"]} - set(teams))
    made = []
    for code in (*teams, *gone):
        own = planned["team_id"] == code
        made.append(
            TeamTotal(
                teams[code].number if code in teams else None,
                teams[code].name if code in teams else names.get(code, code),
                teams[code].colour if code in teams else NOBODYS,
                int(own.sum()),
                int(whose[own].notna().sum()),
                int((elsewhere["team_id"] == code).sum()),
            )
        )
    return made


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
