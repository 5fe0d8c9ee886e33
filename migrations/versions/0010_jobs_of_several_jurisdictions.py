"""A job that was asked for in several jurisdictions is seen by those who see all of them.

It stands under the first of them; its title, refused rows and results tell of the others too.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BELOW = "<@ ANY ((SELECT scope_paths())::ltree[])"
OWN = f"((SELECT scope_is_whole()) OR jurisdiction_path {BELOW})"
# "within" is checked when a job is asked for: paths joined by commas, or not there.
ALL = f"""((SELECT scope_is_whole()) OR (jurisdiction_path {BELOW} AND NOT EXISTS (
    SELECT FROM unnest(string_to_array(arguments ->> 'within', ',')) AS asked (path)
    WHERE NOT (asked.path::ltree {BELOW}))))"""


def upgrade() -> None:
    """Upwards."""
    _replace(ALL)


def downgrade() -> None:
    """Downwards."""
    _replace(OWN)


def _replace(allowed: str) -> None:
    op.execute("DROP POLICY scope ON job_run")
    op.execute(f"CREATE POLICY scope ON job_run TO lianfang_app USING ({allowed})")
