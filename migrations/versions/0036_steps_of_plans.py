"""Who approved, published and withdrew a plan, and when."""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE plan_step (
    id BIGSERIAL CONSTRAINT pk_plan_step PRIMARY KEY,
    plan_id BIGINT NOT NULL CONSTRAINT fk_plan_step_plan_id REFERENCES plan (id) ON DELETE CASCADE,
    step TEXT NOT NULL
        CONSTRAINT ck_plan_step_step CHECK (step IN ('approved', 'published', 'withdrawn')),
    at TIMESTAMPTZ NOT NULL,
    author TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    despite JSONB NOT NULL DEFAULT '[]'
);
CREATE INDEX ix_plan_step_plan_id ON plan_step (plan_id);
ALTER TABLE plan_step ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON plan_step TO lianfang_app USING (
    (SELECT scope_is_whole()) OR EXISTS (SELECT FROM plan AS parent WHERE parent.id = plan_id));
"""


def upgrade() -> None:
    """Upwards."""
    op.execute(TABLE)


def downgrade() -> None:
    """Downwards."""
    op.execute("DROP TABLE plan_step")
