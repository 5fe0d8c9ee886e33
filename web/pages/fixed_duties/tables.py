"""The list of fixed duties."""

from __future__ import annotations

from patrols.duties import KIND_NAMES
from web.i18n import N_
from web.tabular import Column, TableSpec

KIND_WORDS = {kind: str(name) for kind, name in KIND_NAMES.items()}

DUTIES = TableSpec(
    name="fixed_duties",
    columns=(
        Column("title", N_("Fixed duty"), search=True, exported=False),
        Column("code", N_("Code"), "code", search=True),
        Column("name", N_("Name"), shown=False),
        Column("name_en", N_("English name"), shown=False),
        Column("kind", N_("Kind"), "choice", filter="choice", words=KIND_WORDS),
        Column("calendar", N_("Calendar"), "code", filter="equals"),
        Column("hours", N_("Hours"), sortable=False),
        Column("stay_min", N_("Stay, minutes"), "integer"),
        Column("required", N_("Required"), "flag", filter="flag"),
        Column("prize", N_("Points"), "integer", filter="range"),
        Column("zone", N_("Zone"), search=True),
        Column("villages", N_("Villages that must come"), shown=False),
        Column("teams", N_("Teams that must come"), shown=False),
        Column("note", N_("Note"), search=True, shown=False),
        Column("lon", N_("Longitude"), "number", digits=6, shown=False),
        Column("lat", N_("Latitude"), "number", digits=6, shown=False),
    ),
    source="""
        SELECT d.id, d.code, CASE WHEN :lang = 'zh' THEN d.name ELSE COALESCE(d.name_en, d.name) END AS title,
               d.name, d.name_en, d.kind, d.calendar,
               (SELECT string_agg(h, '; ') FROM jsonb_array_elements_text(d.hours) AS h) AS hours,
               round(d.stay_s / 60.0) AS stay_min, d.required, d.prize,
               (SELECT string_agg(CASE WHEN :lang = 'zh' THEN z.name ELSE COALESCE(z.name_en, z.name) END,
                                  ', ' ORDER BY z.code)
                FROM zone z WHERE upper_inf(z.valid) AND ST_Covers(z.geom, d.geom)) AS zone,
               (SELECT string_agg(v, '; ') FROM jsonb_array_elements_text(d.villages) AS v) AS villages,
               (SELECT string_agg(v, '; ') FROM jsonb_array_elements_text(d.teams) AS v) AS teams,
               d.note, ST_X(d.geom) AS lon, ST_Y(d.geom) AS lat, d.jurisdiction_path AS path, d.geom
        FROM fixed_duty d WHERE upper_inf(d.valid)""",
    default_sort="title",
    link="/fixed-duties/{code}",
    path="path",
    geometry="geom",
)
