"""Places where the teams of adjoining villages meet; villages of a zone that have no team."""

from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

TABLE = """
ALTER TABLE zone_member ADD COLUMN no_team BOOLEAN NOT NULL DEFAULT false;

CREATE TABLE meeting_place (
    id BIGSERIAL CONSTRAINT pk_meeting_place PRIMARY KEY,
    zone_id BIGINT NOT NULL CONSTRAINT fk_meeting_place_zone_id REFERENCES zone (id) ON DELETE CASCADE,
    left_path LTREE NOT NULL
        CONSTRAINT fk_meeting_place_left_path REFERENCES jurisdiction (path) ON UPDATE CASCADE,
    right_path LTREE NOT NULL
        CONSTRAINT fk_meeting_place_right_path REFERENCES jurisdiction (path) ON UPDATE CASCADE,
    name TEXT NOT NULL DEFAULT '',
    origin TEXT NOT NULL CONSTRAINT ck_meeting_place_origin CHECK (origin IN ('proposed', 'by_hand')),
    struck BOOLEAN NOT NULL DEFAULT false,
    walk_s INTEGER,
    author TEXT NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    geom GEOMETRY(POINT, 4326) NOT NULL,
    CONSTRAINT ck_meeting_place_walk CHECK (walk_s >= 0)
);
CREATE INDEX ix_meeting_place_zone_id ON meeting_place (zone_id);
CREATE INDEX ix_meeting_place_left_path ON meeting_place (left_path);
CREATE INDEX ix_meeting_place_right_path ON meeting_place (right_path);
CREATE INDEX idx_meeting_place_geom ON meeting_place USING gist (geom);
ALTER TABLE meeting_place ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON meeting_place TO lianfang_app USING (
    (SELECT scope_is_whole()) OR zone_id = ANY ((SELECT scope_zones())::bigint[]));
"""


def upgrade() -> None:
    """Upwards."""
    op.execute(TABLE)


def downgrade() -> None:
    """Downwards."""
    op.execute("DROP TABLE meeting_place; ALTER TABLE zone_member DROP COLUMN no_team")
