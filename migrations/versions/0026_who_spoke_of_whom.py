"""Who spoke of which camera, and since when: its silence counts, however long it lasts."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upwards."""
    op.add_column("camera_source", sa.Column("since", sa.DateTime(timezone=True)))
    # Frames may outlive the record of their camera.
    op.execute(
        """INSERT INTO camera_source (camera_id, source_id, since)
           SELECT f.camera_id, f.source_id, min(f.captured_at) FROM frame f
           WHERE f.camera_id IN (SELECT id FROM camera) AND f.source_id IN (SELECT id FROM frame_source)
           GROUP BY 1, 2 ON CONFLICT DO NOTHING"""
    )


def downgrade() -> None:
    """Downwards."""
    op.execute("DELETE FROM camera_source WHERE since IS NOT NULL")
    op.drop_column("camera_source", "since")
