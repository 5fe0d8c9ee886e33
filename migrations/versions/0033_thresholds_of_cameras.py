"""Thresholds of single cameras, set by hand or learnt from their own normal days."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

TABLE = "camera_threshold"


def upgrade() -> None:
    """Upwards."""
    op.create_table(
        TABLE,
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("camera_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("origin IN ('set', 'learnt')", name=f"ck_{TABLE}_origin"),
        sa.CheckConstraint(
            "(origin = 'learnt') = (camera_id IS NOT NULL)", name=f"ck_{TABLE}_learnt_of_a_record"
        ),
        sa.ForeignKeyConstraint(
            ["camera_id"], ["camera.id"], name=f"fk_{TABLE}_camera_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{TABLE}"),
        sa.UniqueConstraint("code", "name", "origin", name=f"uq_{TABLE}_code_name_origin"),
    )
    op.create_index(f"ix_{TABLE}_camera_id", TABLE, ["camera_id"])
    op.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"""CREATE POLICY scope ON {TABLE} TO lianfang_app USING (
            (SELECT scope_is_whole())
            OR EXISTS (SELECT FROM camera AS parent WHERE parent.code = {TABLE}.code))"""
    )


def downgrade() -> None:
    """Downwards."""
    op.drop_table(TABLE)
