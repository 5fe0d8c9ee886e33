"""Alerts: ground that is usually watched and is not, its cameras, and the last check for it."""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE alert (
    id BIGSERIAL CONSTRAINT pk_alert PRIMARY KEY,
    planned BOOLEAN NOT NULL,
    cause TEXT NOT NULL
        CONSTRAINT ck_alert_cause CHECK (cause IN ('moved', 'degraded', 'outage', 'not_measured')),
    reasons JSONB NOT NULL,
    common TEXT NOT NULL DEFAULT '',
    street_mm BIGINT NOT NULL,
    places INTEGER NOT NULL,
    open_days INTEGER NOT NULL,
    days INTEGER NOT NULL,
    since_at TIMESTAMPTZ NOT NULL,
    first_seen_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ NOT NULL,
    missed SMALLINT NOT NULL DEFAULT 0,
    ended_at TIMESTAMPTZ,
    ended_how TEXT CONSTRAINT ck_alert_ended_how
        CHECK (ended_how IN ('watched', 'usual', 'maintenance', 'joined', 'unjudged')),
    acknowledged_at TIMESTAMPTZ,
    acknowledged_by TEXT,
    note TEXT NOT NULL DEFAULT '',
    geom GEOMETRY (GEOMETRY, 4326) NOT NULL,
    jurisdiction_path LTREE CONSTRAINT fk_alert_jurisdiction_path
        REFERENCES jurisdiction (path) ON UPDATE CASCADE ON DELETE SET NULL,
    CONSTRAINT ck_alert_ended CHECK ((ended_at IS NULL) = (ended_how IS NULL)),
    CONSTRAINT ck_alert_acknowledged CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL))
);
CREATE INDEX ix_alert_open ON alert (id) WHERE ended_at IS NULL;
CREATE INDEX ix_alert_jurisdiction_path ON alert (jurisdiction_path);
CREATE INDEX idx_alert_geom ON alert USING gist (geom);

CREATE TABLE alert_camera (
    alert_id BIGINT NOT NULL CONSTRAINT fk_alert_camera_alert_id REFERENCES alert (id) ON DELETE CASCADE,
    camera_id BIGINT NOT NULL CONSTRAINT fk_alert_camera_camera_id REFERENCES camera (id) ON DELETE CASCADE,
    CONSTRAINT pk_alert_camera PRIMARY KEY (alert_id, camera_id)
);
CREATE INDEX ix_alert_camera_camera_id ON alert_camera (camera_id);

CREATE TABLE alert_check (
    id SMALLINT CONSTRAINT pk_alert_check PRIMARY KEY CONSTRAINT ck_alert_check_one CHECK (id = 1),
    checked_at TIMESTAMPTZ,
    days INTEGER,
    took_s DOUBLE PRECISION,
    frames_at TIMESTAMPTZ,
    failed_at TIMESTAMPTZ,
    error JSONB
);
"""

POLICIES = {
    "alert": "(SELECT scope_is_whole()) OR jurisdiction_path <@ ANY ((SELECT scope_paths())::ltree[])",
    "alert_camera": """(SELECT scope_is_whole())
                       OR EXISTS (SELECT FROM alert AS parent WHERE parent.id = alert_id)""",
    # Of no jurisdiction: what all of a site share.
    "alert_check": "(SELECT scope_is_some())",
}


def upgrade() -> None:
    """Upwards."""
    op.execute(TABLES)
    for table, allowed in POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY scope ON {table} TO lianfang_app USING ({allowed})")


def downgrade() -> None:
    """Downwards."""
    for table in reversed(POLICIES):
        op.execute(f"DROP TABLE {table}")
