"""What a siting is made from, around one jurisdiction, and the proposals made."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import shapely
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from cameras.tables import SitingProposal
from geo.db import read_geoframe, write_frame

Box = tuple[float, float, float, float]

_IN_BOX = "&& ST_MakeEnvelope(:west, :south, :east, :north, 4326)"
_POSE = (
    "azimuth_deg",
    "azimuth_tolerance_deg",
    "tilt_deg",
    "hfov_deg",
    "vfov_deg",
    "width_px",
    "mount_height_m",
)


def _corners(box: Box) -> dict[str, Any]:
    return dict(zip(("west", "south", "east", "north"), box, strict=True))


def area_of(session: Session, path: str) -> shapely.Geometry | None:
    """Ground of a jurisdiction (EPSG:4326); None where it is unknown or has no shape."""
    shape = session.scalar(
        text(
            """SELECT ST_AsBinary(geom) FROM jurisdiction
               WHERE path = CAST(:path AS ltree) AND upper_inf(valid)"""
        ),
        {"path": path},
    )
    return None if shape is None else shapely.from_wkb(bytes(shape))


def edges_in(session: Session, box: Box) -> gpd.GeoDataFrame:
    """ROAD EDGES that meet a box, by id: u, v, name, watched."""
    return read_geoframe(
        session,
        f"""SELECT id, u, v, name, watched, ST_AsBinary(geom) AS geom FROM road_edge
            WHERE geom {_IN_BOX} AND upper_inf(valid) ORDER BY id""",
        **_corners(box),
    ).set_index("id")


def places_in(session: Session, box: Box) -> gpd.GeoDataFrame:
    """PLACES in a box, by id: kind, name."""
    return read_geoframe(
        session,
        f"""SELECT id, kind, name, ST_AsBinary(geom) AS geom FROM place
            WHERE geom {_IN_BOX} AND upper_inf(valid) ORDER BY id""",
        **_corners(box),
    ).set_index("id")


def obstructions_in(session: Session, box: Box) -> gpd.GeoDataFrame:
    """OBSTRUCTIONS that meet a box, by id: height_m."""
    frame = read_geoframe(
        session,
        f"""SELECT id, height_m, ST_AsBinary(geom) AS geom FROM obstruction
            WHERE geom {_IN_BOX} AND upper_inf(valid) ORDER BY id""",
        **_corners(box),
    ).set_index("id")
    frame["height_m"] = frame["height_m"].astype(float)
    return frame


def nominal_poses(session: Session, analysis_id: int | None, box: Box) -> gpd.GeoDataFrame:
    """How cameras in a box look by the book, as an analysis has it: camera (id) and the columns of POSES.

    Only of records that still hold; azimuths against true north, points where they stand (EPSG:4326).
    """
    frame = read_geoframe(
        session,
        f"""SELECT p.camera_id AS camera, {", ".join(f"p.{name}" for name in _POSE)}, p.certain,
                   ST_AsBinary(p.stand) AS geom
            FROM pose p JOIN camera c ON c.id = p.camera_id
            WHERE p.analysis_id = :analysis AND p.nominal AND upper_inf(c.valid) AND c.geom {_IN_BOX}
            ORDER BY p.camera_id, p.id""",
        analysis=analysis_id,
        **_corners(box),
    )
    frame[list(_POSE)] = frame[list(_POSE)].astype(float)
    return frame


def add_proposal(session: Session, head: SitingProposal, rows: gpd.GeoDataFrame) -> int:
    """Store a proposal and its cameras, whose columns are those of the table; answers its id."""
    session.add(head)
    session.flush()
    write_frame(session, "siting_camera", rows.assign(proposal_id=head.id))
    return head.id


def proposal(session: Session, number: int) -> SitingProposal | None:
    """A proposal; None where there is none in sight."""
    return session.scalar(select(SitingProposal).where(SitingProposal.id == number))


def proposed(session: Session, number: int, *, shape: str = "geom") -> gpd.GeoDataFrame:
    """Cameras of a proposal by rank, with their points or (`shape` "seen") what they would see."""
    if shape not in ("geom", "seen"):
        raise ValueError(f"shape {shape!r} is neither 'geom' nor 'seen'")
    return read_geoframe(
        session,
        f"""SELECT s.id, s.rank, s.kind, s.spot, s.camera_code, s.street, s.azimuth_deg, s.azimuth_before_deg,
                   s.street_mm, s.places, s.weight_mm, s.seen_mm, s.seen_places, s.share,
                   s.jurisdiction_path::text AS path, j.name AS leaf, j.name_en AS leaf_en,
                   ST_AsBinary(s.{shape}) AS geom
            FROM siting_camera s LEFT JOIN jurisdiction j ON j.path = s.jurisdiction_path
            WHERE s.proposal_id = :number ORDER BY s.rank""",
        number=number,
    )


def cameras_named(session: Session, ids: list[int]) -> dict[int, dict[str, Any]]:
    """Code and name of cameras by id."""
    rows = session.execute(
        text("SELECT id, code, COALESCE(NULLIF(name, ''), code) AS name FROM camera WHERE id = ANY(:ids)"),
        {"ids": ids},
    )
    return {row.id: {"code": row.code, "name": row.name} for row in rows}
