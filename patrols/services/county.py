"""Plan one shift of many zones at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

import geopandas as gpd
import pandas as pd
from sqlalchemy.orm import Session

from geo.errors import LianfangError, Sentence, message_of
from patrols import repository
from patrols.plan import PatrolPlan
from patrols.services.planning import PlanOutcome, store_plan
from patrols.services.preparing import PlanSettings, Prepared, prepared
from patrols.services.zoning import road_network
from patrols.solve import Budget, solve


@dataclass(frozen=True)
class CountyOutcome:
    """What became of every zone.

    Parameters
    ----------
    plans : tuple of (zone code, PlanOutcome)
    refused : tuple of (zone code, sentence)
        Zones for which there is no plan, and why.
    """

    plans: tuple[tuple[str, PlanOutcome], ...]
    refused: tuple[tuple[str, str], ...]


def plan_zones(
    session: Session,
    *,
    zones: Sequence[str] | None = None,
    start: datetime,
    end: datetime,
    budget: Budget,
    seed: int,
    workers: int,
    settings: PlanSettings | None = None,
    author: str,
    should_abort: Callable[[], bool] | None = None,
    progress: Callable[[float], None] | None = None,
) -> CountyOutcome:
    """Plan the shift `[start, end)` of several zones, each by itself, and store the plans.

    Streets are read once. Zones are taken in the order of their codes, and where two zones meet, ground
    within sight of a stop of the one before has no second stop in the one after: a border is handled once.

    Parameters
    ----------
    zones : sequence of str, optional
        Codes; all zones where none are named.
    budget : Budget
        Of each zone.
    workers : int
        Zones searched at the same time, each by a thread of its own.
    should_abort : callable, optional
        Asked while searching; once True, every search still running ends with its best plan so far.
    progress : callable, optional
        Told the share done.

    Returns
    -------
    CountyOutcome
        A zone that cannot be planned does not keep the others from it.

    Raises
    ------
    LianfangError
        When there is no zone, or a zone is named that is not there.
    """
    tell = progress or (lambda fraction: None)
    known = sorted(repository.zones(session)["code"])
    chosen = known if zones is None else sorted(set(zones))
    if not chosen:
        raise LianfangError(Sentence("there is no zone; draw one first"))
    unknown = sorted(set(chosen) - set(known))
    if unknown:
        raise LianfangError(Sentence("zone '%(zone)s' is not there", zone=unknown[0]))
    roads = road_network(session)
    ready: list[Prepared] = []
    refused: list[tuple[str, str]] = []
    taken: gpd.GeoSeries | None = None
    for number, zone in enumerate(chosen):
        try:
            ready.append(
                prepared(
                    session, zone=zone, start=start, end=end, settings=settings, roads=roads, taken=taken
                )
            )
        except LianfangError as error:
            refused.append((zone, message_of(error)))
        else:
            own = ready[-1].stops.geometry
            taken = own if taken is None else gpd.GeoSeries(pd.concat([taken, own]), crs=own.crs)
        tell(0.3 * (number + 1) / len(chosen))

    def search(one: Prepared) -> PatrolPlan | LianfangError:
        try:
            return solve(one.problem, budget=budget, seed=seed, should_abort=should_abort, unlike=one.seen)
        except LianfangError as error:
            return error

    plans: list[tuple[str, PlanOutcome]] = []
    with ThreadPoolExecutor(max_workers=workers) as pool:
        answers = pool.map(search, ready)
        for done, (one, answer) in enumerate(zip(ready, answers, strict=True), start=1):
            if isinstance(answer, LianfangError):
                refused.append((one.zone, message_of(answer)))
            else:
                made = store_plan(session, one, answer, budget=budget, seed=seed, author=author)
                plans.append((one.zone, made))
            tell(0.3 + 0.7 * done / len(ready))
    return CountyOutcome(tuple(plans), tuple(refused))
