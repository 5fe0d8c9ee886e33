"""Changes of camera records that somebody proposed, and what a reviewer made of them."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# A proposal is seen by whoever sees the record it is about.
TABLE = """
CREATE TABLE camera_proposal (
    id BIGSERIAL CONSTRAINT pk_camera_proposal PRIMARY KEY,
    camera_id BIGINT NOT NULL
        CONSTRAINT fk_camera_proposal_camera_id REFERENCES camera (id) ON DELETE CASCADE,
    code TEXT NOT NULL,
    made_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    author TEXT NOT NULL,
    origin TEXT NOT NULL CONSTRAINT ck_camera_proposal_origin CHECK (origin IN ('page', 'bulk', 'pole')),
    group_key TEXT,
    before JSONB NOT NULL,
    after JSONB NOT NULL,
    note TEXT NOT NULL DEFAULT '',
    accuracy_m DOUBLE PRECISION,
    photo BYTEA,
    state TEXT NOT NULL DEFAULT 'open'
        CONSTRAINT ck_camera_proposal_state CHECK (state IN ('open', 'accepted', 'rejected', 'withdrawn')),
    reviewer TEXT,
    reviewed_at TIMESTAMPTZ,
    review_note TEXT NOT NULL DEFAULT '',
    CONSTRAINT ck_camera_proposal_reviewed
        CHECK ((state = 'open') = (reviewed_at IS NULL) AND (reviewer IS NULL) = (reviewed_at IS NULL))
);
CREATE INDEX ix_camera_proposal_camera_id ON camera_proposal (camera_id);
CREATE INDEX ix_camera_proposal_group_key ON camera_proposal (group_key);
CREATE INDEX ix_camera_proposal_state ON camera_proposal (state);

ALTER TABLE camera_change ADD COLUMN proposal_id BIGINT
    CONSTRAINT fk_camera_change_proposal_id REFERENCES camera_proposal (id) ON DELETE SET NULL;
CREATE INDEX ix_camera_change_proposal_id ON camera_change (proposal_id);

ALTER TABLE camera_proposal ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON camera_proposal TO lianfang_app
    USING ((SELECT scope_is_whole()) OR EXISTS (SELECT FROM camera AS parent WHERE parent.id = camera_id));
"""


def upgrade() -> None:
    """Upwards."""
    op.execute(TABLE)


def downgrade() -> None:
    """Downwards."""
    op.execute("ALTER TABLE camera_change DROP COLUMN proposal_id")
    op.execute("DROP TABLE camera_proposal")
