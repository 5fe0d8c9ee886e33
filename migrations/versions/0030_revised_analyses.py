"""Analyses keep what it takes to bring them up to date around one camera."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upwards."""
    op.add_column("analysis", sa.Column("delivered", postgresql.JSONB()))
    op.add_column("analysis", sa.Column("revisions", postgresql.JSONB(), server_default="[]", nullable=False))
    for name in ("east_m", "north_m", "above_m"):
        op.add_column("pose", sa.Column(name, sa.Float()))
    op.add_column("pose", sa.Column("travels", sa.Boolean(), server_default="false", nullable=False))
    # The number under which gaps are shown as one is the id of one of them now.
    op.alter_column("gap", "merged", type_=sa.BigInteger(), existing_nullable=False)
    op.create_index(op.f("ix_gap_camera_camera_id"), "gap_camera", ["camera_id"])


def downgrade() -> None:
    """Downwards."""
    op.drop_index(op.f("ix_gap_camera_camera_id"), table_name="gap_camera")
    op.execute("UPDATE gap SET merged = rank - 1")
    op.alter_column("gap", "merged", type_=sa.Integer(), existing_nullable=False)
    for name in ("travels", "above_m", "north_m", "east_m"):
        op.drop_column("pose", name)
    op.drop_column("analysis", "revisions")
    op.drop_column("analysis", "delivered")
