"""Accounts, grants, ways to sign in, tokens, the audit log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import geo.db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _key() -> sa.Column:
    return sa.Column("id", sa.BigInteger(), nullable=False)


def _text(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _created(name: str = "created_at") -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def _account(table: str) -> tuple[sa.Column, sa.ForeignKeyConstraint]:
    return sa.Column("account_id", sa.BigInteger(), nullable=False), sa.ForeignKeyConstraint(
        ["account_id"], ["account.id"], name=op.f(f"fk_{table}_account_id"), ondelete="CASCADE"
    )


def _path(table: str) -> tuple[sa.Column, sa.ForeignKeyConstraint]:
    return sa.Column("jurisdiction_path", geo.db.Ltree(), nullable=True), sa.ForeignKeyConstraint(
        ["jurisdiction_path"],
        ["jurisdiction.path"],
        name=op.f(f"fk_{table}_jurisdiction_path"),
        onupdate="CASCADE",
        ondelete="CASCADE",
    )


def upgrade() -> None:
    """Upwards."""
    op.create_table(
        "account",
        _key(),
        _text("name"),
        _text("display_name"),
        _text("password_hash", nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        _created(),
        _text("author"),
        sa.CheckConstraint("name = lower(btrim(name)) AND name <> ''", name=op.f("ck_account_name")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("name", name=op.f("uq_account_name")),
    )
    op.create_table(
        "access_grant",
        _key(),
        *_account("access_grant"),
        _text("role"),
        *_path("access_grant"),
        _created(),
        _text("author"),
        sa.CheckConstraint(
            "role IN ('administrator', 'commander', 'planner', 'auditor', 'member', 'volunteer', 'viewer')",
            name=op.f("ck_access_grant_role"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_grant")),
    )
    op.create_index(op.f("ix_access_grant_account_id"), "access_grant", ["account_id"])
    op.create_index(op.f("ix_access_grant_jurisdiction_path"), "access_grant", ["jurisdiction_path"])
    op.create_index(
        "uq_access_grant_account_role_path",
        "access_grant",
        ["account_id", "role", "jurisdiction_path"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "sign_in",
        _text("key_hash"),
        *_account("sign_in"),
        _created(),
        _time("seen_at"),
        _time("expires_at"),
        _text("peer"),
        _text("browser"),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_sign_in")),
    )
    op.create_index(op.f("ix_sign_in_account_id"), "sign_in", ["account_id"])
    op.create_table(
        "sign_in_link",
        _text("key_hash"),
        *_account("sign_in_link"),
        sa.Column("local", sa.Boolean(), nullable=False),
        _created(),
        _time("expires_at"),
        _time("used_at", nullable=True),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_sign_in_link")),
    )
    op.create_index(op.f("ix_sign_in_link_account_id"), "sign_in_link", ["account_id"])
    op.create_table(
        "api_token",
        _key(),
        *_account("api_token"),
        _text("title"),
        _text("key_hash"),
        _text("start"),
        sa.Column("actions", postgresql.JSONB(), nullable=False),
        *_path("api_token"),
        _created(),
        _time("expires_at"),
        _time("revoked_at", nullable=True),
        _time("used_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_token_key_hash")),
    )
    op.create_index(op.f("ix_api_token_account_id"), "api_token", ["account_id"])
    op.create_index(op.f("ix_api_token_jurisdiction_path"), "api_token", ["jurisdiction_path"])
    op.create_table(
        "audit_entry",
        _key(),
        _created("at"),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        _text("account_name"),
        _text("event"),
        _text("subject"),
        sa.Column("jurisdiction_path", geo.db.Ltree(), nullable=True),
        sa.Column("detail", postgresql.JSONB(), nullable=False),
        _text("peer"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_audit_entry_account_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(op.f("ix_audit_entry_account_id"), "audit_entry", ["account_id"])
    op.create_index(op.f("ix_audit_entry_event"), "audit_entry", ["event"])
    op.create_index(op.f("ix_audit_entry_jurisdiction_path"), "audit_entry", ["jurisdiction_path"])
    op.create_index("ix_audit_entry_at_id", "audit_entry", ["at", "id"])
    # The program writes entries; it can neither change nor remove one.
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON audit_entry FROM lianfang_app")


def downgrade() -> None:
    """Downwards."""
    for table in ("audit_entry", "api_token", "sign_in_link", "sign_in", "access_grant", "account"):
        op.drop_table(table)
