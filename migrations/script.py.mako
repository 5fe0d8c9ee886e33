"""${message}.

Revision: ${up_revision}, after ${down_revision | comma,n}; ${create_date}
"""

import geoalchemy2
import sqlalchemy as sa
from alembic import op

import geo.db

${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upwards."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Downwards."""
    ${downgrades if downgrades else "pass"}
