"""What changed of camera records, in sentences."""

from __future__ import annotations

import pandas as pd

from cameras.fields import BY_NAME
from cameras.presets import PRESETS, presets_in_words
from cameras.reconcile import POSITION, Reconciled
from geo.errors import Sentence, of_row

# More sentences about changes than anybody reads are counted, not made.
TOLD_CHANGES = 2000
_NOTHING = "–"
_LABELS = {
    POSITION: Sentence("Position"),
    PRESETS: Sentence("Presets"),
    "azimuth_quality": Sentence("Accuracy of the direction"),
}
QUALITIES = {
    "measured": Sentence("measured"),
    "coarse": Sentence("coarse"),
    "unknown": Sentence("unknown"),
}


def told_changes(met: Reconciled, word: str) -> list[Sentence]:
    """One sentence a changed field, with the number of its row."""
    return [
        of_row(
            word,
            one.row,
            Sentence(
                "camera '%(code)s': %(field)s %(before)s → %(after)s",
                code=one.code,
                field=label_of(str(one.field)),
                before=shown(str(one.field), one.before),
                after=shown(str(one.field), one.after),
            ),
        )
        for one in met.differences[:TOLD_CHANGES].itertuples()
    ]


def label_of(field: str) -> Sentence:
    """What a field of a change is called."""
    one = BY_NAME.get(field)
    return _LABELS[field] if one is None else one.label


def shown(field: str, value: object) -> object:
    """A value in words; numbers to the digits that a person writes."""
    if value is None or value in ("", []):
        return _NOTHING
    if field == PRESETS and isinstance(value, list):
        return presets_in_words(value)
    if field == "azimuth_quality":
        return QUALITIES.get(str(value), value)
    one = BY_NAME.get(field)
    if one is not None and one.kind == "choice" and isinstance(value, int):
        return one.choices[value]
    if one is not None and one.kind == "flag":
        return Sentence("yes") if value else Sentence("no")
    return f"{value:.6g}" if isinstance(value, float) else value


def told_gone(gone: pd.DataFrame, whole: str, *, retired: bool) -> list[Sentence]:
    """One sentence a camera that the whole list of a jurisdiction does not have."""
    if not len(gone):
        return []
    codes = gone["code"].tolist()[:TOLD_CHANGES]
    if retired:
        return [
            Sentence(
                "camera '%(code)s' is not in the whole list of %(path)s; its record is closed",
                code=code,
                path=whole,
            )
            for code in codes
        ]
    return [
        Sentence(
            "camera '%(code)s' is recorded in %(path)s and not in its whole list; its record stays open",
            code=code,
            path=whole,
        )
        for code in codes
    ]
