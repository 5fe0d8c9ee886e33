"""Use cases of signing in: passwords, one-time links, browser sessions and their end.

A key is 32 random bytes; the database keeps its SHA-256 only, so who reads the database cannot sign in.
(A fast hash is enough for a random key: there is nothing to guess.)
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from web.access import passwords
from web.access.accounts import access_of, add_account
from web.access.identity import Access
from web.access.roles import Role
from web.i18n import N_
from web.refusals import Refused
from web.tables import Account, Grant, SignIn, SignInLink

SIGNED_IN_FOR = timedelta(hours=12)
# `seen_at` moves at most this often: a page and its tiles are one visit, not forty writes.
SEEN_EVERY = timedelta(minutes=5)
LOCAL_LINK_FOR = timedelta(minutes=30)
INVITATION_FOR = timedelta(days=3)
LONGEST_INVITATION_DAYS = 30
LOCAL_NAME = "admin"
_BROWSER_CHARACTERS = 200


class SignInRefused(Refused):
    """The sentence for somebody who could not be signed in; it never tells whether the account exists."""


def new_key() -> str:
    """A fresh random key."""
    return secrets.token_urlsafe(32)


def key_hash(key: str) -> str:
    """What the database keeps of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def account_by_password(session: Session, name: str, password: str) -> Account | None:
    """The active account with that name and password; takes the same time whichever was wrong."""
    found = session.scalar(select(Account).where(Account.name == name.strip().lower()))
    right = passwords.matches(password, found.password_hash if found else None)
    return found if right and found is not None and found.active else None


def begin(session: Session, account: Account, *, now: datetime, peer: str, browser: str) -> str:
    """Sign a browser in; answers its key. A key is never used again: every sign-in has its own."""
    session.execute(delete(SignIn).where(SignIn.expires_at <= now))
    key = new_key()
    session.add(
        SignIn(
            key_hash=key_hash(key),
            account_id=account.id,
            seen_at=now,
            expires_at=now + SIGNED_IN_FOR,
            peer=peer,
            browser=browser[:_BROWSER_CHARACTERS],
        )
    )
    session.flush()
    return key


def access_by_key(session: Session, key: str, *, now: datetime) -> Access | None:
    """Whom a browser's key belongs to; None when it ended, ran out, or the account is no longer active."""
    row = session.execute(
        select(SignIn, Account)
        .join(Account, Account.id == SignIn.account_id)
        .where(SignIn.key_hash == key_hash(key), SignIn.expires_at > now, Account.active)
    ).one_or_none()
    if row is None:
        return None
    if now - row.SignIn.seen_at > SEEN_EVERY:
        row.SignIn.seen_at = now
        row.SignIn.expires_at = now + SIGNED_IN_FOR
        session.flush()
    return access_of(session, row.Account)


def end(session: Session, key: str) -> None:
    """Sign a browser out."""
    session.execute(delete(SignIn).where(SignIn.key_hash == key_hash(key)))


def sign_ins_of(session: Session, account_id: int, *, now: datetime) -> list[SignIn]:
    """The browsers an account is signed in with, last seen first."""
    return list(
        session.scalars(
            select(SignIn)
            .where(SignIn.account_id == account_id, SignIn.expires_at > now)
            .order_by(SignIn.seen_at.desc(), SignIn.key_hash)
        )
    )


def end_sign_in(session: Session, account_id: int, hashed_key: str) -> bool:
    """Sign one browser of an account out, named by the hash of its key; False when it has no such."""
    ended = session.execute(
        delete(SignIn)
        .where(SignIn.account_id == account_id, SignIn.key_hash == hashed_key)
        .returning(SignIn.key_hash)
    )
    return ended.scalar() is not None


def end_others(session: Session, account_id: int, *, keep: str) -> int:
    """Sign every browser of an account out but the one with the key `keep`; answers how many."""
    ended = session.execute(
        delete(SignIn)
        .where(SignIn.account_id == account_id, SignIn.key_hash != key_hash(keep))
        .returning(SignIn.key_hash)
    )
    return len(ended.all())


def make_link(
    session: Session, account: Account, *, now: datetime, local: bool, days: int | None = None
) -> str:
    """The key of a new one-time link; links of the account that were not used yet end.

    Parameters
    ----------
    local : bool
        Whether it works on the server's own machine only, and for half an hour.
    days : int, optional
        How long an invitation can be used; 3 when left out.

    Raises
    ------
    Refused
        For less than 1 or more than 30 days.
    """
    if days is not None and not 1 <= days <= LONGEST_INVITATION_DAYS:
        raise Refused(
            N_("an invitation can be used for 1 to %(most)s days, not %(days)s"),
            most=LONGEST_INVITATION_DAYS,
            days=days,
        )
    lasts = timedelta(days=days) if days is not None else INVITATION_FOR
    session.execute(
        delete(SignInLink).where(
            (SignInLink.expires_at <= now)
            | ((SignInLink.account_id == account.id) & SignInLink.used_at.is_(None))
        )
    )
    key = new_key()
    session.add(
        SignInLink(
            key_hash=key_hash(key),
            account_id=account.id,
            local=local,
            expires_at=now + (LOCAL_LINK_FOR if local else lasts),
        )
    )
    session.flush()
    return key


def link_account(session: Session, key: str, *, now: datetime, local: bool) -> tuple[SignInLink, Account]:
    """The unused link with that key and its account.

    Parameters
    ----------
    local : bool
        Whether whoever asks sits at the server's own machine.

    Raises
    ------
    SignInRefused
        For a link that is unknown, used, too old, for the local machine only, or of an inactive account.
    """
    row = session.execute(
        select(SignInLink, Account)
        .join(Account, Account.id == SignInLink.account_id)
        .where(SignInLink.key_hash == key_hash(key), Account.active)
    ).one_or_none()
    if row is None or row.SignInLink.used_at is not None or row.SignInLink.expires_at <= now:
        raise SignInRefused(
            N_(
                "this sign-in link was used already or is too old; `lianfang user link NAME` on the server "
                "prints a new one"
            )
        )
    if row.SignInLink.local and not local:
        raise SignInRefused(N_("this sign-in link works on the server's own machine only"))
    return row.SignInLink, row.Account


def use_link(session: Session, link: SignInLink, *, now: datetime) -> bool:
    """Mark a link as used; False when somebody else was faster."""
    done = session.execute(
        update(SignInLink)
        .where(SignInLink.key_hash == link.key_hash, SignInLink.used_at.is_(None))
        .values(used_at=now)
        .returning(SignInLink.key_hash)
    )
    return done.scalar() is not None


def local_link(session: Session, *, now: datetime | None = None) -> str:
    """The key of a link that signs in the site's administrator on this machine; makes the first account."""
    moment = now or datetime.now(UTC)
    found = session.scalar(
        select(Account)
        .join(Grant, Grant.account_id == Account.id)
        .where(Account.active, Grant.role == Role.ADMINISTRATOR.value, Grant.jurisdiction_path.is_(None))
        .order_by((Account.name == LOCAL_NAME).desc(), Account.id)
        .limit(1)
    )
    if found is None:
        taken = session.scalar(select(func.count()).where(Account.name == LOCAL_NAME))
        name = f"{LOCAL_NAME}-{moment:%Y%m%d%H%M%S}" if taken else LOCAL_NAME
        found = add_account(session, name, author="lianfang serve", display_name="管理员 Administrator")
        session.add(
            Grant(
                account_id=found.id,
                role=Role.ADMINISTRATOR.value,
                jurisdiction_path=None,
                author="lianfang serve",
            )
        )
        session.flush()
    return make_link(session, found, now=moment, local=True)
