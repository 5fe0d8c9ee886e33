"""The list of plans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from geo.errors import Sentence
from patrols.repository.steps import among
from web.access import Action
from web.i18n import N_
from web.pages.plans.wording import STATUSES, TONES
from web.planstate import stale_plans
from web.requests import access, db
from web.tabular import Column, TableSpec

# Published plans are for everybody of the zone; drafts for those who may see drafts there.
SEEN = """(p.status = 'published' OR :drafts_everywhere
           OR EXISTS (SELECT FROM zone_member m WHERE m.zone_id = p.zone_id
                      AND m.jurisdiction_path <@ ANY(CAST(:drafts AS ltree[]))))"""

PLANS = TableSpec(
    name="plans",
    columns=(
        Column("zone", N_("Zone"), search=True),
        Column("start", N_("From"), "moment", filter="period"),
        Column("until", N_("To"), "moment"),
        Column(
            "status",
            N_("Status"),
            "choice",
            filter="choice",
            words=STATUSES,
            tones=TONES,
        ),
        Column("decided_at", N_("Since"), "moment"),
        Column("decided_by", N_("By")),
        Column("teams", N_("Teams"), "integer"),
        Column("crossed", N_("Stops crossed"), "integer"),
        Column("reachable", N_("of those reachable"), "integer"),
        Column("violations", N_("Violations"), "integer"),
        Column("created_at", N_("Created at"), "moment"),
        Column("author", N_("Created by"), search=True),
    ),
    source=f"""
        SELECT p.id, CASE WHEN :lang = 'zh' THEN z.name ELSE COALESCE(z.name_en, z.name) END AS zone,
               lower(p.shift) AS start, upper(p.shift) AS until, p.status, p.crossed, p.reachable,
               jsonb_array_length(p.violations) AS violations, p.created_at, p.author,
               last.at AS decided_at, last.author AS decided_by,
               (SELECT count(DISTINCT v.team_id) FROM plan_visit v WHERE v.plan_id = p.id) AS teams
        FROM plan p JOIN zone z ON z.id = p.zone_id
             LEFT JOIN LATERAL (SELECT s.at, s.author FROM plan_step s WHERE s.plan_id = p.id
                                ORDER BY s.id DESC LIMIT 1) AS last ON true
        WHERE {SEEN}""",
    default_sort="-start",
    link="/plans/{id}",
)


def drafts_seen() -> dict[str, Any]:
    """The parameters that `SEEN` names, for whoever asks."""
    drafts = access().scope(Action.PLANS_VIEW_DRAFTS)
    return {"drafts_everywhere": drafts.everywhere, "drafts": list(drafts.paths)}


def stale_in(rows: Iterable[Mapping[str, Any]]) -> dict[int, list[Sentence]]:
    """Why plans of a list are stale, where whoever asks may see drafts; only stale ones are told.

    A published plan whose shift is over has been walked: that something changed since is no fault of it, and
    its own page says so.
    """
    now = datetime.now(UTC)
    numbers = [int(row["id"]) for row in rows if row["status"] != "published" or row["until"] > now]
    if not numbers or not access().may(Action.PLANS_VIEW_DRAFTS):
        return {}
    found = stale_plans(among(db(Action.PLANS_VIEW_DRAFTS), numbers))
    return {number: reasons for number, reasons in found.items() if reasons}
