"""Teams that signed in at stops."""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE check_in (
    id BIGSERIAL CONSTRAINT pk_check_in PRIMARY KEY,
    plan_id BIGINT NOT NULL CONSTRAINT fk_check_in_plan_id REFERENCES plan (id) ON DELETE CASCADE,
    team_id BIGINT NOT NULL CONSTRAINT fk_check_in_team_id REFERENCES team (id) ON DELETE CASCADE,
    stop_id TEXT NOT NULL,
    arrived_at TIMESTAMPTZ NOT NULL,
    left_at TIMESTAMPTZ,
    signer TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '',
    origin TEXT NOT NULL CONSTRAINT ck_check_in_known_origin CHECK (origin IN ('sheet', 'pack')),
    pack_id TEXT,
    author TEXT NOT NULL,
    entered_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT fk_check_in_plan_id_stop_id FOREIGN KEY (plan_id, stop_id)
        REFERENCES plan_stop (plan_id, stop_id) ON DELETE CASCADE,
    CONSTRAINT uq_check_in_plan_id_team_id_stop_id_arrived_at UNIQUE (plan_id, team_id, stop_id, arrived_at),
    CONSTRAINT ck_check_in_left CHECK (left_at >= arrived_at),
    CONSTRAINT ck_check_in_origin CHECK ((origin = 'pack') = (pack_id IS NOT NULL))
);
CREATE INDEX ix_check_in_plan_id ON check_in (plan_id);
CREATE INDEX ix_check_in_team_id ON check_in (team_id);
ALTER TABLE check_in ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON check_in TO lianfang_app USING (
    (SELECT scope_is_whole()) OR EXISTS (SELECT FROM plan AS parent WHERE parent.id = plan_id));
"""


def upgrade() -> None:
    """Upwards."""
    op.execute(TABLE)


def downgrade() -> None:
    """Downwards."""
    op.execute("DROP TABLE check_in")
