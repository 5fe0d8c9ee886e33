"""Trials: what hangs on one camera, what a turned one sees, which stops would move. Nothing is stored."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely
from shapely import LineString, Point, box
from signing import app_on, signed_in_client
from small_site import OWN, SIBLING
from sqlalchemy import text

from cameras.optics import AssumedOptics
from cameras.repository import at_instant, results
from cameras.services import trying
from cameras.trial import watched_alone, watched_length, watched_places
from geo.crs import to_metric
from geo.db import transaction
from geo.errors import InputRefused
from geo.scope import WHOLE_SITE
from geo.services import site_crs
from patrols.demand import DemandSettings
from patrols.services.trying import moved_stops
from web.access import Role

CRS = "EPSG:32635"
COUNTS = """SELECT (SELECT count(*) FROM gap), (SELECT count(*) FROM footprint), (SELECT count(*) FROM plan),
                   (SELECT count(*) FROM frame), (SELECT count(*) FROM analysis)"""


def lines(*shapes: LineString) -> gpd.GeoSeries:
    return gpd.GeoSeries(list(shapes), crs=CRS)


def test_only_what_nobody_else_sees_hangs_on_a_camera() -> None:
    """By hand: a street of 100 m, the camera sees 20–80, another one 60–100: 40 m hang on it."""
    street = lines(LineString([(0, 0), (100, 0)]), LineString([(0, 50), (100, 50)]))
    own, other = box(20, -5, 80, 5), gpd.GeoSeries([box(60, -5, 100, 5)], crs=CRS)
    left = watched_alone(own, other, street)
    assert left.index.tolist() == [0] and left.length.tolist() == [40]
    assert watched_alone(own, other.iloc[:0], street).length.sum() == 60
    assert watched_alone(own, gpd.GeoSeries([box(0, -5, 100, 5)], crs=CRS), street).empty
    assert watched_length(own, street) == 60
    assert watched_places(own, gpd.GeoSeries([Point(30, 0), Point(20, 0), Point(10, 0)], crs=CRS)) == 2


def test_degrees_are_refused() -> None:
    """Lengths in degrees are no lengths."""
    with pytest.raises(ValueError, match="projected"):
        watched_alone(box(0, 0, 1, 1), gpd.GeoSeries([], crs=4326), gpd.GeoSeries([], crs=4326))


@pytest.fixture(scope="module")
def codes(demo) -> list[str]:
    """Cameras of the demo that certainly see something."""
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        latest = results.latest_analysis(session)
        assert latest is not None
        return [row["code"] for row in at_instant.worth_breaking(session, latest.id, 12)]


def test_lost_ground_is_inside_the_wedge_and_outside_all_others(demo, codes: list[str]) -> None:
    """For each of twelve cameras, against the stored footprints; lost and shared make the wedge's street."""
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        latest = results.latest_analysis(session)
        assert latest is not None
        crs = site_crs(session)
        some = 0
        for code in codes:
            lost = trying.lost_ground(session, latest.id, code)
            ground, wedge = to_metric(lost.ground, crs), to_metric(lost.wedge, crs).geometry.iloc[0]
            assert all(wedge.buffer(0.01).covers(piece) for piece in ground.geometry)
            seen = to_metric(at_instant.certain_footprints(session, latest.id, latest.level, lost.at), crs)
            others = seen[seen["code"] != code].geometry.union_all()
            assert ground.geometry.intersection(shapely.buffer(others, -0.01)).length.sum() < 0.01
            some += lost.lost_m > 0
        assert some > 6, "most cameras watch something that no other does"


def test_a_trial_stores_nothing_and_moves_a_stop_to_the_lost_ground(demo, codes: list[str]) -> None:
    """Ground lost tonight weighs four times blind ground: a stop comes to one of these cameras at least."""
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        latest = results.latest_analysis(session)
        assert latest is not None
        crs = site_crs(session)
        before = session.execute(text(COUNTS)).one()
        came = 0
        for code in codes[:4]:
            lost = trying.lost_ground(session, latest.id, code)
            moved = moved_stops(session, latest.id, lost.ground, DemandSettings())
            if moved is None:
                continue
            assert len(moved.before) == len(moved.after) and len(moved.come) == len(moved.gone)
            new = to_metric(moved.after.loc[list(moved.come)], crs)
            near = new.distance(to_metric(lost.ground, crs).geometry.union_all()) < 60
            came += bool(near.any()) or bool(moved.after["for_trial"].any())
        assert came > 0
        assert session.execute(text(COUNTS)).one() == before


def test_moved_stops_are_told_only_of_zones_asked_for_and_inside_an_area(demo, codes: list[str]) -> None:
    """No zone, no stops; in an area its own stops alone, and those that moved are still the same ones."""
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        latest = results.latest_analysis(session)
        assert latest is not None
        for code in codes:
            lost = trying.lost_ground(session, latest.id, code)
            moved = moved_stops(session, latest.id, lost.ground, DemandSettings())
            if moved is not None and moved.come:
                break
        assert moved is not None and moved.come
        assert moved_stops(session, latest.id, lost.ground, DemandSettings(), among=()) is None
    new = moved.after.loc[list(moved.come)]
    here = moved.inside(new.geometry.iloc[0].buffer(1e-6))
    assert len(here.after) == 1 and here.come == (0,)
    assert here.after["stop_id"].tolist() == [new["stop_id"].iloc[0]]
    assert len(moved.inside(None).before) == 0 and moved.inside(None).gone == ()
    whole = moved.inside(box(-180, -90, 180, 90))
    assert (whole.gone, whole.come) == (moved.gone, moved.come)


def test_ground_in_no_zone_moves_no_stop(demo) -> None:
    """Nobody patrols there."""
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        latest = results.latest_analysis(session)
        assert latest is not None
        away = gpd.GeoDataFrame({"name": ["x"]}, geometry=[LineString([(20, 50), (20.001, 50)])], crs=4326)
        assert moved_stops(session, latest.id, away, DemandSettings()) is None
        assert moved_stops(session, latest.id, away.iloc[:0], DemandSettings()) is None


def test_a_turned_camera_looks_that_way_and_stops_at_walls(demo, codes: list[str]) -> None:
    """Turned by half, its middle lies on the other side; the levels are nested; no wall is seen through."""
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        crs = site_crs(session)
        both = 0
        for code in codes:
            record = trying.one.record(session, code)
            assert record is not None
            walls = to_metric(trying.one.walls_around(session, record["lon"], record["lat"], 250), crs)
            solid = walls.geometry.union_all().buffer(-0.05)
            middle = []
            for azimuth in (0.0, 180.0):
                found = to_metric(trying.turned(session, code, azimuth), crs)
                assert found["area_m2"].is_monotonic_decreasing
                assert found.geometry.iloc[0].intersection(solid).area < 0.5
                # A wall nearer than the dead zone's edge leaves nothing to see that way.
                if not found.geometry.iloc[0].is_empty:
                    middle.append(found.geometry.iloc[0].centroid.y)
            if len(middle) == 2:
                both += 1
                assert middle[0] > middle[1], "north lies above south"
        assert both > 0
        for wrong in (-1.0, 360.0, float("nan")):
            with pytest.raises(InputRefused, match="0 to below 360"):
                trying.turned(session, codes[0], wrong)
        with pytest.raises(InputRefused, match="not known"):
            trying.turned(session, "nobody", 10)


def test_another_tilt_and_lens_reach_as_far_as_their_rays(served) -> None:
    """By hand, 1920 px wide, 3.5 m up, nothing in the way. Level and 45° wide: 25 px/m at
    1920 / (2 · 25 · tan 22.5°) = 92.7 m. 40° wide and 16:9 high it is 23.13° high: 60° down the ground lies
    between 3.5 / tan 71.57° = 1.167 m and 3.5 / tan 48.43° = 3.104 m."""
    code = served.site.cameras[OWN]
    told = AssumedOptics(width_px=1920, hfov_deg=90, mount_height_m=3.5, tilt_deg=15, aspect=16 / 9)
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(
            text("UPDATE camera SET hfov_deg = NULL, vfov_deg = NULL, width_px = NULL WHERE code = :code"),
            {"code": code},
        )
        session.execute(text("DELETE FROM pose"))
        record = trying.one.record(session, code)
        assert record is not None
        crs = site_crs(session)
        stand = to_metric(gpd.GeoSeries([Point(record["lon"], record["lat"])], crs=4326), crs).iloc[0]

        def reach(**view: float) -> tuple[float, float]:
            shape = to_metric(trying.turned(session, code, 90.0, assumed=told, **view), crs).geometry.iloc[0]
            rim = shapely.get_coordinates(shape)
            away = shapely.distance(shapely.points(rim), stand)
            return away.min(), away.max()

        assert reach(tilt_deg=0.0, hfov_deg=45.0)[1] == pytest.approx(92.7, abs=0.05)
        assert reach(tilt_deg=60.0, hfov_deg=40.0) == pytest.approx((1.167, 3.104), abs=0.01)
        for wrong in ({"tilt_deg": 91.0}, {"hfov_deg": 180.0}, {"hfov_deg": 0.0}):
            with pytest.raises(InputRefused, match="give"):
                trying.turned(session, code, 90.0, **wrong)
        session.rollback()


def test_the_page_of_re_aims_is_of_one_jurisdiction(served) -> None:
    """A link from the camera's own page leads there; a neighbour's, and what is none, are not found."""
    auditor = served.client(Role.AUDITOR, OWN)
    page = auditor.get(f"/try/turn/{served.site.cameras[OWN]}").text
    assert f'href="/try/re-aims/{OWN}"' in page and 'id="tilt"' in page and 'id="hfov"' in page
    assert auditor.get(f"/try/re-aims/{OWN}").status_code == 200
    assert auditor.get(f"/try/re-aims/{SIBLING}").status_code == 404
    assert auditor.get("/try/re-aims/No%20path").status_code == 404
    seen = f"/try/turn/{served.site.cameras[OWN]}/seen?azimuth=90"
    # Straight up there is no ground: every level is answered all the same, with nothing in it.
    above = auditor.get(f"{seen}&tilt=-90&hfov=30").get_json()["features"]
    assert [(one["geometry"], one["properties"]["places"]) for one in above] == [(None, "0")] * 4
    assert auditor.get(f"{seen}&tilt=10&hfov=30").status_code == 200
    assert auditor.get(f"{seen}&tilt=x").status_code == auditor.get(f"{seen}&hfov=200").status_code == 422


@pytest.fixture
def overlapping(served):
    """The sibling town's camera sees part of what one's own sees."""
    move = text(
        """UPDATE footprint SET geom = ST_Buffer(ST_SetSRID(ST_MakePoint(:lon, 23.315), 4326)::geography,
                                                 :radius)::geometry
           WHERE jurisdiction_path = CAST(:path AS ltree)"""
    )
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        kept = session.execute(text("SELECT id, ST_AsEWKT(geom) AS geom FROM footprint")).mappings().all()
        session.execute(move, {"lon": 116.615, "radius": 60, "path": OWN})
        session.execute(move, {"lon": 116.6153, "radius": 20, "path": SIBLING})
    yield
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        put_back = text("UPDATE footprint SET geom = ST_GeomFromEWKT(:geom) WHERE id = :id")
        session.execute(put_back, [dict(row) for row in kept])


def test_a_neighbours_camera_counts_but_is_not_named(served, overlapping) -> None:
    """Its share is told to everybody, its name to those who may see it."""
    address = f"/try/break/{served.site.cameras[OWN]}?broken=yes&lang=en"
    whole = served.client(Role.AUDITOR).get(address).text
    assert "后埔镇路口" in whole and "outside your area" not in whole
    own = served.client(Role.AUDITOR, OWN).get(address).text
    assert "后埔镇" not in own and "1 camera outside your area sees part of it too." in own
    assert served.site.cameras[SIBLING] not in own


def test_a_wall_across_the_border_hides_what_a_turned_camera_would_see(served) -> None:
    """A wall of the sibling town stands 10 m from the camera: whoever asks, what is behind is hidden."""
    address = f"/try/turn/{served.site.cameras[OWN]}/seen?azimuth=90&lang=en"

    def seen(path: str | None) -> list[dict]:
        return served.client(Role.AUDITOR, path).get(address).get_json()["features"]

    before = seen(OWN)
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(
            text(
                """INSERT INTO obstruction (key, jurisdiction_path, batch_id, valid, geom)
                   SELECT 'across', CAST(:path AS ltree), :batch, '[1970-01-01,)',
                          ST_Multi(ST_MakeEnvelope(116.6151, 23.3140, 116.6152, 23.3160, 4326))"""
            ),
            {"path": SIBLING, "batch": served.site.batch},
        )
    try:
        assert seen(OWN) == seen(None) != before
    finally:
        with transaction(served.engine, scope=WHOLE_SITE) as session:
            session.execute(text("DELETE FROM obstruction WHERE key = 'across'"))


def test_the_pages_of_trials(served) -> None:
    """Whole and broken; a viewer may not; an azimuth that is none is refused."""
    code = served.site.cameras["c.d.t"]
    auditor = served.client(Role.AUDITOR)
    assert "Break it now" in auditor.get(f"/try/break/{code}?lang=en").text
    turned = auditor.get(f"/try/turn/{code}/seen?azimuth=90")
    assert [one["id"] for one in turned.get_json()["features"]] == [
        "detect",
        "observe",
        "recognise",
        "identify",
    ]
    assert auditor.get(f"/try/turn/{code}/seen?azimuth=x").status_code == 422
    assert auditor.get("/try/break").status_code == auditor.get("/try/turn").status_code == 200
    assert auditor.get("/try/tonight").headers["Location"].startswith("/plans/")
    assert served.client(Role.VIEWER).get(f"/try/break/{code}").status_code == 403


def test_turning_begins_where_evidence_saw_the_camera_look(demo, tmp_path) -> None:
    """The record may know no direction; the frames of the day did."""
    app = app_on(demo.engine, tmp_path)
    with transaction(demo.engine, scope=WHOLE_SITE) as session:
        code, azimuth, hfov = session.execute(
            text(
                """SELECT c.code, p.azimuth_deg, p.hfov_deg FROM pose p JOIN camera c ON c.id = p.camera_id
                   WHERE p.nominal AND p.azimuth_deg > 20 AND c.azimuth_deg IS NULL ORDER BY c.code LIMIT 1"""
            )
        ).one()
        wide = trying.turned(session, code, azimuth).iloc[0]
    assert hfov is not None and wide["area_m2"] > 0
    page = signed_in_client(app, demo.engine, Role.AUDITOR).get(f"/try/turn/{code}").text
    assert f'value="{round(azimuth) % 360}"' in page
