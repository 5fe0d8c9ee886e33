"""The list of sources, and what one of them delivered."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from web.i18n import N_
from web.tabular import Column, TableSpec

KINDS = {
    "stream": N_("decoded stream"),
    "gateway": N_("gateway"),
    "heartbeat": N_("device heartbeats"),
    "inspection": N_("inspection round"),
    "recording": N_("lists of recordings"),
}
STATES = {
    "speaks": N_("speaks"),
    "silent": N_("silent"),
    "gone": N_("silent for more than a day"),
    "never": N_("never heard"),
}
STATE_TONES = {"speaks": "good", "silent": "warn", "gone": "bad", "never": "quiet"}
CLOCKS = {
    "ahead": N_("runs ahead"),
    "late": N_("behind, or late"),
    "fine": N_("on time"),
    "unknown": N_("not known"),
}
CLOCK_TONES = {"ahead": "bad", "late": "warn", "fine": "good", "unknown": "quiet"}
WAYS = {"file": N_("file"), "batch": N_("batch of a gateway"), "probe": N_("probe")}

SOURCES = TableSpec(
    name="sources",
    columns=(
        Column("code", N_("Source"), "code", search=True),
        Column("kind", N_("Kind"), "choice", filter="choice", words=KINDS),
        Column("state", N_("State"), "choice", filter="choice", words=STATES, tones=STATE_TONES),
        Column(
            "heard_at",
            N_("Last heard"),
            "moment",
            hint=N_("Its newest frame, by its own clock, but not later than the frame came."),
        ),
        Column(
            "interval_s",
            N_("Speaks every"),
            "number",
            unit="s",
            digits=2,
            hint=N_("Of each camera, as declared."),
        ),
        Column(
            "cameras", N_("Cameras"), "integer", hint=N_("In your area, of which it spoke or should speak.")
        ),
        Column("today", N_("Frames delivered today"), "integer"),
        Column("week", N_("Frames delivered in 7 days"), "integer"),
        Column("refused", N_("Refused in 7 days"), "integer", filter="range"),
        Column("problem", N_("Last refusal"), search=True),
        Column("clock", N_("Clock"), "choice", filter="choice", words=CLOCKS, tones=CLOCK_TONES),
        Column("clock_s", N_("Clock off by at least"), "number", unit="s", shown=False),
    ),
    source="""SELECT * FROM jsonb_to_recordset(CAST(:sources AS jsonb)) AS r (
                  id bigint, code text, kind text, state text, heard_at timestamptz, interval_s float8,
                  cameras bigint, today bigint, week bigint, refused bigint, problem text, clock text,
                  clock_s float8)""",
    default_sort="code",
    link="/sources/{id}",
)

DELIVERIES = TableSpec(
    name="deliveries",
    columns=(
        Column("stored_at", N_("Taken in at"), "moment", filter="period"),
        Column("file_name", N_("File or key"), search=True),
        Column("way", N_("How it came"), "choice", filter="choice", words=WAYS),
        Column("row_count", N_("Frames"), "integer"),
        Column("refused", N_("Refused"), "integer", filter="range"),
        Column("newest_at", N_("Newest frame"), "moment"),
        Column("problem", N_("First refusal"), search=True),
    ),
    source="""SELECT sha256 AS id, source_id, stored_at, file_name, way, row_count, refused, newest_at,
                     problems ->> 0 AS problem
              FROM frame_file WHERE source_id = :source AND :whole""",
    default_sort="-stored_at",
    link="/sources/{source_id}/refused/{id}.csv",
)


def sources_parameters(told: pd.DataFrame, *, whole: bool) -> dict[str, Any]:
    """Parameters of `SOURCES` from `cameras.services.delivered.sources_told`.

    Sentences about rows name cameras of any place, so only whoever sees the whole site is told them.
    """
    rows = []
    for number, row in zip(told.index, told.to_dict("records"), strict=True):
        heard, problem = row["heard_at"], row["problem"]
        rows.append(
            {
                "id": int(number),
                "heard_at": None if pd.isna(heard) else heard.isoformat(),
                "interval_s": float(row["expected_interval_s"]),
                "problem": problem if whole and isinstance(problem, str) else None,
                "clock_s": float(row["clock_s"]) or None,
                **{name: str(row[name]) for name in ("code", "kind", "state", "clock")},
                **{name: int(row[name]) for name in ("cameras", "today", "week", "refused")},
            }
        )
    return {"sources": json.dumps(rows, ensure_ascii=False)}
