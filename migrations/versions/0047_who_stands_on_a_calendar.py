"""Who stands on a calendar, told to whoever would end it: calendars are the whole site's."""

from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

# As the owner, past the policies: a duty of another area stands on the same calendar. Codes alone are told.
STANDING = """
CREATE FUNCTION calendar_users(calendar_code text) RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
BEGIN ATOMIC
    SELECT d.code FROM fixed_duty AS d WHERE d.calendar = calendar_code AND upper_inf(d.valid)
    UNION ALL
    SELECT t.code FROM team AS t WHERE t.calendar = calendar_code AND upper_inf(t.valid)
    ORDER BY 1;
END;

REVOKE ALL ON FUNCTION calendar_users(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION calendar_users(text) TO lianfang_app;
"""


def upgrade() -> None:
    """Upwards."""
    op.execute(STANDING)


def downgrade() -> None:
    """Downwards."""
    op.execute("DROP FUNCTION calendar_users(text)")
