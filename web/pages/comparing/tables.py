"""The tables of two analyses compared: gaps, jurisdictions, cameras."""

from __future__ import annotations

from dataclasses import replace

from web.i18n import N_
from web.maps.words import CAUSES, LEVELS
from web.pages.analyses import ANALYSES
from web.pages.gaps.tables import GROUNDS
from web.tabular import Column, TableSpec

OUTCOMES = {
    "new": N_("new"),
    "longer": N_("longer"),
    "gone": N_("gone"),
    "shorter": N_("shorter"),
    "same": N_("as it was"),
}
TONES = {"new": "bad", "longer": "warn", "gone": "good", "shorter": "info", "same": "quiet"}
PARTS = {"gaps": N_("Gaps"), "shares": N_("Jurisdictions"), "cameras": N_("Cameras")}

# Analyses made alike; the address of a row needs the one that they are compared with.
CHOICE = replace(
    ANALYSES,
    name="comparable",
    source="""SELECT a.id, CAST(:base AS bigint) AS base, lower(a.period) AS period_from,
                     upper(a.period) AS period_to, a.level,
                     COALESCE(a.parameters ->> 'dimension', '2d') AS dimension, a.slot_min, a.threshold,
                     a.author, a.created_at
              FROM analysis a JOIN analysis b ON b.id = CAST(:base AS bigint) AND a.id <> b.id
               AND a.level = b.level AND a.slot_min = b.slot_min AND a.threshold = b.threshold
               AND COALESCE(a.parameters ->> 'dimension', '2d') = COALESCE(b.parameters ->> 'dimension', '2d')
           """,
    link="/analyses/{base}/against/{id}",
)

# Rows are worked out, and joined with what is stored: nothing leaves the house that may not.
_NAME = "CASE WHEN :lang = 'zh' THEN j.name ELSE COALESCE(j.name_en, j.name) END"

_GAPS = TableSpec(
    name="compared_gaps",
    columns=(
        Column(
            "outcome",
            N_("What became of it"),
            "choice",
            filter="choice",
            words=OUTCOMES,
            tones=TONES,
            hint=N_("By its ground and cause; docs/gaps.md has the rule."),
        ),
        Column(
            "cause",
            N_("Cause"),
            "choice",
            filter="choice",
            words={name: cause.name for name, cause in CAUSES.items()},
            colours={name: cause.colour for name, cause in CAUSES.items()},
        ),
        Column("leaf", N_("Jurisdiction"), search=True),
        Column("ground", N_("Ground"), "choice", filter="choice", words=GROUNDS),
        Column("street_m", N_("Street"), "length", filter="range"),
        Column("places", N_("Places"), "integer"),
        Column(
            "before_min",
            N_("Unseen a day, before"),
            "minutes",
            hint=N_("Mean over the ground that both have in common."),
        ),
        Column("after_min", N_("Unseen a day, now"), "minutes"),
        Column("shared", N_("Ground in both"), "share", hint=N_("Of its ground, what is a gap in both.")),
    ),
    source=f"""
    SELECT r.id, r.outcome, g.cause, {_NAME} AS leaf, g.ground,
           CASE WHEN g.ground = 'street' THEN g.measure / 1000.0 END AS street_m,
           CASE WHEN g.ground = 'place' THEN g.measure END AS places,
           r.before_min, r.after_min, r.shared, g.jurisdiction_path AS path, g.geom
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
        id bigint, outcome text, before_min double precision, after_min double precision,
        shared double precision)
    JOIN gap g ON g.id = r.id JOIN jurisdiction j ON j.path = g.jurisdiction_path""",
    default_sort="outcome",
    link="/gaps/{id}",
    path="path",
    geometry="geom",
)

_SHARES = TableSpec(
    name="compared_shares",
    columns=(
        Column("name", N_("Jurisdiction"), search=True),
        Column("ground", N_("Ground"), "choice", filter="choice", words=GROUNDS),
        Column(
            "level",
            N_("Level of detail"),
            "choice",
            filter="choice",
            words={key: words for key, (words, _) in LEVELS.items()},
        ),
        Column("before_certain", N_("Certainly watched, before"), "share"),
        Column("after_certain", N_("Certainly watched, now"), "share"),
        Column("points", N_("Change"), "number", digits=1, unit=N_("points"), filter="range"),
        Column("before_possible", N_("Possibly watched, before"), "share"),
        Column("after_possible", N_("Possibly watched, now"), "share"),
    ),
    source=f"""
    SELECT r.*, {_NAME} AS name, j.path AS place
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
        id text, path text, ground text, level text, before_certain double precision,
        after_certain double precision, points double precision, before_possible double precision,
        after_possible double precision)
    JOIN jurisdiction j ON j.path = CAST(r.path AS ltree)
    WHERE EXISTS (SELECT FROM coverage_share s WHERE s.analysis_id = ANY(CAST(:analyses AS bigint[]))
                  AND s.jurisdiction_path = j.path)""",
    default_sort="points",
    path="place",
)

_CAMERAS = TableSpec(
    name="compared_cameras",
    columns=(
        Column("name", N_("Camera"), search=True),
        Column("code", N_("Code"), "code", search=True),
        Column("before_min", N_("Lost a day, before"), "minutes"),
        Column("after_min", N_("Lost a day, now"), "minutes", filter="range"),
        Column("change_h", N_("Change"), "number", digits=1, unit=N_("h a day"), filter="range"),
        Column(
            "before_unknown",
            N_("Not checked a day, before"),
            "minutes",
            hint=N_("Nothing is known of this time: the camera may have been lost."),
        ),
        Column("after_unknown", N_("Not checked a day, now"), "minutes"),
    ),
    source="""
    SELECT r.*, c.code, COALESCE(NULLIF(c.name, ''), c.code) AS name, c.jurisdiction_path AS path
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
        id bigint, before_min double precision, after_min double precision, change_h double precision,
        before_unknown double precision, after_unknown double precision)
    JOIN camera c ON c.id = r.id""",
    default_sort="-change_h",
    link="/cameras/{code}",
    path="path",
)

TABLES = {"gaps": _GAPS, "shares": _SHARES, "cameras": _CAMERAS}
