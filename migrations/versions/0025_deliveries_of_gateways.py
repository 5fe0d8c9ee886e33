"""Deliveries of frames by programs: what was answered to each, so that it is answered the same once more."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upwards."""
    op.create_table(
        "frame_delivery",
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("answer", postgresql.JSONB(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("account_name", "key"),
    )
    op.create_index("ix_frame_delivery_stored_at", "frame_delivery", ["stored_at"])
    op.execute("ALTER TABLE frame_delivery ENABLE ROW LEVEL SECURITY")
    op.execute(
        """CREATE POLICY scope ON frame_delivery TO lianfang_app
           USING ((SELECT scope_is_some())) WITH CHECK ((SELECT scope_is_some()))"""
    )


def downgrade() -> None:
    """Downwards."""
    op.drop_table("frame_delivery")
