"""One projected CRS for an analysis, and coordinates checked at the door."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Geod

from geo.crs import (
    check_lonlat,
    lonlat_problems,
    metric_crs,
    need_metric,
    to_lonlat,
    to_metric,
    true_north_deg,
)


@pytest.mark.parametrize(
    ("place", "lon", "lat", "epsg"),
    [
        ("Shenzhen", 114.06, 22.54, 4547),  # central meridian 114° E
        ("Shantou 潮阳", 116.6, 23.26, 4548),  # 117° E
        ("Kashgar", 75.99, 39.47, 4534),  # 75° E, the westernmost zone
        ("Fuyuan", 134.3, 48.36, 4554),  # 135° E, the easternmost
        ("Sansha", 112.33, 16.83, 4546),  # 111° E
        ("Taipei", 121.56, 25.04, 4550),
        ("Helsinki", 24.94, 60.17, 32635),
        ("Monaco", 7.42, 43.74, 32632),
        ("Hanoi", 105.85, 21.03, 32648),
        ("Ulaanbaatar", 106.9, 47.9, 32648),
        ("Seoul", 126.98, 37.57, 32652),
        ("Tokyo", 139.7, 35.7, 32654),
        ("Sydney", 151.2, -33.9, 32756),
    ],
)
def test_the_zone_is_gauss_krueger_in_china_and_utm_elsewhere(place, lon, lat, epsg):
    assert metric_crs((lon - 0.01, lat - 0.01, lon + 0.01, lat + 0.01)).to_epsg() == epsg, place


@given(lon=st.floats(-179.9, 179.9), lat=st.floats(-79.9, 83.9))
def test_the_chosen_zone_has_the_place_near_its_central_meridian(lon, lat):
    """EPSG's own parameters: 1.5° either side in China (more only off the coast), 3° in UTM."""
    crs = metric_crs((lon, lat, lon, lat))
    [meridian] = [p.value for p in crs.coordinate_operation.params if p.name == "Longitude of natural origin"]
    assert abs(lon - meridian) <= (3.0 + 1e-9 if "UTM" in crs.name else 1.7)


def test_metres_in_the_chosen_crs_are_metres_on_the_ellipsoid():
    """Against pyproj.Geod: 1 km streets in Shenzhen and Helsinki, easting first."""
    for lon, lat in ((114.06, 22.54), (24.94, 60.17)):
        lon2, lat2, _ = Geod(ellps="WGS84").fwd(lon, lat, 90.0, 1000.0)
        line = gpd.GeoSeries([shapely.LineString([(lon, lat), (lon2, lat2)])], crs=4326)
        metric = to_metric(line)
        assert metric.length[0] == pytest.approx(1000.0, abs=0.45)
        (x1, y1), (x2, y2) = metric[0].coords
        assert x2 - x1 > 999.0 and abs(y2 - y1) < 40.0  # two degrees from the meridian, north turns by 1.8°
        assert shapely.equals_exact(to_lonlat(metric)[0], line[0], 1e-9)


def test_frames_keep_index_and_columns_and_are_not_changed():
    frame = gpd.GeoDataFrame({"code": ["a"]}, geometry=[shapely.Point(24.94, 60.17)], crs=4326, index=[9])
    metric = to_metric(frame)
    assert metric.crs.to_epsg() == 32635 and list(metric.index) == [9] and metric["code"][9] == "a"
    assert frame.crs.to_epsg() == 4326 and frame.geometry[9].x == 24.94
    assert metric_crs(metric).to_epsg() == 32635  # chosen from a projected frame as from a lon/lat one


def test_nothing_to_choose_by_is_an_error():
    with pytest.raises(ValueError, match="empty frame"):
        metric_crs(gpd.GeoSeries([], crs=4326))
    with pytest.raises(ValueError, match="no CRS"):
        metric_crs(gpd.GeoSeries([shapely.Point(1, 1)]))
    with pytest.raises(ValueError, match="longitude comes first"):
        metric_crs((39.9, 116.3, 40.0, 116.4))  # Beijing with latitude first
    with pytest.raises(ValueError, match="84° N"):
        metric_crs((10.0, 85.0, 11.0, 86.0))


def test_degrees_are_not_taken_for_metres():
    with pytest.raises(ValueError, match="not in metres"):
        need_metric(CRS.from_epsg(4326), "the roads")
    with pytest.raises(ValueError, match="not in metres"):
        need_metric(CRS.from_epsg(2225), "the roads")  # US survey feet
    with pytest.raises(ValueError, match="the roads has no CRS"):
        need_metric(None, "the roads")
    with pytest.raises(ValueError, match="not in metres"):
        to_metric(gpd.GeoSeries([shapely.Point(24.9, 60.2)], crs=4326), CRS.from_epsg(4490))


SHENZHEN = (113.7, 22.4, 114.7, 22.9)
HELSINKI = (24.93, 60.16, 24.96, 60.18)


@pytest.mark.parametrize(
    ("lon", "lat", "area", "says"),
    [
        (114.05, 22.54, None, None),
        (114.05, 22.54, SHENZHEN, None),
        (22.54, 114.05, None, "look swapped"),  # latitude above 90 gives it away anywhere
        (60.17, 24.94, None, None),  # a real place in the Gulf of Oman: only the area tells
        (60.17, 24.94, HELSINKI, "look swapped"),
        (200.0, 95.0, None, "out of range"),
        (-181.0, 10.0, None, "out of range"),
        (0.0, 0.0, None, "place-holder"),
        (np.nan, 22.5, None, "missing"),
        (np.inf, 22.5, None, "missing"),
        (116.40, 39.90, SHENZHEN, "outside the site's area"),
    ],
)
def test_each_bad_coordinate_is_told_with_its_kind(lon, lat, area, says):
    [found] = lonlat_problems(np.array([lon]), np.array([lat]), area)
    assert (found is None) if says is None else (says in found)


@given(lon=st.floats(113.7, 114.7), lat=st.floats(22.4, 22.9))
def test_a_swapped_pair_in_the_area_is_always_seen(lon, lat):
    good, swapped = lonlat_problems(np.array([lon, lat]), np.array([lat, lon]), SHENZHEN)
    assert good is None and "swapped" in swapped


def test_the_first_bad_row_is_named():
    with pytest.raises(ValueError, match="2 bad coordinates, first at position 1"):
        check_lonlat(np.array([114.0, 0.0, 22.0]), np.array([22.5, 0.0, 114.0]))
    check_lonlat(np.array([]), np.array([]))
    with pytest.raises(ValueError, match="one length"):
        lonlat_problems(np.array([1.0]), np.array([1.0, 2.0]))


@pytest.mark.parametrize("lon", [24.94, 27.0, 29.0])
def test_true_north_is_where_the_geodesic_goes(lon):
    """A point 100 m due north by pyproj's geodesic lies in the grid direction that is answered."""
    here = gpd.GeoSeries([shapely.Point(lon, 60.17)], crs=4326)
    east, north, _ = Geod(ellps="WGS84").fwd(lon, 60.17, 0.0, 100.0)
    there = gpd.GeoSeries([shapely.Point(east, north)], crs=4326).to_crs(32635)
    grid = here.to_crs(32635)
    direction = np.degrees(np.arctan2(there.x[0] - grid.x[0], there.y[0] - grid.y[0]))
    assert true_north_deg(grid)[0] == pytest.approx(direction, abs=1e-3)
