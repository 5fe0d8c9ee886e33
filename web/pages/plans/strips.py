"""The evening by team: ways, waits, visits and breaks on one axis of time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from patrols.daybook import BREAK, TRAVEL, VISIT, WAIT, daybook
from patrols.plan import PlanFile
from patrols.repository.parts import Part
from web.duty.making import colour_of
from web.i18n import N_, Translator
from web.maps.words import ORANGE, SKY, YELLOW
from web.timeline import Line, Period, Timeline

WAY, IDLE, PAUSE = "#aeb6bb", "#f0e0a6", "#4a5257"
# White would not be read on these.
LIGHT, DARK_INK = frozenset({ORANGE, SKY, YELLOW}), "#1b1f23"
KINDS = {
    TRAVEL: (N_("on the way"), WAY),
    WAIT: (N_("waits"), IDLE),
    BREAK: (N_("break"), PAUSE),
}


def strips(
    plan: dict[str, Any],
    visits: pd.DataFrame,
    parts: Sequence[tuple[PlanFile | None, Part | None]],
    t: Translator,
) -> Timeline:
    """One strip a team.

    Parameters
    ----------
    plan : dict
        As `of_plan.plan`.
    visits : DataFrame
        As `parts.visits_of_shift`.
    parts : sequence of (PlanFile or None, Part or None)
        The plan, and those that it goes on from, the latest first, each with when it ended. Where one has no
        file, breaks are not known.
    """
    book = _whole(parts)
    if book is None:
        book = _stored(visits)
    numbers = visits.dropna(subset=["stop_id"]).groupby("stop_id")["stop"].first().astype(int)
    name = "team_name" if t.lang == "zh" else "team_name_en"
    lines = []
    # They come in the order of their numbers.
    for team, rows in visits.groupby("team", sort=False):
        first = rows.iloc[0]
        number = int(first["number"])
        own = book[book["team_id"] == team].sort_values("start_at", kind="stable")
        periods = [
            _period(dict(zip(own.columns, row, strict=True)), numbers, colour_of(number), t)
            for row in own.itertuples(index=False, name=None)
        ]
        lines.append(Line(f"{number} {first[name] or first['team_name']}", periods))
    return Timeline(plan["start"], plan["end"], lines)


def _whole(parts: Sequence[tuple[PlanFile | None, Part | None]]) -> pd.DataFrame | None:
    """The daybooks of a shift's parts, each until the next one goes on; None where one has no problem."""
    books = []
    # From when on the part behind it tells what a team does.
    goes_on: dict[str, datetime] = {}
    for file, part in parts:
        if file is None or file.problem is None:
            return None
        book = _worked_out(file)
        if part is not None:
            book = _until(book, goes_on, part)
        books.append(book)
        starts = file.problem.teams[["team_id", "start_s"]].itertuples(index=False, name=None)
        goes_on |= {str(team): file.problem.origin + timedelta(seconds=int(at)) for team, at in starts}
    return pd.concat(books, ignore_index=True)


def _until(book: pd.DataFrame, goes_on: dict[str, datetime], part: Part) -> pd.DataFrame:
    """What of a daybook was before its plan was gone on from, team by team."""
    kept = []
    for row in book.to_dict("records"):
        until = max(goes_on.get(row["team_id"], part.until), part.until)
        made = row["kind"] != VISIT or (row["team_id"], row["stop_id"]) not in part.not_made
        if made and row["start_at"] <= part.until and row["start_at"] < until:
            kept.append(row | {"end_at": min(row["end_at"], until)})
    return pd.DataFrame(kept, columns=book.columns)


def key(t: Translator) -> list[tuple[str, str, str]]:
    """What the colours mean, as `components/timeline.html` takes it; visits have their team's."""
    return [(t(words), "", colour) for words, colour in KINDS.values()]


def _period(row: dict[str, Any], numbers: pd.Series, colour: str, t: Translator) -> Period:
    # Of several parts of a shift one column is made: what has no stop may then be NaN.
    stop: Any = None if pd.isna(row["stop_id"]) else row["stop_id"]
    if row["kind"] == VISIT:
        number = int(numbers[stop])
        return Period(
            row["start_at"],
            row["end_at"],
            t(N_("stop %(n)s"), n=number),
            colour=colour,
            text=str(number),
            ink=DARK_INK if colour in LIGHT else "#ffffff",
        )
    words, shade = KINDS[row["kind"]]
    said = t(words)
    if row["kind"] == TRAVEL:
        said = t(N_("on the way to stop %(n)s"), n=int(numbers[stop])) if stop else t(N_("on the way back"))
    return Period(row["start_at"], row["end_at"], said, colour=shade)


def _worked_out(file: PlanFile) -> pd.DataFrame:
    """The daybook with its times: team_id, kind, stop_id, start_at, end_at."""
    assert file.problem is not None
    book = daybook(file.problem, file.plan)
    origin = file.problem.origin
    return book.assign(
        team_id=book["team_id"].astype(str),
        start_at=[origin + timedelta(seconds=int(second)) for second in book["start_s"]],
        end_at=[origin + timedelta(seconds=int(second)) for second in book["end_s"]],
    )


def _stored(visits: pd.DataFrame) -> pd.DataFrame:
    """The same from the stored visits alone: what lies between two of them is a way, then a wait."""
    rows: list[tuple[Any, ...]] = []
    for team, own in visits.groupby("team", sort=False):
        left = None
        for row in own.sort_values("arrive_at").to_dict("records"):
            if left is not None and left < row["arrive_at"]:
                rows.append((team, TRAVEL, row["stop_id"], left, row["arrive_at"]))
            if row["stop_id"] is None:
                continue
            if row["arrive_at"] < row["start_at"]:
                rows.append((team, WAIT, None, row["arrive_at"], row["start_at"]))
            if row["start_at"] < row["end_at"]:
                rows.append((team, VISIT, row["stop_id"], row["start_at"], row["end_at"]))
            left = row["end_at"]
    return pd.DataFrame(rows, columns=["team_id", "kind", "stop_id", "start_at", "end_at"])
