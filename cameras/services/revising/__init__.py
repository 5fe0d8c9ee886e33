"""A stored analysis brought up to date around a few cameras, as if it had been made again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from cameras.analysis import camera_findings
from cameras.repository import revising as store
from cameras.services.analysing import store_camera_results
from cameras.services.reporting import sum_up
from cameras.services.revising.around import Area
from cameras.services.revising.storing import ground_has_changed, store_gaps, store_head, store_shares
from cameras.tables import Analysis
from geo import repository as places
from geo.errors import LianfangError, Sentence

__all__ = ["Revision", "revise"]


@dataclass(frozen=True)
class Revision:
    """What became of an analysis: cameras looked at again (codes), leaves, gaps that went and came."""

    cameras: tuple[str, ...]
    leaves: tuple[str, ...]
    gone: int
    new: int


def revise(session: Session, analysis_id: int, codes: Collection[str], *, author: str) -> Revision:
    """Look again at some cameras of a stored analysis, and at the ground that they change.

    Their records, presets and frames are read as they are now; of all other cameras what the analysis holds.
    What is stored afterwards is what `analyse` would store of the same period, had nothing but these cameras
    changed since; gaps that stay as they were keep their numbers. Where the frames of these cameras tell
    that a source spoke when it was thought to be silent, all of its cameras are looked at.

    Parameters
    ----------
    session : Session
        Of the whole site; the analysis is locked until it ends.
    analysis_id : int
    codes : collection of str
        Of cameras whose record or presets were corrected, or of which frames came late.
    author : str

    Raises
    ------
    LianfangError
        For an analysis that is not there, that an older program made, or whose ground has changed since.
    """
    head = session.get(Analysis, analysis_id, with_for_update=True)
    if head is None:
        raise LianfangError(
            Sentence("there is no analysis %(id)s; give the number of a stored one", id=analysis_id)
        )
    stored = store.poses(session, analysis_id)
    if head.delivered is None or stored["east_m"].isna().any():
        raise LianfangError(
            Sentence(
                "analysis %(id)s is of an older program and cannot be brought up to date; make it again",
                id=analysis_id,
            )
        )
    if head.ground != places.ground_changes(session):
        raise ground_has_changed(head)
    area = Area(session, head, stored)
    seen = area.look(codes)
    fresh = area.placed(seen)
    before = area.stored[area.stored["camera"].isin(store.records_of(session, sorted(area.codes)))]
    touched = area.touched(before, fresh)
    change = area.ground(touched, seen, fresh, before)

    store.remove_cameras(session, analysis_id, sorted({*before["camera"], *area.cameras.index}))
    store_camera_results(
        session,
        analysis_id,
        area.cameras["jurisdiction_path"],
        seen,
        fresh.points,
        change.footprints,
        camera_findings(seen, fresh.stands),
    )
    gone = new = 0
    paths = tuple(touched["path"])
    if change.gaps is not None:
        store_shares(session, head, paths, change.coverages)
        gone, new = store_gaps(session, head, paths, change.gaps, area.settings.coverage.place_weight_m)
    sum_up(session, analysis_id)
    store_head(session, head, seen, sorted(area.codes), author)
    return Revision(tuple(sorted(area.codes)), paths, gone, new)
