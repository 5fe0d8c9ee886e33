"""Undo an import: take out the rows that came with it, unless something else stands on them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from cameras.services import undo_listing
from geo.errors import LianfangError
from geo.repository import SCOPE_POINT
from geo.scope import WHOLE_SITE, Scope
from geo.services import refresh_scopes
from geo.tables import ImportBatch
from web.i18n import N_
from web.refusals import Refused

# The transaction that stores an import writes its time down, as every later one does its own.
SINCE = "created_at >= (SELECT imported_at FROM import_batch WHERE id = :batch)"
PATHS = "(SELECT path FROM jurisdiction WHERE batch_id = :batch)"
CAMERAS = "(SELECT id FROM camera WHERE batch_id = :batch)"
# Records that an import ended to begin others of the same cameras: those give back what came with the others.
MOVED = "(SELECT camera_id, previous_id FROM camera_change WHERE batch_id = :batch AND kind = 'moved')"
ZONES = "(SELECT id FROM zone WHERE batch_id = :batch)"


@dataclass(frozen=True)
class Standing:
    """What may stand on the rows of an import: how it is said, and how many there are of it."""

    words: str
    count: str


ANALYSED = Standing(
    N_("Not undone: analyses were made since (%(n)s); remove them first."),
    f"SELECT count(*) FROM analysis WHERE {SINCE}",
)
PLANNED = Standing(
    N_("Not undone: patrol plans were made since (%(n)s); remove them first."),
    f"SELECT count(*) FROM plan WHERE {SINCE}",
)

STANDING: dict[str, tuple[Standing, ...]] = {
    "cameras": (
        Standing(
            N_("Not undone: analyses used these cameras (%(n)s); remove them first."),
            f"""SELECT count(*) FROM (
                    SELECT analysis_id FROM pose WHERE camera_id IN {CAMERAS}
                    UNION SELECT analysis_id FROM availability WHERE camera_id IN {CAMERAS}
                    UNION SELECT analysis_id FROM camera_finding WHERE camera_id IN {CAMERAS}) AS used""",
        ),
        Standing(
            N_(
                "Not undone: frames of these cameras are stored (cameras: %(n)s); "
                "evidence is not thrown away."
            ),
            f"""SELECT count(*) FROM camera c
                WHERE c.batch_id = :batch AND c.id NOT IN (SELECT camera_id FROM {MOVED} AS m)
                      AND EXISTS (SELECT FROM frame f WHERE f.camera_id = c.id)""",
        ),
        Standing(
            N_(
                "Not undone: recordings of these cameras are listed (cameras: %(n)s); "
                "evidence is not thrown away."
            ),
            f"""SELECT count(*) FROM camera c
                WHERE c.batch_id = :batch AND c.id NOT IN (SELECT camera_id FROM {MOVED} AS m)
                      AND EXISTS (SELECT FROM recording_list l WHERE l.camera_id = c.id)""",
        ),
        Standing(
            N_("Not undone: presets of these cameras were stored since (%(n)s); undo that import first."),
            f"""SELECT count(*) FROM camera_preset p LEFT JOIN {MOVED} AS m ON m.camera_id = p.camera_id
                WHERE p.camera_id IN {CAMERAS}
                      AND NOT EXISTS (SELECT FROM camera_preset o
                                      WHERE o.camera_id = m.previous_id AND o.name = p.name)""",
        ),
        Standing(
            N_(
                "Not undone: frame sources were declared for these cameras (cameras: %(n)s); "
                "undo that import first."
            ),
            f"""SELECT count(DISTINCT s.camera_id)
                FROM camera_source s LEFT JOIN {MOVED} AS m ON m.camera_id = s.camera_id
                WHERE s.camera_id IN {CAMERAS} AND s.since IS NULL
                      AND NOT EXISTS (SELECT FROM camera_source o
                                      WHERE o.camera_id = m.previous_id AND o.source_id = s.source_id)""",
        ),
        Standing(
            N_("Not undone: changes of these cameras were proposed (%(n)s)."),
            f"""SELECT count(*) FROM camera_proposal WHERE camera_id IN {CAMERAS}
                      AND camera_id NOT IN (SELECT camera_id FROM {MOVED} AS m)""",
        ),
        Standing(
            N_("Not undone: records of these cameras were changed since (%(n)s)."),
            f"""SELECT count(DISTINCT later.code) FROM camera_change later
                WHERE later.batch_id IS DISTINCT FROM :batch
                      AND (later.camera_id IN {CAMERAS} OR later.previous_id IN {CAMERAS}
                           OR EXISTS (SELECT FROM camera_change own WHERE own.batch_id = :batch
                                      AND own.code = later.code AND own.id < later.id))""",
        ),
    ),
    "roads": (
        ANALYSED,
        PLANNED,
        Standing(
            N_("Not undone: streets of another import meet these (%(n)s); undo that one first."),
            """SELECT count(*) FROM road_edge e JOIN road_node n ON n.id IN (e.u, e.v)
               WHERE n.batch_id = :batch AND e.batch_id <> :batch""",
        ),
    ),
    "obstructions": (ANALYSED,),
    "places": (ANALYSED, PLANNED),
    "water": (),
    "jurisdictions": (
        ANALYSED,
        PLANNED,
        Standing(
            N_("Not undone: jurisdictions of another import lie below these (%(n)s); undo that one first."),
            f"""SELECT count(*) FROM jurisdiction
                WHERE batch_id <> :batch AND path <@ ARRAY{PATHS}""",
        ),
        Standing(
            N_("Not undone: zones hold these villages (%(n)s); remove them first."),
            f"SELECT count(DISTINCT zone_id) FROM zone_member WHERE jurisdiction_path IN {PATHS}",
        ),
        Standing(
            N_("Not undone: teams belong to these villages (%(n)s); remove them first."),
            f"SELECT count(*) FROM team WHERE jurisdiction_path IN {PATHS}",
        ),
        Standing(
            N_("Not undone: fixed duties lie in these jurisdictions (%(n)s); end or undo them first."),
            f"SELECT count(*) FROM fixed_duty WHERE jurisdiction_path IN {PATHS}",
        ),
        Standing(
            N_("Not undone: people have rights in these jurisdictions (%(n)s); revoke them first."),
            f"SELECT count(*) FROM access_grant WHERE jurisdiction_path IN {PATHS}",
        ),
        Standing(
            N_("Not undone: tokens of programs hold in these jurisdictions (%(n)s); revoke them first."),
            f"SELECT count(*) FROM api_token WHERE jurisdiction_path IN {PATHS}",
        ),
        Standing(
            N_("Not undone: jobs were asked for in these jurisdictions (%(n)s)."),
            f"SELECT count(*) FROM job_run WHERE jurisdiction_path IN {PATHS}",
        ),
        # Without their jurisdiction these would be the whole site's.
        Standing(
            N_("Not undone: sites were proposed for these jurisdictions (%(n)s); remove them first."),
            f"SELECT count(*) FROM siting_proposal WHERE jurisdiction_path IN {PATHS}",
        ),
        Standing(
            N_("Not undone: lists of assessed cameras were frozen for these jurisdictions (%(n)s)."),
            f"""SELECT count(*) FROM assessed_list l WHERE within_path IN {PATHS}
                      OR EXISTS (SELECT FROM assessed_camera c
                                 WHERE c.list_id = l.id AND c.jurisdiction_path IN {PATHS})""",
        ),
        Standing(
            N_("Not undone: maintenance was planned in these jurisdictions (%(n)s)."),
            f"""SELECT count(*) FROM maintenance m WHERE jurisdiction_path IN {PATHS}
                      OR EXISTS (SELECT FROM maintenance_camera c
                                 WHERE c.maintenance_id = m.id AND c.jurisdiction_path IN {PATHS})""",
        ),
        Standing(
            N_("Not undone: spot checks were drawn in these jurisdictions (%(n)s)."),
            f"SELECT count(*) FROM sample_sheet WHERE jurisdiction_path IN {PATHS}",
        ),
    ),
    "zones": (
        Standing(
            N_("Not undone: patrol plans were made for these zones (%(n)s); remove them first."),
            f"SELECT count(*) FROM plan WHERE zone_id IN {ZONES}",
        ),
        Standing(
            N_("Not undone: teams serve in these zones (%(n)s); remove them first."),
            f"SELECT count(*) FROM team WHERE zone_id IN {ZONES}",
        ),
        Standing(
            N_("Not undone: these zones were changed since (%(n)s)."),
            "SELECT count(*) FROM zone WHERE batch_id = :batch AND NOT upper_inf(valid)",
        ),
    ),
    "teams": (
        Standing(
            N_("Not undone: patrol plans send these teams out (%(n)s); remove them first."),
            """SELECT count(DISTINCT plan_id) FROM plan_visit v JOIN team t ON t.id = v.team_id
               WHERE t.batch_id = :batch""",
        ),
        Standing(
            N_("Not undone: these teams were changed since (%(n)s)."),
            "SELECT count(*) FROM team WHERE batch_id = :batch AND NOT upper_inf(valid)",
        ),
        Standing(
            N_("Not undone: these teams were others before (%(n)s), which would not come back; change them."),
            """SELECT count(*) FROM team t WHERE batch_id = :batch AND EXISTS (
                   SELECT FROM team p WHERE p.code = t.code AND upper(p.valid) = lower(t.valid))""",
        ),
    ),
    "duties": (
        Standing(
            N_("Not undone: these fixed duties were changed since (%(n)s)."),
            "SELECT count(*) FROM fixed_duty WHERE batch_id = :batch AND NOT upper_inf(valid)",
        ),
    ),
}
"""What is asked before the rows of a kind are taken out; the first that is there is told."""

# The table whose rows an import counts, then those that came along.
TABLES: dict[str, tuple[str, ...]] = {
    "cameras": ("camera",),
    "roads": ("road_edge", "road_node"),
    "obstructions": ("obstruction",),
    "places": ("place",),
    "water": ("water",),
    "jurisdictions": ("jurisdiction",),
    "zones": ("zone",),
    "teams": ("team",),
    "duties": ("fixed_duty",),
}


def undo_import(session: Session, number: int, *, author: str, within: Scope = WHOLE_SITE) -> ImportBatch:
    """Take out exactly the rows that came with an import; answers its record, now marked as undone.

    Jurisdictions give what lies in them back to the ones above, as before they came. The site itself and what
    was written down of the import stay.

    Parameters
    ----------
    session : Session
        In the scope of the whole site: what stands on a row may lie elsewhere than the row. Rolled back by
        the caller when this raises.
    number : int
        Key of the import.
    author : str
        Who undoes it.
    within : Scope
        Where they may do so: every row of the import, and every record that it ended, must lie in it.

    Raises
    ------
    LianfangError
        When there is no such import.
    Refused
        When it was undone before, something else stands on its rows, or a row lies outside the scope.
    """
    batch = session.get(ImportBatch, number, with_for_update=True, populate_existing=True)
    if batch is None or batch.kind not in TABLES:
        raise LianfangError(f"there is no import {number}")
    if batch.undone_at is not None:
        raise Refused(N_("This import was undone before; there is nothing left of it."))
    stands = what_stands(session, batch, within)
    if stands is not None:
        raise stands
    if batch.kind == "jurisdictions":
        for table in SCOPE_POINT:
            session.execute(
                text(f"UPDATE {table} SET jurisdiction_path = NULL WHERE jurisdiction_path IN {PATHS}"),
                {"batch": number},
            )
    removed = undo_listing(session, number) if batch.kind == "cameras" else _removed(session, batch)
    if removed < batch.row_count:
        raise Refused(
            N_("Not undone: %(n)s of its %(all)s rows lie outside your area, or were removed before."),
            n=batch.row_count - removed,
            all=batch.row_count,
        )
    if batch.kind == "jurisdictions":
        refresh_scopes(session)
    batch.undone_at, batch.undone_by = session.scalar(text("SELECT now()")), author
    session.flush()
    return batch


def _outside(session: Session, batch: ImportBatch, within: Scope) -> int:
    """How many rows that an undo would touch lie outside a scope."""
    table = TABLES[batch.kind][0]
    touched = f"SELECT id, jurisdiction_path FROM {table} WHERE batch_id = :batch"
    if batch.kind == "cameras":
        touched += """ UNION SELECT c.id, c.jurisdiction_path FROM camera_change x
                       JOIN camera c ON c.id IN (x.camera_id, x.previous_id) WHERE x.batch_id = :batch"""
    found = session.scalar(
        text(
            f"""SELECT count(*) FROM ({touched}) AS touched
                WHERE NOT COALESCE(jurisdiction_path <@ ANY (CAST(:paths AS ltree[])), false)"""
        ),
        {"batch": batch.id, "paths": list(within.paths)},
    )
    return int(found or 0)


def _removed(session: Session, batch: ImportBatch) -> int:
    """Take out the rows of an import; answers how many of its first table."""
    gone = [
        session.execute(text(f"DELETE FROM {table} WHERE batch_id = :batch"), {"batch": batch.id}).rowcount  # type: ignore[attr-defined]
        for table in TABLES[batch.kind]
    ]
    return int(gone[0])


def what_stands(session: Session, batch: ImportBatch, within: Scope = WHOLE_SITE) -> Refused | None:
    """Why an import cannot be undone now by somebody with a scope, in one sentence; None when it can.

    Asked in the scope of the whole site.
    """
    outside = 0 if within.everywhere else _outside(session, batch, within)
    if outside:
        return Refused(
            N_("Not undone: %(n)s of its rows, or of the records it changed, lie outside your area."),
            n=outside,
        )
    for standing in STANDING[batch.kind]:
        count = session.scalar(text(standing.count), {"batch": batch.id})
        if count:
            return Refused(standing.words, n=count)
    return None
