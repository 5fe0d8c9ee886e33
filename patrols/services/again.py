"""Plan a shift again from a plan that is there: its stops, and what a person wants kept or forbidden."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
from sqlalchemy.orm import Session

from geo.errors import InputRefused, LianfangError, Sentence
from patrols import repository
from patrols.repository import of_plan
from patrols.tables import Plan

Pair = tuple[str, str]


@dataclass(frozen=True)
class Wishes:
    """What a person wants of a plan that is made again; kept with it.

    Parameters
    ----------
    plan : int
        The plan it is made again from: its stops are taken, not chosen anew.
    pinned : tuple of (team code, stop_id)
        Visits to be kept: these teams come to these stops.
    forbidden : tuple of (team code, stop_id)
        Visits that must not be.

    Raises
    ------
    InputRefused
        When a visit is both.
    """

    plan: int
    pinned: tuple[Pair, ...] = ()
    forbidden: tuple[Pair, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        both = sorted(set(self.pinned) & set(self.forbidden))
        if both:
            team, stop = both[0]
            raise InputRefused(
                Sentence(
                    "team '%(team)s' at stop '%(stop)s' is both kept and forbidden; choose one",
                    team=team,
                    stop=stop,
                )
            )

    def as_json(self) -> dict[str, Any]:
        """What is stored with the plan."""
        return {
            "plan": self.plan,
            "pinned": [*map(list, self.pinned)],
            "forbidden": [*map(list, self.forbidden)],
        }

    def refuse_impossible(
        self,
        stops: Collection[str],
        teams: Collection[str],
        apart: Collection[Pair],
        most: int,
        *,
        barred: Collection[Pair] = (),
    ) -> None:
        """Refuse wishes that name no stop of the plan, or keep what cannot be.

        Parameters
        ----------
        stops : collection of str
            The plan's stops.
        teams : collection of str
            Codes of the teams on duty. A forbidden visit of any other team cannot happen anyway.
        apart : collection of (team code, stop_id)
            Pairs that cannot meet: stops out of the range of a team that flies.
        most : int
            Visits that the zone's rule asks for at one stop; no more are kept.
        barred : collection of (team code, stop_id)
            Pairs that must not meet: stops where a team must not go.

        Raises
        ------
        InputRefused
            Naming each.
        """
        wrong = [
            Sentence("stop '%(stop)s' is none of plan %(plan)s", stop=stop, plan=self.plan)
            for _, stop in (*self.pinned, *self.forbidden)
            if stop not in stops
        ]
        wrong += [
            Sentence(
                "team '%(team)s' is not on duty in this shift and cannot be kept at stop '%(stop)s'",
                team=team,
                stop=stop,
            )
            for team, stop in self.pinned
            if team not in teams
        ]
        wrong += [
            Sentence("stop '%(stop)s' is out of the range of team '%(team)s'", team=team, stop=stop)
            for team, stop in self.pinned
            if (team, stop) in apart
        ]
        wrong += [
            Sentence("stop '%(stop)s' lies where team '%(team)s' must not go", team=team, stop=stop)
            for team, stop in self.pinned
            if (team, stop) in barred
        ]
        wrong += [
            Sentence(
                "stop '%(stop)s' is kept for %(n)s teams; the zone's rule asks for %(most)s visits, keep "
                "no more",
                stop=stop,
                n=count,
                most=most,
            )
            for stop, count in Counter(stop for _, stop in set(self.pinned)).items()
            if count > most
        ]
        if wrong:
            raise InputRefused(
                Sentence("wishes that cannot be kept: %(n)s; nothing was planned", n=len(wrong)),
                list(dict.fromkeys(wrong)),
            )


def plan_again(session: Session, wishes: Wishes, zone: str) -> tuple[Plan, gpd.GeoDataFrame]:
    """The plan that is made again, and its stops: stop_id, prize, service_s, why, geometry (EPSG:4326).

    Raises
    ------
    LianfangError
        When there is no such plan, or it is of another zone.
    """
    plan = session.get(Plan, wishes.plan)
    if plan is None:
        raise LianfangError(Sentence("plan %(plan)s is not stored", plan=wishes.plan))
    found = of_plan.plan(session, wishes.plan)
    if found is None or found["zone_code"] != zone:
        raise LianfangError(
            Sentence("plan %(plan)s is of another zone than '%(zone)s'", plan=wishes.plan, zone=zone)
        )
    stops = repository.plan_stops(session, wishes.plan)
    return plan, stops[["stop_id", "prize", "service_s", "why", "geometry"]]
