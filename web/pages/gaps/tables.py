"""The lists of gaps: one table, cut by who acts; as a person would name them, or piece by piece."""

from __future__ import annotations

from web.i18n import N_
from web.maps.words import CAUSES, LISTS
from web.tabular import Column, TableSpec

GROUNDS = {"street": N_("street"), "place": N_("place")}

_SOURCE = """
    SELECT g.id, g.merged, g.rank, g.windows, g.cause, g.ground,
           CASE WHEN g.ground = 'street' THEN g.measure / 1000.0 END AS street_m,
           CASE WHEN g.ground = 'place' THEN g.measure END AS places,
           g.open_ms / 60000.0 AS open_min, lower(g.windows) AS since, upper(g.windows) AS until,
           (SELECT count(*) FROM gap_camera gc WHERE gc.gap_id = g.id) AS cameras,
           CASE WHEN :lang = 'zh' THEN j.name ELSE COALESCE(j.name_en, j.name) END AS leaf,
           g.jurisdiction_path AS path, g.geom
    FROM gap g JOIN jurisdiction j ON j.path = g.jurisdiction_path
    WHERE g.analysis_id = :analysis AND g.cause = ANY(CAST(:causes AS text[]))"""

# Shown as one (docs/gaps.md): ground of one cause and the same cameras that hangs together, whose
# pieces have windows of their own. What is narrowed is the pieces: a group may reach over a border.
_SHOWN = f"""
    SELECT (array_agg(p.id ORDER BY p.rank))[1] AS id, min(p.rank) AS rank, count(*) AS pieces,
           min(p.cause) AS cause, min(p.ground) AS ground, sum(p.street_m) AS street_m,
           sum(p.places) AS places,
           (SELECT sum(extract(epoch FROM upper(w) - lower(w))) / 60.0 FROM unnest(range_agg(p.windows)) AS w)
               AS open_min,
           min(p.since) AS since, max(p.until) AS until,
           (SELECT count(DISTINCT gc.camera_id) FROM gap_camera gc WHERE gc.gap_id = ANY(array_agg(p.id)))
               AS cameras,
           (array_agg(p.leaf ORDER BY p.rank))[1] || CASE
               WHEN count(DISTINCT p.path) > 1 THEN ' +' || count(DISTINCT p.path) - 1 ELSE '' END AS leaf,
           ST_CollectionHomogenize(ST_Collect(p.geom ORDER BY p.rank)) AS geom
    FROM ({_SOURCE} AND (:everywhere OR g.jurisdiction_path <@ ANY (CAST(:paths AS ltree[])))) AS p
    GROUP BY p.merged"""


def spec_of(key: str, *, shown: bool = False) -> TableSpec:
    """The table of one list: repair, measure or build; `shown` with a row for all that is shown as one."""
    words = {name: cause.name for name, cause in CAUSES.items() if cause.list == key}
    return TableSpec(
        name=f"gaps_{key}" if shown else f"gaps_{key}_pieces",
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
            *(
                [
                    Column(
                        "pieces",
                        N_("Pieces"),
                        "integer",
                        hint=N_("Each with windows of its own."),
                        shown=False,
                    )
                ]
                if shown
                else []
            ),
        ),
        source=_SHOWN if shown else _SOURCE,
        default_sort="rank",
        link="/gaps/{id}",
        path=None if shown else "path",
        geometry="geom",
    )


TABLES = {key: spec_of(key) for key in LISTS}
SHOWN = {key: spec_of(key, shown=True) for key in LISTS}
CAUSES_OF = {key: [name for name, cause in CAUSES.items() if cause.list == key] for key in LISTS}
