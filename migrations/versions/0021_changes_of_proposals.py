"""Changes of proposals are counted, as those of other things that a tile shows (see 0007)."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upwards."""
    op.execute(
        "CREATE TRIGGER count_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON siting_proposal"
        " FOR EACH STATEMENT EXECUTE FUNCTION count_change()"
    )


def downgrade() -> None:
    """Downwards."""
    op.execute("DROP TRIGGER count_change ON siting_proposal")
