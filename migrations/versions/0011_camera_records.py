"""The whole field set of a camera record (一机一档), and the history of its changes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

COLUMNS: dict[type[sa.types.TypeEngine], tuple[str, ...]] = {
    sa.Float: ("focal_mm", "sensor_width_mm", "night_range_m", "max_view_m"),
    sa.SmallInteger: ("ptz_type", "supply_light", "room_type", "mobile_device", "point_class", "status"),
    sa.Text: (
        *("capture_position", "function_type", "manufacturer", "model", "civil_code", "block", "address"),
        *("grassroots_code", "business_group", "security_level", "management_unit", "contact"),
        *("ip_address", "mac", "source_datum"),
    ),
    sa.Date: ("installed_on",),
    sa.Integer: ("record_days", "port", "source_row"),
}

# A change is seen by whoever sees the record.
THROUGH = "(SELECT scope_is_whole()) OR EXISTS (SELECT FROM camera AS parent WHERE parent.id = camera_id)"


def upgrade() -> None:
    """Upwards."""
    for kind, names in COLUMNS.items():
        for name in names:
            op.add_column("camera", sa.Column(name, kind(), nullable=True))
    op.create_table(
        "camera_change",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("camera_id", sa.BigInteger(), nullable=False),
        sa.Column("previous_id", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('changed', 'moved', 'retired', 'restored')", name=op.f("ck_camera_change_kind")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_camera_change_batch_id")),
        sa.ForeignKeyConstraint(
            ["camera_id"], ["camera.id"], name=op.f("fk_camera_change_camera_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera_change")),
    )
    op.create_index("ix_camera_change_code_changed_at", "camera_change", ["code", "changed_at"], unique=False)
    for column in ("batch_id", "camera_id"):
        op.create_index(op.f(f"ix_camera_change_{column}"), "camera_change", [column], unique=False)
    op.execute("ALTER TABLE camera_change ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY scope ON camera_change TO lianfang_app USING ({THROUGH})")


def downgrade() -> None:
    """Downwards."""
    op.drop_table("camera_change")
    for names in COLUMNS.values():
        for name in names:
            op.drop_column("camera", name)
