"""Rosters of zones, and what was done to them."""

from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE roster (
    id BIGSERIAL CONSTRAINT pk_roster PRIMARY KEY,
    zone_id BIGINT NOT NULL CONSTRAINT fk_roster_zone_id REFERENCES zone (id) ON DELETE CASCADE,
    days DATERANGE NOT NULL,
    status TEXT NOT NULL CONSTRAINT ck_roster_status CHECK (status IN ('draft', 'published')),
    document JSONB NOT NULL,
    author TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    published_at TIMESTAMPTZ,
    published_by TEXT
);
CREATE INDEX ix_roster_zone_id ON roster (zone_id);
CREATE TABLE roster_step (
    id BIGSERIAL CONSTRAINT pk_roster_step PRIMARY KEY,
    roster_id BIGINT NOT NULL CONSTRAINT fk_roster_step_roster_id REFERENCES roster (id) ON DELETE CASCADE,
    step TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    author TEXT NOT NULL,
    detail JSONB NOT NULL,
    before JSONB NOT NULL
);
CREATE INDEX ix_roster_step_roster_id ON roster_step (roster_id);
ALTER TABLE roster ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON roster TO lianfang_app USING (
    (SELECT scope_is_whole()) OR zone_id = ANY ((SELECT scope_zones())::bigint[]));
ALTER TABLE roster_step ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON roster_step TO lianfang_app USING (
    (SELECT scope_is_whole()) OR EXISTS (SELECT FROM roster AS parent WHERE parent.id = roster_id));
"""


def upgrade() -> None:
    """Upwards."""
    op.execute(TABLES)


def downgrade() -> None:
    """Downwards."""
    op.execute("DROP TABLE roster_step")
    op.execute("DROP TABLE roster")
