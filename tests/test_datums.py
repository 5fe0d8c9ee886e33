"""The four datums against points that other implementations publish, and against themselves."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from geo.datums import DATUMS, check_datum, from_wgs84, geometries_to_wgs84, to_wgs84
from geo.errors import InputRefused

GEOD = Geod(ellps="WGS84")

# WGS 84 lat, lon, GCJ-02 lat, lon: the test vectors of googollee/eviltransform (Shanghai, Shenzhen, Beijing).
EVILTRANSFORM = np.array(
    [
        [31.1774276, 121.5272106, 31.17530398364597, 121.531541859215],
        [22.543847, 113.912316, 22.540796131694766, 113.9171764808363],
        [39.911954, 116.377817, 39.91334545536069, 116.38404722455657],
    ]
)


def metres(lon1, lat1, lon2, lat2):
    return GEOD.inv(lon1, lat1, lon2, lat2)[2]


def test_gcj02_agrees_with_the_vectors_of_eviltransform():
    lat, lon, gcj_lat, gcj_lon = EVILTRANSFORM.T
    x, y = from_wgs84(lon, lat, "gcj02")
    assert np.max(metres(x, y, gcj_lon, gcj_lat)) < 0.012
    x, y = to_wgs84(gcj_lon, gcj_lat, "gcj02")
    assert np.max(metres(x, y, lon, lat)) < 0.012


def test_bd09_and_gcj02_agree_with_the_readme_of_coordtransform():
    """wandergis/coordtransform, test/app.js, for 116.404, 39.915 (as printed there)."""
    assert np.allclose(
        from_wgs84(116.404, 39.915, "gcj02"), [116.41024449916938, 39.91640428150164], atol=1e-9
    )
    wgs = to_wgs84(116.404, 39.915, "gcj02")
    # gcj02 -> bd09 by way of WGS 84 must give what the direct step of the other implementation gives
    assert np.allclose(from_wgs84(*wgs, "bd09"), [116.41036949371029, 39.92133699351021], atol=1e-9)
    # its own inverse is one closed round: ours must be better than it, and within its error of about 1 m
    back = from_wgs84(*to_wgs84(116.404, 39.915, "bd09"), "gcj02")
    assert metres(*back, 116.39762729119315, 39.90865673957631) < 1.0


def test_bd09_agrees_with_beijing_railway_station():
    """caijun/geoChina (R), bd2gcj help page: GCJ-02 116.42703, 39.90245 is BD-09 116.43351, 39.90851."""
    there = from_wgs84(*to_wgs84(116.42703, 39.90245, "gcj02"), "bd09")
    assert metres(*there, 116.43351, 39.90851) < 1.0
    back = from_wgs84(*to_wgs84(116.43351, 39.90851, "bd09"), "gcj02")
    assert metres(*back, 116.42703, 39.90245) < 1.0


def test_cgcs2000_is_a_null_transformation_in_proj_too():
    x, y = Transformer.from_crs(4490, 4326, always_xy=True).transform(114.05, 22.54)
    assert (x, y) == (114.05, 22.54)
    assert to_wgs84(114.05, 22.54, "cgcs2000") == (114.05, 22.54)


in_china = st.tuples(
    st.floats(73.5, 135.0, allow_subnormal=False), st.floats(3.5, 53.5, allow_subnormal=False)
)


@given(place=in_china, datum=st.sampled_from(DATUMS))
def test_there_and_back_is_within_a_millimetre(place, datum):
    there = from_wgs84(*place, datum)
    assert metres(*to_wgs84(*there, datum), *place) < 0.001


@given(place=in_china)
def test_the_offsets_have_the_published_size(place):
    """GCJ-02 57-675 m, BD-09 708-1471 m off (DOMAIN §7); a margin for places at sea."""
    assert 10.0 < metres(*from_wgs84(*place, "gcj02"), *place) < 900.0
    assert 500.0 < metres(*from_wgs84(*place, "bd09"), *place) < 1900.0


def test_outside_china_gcj02_changes_nothing():
    helsinki = (24.94, 60.17)
    assert to_wgs84(*helsinki, "gcj02") == helsinki
    assert from_wgs84(*helsinki, "gcj02") == helsinki


@pytest.mark.parametrize("datum", ["", "WGS84", "epsg:4326", "beijing54", "bd-09"])
def test_an_unknown_datum_is_refused_with_the_four_known(datum):
    with pytest.raises(InputRefused, match=r"wgs84, cgcs2000, gcj02, bd09") as caught:
        check_datum(datum)
    assert repr(datum) in str(caught.value)


def test_arrays_keep_their_shape_missing_values_and_inputs():
    lon, lat = np.array([[116.4, np.nan], [24.9, 121.5]]), np.array([[39.9, 30.0], [60.2, 31.2]])
    before = lon.copy(), lat.copy()
    x, y = to_wgs84(lon, lat, "bd09")
    assert x.shape == y.shape == (2, 2)
    assert np.isnan(x[0, 1]) and np.isfinite([x[0, 0], x[1, 0], x[1, 1]]).all()
    assert np.array_equal(lon, before[0], equal_nan=True) and np.array_equal(lat, before[1])
    assert to_wgs84([], [], "gcj02")[0].shape == (0,)
    with pytest.raises(ValueError, match="one shape"):
        to_wgs84([1.0, 2.0], [1.0], "gcj02")


def test_every_vertex_of_a_polygon_is_moved():
    ring = shapely.Polygon(EVILTRANSFORM[:, [3, 2]])
    series = gpd.GeoSeries([ring, None, shapely.Polygon()], index=[7, 8, 9], crs=4326)
    moved = geometries_to_wgs84(series, "gcj02")
    assert list(moved.index) == [7, 8, 9] and moved.crs.to_epsg() == 4326
    assert moved[8] is None and moved[9].is_empty
    assert np.allclose(shapely.get_coordinates(moved[7])[:3], EVILTRANSFORM[:, [1, 0]], atol=2e-7)
