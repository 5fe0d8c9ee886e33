"""Whoever sees a zone reads the names of all its villages, though not the rest of what lies in them.

A patrol that crosses villages shows its zone, teams and stops whole to whoever sees one of the villages; who crosses
whom cannot be told without the names of the others.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# As the owner, past the policy of `jurisdiction`, and only of zones that the scope sees; its body is parsed now, so it
# means the same whatever the search path of a connection.
ZONE_VILLAGES = """
CREATE FUNCTION zone_villages(zone bigint) RETURNS TABLE (path ltree, name text, name_en text)
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
BEGIN ATOMIC
    SELECT j.path, j.name, j.name_en
    FROM (SELECT m.jurisdiction_path FROM zone_member AS m WHERE m.zone_id = zone
          UNION SELECT t.jurisdiction_path FROM team AS t WHERE t.zone_id = zone) AS village
    JOIN jurisdiction AS j ON j.path = village.jurisdiction_path
    WHERE (SELECT scope_is_whole()) OR zone = ANY ((SELECT scope_zones())::bigint[]);
END;

REVOKE ALL ON FUNCTION zone_villages(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION zone_villages(bigint) TO lianfang_app;
"""


def upgrade() -> None:
    """Upwards."""
    op.execute(ZONE_VILLAGES)


def downgrade() -> None:
    """Downwards."""
    op.execute("DROP FUNCTION zone_villages(bigint)")
