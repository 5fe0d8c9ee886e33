"""Marks of findings hold the camera's own matter: no count of its neighbours, no limit that is a setting.

Told from what is stored, so that what people accepted and closed does not come back for the change alone.
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

MARKS = """
UPDATE audit_finding SET mark = CASE kind
    WHEN 'crowded_position' THEN
        round(ST_X(geom)::numeric, 5)::text || ' ' || round(ST_Y(geom)::numeric, 5)::text
    WHEN 'crowded_address' THEN evidence #>> '{values,address}'
    ELSE evidence #>> '{values,height}' END
WHERE kind = 'crowded_position'
   OR kind = 'crowded_address' AND evidence #>> '{values,address}' IS NOT NULL
   OR kind = 'height_odd' AND evidence #>> '{values,height}' IS NOT NULL
"""


def upgrade() -> None:
    """Upwards."""
    op.execute(MARKS)


def downgrade() -> None:
    """Downwards: the marks of before are worked out by the next audit."""
