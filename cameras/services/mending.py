"""Camera records mended by hand: changes are proposed, reviewed, and only then count."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd
from shapely import Point
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cameras.changed_words import label_of
from cameras.mending import against, applied, kind_of, outdated, read_values
from cameras.presets import PRESETS
from cameras.reconcile import CHANGED, MOVED, POSITION
from cameras.repository import changes as store
from cameras.repository import proposals
from cameras.repository.presets import presets_of, replace_presets
from cameras.services.taking_in import begin_anew
from geo.db import ScopedSession
from geo.errors import InputRefused, LianfangError, Sentence
from geo.repository import paths_at, site_area
from geo.scope import WHOLE_SITE

# More at once is a list to be imported, which says row by row what it does.
MOST_AT_ONCE = 2000
# Nobody looks at a page longer than this while a list is taken in.
WAIT_S = 5


def propose(
    session: Session,
    codes: Sequence[str],
    texts: Mapping[str, str],
    *,
    author: str,
    origin: str = "page",
    datum: str = "wgs84",
    note: str = "",
    group_key: str | None = None,
    accuracy_m: float | None = None,
    photo: bytes | None = None,
) -> list[int]:
    """Propose the same change for cameras; answers the ids of the proposals.

    Parameters
    ----------
    codes : sequence of str
        Cameras with an open record; those where nothing differs, or the same waits for review, get none.
    texts, datum
        As `cameras.mending.read_change`.
    origin : str
        page | bulk | pole.
    group_key : str, optional
        What proposals that were made together have in common.
    accuracy_m : float, optional
        How well the position was fixed.
    photo : bytes, optional
        A photograph of the camera (JPEG).

    Raises
    ------
    InputRefused
        A field that is not understood, more cameras than `MOST_AT_ONCE`, or no difference and no photograph.
    LianfangError
        A camera without an open record.
    """
    if len(codes) > MOST_AT_ONCE:
        raise InputRefused(
            Sentence(
                "%(n)s cameras are more than the %(most)s that are changed at once; narrow them down, or "
                "import a list",
                n=len(codes),
                most=MOST_AT_ONCE,
            )
        )
    recorded = store.open_records(session, codes)
    if missing := sorted(set(codes) - set(recorded["code"])):
        raise LianfangError(Sentence("camera '%(code)s' has no open record", code=missing[0]))
    values = read_values(texts, datum, site_area(session))
    changes = []
    for number, record in recorded.iterrows():
        before, after = against(values, record)
        if after or photo is not None:
            changes.append((int(str(number)), str(record["code"]), before, after))
    if not changes:
        raise InputRefused(Sentence("nothing differs from the record, so nothing was proposed"))
    for after in {change[3].get(POSITION): change[3] for change in changes}.values():
        _refuse_away(session, after)
    return proposals.add(
        session,
        changes,
        author=author,
        origin=origin,
        group_key=group_key,
        note=note,
        accuracy_m=accuracy_m,
        photo=photo,
    )


def accept(
    session: Session, ids: Collection[int], *, reviewer: str, note: str = "", own: bool = False
) -> int:
    """Let proposals count, all or none; answers how many records changed.

    Whoever proposed a change does not accept it, unless `own` says that they may.

    A new place or pose opens a new period from now on, as a list taken in does.

    Raises
    ------
    LianfangError
        For a proposal that is not open any more, whose record ended, or whose fields were changed since.
    """
    asked = _open(session, ids)
    recorded = store.open_records(session, sorted({one["code"] for one in asked}))
    held = presets_of(session, recorded.index)
    recorded[PRESETS] = [held[number] for number in recorded.index]
    numbers = dict(zip(recorded["code"], recorded.index, strict=True))
    afters: dict[int, dict[str, Any]] = {}
    for one in asked:
        if one["author"] == reviewer and not own:
            raise LianfangError(
                Sentence(
                    "camera '%(code)s': you proposed this change yourself; somebody else has to accept it",
                    code=one["code"],
                )
            )
        _refuse_away(session, one["after"])
        if one["code"] not in numbers:
            raise LianfangError(
                Sentence("the record of camera '%(code)s' has ended; reject the change", code=one["code"])
            )
        number = numbers[one["code"]]
        stale = outdated(one["before"], recorded.loc[number])
        twice = afters.get(number, {}).keys() & one["after"].keys()
        if stale or twice:
            raise LianfangError(
                Sentence(
                    "camera '%(code)s': %(field)s was changed since this was proposed; reject it, and "
                    "propose anew what still holds",
                    code=one["code"],
                    field=label_of([*stale, *twice][0]),
                )
            )
        afters.setdefault(number, {}).update(one["after"])
    # Before records begin anew, to which what is still open goes along.
    proposals.close(session, [one["id"] for one in asked], state="accepted", reviewer=reviewer, note=note)
    _change(session, recorded, {number: after for number, after in afters.items() if after}, asked)
    return sum(bool(after) for after in afters.values())


def reject(session: Session, ids: Collection[int], *, reviewer: str, note: str = "") -> int:
    """Let proposals not count; answers how many. LianfangError as `accept` for one that is not open."""
    asked = _open(session, ids)
    for one in asked:
        own = one["author"] == reviewer
        state = "withdrawn" if own else "rejected"
        proposals.close(session, [one["id"]], state=state, reviewer=reviewer, note=note)
    return len(asked)


def _refuse_away(session: Session, after: Mapping[str, Any]) -> None:
    """Refuse a position outside the area in which the session may write."""
    within = session.scope if isinstance(session, ScopedSession) else WHOLE_SITE
    if POSITION not in after or within.everywhere:
        return
    place = gpd.GeoSeries([Point(*(float(part) for part in str(after[POSITION]).split(",")))], crs=4326)
    # Jurisdictions that the session does not see hold nothing.
    if not within.covers(paths_at(session, place).iloc[0]):
        raise InputRefused(
            Sentence(
                "position %(position)s lies outside your area (%(area)s); ask somebody who may change "
                "records there",
                position=after[POSITION],
                area=within.text,
            )
        )


def _open(session: Session, ids: Collection[int]) -> list[dict[str, Any]]:
    store.hold(session, wait_s=WAIT_S)
    asked = proposals.of_ids(session, ids, hold=True)
    if len(asked) < len(set(ids)):
        raise LianfangError(Sentence("a proposed change is not there any more; read the list anew"))
    for one in asked:
        if one["state"] != "open":
            raise LianfangError(
                Sentence(
                    "the change of camera '%(code)s' was reviewed before, by %(who)s",
                    code=one["code"],
                    who=one["reviewer"],
                )
            )
    return asked


def _change(
    session: Session,
    recorded: Any,
    afters: Mapping[int, Mapping[str, Any]],
    asked: Sequence[Mapping[str, Any]],
) -> None:
    """Write changes of open records, and that they were made."""
    if not afters:
        return
    now = session.scalar(select(func.now()))
    assert now is not None
    rows = applied(recorded.loc[list(afters)], afters)
    kinds = pd.Series([kind_of(afters[number]) for number in rows.index], index=rows.index)
    moved = rows[kinds == MOVED].assign(previous=lambda frame: frame.index)
    if late := [code for code, since in zip(moved["code"], moved["since"], strict=True) if since >= now]:
        raise LianfangError(
            Sentence("the record of camera '%(code)s' began this very moment; try again", code=late[0])
        )
    following = begin_anew(session, moved, moved["batch_id"].tolist(), now)
    store.change_fields(session, rows[kinds == CHANGED])
    current = dict(zip(moved.index, following, strict=True))
    for number in moved.index:
        if PRESETS in afters[number]:
            replace_presets(session, int(current[number]), afters[number][PRESETS])
    by_code = dict(zip(rows["code"], rows.index, strict=True))
    told = [one for one in asked if one["after"]]
    numbers = [by_code[one["code"]] for one in told]
    history = pd.DataFrame(
        {
            "code": [one["code"] for one in told],
            "camera_id": [current.get(number, number) for number in numbers],
            "previous_id": pd.Series([n if n in current else None for n in numbers], dtype=object),
            "author": [one["author"] for one in told],
            "kind": [kinds[number] for number in numbers],
            "before": [one["before"] for one in told],
            "after": [one["after"] for one in told],
            "note": [one["note"] for one in told],
            "proposal_id": [one["id"] for one in told],
        }
    )
    store.add_changes(session, history)
