"""Frames tell their height above the ground and more measures of the picture; files keep what was refused."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

NUMBERS = ("height_m", "noise", "cast", "shift")


def upgrade() -> None:
    """Upwards."""
    for name in NUMBERS:
        op.add_column("frame", sa.Column(name, sa.Float()))
    op.add_column("frame_file", sa.Column("refused", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column(
        "frame_file", sa.Column("problems", postgresql.JSONB(), server_default="[]", nullable=False)
    )


def downgrade() -> None:
    """Downwards."""
    op.drop_column("frame_file", "problems")
    op.drop_column("frame_file", "refused")
    for name in reversed(NUMBERS):
        op.drop_column("frame", name)
