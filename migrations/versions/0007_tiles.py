"""What tiles ask of the database: counted changes, the outline of the tree, shares by jurisdiction."""

import sqlalchemy as sa
from alembic import op

import geo.db

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Tables whose rows are drawn in tiles. What an analysis found comes and goes with its row in `analysis`.
COUNTED = ("analysis", "camera", "jurisdiction", "plan", "road_edge", "team", "zone", "zone_member")

# A revision is the sum of n over the committed rows of a name: every writing transaction adds at least one.
# No row is shared, so that no writer waits for another; who gets the lock adds the others' up.
COUNT_CHANGE = """
CREATE FUNCTION count_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF pg_try_advisory_xact_lock(hashtext('count_change'), hashtext(TG_TABLE_NAME)) THEN
        WITH old AS (DELETE FROM change_count WHERE name = TG_TABLE_NAME RETURNING n)
        INSERT INTO change_count (name, n) SELECT TG_TABLE_NAME, 1 + COALESCE(sum(n), 0) FROM old;
    ELSE
        INSERT INTO change_count (name, n) VALUES (TG_TABLE_NAME, 1);
    END IF;
    RETURN NULL;
END
$$
"""

# Up to which level a node stands for its branch on the map, and from which.
OUTLINE = """
CREATE FUNCTION outline_jurisdictions() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    WITH node AS MATERIALIZED (
        SELECT id, path, level, geom IS NOT NULL AS drawn FROM jurisdiction WHERE upper_inf(valid)
    ), line AS MATERIALIZED (
        SELECT id, level, drawn, subltree(path, 0, n) AS above FROM node, generate_series(1, level) AS n
    ), below AS (
        SELECT above AS path, min(level) FILTER (WHERE drawn) AS next FROM line GROUP BY above
    ), covered AS (
        SELECT line.id FROM line JOIN node ON node.path = line.above WHERE node.drawn GROUP BY line.id
    ), outline AS (
        SELECT node.id, below.path IS NULL AS leaf,
               CASE WHEN covered.id IS NULL THEN 0 ELSE node.level END AS drawn_from,
               COALESCE(below.next - 1, 32767) AS drawn_until
        FROM node LEFT JOIN below USING (path) LEFT JOIN covered ON covered.id = node.id
    )
    UPDATE jurisdiction j
    SET leaf = o.leaf, drawn_from = o.drawn_from, drawn_until = o.drawn_until
    FROM outline o
    WHERE o.id = j.id
      AND (j.leaf, j.drawn_from, j.drawn_until) IS DISTINCT FROM (o.leaf, o.drawn_from, o.drawn_until);
    RETURN NULL;
END
$$
"""

EARLIER_SHARES = """
INSERT INTO jurisdiction_share
    (analysis_id, jurisdiction_id, jurisdiction_path, certain_permille, possible_permille)
SELECT a.id, j.id, j.path,
       CASE WHEN sum(certain) = 0 THEN 0 WHEN sum(certain) = sum(total) THEN 1000
       ELSE least(999, greatest(1, round(1000 * sum(certain) / sum(total)))) END,
       CASE WHEN sum(possible) = 0 THEN 0 WHEN sum(possible) = sum(total) THEN 1000
       ELSE least(999, greatest(1, round(1000 * sum(possible) / sum(total)))) END
FROM coverage_share c JOIN analysis a ON a.id = c.analysis_id AND a.level = c.level
     JOIN jurisdiction j ON j.path = c.jurisdiction_path
WHERE c.ground = 'street'
GROUP BY a.id, j.id, j.path HAVING sum(total) > 0
"""

# As of the sums it is made from (0006).
SHARE_POLICY = """
CREATE POLICY scope ON jurisdiction_share TO lianfang_app
    USING ((SELECT scope_is_whole()) OR jurisdiction_path <@ ANY ((SELECT scope_paths())::ltree[]))
"""

# A window is the bits from its first slot on, without those from its end on: rows of ones, shifted. Bits sent
# as bytes come after four bytes that say how many they are.
EARLIER_SLOTS = """
UPDATE gap g SET slots = (
    SELECT left(encode(substr(varbit_send(bit_xor((ones >> first) # (ones >> after))), 5), 'hex'), (n + 3) / 4)
    FROM (SELECT n, repeat('1', n)::varbit AS ones,
                 floor(extract(epoch FROM lower(w) - lower(period)) / slot_s)::int AS first,
                 ceil(extract(epoch FROM upper(w) - lower(period)) / slot_s)::int AS after
          FROM unnest(g.windows) AS w) AS runs
    GROUP BY n)
FROM (SELECT id, period, 60 * slot_min AS slot_s,
             ceil(extract(epoch FROM upper(period) - lower(period)) / (60 * slot_min))::int AS n
      FROM analysis) AS a
WHERE a.id = g.analysis_id AND NOT isempty(g.windows)
"""


def upgrade() -> None:
    """Upwards."""
    op.create_table(
        "change_count",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_count")),
    )
    op.execute(COUNT_CHANGE)
    for table in COUNTED:
        op.execute(
            f"CREATE TRIGGER count_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION count_change()"
        )

    op.add_column("jurisdiction", sa.Column("leaf", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column(
        "jurisdiction", sa.Column("drawn_from", sa.SmallInteger(), server_default="0", nullable=False)
    )
    op.add_column(
        "jurisdiction", sa.Column("drawn_until", sa.SmallInteger(), server_default="32767", nullable=False)
    )
    op.create_index(
        "ix_jurisdiction_upper_geom",
        "jurisdiction",
        ["geom"],
        postgresql_using="gist",
        postgresql_where=sa.text("drawn_from <= 3"),
    )
    op.execute(OUTLINE)
    # Its own update names none of these columns, so it does not call itself.
    op.execute(
        "CREATE TRIGGER outline AFTER INSERT OR DELETE OR UPDATE OF path, level, geom, valid ON jurisdiction"
        " FOR EACH STATEMENT EXECUTE FUNCTION outline_jurisdictions()"
    )
    op.execute("UPDATE jurisdiction SET level = level WHERE false")

    op.create_table(
        "jurisdiction_share",
        sa.Column("analysis_id", sa.BigInteger(), nullable=False),
        sa.Column("jurisdiction_id", sa.BigInteger(), nullable=False),
        sa.Column("certain_permille", sa.SmallInteger(), nullable=False),
        sa.Column("possible_permille", sa.SmallInteger(), nullable=False),
        sa.Column("jurisdiction_path", geo.db.Ltree(), nullable=False),
        sa.ForeignKeyConstraint(
            ["analysis_id"],
            ["analysis.id"],
            name=op.f("fk_jurisdiction_share_analysis_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"],
            ["jurisdiction.id"],
            name=op.f("fk_jurisdiction_share_jurisdiction_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_path"],
            ["jurisdiction.path"],
            name=op.f("fk_jurisdiction_share_jurisdiction_path"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("analysis_id", "jurisdiction_id", name=op.f("pk_jurisdiction_share")),
    )
    op.create_index(
        op.f("ix_jurisdiction_share_jurisdiction_path"),
        "jurisdiction_share",
        ["jurisdiction_path"],
        unique=False,
    )
    op.execute(EARLIER_SHARES)
    op.execute("ALTER TABLE jurisdiction_share ENABLE ROW LEVEL SECURITY")
    op.execute(SHARE_POLICY)

    op.add_column("gap", sa.Column("slots", sa.Text(), server_default="", nullable=False))
    op.execute(EARLIER_SLOTS)


def downgrade() -> None:
    """Downwards."""
    op.drop_column("gap", "slots")
    op.drop_index(op.f("ix_jurisdiction_share_jurisdiction_path"), table_name="jurisdiction_share")
    op.drop_table("jurisdiction_share")
    op.execute("DROP TRIGGER outline ON jurisdiction")
    op.execute("DROP FUNCTION outline_jurisdictions()")
    op.drop_index("ix_jurisdiction_upper_geom", table_name="jurisdiction")
    for column in ("drawn_until", "drawn_from", "leaf"):
        op.drop_column("jurisdiction", column)
    for table in COUNTED:
        op.execute(f"DROP TRIGGER count_change ON {table}")
    op.execute("DROP FUNCTION count_change()")
    op.drop_table("change_count")
