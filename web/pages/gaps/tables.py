"""The lists of gaps: one table, cut by who acts."""

from __future__ import annotations

from web.i18n import N_
from web.maps.words import CAUSES, LISTS
from web.tabular import Column, TableSpec

GROUNDS = {"street": N_("street"), "place": N_("place")}

_SOURCE = """
    SELECT g.id, g.rank, g.cause, g.ground,
           CASE WHEN g.ground = 'street' THEN g.measure / 1000.0 END AS street_m,
           CASE WHEN g.ground = 'place' THEN g.measure END AS places,
           g.open_ms / 60000.0 AS open_min, lower(g.windows) AS since, upper(g.windows) AS until,
           (SELECT count(*) FROM gap_camera gc WHERE gc.gap_id = g.id) AS cameras,
           CASE WHEN :lang = 'zh' THEN j.name ELSE COALESCE(j.name_en, j.name) END AS leaf,
           g.jurisdiction_path AS path, g.geom
    FROM gap g JOIN jurisdiction j ON j.path = g.jurisdiction_path
    WHERE g.analysis_id = :analysis AND g.cause = ANY(CAST(:causes AS text[]))"""


def spec_of(key: str) -> TableSpec:
    """The table of one list: repair, measure or build."""
    words = {name: cause.name for name, cause in CAUSES.items() if cause.list == key}
    return TableSpec(
        name=f"gaps_{key}",
        columns=(
            Column("rank", N_("Rank"), "integer", hint=N_("1 is the most pressing of the analysis.")),
            Column(
                "cause",
                N_("Cause"),
                "choice",
                filter="choice",
                words=words,
                colours={name: CAUSES[name].colour for name in words},
            ),
            Column("leaf", N_("Jurisdiction"), search=True),
            Column("ground", N_("Ground"), "choice", filter="choice", words=GROUNDS),
            Column("street_m", N_("Street"), "length", filter="range"),
            Column("places", N_("Places"), "integer"),
            Column("open_min", N_("Unseen for"), "minutes", filter="range"),
            Column("since", N_("From"), "moment"),
            Column("until", N_("To"), "moment"),
            Column("cameras", N_("Cameras concerned"), "integer", filter="range"),
        ),
        source=_SOURCE,
        default_sort="rank",
        link="/gaps/{id}",
        path="path",
        geometry="geom",
    )


TABLES = {key: spec_of(key) for key in LISTS}
CAUSES_OF = {key: [name for name, cause in CAUSES.items() if cause.list == key] for key in LISTS}
