"""What a report is made from: the analyses, and which hours of the week they tell of."""

from __future__ import annotations

from cameras.services.weekly import Spent, WeekReport
from web.i18n import N_, Translator
from web.report import cells
from web.report.content import Section, Table
from web.report.words import hours_words, spans_words

NOT_ANALYSED_SAID = 8


def time_section(report: WeekReport, t: Translator) -> Section:
    """Which hours of the week are told at all."""
    spent = report.spent
    start, end = spent.week.period
    values = {
        "hours": hours_words(spent.counted_ms, t),
        "of": hours_words(end - start, t),
        "share": t.share(spent.analysed),
    }
    lines, warnings = [], []
    if not spent.holes:
        lines.append(t(N_("All %(of)s of the week are analysed."), of=values["of"]))
    else:
        warnings.append(
            t(
                N_(
                    "%(hours)s of %(of)s are analysed (%(share)s). Of the rest nothing is told: it counts "
                    "neither as watched nor as unwatched."
                ),
                **values,
            )
        )
        lines.append(t(N_("Not analysed: %(spans)s"), spans=spans_words(spent.holes, t, NOT_ANALYSED_SAID)))
    if spent.week.end > report.now:
        warnings.append(t(N_("The week is not over yet.")))
    words = t(N_("Time analysed"))
    return Section("time", words, words, lines=lines, warnings=warnings)


def analyses(report: WeekReport, t: Translator) -> Section:
    """The analyses that count, and for how long."""
    spent = report.spent
    rows = []
    for one in sorted(spent.analyses, key=lambda analysis: (analysis.period.lower, analysis.id)):
        own = spent.pieces[spent.pieces["analysis"] == one.id]
        assert one.period.lower is not None and one.period.upper is not None
        rows.append(
            [
                cells.words(t.span(one.period.lower, one.period.upper), href=f"/analyses/{one.id}"),
                cells.hours(float((own["end_ms"] - own["start_ms"]).sum()), t),
                cells.moment(round(one.created_at.timestamp() * 1000), t),
                cells.words(one.author),
            ]
        )
    table = Table(
        "analyses",
        "",
        cells.heads(
            (t(N_("Period")), 3),
            (t(N_("Counts for")), 1, t(N_("h"))),
            (t(N_("Created at")), 1.6),
            (t(N_("Created by")), 1.6),
        ),
        rows,
        note=t(N_("Each instant counts once, by the newest analysis of it.")),
    )
    return Section("analyses", t(N_("Analyses")), t(N_("Analyses")), lines=_remarks(spent, t), tables=[table])


def _remarks(spent: Spent, t: Translator) -> list[str]:
    """What of the analyses is not as simple as it looks."""
    said = []
    if spent.partly:
        said.append(
            t.plural(
                "%(n)s analysis counts in part: its shares and causes enter with the mean of its whole "
                "period, windows of gaps and states of cameras with the hours that count.",
                "%(n)s analyses count in part: their shares and causes enter with the mean of their whole "
                "period, windows of gaps and states of cameras with the hours that count.",
                spent.partly,
            )
        )
    if spent.superseded:
        said.append(
            t.plural(
                "%(n)s analysis is left out: newer ones cover all of it.",
                "%(n)s analyses are left out: newer ones cover all of them.",
                spent.superseded,
            )
        )
    if spent.otherwise:
        said.append(
            t.plural(
                "%(n)s analysis is left out: it was made with another level, slot or threshold than the "
                "newest.",
                "%(n)s analyses are left out: they were made with another level, slot or threshold than the "
                "newest.",
                spent.otherwise,
            )
        )
    return said
