"""Which accounts an administrator sees, and what of them. Functions take an open session and never commit.

Accounts belong to no jurisdiction; their grants do. Somebody who manages the accounts of a town sees those
with a grant in it, and those without any, which may be given their first there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.scope import Scope
from web.access.roles import Role
from web.tables import Account, Grant


@dataclass(frozen=True)
class Held:
    """A grant as a page shows it; `path` None is the whole site."""

    id: int
    role: Role
    path: str | None
    created_at: datetime
    author: str


def grants_of(session: Session, account_id: int) -> list[Held]:
    """An account's grants, the widest first."""
    rows = session.scalars(select(Grant).where(Grant.account_id == account_id))
    held = [Held(row.id, Role(row.role), row.jurisdiction_path, row.created_at, row.author) for row in rows]
    return sorted(held, key=lambda one: ((one.path or "").split(".") if one.path else [], one.id))


def visible_account(session: Session, name: str, within: Scope) -> Account | None:
    """The account of that name if somebody who manages accounts in `within` may see it."""
    found = session.scalar(select(Account).where(Account.name == name))
    if found is None:
        return None
    held = grants_of(session, found.id)
    return found if not held or any(within.covers(one.path) for one in held) else None
