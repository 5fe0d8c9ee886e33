"""Findings carry the name and the unit of their record: a list of them asks no other table."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upwards."""
    op.add_column("audit_finding", sa.Column("name", sa.Text(), server_default="", nullable=False))
    op.add_column("audit_finding", sa.Column("record_unit", sa.Text(), nullable=True))


def downgrade() -> None:
    """Downwards."""
    op.drop_column("audit_finding", "record_unit")
    op.drop_column("audit_finding", "name")
