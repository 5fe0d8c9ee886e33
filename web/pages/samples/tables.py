"""Tables of spot checks: the list of sheets, and the rows of one as a file."""

from __future__ import annotations

from cameras.sampling import CRITERIA
from web.i18n import N_
from web.pages.samples.blueprint import CRITERION_WORDS, VERDICT_TONES, VERDICT_WORDS
from web.tabular import Column, TableSpec

_JUDGED = " AND ".join(f"c.{name} IS NOT NULL" for name in CRITERIA)
_RIGHT = " AND ".join(f"c.{name} = 'right'" for name in CRITERIA)
_WRONG = f"{_JUDGED} AND 'wrong' IN ({', '.join(f'c.{name}' for name in CRITERIA)})"

SHEETS = TableSpec(
    name="samples",
    columns=(
        Column("id", N_("No."), "integer"),
        Column("made_at", N_("Drawn at"), "moment", filter="period"),
        Column("area", N_("Jurisdiction"), search=True),
        Column("drawn", N_("Cameras drawn"), "integer"),
        Column("known", N_("Drawn from"), "integer"),
        Column("judged", N_("Judged"), "integer"),
        Column("share", N_("Right in all four"), "share", hint=N_("Of the cameras that could be judged.")),
        Column(
            "state",
            N_("State"),
            "choice",
            filter="choice",
            words={"open": N_("open"), "signed": N_("signed")},
            tones={"open": "info", "signed": "good"},
        ),
        Column("author", N_("Drawn by"), search=True),
        Column("signer", N_("Signed by"), search=True),
        Column("closed_at", N_("Signed at"), "moment", filter="period"),
        Column("seed", N_("Seed"), "code", shown=False),
        Column("sha256", N_("Fingerprint (SHA-256)"), "code", shown=False),
    ),
    source=f"""
        SELECT s.id, s.made_at, s.drawn, CAST(s.drawn_from ->> 'cameras' AS integer) AS known,
               CASE WHEN s.drawn_from ->> 'path' IS NULL THEN CAST(:everywhere AS text)
                    WHEN j.id IS NULL OR :lang = 'zh' THEN s.drawn_from ->> 'area'
                    ELSE COALESCE(j.name_en, s.drawn_from ->> 'area') END AS area,
               of.judged, of.ok / NULLIF(of.ok + of.bad, 0)::float8 AS share,
               CASE WHEN s.closed_at IS NULL THEN 'open' ELSE 'signed' END AS state, s.author, s.signer,
               s.closed_at, s.seed::text AS seed, s.sha256, s.jurisdiction_path AS path
        FROM sample_sheet s
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE {_JUDGED}) AS judged, count(*) FILTER (WHERE {_RIGHT}) AS ok,
                   count(*) FILTER (WHERE {_WRONG}) AS bad
            FROM sampled_camera c WHERE c.sheet_id = s.id) of
        LEFT JOIN jurisdiction j ON j.path = s.jurisdiction_path""",
    default_sort="-made_at",
    link="/samples/{id}",
    path="path",
)

ROWS = TableSpec(
    name="sample",
    columns=(
        Column("rank", N_("No."), "integer"),
        Column("name", N_("Camera")),
        Column("code", N_("Code"), "code"),
        Column("address", N_("Address")),
        Column("unit", N_("Maintenance unit")),
        Column("leaf", N_("Jurisdiction")),
        *(
            Column(name, CRITERION_WORDS[name], "choice", words=VERDICT_WORDS, tones=VERDICT_TONES)
            for name in CRITERIA
        ),
        Column("note", N_("Note")),
        Column("judged_by", N_("Judged by")),
        Column("judged_at", N_("Judged at"), "moment"),
    ),
    source=f"""
        SELECT c.rank, COALESCE(NULLIF(c.record ->> 'name', ''), c.code) AS name, c.code,
               c.record ->> 'address' AS address, c.record ->> 'unit' AS unit,
               c.record ->> 'jurisdiction' AS leaf, {", ".join(f"c.{name}" for name in CRITERIA)},
               c.note, c.judged_by, c.judged_at
        FROM sampled_camera c WHERE c.sheet_id = :sheet""",
    default_sort="rank",
    id="rank",
)
