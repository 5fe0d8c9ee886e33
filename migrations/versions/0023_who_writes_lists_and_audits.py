"""Audits and assessed lists are written where they were made for, and seen there, above and below.

Until now whoever saw anything saw and wrote all of them. A camera is added to a planned maintenance only by
whoever holds all that is on it: adding one's own would show another's.
"""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

WHOLE = "(SELECT scope_is_whole())"
PATHS = "ANY ((SELECT scope_paths())::ltree[])"
OWN = f"{WHOLE} OR jurisdiction_path <@ {PATHS}"
WITHIN = f"{WHOLE} OR within_path <@ {PATHS}"
# What was made for a larger area, or for the whole site, speaks for one's own too; what was made for a part
# of one's own is one's own.
ABOUT = f"""{WHOLE} OR ((SELECT scope_is_some())
    AND (within_path IS NULL OR within_path <@ {PATHS} OR within_path @> {PATHS}))"""

# As the owner, past the policies: cameras that are not seen count too. The first cameras of a new one, which
# are written by one statement, see none before them.
FUNCTION = """
CREATE FUNCTION scope_may_join_maintenance(number bigint) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
    RETURN scope_is_whole() OR NOT EXISTS (
        SELECT FROM maintenance_camera
        WHERE maintenance_id = number AND (jurisdiction_path <@ ANY (scope_paths())) IS NOT TRUE);
REVOKE ALL ON FUNCTION scope_may_join_maintenance(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION scope_may_join_maintenance(bigint) TO lianfang_app;
"""
JOINS = f"({OWN}) AND scope_may_join_maintenance(maintenance_id)"
LISTS = ("camera_audit", "assessed_list")


def upgrade() -> None:
    """Upwards."""
    for table in LISTS:
        op.execute(f"DROP POLICY scope ON {table}")
        op.execute(f"CREATE POLICY see ON {table} FOR SELECT TO lianfang_app USING ({ABOUT})")
        op.execute(f"CREATE POLICY add ON {table} FOR INSERT TO lianfang_app WITH CHECK ({WITHIN})")
        op.execute(f"CREATE POLICY change ON {table} FOR UPDATE TO lianfang_app USING ({WITHIN})")
        op.execute(f"CREATE POLICY remove ON {table} FOR DELETE TO lianfang_app USING ({WITHIN})")
    op.execute(FUNCTION)
    op.execute("DROP POLICY scope ON maintenance_camera")
    op.execute(f"CREATE POLICY see ON maintenance_camera FOR SELECT TO lianfang_app USING ({OWN})")
    op.execute(f"CREATE POLICY add ON maintenance_camera FOR INSERT TO lianfang_app WITH CHECK ({JOINS})")
    op.execute(
        f"""CREATE POLICY change ON maintenance_camera FOR UPDATE TO lianfang_app
            USING ({OWN}) WITH CHECK ({JOINS})"""
    )
    op.execute(f"CREATE POLICY remove ON maintenance_camera FOR DELETE TO lianfang_app USING ({JOINS})")


def downgrade() -> None:
    """Downwards."""
    for table in (*LISTS, "maintenance_camera"):
        for name in ("see", "add", "change", "remove"):
            op.execute(f"DROP POLICY {name} ON {table}")
        allowed = OWN if table == "maintenance_camera" else "(SELECT scope_is_some())"
        op.execute(f"CREATE POLICY scope ON {table} TO lianfang_app USING ({allowed})")
    op.execute("DROP FUNCTION scope_may_join_maintenance(bigint)")
