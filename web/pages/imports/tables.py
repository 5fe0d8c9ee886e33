"""The record of imports, and what is to say of the rows of one file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from web.i18n import N_
from web.jobs.words import told
from web.pages.imports.wording import DATUM_NAMES, LABELS
from web.recognising import KIND_WORDS
from web.tabular import Column, TableSpec

STATES = {"stored": N_("stored"), "undone": N_("undone")}
STATE_OF = "CASE WHEN undone_at IS NULL THEN 'stored' ELSE 'undone' END"

IMPORTS = TableSpec(
    name="imports",
    columns=(
        Column("file_name", N_("File"), search=True),
        Column("kind", N_("Kind"), "choice", filter="choice", words=KIND_WORDS),
        Column("row_count", N_("Number of rows"), "integer", filter="range"),
        Column("datum", N_("Datum"), "choice", filter="choice", words=DATUM_NAMES),
        Column("label", N_("Label"), "choice", filter="choice", words=LABELS, tones={"synthetic": "info"}),
        Column("author", N_("Imported by"), search=True),
        Column("imported_at", N_("Imported at"), "moment", filter="period"),
        Column(
            "state",
            N_("State"),
            "choice",
            filter="choice",
            words=STATES,
            tones={"stored": "good", "undone": "quiet"},
        ),
    ),
    source=f"""SELECT id, file_name, kind, row_count, datum, label, author, imported_at, {STATE_OF} AS state
               FROM import_batch""",
    default_sort="-imported_at",
    link="/imports/{id}",
)

VERDICTS = {"bad": N_("refused"), "changed": N_("a change"), "odd": N_("worth knowing")}
COUNT_WORDS = {
    "added": N_("Added"),
    "moved": N_("Moved or turned"),
    "changed": N_("Changed"),
    "restored": N_("Back again"),
    "unchanged": N_("As before"),
    "gone": N_("Gone"),
    "retired": N_("Records closed"),
}
"""What an import did to the records, by the kinds of `cameras.services.recording`."""
REMARKS = TableSpec(
    name="remarks",
    columns=(
        Column("row_number", N_("Row"), "integer", filter="range"),
        Column(
            "verdict",
            N_("What it is"),
            "choice",
            filter="choice",
            words=VERDICTS,
            tones={"bad": "bad", "changed": "info", "odd": "warn"},
        ),
        Column("sentence", N_("Reason"), search=True),
    ),
    source="""SELECT id, row_number, verdict, sentence
              FROM jsonb_to_recordset(CAST(:remarks AS jsonb))
                   AS r (id bigint, row_number integer, verdict text, sentence text)""",
    default_sort="row_number",
)


def remarks(
    told_by: Mapping[str, Iterable[Mapping[str, Any]]], translate: Callable[[str], str]
) -> dict[str, Any]:
    """Parameters of `REMARKS`: each sentence on a file, as jobs store it, with the number of its row.

    `told_by` has them by their verdict.

    A sentence about one row (`geo.errors.of_row`) is shown without it; one on many rows that names the first
    of them stands with that.
    """
    made: list[dict[str, Any]] = []
    for verdict, sentences in told_by.items():
        for sentence in sentences:
            own = "row" in sentence["values"]
            shown = sentence["values"]["what"] if own else sentence
            row = sentence["values"].get("row") or _first_row(sentence)
            made.append(
                {
                    "id": len(made) + 1,
                    "row_number": None if row is None else int(row),
                    "verdict": verdict,
                    "sentence": told(shown, translate) if isinstance(shown, Mapping) else shown,
                }
            )
    return {"remarks": json.dumps(made, ensure_ascii=False)}


def _first_row(sentence: Mapping[str, Any]) -> str | None:
    first = sentence["values"].get("first")
    return first["values"]["row"] if isinstance(first, Mapping) else None
