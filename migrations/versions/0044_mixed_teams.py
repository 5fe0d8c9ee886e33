"""Teams with people of several villages, who patrol jointly."""

from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

PARTNERS = """
CREATE TABLE team_partner (
    team_id BIGINT NOT NULL CONSTRAINT fk_team_partner_team_id REFERENCES team (id) ON DELETE CASCADE,
    jurisdiction_path LTREE NOT NULL CONSTRAINT fk_team_partner_jurisdiction_path
        REFERENCES jurisdiction (path) ON UPDATE CASCADE,
    CONSTRAINT pk_team_partner PRIMARY KEY (team_id, jurisdiction_path)
);
CREATE INDEX ix_team_partner_jurisdiction_path ON team_partner (jurisdiction_path);
ALTER TABLE team_partner ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON team_partner TO lianfang_app USING (
    (SELECT scope_is_whole()) OR EXISTS (SELECT FROM team AS parent WHERE parent.id = team_id));
"""


def upgrade() -> None:
    """Upwards."""
    op.execute(PARTNERS)


def downgrade() -> None:
    """Downwards; who else's people serve in a team is forgotten."""
    op.execute("DROP TABLE team_partner")
