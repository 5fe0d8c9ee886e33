"""Stills of faults, where a site keeps them."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upwards."""
    op.create_table(
        "still",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("camera_id", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("jpeg", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["camera_id"], ["camera.id"], name="fk_still_camera_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_still"),
        sa.UniqueConstraint("camera_id", "taken_at", "reason", name="uq_still_camera_id_taken_at_reason"),
    )
    op.create_index("ix_still_taken_at", "still", ["taken_at"])
    op.execute("ALTER TABLE still ENABLE ROW LEVEL SECURITY")
    op.execute(
        """CREATE POLICY scope ON still TO lianfang_app USING (
            (SELECT scope_is_whole())
            OR EXISTS (SELECT FROM camera AS parent WHERE parent.id = camera_id))"""
    )


def downgrade() -> None:
    """Downwards."""
    op.drop_table("still")
