"""Imports that were undone stay in the record of imports, marked as such."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upwards."""
    op.add_column("import_batch", sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("import_batch", sa.Column("undone_by", sa.Text(), nullable=True))


def downgrade() -> None:
    """Downwards."""
    op.drop_column("import_batch", "undone_by")
    op.drop_column("import_batch", "undone_at")
