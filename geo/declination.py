"""How far a compass needle points away from true north."""

from __future__ import annotations

from datetime import date
from functools import cache

from pygeomag import GeoMag

_DAYS_A_YEAR = 365.25


def declination_deg(lon: float, lat: float, on: date) -> float:
    """Direction of magnetic north at sea level, degrees clockwise from true north.

    Parameters
    ----------
    lon, lat : float
        WGS 84 degrees.
    on : date
        The model was made for 2025 to 2029 and is carried on beyond, a few tenths of a degree a year.

    Notes
    -----
    World Magnetic Model WMM2025 (NOAA/NCEI and BGS): within half a degree where nothing magnetic is near.
    """
    years = on.year + (on.timetuple().tm_yday - 1) / _DAYS_A_YEAR
    return float(_model().calculate(lat, lon, 0.0, years, allow_date_outside_lifespan=True).d)


@cache
def _model() -> GeoMag:
    return GeoMag(coefficients_file="wmm/WMM_2025.COF")
