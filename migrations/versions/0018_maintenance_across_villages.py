"""Planned maintenance may span jurisdictions: each sees it with its own cameras, as with a zone.

Whoever has all of its cameras in their area may change it; the cameras are added after it.
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

COLUMN = """
ALTER TABLE maintenance_camera ADD COLUMN jurisdiction_path LTREE
    CONSTRAINT fk_maintenance_camera_jurisdiction_path
    REFERENCES jurisdiction (path) ON UPDATE CASCADE ON DELETE SET NULL;
CREATE INDEX ix_maintenance_camera_jurisdiction_path ON maintenance_camera (jurisdiction_path);
UPDATE maintenance_camera AS m SET jurisdiction_path = (
    SELECT c.jurisdiction_path FROM camera c WHERE c.code = m.code ORDER BY lower(c.valid) DESC LIMIT 1);
"""

# As the owner, past the policies: cameras that are not seen count too.
FUNCTION = """
CREATE FUNCTION scope_holds_maintenance(number bigint) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
    RETURN scope_is_whole() OR (
        EXISTS (SELECT FROM maintenance_camera WHERE maintenance_id = number)
        AND NOT EXISTS (
            SELECT FROM maintenance_camera
            WHERE maintenance_id = number
              AND (jurisdiction_path <@ ANY (scope_paths())) IS NOT TRUE));
REVOKE ALL ON FUNCTION scope_holds_maintenance(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION scope_holds_maintenance(bigint) TO lianfang_app;
"""

WHOLE = "(SELECT scope_is_whole())"
OWN = f"{WHOLE} OR jurisdiction_path <@ ANY ((SELECT scope_paths())::ltree[])"
SEEN = f"{WHOLE} OR EXISTS (SELECT FROM maintenance_camera c WHERE c.maintenance_id = maintenance.id)"
POLICIES = f"""
DROP POLICY scope ON maintenance_camera;
CREATE POLICY scope ON maintenance_camera TO lianfang_app USING ({OWN});
DROP POLICY scope ON maintenance;
CREATE POLICY see ON maintenance FOR SELECT TO lianfang_app USING ({SEEN});
CREATE POLICY add ON maintenance FOR INSERT TO lianfang_app WITH CHECK ((SELECT scope_is_some()));
CREATE POLICY change ON maintenance FOR UPDATE TO lianfang_app USING (scope_holds_maintenance(id));
CREATE POLICY remove ON maintenance FOR DELETE TO lianfang_app USING (scope_holds_maintenance(id));
"""
BEFORE = f"""
DROP POLICY see ON maintenance;
DROP POLICY add ON maintenance;
DROP POLICY change ON maintenance;
DROP POLICY remove ON maintenance;
CREATE POLICY scope ON maintenance TO lianfang_app USING ({OWN});
DROP POLICY scope ON maintenance_camera;
CREATE POLICY scope ON maintenance_camera TO lianfang_app USING (
    {WHOLE} OR EXISTS (SELECT FROM maintenance AS parent WHERE parent.id = maintenance_id));
DROP FUNCTION scope_holds_maintenance(bigint);
ALTER TABLE maintenance_camera DROP COLUMN jurisdiction_path;
"""


def upgrade() -> None:
    """Upwards."""
    op.execute(COLUMN)
    op.execute(FUNCTION)
    op.execute(POLICIES)


def downgrade() -> None:
    """Downwards."""
    op.execute(BEFORE)
