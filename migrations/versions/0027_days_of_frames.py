"""Days of frames: when each was written to last, and of those removed which analyses hold them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

# Which days there are, told by their partitions; when they were written to, nobody noted: at the latest when
# the last file was stored.
DAYS = """
INSERT INTO frame_day (day, changed_at, label)
SELECT to_date(right(relname, 8), 'YYYYMMDD'), COALESCE((SELECT max(stored_at) FROM frame_file), now()),
       CASE WHEN EXISTS (SELECT FROM frame_source WHERE label = 'real') THEN 'real' ELSE 'synthetic' END
FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'public.frame'::regclass
"""

REMOVE = """
CREATE FUNCTION drop_frame_partition(of_day date, holders bigint[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    partition text := format('public.frame_day_%s', to_char(of_day, 'YYYYMMDD'));
    found bigint;
BEGIN
    IF NOT scope_is_whole() THEN
        RAISE EXCEPTION 'frames are removed for the whole site only';
    END IF;
    -- Whoever stores frames holds this until their transaction ends.
    PERFORM pg_advisory_xact_lock(hashtext('make_frame_partition'));
    IF to_regclass(partition) IS NULL THEN
        RETURN NULL;
    END IF;
    EXECUTE format('SELECT count(*) FROM %s', partition) INTO found;
    EXECUTE format('DROP TABLE %s', partition);
    UPDATE frame_day SET removed_at = now(), rows = found, analyses = holders WHERE day = of_day;
    RETURN found;
END
$$
"""


def upgrade() -> None:
    """Upwards."""
    op.create_table(
        "frame_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.Column("rows", sa.BigInteger()),
        sa.Column("analyses", postgresql.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_frame_day")),
    )
    op.execute(DAYS)
    op.execute("ALTER TABLE frame_day ENABLE ROW LEVEL SECURITY")
    op.execute(
        """CREATE POLICY scope ON frame_day TO lianfang_app
           USING ((SELECT scope_is_some())) WITH CHECK ((SELECT scope_is_some()))"""
    )
    op.execute(REMOVE)
    op.execute("REVOKE ALL ON FUNCTION drop_frame_partition(date, bigint[]) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION drop_frame_partition(date, bigint[]) TO lianfang_app")


def downgrade() -> None:
    """Downwards."""
    op.execute("DROP FUNCTION drop_frame_partition(date, bigint[])")
    op.drop_table("frame_day")
