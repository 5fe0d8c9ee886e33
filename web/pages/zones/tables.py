"""The list of zones."""

from __future__ import annotations

from web.i18n import N_
from web.pages.plans.tables import SEEN
from web.tabular import Column, TableSpec

ZONES = TableSpec(
    name="zones",
    columns=(
        Column("name", N_("Zone"), search=True),
        Column("code", N_("Code"), "code", search=True),
        Column("villages", N_("Villages"), "integer"),
        Column("teams", N_("Teams"), "integer", filter="range"),
        Column("plans", N_("Plans"), "integer"),
        Column("last_shift", N_("Last shift planned"), "moment", filter="period"),
    ),
    source=f"""
        SELECT z.id, z.code, CASE WHEN :lang = 'zh' THEN z.name ELSE COALESCE(z.name_en, z.name) END AS name,
               (SELECT count(*) FROM zone_member m WHERE m.zone_id = z.id) AS villages,
               (SELECT count(*) FROM team t WHERE t.zone_id = z.id AND upper_inf(t.valid)) AS teams,
               (SELECT count(*) FROM plan p WHERE p.zone_id = z.id AND {SEEN}) AS plans,
               (SELECT max(lower(p.shift)) FROM plan p WHERE p.zone_id = z.id AND {SEEN}) AS last_shift,
               z.geom
        FROM zone z WHERE upper_inf(z.valid)""",
    default_sort="name",
    link="/zones/{code}",
    geometry="geom",
)
