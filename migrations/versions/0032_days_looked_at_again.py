"""A day of frames goes only as it was when it was found to be due: not written to since, and still held."""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

REMOVE = """
CREATE FUNCTION drop_frame_partition(of_day date, holders bigint[], seen_at timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    partition text := format('public.frame_day_%s', to_char(of_day, 'YYYYMMDD'));
    found bigint;
BEGIN
    IF NOT scope_is_whole() THEN
        RAISE EXCEPTION 'frames are removed for the whole site only';
    END IF;
    -- Who removes an analysis locks it first: either it stays, or it is not there any more.
    PERFORM FROM analysis WHERE id = ANY (holders) ORDER BY id FOR SHARE;
    IF cardinality(holders) = 0 OR EXISTS (
        SELECT FROM unnest(holders) AS one WHERE NOT EXISTS (SELECT FROM analysis WHERE id = one)
    ) THEN
        RETURN NULL;
    END IF;
    -- Whoever stores frames holds this until their transaction ends.
    PERFORM pg_advisory_xact_lock(hashtext('make_frame_partition'));
    IF to_regclass(partition) IS NULL OR NOT EXISTS (
        SELECT FROM frame_day WHERE day = of_day AND changed_at = seen_at AND removed_at IS NULL
    ) THEN
        RETURN NULL;
    END IF;
    EXECUTE format('SELECT count(*) FROM %s', partition) INTO found;
    EXECUTE format('DROP TABLE %s', partition);
    UPDATE frame_day SET removed_at = now(), rows = found, analyses = holders WHERE day = of_day;
    RETURN found;
END
$$
"""

# As 0027 made it.
BEFORE = """
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
    # What did not tell what it saw can no longer ask.
    op.execute("DROP FUNCTION drop_frame_partition(date, bigint[])")
    op.execute(REMOVE)
    _for_the_program("date, bigint[], timestamptz")


def downgrade() -> None:
    """Downwards."""
    op.execute("DROP FUNCTION drop_frame_partition(date, bigint[], timestamptz)")
    op.execute(BEFORE)
    _for_the_program("date, bigint[]")


def _for_the_program(takes: str) -> None:
    op.execute(f"REVOKE ALL ON FUNCTION drop_frame_partition({takes}) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION drop_frame_partition({takes}) TO lianfang_app")
