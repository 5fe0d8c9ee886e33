"""From gaps to stops: where a team standing still does most against what nobody watches.

Ground is cut into short pieces; each piece has a weight. A stop's demand is the weight of the
pieces within sight of it, each piece counted for one stop only, so that stops spread out
instead of heaping on the worst alley. What was lost tonight weighs more than ground that has
always been blind; that is a baseline, which grows with the time since somebody was there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from cameras.causes import BUILD, CAUSE_BY_NAME, LISTS, REPAIR


@dataclass(frozen=True)
class DemandSettings:
    """How gaps become stops.

    Parameters
    ----------
    stops : int
        How many stops at most.
    sight_m : float
        Ground this near to a stop counts as attended by a team standing there, metres.
    piece_m : float
        Length of the pieces that street gaps are cut into, metres.
    list_weight : mapping of str to float
        Weight of a metre of open street by the list its cause stands on. What was lost (repair)
        outweighs what is not known (measure) and what was never built (build), however short the
        loss was: those two weigh by the share of the period they were open.
    recovered_share : float
        A loss that had ended by the end of the period weighs this share of one that had not: it is
        watched again, and has shown that it can fail.
    place_weight_m : float
        A place nobody watches counts as this many metres of street.
    service_s : int
        Time a team stays, seconds.
    prize_per_m : float
        Prize for each weighted metre, rounded to a whole number of at least 1.
    double_days : float
        Ground that was never built for (build) weighs twice as much after so many days without a visit
        within sight, three times after twice as many, and so on.
    growth_most : float
        And at most so many times as much; ground where nobody ever was weighs that. 1: it does not grow.
    """

    stops: int = 60
    sight_m: float = 45.0
    piece_m: float = 10.0
    list_weight: dict[str, float] = field(
        default_factory=lambda: {"repair": 4.0, "measure": 2.0, "build": 1.0}
    )
    recovered_share: float = 0.5
    place_weight_m: float = 75.0
    service_s: int = 360
    prize_per_m: float = 0.1
    double_days: float = 7.0
    growth_most: float = 3.0

    def __post_init__(self) -> None:
        """Refuse values that give no stops or no prizes."""
        for name in ("stops", "sight_m", "piece_m", "service_s", "prize_per_m", "double_days"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} is {getattr(self, name)}; give a number above 0")
        if set(self.list_weight) != {entry.name for entry in LISTS} or min(self.list_weight.values()) < 0:
            raise ValueError("list_weight needs repair, measure and build, none below 0")
        if not self.growth_most >= 1:
            raise ValueError(f"growth_most is {self.growth_most}; give 1 (no growth) or more")

    @property
    def growth_days(self) -> float:
        """After so many days without a visit ground grows no more."""
        return self.double_days * (self.growth_most - 1.0)


def pieces(
    gaps: gpd.GeoDataFrame, settings: DemandSettings, visits: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Gaps cut into weighted points.

    Parameters
    ----------
    gaps : GeoDataFrame in a metric CRS
        gap_id, cause, ground ("street" | "place"), open_share (0-1, part of the period it was open),
        open_at_end (bool, open when the period ended), geometry (lines or points).
    visits : DataFrame, optional
        x, y (metres, the same CRS), days (since somebody was there, >= 0). Without it nothing grows; an
        empty one says that nobody ever was anywhere.

    Returns
    -------
    DataFrame
        gap (row of `gaps`), x, y (metres), metres (street length, or `place_weight_m`), by_list (weight of
        its list), share (0-1: of the period it was open, or `recovered_share`), growth (>= 1), weight (the
        product of these four).
    """
    streets = gaps[gaps["ground"] == "street"]
    parts, of_street = shapely.get_parts(np.asarray(streets.geometry.values), return_index=True)
    # Cutting at a zone's border may leave a street a bare point where it touches.
    is_line = shapely.get_dimensions(parts) == 1
    lines, of_street = parts[is_line], of_street[is_line]
    rows = np.flatnonzero((gaps["ground"] == "street").to_numpy())[of_street]
    length = shapely.length(lines)
    count = np.maximum(1, np.ceil(length / settings.piece_m)).astype(np.int64)
    line = np.repeat(np.arange(len(count)), count)
    within = np.arange(len(line)) - np.repeat(np.cumsum(count) - count, count)
    points = shapely.line_interpolate_point(lines[line], (within + 0.5) / count[line], normalized=True)
    place_rows = np.flatnonzero((gaps["ground"] == "place").to_numpy())
    place_points = shapely.point_on_surface(np.asarray(gaps.geometry.values)[place_rows])
    all_points = np.concatenate([points, place_points])
    row = np.concatenate([rows[line], place_rows]) if len(line) or len(place_rows) else np.empty(0, np.int64)
    metres = np.concatenate([(length / count)[line], np.full(len(place_rows), settings.place_weight_m)])
    lists = gaps["cause"].map(lambda name: CAUSE_BY_NAME[name].list.name)
    by_list = lists.map(settings.list_weight).to_numpy(float)
    lost = np.where(gaps["open_at_end"].to_numpy(bool), 1.0, settings.recovered_share)
    share = np.where((lists == REPAIR.name).to_numpy(), lost, gaps["open_share"].to_numpy(float))
    row = row.astype(np.int64)
    x, y = shapely.get_x(all_points), shapely.get_y(all_points)
    growth = np.ones(len(row))
    if visits is not None:
        blind = (lists == BUILD.name).to_numpy(bool)[row]
        days = idle_days(np.column_stack([x, y])[blind], visits, settings.sight_m)
        growth[blind] = 1.0 + np.minimum(days, settings.growth_days) / settings.double_days
    return pd.DataFrame(
        {
            "gap": row,
            "x": x,
            "y": y,
            "metres": metres,
            "by_list": by_list[row],
            "share": share[row],
            "growth": growth,
            "weight": metres * (by_list * share)[row] * growth,
        }
    )


def idle_days(spots: NDArray[np.float64], visits: pd.DataFrame, sight_m: float) -> NDArray[np.float64]:
    """Days since somebody was last within sight of each spot, inf where nobody ever was.

    Parameters
    ----------
    spots : (n, 2) array of float
        Metres.
    visits : DataFrame
        x, y (metres, the same CRS), days (>= 0).
    """
    if not len(visits) or not len(spots):
        return np.full(len(spots), np.inf)
    near = cKDTree(visits[["x", "y"]].to_numpy(float)).query_ball_point(spots, sight_m)
    days = visits["days"].to_numpy(float)
    return np.array([days[found].min() if found else np.inf for found in near])


def choose_stops(
    gaps: gpd.GeoDataFrame,
    candidates: gpd.GeoSeries,
    settings: DemandSettings,
    visits: pd.DataFrame | None = None,
) -> gpd.GeoDataFrame:
    """The `settings.stops` candidates of highest demand.

    Parameters
    ----------
    gaps : GeoDataFrame in a metric CRS
        As `pieces`.
    candidates : GeoSeries of Point, same CRS
        Places where a team can stand, usually street junctions.
    visits : DataFrame, optional
        As `pieces`.

    Returns
    -------
    GeoDataFrame
        In order of falling demand: candidate (label in `candidates`), prize (int), service_s,
        demand_m (weighted metres), why (list of dicts, one a cause, see `_why`), geometry.
        Fewer rows than asked when the ground is used up; none for no gaps.

    Raises
    ------
    ValueError
        When the two are not in the same metric CRS.

    Notes
    -----
    Greedy maximal coverage: each choice takes the candidate whose still unclaimed pieces weigh
    most. The greedy answer is within 1 - 1/e of the best possible (Nemhauser, Wolsey and Fisher
    1978, section 4).
    """
    if gaps.crs != candidates.crs or gaps.crs is None or gaps.crs.is_geographic:
        raise ValueError("gaps and candidates must be in one projected CRS in metres")
    ground = pieces(gaps, settings, visits)
    spots = np.column_stack([candidates.x.to_numpy(), candidates.y.to_numpy()]).reshape(-1, 2)
    chosen, claims = _greedy_cover(spots, ground, settings)
    picked = candidates.iloc[chosen]
    demand = np.array([ground["weight"].to_numpy()[claim].sum() for claim in claims])
    return gpd.GeoDataFrame(
        {
            "candidate": picked.index,
            "prize": np.maximum(1, np.rint(demand * settings.prize_per_m)).astype(np.int64),
            "service_s": settings.service_s,
            "demand_m": demand,
            "why": [_why(gaps, ground.iloc[claim], settings) for claim in claims],
        },
        geometry=gpd.GeoSeries(picked.to_numpy(), crs=candidates.crs),
    )


def _greedy_cover(
    spots: NDArray[np.float64], ground: pd.DataFrame, settings: DemandSettings
) -> tuple[list[int], list[NDArray[np.int64]]]:
    """Rows of the chosen spots and, for each, the pieces it claimed."""
    if not len(spots) or not len(ground):
        return [], []
    near = cKDTree(ground[["x", "y"]].to_numpy()).query_ball_point(spots, settings.sight_m)
    reach = [np.sort(np.asarray(found, np.int64)) for found in near]
    weight = ground["weight"].to_numpy()
    free = np.ones(len(weight), bool)
    gain = np.array([weight[found].sum() for found in reach])
    fresh = np.ones(len(gain), bool)
    chosen: list[int] = []
    claims: list[NDArray[np.int64]] = []
    while len(chosen) < settings.stops:
        best = int(gain.argmax())
        if gain[best] <= 0:
            break
        if not fresh[best]:
            # Gains only fall, so a stale one is recounted when it comes up and not before.
            gain[best] = weight[reach[best][free[reach[best]]]].sum()
            fresh[best] = True
            continue
        claim = reach[best][free[reach[best]]]
        chosen.append(best)
        claims.append(claim)
        free[claim] = False
        gain[best] = 0.0
        fresh[:] = False
        fresh[best] = True
    return chosen, claims


def _why(gaps: gpd.GeoDataFrame, claimed: pd.DataFrame, settings: DemandSettings) -> list[dict[str, Any]]:
    """Causes behind a stop, heaviest first, and how each comes to its points.

    Each is a dict of cause, street_m, places, gap_ids, and the parts of a product: metres (of street, and as
    many as its places count for), list with its list_weight, share and growth (means, by what they weigh),
    weight (the product, weighted metres), per_m and points (of the prize); idle_days, and whether these are
    so many or_more, say what has grown.
    """
    rows = claimed["gap"].to_numpy()
    table = pd.DataFrame(
        {
            "cause": gaps["cause"].to_numpy()[rows],
            "gap_id": gaps["gap_id"].to_numpy()[rows],
            "street_m": np.where(gaps["ground"].to_numpy()[rows] == "street", claimed["metres"], 0.0),
            "places": (gaps["ground"].to_numpy()[rows] == "place").astype(int),
            "metres": claimed["metres"].to_numpy(),
            "list_weight": claimed["by_list"].to_numpy(),
            "shared_m": (claimed["metres"] * claimed["share"]).to_numpy(),
            "grown_m": (claimed["metres"] * claimed["share"] * claimed["growth"]).to_numpy(),
            "weight": claimed["weight"].to_numpy(),
        }
    )
    found = []
    for cause, group in table.groupby("cause"):
        metres, shared, grown, weight = (
            float(group[name].sum()) for name in ("metres", "shared_m", "grown_m", "weight")
        )
        found.append(
            {
                "cause": cause,
                "street_m": round(float(group["street_m"].sum()), 1),
                "places": int(group["places"].sum()),
                "metres": round(metres, 1),
                # All ground of a cause stands on one list.
                "list": CAUSE_BY_NAME[str(cause)].list.name,
                "list_weight": float(group["list_weight"].iloc[0]),
                "share": round(shared / metres, 4) if metres else 0.0,
                **_grown(grown / shared if shared else 1.0, settings),
                "weight": round(weight, 1),
                "per_m": settings.prize_per_m,
                "points": round(weight * settings.prize_per_m, 1),
                "gap_ids": sorted(int(number) for number in group["gap_id"].unique()),
            }
        )
    return sorted(found, key=lambda entry: (-entry["weight"], entry["cause"]))


def _grown(growth: float, settings: DemandSettings) -> dict[str, Any]:
    """A mean growth, and the days without a visit it comes from; whether these are the most that count."""
    return {
        "growth": round(growth, 4),
        "idle_days": round((growth - 1.0) * settings.double_days, 1),
        # A mean of numbers that are all the same may be off by the last bit.
        "or_more": bool(growth >= settings.growth_most - 1e-9 > 1.0),
    }
