"""Tables of the server itself: accounts, grants, ways to sign in, tokens, the audit log, jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Float, ForeignKey, Index, Text, false, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geo.db import Base, BigKey, Ltree, Stamp, scope_column
from web.access.roles import ROLE_NAMES

_ROLE_LIST = ", ".join(f"'{role}'" for role in ROLE_NAMES)


def account_column() -> Mapped[int]:
    """The account a row belongs to, and goes with."""
    return mapped_column(BigInteger, ForeignKey("account.id", ondelete="CASCADE"), index=True)


class Account(Base):
    """A person who may sign in. Without a password only a sign-in link lets them in."""

    __tablename__ = "account"
    __table_args__ = (CheckConstraint("name = lower(btrim(name)) AND name <> ''", name="name"),)

    id: Mapped[BigKey]
    name: Mapped[str] = mapped_column(Text, unique=True)
    display_name: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str | None] = mapped_column(Text)
    active: Mapped[bool]
    created_at: Mapped[Stamp]
    author: Mapped[str] = mapped_column(Text)


class Grant(Base):
    """A role in one jurisdiction and everything below it; without a path, in the whole site."""

    __tablename__ = "access_grant"
    __table_args__ = (
        CheckConstraint(f"role IN ({_ROLE_LIST})", name="role"),
        Index(
            "uq_access_grant_account_role_path",
            "account_id",
            "role",
            "jurisdiction_path",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[BigKey]
    account_id: Mapped[int] = account_column()
    role: Mapped[str] = mapped_column(Text)
    # Not `scope_column`: a grant in a jurisdiction that is no more goes with it, and the rest stays.
    jurisdiction_path: Mapped[str | None] = mapped_column(
        Ltree, ForeignKey("jurisdiction.path", onupdate="CASCADE", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[Stamp]
    author: Mapped[str] = mapped_column(Text)


class SignIn(Base):
    """One browser that is signed in. Only the hash of its key is kept."""

    __tablename__ = "sign_in"

    key_hash: Mapped[str] = mapped_column(Text, primary_key=True)
    account_id: Mapped[int] = account_column()
    created_at: Mapped[Stamp]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    peer: Mapped[str] = mapped_column(Text)
    browser: Mapped[str] = mapped_column(Text)


class SignInLink(Base):
    """A link that signs its holder in once; `local` ones work on the server's own machine only."""

    __tablename__ = "sign_in_link"

    key_hash: Mapped[str] = mapped_column(Text, primary_key=True)
    account_id: Mapped[int] = account_column()
    local: Mapped[bool]
    created_at: Mapped[Stamp]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ApiToken(Base):
    """A program's key to the API: what it may do, where, and until when. Only its hash is kept."""

    __tablename__ = "api_token"

    id: Mapped[BigKey]
    account_id: Mapped[int] = account_column()
    title: Mapped[str] = mapped_column(Text)
    key_hash: Mapped[str] = mapped_column(Text, unique=True)
    # The first characters, so that a person recognises it in a list.
    start: Mapped[str] = mapped_column(Text)
    actions: Mapped[Any] = mapped_column(JSONB)
    jurisdiction_path: Mapped[str | None] = mapped_column(
        Ltree, ForeignKey("jurisdiction.path", onupdate="CASCADE", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[Stamp]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


class AuditEntry(Base):
    """Who looked at, exported or changed what, and when. The program writes entries and never changes one."""

    __tablename__ = "audit_entry"
    # Whoever does something out of their sight, or before they have signed in, may write it down but not read
    # it: RETURNING, by which a new key usually comes back, would be refused by the policy on reading.
    __table_args__ = (Index("ix_audit_entry_at_id", "at", "id"), {"implicit_returning": False})

    id: Mapped[BigKey]
    at: Mapped[Stamp]
    # The name is kept beside the account, so that an entry outlives it.
    account_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("account.id", ondelete="SET NULL"), index=True
    )
    account_name: Mapped[str] = mapped_column(Text)
    event: Mapped[str] = mapped_column(Text, index=True)
    subject: Mapped[str] = mapped_column(Text)
    # No foreign key: what was done stays written down when the jurisdiction is gone.
    jurisdiction_path: Mapped[str | None] = mapped_column(Ltree, index=True)
    detail: Mapped[Any] = mapped_column(JSONB)
    peer: Mapped[str] = mapped_column(Text)


class JobRun(Base):
    """One piece of long work as a person sees it: what was asked, how far it is, how it ended.

    Procrastinate's own row says which worker has it and goes when it ends; this one stays.
    """

    __tablename__ = "job_run"
    __table_args__ = (
        CheckConstraint("status IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="status"),
        CheckConstraint("share BETWEEN 0 AND 1", name="share"),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("(status = 'failed') = (error IS NOT NULL)", name="error"),
        CheckConstraint("(status = 'done') = (result IS NOT NULL)", name="result"),
        CheckConstraint(
            "(status IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL)", name="finished"
        ),
        Index("ix_job_run_status_created_at", "status", "created_at"),
    )

    id: Mapped[BigKey]
    kind: Mapped[str] = mapped_column(Text)
    # {"text": message id, "values": {...}}, here, in `words` and `error`: shown in the reader's language.
    title: Mapped[Any] = mapped_column(JSONB)
    arguments: Mapped[Any] = mapped_column(JSONB)
    account_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("account.id", ondelete="SET NULL"), index=True
    )
    # Who asked, by name: it goes into what is stored, and outlives the account.
    author: Mapped[str] = mapped_column(Text)
    jurisdiction_path: Mapped[str | None] = scope_column(nullable=True)
    status: Mapped[str] = mapped_column(Text, server_default="queued")
    share: Mapped[float] = mapped_column(Float, server_default=text("0"))
    words: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    # No foreign key: Procrastinate's row is deleted when the work has ended.
    procrastinate_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    cancel_requested: Mapped[bool] = mapped_column(server_default=false())
    error: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    # Rows of a refused file, one sentence each.
    problems: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    # {"url": where to look at it or null, "summary": {...}}
    result: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    created_at: Mapped[Stamp]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
