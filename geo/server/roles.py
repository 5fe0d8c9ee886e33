"""The roles, the database and the extensions that every Lianfang server has."""

import psycopg

from geo.server.binaries import EXTENSIONS

SUPERUSER = "postgres"
OWNER = "lianfang_owner"
APP = "lianfang_app"
DATABASE = "lianfang"

# Attributes are set again at every start, so that a role widened by hand does not stay so.
ATTRIBUTES = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"

# The rights on the database alone: rights on tables are given by the migrations.
# TEMPORARY lets the program stage an import; it gives no right to create a table
# that outlives the session.
GRANTS = (
    f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC",
    f"GRANT CONNECT, TEMPORARY ON DATABASE {DATABASE} TO {APP}",
)

# Under a row-level policy PostgreSQL uses the spatial index only when the
# operator's function is LEAKPROOF (measured: 18.7 ms against 0.18 ms on 27,000
# rows). Only a superuser may say so, and a PostGIS upgrade forgets it.
LEAKPROOF = "ALTER FUNCTION geometry_overlaps(geometry, geometry) LEAKPROOF"


def bootstrap(superuser_dsn: str) -> None:
    """Make roles, database and extensions what the program expects; safe to repeat.

    Parameters
    ----------
    superuser_dsn : str
        libpq connection string of a superuser, without `dbname`.

    Notes
    -----
    The extensions are brought to the version of the installed files, as they
    must be after a system upgrade. `docs/server.md` shows the same statements
    for a server of one's own.
    """
    with psycopg.connect(superuser_dsn, dbname="postgres", autocommit=True) as connection:
        roles = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
        for role in (OWNER, APP):
            verb = "ALTER" if role in roles else "CREATE"
            connection.execute(f"{verb} ROLE {role} {ATTRIBUTES}")
        databases = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
        if DATABASE not in databases:
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        for statement in GRANTS:
            connection.execute(statement)
    with psycopg.connect(superuser_dsn, dbname=DATABASE, autocommit=True) as connection:
        for extension in EXTENSIONS:
            connection.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
        outdated = connection.execute(
            "SELECT name FROM pg_available_extensions "
            "WHERE name = ANY(%s) AND installed_version <> default_version",
            [list(EXTENSIONS)],
        ).fetchall()
        for (extension,) in outdated:
            connection.execute(f"ALTER EXTENSION {extension} UPDATE")
        connection.execute(LEAKPROOF)
