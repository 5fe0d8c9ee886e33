"""What a siting proposes: cameras in order, what each adds, and what single re-aims would help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cameras.siting.covering import Siting
from cameras.siting.kernels import State
from cameras.siting.scene import RE_AIM, SitingProblem, SitingScene, siting_problem
from cameras.siting.search import choose
from cameras.siting.settings import SitingSettings

IntArray = NDArray[np.int64]

ROW_COLUMNS = (
    "rank",
    "kind",
    "spot",
    "camera",
    "edge",
    "azimuth_deg",
    "azimuth_before_deg",
    "street_mm",
    "places",
    "weight_mm",
    "seen_mm",
    "seen_places",
    "share",
)


@dataclass(frozen=True, eq=False)
class Proposal:
    """Cameras to put up and to turn.

    Parameters
    ----------
    rows : GeoDataFrame
        One row a camera, the one that gains most first: `ROW_COLUMNS`, geometry Point. street_mm, places and
        weight_mm are what it adds to those before it (what a re-aim gives up taken off); seen_mm and
        seen_places what is seen in the area once it is there, share the same as a share of the area's weight.
    footprints : GeoSeries of Polygon
        What each would see, on the same index.
    siting : Siting
        The choice with its bound.
    problem : SitingProblem
        What was chosen from.
    totals : dict
        Of the area: street_mm, places, seen_mm and seen_places before, weight_mm, gap_mm (weight that nobody
        certainly sees), share before.
    """

    rows: gpd.GeoDataFrame
    footprints: gpd.GeoSeries
    siting: Siting
    problem: SitingProblem
    totals: dict[str, float]


def propose(
    scene: SitingScene,
    count: int,
    settings: SitingSettings | None = None,
    *,
    re_aims: int | None = None,
    progress: Callable[[float], None] | None = None,
    should_abort: Callable[[], bool] | None = None,
) -> Proposal:
    """Up to `count` new cameras and `re_aims` re-aims that together close most of the gap.

    Parameters
    ----------
    scene : SitingScene
    count : int
        Cameras to put up, 0 or more; fewer come back where no further one gains.
    settings : SitingSettings, optional
    re_aims : int, optional
        Cameras to turn, where the settings allow it; as many as are put up when left out.
    progress : callable, optional
        Gets the fraction done.
    should_abort : callable, optional
        True ends the search early, with the best found so far.

    Raises
    ------
    LianfangError
        When the area has no watched ground.
    ValueError
        For a CRS that is no projected one in metres, or a count below 0.
    """
    chosen = settings or SitingSettings()
    tell = progress or (lambda share: None)
    problem = siting_problem(scene, chosen)
    tell(0.4)
    siting = choose(
        problem.covering,
        (count, count if re_aims is None else re_aims),
        chosen.search,
        progress=lambda share: tell(0.4 + 0.55 * share),
        should_abort=should_abort,
    )
    rows = proposed_rows(problem, siting.chosen)
    viewers = problem.candidates.iloc[siting.chosen]
    viewers = viewers.assign(azimuth_deg=viewers["grid_azimuth_deg"]).reset_index(drop=True)
    shapes = chosen.footprints(viewers, scene.obstructions)
    tell(1.0)
    return Proposal(rows, shapes, siting, problem, _totals(problem))


def proposed_rows(problem: SitingProblem, chosen: IntArray) -> gpd.GeoDataFrame:
    """The rows of these candidates in this order, with what each adds to those before it."""
    points, covering = problem.points, problem.covering
    place, inside = points["place"].to_numpy(), points["inside"].to_numpy()
    mm = points["mm"].to_numpy()
    whole = max(int(covering.weight[inside].sum()), 1)
    state = State(covering)
    told = []
    covered = state.counts > 0
    for rank, row in enumerate(chosen, start=1):
        state.shift(int(row), 1)
        now = state.counts > 0
        step = now.astype(np.int64) - covered
        told.append(
            {
                "rank": rank,
                "street_mm": int((step * mm).sum()),
                "places": int(step[place].sum()),
                "weight_mm": int((step * covering.weight).sum()),
                "seen_mm": int(mm[now & inside].sum()),
                "seen_places": int((now & inside & place).sum()),
                "share": float(covering.weight[now & inside].sum() / whole),
            }
        )
        covered = now
    names = ["kind", "spot", "camera", "edge", "azimuth_deg", "azimuth_before_deg", "geometry"]
    picked = problem.candidates.iloc[chosen][names].reset_index(drop=True)
    figures = pd.DataFrame(told, columns=[name for name in ROW_COLUMNS if name not in names])
    return gpd.GeoDataFrame(
        pd.concat([picked, figures], axis=1)[[*ROW_COLUMNS, "geometry"]],
        geometry="geometry",
        crs=problem.candidates.crs,
    )


def best_re_aims(problem: SitingProblem, most: int) -> gpd.GeoDataFrame:
    """The single re-aims that help most, one a camera: each as if nothing else were changed.

    Rows as `Proposal.rows`, the best first; a camera that no other azimuth helps is left out.
    """
    gains = State(problem.covering).gains
    re_aims = np.flatnonzero((problem.candidates["kind"] == RE_AIM).to_numpy() & (gains > 0))
    order = re_aims[np.argsort(-gains[re_aims], kind="stable")]
    first = ~problem.candidates["camera"].iloc[order].duplicated().to_numpy()
    found = [proposed_rows(problem, np.array([row])) for row in order[first][:most]]
    if not found:
        return proposed_rows(problem, np.empty(0, np.int64))
    rows = pd.concat(found, ignore_index=True)
    return rows.assign(rank=np.arange(1, len(rows) + 1))


def _totals(problem: SitingProblem) -> dict[str, float]:
    points, weight = problem.points, problem.covering.weight
    inside, seen = points["inside"].to_numpy(), points["seen"].to_numpy() > 0
    place, mm = points["place"].to_numpy(), points["mm"].to_numpy()
    return {
        "street_mm": int(mm[inside].sum()),
        "places": int((inside & place).sum()),
        "seen_mm": int(mm[inside & seen].sum()),
        "seen_places": int((inside & place & seen).sum()),
        "weight_mm": int(weight[inside].sum()),
        "gap_mm": int(weight[inside & ~seen].sum()),
        "share": float(weight[inside & seen].sum() / max(int(weight[inside].sum()), 1)),
    }
