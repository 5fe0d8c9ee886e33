"""Where a compass needle points."""

from __future__ import annotations

from datetime import date

import pytest

from geo.declination import declination_deg


@pytest.mark.parametrize(
    ("lat", "lon", "published"), [(80.0, 0.0, 1.28), (0.0, 120.0, -0.16), (-80.0, 240.0, 68.78)]
)
def test_the_test_values_of_the_model_come_out(lat: float, lon: float, published: float) -> None:
    """Test values for 2025.0 at sea level that are published with WMM2025."""
    assert declination_deg(lon, lat, date(2025, 1, 1)) == pytest.approx(published, abs=0.01)


def test_a_day_beyond_the_models_years_is_answered() -> None:
    assert -5.0 < declination_deg(116.7, 23.35, date(2031, 6, 1)) < -3.0
