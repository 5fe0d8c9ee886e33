"""Whoever sees a zone reads the names and courses of all its streets, though not the rest of what lies there.

A team is sent across the villages of its zone: its sheet names the streets of the neighbours too, and its map
shows them.
"""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

# As the owner, past the policy of `road_edge`, and only of zones that the scope sees; see 0009.
ZONE_STREETS = """
CREATE FUNCTION zone_streets(zone bigint) RETURNS TABLE (name text, watched boolean, geom geometry)
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
BEGIN ATOMIC
    SELECT e.name, e.watched, e.geom
    FROM zone AS z JOIN road_edge AS e ON e.geom && z.geom
    WHERE z.id = zone_streets.zone AND upper_inf(e.valid)
          AND ((SELECT scope_is_whole()) OR zone_streets.zone = ANY ((SELECT scope_zones())::bigint[]));
END;

REVOKE ALL ON FUNCTION zone_streets(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION zone_streets(bigint) TO lianfang_app;
"""


def upgrade() -> None:
    """Upwards."""
    op.execute(ZONE_STREETS)


def downgrade() -> None:
    """Downwards."""
    op.execute("DROP FUNCTION zone_streets(bigint)")
