"""Audits of camera records: runs, findings and their steps, planned maintenance, assessed lists."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE camera_audit (
    id BIGSERIAL CONSTRAINT pk_camera_audit PRIMARY KEY,
    made_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    author TEXT NOT NULL,
    within_path LTREE CONSTRAINT fk_camera_audit_within_path
        REFERENCES jurisdiction (path) ON UPDATE CASCADE ON DELETE SET NULL,
    parameters JSONB NOT NULL,
    checked JSONB NOT NULL,
    code_version TEXT NOT NULL,
    cameras INTEGER NOT NULL,
    found INTEGER NOT NULL,
    opened INTEGER NOT NULL,
    returned INTEGER NOT NULL,
    gone INTEGER NOT NULL
);
CREATE INDEX ix_camera_audit_within_path ON camera_audit (within_path);

CREATE TABLE audit_finding (
    id BIGSERIAL CONSTRAINT pk_audit_finding PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    severity TEXT NOT NULL
        CONSTRAINT ck_audit_finding_severity CHECK (severity IN ('serious', 'moderate', 'minor')),
    state TEXT NOT NULL
        CONSTRAINT ck_audit_finding_state CHECK (state IN ('open', 'accepted', 'assigned', 'closed')),
    closed_how TEXT CONSTRAINT ck_audit_finding_closed_how CHECK (closed_how IN ('evidence', 'review')),
    value DOUBLE PRECISION,
    evidence JSONB NOT NULL,
    mark TEXT NOT NULL,
    code TEXT,
    batch_id BIGINT CONSTRAINT fk_audit_finding_batch_id REFERENCES import_batch (id),
    unit TEXT,
    due_on DATE,
    order_no TEXT,
    found_at TIMESTAMPTZ NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    geom GEOMETRY (POINT, 4326) NOT NULL,
    jurisdiction_path LTREE CONSTRAINT fk_audit_finding_jurisdiction_path
        REFERENCES jurisdiction (path) ON UPDATE CASCADE ON DELETE SET NULL,
    CONSTRAINT uq_audit_finding_kind_subject UNIQUE (kind, subject),
    CONSTRAINT ck_audit_finding_closed CHECK ((state = 'closed') = (closed_how IS NOT NULL)),
    CONSTRAINT ck_audit_finding_assigned
        CHECK (state <> 'assigned' OR (unit IS NOT NULL AND due_on IS NOT NULL))
);
CREATE INDEX ix_audit_finding_state ON audit_finding (state);
CREATE INDEX ix_audit_finding_code ON audit_finding (code);
CREATE INDEX ix_audit_finding_unit ON audit_finding (unit);
CREATE INDEX ix_audit_finding_batch_id ON audit_finding (batch_id);
CREATE INDEX ix_audit_finding_jurisdiction_path ON audit_finding (jurisdiction_path);
CREATE INDEX idx_audit_finding_geom ON audit_finding USING gist (geom);

CREATE TABLE audit_step (
    id BIGSERIAL CONSTRAINT pk_audit_step PRIMARY KEY,
    finding_id BIGINT NOT NULL CONSTRAINT fk_audit_step_finding_id
        REFERENCES audit_finding (id) ON DELETE CASCADE,
    step TEXT NOT NULL CONSTRAINT ck_audit_step_step CHECK (
        step IN ('found', 'returned', 'gone', 'accepted', 'assigned', 'closed', 'reopened')),
    at TIMESTAMPTZ NOT NULL,
    author TEXT NOT NULL,
    detail JSONB NOT NULL
);
CREATE INDEX ix_audit_step_finding_id ON audit_step (finding_id);

CREATE TABLE maintenance (
    id BIGSERIAL CONSTRAINT pk_maintenance PRIMARY KEY,
    period TSTZRANGE NOT NULL CONSTRAINT ck_maintenance_period_half_open
        CHECK (NOT isempty(period) AND lower_inc(period) AND NOT upper_inc(period)),
    unit TEXT,
    reason TEXT NOT NULL,
    author TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    withdrawn_at TIMESTAMPTZ,
    withdrawn_by TEXT,
    jurisdiction_path LTREE CONSTRAINT fk_maintenance_jurisdiction_path
        REFERENCES jurisdiction (path) ON UPDATE CASCADE ON DELETE SET NULL
);
CREATE INDEX ix_maintenance_jurisdiction_path ON maintenance (jurisdiction_path);

CREATE TABLE maintenance_camera (
    maintenance_id BIGINT NOT NULL CONSTRAINT fk_maintenance_camera_maintenance_id
        REFERENCES maintenance (id) ON DELETE CASCADE,
    code TEXT NOT NULL,
    CONSTRAINT pk_maintenance_camera PRIMARY KEY (maintenance_id, code)
);
CREATE INDEX ix_maintenance_camera_code ON maintenance_camera (code);

CREATE TABLE assessed_list (
    id BIGSERIAL CONSTRAINT pk_assessed_list PRIMARY KEY,
    month DATE NOT NULL CONSTRAINT ck_assessed_list_month CHECK (extract(day FROM month) = 1),
    within_path LTREE CONSTRAINT fk_assessed_list_within_path
        REFERENCES jurisdiction (path) ON UPDATE CASCADE ON DELETE SET NULL,
    point_class SMALLINT,
    cameras INTEGER NOT NULL,
    frozen_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    frozen_by TEXT NOT NULL
);
CREATE INDEX ix_assessed_list_month ON assessed_list (month);
CREATE INDEX ix_assessed_list_within_path ON assessed_list (within_path);

CREATE TABLE assessed_camera (
    list_id BIGINT NOT NULL CONSTRAINT fk_assessed_camera_list_id
        REFERENCES assessed_list (id) ON DELETE CASCADE,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    unit TEXT,
    jurisdiction_path LTREE CONSTRAINT fk_assessed_camera_jurisdiction_path
        REFERENCES jurisdiction (path) ON UPDATE CASCADE ON DELETE SET NULL,
    CONSTRAINT pk_assessed_camera PRIMARY KEY (list_id, code)
);
CREATE INDEX ix_assessed_camera_jurisdiction_path ON assessed_camera (jurisdiction_path);
"""

# As in 0006: by the row's own jurisdiction, through the row it belongs to, or shared by all of a site.
WHOLE = "(SELECT scope_is_whole())"
OWN = f"{WHOLE} OR jurisdiction_path <@ ANY ((SELECT scope_paths())::ltree[])"
THROUGH = WHOLE + " OR EXISTS (SELECT FROM {} AS parent WHERE parent.id = {})"
SOME = "(SELECT scope_is_some())"
POLICIES = {
    "camera_audit": SOME,
    "audit_finding": OWN,
    "audit_step": THROUGH.format("audit_finding", "finding_id"),
    "maintenance": OWN,
    "maintenance_camera": THROUGH.format("maintenance", "maintenance_id"),
    "assessed_list": SOME,
    "assessed_camera": OWN,
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
