"""What an analysis says of each camera, summed up: a list of 100,000 cameras is filtered and sorted by it.

Of analyses made before, worst state, online share and findings are summed up here; what changed since the
start of their period is told by new ones alone.
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE camera_state (
    analysis_id BIGINT NOT NULL
        CONSTRAINT fk_camera_state_analysis_id REFERENCES analysis (id) ON DELETE CASCADE,
    camera_id BIGINT NOT NULL
        CONSTRAINT fk_camera_state_camera_id REFERENCES camera (id) ON DELETE CASCADE,
    state TEXT NOT NULL
        CONSTRAINT ck_camera_state_state CHECK (state IN ('usable', 'degraded', 'outage', 'not_measured')),
    online DOUBLE PRECISION NOT NULL,
    findings INTEGER NOT NULL,
    change TEXT CONSTRAINT ck_camera_state_change CHECK (change IN ('new', 'still', 'restored')),
    together TEXT,
    jurisdiction_path LTREE
        CONSTRAINT fk_camera_state_jurisdiction_path REFERENCES jurisdiction (path) ON UPDATE CASCADE,
    CONSTRAINT pk_camera_state PRIMARY KEY (analysis_id, camera_id)
);
CREATE INDEX ix_camera_state_camera_id ON camera_state (camera_id);
CREATE INDEX ix_camera_state_jurisdiction_path ON camera_state (jurisdiction_path);

ALTER TABLE camera_state ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON camera_state TO lianfang_app
    USING ((SELECT scope_is_whole()) OR jurisdiction_path <@ ANY ((SELECT scope_paths())::ltree[]));
"""
SUMMED_UP = """
INSERT INTO camera_state (analysis_id, camera_id, state, online, findings, jurisdiction_path)
SELECT a.analysis_id, a.camera_id,
       (array_agg(a.state ORDER BY array_position(
            ARRAY['outage', 'degraded', 'not_measured', 'usable'], a.state)))[1],
       COALESCE(sum(extract(epoch FROM upper(a.period) - lower(a.period)))
                    FILTER (WHERE a.state IN ('usable', 'degraded')), 0)
       / sum(extract(epoch FROM upper(a.period) - lower(a.period))),
       (SELECT count(*) FROM camera_finding f
        WHERE f.analysis_id = a.analysis_id AND f.camera_id = a.camera_id),
       a.jurisdiction_path
FROM availability a GROUP BY a.analysis_id, a.camera_id, a.jurisdiction_path
"""


def upgrade() -> None:
    """Upwards."""
    op.execute(TABLE)
    op.execute(SUMMED_UP)


def downgrade() -> None:
    """Downwards."""
    op.execute("DROP TABLE camera_state")
