"""Work orders are numbered by a sequence: the first finding's number may come in several orders a day.

Numbers go on above those given before, so that none is given twice.
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

SEQUENCE = """
CREATE SEQUENCE work_order_seq;
SELECT setval('work_order_seq', GREATEST(
    (SELECT max(substring(detail ->> 'order_no' FROM '-([0-9]{1,17})$')::bigint) FROM audit_step), 0) + 1, false);
"""


def upgrade() -> None:
    """Upwards."""
    op.execute(SEQUENCE)


def downgrade() -> None:
    """Downwards."""
    op.execute("DROP SEQUENCE work_order_seq")
