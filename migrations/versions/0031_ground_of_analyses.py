"""Analyses keep the state of the ground they were made on; changes of places and buildings are counted, too."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

COUNTED = ("place", "obstruction")


def upgrade() -> None:
    """Upwards."""
    op.add_column("analysis", sa.Column("ground", postgresql.JSONB()))
    for table in COUNTED:
        op.execute(
            f"CREATE TRIGGER count_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION count_change()"
        )


def downgrade() -> None:
    """Downwards."""
    for table in COUNTED:
        op.execute(f"DROP TRIGGER count_change ON {table}")
    op.drop_column("analysis", "ground")
