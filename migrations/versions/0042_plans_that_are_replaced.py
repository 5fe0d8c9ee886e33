"""Plans that are published in place of another."""

from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upwards."""
    op.execute(
        """ALTER TABLE plan_step ADD COLUMN by_plan_id BIGINT
               CONSTRAINT fk_plan_step_by_plan_id REFERENCES plan (id) ON DELETE SET NULL;
           CREATE INDEX ix_plan_step_by_plan_id ON plan_step (by_plan_id);
           ALTER TABLE plan_step DROP CONSTRAINT ck_plan_step_step;
           ALTER TABLE plan_step ADD CONSTRAINT ck_plan_step_step
               CHECK (step IN ('approved', 'published', 'withdrawn', 'replaced'));
           ALTER TABLE plan_step ADD CONSTRAINT ck_plan_step_by_plan
               CHECK (by_plan_id IS NULL OR step = 'replaced');"""
    )


def downgrade() -> None:
    """Downwards: who replaced a plan withdrew it."""
    op.execute(
        """ALTER TABLE plan_step DROP CONSTRAINT ck_plan_step_by_plan;
           ALTER TABLE plan_step DROP COLUMN by_plan_id;
           UPDATE plan_step SET step = 'withdrawn' WHERE step = 'replaced';
           ALTER TABLE plan_step DROP CONSTRAINT ck_plan_step_step;
           ALTER TABLE plan_step ADD CONSTRAINT ck_plan_step_step
               CHECK (step IN ('approved', 'published', 'withdrawn'));"""
    )
