"""Gaps: connected watched ground of one leaf jurisdiction, open in the same slots for the same cause.

DESIGN §4 calls a gap a connected component of open atoms. Read across all slots at once, that would let
ground that no camera ever sees, which is most of a town, join tonight's outage into one gap without an owner.
So atoms belong together here only if the same cause leads in exactly the same slots, which makes every window
of a gap true of all its ground (docs/gaps.md).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pandas import DataFrame
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cameras.causes import CAUSE_BY_NAME, CAUSE_NAMES, LISTS, RANK_NAMES
from cameras.concerned import cameras_concerned
from cameras.coverage import Coverage
from cameras.ground import PLACE, STREET
from cameras.linear import lines, pieces
from cameras.signatures import group_rows

IntArray = NDArray[np.int64]
Windows = tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class Gaps:
    """Gaps of one coverage.

    Parameters
    ----------
    frame : GeoDataFrame
        Index gap 0..n-1, in order of priority; CRS of the ground. Columns: priority (1 is first), cause, list
        (repair | measure | build), owner, leaf, ground ("street" | "place"), measure (int64 mm | 1), windows
        (tuple of half-open (start_ms, end_ms), adjacent slots joined), start_ms, end_ms (of the first and the
        last window), open_ms (length of the windows), deficit and deficit_<cause> (int64, measure × ms not
        covered inside the windows; they add up), atoms (their number), cameras (tuple of ids), reasons (tuple
        of the reasons in their segments), merged (display group: the smallest gap of it), geometry
        (MultiLineString | Point).
    atoms : DataFrame
        gap, atom (index of `ground.atoms`): which ground each gap consists of. An atom is in several gaps if
        different causes lead at different times.
    cameras : DataFrame
        gap, camera, within_ms, from_ms, until_ms, reasons: the cameras whose own rank is the gap's cause for
        one of its atoms in a segment that overlaps its windows; for how long inside the windows, and from the
        first to the last such segment. None for `no_camera`. Reasons are given for causes of the repair and
        measure lists that come from evidence (up to `not_measured`).
    closed_deficit : dict
        Deficit in slots that stayed closed, by (ground, cause): with the gaps' deficit it makes the whole.
    """

    frame: GeoDataFrame
    atoms: DataFrame
    cameras: DataFrame
    closed_deficit: dict[tuple[str, str], int]


def coverage_gaps(coverage: Coverage) -> Gaps:
    """Gaps of a coverage.

    Notes
    -----
    Order of priority, our own and simple: the lists in the order repair, measure, build; inside a list the
    larger deficit first, a place weighing as much as `settings.place_weight_m` of street; then the earlier
    one, then by leaf and ground.

    Merging for display: street gaps with the same cause and the same cameras that touch, over leaf borders
    and whatever their windows, share the number `merged`. Gaps without a camera share it only inside one
    leaf: nothing but the lack of a camera joins them, and a whole town would be one. Places stand alone.
    """
    members = _members(coverage)
    gap_of_member, n_gaps = _components(members)
    rows = _rows(coverage, members, gap_of_member, n_gaps)
    concerned = cameras_concerned(coverage, gap_of_member, members["row"].to_numpy(), n_gaps)
    order = _order(rows, coverage)
    place = np.empty(n_gaps, np.int64)
    place[order] = np.arange(n_gaps)

    gap_of_member = place[gap_of_member]
    concerned["gap"] = place[concerned["gap"].to_numpy()]
    concerned = concerned.sort_values(["gap", "camera"], kind="stable").reset_index(drop=True)
    frame = rows.iloc[order].reset_index(drop=True)
    frame.index.name = "gap"
    frame.insert(0, "priority", np.arange(1, n_gaps + 1))
    frame["cameras"], frame["reasons"] = _camera_columns(concerned, n_gaps)
    frame["merged"] = _display_groups(members, gap_of_member, frame, concerned)
    geometry = _geometry(coverage, members["atom"].to_numpy(), gap_of_member, n_gaps)
    by_gap = np.argsort(gap_of_member, kind="stable")
    return Gaps(
        frame=GeoDataFrame(frame, geometry=geometry, crs=coverage.ground.crs),
        atoms=DataFrame({"gap": gap_of_member[by_gap], "atom": members["atom"].to_numpy()[by_gap]}),
        cameras=concerned,
        closed_deficit=_closed_deficit(coverage, frame),
    )


def _members(coverage: Coverage) -> DataFrame:
    """One row for every (atom, leading cause): atom, row of `open_times`, slot set, class, end keys."""
    times, of_atom = coverage.open_times, coverage.signatures.of_atom
    atoms = coverage.ground.atoms
    # Rows of open_times by signature, then the rows of each atom's signature.
    by_signature = np.argsort(times.signature, kind="stable")
    first = np.searchsorted(times.signature[by_signature], np.arange(len(coverage.cause_ms) + 1))
    count = np.diff(first)[of_atom]
    atom = np.repeat(np.arange(len(atoms)), count)
    step = np.arange(len(atom)) - np.repeat(np.cumsum(count) - count, count)
    row = by_signature[first[of_atom[atom]] + step]

    slot_set = _slot_sets(coverage)[row]
    leaf = atoms["leaf"].cat.codes.to_numpy(np.int64)[atom]
    key = (leaf * len(RANK_NAMES) + times.cause[row]) * (slot_set.max(initial=0) + 1) + slot_set
    _, same = np.unique(key, return_inverse=True)
    return DataFrame(
        {
            "atom": atom,
            "row": row,
            "slot_set": slot_set,
            "leaf": leaf,
            "same": same,
            "start_key": atoms["start_key"].to_numpy()[atom],
            "end_key": atoms["end_key"].to_numpy()[atom],
        }
    )


def _slot_sets(coverage: Coverage) -> IntArray:
    """A number for the set of slots of every row of `open_times`, equal for equal sets only."""
    times = coverage.open_times
    packed = np.packbits(coverage.leading[times.signature] == times.cause[:, None], axis=1)
    words = np.pad(packed, ((0, 0), (0, -packed.shape[1] % 8))).view(np.int64)
    first = np.arange(len(words) + 1) * words.shape[1]
    return group_rows(first, words.ravel())[0]


def _joined(n: int, item: IntArray, same: IntArray, key: IntArray) -> IntArray:
    """Number n items by connected component; items are joined that share a key (≥ 0) and a class."""
    known = key >= 0
    item, token = item[known], same[known] * (key.max(initial=0) + 1) + key[known]
    tokens, token = np.unique(token, return_inverse=True)
    graph = coo_array(
        (np.ones(len(item), np.int8), (item, n + token)), shape=(n + len(tokens), n + len(tokens))
    )
    label = connected_components(graph, directed=False)[1][:n]
    # Numbered by first item, so that the answer does not depend on the library's order.
    _, example, label = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(example), np.int64)
    rank[np.argsort(example)] = np.arange(len(example))
    return rank[label]


def _components(members: DataFrame) -> tuple[IntArray, int]:
    """The gap of each member, and the number of gaps."""
    n = len(members)
    item, same = np.arange(n), members["same"].to_numpy()
    keys = np.concatenate((members["start_key"].to_numpy(), members["end_key"].to_numpy()))
    gap = _joined(n, np.tile(item, 2), np.tile(same, 2), keys)
    return gap, int(gap.max(initial=-1)) + 1


def _rows(coverage: Coverage, members: DataFrame, gap: IntArray, n_gaps: int) -> DataFrame:
    """Columns of the gaps that follow from their atoms and open slots."""
    times, atoms = coverage.open_times, coverage.ground.atoms
    atom, row = members["atom"].to_numpy(), members["row"].to_numpy()
    _, example = np.unique(gap, return_index=True)
    weight = atoms["measure"].to_numpy()[atom]
    measure = np.zeros(n_gaps, np.int64)
    np.add.at(measure, gap, weight)
    deficit = np.zeros((n_gaps, len(RANK_NAMES)), np.int64)
    np.add.at(deficit, gap, weight[:, None] * times.cause_ms[row])
    cause = times.cause[row[example]]
    names = np.array(RANK_NAMES, dtype=object)[cause]
    windows = _windows(coverage, members["slot_set"].to_numpy()[example], row[example])
    frame = DataFrame(
        {
            "cause": pd.Categorical(names, categories=pd.Index(CAUSE_NAMES, dtype=object)),
            "list": [CAUSE_BY_NAME[name].list.name for name in names],
            "owner": [CAUSE_BY_NAME[name].list.owner for name in names],
            "leaf": atoms["leaf"].to_numpy()[atom[example]].astype(str),
            "ground": atoms["ground"].to_numpy()[atom[example]].astype(str),
            "measure": measure,
            "windows": pd.Series(windows, dtype=object),
            "start_ms": np.array([each[0][0] for each in windows], dtype=np.int64),
            "end_ms": np.array([each[-1][1] for each in windows], dtype=np.int64),
            "open_ms": times.open_ms[row[example]],
            "deficit": deficit[:, 1:].sum(axis=1),
        }
    )
    for rank, name in enumerate(CAUSE_NAMES, start=1):
        frame[f"deficit_{name}"] = deficit[:, rank]
    frame["atoms"] = np.bincount(gap, minlength=n_gaps)
    return frame


def _windows(coverage: Coverage, slot_set: IntArray, row: IntArray) -> list[Windows]:
    """Windows of each gap; gaps with equal slot sets share one tuple."""
    times, slots = coverage.open_times, coverage.slots.tolist()
    known, example, back = np.unique(slot_set, return_index=True, return_inverse=True)
    made: list[Windows] = []
    for r in row[example]:
        is_open = coverage.leading[times.signature[r]] == times.cause[r]
        change = np.flatnonzero(np.diff(np.concatenate(([False], is_open, [False]))))
        made.append(tuple((slots[a], slots[b]) for a, b in change.reshape(-1, 2)))
    assert len(made) == len(known)
    return [made[i] for i in back]


def _order(rows: DataFrame, coverage: Coverage) -> IntArray:
    """Gaps in order of priority."""
    urgency = rows["list"].map({each.name: i for i, each in enumerate(LISTS)}).to_numpy(np.int64)
    weight = np.where(rows["ground"] == PLACE, coverage.settings.place_weight_m * 1000, 1)
    # The gaps come numbered by their first atom: the last key.
    return np.lexsort(
        (
            np.arange(len(rows)),
            rows["leaf"].to_numpy(),
            rows["start_ms"].to_numpy(),
            -rows["deficit"].to_numpy() * weight,
            urgency,
        )
    )


def _camera_columns(concerned: DataFrame, n_gaps: int) -> tuple[pd.Series, pd.Series]:
    """Cameras and reasons of every gap, as tuples."""
    bounds = np.searchsorted(concerned["gap"].to_numpy(), np.arange(n_gaps + 1)).tolist()
    ids, given = concerned["camera"].tolist(), concerned["reasons"].tolist()
    cameras = [tuple(ids[a:b]) for a, b in pairwise(bounds)]
    reasons = [tuple(sorted({name for each in given[a:b] for name in each})) for a, b in pairwise(bounds)]
    return pd.Series(cameras, dtype=object), pd.Series(reasons, dtype=object)


def _display_groups(members: DataFrame, gap: IntArray, frame: DataFrame, concerned: DataFrame) -> IntArray:
    """The display group of each gap: the smallest gap of the group."""
    n = len(frame)
    first = np.searchsorted(concerned["gap"].to_numpy(), np.arange(n + 1))
    camera_set, example = group_rows(first, concerned["camera"].to_numpy())
    is_empty = np.diff(first) == 0
    leaf = pd.factorize(frame["leaf"])[0]
    same = (frame["cause"].cat.codes.to_numpy(np.int64) * (len(example) + 1) + camera_set) * (n + 1)
    same += np.where(is_empty, leaf + 1, 0)
    keys = np.concatenate((members["start_key"].to_numpy(), members["end_key"].to_numpy()))
    _, same = np.unique(same, return_inverse=True)
    group = _joined(n, np.tile(gap, 2), same[np.tile(gap, 2)], keys)
    return np.unique(group, return_index=True)[1][group]


def _geometry(coverage: Coverage, atom: IntArray, gap: IntArray, n_gaps: int) -> NDArray[np.object_]:
    """A Point for a place, a MultiLineString for streets, with pieces that follow each other joined."""
    ground = coverage.ground
    atoms = ground.atoms
    order = np.lexsort((atom, gap))
    atom, gap = atom[order], gap[order]
    section = atoms["section"].to_numpy()[atom]
    is_street = (atoms["ground"] == STREET).to_numpy()[atom]
    out = np.empty(n_gaps, dtype=object)
    out[gap[~is_street]] = ground.places.to_numpy()[section[~is_street]]
    atom, gap, section = atom[is_street], gap[is_street], section[is_street]
    if len(atom):
        from_mm, until_mm = atoms["from_mm"].to_numpy()[atom], atoms["until_mm"].to_numpy()[atom]
        goes_on = (gap[1:] == gap[:-1]) & (section[1:] == section[:-1]) & (from_mm[1:] == until_mm[:-1])
        a = np.flatnonzero(np.concatenate(([True], ~goes_on)))
        b = np.append(a[1:], len(atom)) - 1
        made = pieces(lines(ground.streets.to_numpy()), section[a], from_mm[a], until_mm[b])
        known, dense = np.unique(gap[a], return_inverse=True)
        merged = shapely.line_merge(shapely.multilinestrings(made, indices=dense))
        parts, index = shapely.get_parts(merged, return_index=True)
        out[known] = shapely.multilinestrings(parts, indices=index)
    return out


def _closed_deficit(coverage: Coverage, frame: DataFrame) -> dict[tuple[str, str], int]:
    """Deficit outside every gap, by ground and cause."""
    columns = [f"deficit_{name}" for name in CAUSE_NAMES]
    whole = coverage.totals().loc[coverage.settings.level]
    inside = frame.groupby("ground")[columns].sum().reindex(whole.index, fill_value=0)
    rest = (whole[columns] - inside).to_numpy(np.int64).tolist()
    return {
        (str(ground), name): deficit
        for ground, row in zip(whole.index, rest, strict=True)
        for name, deficit in zip(CAUSE_NAMES, row, strict=True)
    }
