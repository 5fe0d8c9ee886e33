"""Places: site, imports, jurisdictions, roads, obstructions, places, water."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

import geo.db

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upwards."""
    # The program's role owns nothing: it is granted what the owner makes, now and later.
    op.execute("GRANT USAGE ON SCHEMA public TO lianfang_app")
    # Alembic made it before these privileges; the program reads it to know whether it fits the schema.
    op.execute("GRANT SELECT ON alembic_version TO lianfang_app")
    op.execute(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO lianfang_app"
    )
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO lianfang_app")
    op.create_table(
        "import_batch",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("datum", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "datum IN ('wgs84', 'cgcs2000', 'gcj02', 'bd09')", name=op.f("ck_import_batch_datum")
        ),
        sa.CheckConstraint("label IN ('real', 'derived', 'synthetic')", name=op.f("ck_import_batch_label")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
    )
    op.create_table(
        "setting",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_setting")),
    )
    op.create_table(
        "site",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("metric_epsg", sa.Integer(), nullable=False),
        sa.Column("scene", sa.Text(), nullable=True),
        sa.Column("attribution", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_site_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
    )
    op.create_geospatial_table(
        "jurisdiction",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("path", geo.db.Ltree(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("valid", postgresql.TSTZRANGE(), nullable=False),
        sa.CheckConstraint(
            "origin IN ('official', 'derived', 'synthetic')", name=op.f("ck_jurisdiction_origin")
        ),
        sa.CheckConstraint(
            "NOT isempty(valid) AND lower_inc(valid) AND NOT upper_inc(valid)",
            name=op.f("ck_jurisdiction_valid_half_open"),
        ),
        sa.CheckConstraint("level >= 0", name=op.f("ck_jurisdiction_level")),
        sa.CheckConstraint("nlevel(path) = level + 1", name=op.f("ck_jurisdiction_depth")),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_jurisdiction_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jurisdiction")),
        sa.UniqueConstraint("path", name=op.f("uq_jurisdiction_path")),
    )
    op.create_geospatial_index(
        "idx_jurisdiction_geom",
        "jurisdiction",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(op.f("ix_jurisdiction_batch_id"), "jurisdiction", ["batch_id"], unique=False)
    op.create_index(op.f("ix_jurisdiction_code"), "jurisdiction", ["code"], unique=False)
    op.create_index(
        "ix_jurisdiction_path_gist", "jurisdiction", ["path"], unique=False, postgresql_using="gist"
    )
    op.create_geospatial_table(
        "road_node",
        sa.Column("id", sa.BigInteger(), nullable=False),
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
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_road_node_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_road_node")),
    )
    op.create_geospatial_index(
        "idx_road_node_geom", "road_node", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(op.f("ix_road_node_batch_id"), "road_node", ["batch_id"], unique=False)
    op.create_geospatial_table(
        "water",
        sa.Column("id", sa.BigInteger(), nullable=False),
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
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_water_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_water")),
    )
    op.create_geospatial_index(
        "idx_water_geom", "water", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(op.f("ix_water_batch_id"), "water", ["batch_id"], unique=False)
    op.create_geospatial_table(
        "obstruction",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("height_m", sa.Float(), nullable=True),
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
        sa.Column("jurisdiction_path", geo.db.Ltree(), nullable=True),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("valid", postgresql.TSTZRANGE(), nullable=False),
        sa.CheckConstraint(
            "NOT isempty(valid) AND lower_inc(valid) AND NOT upper_inc(valid)",
            name=op.f("ck_obstruction_valid_half_open"),
        ),
        sa.CheckConstraint("height_m > 0", name=op.f("ck_obstruction_height")),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_obstruction_batch_id")),
        sa.ForeignKeyConstraint(
            ["jurisdiction_path"],
            ["jurisdiction.path"],
            name=op.f("fk_obstruction_jurisdiction_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_obstruction")),
    )
    op.create_geospatial_index(
        "idx_obstruction_geom",
        "obstruction",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(op.f("ix_obstruction_batch_id"), "obstruction", ["batch_id"], unique=False)
    op.create_index(
        op.f("ix_obstruction_jurisdiction_path"), "obstruction", ["jurisdiction_path"], unique=False
    )
    op.create_geospatial_table(
        "place",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
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
        sa.CheckConstraint(
            "NOT isempty(valid) AND lower_inc(valid) AND NOT upper_inc(valid)",
            name=op.f("ck_place_valid_half_open"),
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_place_batch_id")),
        sa.ForeignKeyConstraint(
            ["jurisdiction_path"],
            ["jurisdiction.path"],
            name=op.f("fk_place_jurisdiction_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place")),
    )
    op.create_geospatial_index(
        "idx_place_geom", "place", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(op.f("ix_place_batch_id"), "place", ["batch_id"], unique=False)
    op.create_index(op.f("ix_place_jurisdiction_path"), "place", ["jurisdiction_path"], unique=False)
    op.create_geospatial_table(
        "road_edge",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("u", sa.BigInteger(), nullable=False),
        sa.Column("v", sa.BigInteger(), nullable=False),
        sa.Column("way_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("road_class", sa.Text(), nullable=False),
        sa.Column("foot_forward", sa.Boolean(), nullable=False),
        sa.Column("foot_backward", sa.Boolean(), nullable=False),
        sa.Column("ebike_forward", sa.Boolean(), nullable=False),
        sa.Column("ebike_backward", sa.Boolean(), nullable=False),
        sa.Column("car_forward", sa.Boolean(), nullable=False),
        sa.Column("car_backward", sa.Boolean(), nullable=False),
        sa.Column("watched", sa.Boolean(), nullable=False),
        sa.Column("steps", sa.Boolean(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="LINESTRING",
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
        sa.CheckConstraint(
            "NOT isempty(valid) AND lower_inc(valid) AND NOT upper_inc(valid)",
            name=op.f("ck_road_edge_valid_half_open"),
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_road_edge_batch_id")),
        sa.ForeignKeyConstraint(
            ["jurisdiction_path"],
            ["jurisdiction.path"],
            name=op.f("fk_road_edge_jurisdiction_path"),
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(["u"], ["road_node.id"], name=op.f("fk_road_edge_u")),
        sa.ForeignKeyConstraint(["v"], ["road_node.id"], name=op.f("fk_road_edge_v")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_road_edge")),
    )
    op.create_geospatial_index(
        "idx_road_edge_geom", "road_edge", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(op.f("ix_road_edge_batch_id"), "road_edge", ["batch_id"], unique=False)
    op.create_index(op.f("ix_road_edge_jurisdiction_path"), "road_edge", ["jurisdiction_path"], unique=False)


def downgrade() -> None:
    """Downwards."""
    op.drop_index(op.f("ix_road_edge_jurisdiction_path"), table_name="road_edge")
    op.drop_index(op.f("ix_road_edge_batch_id"), table_name="road_edge")
    op.drop_geospatial_index(
        "idx_road_edge_geom", table_name="road_edge", postgresql_using="gist", column_name="geom"
    )
    op.drop_geospatial_table("road_edge")
    op.drop_index(op.f("ix_place_jurisdiction_path"), table_name="place")
    op.drop_index(op.f("ix_place_batch_id"), table_name="place")
    op.drop_geospatial_index(
        "idx_place_geom", table_name="place", postgresql_using="gist", column_name="geom"
    )
    op.drop_geospatial_table("place")
    op.drop_index(op.f("ix_obstruction_jurisdiction_path"), table_name="obstruction")
    op.drop_index(op.f("ix_obstruction_batch_id"), table_name="obstruction")
    op.drop_geospatial_index(
        "idx_obstruction_geom", table_name="obstruction", postgresql_using="gist", column_name="geom"
    )
    op.drop_geospatial_table("obstruction")
    op.drop_index(op.f("ix_water_batch_id"), table_name="water")
    op.drop_geospatial_index(
        "idx_water_geom", table_name="water", postgresql_using="gist", column_name="geom"
    )
    op.drop_geospatial_table("water")
    op.drop_index(op.f("ix_road_node_batch_id"), table_name="road_node")
    op.drop_geospatial_index(
        "idx_road_node_geom", table_name="road_node", postgresql_using="gist", column_name="geom"
    )
    op.drop_geospatial_table("road_node")
    op.drop_index("ix_jurisdiction_path_gist", table_name="jurisdiction", postgresql_using="gist")
    op.drop_index(op.f("ix_jurisdiction_code"), table_name="jurisdiction")
    op.drop_index(op.f("ix_jurisdiction_batch_id"), table_name="jurisdiction")
    op.drop_geospatial_index(
        "idx_jurisdiction_geom", table_name="jurisdiction", postgresql_using="gist", column_name="geom"
    )
    op.drop_geospatial_table("jurisdiction")
    op.drop_table("site")
    op.drop_table("setting")
    op.drop_table("import_batch")
    op.execute(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE USAGE, SELECT ON SEQUENCES FROM lianfang_app"
    )
    op.execute(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
        " REVOKE SELECT, INSERT, UPDATE, DELETE ON TABLES FROM lianfang_app"
    )
    op.execute("REVOKE USAGE ON SCHEMA public FROM lianfang_app")
