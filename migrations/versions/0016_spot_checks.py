"""Spot checks: sheets of cameras drawn at random, judged by a person, closed and signed."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE sample_sheet (
    id BIGSERIAL CONSTRAINT pk_sample_sheet PRIMARY KEY,
    made_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    author TEXT NOT NULL,
    seed BIGINT NOT NULL CONSTRAINT ck_sample_sheet_seed CHECK (seed >= 0),
    drawn INTEGER NOT NULL,
    drawn_from JSONB NOT NULL,
    closed_at TIMESTAMPTZ,
    signer TEXT,
    sha256 TEXT,
    jurisdiction_path LTREE CONSTRAINT fk_sample_sheet_jurisdiction_path
        REFERENCES jurisdiction (path) ON UPDATE CASCADE ON DELETE SET NULL,
    CONSTRAINT ck_sample_sheet_closed
        CHECK ((closed_at IS NULL) = (signer IS NULL) AND (closed_at IS NULL) = (sha256 IS NULL))
);
CREATE INDEX ix_sample_sheet_jurisdiction_path ON sample_sheet (jurisdiction_path);

CREATE TABLE sampled_camera (
    sheet_id BIGINT NOT NULL CONSTRAINT fk_sampled_camera_sheet_id
        REFERENCES sample_sheet (id) ON DELETE CASCADE,
    rank INTEGER NOT NULL,
    code TEXT NOT NULL,
    record JSONB NOT NULL,
    picture TEXT CONSTRAINT ck_sampled_camera_picture CHECK (picture IN ('right', 'wrong', 'unjudged')),
    naming TEXT CONSTRAINT ck_sampled_camera_naming CHECK (naming IN ('right', 'wrong', 'unjudged')),
    direction TEXT CONSTRAINT ck_sampled_camera_direction CHECK (direction IN ('right', 'wrong', 'unjudged')),
    clock TEXT CONSTRAINT ck_sampled_camera_clock CHECK (clock IN ('right', 'wrong', 'unjudged')),
    note TEXT NOT NULL DEFAULT '',
    judged_by TEXT,
    judged_at TIMESTAMPTZ,
    CONSTRAINT pk_sampled_camera PRIMARY KEY (sheet_id, rank),
    CONSTRAINT uq_sampled_camera_sheet_id_code UNIQUE (sheet_id, code)
);
CREATE INDEX ix_sampled_camera_code ON sampled_camera (code);

-- A signed sheet stays as it was signed, whatever program or person writes; only the jurisdiction that it is
-- filed under follows the tree.
CREATE FUNCTION keep_signed_sheet() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'jurisdiction_path' = to_jsonb(OLD) - 'jurisdiction_path' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'spot check % is signed; a signed sheet is not changed', OLD.id;
END $$;
CREATE TRIGGER keep_signed BEFORE UPDATE OR DELETE ON sample_sheet
    FOR EACH ROW WHEN (OLD.closed_at IS NOT NULL) EXECUTE FUNCTION keep_signed_sheet();

CREATE FUNCTION keep_signed_rows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sheets BIGINT[] := CASE TG_OP WHEN 'INSERT' THEN ARRAY[NEW.sheet_id] WHEN 'DELETE' THEN ARRAY[OLD.sheet_id]
                       ELSE ARRAY[OLD.sheet_id, NEW.sheet_id] END;
BEGIN
    IF EXISTS (SELECT FROM sample_sheet s WHERE s.id = ANY (sheets) AND s.closed_at IS NOT NULL) THEN
        RAISE EXCEPTION 'spot check % is signed; a signed sheet is not changed', sheets[1];
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER keep_signed BEFORE INSERT OR UPDATE OR DELETE ON sampled_camera
    FOR EACH ROW EXECUTE FUNCTION keep_signed_rows();

ALTER TABLE sample_sheet ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON sample_sheet TO lianfang_app
    USING ((SELECT scope_is_whole()) OR jurisdiction_path <@ ANY ((SELECT scope_paths())::ltree[]));
ALTER TABLE sampled_camera ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON sampled_camera TO lianfang_app
    USING ((SELECT scope_is_whole()) OR EXISTS (SELECT FROM sample_sheet AS parent WHERE parent.id = sheet_id));
"""


def upgrade() -> None:
    """Upwards."""
    op.execute(TABLES)


def downgrade() -> None:
    """Downwards."""
    op.execute("DROP TABLE sampled_camera")
    op.execute("DROP TABLE sample_sheet")
    op.execute("DROP FUNCTION keep_signed_rows")
    op.execute("DROP FUNCTION keep_signed_sheet")
