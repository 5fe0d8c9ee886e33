"""Recordings: what of each camera was recorded and is still there, and what the lists of them speak of."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

HALF_OPEN = "NOT isempty(period) AND lower_inc(period) AND NOT upper_inc(period)"
TABLES = ("recording_list", "recording")


def columns(table: str) -> list[sa.Column | sa.Constraint]:
    """What both tables have."""
    return [
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("camera_id", sa.BigInteger(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("period", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(HALF_OPEN, name=f"ck_{table}_period_half_open"),
        sa.ForeignKeyConstraint(
            ["camera_id"], ["camera.id"], name=f"fk_{table}_camera_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["frame_source.id"], name=f"fk_{table}_source_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    ]


def upgrade() -> None:
    """Upwards."""
    op.create_table("recording_list", *columns("recording_list"))
    op.create_table(
        "recording",
        *columns("recording"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('unknown', 'time', 'alarm', 'manual')", name="ck_recording_kind"),
    )
    op.create_index("ix_recording_list_camera_id_source_id", "recording_list", ["camera_id", "source_id"])
    op.create_index(
        "ix_recording_camera_id_period", "recording", ["camera_id", "period"], postgresql_using="gist"
    )
    for table in TABLES:
        op.create_index(f"ix_{table}_source_id", table, ["source_id"])
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"""CREATE POLICY scope ON {table} TO lianfang_app USING (
                (SELECT scope_is_whole())
                OR EXISTS (SELECT FROM camera AS parent WHERE parent.id = camera_id))"""
        )


def downgrade() -> None:
    """Downwards."""
    for table in TABLES:
        op.drop_table(table)
