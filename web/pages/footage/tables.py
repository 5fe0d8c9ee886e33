"""The cameras that the footage finder found, as a file."""

from __future__ import annotations

from web.footagetable import RECORDINGS, VERDICTS
from web.i18n import N_
from web.maps.words import LEVELS
from web.tabular import Column, TableSpec

# The rows are worked out; joined with the cameras, so that nothing leaves the house that may not.
_SOURCE = """
    SELECT r.*, c.jurisdiction_path AS path
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
        camera bigint, rank integer, name text, code text, verdict text, minutes double precision,
        "when" text,
        level text, density double precision, distance_m double precision, bearing text, azimuth text,
        clock text, unit text, recorder text, recording text, days_left double precision)
    JOIN camera c ON c.id = r.camera"""

FOOTAGE = TableSpec(
    name="footage",
    columns=(
        Column("rank", N_("No."), "integer"),
        Column("name", N_("Camera")),
        Column("code", N_("Code"), "code"),
        Column(
            "verdict", N_("What it saw"), "choice", words={key: said[0] for key, said in VERDICTS.items()}
        ),
        Column("minutes", N_("For"), "minutes"),
        Column("when", N_("When")),
        Column("level", N_("Detail"), "choice", words={key: said[0] for key, said in LEVELS.items()}),
        Column("density", N_("Pixels per metre"), "number"),
        Column("distance_m", N_("Distance"), "length"),
        Column("bearing", N_("Direction of the place")),
        Column("azimuth", N_("Looked towards")),
        Column("clock", N_("Clock in its picture")),
        Column("recorder", N_("Recorder"), "code"),
        Column("unit", N_("Maintenance unit")),
        Column(
            "recording", N_("Recording"), "choice", words={key: said[0] for key, said in RECORDINGS.items()}
        ),
        Column("days_left", N_("Days until it is overwritten"), "number", digits=1),
    ),
    source=_SOURCE,
    default_sort="rank",
    id="rank",
)
