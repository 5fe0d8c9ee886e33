"""Cameras, frame metadata, and what analyses of them found."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

import geo.db

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# The program's role owns nothing and so cannot add a partition; this does it for one UTC day.
MAKE_PARTITION = """
CREATE FUNCTION make_frame_partition(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- Two loaders of the same new day would otherwise both try.
    PERFORM pg_advisory_xact_lock(hashtext('make_frame_partition'));
    IF to_regclass(format('public.frame_day_%s', to_char(day, 'YYYYMMDD'))) IS NULL THEN
        EXECUTE format(
            'CREATE TABLE public.frame_day_%s PARTITION OF public.frame FOR VALUES FROM (%L) TO (%L)',
            to_char(day, 'YYYYMMDD'),
            day::text || ' 00:00:00+00', (day + 1)::text || ' 00:00:00+00'
        );
    END IF;
END
$$
"""


def upgrade() -> None:
    """Upwards."""
    op.create_table(
        "analysis",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("period", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("slot_min", sa.Integer(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("input_revision", sa.Text(), nullable=False),
        sa.Column("code_version", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("totals", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "NOT isempty(period) AND lower_inc(period) AND NOT upper_inc(period)",
            name=op.f("ck_analysis_period_half_open"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analysis")),
    )
    op.create_table(
        "frame",
        sa.Column("camera_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("azimuth_deg", sa.Float(), nullable=True),
        sa.Column("tilt_deg", sa.Float(), nullable=True),
        sa.Column("hfov_deg", sa.Float(), nullable=True),
        sa.Column("vfov_deg", sa.Float(), nullable=True),
        sa.Column("width_px", sa.Float(), nullable=True),
        sa.Column("height_px", sa.Float(), nullable=True),
        sa.Column("luma", sa.Float(), nullable=True),
        sa.Column("contrast", sa.Float(), nullable=True),
        sa.Column("sharpness", sa.Float(), nullable=True),
        sa.Column("similarity", sa.Float(), nullable=True),
        sa.Column("osd_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("altitude_m", sa.Float(), nullable=True),
        sa.Column("event", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("camera_id", "source_id", "captured_at", name=op.f("pk_frame")),
        postgresql_partition_by="RANGE (captured_at)",
    )
    op.create_table(
        "frame_source",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("expected_interval_s", sa.Float(), nullable=False),
        sa.Column("label", sa.Text(), server_default="real", nullable=False),
        sa.CheckConstraint("expected_interval_s > 0", name=op.f("ck_frame_source_interval")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_frame_source")),
        sa.UniqueConstraint("code", name=op.f("uq_frame_source_code")),
    )
    op.create_table(
        "frame_file",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("label", sa.Text(), server_default="real", nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["frame_source.id"], name=op.f("fk_frame_file_source_id")),
        sa.PrimaryKeyConstraint("sha256", "source_id", name=op.f("pk_frame_file")),
    )
    op.create_geospatial_table(
        "camera",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("azimuth_deg", sa.Float(), nullable=True),
        sa.Column("azimuth_quality", sa.Text(), nullable=False),
        sa.Column("tilt_deg", sa.Float(), nullable=True),
        sa.Column("hfov_deg", sa.Float(), nullable=True),
        sa.Column("vfov_deg", sa.Float(), nullable=True),
        sa.Column("width_px", sa.Float(), nullable=True),
        sa.Column("height_px", sa.Float(), nullable=True),
        sa.Column("mount_height_m", sa.Float(), nullable=True),
        sa.Column("ptz", sa.Boolean(), nullable=False),
        sa.Column("parent_code", sa.Text(), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("jurisdiction_path", geo.db.Ltree(), nullable=True),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("valid", postgresql.TSTZRANGE(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("code"), "="), (sa.column("valid"), "&&"), using="gist", name="ex_camera_code_valid"
        ),
        sa.CheckConstraint(
            "azimuth_quality IN ('measured', 'coarse', 'unknown')", name=op.f("ck_camera_azimuth_quality")
        ),
        sa.CheckConstraint(
            "NOT isempty(valid) AND lower_inc(valid) AND NOT upper_inc(valid)",
            name=op.f("ck_camera_valid_half_open"),
        ),
        sa.CheckConstraint("azimuth_deg >= 0 AND azimuth_deg < 360", name=op.f("ck_camera_azimuth")),
        sa.CheckConstraint("hfov_deg > 0 AND hfov_deg <= 360", name=op.f("ck_camera_hfov")),
        sa.CheckConstraint("mount_height_m > 0", name=op.f("ck_camera_mount_height")),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_camera_batch_id")),
        sa.ForeignKeyConstraint(
            ["jurisdiction_path"],
            ["jurisdiction.path"],
            name=op.f("fk_camera_jurisdiction_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera")),
    )
    op.create_geospatial_index(
        "idx_camera_geom", "camera", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(op.f("ix_camera_batch_id"), "camera", ["batch_id"], unique=False)
    op.create_index(op.f("ix_camera_jurisdiction_path"), "camera", ["jurisdiction_path"], unique=False)
    op.create_table(
        "coverage_share",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("analysis_id", sa.BigInteger(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("measure", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("certain", sa.BigInteger(), nullable=False),
        sa.Column("possible", sa.BigInteger(), nullable=False),
        sa.Column("twice", sa.BigInteger(), nullable=False),
        sa.Column("built", sa.BigInteger(), nullable=False),
        sa.Column("deficit_by_cause", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("jurisdiction_path", geo.db.Ltree(), nullable=False),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analysis.id"], name=op.f("fk_coverage_share_analysis_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_path"],
            ["jurisdiction.path"],
            name=op.f("fk_coverage_share_jurisdiction_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage_share")),
        sa.UniqueConstraint(
            "analysis_id",
            "jurisdiction_path",
            "ground",
            "kind",
            "level",
            name=op.f("uq_coverage_share_analysis_id_jurisdiction_path_ground_kind_level"),
        ),
    )
    op.create_index(op.f("ix_coverage_share_analysis_id"), "coverage_share", ["analysis_id"], unique=False)
    op.create_index(
        op.f("ix_coverage_share_jurisdiction_path"), "coverage_share", ["jurisdiction_path"], unique=False
    )
    op.create_geospatial_table(
        "gap",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("analysis_id", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("merged", sa.Integer(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("measure", sa.BigInteger(), nullable=False),
        sa.Column("open_ms", sa.BigInteger(), nullable=False),
        sa.Column("deficit", sa.BigInteger(), nullable=False),
        sa.Column("deficit_by_cause", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("windows", postgresql.TSTZMULTIRANGE(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("jurisdiction_path", geo.db.Ltree(), nullable=False),
        sa.CheckConstraint(
            "cause IN ('moved', 'degraded', 'outage', 'not_measured', 'uncertain', 'resolution', 'occluded', 'no_camera')",
            name=op.f("ck_gap_cause"),
        ),
        sa.CheckConstraint("ground IN ('street', 'place')", name=op.f("ck_gap_ground")),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analysis.id"], name=op.f("fk_gap_analysis_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_path"],
            ["jurisdiction.path"],
            name=op.f("fk_gap_jurisdiction_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gap")),
    )
    op.create_geospatial_index(
        "idx_gap_geom", "gap", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index("ix_gap_analysis_cause", "gap", ["analysis_id", "cause"], unique=False)
    op.create_index(op.f("ix_gap_analysis_id"), "gap", ["analysis_id"], unique=False)
    op.create_index(op.f("ix_gap_jurisdiction_path"), "gap", ["jurisdiction_path"], unique=False)
    op.create_table(
        "camera_finding",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("analysis_id", sa.BigInteger(), nullable=False),
        sa.Column("camera_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("period", postgresql.TSTZRANGE(), nullable=True),
        sa.Column("jurisdiction_path", geo.db.Ltree(), nullable=True),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analysis.id"], name=op.f("fk_camera_finding_analysis_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["camera_id"], ["camera.id"], name=op.f("fk_camera_finding_camera_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_path"],
            ["jurisdiction.path"],
            name=op.f("fk_camera_finding_jurisdiction_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera_finding")),
    )
    op.create_index(op.f("ix_camera_finding_analysis_id"), "camera_finding", ["analysis_id"], unique=False)
    op.create_index(op.f("ix_camera_finding_camera_id"), "camera_finding", ["camera_id"], unique=False)
    op.create_index(
        op.f("ix_camera_finding_jurisdiction_path"), "camera_finding", ["jurisdiction_path"], unique=False
    )
    op.create_table(
        "camera_preset",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("camera_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("azimuth_deg", sa.Float(), nullable=False),
        sa.Column("tilt_deg", sa.Float(), nullable=True),
        sa.Column("hfov_deg", sa.Float(), nullable=True),
        sa.Column("vfov_deg", sa.Float(), nullable=True),
        sa.Column("width_px", sa.Float(), nullable=True),
        sa.Column("from_s", sa.Integer(), nullable=True),
        sa.Column("until_s", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["camera_id"], ["camera.id"], name=op.f("fk_camera_preset_camera_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera_preset")),
        sa.UniqueConstraint("camera_id", "name", name=op.f("uq_camera_preset_camera_id_name")),
    )
    op.create_table(
        "camera_source",
        sa.Column("camera_id", sa.BigInteger(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["camera_id"], ["camera.id"], name=op.f("fk_camera_source_camera_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["frame_source.id"], name=op.f("fk_camera_source_source_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("camera_id", "source_id", name=op.f("pk_camera_source")),
    )
    op.create_table(
        "gap_camera",
        sa.Column("gap_id", sa.BigInteger(), nullable=False),
        sa.Column("camera_id", sa.BigInteger(), nullable=False),
        sa.Column("minutes", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["camera_id"], ["camera.id"], name=op.f("fk_gap_camera_camera_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["gap_id"], ["gap.id"], name=op.f("fk_gap_camera_gap_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("gap_id", "camera_id", name=op.f("pk_gap_camera")),
    )
    op.create_geospatial_table(
        "pose",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("analysis_id", sa.BigInteger(), nullable=False),
        sa.Column("camera_id", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("azimuth_deg", sa.Float(), nullable=True),
        sa.Column("azimuth_tolerance_deg", sa.Float(), nullable=False),
        sa.Column("tilt_deg", sa.Float(), nullable=True),
        sa.Column("hfov_deg", sa.Float(), nullable=True),
        sa.Column("vfov_deg", sa.Float(), nullable=True),
        sa.Column("width_px", sa.Float(), nullable=True),
        sa.Column("mount_height_m", sa.Float(), nullable=True),
        sa.Column("assumed", sa.Text(), nullable=False),
        sa.Column("certain", sa.Boolean(), nullable=False),
        sa.Column("nominal", sa.Boolean(), nullable=False),
        sa.Column(
            "stand",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analysis.id"], name=op.f("fk_pose_analysis_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["camera_id"], ["camera.id"], name=op.f("fk_pose_camera_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pose")),
    )
    op.create_geospatial_index(
        "idx_pose_stand", "pose", ["stand"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(op.f("ix_pose_analysis_id"), "pose", ["analysis_id"], unique=False)
    op.create_index(op.f("ix_pose_camera_id"), "pose", ["camera_id"], unique=False)
    op.create_table(
        "availability",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("analysis_id", sa.BigInteger(), nullable=False),
        sa.Column("camera_id", sa.BigInteger(), nullable=False),
        sa.Column("period", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("moved", sa.Boolean(), nullable=False),
        sa.Column("pose_id", sa.BigInteger(), nullable=True),
        sa.Column("nominal_id", sa.BigInteger(), nullable=True),
        sa.Column("jurisdiction_path", geo.db.Ltree(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("analysis_id"), "="),
            (sa.column("camera_id"), "="),
            (sa.column("period"), "&&"),
            using="gist",
            name="ex_availability_camera_period",
        ),
        sa.CheckConstraint(
            "state IN ('usable', 'degraded', 'outage', 'not_measured')", name=op.f("ck_availability_state")
        ),
        sa.CheckConstraint(
            "NOT isempty(period) AND lower_inc(period) AND NOT upper_inc(period)",
            name=op.f("ck_availability_period_half_open"),
        ),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analysis.id"], name=op.f("fk_availability_analysis_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["camera_id"], ["camera.id"], name=op.f("fk_availability_camera_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_path"],
            ["jurisdiction.path"],
            name=op.f("fk_availability_jurisdiction_path"),
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["nominal_id"], ["pose.id"], name=op.f("fk_availability_nominal_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["pose_id"], ["pose.id"], name=op.f("fk_availability_pose_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_availability")),
    )
    op.create_index(op.f("ix_availability_analysis_id"), "availability", ["analysis_id"], unique=False)
    op.create_index(op.f("ix_availability_camera_id"), "availability", ["camera_id"], unique=False)
    op.create_index(
        op.f("ix_availability_jurisdiction_path"), "availability", ["jurisdiction_path"], unique=False
    )
    op.create_geospatial_table(
        "footprint",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("analysis_id", sa.BigInteger(), nullable=False),
        sa.Column("pose_id", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("certain", sa.Boolean(), nullable=False),
        sa.Column("area_m2", sa.Float(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("jurisdiction_path", geo.db.Ltree(), nullable=True),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analysis.id"], name=op.f("fk_footprint_analysis_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_path"],
            ["jurisdiction.path"],
            name=op.f("fk_footprint_jurisdiction_path"),
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["pose_id"], ["pose.id"], name=op.f("fk_footprint_pose_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_footprint")),
        sa.UniqueConstraint("pose_id", "level", name=op.f("uq_footprint_pose_id_level")),
    )
    op.create_geospatial_index(
        "idx_footprint_geom", "footprint", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(op.f("ix_footprint_analysis_id"), "footprint", ["analysis_id"], unique=False)
    op.create_index(op.f("ix_footprint_jurisdiction_path"), "footprint", ["jurisdiction_path"], unique=False)

    op.execute(MAKE_PARTITION)
    op.execute("REVOKE ALL ON FUNCTION make_frame_partition(date) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION make_frame_partition(date) TO lianfang_app")


def downgrade() -> None:
    """Downwards."""
    op.execute("DROP FUNCTION make_frame_partition(date)")
    op.drop_index(op.f("ix_footprint_jurisdiction_path"), table_name="footprint")
    op.drop_index(op.f("ix_footprint_analysis_id"), table_name="footprint")
    op.drop_geospatial_index(
        "idx_footprint_geom", table_name="footprint", postgresql_using="gist", column_name="geom"
    )
    op.drop_geospatial_table("footprint")
    op.drop_index(op.f("ix_availability_jurisdiction_path"), table_name="availability")
    op.drop_index(op.f("ix_availability_camera_id"), table_name="availability")
    op.drop_index(op.f("ix_availability_analysis_id"), table_name="availability")
    op.drop_table("availability")
    op.drop_index(op.f("ix_pose_camera_id"), table_name="pose")
    op.drop_index(op.f("ix_pose_analysis_id"), table_name="pose")
    op.drop_geospatial_index(
        "idx_pose_stand", table_name="pose", postgresql_using="gist", column_name="stand"
    )
    op.drop_geospatial_table("pose")
    op.drop_table("gap_camera")
    op.drop_table("camera_source")
    op.drop_table("camera_preset")
    op.drop_index(op.f("ix_camera_finding_jurisdiction_path"), table_name="camera_finding")
    op.drop_index(op.f("ix_camera_finding_camera_id"), table_name="camera_finding")
    op.drop_index(op.f("ix_camera_finding_analysis_id"), table_name="camera_finding")
    op.drop_table("camera_finding")
    op.drop_index(op.f("ix_gap_jurisdiction_path"), table_name="gap")
    op.drop_index(op.f("ix_gap_analysis_id"), table_name="gap")
    op.drop_index("ix_gap_analysis_cause", table_name="gap")
    op.drop_geospatial_index("idx_gap_geom", table_name="gap", postgresql_using="gist", column_name="geom")
    op.drop_geospatial_table("gap")
    op.drop_index(op.f("ix_coverage_share_jurisdiction_path"), table_name="coverage_share")
    op.drop_index(op.f("ix_coverage_share_analysis_id"), table_name="coverage_share")
    op.drop_table("coverage_share")
    op.drop_index(op.f("ix_camera_jurisdiction_path"), table_name="camera")
    op.drop_index(op.f("ix_camera_batch_id"), table_name="camera")
    op.drop_geospatial_index(
        "idx_camera_geom", table_name="camera", postgresql_using="gist", column_name="geom"
    )
    op.drop_geospatial_table("camera")
    op.drop_table("frame_file")
    op.drop_table("frame_source")
    op.drop_table("frame")
    op.drop_table("analysis")
