"""Joint-defence zones, teams and plans."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

import geo.db

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upwards."""
    op.create_geospatial_table(
        "zone",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column("rule", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("valid", postgresql.TSTZRANGE(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("code"), "="), (sa.column("valid"), "&&"), using="gist", name="ex_zone_code_valid"
        ),
        sa.CheckConstraint(
            "NOT isempty(valid) AND lower_inc(valid) AND NOT upper_inc(valid)",
            name=op.f("ck_zone_valid_half_open"),
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_zone_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_zone")),
    )
    op.create_geospatial_index(
        "idx_zone_geom", "zone", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(op.f("ix_zone_batch_id"), "zone", ["batch_id"], unique=False)
    op.create_table(
        "plan",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("zone_id", sa.BigInteger(), nullable=False),
        sa.Column("analysis_id", sa.BigInteger(), nullable=True),
        sa.Column("shift", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("road_revision", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("upper_bound", sa.BigInteger(), nullable=False),
        sa.Column("crossed", sa.Integer(), nullable=False),
        sa.Column("reachable", sa.Integer(), nullable=False),
        sa.Column("violations", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("code_version", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status IN ('draft', 'approved', 'published')", name=op.f("ck_plan_status")),
        sa.CheckConstraint(
            "NOT isempty(shift) AND lower_inc(shift) AND NOT upper_inc(shift)",
            name=op.f("ck_plan_shift_half_open"),
        ),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analysis.id"], name=op.f("fk_plan_analysis_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["zone_id"], ["zone.id"], name=op.f("fk_plan_zone_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
    )
    op.create_index(op.f("ix_plan_analysis_id"), "plan", ["analysis_id"], unique=False)
    op.create_index(op.f("ix_plan_zone_id"), "plan", ["zone_id"], unique=False)
    op.create_geospatial_table(
        "team",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column("zone_id", sa.BigInteger(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "base",
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
            (sa.column("code"), "="), (sa.column("valid"), "&&"), using="gist", name="ex_team_code_valid"
        ),
        sa.CheckConstraint("mode IN ('foot', 'ebike', 'car')", name=op.f("ck_team_mode")),
        sa.CheckConstraint(
            "NOT isempty(valid) AND lower_inc(valid) AND NOT upper_inc(valid)",
            name=op.f("ck_team_valid_half_open"),
        ),
        sa.CheckConstraint("size >= 1", name=op.f("ck_team_size")),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_team_batch_id")),
        sa.ForeignKeyConstraint(
            ["jurisdiction_path"],
            ["jurisdiction.path"],
            name=op.f("fk_team_jurisdiction_path"),
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(["zone_id"], ["zone.id"], name=op.f("fk_team_zone_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
    )
    op.create_geospatial_index(
        "idx_team_base", "team", ["base"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(op.f("ix_team_batch_id"), "team", ["batch_id"], unique=False)
    op.create_index(op.f("ix_team_jurisdiction_path"), "team", ["jurisdiction_path"], unique=False)
    op.create_index(op.f("ix_team_zone_id"), "team", ["zone_id"], unique=False)
    op.create_table(
        "zone_member",
        sa.Column("zone_id", sa.BigInteger(), nullable=False),
        sa.Column("jurisdiction_path", geo.db.Ltree(), nullable=False),
        sa.ForeignKeyConstraint(
            ["jurisdiction_path"],
            ["jurisdiction.path"],
            name=op.f("fk_zone_member_jurisdiction_path"),
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["zone_id"], ["zone.id"], name=op.f("fk_zone_member_zone_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("zone_id", "jurisdiction_path", name=op.f("pk_zone_member")),
    )
    op.create_index(
        op.f("ix_zone_member_jurisdiction_path"), "zone_member", ["jurisdiction_path"], unique=False
    )
    op.create_geospatial_table(
        "plan_stop",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("stop_id", sa.Text(), nullable=False),
        sa.Column("prize", sa.Integer(), nullable=False),
        sa.Column("service_s", sa.Integer(), nullable=False),
        sa.Column("why", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("crossed", sa.Boolean(), nullable=False),
        sa.Column("crossable", sa.Boolean(), nullable=False),
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
        sa.ForeignKeyConstraint(
            ["jurisdiction_path"],
            ["jurisdiction.path"],
            name=op.f("fk_plan_stop_jurisdiction_path"),
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plan.id"], name=op.f("fk_plan_stop_plan_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_stop")),
        sa.UniqueConstraint("plan_id", "stop_id", name=op.f("uq_plan_stop_plan_id_stop_id")),
    )
    op.create_geospatial_index(
        "idx_plan_stop_geom", "plan_stop", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(op.f("ix_plan_stop_jurisdiction_path"), "plan_stop", ["jurisdiction_path"], unique=False)
    op.create_index(op.f("ix_plan_stop_plan_id"), "plan_stop", ["plan_id"], unique=False)
    op.create_geospatial_table(
        "plan_visit",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("stop_id", sa.Text(), nullable=True),
        sa.Column("arrive_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("distance_m", sa.Float(), nullable=False),
        sa.Column(
            "leg",
            Geometry(
                geometry_type="LINESTRING",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plan.id"], name=op.f("fk_plan_visit_plan_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["team.id"], name=op.f("fk_plan_visit_team_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_visit")),
        sa.UniqueConstraint("plan_id", "team_id", "seq", name=op.f("uq_plan_visit_plan_id_team_id_seq")),
    )
    op.create_geospatial_index(
        "idx_plan_visit_leg", "plan_visit", ["leg"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(op.f("ix_plan_visit_plan_id"), "plan_visit", ["plan_id"], unique=False)
    op.create_index(op.f("ix_plan_visit_team_id"), "plan_visit", ["team_id"], unique=False)


def downgrade() -> None:
    """Downwards."""
    op.drop_index(op.f("ix_plan_visit_team_id"), table_name="plan_visit")
    op.drop_index(op.f("ix_plan_visit_plan_id"), table_name="plan_visit")
    op.drop_geospatial_index(
        "idx_plan_visit_leg", table_name="plan_visit", postgresql_using="gist", column_name="leg"
    )
    op.drop_geospatial_table("plan_visit")
    op.drop_index(op.f("ix_plan_stop_plan_id"), table_name="plan_stop")
    op.drop_index(op.f("ix_plan_stop_jurisdiction_path"), table_name="plan_stop")
    op.drop_geospatial_index(
        "idx_plan_stop_geom", table_name="plan_stop", postgresql_using="gist", column_name="geom"
    )
    op.drop_geospatial_table("plan_stop")
    op.drop_index(op.f("ix_zone_member_jurisdiction_path"), table_name="zone_member")
    op.drop_table("zone_member")
    op.drop_index(op.f("ix_team_zone_id"), table_name="team")
    op.drop_index(op.f("ix_team_jurisdiction_path"), table_name="team")
    op.drop_index(op.f("ix_team_batch_id"), table_name="team")
    op.drop_geospatial_index("idx_team_base", table_name="team", postgresql_using="gist", column_name="base")
    op.drop_geospatial_table("team")
    op.drop_index(op.f("ix_plan_zone_id"), table_name="plan")
    op.drop_index(op.f("ix_plan_analysis_id"), table_name="plan")
    op.drop_table("plan")
    op.drop_index(op.f("ix_zone_batch_id"), table_name="zone")
    op.drop_geospatial_index("idx_zone_geom", table_name="zone", postgresql_using="gist", column_name="geom")
    op.drop_geospatial_table("zone")
