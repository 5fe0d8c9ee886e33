"""The answer to "who saw this place?": cameras, when and how well each saw it, where its recording is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import geopandas as gpd

from cameras.footage import IN_VIEW

#: What lists say of a recording of the time in which the place may have been in view, in the order of use.
RECORDED = ("yes", "part", "unknown", "no")


@dataclass(frozen=True)
class Stretch:
    """A piece of the asked time in which a camera gave the same, `[start, end)`.

    `verdict`, `state` and `reason` as `cameras.footage.sightings` has them; where it looked (None: not known)
    and with how many pixels per metre at the place, and the level that is ("" for none).
    """

    start: datetime
    end: datetime
    verdict: str
    state: str
    reason: str
    azimuth_deg: float | None
    density: float
    level: str


@dataclass(frozen=True)
class Sighting:
    """One camera that has to do with a place at a time.

    Parameters
    ----------
    camera, code, name, path
        Its record at that time.
    lon, lat : float
        Where it stands, WGS 84.
    unit, recorder : str
        Who looks after it, and the code of its recorder; "" where the record does not tell.
    verdict : str
        The best of its pieces, of `cameras.footage.VERDICTS`.
    seconds : float
        How long of the asked time it was that good.
    level : str
        Highest level at which any of the place is seen then; "" for none.
    density : float
        Pixels per metre at the place.
    share : float
        Share of the place in view.
    distance_m : float
    bearing_deg, azimuth_deg : float or None
        From the camera to the place, and where it looks; clockwise from true north.
    stretches : tuple of Stretch
        In order of time; what is missing of the asked time has nothing to do with the place.
    clock_s : float or None
        Seconds that the clock in its picture is ahead; 0.0 where it was read and was right to a minute, None
        where nobody read it.
    record_days : int or None
        Days for which its recordings are kept, as its record says.
    recording : str
        Of `RECORDED`; "unknown" where no list speaks of that time.
    recorded_s : float
        How much of the time in view is recorded by a list.
    days_left : float or None
        Days until the first of it is overwritten; below 0 it should be gone.
    days_from : str
        "list", "record", or "" where nobody knows.
    """

    camera: int
    code: str
    name: str
    path: str | None
    lon: float
    lat: float
    unit: str
    recorder: str
    verdict: str
    seconds: float
    level: str
    density: float
    share: float
    distance_m: float
    bearing_deg: float | None
    azimuth_deg: float | None
    stretches: tuple[Stretch, ...]
    clock_s: float | None
    record_days: int | None
    recording: str
    recorded_s: float
    days_left: float | None
    days_from: str

    @property
    def in_view(self) -> bool:
        """Whether there may be a picture of the place."""
        return self.verdict in IN_VIEW


@dataclass(frozen=True, eq=False)
class Footage:
    """The answer.

    Parameters
    ----------
    start, end : datetime
        What was looked at: the asked time, up to now.
    points : tuple of (lon, lat)
        WGS 84.
    radius_m : float
    sightings : tuple of Sighting
        The most useful first.
    near : int
        Cameras in reach of the place, whether they have to do with it or not.
    basis : str
        "frames": worked out from frames; "analysis": as a stored analysis has it, the frames being gone.
    analysis : int or None
        Which one.
    days_without_frames : int
        Days of the asked time of which no frame is kept, of any camera.
    dimension : str
        How buildings hide.
    views : GeoDataFrame
        What each of those cameras saw at the lowest level, in its best piece (EPSG:4326): camera.
    """

    start: datetime
    end: datetime
    points: tuple[tuple[float, float], ...]
    radius_m: float
    sightings: tuple[Sighting, ...]
    near: int
    basis: str
    analysis: int | None
    days_without_frames: int
    dimension: str
    views: gpd.GeoDataFrame
