"""Long work: Procrastinate's queue, and what a person sees of each job."""

from importlib.metadata import version

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql

import geo.db

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Functions first: some take or return the types, and the tables are types too.
DROP_QUEUE = """
DO $$
DECLARE thing text;
BEGIN
    DROP TABLE procrastinate_periodic_defers, procrastinate_events;
    FOR thing IN SELECT oid::regprocedure::text FROM pg_proc
        WHERE proname LIKE 'procrastinate\\_%' AND pronamespace = 'public'::regnamespace
    LOOP
        EXECUTE 'DROP FUNCTION ' || thing || ' CASCADE';
    END LOOP;
    DROP TABLE procrastinate_jobs, procrastinate_workers;
    DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_event_type, procrastinate_job_status;
END
$$
"""


def _run_as_written(sql: str) -> None:
    """Run several statements at once, their colons and per cent signs left alone."""
    connection = op.get_bind().connection.driver_connection
    assert connection is not None
    connection.execute(sql)


def _time(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def _json(name: str, *, nullable: bool) -> sa.Column:
    return sa.Column(name, postgresql.JSONB(astext_type=sa.Text()), nullable=nullable)


def upgrade() -> None:
    """Upwards."""
    _run_as_written(SchemaManager.get_schema())
    # A later Procrastinate brings SQL for the way from one version to the next; the migration that applies
    # it reads here where this database stands.
    op.execute(f"COMMENT ON TABLE procrastinate_jobs IS 'Procrastinate {version('procrastinate')}'")
    op.create_table(
        "job_run",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        _json("title", nullable=False),
        _json("arguments", nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("jurisdiction_path", geo.db.Ltree(), nullable=True),
        sa.Column("status", sa.Text(), server_default="queued", nullable=False),
        sa.Column("share", sa.Float(), server_default=sa.text("0"), nullable=False),
        _json("words", nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("procrastinate_id", sa.BigInteger(), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), server_default=sa.false(), nullable=False),
        _json("error", nullable=True),
        _json("problems", nullable=True),
        _json("result", nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        _time("started_at"),
        _time("finished_at"),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_job_run_status")
        ),
        sa.CheckConstraint("share BETWEEN 0 AND 1", name=op.f("ck_job_run_share")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_job_run_attempts")),
        sa.CheckConstraint("(status = 'failed') = (error IS NOT NULL)", name=op.f("ck_job_run_error")),
        sa.CheckConstraint("(status = 'done') = (result IS NOT NULL)", name=op.f("ck_job_run_result")),
        sa.CheckConstraint(
            "(status IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL)",
            name=op.f("ck_job_run_finished"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_job_run_account_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_path"],
            ["jurisdiction.path"],
            name=op.f("fk_job_run_jurisdiction_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_run")),
    )
    for columns in (["account_id"], ["jurisdiction_path"], ["procrastinate_id"], ["status", "created_at"]):
        op.create_index(op.f(f"ix_job_run_{'_'.join(columns)}"), "job_run", columns, unique=False)


def downgrade() -> None:
    """Downwards."""
    op.drop_table("job_run")
    _run_as_written(DROP_QUEUE)
