"""What a siting is made from, around one jurisdiction, and the proposals made."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from cameras.tables import SitingProposal
from geo.db import read_frame, read_geoframe, write_frame
from geo.repository.search import EDGES, scope_values, within
from geo.scope import Scope

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
    """ROAD EDGES that meet a box, by id: u, v, watched."""
    return read_geoframe(
        session,
        f"""SELECT id, u, v, watched, ST_AsBinary(geom) AS geom FROM road_edge
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
                   p.assumed, ST_AsBinary(p.stand) AS geom
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


# What the map needs of a proposal; `closed` is the share of the gap that it closes.
_CHOICE = """SELECT p.id, p.created_at, p.level, p.jurisdiction_path::text AS path, j.name AS place,
                    j.name_en AS place_en,
                    (p.value_mm - p.before_mm) / NULLIF((p.totals ->> 'gap_mm')::float8, 0) AS closed
             FROM siting_proposal p LEFT JOIN jurisdiction j ON j.path = p.jurisdiction_path
             WHERE {which} AND {within}"""


def proposals(session: Session, scope: Scope, limit: int) -> pd.DataFrame:
    """Proposals of a scope, the newest first: id, created_at, level, path, place, place_en, closed."""
    sql = _CHOICE.format(which="true", within=within("p.jurisdiction_path"))
    return read_frame(session, f"{sql} ORDER BY p.id DESC LIMIT :limit", limit=limit, **scope_values(scope))


def proposal_in(session: Session, number: int, scope: Scope) -> dict[str, Any] | None:
    """One proposal as `proposals` tells it; None where there is none of that number in the scope."""
    sql = _CHOICE.format(which="p.id = :number", within=within("p.jurisdiction_path"))
    row = session.execute(text(sql), {"number": number, **scope_values(scope)}).mappings().first()
    return None if row is None else dict(row)


def proposed_counts(session: Session, number: int) -> dict[str, int]:
    """Cameras of a proposal by their kind."""
    sql = "SELECT kind, count(*) FROM siting_camera WHERE proposal_id = :number GROUP BY kind"
    return {str(kind): int(count) for kind, count in session.execute(text(sql), {"number": number})}


def proposed_extent(session: Session, number: int) -> Box | None:
    """West, south, east, north of all that cameras of a proposal would see; None for one without any."""
    sql = f"""SELECT {EDGES.format(g="whole.extent")}
              FROM (SELECT ST_Extent(ST_Collect(seen, geom)) AS extent FROM siting_camera
                    WHERE proposal_id = :number) AS whole
              WHERE whole.extent IS NOT NULL"""
    row = session.execute(text(sql), {"number": number}).first()
    return None if row is None else tuple(float(edge) for edge in row)  # type: ignore[return-value]


def proposed_camera(session: Session, number: int) -> dict[str, Any] | None:
    """One camera of a proposal by its id: as a row of `proposed`, with gap_share, what of the gap it closes,
    gap_closed_share, the same with all of lower rank, and its proposal: proposal, level, of_path."""
    row = (
        session.execute(
            text(
                """SELECT s.id, s.rank, s.kind, s.spot, s.camera_code, s.street, s.azimuth_deg,
                          s.azimuth_before_deg, s.street_mm, s.places, s.share, j.name AS leaf,
                          j.name_en AS leaf_en, p.id AS proposal, p.level,
                          p.jurisdiction_path::text AS of_path,
                          s.weight_mm / NULLIF((p.totals ->> 'gap_mm')::float8, 0) AS gap_share,
                          (SELECT sum(f.weight_mm) FROM siting_camera f
                           WHERE f.proposal_id = p.id AND f.rank <= s.rank)
                              / NULLIF((p.totals ->> 'gap_mm')::float8, 0) AS gap_closed_share,
                          ST_X(s.geom) AS lon, ST_Y(s.geom) AS lat
                   FROM siting_camera s JOIN siting_proposal p ON p.id = s.proposal_id
                   LEFT JOIN jurisdiction j ON j.path = s.jurisdiction_path
                   WHERE s.id = :number"""
            ),
            {"number": number},
        )
        .mappings()
        .first()
    )
    return None if row is None else dict(row)


def cameras_named(session: Session, ids: list[int]) -> dict[int, dict[str, Any]]:
    """Code and name of cameras by id."""
    rows = session.execute(
        text("SELECT id, code, COALESCE(NULLIF(name, ''), code) AS name FROM camera WHERE id = ANY(:ids)"),
        {"ids": ids},
    )
    return {row.id: {"code": row.code, "name": row.name} for row in rows}
