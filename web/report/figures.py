"""Headline figures of a report against the week before: watched street, causes, rates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from cameras.services.weekly import Spent, WeekReport
from web.i18n import N_, Translator
from web.maps.words import CAUSES, LEVELS, LISTS
from web.report import cells
from web.report.content import Cell, Figure, Section, Table
from web.report.words import points_words


def share_of(spent: Spent, areas: pd.DataFrame, level: str, ground: str = "street") -> pd.Series | None:
    """measure, certain and possible of the uppermost jurisdictions together; None without ground."""
    tops = areas.loc[areas["top"], "path"]
    if spent.shares.empty:
        return None
    rows = spent.shares.reset_index()
    rows = rows[rows["path"].isin(tops) & (rows["level"] == level) & (rows["ground"] == ground)]
    whole = rows["measure"].sum()
    if not whole:
        return None
    mean = rows[["certain", "possible"]].mul(rows["measure"], axis=0).sum() / whole
    return pd.concat([mean, pd.Series({"measure": whole})])


def unseen(spent: Spent, paths: pd.Series, cause: str | None = None, ground: str = "street") -> float:
    """What was not certainly watched on the mean in some jurisdictions together: metres, or places."""
    rows = spent.deficits[spent.deficits.index.isin(paths)]
    own = rows[ground] if len(rows) else pd.DataFrame()
    if own.empty:
        return 0.0
    return float(own.to_numpy().sum() if cause is None else own[cause].sum())


def headline(report: WeekReport, t: Translator) -> Section:
    """The week in figures, against the week before."""
    spent, before, areas = report.spent, report.before, report.areas
    level = report.made_with.level
    figures = [*_watched(report, t), _unseen(report, t)]
    for key, (name, who) in LISTS.items():
        count = int((spent.things["list"] == key).sum())
        earlier = None if before is None else cells.number(int((before.things["list"] == key).sum()), t)
        figures.append(Figure(t(name), cells.number(count, t), earlier, note=t(who)))
    figures += _rates(report, t)
    tables = [_levels(report, t), _causes(report, t)]
    lines = []
    if before is None:
        lines.append(
            t(N_("No analysis made alike covers the week before: there is nothing to compare with."))
        )
    elif abs(before.analysed - spent.analysed) > 0.1:
        lines.append(
            t(
                N_(
                    "The week before is analysed by %(share)s: shares and means compare, numbers of gaps "
                    "less so."
                ),
                share=t.share(before.analysed),
            )
        )
    if share_of(spent, areas, level) is None:
        lines.append(t(N_("There is no watched street in this area.")))
    return Section(
        "figures",
        t(N_("The week in figures")),
        t(N_("Figures")),
        lines=lines,
        figures=figures,
        tables=tables,
    )


def _level_words(level: str, t: Translator) -> str:
    return t(LEVELS[level][0]) if level in LEVELS else level


def _watched(report: WeekReport, t: Translator) -> list[Figure]:
    level = report.made_with.level
    now = share_of(report.spent, report.areas, level)
    then = None if report.before is None else share_of(report.before, report.areas, level)
    if now is None:
        return []
    return [
        Figure(
            t(N_("Certainly watched street")),
            cells.share(now["certain"], t),
            None if then is None else cells.share(then["certain"], t),
            note=_level_words(level, t),
            change=None if then is None else points_words(now["certain"], then["certain"], t),
            bar=(float(now["certain"]), float(now["possible"])),
        ),
        Figure(
            t(N_("Possibly watched street")),
            cells.share(now["possible"], t),
            None if then is None else cells.share(then["possible"], t),
            note=t(N_("a camera is there; direction, lens or state is not certain")),
            change=None if then is None else points_words(now["possible"], then["possible"], t),
        ),
    ]


def _unseen(report: WeekReport, t: Translator) -> Figure:
    tops = report.areas.loc[report.areas["top"], "path"]
    whole = share_of(report.spent, report.areas, report.made_with.level)
    return Figure(
        t(N_("Street unseen on the mean")),
        cells.metres(unseen(report.spent, tops), t),
        None if report.before is None else cells.metres(unseen(report.before, tops), t),
        note="" if whole is None else t(N_("of %(length)s"), length=t.length(whole["measure"] / 1000)),
    )


def _rates(report: WeekReport, t: Translator) -> list[Figure]:
    """Rates of cameras, the measured share beside them."""
    if report.records is None:
        return []
    now = rate_means(report.spent.cameras)
    then = None if report.before is None else rate_means(report.before.cameras)
    measured = t(N_("measured for %(share)s of the time"), share=t.share(now["measured"]))
    told = [
        Figure(
            t(label),
            cells.share(now[name], t),
            None if then is None else cells.share(then[name], t),
            note=note,
            change=None
            if then is None or now[name] != now[name] or then[name] != then[name]
            else points_words(now[name], then[name], t),
        )
        for name, label, note in (
            ("online", N_("Online rate"), measured),
            ("normal", N_("Picture in order"), t(N_("of the cameras online"))),
        )
    ]
    recorded = report.records.recorded
    if recorded is not None and len(recorded):
        note = t.plural("%(n)s camera with a list", "%(n)s cameras with a list", len(recorded))
        told.append(Figure(t(N_("Recorded")), cells.share(float(recorded["share"].mean()), t), note=note))
    return told


def rate_means(cameras: pd.DataFrame) -> Mapping[str, float]:
    """online, measured and normal: means over cameras (DOMAIN 1), NaN where none is known."""
    names = {"online": "online_share", "measured": "measured_share", "normal": "normal"}
    if cameras.empty:
        return dict.fromkeys(names, float("nan"))
    return {name: float(cameras[column].mean()) for name, column in names.items()}


def _levels(report: WeekReport, t: Translator) -> Table:
    spent, before = report.spent, report.before
    known = list(spent.shares.index.get_level_values("level").unique()) if len(spent.shares) else []
    rows = []
    for level in [*(one for one in LEVELS if one in known), *sorted(set(known) - set(LEVELS))]:
        now = share_of(spent, report.areas, level)
        then = None if before is None else share_of(before, report.areas, level)
        if now is None:
            continue
        row = [cells.words(_level_words(level, t))]
        for name in ("certain", "possible"):
            row.append(cells.share(now[name], t))
            if before is not None:
                row += (
                    2 * [cells.NOTHING]
                    if then is None
                    else [
                        cells.share(then[name], t),
                        cells.points(now[name], then[name], t),
                    ]
                )
        rows.append(row)
    compared = (
        [] if before is None else [(t(N_("week before")), 1.0, ""), (t(N_("Change (points)")), 1.0, "")]
    )
    return Table(
        "levels",
        t(N_("Watched street by level of detail")),
        cells.heads(
            (t(N_("Level of detail")), 3),
            (t(N_("Certainly watched")), 1, ""),
            *compared,
            (t(N_("Possibly watched")), 1, ""),
            *compared,
        ),
        rows,
        empty=t(N_("There is no watched street in this area.")),
    )


def _causes(report: WeekReport, t: Translator) -> Table:
    """Why street was unseen; the causes add up."""
    spent, before = report.spent, report.before
    tops = report.areas.loc[report.areas["top"], "path"]
    rows = []
    for name, cause in CAUSES.items():
        counts = [0 if one is None else int((one.things["cause"] == name).sum()) for one in (spent, before)]
        street = [0.0 if one is None else unseen(one, tops, name) for one in (spent, before)]
        places = unseen(spent, tops, name, "place")
        if any(counts) or any(street) or places:
            rows.append(
                [
                    cells.words(t(cause.name), colour=cause.colour),
                    cells.words(t(LISTS[cause.list][0])),
                    cells.words(t(LISTS[cause.list][1])),
                    *_pair(counts, before, lambda value: cells.number(value, t)),
                    *_pair(street, before, lambda value: cells.metres(value, t)),
                    Cell(t.number(places, 1), round(places, 3), "number"),
                ]
            )
    if rows:
        sums = [0 if one is None else len(one.things) for one in (spent, before)]
        street = [0.0 if one is None else unseen(one, tops) for one in (spent, before)]
        places = unseen(spent, tops, ground="place")
        rows.append(
            [
                cells.words(t(N_("All together"))),
                cells.NOTHING,
                cells.NOTHING,
                *_pair(sums, before, lambda value: cells.number(value, t)),
                *_pair(street, before, lambda value: cells.metres(value, t)),
                Cell(t.number(places, 1), round(places, 3), "number"),
            ]
        )
    return Table(
        "causes",
        t(N_("Why it was unseen")),
        cells.heads(
            (t(N_("Cause")), 2.2),
            (t(N_("List")), 1.5),
            (t(N_("Who acts")), 1.8),
            (t(N_("Gaps")), 0.8, ""),
            *([] if before is None else [(t(N_("week before")), 0.9, "")]),
            (t(N_("Street, on the mean")), 1.1, t(N_("m"))),
            *([] if before is None else [(t(N_("week before")), 0.9, t(N_("m")))]),
            (t(N_("Places, on the mean")), 1.1, ""),
        ),
        rows,
        note=t(
            N_(
                "Street and places: how much was unseen at once, on the mean over the time analysed; the "
                "causes add up. A gap here is one matter: what concerns the same cameras for the same cause, "
                "or lies in one village without a camera."
            )
        ),
        empty=t(N_("Nothing was unseen in this area in the time analysed.")),
    )


def _pair(values: Sequence[float], before: Spent | None, made: Callable[[float], Cell]) -> list[Cell]:
    """A value, and that of the week before where it is known."""
    return [made(values[0])] if before is None else [made(values[0]), made(values[1])]
