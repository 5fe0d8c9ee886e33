"""Fixed duties."""

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE fixed_duty (
    id BIGSERIAL CONSTRAINT pk_fixed_duty PRIMARY KEY,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    name_en TEXT,
    kind TEXT NOT NULL CONSTRAINT ck_fixed_duty_kind
        CHECK (kind IN ('school_gate', 'water', 'village_entrance', 'bank', 'other')),
    calendar TEXT,
    hours JSONB NOT NULL DEFAULT '[]',
    stay_s INTEGER NOT NULL CONSTRAINT ck_fixed_duty_stay CHECK (stay_s BETWEEN 10 AND 14400),
    required BOOLEAN NOT NULL,
    prize INTEGER NOT NULL CONSTRAINT ck_fixed_duty_prize CHECK (prize BETWEEN 0 AND 100000),
    villages JSONB NOT NULL DEFAULT '[]',
    teams JSONB NOT NULL DEFAULT '[]',
    note TEXT NOT NULL DEFAULT '',
    geom GEOMETRY(POINT, 4326) NOT NULL,
    jurisdiction_path LTREE NOT NULL
        CONSTRAINT fk_fixed_duty_jurisdiction_path REFERENCES jurisdiction (path) ON UPDATE CASCADE,
    author TEXT NOT NULL,
    batch_id BIGINT NOT NULL CONSTRAINT fk_fixed_duty_batch_id REFERENCES import_batch (id),
    valid TSTZRANGE NOT NULL,
    CONSTRAINT ck_fixed_duty_valid_half_open
        CHECK (NOT isempty(valid) AND lower_inc(valid) AND NOT upper_inc(valid)),
    CONSTRAINT ex_fixed_duty_code_valid EXCLUDE USING gist (code WITH =, valid WITH &&)
);
CREATE INDEX ix_fixed_duty_jurisdiction_path ON fixed_duty (jurisdiction_path);
CREATE INDEX ix_fixed_duty_batch_id ON fixed_duty (batch_id);
CREATE INDEX idx_fixed_duty_geom ON fixed_duty USING gist (geom);
ALTER TABLE fixed_duty ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON fixed_duty TO lianfang_app USING (
    (SELECT scope_is_whole()) OR jurisdiction_path <@ ANY ((SELECT scope_paths())::ltree[]));
"""


def upgrade() -> None:
    """Upwards."""
    op.execute(TABLE)


def downgrade() -> None:
    """Downwards."""
    op.execute("DROP TABLE fixed_duty")
