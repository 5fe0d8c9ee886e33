"""What an audit looks at, the thresholds it judges by, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import geopandas as gpd
import pandas as pd

CODE_POLICIES = ("auto", "always", "never")


@dataclass(frozen=True)
class AuditSettings:
    """Thresholds of an audit; settings, since no text states them.

    Parameters
    ----------
    codes : {"auto", "always", "never"}
        Whether every code must have the 20 digits of GB/T 28181. ``auto``: where most codes have.
    same_place_m : float
        Positions this near are one.
    same_azimuth_deg : float
        Directions this near are the same.
    most_at_place, most_at_address : int
        So many cameras at one position, at one address, are still believed.
    address_spread_m : float
        Cameras of one address that lie within this are neighbours.
    inside_m : float
        Deeper in a building than this is inside: façades are drawn no better.
    street_m : float
        Farther than this from every street is far.
    lens_share, aspect_share : float
        Share by which an angle of view may differ from what follows from the lens or the picture.
    lowest_m, highest_m : float
        Mounting heights that are believed.
    datum_positions : int
        Fewer different positions tell nothing of a file's datum.
    datum_near_m : float
        A camera this near to a street stands along it.
    datum_gain : float
        So much larger must the share of cameras along streets be under another datum.
    unseen_days : float
        A camera unseen for longer is long unseen.
    """

    codes: str = "auto"
    same_place_m: float = 0.5
    same_azimuth_deg: float = 5.0
    most_at_place: int = 5
    most_at_address: int = 20
    address_spread_m: float = 200.0
    inside_m: float = 0.5
    street_m: float = 50.0
    lens_share: float = 0.15
    aspect_share: float = 0.15
    lowest_m: float = 1.5
    highest_m: float = 60.0
    datum_positions: int = 20
    datum_near_m: float = 15.0
    datum_gain: float = 0.25
    unseen_days: float = 7.0

    def __post_init__(self) -> None:
        if self.codes not in CODE_POLICIES:
            raise ValueError(f"codes {self.codes!r} is none of {', '.join(CODE_POLICIES)}")
        for name in ("same_place_m", "street_m", "datum_near_m", "lowest_m", "unseen_days"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} {getattr(self, name)} is not above 0")
        for name in ("most_at_place", "most_at_address", "datum_positions"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} {getattr(self, name)} is below 1")
        if self.highest_m <= self.lowest_m:
            raise ValueError(f"highest_m {self.highest_m} is not above lowest_m {self.lowest_m}; swap them")


@dataclass(frozen=True)
class AuditScene:
    """Records and what they are held against, all geometries in one projected CRS in metres.

    Parameters
    ----------
    cameras : GeoDataFrame
        By id: code, name, azimuth_deg, azimuth_quality, tilt_deg, hfov_deg, vfov_deg, width_px, height_px,
        mount_height_m, ptz, geometry; further columns of the record as far as they are known.
    jurisdictions : GeoDataFrame
        path, code, name; the geometry is not looked at (`jurisdiction_path` of the cameras tells).
    streets : GeoSeries
        Lines.
    obstructions : GeoSeries
        Polygons of buildings.
    batches : DataFrame
        By id: file_name, datum, imported_at (UTC).
    last_frames : Series or None
        By camera id: when its last frame came (UTC); None where the site has no frames at all.
    now : datetime
        In UTC.
    """

    cameras: gpd.GeoDataFrame
    jurisdictions: pd.DataFrame
    streets: gpd.GeoSeries
    obstructions: gpd.GeoSeries
    batches: pd.DataFrame
    last_frames: pd.Series | None
    now: datetime

    def has(self, part: str) -> bool:
        """Whether a part of the scene is there to be held against."""
        if not part:
            return True
        found = getattr(self, part)
        return found is not None and len(found) > 0


@dataclass(frozen=True)
class AuditResult:
    """What an audit found.

    Parameters
    ----------
    findings : DataFrame
        One row a subject and kind: `camera` (id, -1 for a file's), `batch` (id, -1 for a camera's),
        `subject` (a camera's code, or ``batch:<id>``), `kind`, `severity`, `value` (the measured number or
        NaN), `evidence` (`Sentence`), `mark` (a text that stays the same as long as the matter does).
    checked : tuple of str
        Kinds that were looked for; the others lacked a column or a part of the scene.
    """

    findings: pd.DataFrame
    checked: tuple[str, ...]
