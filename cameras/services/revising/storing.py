"""What an analysis is told anew, put in the place of what it held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from cameras.availability import Availability
from cameras.causes import CAUSE_NAMES
from cameras.coverage import Coverage
from cameras.gaps import Gaps
from cameras.repository import results
from cameras.repository import revising as store
from cameras.revision import touching
from cameras.services.analysing import by_source
from cameras.shares import MEASURES, rolled_up, shares
from cameras.tables import Analysis
from geo import repository as places
from geo.crs import to_lonlat
from geo.errors import LianfangError, Sentence


def ground_has_changed(head: Analysis) -> LianfangError:
    """What is said where the ground of an analysis is not as it was."""
    return LianfangError(
        Sentence(
            "streets, places, buildings or jurisdictions have changed since analysis %(id)s; make it again",
            id=head.id,
        )
    )


def store_shares(
    session: Session, head: Analysis, paths: Sequence[str], coverages: dict[str, Coverage]
) -> None:
    """Replace the shares of leaves, and add the differences to those of the jurisdictions above them."""
    above = {path[:at] for path in paths for at, sign in enumerate(path) if sign == "."}
    everyone = [*paths, *above]
    replaced = {}
    for level, covered in coverages.items():
        stored = store.stored_shares(session, head.id, level, everyone)
        by_cause = pd.DataFrame(stored.pop("deficit_by_cause").tolist(), index=stored.index)
        by_cause = by_cause.reindex(columns=list(CAUSE_NAMES)).fillna(0).astype(np.int64)
        then = stored.join(by_cause.add_prefix("deficit_")).set_index(["path", "ground", "kind"])
        then["deficit"] = then["total"] - then["covered"]
        then = then[list(MEASURES)].astype(np.int64)
        before = rolled_up(then[then.index.get_level_values("path").isin(paths)].reset_index())
        now = shares(covered)[list(MEASURES)]
        both = before.index.union(now.index)
        change = now.reindex(both, fill_value=0) - before.reindex(both, fill_value=0)
        if (change["measure"] != 0).any():
            raise ground_has_changed(head)
        replaced[level] = then.add(change, fill_value=0).astype(np.int64)
    store.remove_shares(session, head.id, everyone)
    for level, table in replaced.items():
        results.add_shares(session, head.id, level, table.sort_index())
    results.add_jurisdiction_shares(session, head.id, everyone)


def store_gaps(
    session: Session, head: Analysis, paths: Sequence[str], gaps: Gaps, place_weight_m: int
) -> tuple[int, int]:
    """Replace the gaps of leaves that are not as they were; answers how many went and came."""
    now, then = to_lonlat(gaps.frame), store.gaps_of(session, head.id, paths)
    known = dict(zip(_keys_of_stored(then), then.index.tolist(), strict=True))
    own = [known.pop(key, None) for key in _keys_of_new(head, now, gaps.cameras)]
    ids = pd.Series(own, index=now.index, dtype="Int64")
    missing = ids.isna().to_numpy()
    gone = sorted(known.values())
    store.remove_gaps(session, gone)
    fresh = now[missing]
    concerned = gaps.cameras[gaps.cameras["gap"].isin(fresh.index)]
    alone = fresh.assign(merged=fresh.index)
    ids[missing] = results.add_gaps(session, head.id, head.level, alone, concerned)
    number = ids.astype(np.int64)

    # Without a camera gaps are shown as one inside their leaf only: all of it was computed anew.
    single = now["cameras"].map(len).to_numpy() == 0
    merged = number.groupby(now["merged"]).transform("min")
    store.merge_gaps(session, number[single].to_numpy(), merged[single].to_numpy())
    changed = {(row.cause, row.cameras) for row in _rows(then.loc[gone]) if row.cameras}
    changed |= {(str(row.cause), row.cameras) for row in _rows(fresh) if row.cameras}
    if changed:
        _merge_over_borders(session, head.id, changed)
    if len(fresh):
        store.rank_gaps(session, head.id, number[missing].tolist(), place_weight_m)
    return len(gone), len(fresh)


def _merge_over_borders(
    session: Session, analysis_id: int, changed: set[tuple[str, tuple[int, ...]]]
) -> None:
    """Number again the groups in which gaps of some causes and cameras are shown."""
    cameras = {camera for _, of in changed for camera in of}
    found = store.street_gaps_of_cameras(session, analysis_id, cameras)
    kinds = pd.Series(
        list(zip(found["cause"], found["cameras"], strict=True)), index=found.index, dtype=object
    )
    found = found[kinds.isin(changed).to_numpy()]
    if len(found):
        same = pd.factorize(kinds[found.index])[0].astype(np.int64)
        ids = found.index.to_numpy(np.int64)
        store.merge_gaps(session, ids, ids[touching(found.geometry, same)])


def _keys_of_stored(gaps: pd.DataFrame) -> list[tuple[Any, ...]]:
    return [
        (
            *(row.path, row.ground, row.cause, row.measure, row.open_ms, row.deficit, row.slots, row.geom),
            tuple(sorted(row.deficit_by_cause.items())),
            tuple(row.reasons),
            *(row.cameras, row.minutes),
        )
        for row in _rows(gaps)
    ]


def _keys_of_new(head: Analysis, gaps: gpd.GeoDataFrame, cameras: pd.DataFrame) -> list[tuple[Any, ...]]:
    """The same of gaps that are not stored yet (EPSG:4326)."""
    minutes = (cameras["within_ms"] / 60_000).groupby(cameras["gap"]).agg(tuple)
    minutes = minutes.reindex(gaps.index).map(lambda each: each if isinstance(each, tuple) else ())
    shapes = shapely.to_wkb(gaps.geometry.to_numpy(), hex=True, byte_order=1)
    slots = results.slots_of(head, gaps["windows"])
    return [
        (
            *(str(row.leaf), str(row.ground), str(row.cause), row.measure, row.open_ms, row.deficit),
            *(slots[n], shapes[n].lower()),
            tuple(sorted((name, of) for name in CAUSE_NAMES if (of := int(getattr(row, f"deficit_{name}"))))),
            tuple(row.reasons),
            *(row.cameras, minutes.iloc[n]),
        )
        for n, row in enumerate(_rows(gaps))
    ]


def store_head(
    session: Session, head: Analysis, seen: Availability, codes: Sequence[str], author: str
) -> None:
    """Headline figures, and the note of who brought what up to date."""
    told = store.headlines(session, head.id)
    shares_now = {
        level: store.share_of_all(session, head.id, level) for level in head.totals["watched_share"]
    }
    head.totals = {
        **head.totals,
        "gaps": {name: told["gaps"].get(name, 0) for name in CAUSE_NAMES},
        "online_rate": told["online_rate"],
        "watched_share": shares_now,
    }
    head.delivered = by_source(seen.delivered)
    head.revisions = [
        *head.revisions,
        {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "by": author,
            "cameras": list(codes),
            "input_revision": places.input_revision(session),
        },
    ]
    session.flush()


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Rows by name, of any type."""
    return iter(frame.itertuples())
