"""Fixed duties of a zone that fall due in a shift, as stops of its plan."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS
from sqlalchemy.orm import Session

from geo.crs import to_metric
from geo.errors import LianfangError, Sentence
from geo.roads import RoadNetwork
from geo.services import current_site
from patrols.arrays import FAR, problem_arrays
from patrols.duties import Due, Duty, due, on_visit, read_windows
from patrols.problem import CrossRule, PatrolProblem
from patrols.reach import reach_of
from patrols.repository import calendars as calendar_store
from patrols.repository import duties as store
from patrols.services.ruling import counts, uncounted
from patrols.services.stops import by_place

Pair = tuple[str, str]
# What a plan keeps of a duty among the reasons of its stop; `why` of a stop from gaps has causes instead.
KEPT = ("kind", "stay_s", "required", "prize", "villages", "teams")


@dataclass(frozen=True, eq=False)
class DutiesDue:
    """Fixed duties that fall due in a shift.

    Parameters
    ----------
    stops : GeoDataFrame
        prize, service_s, demand_m (0), why (a list of one: the duty, with its windows), geometry.
    remarks : tuple of Sentence
        What a planner should know of them.
    """

    stops: gpd.GeoDataFrame
    remarks: tuple[str, ...] = ()

    @classmethod
    def none(cls, crs: CRS) -> DutiesDue:
        """No duty."""
        return cls(gpd.GeoDataFrame({"prize": []}, geometry=gpd.GeoSeries([], crs=crs)))


def duties_due(
    session: Session, zone_id: int, start: datetime, end: datetime, network: RoadNetwork, limit_m: float
) -> DutiesDue:
    """The fixed duties inside a zone's border that hold in the shift `[start, end)`, in the network's CRS.

    Hours are the site's; those past midnight belong to the day they begin on. A duty is pinned where people
    are, such as a school's yard: its stop is on the nearest street that can be walked, `limit_m` away at
    most.

    Raises
    ------
    LianfangError
        When a required duty lies farther from every street.
    """
    stored = to_metric(store.duties(session, zone_id=zone_id), network.crs)
    zone = ZoneInfo(current_site(session).timezone)
    calendars = calendar_store.calendars(session).set_index("code")["calendar"]
    remarks: list[str] = []
    entries, kept = [], []
    for label, row in zip(stored.index, stored.to_dict("records"), strict=True):
        calendar = calendars.get(row["calendar"]) if row["calendar"] is not None else None
        if row["calendar"] is not None and calendar is None:
            remarks.append(
                Sentence(
                    "fixed duty '%(duty)s' has no calendar any more ('%(calendar)s' was ended) and was left "
                    "out; give it another",
                    duty=row["code"],
                    calendar=row["calendar"],
                )
            )
            continue
        found = _due(row, calendar, start, end, zone)
        if found.short:
            remarks.append(
                Sentence(
                    "fixed duty '%(duty)s' has too little of its hours in this shift for a stay of %(stay)s "
                    "min and was left out",
                    duty=row["code"],
                    stay=f"{row['stay_s'] / 60:g}",
                )
            )
        if not found.windows:
            continue
        day = start.astimezone(zone).date()
        if calendar is not None and not calendar.knows(day):
            remarks.append(
                Sentence(
                    "the public holidays of %(year)s are not all known: beside what is stated, fixed duty "
                    "'%(duty)s' follows the weekdays alone; state the list on the page of calendars",
                    year=day.year,
                    duty=row["code"],
                )
            )
        kept.append(label)
        entries.append([_entry(row, found, start)])
    chosen = stored.loc[kept]
    on_street = network.snap(chosen.geometry, "foot", limit_m)
    far = (on_street["edge_id"] < 0).to_numpy()
    remarks += _off_the_streets(chosen[far], limit_m)
    chosen, entries = chosen[~far], [one for one, off in zip(entries, far, strict=True) if not off]
    return DutiesDue(
        gpd.GeoDataFrame(
            {
                "prize": chosen["prize"].to_numpy(np.int64),
                "service_s": chosen["stay_s"].to_numpy(np.int64),
                "demand_m": np.zeros(len(chosen)),
                "why": pd.Series(entries, dtype="object"),
            },
            geometry=gpd.GeoSeries(on_street.geometry[~far].to_numpy(), crs=network.crs),
        ),
        tuple(dict.fromkeys(remarks)),
    )


def _off_the_streets(far: gpd.GeoDataFrame, limit_m: float) -> list[str]:
    told: list[str] = []
    for row in far.to_dict("records"):
        said = Sentence(
            "fixed duty '%(duty)s' lies farther than %(most)s m from every street that can be walked",
            duty=row["code"],
            most=f"{limit_m:g}",
        )
        if row["required"]:
            raise LianfangError(Sentence("%(what)s; put it on a street, or require it no more", what=said))
        told.append(said)
    return told


def with_duties(
    stops: gpd.GeoDataFrame, duties: gpd.GeoDataFrame, zone: str, sight_m: float
) -> gpd.GeoDataFrame:
    """Stops from gaps and fixed duties together, numbered anew; a gap within sight of a duty has no stop.

    Both in one metric CRS; `zone` is its code, for the stops' names.
    """
    apart = stops[stops.geometry.distance(duties.union_all()) > sight_m]
    both = pd.concat([apart.drop(columns="stop_id", errors="ignore"), duties], ignore_index=True)
    return by_place(gpd.GeoDataFrame(both, geometry="geometry", crs=duties.crs), zone)


def duties_basis(session: Session, zone_id: int, start: datetime, end: datetime) -> dict[str, Any]:
    """Duties of a zone that fall due in a shift, as a plan's basis keeps them: by code, what matters."""
    crs = CRS.from_epsg(4326)
    stored = store.duties(session, zone_id=zone_id)
    if stored.empty:
        return {}
    zone = ZoneInfo(current_site(session).timezone)
    calendars = calendar_store.calendars(session).set_index("code")["calendar"]
    basis = {}
    for row in stored.to_crs(crs).to_dict("records"):
        calendar = calendars.get(row["calendar"]) if row["calendar"] is not None else None
        if row["calendar"] is not None and calendar is None:
            continue
        found = _due(row, calendar, start, end, zone)
        if found.windows:
            basis[str(row["code"])] = {
                **{name: row[name] for name in KEPT},
                "windows": _moments(found, start),
                "lon": row["geometry"].x,
                "lat": row["geometry"].y,
            }
    return basis


def _due(row: Mapping[str, Any], calendar: Any, start: datetime, end: datetime, zone: ZoneInfo) -> Due:
    def holds(day: date) -> bool:
        return calendar is None or bool(calendar.holds(day))

    return due(duty_of(row), holds, start, end, zone)


def duty_of(row: Mapping[str, Any]) -> Duty:
    """A stored duty (`patrols.repository.duties.duties`)."""
    return Duty(
        code=str(row["code"]),
        name=str(row["name"]),
        kind=str(row["kind"]),
        hours=read_windows(";".join(row["hours"])),
        stay_s=int(row["stay_s"]),
        required=bool(row["required"]),
        prize=int(row["prize"]),
        villages=tuple(row["villages"]),
        teams=tuple(row["teams"]),
    )


def _entry(row: Mapping[str, Any], found: Due, start: datetime) -> dict[str, Any]:
    """What a stop says of its duty."""
    return {
        "duty": row["code"],
        "name": row["name"],
        "name_en": row["name_en"] if isinstance(row["name_en"], str) else None,
        **{name: row[name] for name in KEPT},
        "windows": _moments(found, start),
    }


def _moments(found: Due, start: datetime) -> list[list[str]]:
    """Windows as times (ISO 8601, UTC): a plan made again may count its seconds from elsewhere."""
    utc = start.astimezone(ZoneInfo("UTC"))
    return [[(utc + timedelta(seconds=at)).isoformat() for at in window] for window in found.windows]


def duty_in(why: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The fixed duty among the reasons of a stop; None for one from gaps or by hand."""
    return next((entry for entry in why if "duty" in entry), None)


def windows_frame(stops: gpd.GeoDataFrame, rule: CrossRule, start: datetime) -> pd.DataFrame:
    """The windows of stops that are duties, as a problem takes them."""
    rows = []
    for stop, why in zip(stops["stop_id"], stops["why"], strict=True):
        entry = duty_in(why)
        if entry is None:
            continue
        windows = [(_seconds(first, start), _seconds(last, start)) for first, last in entry["windows"]]
        kind = on_visit(_wanted(entry), windows, rule)
        rows += [(stop, first, last, kind) for first, last in windows]
    return pd.DataFrame(rows, columns=["stop_id", "start_s", "end_s", "on_visit"])


def _seconds(at: str, start: datetime) -> int:
    return round((datetime.fromisoformat(at) - start).total_seconds())


def _wanted(entry: Mapping[str, Any]) -> Duty:
    return Duty(
        code=str(entry["duty"]),
        name=str(entry["name"]),
        kind=str(entry["kind"]),
        stay_s=int(entry["stay_s"]),
        required=bool(entry["required"]),
    )


def required(stops: gpd.GeoDataFrame) -> list[bool]:
    """Whether each stop is a duty that must be done."""
    entries = (duty_in(why) for why in stops["why"])
    return [entry is not None and bool(entry["required"]) for entry in entries]


def pins(
    stops: gpd.GeoDataFrame,
    teams: gpd.GeoDataFrame,
    never: Collection[Pair],
    rule: CrossRule,
    names: Mapping[str, str] | None = None,
) -> tuple[list[Pair], list[str]]:
    """Which teams must come to which duties, and remarks on those that cannot.

    Of a village the team whose base lies nearest comes, of those on duty that may go there.

    Parameters
    ----------
    stops, teams : GeoDataFrame in the same metric CRS
    never : collection of (team code, stop_id)
        Pairs that must not meet.
    names : mapping, optional
        What villages are called, by path; left out, they are called by it.

    Raises
    ------
    LianfangError
        When a duty asks for more teams than the zone's rule for visits.
    """
    found: list[Pair] = []
    remarks: list[str] = []
    barred = set(never)
    for stop, why, place in zip(stops["stop_id"], stops["why"], stops.geometry, strict=True):
        entry = duty_in(why)
        if entry is None:
            continue
        own = [code for code in entry["teams"] if code in set(teams["code"])]
        remarks += [
            Sentence(
                "fixed duty '%(duty)s' asks for team '%(team)s', which is not on duty in this shift",
                duty=entry["duty"],
                team=code,
            )
            for code in entry["teams"]
            if code not in own
        ]
        for village in entry["villages"]:
            able = teams[
                (teams["village"] == village)
                & ~teams["code"].isin([code for code, where in barred if where == stop])
            ]
            if able.empty:
                remarks.append(
                    Sentence(
                        "fixed duty '%(duty)s' asks for a team of %(village)s, and none that may go there is "
                        "on duty in this shift",
                        duty=entry["duty"],
                        village=(names or {}).get(village, village),
                    )
                )
            elif not set(able["code"]) & set(own):
                own.append(str(able.loc[able.geometry.distance(place).idxmin(), "code"]))
        wanted = [code for code in dict.fromkeys(own) if (code, stop) not in barred]
        if len(wanted) > rule.visits:
            raise LianfangError(
                Sentence(
                    "fixed duty '%(duty)s' asks for %(n)s teams (%(teams)s), and the zone's rule for "
                    "%(most)s visits at a stop; ask for no more, or change the rule",
                    duty=entry["duty"],
                    n=len(wanted),
                    teams=", ".join(wanted),
                    most=rule.visits,
                )
            )
        homes = teams.set_index("code")[["village", "villages"]]
        remarks += [
            uncounted(entry["duty"], code, rule)
            for code in wanted
            if not counts(homes.at[code, "village"], homes.at[code, "villages"], rule)
        ]
        found += [(code, stop) for code in wanted]
    return found, remarks


def without_late_pins(
    problem: PatrolProblem, stops: gpd.GeoDataFrame, kept: Collection[str]
) -> tuple[PatrolProblem, list[str]]:
    """A problem in which no team must come to a duty that it cannot be at in its hours, and remarks on those.

    Parameters
    ----------
    kept : collection of str
        Stops whose visits a person wished: these stay.
    """
    found = {stop: duty_in(why) for stop, why in zip(stops["stop_id"], stops["why"], strict=True)}
    duties = {stop: entry for stop, entry in found.items() if entry is not None}
    if problem.pinned.empty or not duties:
        return problem, []
    able = reach_of(problem_arrays(problem)).able
    row = {team: number for number, team in enumerate(problem.teams["team_id"])}
    column = {stop: number for number, stop in enumerate(problem.stops["stop_id"])}
    late = [
        stop in duties and stop not in kept and not able[row[team], column[stop]]
        for team, stop in problem.pinned.itertuples(index=False, name=None)
    ]
    told: list[str] = [
        Sentence(
            "fixed duty '%(duty)s' asks for team '%(team)s', which cannot be there in its hours and back in "
            "time",
            duty=duties[stop]["duty"],
            team=team,
        )
        for team, stop in problem.pinned[late].itertuples(index=False, name=None)
    ]
    return replace(problem, pinned=problem.pinned[[not one for one in late]]), told


def refuse_unreachable(problem: PatrolProblem, stops: gpd.GeoDataFrame) -> list[str]:
    """Remarks on duties that no team can do in their hours.

    Raises
    ------
    LianfangError
        When one of them is required.
    """
    entries = {stop: duty_in(why) for stop, why in zip(stops["stop_id"], stops["why"], strict=True)}
    if not any(entries.values()):
        return []
    first = reach_of(problem_arrays(problem)).early_first
    able = [bool((first[:, stop] < FAR).any()) for stop in range(first.shape[1])]
    in_time = dict(zip(problem.stops["stop_id"], able, strict=True))
    remarks: list[str] = []
    for stop, entry in entries.items():
        if entry is None or in_time[stop]:
            continue
        said = Sentence(
            "no team can be at fixed duty '%(duty)s' in its hours, stay %(stay)s min and be back in time",
            duty=entry["duty"],
            stay=f"{entry['stay_s'] / 60:g}",
        )
        if entry["required"]:
            raise LianfangError(
                Sentence("%(what)s; change its hours or the shift, or require it no more", what=said)
            )
        remarks.append(said)
    return remarks
