"""Which tables row-level security must hold for, and which it leaves open and why."""

from __future__ import annotations

from sqlalchemy import Connection, text

# Table: why it needs no policy. A new table gets a policy in its migration (docs/database.md) or a line here.
OPEN = {
    "alembic_version": "holds the schema's revision alone",
    "change_count": "holds counts alone, written by triggers",
    "account": "read before it is known who asks",
    "access_grant": "the scope is worked out from it",
    "sign_in": "read before it is known who asks",
    "sign_in_link": "read before it is known who asks",
    "api_token": "read before it is known who asks",
}
# Names of jobs and their arguments; the queue's own functions and workers write them.
OPEN_PREFIX = "procrastinate_"

_UNGUARDED = text(
    """SELECT c.relname FROM pg_class c
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
         AND c.relowner = (SELECT relowner FROM pg_class WHERE oid = to_regclass('public.alembic_version'))
         AND c.relname <> ALL (:open) AND NOT starts_with(c.relname, :prefix)
         AND NOT row_security_active(c.oid)
       ORDER BY c.relname"""
)


def unguarded_tables(connection: Connection) -> list[str]:
    """Tables whose policies do not hold for the role of this connection; none is as it should be.

    They are all named when that role owns the tables, is a superuser or has BYPASSRLS.
    """
    return list(connection.scalars(_UNGUARDED, {"open": list(OPEN), "prefix": OPEN_PREFIX}))
