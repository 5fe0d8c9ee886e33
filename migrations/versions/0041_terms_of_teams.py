"""On what terms a team serves: daily hours, calendar, by day only, breaks, skills, pace, and where it must not go."""

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

TERMS = """
ALTER TABLE team
    ADD COLUMN daily_from TIME,
    ADD COLUMN daily_to TIME,
    ADD COLUMN daytime_only BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN breaks JSONB NOT NULL DEFAULT '[]',
    ADD COLUMN skills JSONB NOT NULL DEFAULT '[]',
    ADD COLUMN pace_percent INTEGER NOT NULL DEFAULT 100,
    ADD COLUMN calendar TEXT,
    ADD CONSTRAINT ck_team_daily CHECK (CASE WHEN daily_from IS NULL THEN daily_to IS NULL
                                             ELSE daily_to IS NOT NULL AND daily_from <> daily_to END),
    ADD CONSTRAINT ck_team_pace CHECK (pace_percent BETWEEN 20 AND 100);

CREATE TABLE team_keep_out (
    team_id BIGINT NOT NULL CONSTRAINT fk_team_keep_out_team_id REFERENCES team (id) ON DELETE CASCADE,
    jurisdiction_path LTREE NOT NULL CONSTRAINT fk_team_keep_out_jurisdiction_path
        REFERENCES jurisdiction (path) ON UPDATE CASCADE,
    CONSTRAINT pk_team_keep_out PRIMARY KEY (team_id, jurisdiction_path)
);
CREATE INDEX ix_team_keep_out_jurisdiction_path ON team_keep_out (jurisdiction_path);
ALTER TABLE team_keep_out ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON team_keep_out TO lianfang_app USING (
    (SELECT scope_is_whole()) OR EXISTS (SELECT FROM team AS parent WHERE parent.id = team_id));
"""


def upgrade() -> None:
    """Upwards."""
    op.execute(TERMS)


def downgrade() -> None:
    """Downwards; the terms are forgotten."""
    op.execute("DROP TABLE team_keep_out")
    op.execute(
        """ALTER TABLE team DROP CONSTRAINT ck_team_pace, DROP CONSTRAINT ck_team_daily,
               DROP COLUMN daily_from, DROP COLUMN daily_to, DROP COLUMN daytime_only, DROP COLUMN breaks,
               DROP COLUMN skills, DROP COLUMN pace_percent, DROP COLUMN calendar"""
    )
