"""How the frames of a file came (file, batch of a gateway, probe), and the newest of them."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

# A delivery's file is named by its key. Of what came before only the newest frame of each source is known.
KNOWN = """
UPDATE frame_file f SET way = 'batch' FROM frame_delivery d WHERE d.sha256 = f.sha256 AND d.key = f.file_name;
UPDATE frame_file f SET newest_at = n.newest
FROM (SELECT source_id, max(captured_at) AS newest FROM frame GROUP BY 1) AS n,
     (SELECT source_id, max(stored_at) AS stored FROM frame_file GROUP BY 1) AS l
WHERE n.source_id = f.source_id AND l.source_id = f.source_id AND l.stored = f.stored_at AND f.way = 'file'
"""


def upgrade() -> None:
    """Upwards."""
    op.add_column("frame_file", sa.Column("way", sa.Text(), server_default="file", nullable=False))
    op.add_column("frame_file", sa.Column("newest_at", sa.DateTime(timezone=True)))
    op.create_check_constraint(op.f("ck_frame_file_way"), "frame_file", "way IN ('file', 'batch', 'probe')")
    op.create_index("ix_frame_file_source_id_stored_at", "frame_file", ["source_id", "stored_at"])
    op.execute(KNOWN)


def downgrade() -> None:
    """Downwards."""
    op.drop_index("ix_frame_file_source_id_stored_at", "frame_file")
    op.drop_column("frame_file", "newest_at")
    op.drop_column("frame_file", "way")
