"""A shift that several plans are of: one that goes on, and those that it goes on from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from geopandas import GeoDataFrame
from sqlalchemy import text
from sqlalchemy.orm import Session

from patrols.repository import check_ins, on_map
from patrols.repository.counted import PARTS

Pair = tuple[str, str]


@dataclass(frozen=True)
class Part:
    """An earlier part of a shift.

    Parameters
    ----------
    plan : int
        The plan by which teams went then.
    until : datetime
        When another plan went on from it.
    not_made : frozenset of (team code, stop_id)
        Visits of it that somebody said were not made.
    """

    plan: int
    until: datetime
    not_made: frozenset[Pair]


def earlier_parts(session: Session, plan_id: int) -> list[Part]:
    """The parts of a plan's shift before it, the latest first; none for one that goes on from none."""
    rows = session.execute(
        text(
            f"""{PARTS} SELECT part_id, until, not_made FROM part WHERE part_id <> plan_id
                ORDER BY until DESC, part_id DESC"""
        ),
        {"plans": [plan_id]},
    )
    return [Part(int(row[0]), row[1], frozenset((team, stop) for team, stop in row[2])) for row in rows]


def visits_of_shift(session: Session, plan_id: int) -> GeoDataFrame:
    """All visits of a plan's shift, as `on_map.visits` tells a plan's: its own and those made before it.

    Teams keep the numbers that they have in the plan; who has none there is numbered on behind them. `nth`
    counts over the whole shift. Ways back are the plan's own alone.
    """
    own = on_map.visits(session, plan_id)
    frames = [own]
    for part in earlier_parts(session, plan_id):
        rows = on_map.visits(session, part.plan)
        begun = rows["stop_id"].notna() & (rows["start_at"] <= part.until)
        frames.append(rows[begun & _made(rows["team"], rows["stop_id"], part)])
    if len(frames) == 1:
        return own
    whole = GeoDataFrame(pd.concat(frames, ignore_index=True), crs=own.crs)
    numbers = {row["team"]: int(row["number"]) for row in own.to_dict("records")}
    for code in sorted(set(whole["team"]) - set(numbers)):
        numbers[code] = len(numbers) + 1
    stops = whole[whole["stop_id"].notna()].sort_values(["start_at", "id"])
    return whole.assign(
        number=whole["team"].map(numbers),
        nth=stops.groupby("stop_id").cumcount().add(1).reindex(whole.index),
    ).sort_values(["number", "start_at"], ignore_index=True)


def planned_of_shift(session: Session, plan_id: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What was planned and what was signed for in a plan's shift, with what went before it.

    As `check_ins.planned` and `check_ins.of_plan`, but team_id holds the team's code; of earlier parts what
    was begun before they ended.
    """
    codes = _codes(session, plan_id)

    def coded(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(team_id=rows["team_id"].map(codes))

    planned = [coded(check_ins.planned(session, plan_id))]
    done = [coded(check_ins.of_plan(session, plan_id))]
    for part in earlier_parts(session, plan_id):
        rows, signed = coded(check_ins.planned(session, part.plan)), check_ins.of_plan(session, part.plan)
        planned.append(rows[(rows["start_at"] <= part.until) & _made(rows["team_id"], rows["stop_id"], part)])
        done.append(coded(signed[signed["arrived_at"] <= part.until]))
    return _together(planned).reset_index(drop=True), _together(done)


def _made(teams: pd.Series, stops: pd.Series, part: Part) -> pd.Series:
    """Of visits, whether nobody said that they were not made."""
    pairs = zip(teams, stops, strict=True)
    return pd.Series([pair not in part.not_made for pair in pairs], index=stops.index, dtype=bool)


def _together(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Frames one below the other; empty ones would make their types everybody's."""
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled) if filled else frames[0]


def _codes(session: Session, plan_id: int) -> dict[int, str]:
    """Codes of all teams that a plan's zone has or had, by their ids."""
    rows = session.execute(
        text("SELECT t.id, t.code FROM team t JOIN plan p ON p.zone_id = t.zone_id WHERE p.id = :plan"),
        {"plan": plan_id},
    )
    return {int(row[0]): row[1] for row in rows}
