"""Audit camera records, and lead what was found to its end. Functions take a session and never commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from importlib.metadata import version

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from cameras.audit import KINDS, AuditResult, AuditScene, AuditSettings, audit
from cameras.repository import audits
from cameras.tables import CameraAudit
from geo import repository as places
from geo.crs import to_lonlat, to_metric
from geo.errors import InputRefused, LianfangError, Sentence
from geo.scope import Scope
from geo.services import site_crs

LONGEST_TEXT = 500
STATES = ("open", "accepted", "assigned", "closed")


@dataclass(frozen=True)
class AuditReport:
    """What an audit did: its number, how many cameras and findings, and how findings moved."""

    audit: int
    cameras: int
    found: int
    opened: int
    returned: int
    gone: int
    by_kind: dict[str, int]
    not_checked: tuple[str, ...]


def stored_scene(session: Session, now: datetime) -> AuditScene:
    """Records and layers as the database holds them, in the site's metric CRS."""
    crs = site_crs(session)
    cameras = audits.full_records(session)
    if cameras.empty:
        raise LianfangError(
            Sentence("there are no cameras; run `lianfang import cameras FILE --datum D` first")
        )
    tree = places.jurisdictions(session)
    _, edges = places.roads(session)
    solid = places.obstructions(session)
    return AuditScene(
        cameras=to_metric(cameras, crs),
        jurisdictions=pd.DataFrame(tree[["path", "code", "name"]]),
        streets=to_metric(edges, crs).geometry,
        obstructions=to_metric(solid, crs).geometry,
        batches=audits.batches(session),
        last_frames=audits.last_frames(session),
        now=now,
    )


def audit_cameras(
    session: Session,
    *,
    now: datetime,
    author: str,
    within: str | None = None,
    settings: AuditSettings | None = None,
    progress: Callable[[float], None] | None = None,
) -> AuditReport:
    """Audit all records, and bring the findings of `within` (a path; None: everywhere) up to date.

    Everything is looked at, so that a twin across a border counts. What is new opens, what was closed and is
    there again is open again, what is not found any more is closed by that evidence. What a reviewer closed
    stays closed, and what was accepted stays accepted, while its mark is the same. Findings of kinds that
    were not looked for stay as they are.

    Raises
    ------
    LianfangError
        When there are no cameras.
    """
    tell = progress or (lambda share: None)
    chosen = settings or AuditSettings()
    scene = stored_scene(session, now)
    tell(0.2)
    found = audit(scene, chosen, progress=lambda part: tell(0.2 + 0.5 * part))
    placed = _placed(scene, found)
    here = placed if within is None else placed[_inside(placed["jurisdiction_path"], within)]
    moved = _publish(session, here, placed, found, within=within, now=now, author=author)
    covered = scene.cameras["jurisdiction_path"]
    run = CameraAudit(
        made_at=now,
        author=author,
        within_path=within,
        parameters=asdict(chosen),
        checked=list(found.checked),
        code_version=version("lianfang"),
        cameras=int(len(covered) if within is None else _inside(covered, within).sum()),
        found=len(here),
        **moved,
    )
    number = audits.add_run(session, run)
    tell(1.0)
    return AuditReport(
        audit=number,
        cameras=run.cameras,
        found=run.found,
        by_kind={str(kind): int(n) for kind, n in here["kind"].value_counts().items()},
        not_checked=tuple(kind for kind in KINDS if kind not in found.checked),
        **moved,
    )


def _inside(paths: pd.Series, within: str) -> pd.Series:
    """Which paths lie at or below one."""
    known = paths.fillna("").astype(str)
    return (known == within) | known.str.startswith(f"{within}.")


def _placed(scene: AuditScene, found: AuditResult) -> gpd.GeoDataFrame:
    """Findings as rows of their table (EPSG:4326): where the camera stands, a file's amid its cameras."""
    rows = found.findings
    lonlat = to_lonlat(scene.cameras)
    of_file = (rows["camera"] < 0).to_numpy(bool)
    codes = rows["subject"].where(~of_file, None)
    names = np.full(len(rows), "", dtype=object)
    keepers = np.full(len(rows), None, dtype=object)
    points = np.full(len(rows), None, dtype=object)
    paths = np.full(len(rows), None, dtype=object)
    own = rows["camera"].to_numpy(np.int64)[~of_file]
    points[~of_file] = lonlat.geometry.loc[own].to_numpy()
    paths[~of_file] = lonlat["jurisdiction_path"].loc[own].to_numpy(dtype=object)
    known = lonlat["name"].fillna("").str.strip()
    names[~of_file] = known.where(known != "", lonlat["code"]).loc[own].to_numpy(dtype=object)
    kept = lonlat["management_unit"].fillna("").astype(str).str.strip()
    keepers[~of_file] = kept.where(kept != "", None).loc[own].to_numpy(dtype=object)
    for at in np.flatnonzero(of_file):
        members = lonlat[lonlat["batch_id"] == rows["batch"].iloc[at]]
        middle = np.median(shapely.get_coordinates(members.geometry.to_numpy()), axis=0)
        points[at] = shapely.Point(middle)
        names[at] = scene.batches.at[rows["batch"].iloc[at], "file_name"]
        paths[at] = Scope.of(members["jurisdiction_path"].dropna().unique()).root
    return gpd.GeoDataFrame(
        {
            "kind": rows["kind"],
            "subject": rows["subject"],
            "severity": rows["severity"],
            "value": rows["value"],
            "evidence": [one.as_json() for one in rows["evidence"]],
            "mark": rows["mark"],
            "code": codes,
            "name": names,
            "record_unit": keepers,
            "batch_id": pd.Series(
                [int(b) if f else None for b, f in zip(rows["batch"], of_file, strict=True)], dtype=object
            ),
            "jurisdiction_path": paths,
        },
        geometry=gpd.GeoSeries(points, crs=4326),
    )


_SEEN = ("id", "severity", "value", "evidence", "mark", "name", "record_unit")


def _publish(
    session: Session,
    here: gpd.GeoDataFrame,
    everywhere: gpd.GeoDataFrame,
    found: AuditResult,
    *,
    within: str | None,
    now: datetime,
    author: str,
) -> dict[str, int]:
    """Bring stored findings in line; answers how many opened, returned and went."""
    known = audits.known_findings(session)
    keys = ["kind", "subject"]
    both = here.merge(known, on=keys, how="left", suffixes=("", "_known"))
    # A merge keeps the order of the left side, whose geometry it keeps too.
    fresh = both["id"].isna().to_numpy(bool)
    new = here[fresh].rename_geometry("geom")
    ids = (
        audits.add_findings(session, new.assign(state="open", found_at=now, seen_at=now, changed_at=now))
        if len(new)
        else pd.Index([], dtype="int64")
    )
    audits.add_steps(session, ids.tolist(), "found", at=now, author=author)

    again = both[~fresh]
    closed = again["state"] == "closed"
    changed = again["mark"] != again["mark_known"]
    # What was accepted, or closed by a reviewer, was the matter as it stood then.
    returned = closed & ((again["closed_how"] == "evidence") | changed)
    returned |= (again["state"] == "accepted") & changed
    hexes = shapely.to_wkb(shapely.set_srid(again.geometry.to_numpy(), 4326), hex=True, include_srid=True)
    columns = [again[name].tolist() for name in _SEEN]
    columns += [list(hexes), again["jurisdiction_path"].tolist(), returned.tolist()]
    audits.update_findings(session, [(int(row[0]), *row[1:]) for row in zip(*columns, strict=True)], now)
    back = again.loc[returned, "id"].astype("int64").tolist()
    audits.add_steps(session, back, "returned", at=now, author=author)

    still = set(zip(everywhere["kind"], everywhere["subject"], strict=True))
    missing = np.array(
        [key not in still for key in zip(known["kind"], known["subject"], strict=True)], dtype=bool
    )
    missing &= known["kind"].isin(found.checked).to_numpy(bool)
    if within is not None:
        missing &= _inside(known["path"], within).to_numpy(bool)
    gone = known[missing]
    audits.close_gone(session, gone["id"].astype("int64").tolist(), now)
    ended = gone.loc[gone["state"] != "closed", "id"].astype("int64").tolist()
    audits.add_steps(session, ended, "gone", at=now, author=author)
    return {"opened": len(ids), "returned": len(back), "gone": len(ended)}


# --- The life of a finding -------------------------------------------------


def accept(session: Session, number: int, *, reason: str, author: str, now: datetime) -> None:
    """Say that a finding is known and borne, and why."""
    told = _reason(reason)
    one = _held(session, [number])[0]
    _refuse_state(one["state"], ("open", "assigned"), Sentence("be accepted"))
    audits.set_state(session, [number], "accepted", at=now)
    audits.add_steps(session, [number], "accepted", at=now, author=author, detail={"reason": told})


def assign(
    session: Session,
    numbers: Sequence[int],
    *,
    unit: str,
    due_on: date,
    author: str,
    now: datetime,
    today: date,
    note: str = "",
) -> str:
    """Give findings to a maintenance unit with a deadline; answers the work order's number (工单).

    The number is no other order's; one that was taken back leaves a hole.

    Parameters
    ----------
    today : date
        In the site's zone; the deadline must not be before it.
    """
    if not numbers:
        raise InputRefused(Sentence("no finding is chosen; tick those that the work order is for"))
    if not unit.strip() or len(unit) > LONGEST_TEXT:
        raise InputRefused(Sentence("the maintenance unit is missing; name who is to do the work"))
    if due_on < today:
        raise InputRefused(
            Sentence("the deadline %(due)s is over; give today or a later day", due=due_on.isoformat())
        )
    for one in _held(session, numbers):
        _refuse_state(one["state"], ("open", "accepted", "assigned"), Sentence("be assigned"))
    order = f"GD{today:%Y%m%d}-{audits.next_order(session)}"
    told = {"unit": unit.strip(), "due_on": due_on.isoformat(), "order_no": order, "reason": note.strip()}
    audits.set_state(session, numbers, "assigned", at=now, unit=unit.strip(), due_on=due_on, order_no=order)
    audits.add_steps(session, numbers, "assigned", at=now, author=author, detail=told)
    return order


def close_reviewed(session: Session, number: int, *, reason: str, author: str, now: datetime) -> None:
    """Close a finding by review: by another person than those who accepted or assigned it, with a reason."""
    told = _reason(reason)
    one = _held(session, [number])[0]
    _refuse_state(one["state"], ("accepted", "assigned"), Sentence("be closed by a reviewer"))
    if author in _took_part(session, number):
        raise InputRefused(
            Sentence(
                "finding %(n)s was accepted or assigned by you; another person has to review it", n=number
            )
        )
    audits.set_state(session, [number], "closed", at=now, closed_how="review")
    audits.add_steps(session, [number], "closed", at=now, author=author, detail={"reason": told})


def reopen(session: Session, number: int, *, reason: str, author: str, now: datetime) -> None:
    """Open a finding again that was accepted, assigned or closed."""
    told = _reason(reason)
    one = _held(session, [number])[0]
    _refuse_state(one["state"], ("accepted", "assigned", "closed"), Sentence("be opened again"))
    audits.set_state(session, [number], "open", at=now)
    audits.add_steps(session, [number], "reopened", at=now, author=author, detail={"reason": told})


def _took_part(session: Session, number: int) -> set[str]:
    """Who accepted or assigned a finding since it was last open."""
    people: set[str] = set()
    for step in audits.steps(session, number):
        if step["step"] in ("found", "returned", "reopened"):
            people.clear()
        elif step["step"] in ("accepted", "assigned"):
            people.add(step["author"])
    return people


def _held(session: Session, numbers: Sequence[int]) -> list[dict[str, object]]:
    found = audits.held(session, numbers)
    if len(found) < len(set(numbers)):
        seen = {one["id"] for one in found}
        missing = next(number for number in numbers if number not in seen)
        raise InputRefused(Sentence("there is no finding %(n)s in your area", n=missing))
    return found


def _reason(reason: str) -> str:
    told = reason.strip()
    if not told:
        raise InputRefused(Sentence("the reason is missing; say why in a few words"))
    if len(told) > LONGEST_TEXT:
        raise InputRefused(
            Sentence("the reason has %(n)s characters; use at most %(most)s", n=len(told), most=LONGEST_TEXT)
        )
    return told


_STATE_WORDS = {
    "open": Sentence("open"),
    "accepted": Sentence("accepted"),
    "assigned": Sentence("assigned"),
    "closed": Sentence("closed"),
}


def _refuse_state(state: object, allowed: tuple[str, ...], what: Sentence) -> None:
    if state not in allowed:
        raise InputRefused(
            Sentence(
                "a finding that is %(state)s cannot %(what)s; look at its history",
                state=_STATE_WORDS[str(state)],
                what=what,
            )
        )
