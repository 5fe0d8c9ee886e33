"""The cross-patrol problem: who can go where by when, and when a stop counts as crossed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import Sentence
from patrols import columns as read
from patrols import problem_frames as clean

PATTERNS = ("separate", "joint", "rota")
SPANS = ("shift", "week", "month")
DAY_S = 24 * 3600
# More than adjoin anywhere.
MOST_VILLAGES = 12
# More visits to one stop in one shift than anybody asks for.
MOST_VISITS = 4


@dataclass(frozen=True)
class CrossRule:
    """When a stop is crossed (被交叉巡到).

    - *separate*: `visits` visits, by teams of at least `villages` different villages, whose services start at
      least `separation_s` apart, each from the one before it. Which village the stop itself lies in plays no
      part.
    - *joint* (联合巡逻): `visits` visits, each by a mixed team with people of at least `villages` villages,
      as far apart. The same team may come again.
    - *rota* (轮值): as *separate*, and one of the visits at least is by a team of the duty village,
      `leader`.

    A team without a village (station, school, special police) counts as **no** village: the rule
    asks that villages look after each other's ground, and a police car there twice is not
    that. Such a team serves required stops, and its visit is a visit wherever visits count (first
    visit, idleness), but it never makes a stop crossed.

    Parameters
    ----------
    pattern : str
        One of `PATTERNS`.
    visits, villages : int
        From 1 to `MOST_VISITS`; from 1 to `visits`, where a team may be mixed to `MOST_VILLAGES`.
    separation_s : int
        From the start of one service to the start of the next, seconds, >= 0.
    max_idle_s : int, optional
        Where given, a stop is crossed only if its *idleness* is at most this. Idleness is the
        longest time for which nobody is at the stop, from its first visit (by any team) to the end of the
        span, which is the latest end of any team's shift: the longest of the times from an end of
        service to the next start of service, and the time from the last end of service to the end
        of the span. Seconds, > 0.
    leader : str, optional
        The duty village of a *rota*; a zone's rule leaves it open, a problem's names it.
    within : str
        One of `SPANS`: how long a stop has for its visits. A problem spans what its teams' shifts span;
        visits made before it within the same week or month are given to it as `done`.

    Raises
    ------
    ValueError
        For a pattern, number or time outside these limits.
    """

    pattern: str = "separate"
    visits: int = 2
    villages: int = 2
    separation_s: int = 1800
    max_idle_s: int | None = None
    leader: str | None = None
    within: str = "shift"

    def __post_init__(self) -> None:
        """Refuse rules that the solver and the checker do not know."""
        for name, value, known in (("pattern", self.pattern, PATTERNS), ("within", self.within, SPANS)):
            if value not in known:
                raise ValueError(
                    Sentence(
                        "%(name)s %(value)s is not known; give one of %(known)s",
                        name=name,
                        value=repr(value),
                        known=", ".join(known),
                    )
                )
        object.__setattr__(self, "visits", read.whole(self.visits, "visits", 1, MOST_VISITS))
        most = MOST_VILLAGES if self.pattern == "joint" else self.visits
        object.__setattr__(self, "villages", read.whole(self.villages, "villages", 1, most))
        object.__setattr__(self, "separation_s", read.whole(self.separation_s, "separation_s", 0))
        if self.max_idle_s is not None:
            object.__setattr__(self, "max_idle_s", read.whole(self.max_idle_s, "max_idle_s", 1))
            if self.within != "shift" and self.max_idle_s < DAY_S:
                raise ValueError(
                    Sentence(
                        "nobody may be missing at a stop for %(idle)s s, but shifts of a %(within)s lie "
                        "a day apart; allow a day (%(day)s s) or more, or leave it open",
                        idle=self.max_idle_s,
                        within=self.within,
                        day=DAY_S,
                    )
                )
        object.__setattr__(self, "leader", read.village_of(self.leader, "the duty village of the rule"))
        if self.pattern == "rota" and self.within != "shift":
            raise ValueError(
                Sentence(
                    "a rota is within one shift, not a %(within)s: each has its own duty village",
                    within=self.within,
                )
            )
        if self.leader is not None and self.pattern != "rota":
            raise ValueError(
                Sentence(
                    "the pattern %(pattern)s has the duty village %(village)s; only a rota has one",
                    pattern=repr(self.pattern),
                    village=repr(self.leader),
                )
            )


@dataclass(frozen=True, eq=False)
class PatrolProblem:
    """Teams, stops, travel and the rule, for one span of time.

    All times are whole seconds from `origin`; a negative one lies before it. Frames are copied and
    reduced to the columns below, on a 0..n-1 index; further columns stay with the caller. Nothing
    here is ever changed; whoever holds a problem must not change its frames either.

    Parameters
    ----------
    duration_s, distance_m : mapping of mode to (N, N) array of int
        Travel between nodes, seconds rounded **up** and metres; -1 = unreachable, the diagonal 0.
        Both have the same modes and the same unreachable pairs.
    stops : DataFrame
        stop_id (text or whole number), node, village (or None), prize (>= 0), service_s (>= 0),
        required (bool). A required stop must be visited at least once, by any team; whether it is
        crossed is another matter. Optionally end_node, the other end of a stretch; and villages and
        max_idle_s, what this stop asks for instead of the rule, 0 where the rule holds.
    windows : DataFrame or None
        stop_id, start_s, end_s (of the service's start, both included), on_visit. A stop without
        rows is open at any time. A service must start in one of the stop's windows for "each", and
        its first visit also in one of those for "first", where it has any.
    teams : DataFrame
        team_id, village (or None), mode, start_node, end_node (-1: ends where it stands), start_s, end_s, and
        optionally villages: of how many villages its people come, 1 where it is left out and the team has
        a village, else 0; more for a mixed team.
        A team leaves `start_node` not before `start_s` and is at `end_node` by `end_s`; a team
        without visits stays where it is.
    breaks : DataFrame or None
        team_id, earliest_s, latest_s (of the break's start, both included), duration_s. A break is
        one unbroken time in which the team neither travels nor serves, anywhere on its way; at
        most four a team.
    forbidden : DataFrame or None
        team_id, stop_id: pairs that must not meet.
    rule : CrossRule
    origin : datetime
        With a time zone.
    done : DataFrame or None
        stop_id, village (or None), start_s, end_s, and optionally villages, as of teams: visits that were
        made in this span before this plan begins, by teams that need not be in it. They count wherever
        visits count, and come before a visit of the plan that starts in the same second.
    through : DataFrame or None
        stop_id, mode, forth_s, forth_m, back_s, back_m: stops that are **stretches** (路段), by each mode
        that can go through them. A visit goes from `node` to `end_node` (forth) or the other way (back),
        which takes so many seconds beside `service_s`, and so many metres; -1: not that way. Teams of other
        modes cannot visit them.
    pinned : DataFrame or None
        team_id, stop_id: pairs that must meet. A stop has at most as many as the rule asks for visits; it is
        visited by these teams, whoever else visits it.

    Raises
    ------
    TypeError
        When a frame is not a frame or `origin` not a datetime.
    ValueError
        For any bad value; the sentence names it, its limit and the remedy.
    """

    duration_s: Mapping[str, NDArray[np.int64]]
    distance_m: Mapping[str, NDArray[np.int64]]
    stops: pd.DataFrame
    windows: pd.DataFrame
    teams: pd.DataFrame
    breaks: pd.DataFrame
    forbidden: pd.DataFrame
    rule: CrossRule
    origin: datetime
    done: pd.DataFrame = field(default_factory=pd.DataFrame)
    pinned: pd.DataFrame = field(default_factory=pd.DataFrame)
    through: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __post_init__(self) -> None:
        """Check every part and keep a clean copy of it."""
        if not isinstance(self.rule, CrossRule):
            raise TypeError(f"rule is a {type(self.rule).__name__}; give a CrossRule")
        if self.rule.pattern == "rota" and self.rule.leader is None:
            raise ValueError(Sentence("the rule is a rota without a duty village; name its leader"))
        if not isinstance(self.origin, datetime):
            raise TypeError(f"origin is a {type(self.origin).__name__}; give a datetime with a time zone")
        if self.origin.utcoffset() is None:
            raise ValueError(f"origin {self.origin.isoformat()} has no time zone; give one, as in UTC")
        parts: dict[str, Any] = {}
        parts["duration_s"], parts["distance_m"] = clean.matrices(self.duration_s, self.distance_m)
        size = next(iter(parts["duration_s"].values())).shape[0]
        parts["stops"] = clean.stops_frame(self.stops, size)
        parts["teams"] = clean.teams_frame(self.teams, size, parts["duration_s"])
        stop_ids, team_ids = list(parts["stops"]["stop_id"]), list(parts["teams"]["team_id"])
        parts["windows"] = clean.windows_frame(self.windows, stop_ids)
        parts["through"] = clean.through_frame(self.through, parts["stops"], parts["duration_s"])
        parts["breaks"] = clean.breaks_frame(self.breaks, parts["teams"])
        parts["forbidden"] = clean.forbidden_frame(self.forbidden, team_ids, stop_ids)
        parts["done"] = clean.done_frame(self.done, stop_ids)
        parts["pinned"] = clean.pinned_frame(
            self.pinned, team_ids, stop_ids, parts["forbidden"], self.rule.visits
        )
        for name, value in parts.items():
            object.__setattr__(self, name, value)
        for row in np.flatnonzero(parts["stops"][["villages", "max_idle_s"]].to_numpy().any(axis=1)):
            self.rule_at(int(row))

    def rule_at(self, row: int) -> CrossRule:
        """The rule as it holds for the stop in a row of `stops`.

        Raises
        ------
        ValueError
            When the stop asks for what the rule cannot have.
        """
        villages, idle_s = self.stops[["villages", "max_idle_s"]].to_numpy(np.int64)[row].tolist()
        if not villages and not idle_s:
            return self.rule
        if villages and self.rule.pattern == "joint":
            raise ValueError(
                f"stop {self.stops['stop_id'].iat[row]!r} asks for {villages} villages; under a joint rule "
                "all stops ask for as many as the rule, leave it 0"
            )
        try:
            return replace(
                self.rule,
                villages=villages or self.rule.villages,
                max_idle_s=idle_s or self.rule.max_idle_s,
            )
        except ValueError as error:
            raise ValueError(f"stop {self.stops['stop_id'].iat[row]!r}: {error}") from error

    @property
    def span_s(self) -> tuple[int, int]:
        """First start and last end of any team's shift, seconds from `origin`; (0, 0) without teams."""
        if self.teams.empty:
            return 0, 0
        return int(self.teams["start_s"].min()), int(self.teams["end_s"].max())

    def same_as(self, other: PatrolProblem) -> bool:
        """Whether both hold the same values and types, number for number."""
        for part in fields(self):
            mine, theirs = getattr(self, part.name), getattr(other, part.name)
            if isinstance(mine, pd.DataFrame):
                if not (mine.equals(theirs) and list(mine.dtypes) == list(theirs.dtypes)):
                    return False
            elif isinstance(mine, Mapping):
                if list(mine) != list(theirs) or not all(np.array_equal(mine[k], theirs[k]) for k in mine):
                    return False
            elif mine != theirs:
                return False
        return True
