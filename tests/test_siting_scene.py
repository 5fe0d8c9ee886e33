"""Sitings of small streets worked out by hand, of a seeded town, and of the demo."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString, Point, box

from cameras.footprint import footprints
from cameras.optics import AssumedOptics
from cameras.repository import results
from cameras.repository import siting as store
from cameras.services.siting import jurisdiction_re_aims, propose_siting, siting_scene
from cameras.siting.proposal import best_re_aims, propose
from cameras.siting.scene import RE_AIM, SitingScene, siting_problem
from cameras.siting.search import SearchSettings
from cameras.siting.settings import SitingSettings
from cameras.siting.spots import spots
from geo.db import transaction
from geo.errors import InputRefused, LianfangError
from geo.scope import WHOLE_SITE

CRS = "EPSG:32635"
QUICK = SearchSettings(kicks=10, relaxation=60)


def at(x: float, y: float) -> tuple[float, float]:
    """Metres near the zone's central meridian, where grid north is true north."""
    return 500_000.0 + x, 6_000_000.0 + y


def frame(shapes: list, **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(pd.DataFrame(columns, index=range(len(shapes))), geometry=shapes, crs=CRS)


def streets(*lines: tuple[int, int, LineString]) -> gpd.GeoDataFrame:
    return frame(
        [LineString([at(*xy) for xy in line.coords]) for _, _, line in lines],
        u=[u for u, _, _ in lines],
        v=[v for _, v, _ in lines],
        watched=True,
        name="街",
    )


def camera(number: int, x: float, y: float, azimuth: float, **more: object) -> dict:
    return {
        "camera": number,
        "certain": True,
        "ptz": False,
        "azimuth_deg": azimuth,
        "hfov_deg": 90.0,
        "true_azimuth_deg": azimuth,
        "width_px": 1920.0,
        "geometry": Point(at(x, y)),
        "mount_height_m": np.nan,
        "tilt_deg": np.nan,
        "vfov_deg": np.nan,
        **more,
    }


def scene(edges: gpd.GeoDataFrame, *, places=(), walls=(), cameras=(), area=None) -> SitingScene:
    columns = list(camera(0, 0, 0, 0))
    rows = pd.DataFrame(list(cameras), columns=columns)
    return SitingScene(
        area=area or shapely.transform(box(-200, -200, 200, 200), lambda xy: xy + at(0, 0)),
        edges=edges,
        places=frame([Point(at(*xy)) for xy in places], kind="school"),
        obstructions=frame([shapely.transform(one, lambda xy: xy + at(0, 0)) for one in walls], height_m=9.0),
        poses=gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS),
    )


CROSS = streets(
    (0, 1, LineString([(-60, 0), (0, 0)])),
    (1, 2, LineString([(0, 0), (60, 0)])),
    (1, 3, LineString([(0, 0), (0, 60)])),
)


def test_a_crossing_has_a_corner_between_each_two_arms() -> None:
    """By hand: arms west, east and north; the corners lie 4 m from both streets, and south of the bar 4 m."""
    found = spots(CROSS, frame([], height_m=[]), scene(CROSS).area, SitingSettings(spacing_m=1000, apart_m=0))
    xy = {(round(p.x - 500_000, 6), round(p.y - 6_000_000, 6)) for p in found.geometry}
    assert xy == {(4, 4), (-4, 4), (0, -4)} and set(found["kind"]) == {"corner"}


def test_a_facade_near_the_street_is_taken_instead_of_a_pole_and_nothing_stands_inside() -> None:
    """By hand: a street of 60 m has two spots, at 15 and 45 m; a house 8 m off the first carries a bracket
    0.3 m from its wall, the second has a pole 4 m to the right of the street's way."""
    street = streets((0, 1, LineString([(0, 0), (60, 0)])))
    house = shapely.transform(box(10, 8, 20, 20), lambda xy: xy + at(0, 0))
    found = spots(street, frame([house], height_m=9.0), scene(street).area, SitingSettings())
    told = {
        kind: (round(p.x - 500_000, 6), round(p.y - 6_000_000, 6))
        for kind, p in zip(found["kind"], found.geometry, strict=True)
    }
    assert told == {"facade": (15, 7.7), "pole": (45, -4)}
    everywhere = shapely.transform(box(-10, -20, 70, 20), lambda xy: xy + at(0, 0))
    assert spots(street, frame([everywhere], height_m=9.0), scene(street).area, SitingSettings()).empty


def test_one_camera_at_a_place_is_found_and_figures_add_up() -> None:
    """A school beside the street is worth 75 m of it, so the first camera looks at the school; what is seen
    after the last is what was seen before and all gains."""
    edges = streets((0, 1, LineString([(-100, 0), (100, 0)])))
    made = propose(scene(edges, places=[(50, 3)]), 4, SitingSettings(level="detect", search=QUICK))
    rows, totals = made.rows, made.totals
    assert rows["places"].tolist() == [1, 0, 0, 0] and totals["places"] == 1
    assert totals["street_mm"] == 200_000 and totals["seen_mm"] == 0
    assert rows["seen_mm"].iloc[-1] == rows["street_mm"].sum()
    assert rows["weight_mm"].sum() == made.siting.value - made.siting.before
    assert (rows["weight_mm"] == made.siting.gains).all() and rows["share"].is_monotonic_increasing
    assert made.siting.greedy <= made.siting.value <= made.siting.bound


def test_what_a_candidate_covers_is_what_its_footprint_holds() -> None:
    """Every candidate's row against `cameras.footprint` on its own azimuth, walls in between."""
    chance = np.random.default_rng(3)
    houses = [box(x, y, x + 14, y + 12) for x in range(-70, 60, 28) for y in (8, -26)]
    cameras = [camera(i, x, 2.5, float(chance.integers(0, 360))) for i, x in enumerate((-55, 0, 40))]
    whole = scene(CROSS, walls=houses, cameras=cameras)
    settings = SitingSettings(level="detect", step_deg=60.0, re_aim_step_deg=40.0)
    problem = siting_problem(whole, settings)
    points = problem.points
    tree = shapely.STRtree(shapely.points(points["x"], points["y"]))
    viewers = problem.candidates.assign(azimuth_deg=problem.candidates["grid_azimuth_deg"])
    shapes = footprints(viewers, whole.obstructions, level="detect")
    now = footprints(whole.poses, whole.obstructions, level="detect")
    before = {i: set(tree.query(now.iloc[i], predicate="intersects")) for i in range(3)}
    change = problem.covering.change.toarray()
    kinds = problem.candidates["kind"].tolist()
    assert kinds.count(RE_AIM) > 10 and kinds.count("new") > 30
    for row, shape in enumerate(shapes):
        seen = set(tree.query(shape, predicate="intersects"))
        old = before.get(int(problem.candidates["camera"].iloc[row]), set())
        assert set(np.flatnonzero(change[row] > 0)) == seen - old
        assert set(np.flatnonzero(change[row] < 0)) == old - seen


def test_a_re_aim_is_charged_for_what_it_gives_up_also_across_the_border() -> None:
    """By hand: a camera at the border looks east along 38.4 m of a neighbour's street (detect, 1920 px, 90°).
    Turned west it would see as much of one's own: nothing is won, so nothing is proposed. Were the
    neighbour's street not watched, all 35 m of whole pieces in reach would be won."""
    area = shapely.transform(box(-200, -50, 0, 50), lambda xy: xy + at(0, 0))
    edges = streets((0, 1, LineString([(-100, 0), (0, 0)])), (1, 2, LineString([(0, 0), (100, 0)])))
    alone = scene(edges, cameras=[camera(7, 0, 0, 90.0)], area=area)
    settings = SitingSettings(level="detect", search=QUICK)
    assert best_re_aims(siting_problem(alone, settings, new=False), 5).empty
    unwatched = edges.assign(watched=[True, False])
    freed = scene(unwatched, cameras=[camera(7, 0, 0, 90.0)], area=area)
    best = best_re_aims(siting_problem(freed, settings, new=False), 5)
    assert best["camera"].tolist() == [7] and best["street_mm"].tolist() == [40_000]
    assert 225 <= best["azimuth_deg"].iloc[0] <= 315 and best["azimuth_before_deg"].iloc[0] == 90


@pytest.mark.parametrize(
    "more",
    [{"certain": False}, {"ptz": True}, {"hfov_deg": 360.0}],
    ids=["only possible", "turns by itself", "sees all round"],
)
def test_only_a_fixed_camera_of_known_direction_is_re_aimed(more: dict) -> None:
    edges = streets((0, 1, LineString([(-100, 0), (0, 0)])))
    whole = scene(edges, cameras=[camera(1, 0, 0, 90.0, **more)])
    problem = siting_problem(whole, SitingSettings(level="detect"))
    assert RE_AIM not in set(problem.candidates["kind"])
    turned = siting_problem(scene(edges, cameras=[camera(1, 0, 0, 90.0)]), SitingSettings(level="detect"))
    assert RE_AIM in set(turned.candidates["kind"])
    settings = SitingSettings(level="detect", re_aim=False)
    assert RE_AIM not in set(siting_problem(turned_scene(edges), settings).candidates["kind"])


def turned_scene(edges: gpd.GeoDataFrame) -> SitingScene:
    return scene(edges, cameras=[camera(1, 0, 0, 90.0)])


def test_ground_that_is_seen_is_no_gap() -> None:
    """Two poses of one camera that take turns cover what both see; a possible view covers nothing."""
    edges = streets((0, 1, LineString([(-100, 0), (100, 0)])))
    settings = SitingSettings(level="detect", re_aim=False)
    both = [camera(1, 0, 0, 90.0, ptz=True), camera(1, 0, 0, 270.0, ptz=True)]
    assert siting_problem(scene(edges, cameras=both), settings).points["seen"].sum() == 0
    once = siting_problem(scene(edges, cameras=both[:1]), settings).points
    assert once.loc[once["seen"] > 0, "mm"].sum() == 40_000
    unsure = [camera(1, 0, 0, 90.0, certain=False)]
    assert siting_problem(scene(edges, cameras=unsure), settings).points["seen"].sum() == 0


def test_a_jurisdiction_without_ground_is_refused_and_odd_settings_too() -> None:
    far = shapely.transform(box(900, 900, 950, 950), lambda xy: xy + at(0, 0))
    with pytest.raises(LianfangError, match="no watched street"):
        siting_problem(scene(CROSS, area=far), SitingSettings())
    with pytest.raises(ValueError, match="piece_m"):
        SitingSettings(piece_m=0.0)
    with pytest.raises(ValueError, match="level"):
        SitingSettings(level="sharp")


def test_no_more_pieces_and_spots_than_asked_for() -> None:
    """A long street is cut into longer pieces, whose lengths still add up; the best spots are kept."""
    edges = streets((0, 1, LineString([(-150, 0), (150, 0)])))
    few = siting_problem(scene(edges), SitingSettings(most_pieces=20, most_spots=3))
    assert few.piece_m == 15 and few.points["mm"].sum() == 300_000
    assert few.spots == 3 and few.spots_left_out == 7


def test_a_panoramic_camera_is_tried_one_way_only() -> None:
    optics = AssumedOptics(hfov_deg=360.0, width_px=4000.0)
    problem = siting_problem(scene(CROSS), SitingSettings(optics=optics))
    assert set(problem.candidates["azimuth_deg"]) == {0.0}


@pytest.mark.parametrize(("hfov", "ways"), [(90.0, 8), (60.0, 12), (4.0, 72), (170.0, 8)])
def test_directions_lie_half_a_field_of_view_apart(hfov: float, ways: int) -> None:
    """By hand: 45°, 30°, not below 5°, not above 45°."""
    settings = SitingSettings(level="detect", optics=AssumedOptics(hfov_deg=hfov))
    assert len(np.arange(0.0, 360.0, settings.new_step_deg)) == ways


def test_a_stored_proposal_is_what_was_computed(demo) -> None:
    """Rolled back; in the demo's whole site: rows by rank, codes of re-aimed cameras, figures that add up."""
    with demo.engine.connect() as connection, transaction(demo.engine, scope=WHOLE_SITE) as session:
        del connection
        analysis = results.latest_analysis(session)
        assert analysis is not None
        path = (
            session.connection()
            .exec_driver_sql("SELECT path::text FROM jurisdiction WHERE level = 3 ORDER BY path LIMIT 1")
            .scalar_one()
        )
        settings = SitingSettings(level="detect", search=QUICK)
        told: list[float] = []
        number = propose_siting(
            session, jurisdiction=path, count=6, settings=settings, author="test", progress=told.append
        )
        head, rows = store.proposal(session, number), store.proposed(session, number)
        assert head is not None and told == sorted(told) and told[-1] == 1
        assert rows["rank"].tolist() == list(range(1, len(rows) + 1)) and 1 <= len(rows) <= 6
        assert head.before_mm + rows["weight_mm"].sum() == head.value_mm <= head.bound_mm
        assert rows["camera_code"].notna().tolist() == (rows["kind"] == RE_AIM).tolist()
        area = store.area_of(session, path)
        assert rows.geometry.intersects(area).all()
        assert rows["path"].str.startswith(path).all()
        seen = store.proposed(session, number, shape="seen")
        assert seen.geometry.is_valid.all() and not seen.geometry.is_empty.any()
        best = jurisdiction_re_aims(session, path, settings, most=3)
        assert best["weight_mm"].is_monotonic_decreasing and best["code"].is_unique
        assert len(siting_scene(session, path, settings).poses)
        for refused, words in (({"count": 501}, "give 0 to"), ({"jurisdiction": "nowhere"}, "no area")):
            asked = {"jurisdiction": path, "count": 1, **refused}
            with pytest.raises((InputRefused, LianfangError), match=words):
                propose_siting(session, settings=settings, author="test", **asked)
        session.rollback()
