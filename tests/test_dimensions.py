"""Analyses, sitings and trials over low walls: what known heights change, and that nothing does without."""

from __future__ import annotations

from datetime import UTC

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from shapely import LineString, Point, box
from small_site import OWN
from sqlalchemy import text

from cameras.analysis import AnalysisResult, AnalysisSettings, Scene, analyse_scene
from cameras.coverage import CoverageSettings
from cameras.frames import FrameBatch
from cameras.poses import PRESET_COLUMNS
from cameras.services import trying
from cameras.siting.scene import SitingScene, siting_problem
from cameras.siting.settings import SitingSettings
from geo.crs import to_metric
from geo.db import transaction
from geo.errors import InputRefused
from geo.scope import WHOLE_SITE
from geo.services import site_crs
from web import settings
from web.access import Role
from web.cli import main
from web.jobs.bodies import analysis as body

CRS = "EPSG:32635"
EAST, NORTH = 500_000.0, 6_000_000.0
MINUTE_MS = 60_000
MODES = ("foot", "ebike", "car")
DEFAULTS = {spec.name: spec.default for spec in settings.SETTINGS}


def placed(shape: shapely.Geometry) -> shapely.Geometry:
    """Metres near the zone's central meridian, where grid north is true north."""
    return shapely.transform(shape, lambda xy: xy + np.array([EAST, NORTH]))


def scene(*, wall_m: float = 3.0, mount_m: float = 6.0) -> Scene:
    """A camera at the west end of a street of 30 m looks along it, over a wall from 10 to 11 m away.

    It looks 45° down through 90°, so it sees the ground from under it to the range of its level.
    """
    eye = {
        "code": "eye", "name": "eye", "azimuth_deg": 90.0, "azimuth_quality": "measured", "tilt_deg": 45.0,
        "hfov_deg": 90.0, "vfov_deg": 90.0, "width_px": 1920.0, "height_px": np.nan,
        "mount_height_m": mount_m, "ptz": False, "parent_code": None,
    }  # fmt: skip
    street = {
        "u": 1, "v": 2, "way_id": 1, "name": "街", "road_class": "residential", "steps": False,
        "watched": True, **{f"{mode}_{side}": True for mode in MODES for side in ("forward", "backward")},
    }  # fmt: skip
    area = {
        "path": ["a"],
        "code": ["a"],
        "level": [0],
        "name": ["a"],
        "name_en": ["a"],
        "origin": ["derived"],
    }
    return Scene(
        cameras=gpd.GeoDataFrame([eye], index=pd.Index([1]), geometry=[placed(Point(0, 0))], crs=CRS),
        presets=pd.DataFrame(columns=list(PRESET_COLUMNS)),
        sources=pd.DataFrame({"kind": ["gateway"], "expected_interval_s": [60.0]}, index=[1]),
        expected=pd.DataFrame({"camera": [1], "source": [1]}),
        frames=FrameBatch.of(
            [1] * 20,
            [minute * MINUTE_MS for minute in range(-5, 15)],
            source=1,
            luma=120.0,
            contrast=40.0,
            sharpness=50.0,
            similarity=0.5,
        ),
        edges=gpd.GeoDataFrame(
            [street],
            index=pd.Index([1], name="edge_id"),
            geometry=[placed(LineString([(0, 0), (30, 0)]))],
            crs=CRS,
        ),
        places=gpd.GeoDataFrame({"key": [], "kind": [], "name": []}, geometry=[], crs=CRS),
        obstructions=gpd.GeoDataFrame(
            {"key": ["wall"], "height_m": [wall_m]}, geometry=[placed(box(10, -60, 11, 60))], crs=CRS
        ),
        jurisdictions=gpd.GeoDataFrame(area, geometry=[placed(box(-50, -90, 90, 90))], crs=CRS),
        zone=UTC,
    )


def analysed(given: Scene, dimension: str, **more: float) -> AnalysisResult:
    asked = AnalysisSettings(coverage=CoverageSettings(level="detect"), dimension=dimension, **more)
    return analyse_scene(given, (0, 10 * MINUTE_MS), asked)


def gaps_m(found: AnalysisResult) -> dict[str, float]:
    """Metres of street in gaps by their cause."""
    return (found.gaps.frame.groupby("cause")["measure"].sum() / 1000.0).to_dict()


def test_a_low_wall_makes_a_gap_in_2d_and_a_shorter_one_over_it() -> None:
    """By hand: 6 m up, over the far side of a wall of 3 m 11 m away, somebody 1.5 m tall is seen again from
    11 · (6 − 1.5) / (6 − 3) = 16.5 m on. 25 px/m reach 1920 / (2 · 25) = 38.4 m, beyond the street's end."""
    flat, over = analysed(scene(), "2d"), analysed(scene(), "2.5d")
    assert gaps_m(flat) == {"occluded": pytest.approx(30 - 10, abs=2e-3)}
    assert gaps_m(over) == {"occluded": pytest.approx(16.5 - 10, abs=2e-3)}


def test_a_taller_target_is_seen_sooner() -> None:
    """By hand: somebody as tall as the wall is seen right behind it, the ground itself from 22 m on."""
    tall, ground = (analysed(scene(), "2.5d", target_height_m=z) for z in (3.0, 0.0))
    assert gaps_m(tall) == {"occluded": pytest.approx(1, abs=2e-3)}
    assert gaps_m(ground) == {"occluded": pytest.approx(22 - 10, abs=2e-3)}


@pytest.mark.parametrize(("wall_m", "mount_m"), [(np.nan, 6.0), (2.0, np.nan), (np.nan, np.nan), (9.0, 6.0)])
def test_heights_that_are_not_known_hide_as_in_2d(wall_m: float, mount_m: float) -> None:
    """Also that of a camera: the 3.5 m assumed for it would look over a wall of 2 m, and nobody told them."""
    given = scene(wall_m=wall_m, mount_m=mount_m)
    flat, over = analysed(given, "2d"), analysed(given, "2.5d")
    for level, shapes in flat.footprints.items():
        assert over.footprints[level].geom_equals(shapes).all()
    assert gaps_m(over) == gaps_m(flat)


def test_a_siting_counts_what_is_seen_over_a_wall() -> None:
    """The same street in 30 pieces of 1 m: 10 are seen in 2D, and those whose middles lie from 16.5 m on."""
    given = scene()
    eye = given.cameras.assign(camera=1, certain=True, true_azimuth_deg=90.0).reset_index(drop=True)
    whole = SitingScene(placed(box(-5, -40, 40, 40)), given.edges, given.places, given.obstructions, eye)

    def seen(poses: gpd.GeoDataFrame, dimension: str) -> int:
        asked = SitingSettings(level="detect", piece_m=1.0, dimension=dimension)
        one = SitingScene(whole.area, whole.edges, whole.places, whole.obstructions, poses)
        return int((siting_problem(one, asked, new=False).points["seen"] > 0).sum())

    assert (seen(eye, "2d"), seen(eye, "2.5d")) == (10, 10 + 14)
    assert seen(eye.assign(assumed="tilt_deg,mount_height_m"), "2.5d") == 10


def test_what_a_proposed_camera_sees_is_what_it_was_chosen_for() -> None:
    """Candidates and the footprints of a proposal are made alike, in both dimensions."""
    low = scene(wall_m=2.0)
    nobody = low.cameras.iloc[:0].assign(camera=1, certain=True, true_azimuth_deg=0.0)
    area = placed(box(-5, -40, 40, 40))
    asked = {
        one: SitingSettings(level="detect", piece_m=1.0, re_aim=False, dimension=one)
        for one in ("2d", "2.5d")
    }
    flat, over = (
        siting_problem(SitingScene(area, low.edges, low.places, low.obstructions, nobody), one)
        for one in asked.values()
    )
    # The spots and their order do not hang on how walls hide.
    assert flat.spots == over.spots and over.covering.change.nnz > flat.covering.change.nnz
    for problem, one in ((flat, asked["2d"]), (over, asked["2.5d"])):
        candidates = problem.candidates.assign(azimuth_deg=problem.candidates["grid_azimuth_deg"])
        shapes = one.footprints(candidates, low.obstructions)
        points = shapely.points(problem.points["x"], problem.points["y"])
        seen = shapely.intersects(shapes.to_numpy()[:, None], points[None, :])
        assert (seen == (problem.covering.change.toarray() == 1)).all()


def test_the_setting_of_the_site_holds_unless_somebody_says_otherwise() -> None:
    """And one that there is not is refused, in an object, a setting and a job."""
    assert settings.analysis_settings(DEFAULTS).dimension == "2d"
    changed = {**DEFAULTS, "analysis.dimension": "2.5d", "analysis.target_height_m": 1.2}
    made = settings.analysis_settings(changed)
    assert (made.dimension, made.target_height_m) == ("2.5d", 1.2)
    assert settings.analysis_settings(changed, dimension="2d").dimension == "2d"
    with pytest.raises(InputRefused, match="'3d' is not known"):
        settings.analysis_settings(changed, dimension="3d")
    with pytest.raises(ValueError, match="'3d' is not known"):
        SitingSettings(dimension="3d")
    with pytest.raises(ValueError, match="is not a height"):
        AnalysisSettings(target_height_m=-1.0)
    asked = {"start": "2026-11-20T00:00+08:00", "end": "2026-11-21T00:00+08:00"}
    assert body.order(asked | {"dimension": "2.5d"})["instead"] == {"dimension": "2.5d"}
    with pytest.raises(InputRefused, match="'3d' is not known"):
        body.order(asked | {"dimension": "3d"})


@pytest.mark.parametrize("command", [["gaps", "find"], ["cameras", "site"]])
def test_a_dimension_that_there_is_not_is_wrong_usage(command: list[str]) -> None:
    """The option is the one of `cameras footprints`; without it the site's setting holds."""
    given = CliRunner().invoke(main, [*command, "--jurisdiction", "a", "--dimension", "3d"])
    assert given.exit_code == 2 and "'2.5d'" in given.output


def test_a_turned_camera_looks_over_a_low_wall_only_from_a_known_height(served) -> None:
    """A wall of 2 m, 10 m to the east: from 6 m up ground comes back, from an assumed height none does."""
    code = served.site.cameras[OWN]
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM pose"))
        session.execute(
            text(
                """INSERT INTO obstruction (key, jurisdiction_path, batch_id, valid, height_m, geom)
                   SELECT 'low', CAST(:path AS ltree), :batch, '[1970-01-01,)', 2.0,
                          ST_Multi(ST_MakeEnvelope(116.6151, 23.3140, 116.6152, 23.3160, 4326))"""
            ),
            {"path": OWN, "batch": served.site.batch},
        )

        def area(dimension: str, mount_m: float | None) -> float:
            session.execute(
                text("UPDATE camera SET mount_height_m = :height WHERE code = :code"),
                {"height": mount_m, "code": code},
            )
            shapes = trying.turned(session, code, 90.0, dimension=dimension)
            return float(to_metric(shapes, site_crs(session)).area.iloc[0])

        assert area("2.5d", 6.0) > 1.5 * area("2d", 6.0)
        assert area("2.5d", None) == pytest.approx(area("2d", None))
        session.rollback()


def test_pages_map_and_api_tell_the_dimension(served) -> None:
    """An analysis of before there was a choice is in the plane."""
    auditor = served.client(Role.AUDITOR)
    told = "Buildings in the way: 2D, every building hides what lies behind it"
    for address in ("/map?lang=en", f"/try/turn/{served.site.cameras[OWN]}?lang=en"):
        assert told in auditor.get(address).text, address
    administrator = served.client(Role.ADMINISTRATOR)
    assert '<option value="2.5d">2.5D</option>' in administrator.get("/analyses/new?lang=en").text
    assert "2D, every building hides" in auditor.get("/analyses/1?lang=en").text
    assert 'id="analysis-dimension"' in administrator.get("/settings?lang=en").text
