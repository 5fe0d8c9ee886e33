"""Tables of one jurisdiction: those directly in it, its streets by class, its places by kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo.scope import Scope
from geo.tables import Jurisdiction
from web.i18n import N_
from web.maps.words import JURISDICTION_LEVELS
from web.tabular import Column, TableSpec

# Sums of one analysis and level are stored for every jurisdiction of every level, so a roll-up is a look-up.
_SHARES = """
    SELECT jurisdiction_path, sum(measure) AS measure,
           sum(certain) / NULLIF(sum(total), 0) AS certain, sum(possible) / NULLIF(sum(total), 0) AS possible,
           sum(twice) / NULLIF(sum(total), 0) AS twice,
           (sum(certain) - sum(twice)) / NULLIF(sum(total), 0) AS single,
           sum(built)::numeric / NULLIF(sum(measure), 0) AS built, sum(built) AS built_measure
    FROM coverage_share WHERE analysis_id = :analysis AND level = :level AND ground = '{ground}'
    GROUP BY jurisdiction_path"""

CHILDREN = TableSpec(
    name="jurisdictions",
    columns=(
        Column("name", N_("Jurisdiction"), search=True),
        Column("code", N_("Code"), "code", search=True),
        Column("length_m", N_("Street"), "length", filter="range"),
        Column("certain", N_("Certainly watched"), "share", filter="range"),
        Column("possible", N_("Possibly watched"), "share"),
        Column("twice", N_("By two cameras"), "share", hint=N_("Seen by at least two cameras at once.")),
        Column(
            "single",
            N_("By one camera only"),
            "share",
            hint=N_("Lost when that one camera is."),
        ),
        Column("places", N_("Places"), "integer"),
        Column(
            "places_built",
            N_("Places with a camera"),
            "integer",
            hint=N_("Places that some camera, working or not, has in its view at this level."),
        ),
    ),
    source=f"""
        SELECT j.id, j.path, j.path::text AS path_text, j.code, j.geom, j.level,
               CASE WHEN :lang = 'zh' THEN j.name ELSE COALESCE(j.name_en, j.name) END AS name,
               s.measure / 1000.0 AS length_m, s.certain, s.possible, s.twice, s.single,
               p.measure AS places, p.built_measure AS places_built
        FROM jurisdiction j
        LEFT JOIN ({_SHARES.format(ground="street")}) s ON s.jurisdiction_path = j.path
        LEFT JOIN ({_SHARES.format(ground="place")}) p ON p.jurisdiction_path = j.path
        WHERE (j.level = :depth AND j.path <@ CAST(:parent AS ltree))
           OR j.path = ANY (CAST(:uppermost AS ltree[]))""",
    default_sort="name",
    link="/jurisdictions/{path_text}",
    geometry="geom",
    extra=("path_text",),
)


def uppermost(session: Session, within: Scope) -> list[str]:
    """Paths of the jurisdictions that somebody's area begins with, whatever their levels; in order."""
    found = select(Jurisdiction.path).order_by(Jurisdiction.path)
    if within.everywhere:
        found = found.where(Jurisdiction.level == select(func.min(Jurisdiction.level)).scalar_subquery())
    else:
        found = found.where(Jurisdiction.path.in_(within.paths))
    return list(session.scalars(found))


def directly_in(parent: str) -> dict[str, Any]:
    """Parameters of `CHILDREN` for the jurisdictions directly in one."""
    return {"parent": parent, "depth": parent.count(".") + 1, "uppermost": []}


def beginning_with(paths: Sequence[str]) -> dict[str, Any]:
    """Parameters of `CHILDREN` for these jurisdictions themselves."""
    return {"parent": None, "depth": None, "uppermost": list(paths)}


_KINDS = """
    SELECT kind AS id, kind, measure{divisor} AS measure, certain / NULLIF(total, 0)::numeric AS certain,
           possible / NULLIF(total, 0)::numeric AS possible, twice / NULLIF(total, 0)::numeric AS twice,
           built / NULLIF(measure, 0)::numeric AS built
    FROM coverage_share
    WHERE analysis_id = :analysis AND level = :level AND ground = '{ground}'
      AND jurisdiction_path = CAST(:path AS ltree)"""

ROAD_CLASSES = {
    "motorway": N_("motorway"),
    "trunk": N_("trunk road"),
    "primary": N_("main road"),
    "secondary": N_("secondary road"),
    "tertiary": N_("connecting road"),
    "unclassified": N_("minor road"),
    "residential": N_("residential street"),
    "living_street": N_("living street"),
    "service": N_("service road"),
    "pedestrian": N_("pedestrian street"),
    "footway": N_("footway"),
    "path": N_("path"),
    "cycleway": N_("cycleway"),
    "track": N_("field track"),
    "steps": N_("steps"),
    "motorway_link": N_("slip road of a motorway"),
    "trunk_link": N_("slip road of a trunk road"),
    "primary_link": N_("slip road of a main road"),
    "secondary_link": N_("slip road of a secondary road"),
    "tertiary_link": N_("slip road of a connecting road"),
    "trail": N_("trail"),
    "crossing": N_("crossing"),
    "platform": N_("platform"),
    "corridor": N_("passage in a building"),
    "elevator": N_("lift"),
    "construction": N_("under construction"),
}
PLACE_KINDS = {
    "school": N_("school"),
    "kindergarten": N_("kindergarten"),
    "hospital": N_("hospital"),
    "clinic": N_("clinic"),
    "bank": N_("bank"),
    "station": N_("station"),
    "water": N_("open water"),
    "entrance": N_("village entrance"),
    "market": N_("market"),
    "temple": N_("temple"),
    "police": N_("police station"),
    "bridge": N_("bridge"),
    "fuel": N_("filling station"),
    "worship": N_("place of worship"),
    "government": N_("public office"),
    "university": N_("university"),
}

STREETS = TableSpec(
    name="streets",
    columns=(
        Column("kind", N_("Road class"), "choice", words=ROAD_CLASSES),
        Column("measure", N_("Street"), "length"),
        Column("certain", N_("Certainly watched"), "share"),
        Column("possible", N_("Possibly watched"), "share"),
        Column("twice", N_("By two cameras"), "share"),
        Column("built", N_("Within a footprint"), "share", hint=N_("Whether its camera works or not.")),
    ),
    source=_KINDS.format(ground="street", divisor=" / 1000.0"),
    default_sort="-measure",
)
PLACES = TableSpec(
    name="places",
    columns=(
        Column("kind", N_("Kind of place"), "choice", words=PLACE_KINDS),
        Column("measure", N_("Should be seen"), "integer"),
        Column("built", N_("Built"), "share", hint=N_("Some camera has it in view, working or not.")),
        Column("certain", N_("Certainly watched"), "share", hint=N_("Share of the places' time.")),
        Column("possible", N_("Possibly watched"), "share"),
    ),
    source=_KINDS.format(ground="place", divisor=""),
    default_sort="-measure",
)


def level_word(level: int) -> str:
    """What jurisdictions of a level are called (marked for translation); beyond the fifth a number."""
    return JURISDICTION_LEVELS[level] if level < len(JURISDICTION_LEVELS) else N_("Part")
