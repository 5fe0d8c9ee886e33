"""Teams with a drone, and how far and how long it flies."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

FLIGHT = """CASE WHEN mode = 'uav' THEN range_m IS NOT NULL AND range_m > 0
                                            AND endurance_s IS NOT NULL AND endurance_s > 0
                    ELSE range_m IS NULL AND endurance_s IS NULL END"""


def upgrade() -> None:
    """Upwards."""
    op.add_column("team", sa.Column("range_m", sa.Float(), nullable=True))
    op.add_column("team", sa.Column("endurance_s", sa.Integer(), nullable=True))
    op.drop_constraint(op.f("ck_team_mode"), "team", type_="check")
    op.create_check_constraint(op.f("ck_team_mode"), "team", "mode IN ('foot', 'ebike', 'car', 'uav')")
    op.create_check_constraint(op.f("ck_team_flight"), "team", FLIGHT)


def downgrade() -> None:
    """Downwards; teams that fly, and what was planned with them, are no teams then."""
    op.execute("DELETE FROM team WHERE mode = 'uav'")
    op.drop_constraint(op.f("ck_team_flight"), "team", type_="check")
    op.drop_constraint(op.f("ck_team_mode"), "team", type_="check")
    op.create_check_constraint(op.f("ck_team_mode"), "team", "mode IN ('foot', 'ebike', 'car')")
    op.drop_column("team", "endurance_s")
    op.drop_column("team", "range_m")
