"""A report by jurisdiction."""

from __future__ import annotations

import pandas as pd

from cameras.services.weekly import Spent, WeekReport
from web.i18n import N_, Translator
from web.maps.words import LISTS
from web.report import cells
from web.report.content import Cell, Section, Table
from web.report.figures import rate_means, share_of, unseen


def jurisdictions(report: WeekReport, t: Translator) -> Section:
    """The jurisdictions directly below the area, or it alone where there are none."""
    spent, before, level = report.spent, report.before, report.made_with.level
    below = report.areas[~report.areas["top"]]
    shown = below if len(below) else report.areas
    rows = []
    for path, name, name_en in shown[["path", "name", "name_en"]].itertuples(index=False):
        one = report.areas.assign(top=report.areas["path"] == path)
        now = share_of(spent, one, level)
        then = None if before is None else share_of(before, one, level)
        inside = _inside(spent, path)
        counts = [int((inside == key).sum()) for key in LISTS]
        rates = rate_means(_below(spent.cameras, path))
        rows.append(
            [
                cells.words(name if t.lang == "zh" else name_en, href=f"/jurisdictions/{path}"),
                cells.NOTHING if now is None else cells.metres(now["measure"] / 1000, t),
                cells.NOTHING if now is None else cells.share(now["certain"], t),
                *([] if before is None else [_change(now, then, t)]),
                cells.NOTHING if now is None else cells.share(now["possible"], t),
                cells.metres(unseen(spent, pd.Series([path])), t),
                *(cells.number(count, t) for count in counts),
                *(
                    [cells.share(rates[key], t) for key in ("online", "measured", "normal")]
                    if report.records is not None
                    else []
                ),
            ]
        )
    columns: list[tuple[str, float] | tuple[str, float, str]] = [
        (t(N_("Jurisdiction")), 2.4),
        (t(N_("Street")), 1, t(N_("m"))),
        (t(N_("Certainly watched")), 1, ""),
        *([] if before is None else [(t(N_("Change (points)")), 1.3, "")]),
        (t(N_("Possibly watched")), 1, ""),
        (t(N_("Unseen on the mean")), 1.1, t(N_("m"))),
        *((t(name), 1.0, "") for name, _ in LISTS.values()),
    ]
    if report.records is not None:
        columns += [
            (t(N_("Online rate")), 1, ""),
            (t(N_("Measured share")), 1, ""),
            (t(N_("Picture in order")), 1, ""),
        ]
    table = Table(
        "jurisdictions",
        "",
        cells.heads(*columns),
        rows,
        note=t(N_("A gap that lies in several jurisdictions is counted in each.")),
    )
    return Section("jurisdictions", t(N_("By jurisdiction")), t(N_("Jurisdictions")), tables=[table])


def _change(now: pd.Series | None, then: pd.Series | None, t: Translator) -> Cell:
    if now is None or then is None:
        return cells.NOTHING
    return cells.points(now["certain"], then["certain"], t)


def _inside(spent: Spent, path: str) -> pd.Series:
    """List of each gap that lies in a jurisdiction, in part at least."""
    found = spent.things
    if found.empty:
        return pd.Series(dtype=object)
    here = [any(leaf == path or leaf.startswith(f"{path}.") for leaf in leaves) for leaves in found["leaves"]]
    return found.loc[here, "list"]


def _below(cameras: pd.DataFrame, path: str) -> pd.DataFrame:
    if cameras.empty:
        return cameras
    paths = cameras["path"].fillna("")
    return cameras[(paths == path) | paths.str.startswith(f"{path}.")]
