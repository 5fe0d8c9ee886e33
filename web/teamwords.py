"""On what terms a team serves, in words."""

from __future__ import annotations

from typing import Any

import pandas as pd

from patrols.hours import DAYTIME, Terms
from web.i18n import N_, Translator


def served_words(row: dict[str, Any], t: Translator) -> list[str]:
    """When and how a team serves, a part each; empty for one that serves every shift as usual.

    Parameters
    ----------
    row : dict
        starts_at, ends_at and the columns of `patrols.hours.Terms.of_row`.
    """
    terms = Terms.of_row(row)
    first, last = (None if pd.isna(row[name]) else row[name] for name in ("starts_at", "ends_at"))
    parts = []
    if first is not None and last is not None:
        parts.append(t.span(first, last))
    elif first is not None:
        parts.append(t(N_("from %(time)s"), time=t.moment(first)))
    elif last is not None:
        parts.append(t(N_("until %(time)s"), time=t.moment(last)))
    if terms.hours is not None:
        parts.append(t(N_("daily %(hours)s"), hours=clock_span(*terms.hours)))
    if terms.daytime_only:
        parts.append(t(N_("by day only (%(hours)s)"), hours=clock_span(*DAYTIME)))
    if terms.calendar is not None:
        parts.append(t(N_("calendar %(code)s"), code=terms.calendar))
    parts += [
        t(
            N_("break of %(minutes)s, begun %(hours)s"),
            minutes=t.duration(one.minutes),
            hours=clock_span(one.earliest, one.latest),
        )
        for one in terms.breaks
    ]
    if terms.pace_percent != 100:
        parts.append(t(N_("at %(share)s of the usual pace"), share=t.share(terms.pace_percent / 100)))
    if terms.partners:
        parts.append(
            t.plural(
                "with people of %(n)s more village", "with people of %(n)s more villages", len(terms.partners)
            )
        )
    if terms.keep_out:
        parts.append(
            t.plural("keeps out of %(n)s village", "keeps out of %(n)s villages", len(terms.keep_out))
        )
    return [*parts, *terms.skills]


def clock_span(first: Any, last: Any) -> str:
    """Two times of the day."""
    return f"{first:%H:%M}–{last:%H:%M}"
