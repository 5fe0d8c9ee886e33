"""Proposals of where new cameras and re-aims close most of the gap, and their cameras."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE siting_proposal (
    id BIGSERIAL CONSTRAINT pk_siting_proposal PRIMARY KEY,
    level TEXT NOT NULL,
    asked INTEGER NOT NULL,
    status TEXT NOT NULL
        CONSTRAINT ck_siting_proposal_status CHECK (status IN ('optimal', 'bounded', 'stopped')),
    bound_by TEXT NOT NULL,
    before_mm BIGINT NOT NULL,
    value_mm BIGINT NOT NULL,
    bound_mm BIGINT NOT NULL,
    greedy_mm BIGINT NOT NULL,
    totals JSONB NOT NULL,
    parameters JSONB NOT NULL,
    input_revision TEXT NOT NULL,
    code_version TEXT NOT NULL,
    author TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    jurisdiction_path LTREE CONSTRAINT fk_siting_proposal_jurisdiction_path
        REFERENCES jurisdiction (path) ON UPDATE CASCADE ON DELETE SET NULL,
    CONSTRAINT ck_siting_proposal_bound CHECK (before_mm <= value_mm AND value_mm <= bound_mm)
);
CREATE INDEX ix_siting_proposal_jurisdiction_path ON siting_proposal (jurisdiction_path);

CREATE TABLE siting_camera (
    id BIGSERIAL CONSTRAINT pk_siting_camera PRIMARY KEY,
    proposal_id BIGINT NOT NULL CONSTRAINT fk_siting_camera_proposal_id
        REFERENCES siting_proposal (id) ON DELETE CASCADE,
    rank INTEGER NOT NULL,
    kind TEXT NOT NULL CONSTRAINT ck_siting_camera_kind CHECK (kind IN ('new', 're_aim')),
    spot TEXT NOT NULL,
    camera_code TEXT,
    street TEXT,
    azimuth_deg DOUBLE PRECISION NOT NULL
        CONSTRAINT ck_siting_camera_azimuth CHECK (azimuth_deg >= 0 AND azimuth_deg < 360),
    azimuth_before_deg DOUBLE PRECISION,
    street_mm BIGINT NOT NULL,
    places INTEGER NOT NULL,
    weight_mm BIGINT NOT NULL,
    seen_mm BIGINT NOT NULL,
    seen_places INTEGER NOT NULL,
    share DOUBLE PRECISION NOT NULL,
    geom GEOMETRY (POINT, 4326) NOT NULL,
    seen GEOMETRY (GEOMETRY, 4326) NOT NULL,
    jurisdiction_path LTREE CONSTRAINT fk_siting_camera_jurisdiction_path
        REFERENCES jurisdiction (path) ON UPDATE CASCADE ON DELETE SET NULL,
    CONSTRAINT uq_siting_camera_proposal_id_rank UNIQUE (proposal_id, rank)
);
CREATE INDEX ix_siting_camera_proposal_id ON siting_camera (proposal_id);
CREATE INDEX ix_siting_camera_jurisdiction_path ON siting_camera (jurisdiction_path);
CREATE INDEX idx_siting_camera_geom ON siting_camera USING gist (geom);
CREATE INDEX idx_siting_camera_seen ON siting_camera USING gist (seen);
"""

WHOLE = "(SELECT scope_is_whole())"
# A proposal is one thing: who sees it sees all of its cameras.
POLICIES = f"""
ALTER TABLE siting_proposal ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON siting_proposal TO lianfang_app
    USING ({WHOLE} OR jurisdiction_path <@ ANY ((SELECT scope_paths())::ltree[]));

ALTER TABLE siting_camera ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON siting_camera TO lianfang_app
    USING ({WHOLE} OR EXISTS (SELECT FROM siting_proposal AS parent WHERE parent.id = proposal_id));
"""


def upgrade() -> None:
    """Upwards."""
    op.execute(TABLES)
    op.execute(POLICIES)


def downgrade() -> None:
    """Downwards."""
    op.execute("DROP TABLE siting_camera, siting_proposal")
