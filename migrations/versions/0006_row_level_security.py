"""Row-level security: the program's role sees and writes what lies in the scope of its transaction.

The scope is the setting `app.scope`: `*` for the whole site, jurisdiction paths joined by commas, or nothing.
`lianfang_owner` owns the tables and is not held by policies: migrations, backups, and the checks and cascades
of foreign keys see everything.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# With bodies that are parsed now, they mean the same whatever the search path of a connection.
SCOPE_FUNCTIONS = """
CREATE FUNCTION scope_is_whole() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN COALESCE(current_setting('app.scope', true), '') = '*';

CREATE FUNCTION scope_is_some() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN COALESCE(current_setting('app.scope', true), '') <> '';

CREATE FUNCTION scope_paths() RETURNS ltree[] LANGUAGE sql STABLE PARALLEL SAFE
    RETURN string_to_array(NULLIF(current_setting('app.scope', true), '*'), ',')::ltree[];

-- As the owner, past the policies: a zone is seen by its members and its members by the zone.
CREATE FUNCTION scope_zones() RETURNS bigint[] LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
    RETURN ARRAY(
        SELECT DISTINCT zone_id FROM zone_member
        WHERE jurisdiction_path <@ ANY ((SELECT scope_paths())::ltree[])
    );

REVOKE ALL ON FUNCTION scope_zones() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION scope_zones() TO lianfang_app;
"""

# In a subselect they are asked once a query, and not at all where the whole site is seen.
WHOLE = "(SELECT scope_is_whole())"
SOME = "(SELECT scope_is_some())"


def within(column: str) -> str:
    """The row's own jurisdiction is in the scope; a row of none is seen with the whole site alone."""
    return f"{WHOLE} OR {column} <@ ANY ((SELECT scope_paths())::ltree[])"


def through(table: str, column: str) -> str:
    """The row that `column` refers to is seen; that table's own policy decides."""
    return f"{WHOLE} OR EXISTS (SELECT FROM {table} AS parent WHERE parent.id = {column})"


def zone(column: str) -> str:
    """Some member of the zone is in the scope."""
    return f"{WHOLE} OR {column} = ANY ((SELECT scope_zones())::bigint[])"


# Seen and written alike.
POLICIES = {
    "jurisdiction": within("path"),
    **dict.fromkeys(
        (
            *("road_edge", "obstruction", "place"),
            *("camera", "footprint", "availability", "camera_finding", "gap", "coverage_share"),
            "job_run",
        ),
        within("jurisdiction_path"),
    ),
    # No jurisdiction of their own: what all of a site share.
    **dict.fromkeys(
        ("site", "setting", "import_batch", "road_node", "water", "frame_source", "frame_file", "analysis"),
        SOME,
    ),
    **dict.fromkeys(
        ("camera_preset", "camera_source", "frame", "pose"),
        through("camera", "camera_id"),
    ),
    "gap_camera": through("gap", "gap_id"),
    "plan": zone("zone_id"),
    "plan_stop": through("plan", "plan_id"),
    "plan_visit": through("plan", "plan_id"),
}

# A patrol that crosses villages shows its zone, teams and stops whole to whoever sees one of the villages;
# to put a village or its team into a zone one must be allowed in that village.
ZONES = f"""
ALTER TABLE zone ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON zone FOR SELECT TO lianfang_app USING ({zone("id")});
-- Its members are added after it.
CREATE POLICY add ON zone FOR INSERT TO lianfang_app WITH CHECK ({SOME});
CREATE POLICY change ON zone FOR UPDATE TO lianfang_app USING ({zone("id")});
CREATE POLICY remove ON zone FOR DELETE TO lianfang_app USING ({zone("id")});

ALTER TABLE zone_member ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON zone_member FOR SELECT TO lianfang_app USING ({zone("zone_id")});
CREATE POLICY write ON zone_member TO lianfang_app USING ({within("jurisdiction_path")});

ALTER TABLE team ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON team FOR SELECT TO lianfang_app USING ({zone("zone_id")});
CREATE POLICY write ON team TO lianfang_app
    USING (({zone("zone_id")}) AND (jurisdiction_path IS NULL OR {within("jurisdiction_path")}));
"""

# What was done is written down wherever it was done, also by somebody who is not signed in yet.
AUDIT = f"""
ALTER TABLE audit_entry ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON audit_entry FOR SELECT TO lianfang_app USING ({within("jurisdiction_path")});
CREATE POLICY add ON audit_entry FOR INSERT TO lianfang_app WITH CHECK (true);
"""

# Policies of `frame` hold for what is read through it; a partition asked by its own name has none of its own,
# which shows nothing.
MAKE_PARTITION = """
CREATE OR REPLACE FUNCTION make_frame_partition(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE partition text := format('public.frame_day_%s', to_char(day, 'YYYYMMDD'));
BEGIN
    -- Two loaders of the same new day would otherwise both try.
    PERFORM pg_advisory_xact_lock(hashtext('make_frame_partition'));
    IF to_regclass(partition) IS NULL THEN
        EXECUTE format(
            'CREATE TABLE %s PARTITION OF public.frame FOR VALUES FROM (%L) TO (%L)',
            partition, day::text || ' 00:00:00+00', (day + 1)::text || ' 00:00:00+00'
        );{secure}
    END IF;
END
$$
"""
SECURE = """
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', partition);"""

PARTITIONS = """
DO $$
DECLARE partition regclass;
BEGIN
    FOR partition IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'public.frame'::regclass LOOP
        EXECUTE format('ALTER TABLE %s {verb} ROW LEVEL SECURITY', partition);
    END LOOP;
END
$$
"""


def upgrade() -> None:
    """Upwards."""
    op.execute(SCOPE_FUNCTIONS)
    for table, allowed in POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY scope ON {table} TO lianfang_app USING ({allowed})")
    op.execute(ZONES)
    op.execute(AUDIT)
    op.execute(PARTITIONS.replace("{verb}", "ENABLE"))
    op.execute(MAKE_PARTITION.replace("{secure}", SECURE))


def downgrade() -> None:
    """Downwards."""
    op.execute(MAKE_PARTITION.replace("{secure}", ""))
    op.execute(PARTITIONS.replace("{verb}", "DISABLE"))
    for table in ("audit_entry", "team", "zone_member", "zone", *POLICIES):
        for name in ("scope", "see", "add", "change", "remove", "write"):
            op.execute(f"DROP POLICY IF EXISTS {name} ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute("DROP FUNCTION scope_zones(), scope_paths(), scope_is_some(), scope_is_whole()")
