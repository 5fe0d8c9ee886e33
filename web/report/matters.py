"""What a report names one by one: gaps as a person would name them, losses, findings, silent sources."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np
import pandas as pd
from babel.dates import get_day_names

from cameras.audit import KINDS
from cameras.losses import CHANGES
from cameras.services.weekly import Records, WeekReport
from cameras.weekly import most_telling
from web.i18n import N_, Translator
from web.maps.words import CAUSES, LISTS, REASONS, STATES, all_said
from web.report import cells
from web.report.content import Cell, Section, Table
from web.report.words import windows_words

# Of each list on page and paper; a workbook holds more.
HEAVIEST, LONGEST, MOST_ROWS = 8, 4, 1000
SAID_CAMERAS, SAID_LEAVES, SAID_CAUSES = 4, 2, 6
SHADES = 5
SHOWN_LOSSES, SHOWN_ORDERS = 15, 15
CHANGE_WORDS = {"new": N_("new"), "still": N_("still"), "restored": N_("back again")}


def chosen(report: WeekReport, *, whole: bool) -> pd.DataFrame:
    """The gaps that are named, and `rank`, their place in their list."""
    found = report.spent.things
    ranked = found.assign(rank=found.groupby("list", sort=False).cumcount() + 1)
    return ranked[ranked["rank"] <= MOST_ROWS] if whole else most_telling(ranked, HEAVIEST, LONGEST)


def gaps(report: WeekReport, streets: pd.Series, t: Translator, *, whole: bool) -> Section:
    """The three lists, each with its owner; `streets` names the street of each of `chosen`."""
    named = chosen(report, whole=whole)
    tables = []
    for key, (name, who) in LISTS.items():
        own = named[named["list"] == key]
        rows = [
            _gap(report, one, street, t)
            for (_, one), street in zip(own.iterrows(), streets.loc[own.index], strict=True)
        ]
        left = int((report.spent.things["list"] == key).sum()) - len(own)
        tables.append(
            Table(
                f"gaps-{key}",
                t(name),
                cells.heads(
                    (t(N_("Rank")), 0.7, ""),
                    (t(N_("Cause")), 1.6),
                    (t(N_("Where")), 1.9),
                    (t(N_("Street")), 0.8, t(N_("m"))),
                    (t(N_("Places")), 0.8, ""),
                    (t(N_("Unseen for")), 1.2, t(N_("h"))),
                    (t(N_("When")), 2.2),
                    (t(N_("What to do")), 2.6),
                    *([] if report.records is None else [(t(N_("Cameras")), 2.0)]),
                ),
                rows,
                note=t(who),
                more=t.plural("%(n)s more on this list", "%(n)s more on this list", left) if left else "",
                empty=t(N_("Nothing on this list.")),
            )
        )
    note = t(
        N_(
            "The heaviest (ground times hours) and the longest of each list; what concerns the same cameras "
            "is one, and so is the ground of one village that no camera reaches."
        )
    )
    return Section("gaps", t(N_("Gaps that matter most")), t(N_("Gaps")), note=note, tables=tables)


def _gap(report: WeekReport, one: pd.Series, street: str, t: Translator) -> list[Cell]:
    cause = CAUSES[one["cause"]]
    reasons = all_said(one["reasons"], t)
    said = (
        t(N_("%(cause)s (%(reasons)s)"), cause=t(cause.name), reasons=reasons) if reasons else t(cause.name)
    )
    made = [
        cells.number(one["rank"], t),
        cells.words(said, href=f"/gaps/{one['gap']}", colour=cause.colour),
        cells.words(_where(report, one["leaves"], street, t)),
        cells.metres(one["street_mm"] / 1000, t) if one["street_mm"] else cells.NOTHING,
        cells.number(one["places"], t) if one["places"] else cells.NOTHING,
        cells.hours(one["open_ms"], t),
        cells.words(windows_words(one["windows"], one["open_ms"], report.spent.counted_ms, t)),
        cells.words(t(cause.remedy)),
    ]
    if report.records is not None:
        made.append(cells.words(_cameras(report.records, one["cameras"], t)))
    return made


def _where(report: WeekReport, leaves: Sequence[str], street: str, t: Translator) -> str:
    column = "name" if t.lang == "zh" else "name_en"
    known = [str(report.leaves.at[leaf, column]) for leaf in leaves if leaf in report.leaves.index]
    return _some([street, *known] if street else known, SAID_LEAVES + bool(street), t)


def _cameras(records: Records, codes: Sequence[str], t: Translator) -> str:
    """Cameras by name; those that whoever reads this does not see are counted alone."""
    known = [str(records.names.at[code, "name"]) for code in codes if code in records.names.index]
    said = _some(known, SAID_CAMERAS, t)
    others = len(codes) - len(known)
    if not others:
        return said
    rest = t.plural("%(n)s elsewhere or retired", "%(n)s elsewhere or retired", others)
    return t.joined([said, rest]) if said else rest


def _some(names: Sequence[str], most: int, t: Translator) -> str:
    """The first names, and how many more there are."""
    said = t.joined(list(names[:most]))
    rest = len(names) - most
    return t(N_("%(names)s and %(n)s more"), names=said, n=t.number(rest)) if rest > 0 else said


def losses(report: WeekReport, t: Translator, *, whole: bool) -> Section:
    """Cameras lost, and what went together: "37 newly lost: one switch, four single cameras"."""
    assert report.records is not None
    found = report.records.losses
    rows = []
    groups = found.groupby("group", sort=True)
    shown = len(groups) if whole else min(len(groups), SHOWN_LOSSES)
    for _, group in islice(groups, shown):
        first, common = group.iloc[0], str(group.iloc[0]["common"])
        kind, change = str(first["kind"]), str(first["change"])
        words = CAUSES["moved"].name if kind == "moved" else STATES[kind][0]
        rows.append(
            [
                cells.words(t(CHANGE_WORDS[change])),
                cells.words(common or str(first["name"]), href="" if common else f"/cameras/{first['code']}"),
                cells.number(len(group), t),
                cells.words(t(words)),
                cells.words(t(REASONS.get(str(first["reason"]), ""))),
                cells.moment(int(group["since_ms"].min()), t),
                cells.moment(int(group["until_ms"].max()), t),
            ]
        )
    left = len(groups) - shown
    table = Table(
        "losses",
        t(N_("What went together")),
        cells.heads(
            (t(N_("State")), 1),
            (t(N_("Recorder, source or camera")), 2.6),
            (t(N_("Cameras")), 0.8, ""),
            (t(N_("What it is")), 1.6),
            (t(N_("Reason")), 1.8),
            (t(N_("Since")), 1.5),
            (t(N_("Until")), 1.5),
        ),
        rows,
        more=t.plural("%(n)s more line", "%(n)s more lines", left) if left else "",
        empty=t(N_("No camera was lost.")),
    )
    return Section(
        "losses",
        t(N_("Cameras lost")),
        t(N_("Losses")),
        note=t(N_("The last loss of each camera, against the beginning and the end of the time analysed.")),
        lines=[line for change in CHANGES if (line := _summed(found[found["change"] == change], change, t))],
        tables=[table],
    )


def _summed(found: pd.DataFrame, change: str, t: Translator) -> str:
    """How many cameras, and how few causes they have."""
    if found.empty:
        return ""
    sizes = found.groupby("group", sort=True)["common"].agg(["first", "size"])
    together = sizes[sizes["first"] != ""]
    parts = [
        t(
            N_("%(name)s (%(cameras)s)"),
            name=name,
            cameras=t.plural("%(n)s camera", "%(n)s cameras", int(size)),
        )
        for name, size in together.sort_values("size", ascending=False, kind="stable").itertuples(index=False)
    ]
    alone = len(sizes) - len(together)
    if alone:
        parts.append(t.plural("%(n)s single camera", "%(n)s single cameras", alone))
    count, said = len(found), _some(parts, SAID_CAUSES, t)
    if change == "new":
        return t.plural(
            "%(n)s camera newly lost: %(parts)s", "%(n)s cameras newly lost: %(parts)s", count, parts=said
        )
    if change == "still":
        return t.plural(
            "%(n)s camera still lost: %(parts)s", "%(n)s cameras still lost: %(parts)s", count, parts=said
        )
    return t.plural(
        "%(n)s camera back again: %(parts)s", "%(n)s cameras back again: %(parts)s", count, parts=said
    )


def hours(report: WeekReport, t: Translator) -> Section:
    """Street in open gaps that come and go, by hour of the week."""
    mean = report.pattern.open_mean
    known = mean[~np.isnan(mean)]
    least, most = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    names = get_day_names("abbreviated", locale=t.lang)
    rows = []
    for hour in range(mean.shape[1]):
        row = [Cell(f"{hour:02d}", hour, "integer")]
        for metres in mean[:, hour].tolist():
            if metres != metres:
                row.append(Cell("", None))
                continue
            shade = min(SHADES - 1, int(SHADES * (metres - least) / (most - least))) if most > least else 0
            row.append(Cell(t.length(metres), round(metres, 3), "number", shade=shade))
        rows.append(row)
    table = Table(
        "hours",
        t(N_("Street in open gaps, on the mean")),
        cells.heads((t(N_("Hour")), 0.7), *((names[day], 1.0, t(N_("m"))) for day in range(7))),
        rows,
        note=t(
            N_(
                "To repair and to measure: what comes and goes. The darker, the more street is unseen; an "
                "empty hour was not analysed."
            )
        ),
        shades=True,
    )
    return Section("hours", t(N_("Hours of the week")), t(N_("Hours")), tables=[table])


def findings(report: WeekReport, t: Translator, *, whole: bool) -> Section:
    """Findings of camera records that came and went, and work orders that are overdue."""
    records = report.records
    assert records is not None
    kinds = [
        [
            cells.words(t(KINDS[kind].title) if kind in KINDS else str(kind), href=f"/checks?kind={kind}"),
            *(cells.number(int(n), t) for n in (opened, closed, left)),
        ]
        for kind, opened, closed, left in records.steps[["opened", "closed", "left"]].itertuples()
    ]
    orders = [
        [
            cells.words(str(row["order_no"] or ""), href=f"/checks/{row['id']}"),
            cells.words(str(row["unit"] or "")),
            cells.day(row["due_on"]),
            cells.words(t(KINDS[row["kind"]].title) if row["kind"] in KINDS else row["kind"]),
            cells.words(str(row["name"] or row["code"] or "")),
        ]
        for row in records.overdue.to_dict("records")
    ]
    left = 0 if whole else max(0, len(orders) - SHOWN_ORDERS)
    sums = records.steps.sum()
    line = t(
        N_("Opened in the week: %(opened)s; closed: %(closed)s; not closed now: %(left)s."),
        **{name: t.number(int(sums[name])) for name in ("opened", "closed", "left")},
    )
    tables = [
        Table(
            "findings",
            t(N_("Findings by kind")),
            cells.heads(
                (t(N_("Finding")), 3.5),
                (t(N_("Opened")), 1, ""),
                (t(N_("Closed")), 1, ""),
                (t(N_("Not closed now")), 1, ""),
            ),
            kinds,
            empty=t(N_("Nothing was found, and nothing is open.")),
        ),
        Table(
            "overdue",
            t(N_("Work orders overdue")),
            cells.heads(
                (t(N_("Work order")), 1.4),
                (t(N_("Maintenance unit")), 1.8),
                (t(N_("Deadline")), 1),
                (t(N_("Finding")), 2.4),
                (t(N_("Camera or file")), 2.4),
            ),
            orders[: len(orders) - left],
            note=t(N_("On the day this was made.")),
            more=t.plural("%(n)s more line", "%(n)s more lines", left) if left else "",
            empty=t(N_("No work order is overdue.")),
        ),
    ]
    return Section("findings", t(N_("Camera records")), t(N_("Findings")), lines=[line], tables=tables)


def silent(report: WeekReport, t: Translator) -> Section:
    """Sources that spoke for none of their cameras."""
    assert report.records is not None
    rows = [
        [
            cells.words(str(source)),
            cells.number(int(count), t),
            cells.hours(int(length), t),
            cells.moment(int(start), t),
            cells.moment(int(end), t),
        ]
        for source, count, length, start, end in report.records.silent.itertuples(index=False)
    ]
    table = Table(
        "silent",
        "",
        cells.heads(
            (t(N_("Source")), 2.5),
            (t(N_("Cameras")), 1, ""),
            (t(N_("Silent for")), 1, t(N_("h"))),
            (t(N_("First")), 1.6),
            (t(N_("Last")), 1.6),
        ),
        rows,
        note=t(
            N_(
                "A source that spoke for none of its cameras: they were not checked, which is neither lost "
                "nor watched."
            )
        ),
        empty=t(N_("Every source spoke in all of the time analysed.")),
    )
    return Section("silent", t(N_("Sources silent")), t(N_("Sources")), tables=[table])
