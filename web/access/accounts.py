"""Use cases of accounts and their grants. Functions take an open session and never commit."""

from __future__ import annotations

import re

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from geo.errors import LianfangError, Sentence
from geo.scope import Scope
from web.access import passwords
from web.access.identity import Access, Person
from web.access.roles import ROLE_TITLES, Action, Role
from web.i18n import N_
from web.refusals import Refused
from web.tables import Account, Grant, SignIn, SignInLink

_NAME = re.compile(r"[\w.@-]{2,60}")
# `/accounts/new` is a page of its own.
RESERVED = frozenset({"new"})
# What the program makes by itself carries these names as its author.
OWN_NAMES = frozenset({"demo", "lianfang"})


def add_account(
    session: Session, name: str, *, author: str, display_name: str = "", password: str | None = None
) -> Account:
    """A new account, without grants.

    Raises
    ------
    InputRefused
        For a name that is taken or not 2 to 60 letters, digits and ``.@-_``; for a password refused.
    """
    known_as = name.strip().lower()
    if not _NAME.fullmatch(known_as):
        raise Refused(
            N_("account name “%(name)s”: use 2 to 60 letters, digits and the signs . @ - _"), name=name[:80]
        )
    if known_as in RESERVED:
        raise Refused(N_("account name “%(name)s” is an address of the program; take another"), name=known_as)
    if known_as in OWN_NAMES:
        raise Refused(
            N_("account name “%(name)s” is what the program calls itself; take another"), name=known_as
        )
    if session.scalar(select(Account.id).where(Account.name == known_as)) is not None:
        raise Refused(
            N_("account “%(name)s” exists already; grant it a role, or take another name"), name=known_as
        )
    made = Account(
        name=known_as,
        display_name=display_name.strip() or name.strip(),
        password_hash=passwords.hashed(password, name=known_as) if password else None,
        active=True,
        author=author,
    )
    session.add(made)
    session.flush()
    return made


def account_named(session: Session, name: str) -> Account:
    """The account of that name; LianfangError when there is none."""
    found = session.scalar(select(Account).where(Account.name == name.strip().lower()))
    if found is None:
        raise LianfangError(f"there is no account {name!r}; `lianfang user list` shows those there are")
    return found


def grant(
    session: Session, account: Account, role: Role, path: str | None, *, author: str, within: Scope
) -> bool:
    """Give a role in a jurisdiction (None: the whole site); False when the account has it already.

    An invitation that is still open ends: whoever keeps its link made it for fewer rights.

    Raises
    ------
    InputRefused
        When the jurisdiction lies outside `within`, the scope of whoever grants.
    """
    _refuse_outside(within, path)
    if _find(session, account, role, path) is not None:
        return False
    session.execute(delete(SignInLink).where(*_open_invitation(account)))
    session.add(Grant(account_id=account.id, role=role.value, jurisdiction_path=path, author=author))
    session.flush()
    return True


def has_invitation(session: Session, account: Account) -> bool:
    """Whether an invitation of the account has not been used yet, nor run out."""
    asked = select(SignInLink.key_hash).where(*_open_invitation(account)).limit(1)
    return session.scalar(asked) is not None


def revoke(session: Session, account: Account, role: Role, path: str | None, *, within: Scope) -> None:
    """Take a grant back.

    Raises
    ------
    InputRefused
        When there is none, it lies outside `within`, or nobody would be left to administer the whole site.
    """
    _refuse_outside(within, path)
    found = _find(session, account, role, path)
    if found is None:
        raise Refused(
            N_("%(name)s is not %(role)s in %(place)s; nothing to revoke"),
            name=account.name,
            role=Sentence(ROLE_TITLES[role]),
            place=place_word(path),
        )
    if role is Role.ADMINISTRATOR and path is None:
        _refuse_last(session, account)
    session.delete(found)
    session.flush()


def set_active(session: Session, account: Account, active: bool, *, within: Scope) -> None:
    """Let an account sign in again, or end it: its browsers are signed out at once.

    Raises
    ------
    InputRefused
        When it has a grant outside `within`, or nobody would be left to administer the whole site.
    """
    refuse_beyond(session, account, within)
    if not active:
        _refuse_last(session, account)
        sign_out_everywhere(session, account)
    account.active = active
    session.flush()


def set_password(session: Session, account: Account, password: str) -> None:
    """A new password; every browser of the account is signed out.

    Raises
    ------
    InputRefused
        As `passwords.hashed`.
    """
    account.password_hash = passwords.hashed(password, name=account.name)
    sign_out_everywhere(session, account)
    session.flush()


def sign_out_everywhere(session: Session, account: Account) -> None:
    """End every browser session of an account."""
    session.query(SignIn).where(SignIn.account_id == account.id).delete()


def access_of(session: Session, account: Account) -> Access:
    """What an account may do."""
    rows = session.execute(
        select(Grant.role, Grant.jurisdiction_path).where(Grant.account_id == account.id).order_by(Grant.id)
    )
    grants = tuple((Role(role), path) for role, path in rows)
    return Access(Person(account.id, account.name, account.display_name), grants)


def refuse_beyond(session: Session, account: Account, within: Scope) -> None:
    """Refuse to touch an account that reaches beyond the scope of whoever asks."""
    for role, path in access_of(session, account).grants:
        if not within.covers(path):
            raise Refused(
                N_(
                    "%(name)s is %(role)s in %(place)s, beyond your own jurisdiction; ask an administrator "
                    "of that one"
                ),
                name=account.name,
                role=Sentence(ROLE_TITLES[role]),
                place=place_word(path),
            )


def place_word(path: str | None) -> str:
    """A jurisdiction in a refusal: its path, or the words for the whole site."""
    return Sentence(N_("the whole site")) if path is None else path


def _open_invitation(account: Account) -> list[ColumnElement[bool]]:
    return [
        SignInLink.account_id == account.id,
        SignInLink.used_at.is_(None),
        SignInLink.local.is_(False),
        SignInLink.expires_at > func.now(),
    ]


def _find(session: Session, account: Account, role: Role, path: str | None) -> Grant | None:
    return session.scalar(
        select(Grant).where(
            Grant.account_id == account.id,
            Grant.role == role.value,
            Grant.jurisdiction_path.is_not_distinct_from(path),
        )
    )


def _refuse_outside(within: Scope, path: str | None) -> None:
    if not within.covers(path):
        raise Refused(
            N_("%(place)s lies outside your own jurisdiction; roles are granted and revoked inside it only"),
            place=place_word(path),
        )


def _refuse_last(session: Session, account: Account) -> None:
    """Refuse to leave the site without anybody who may manage its accounts."""
    others = session.scalar(
        select(Grant.id)
        .join(Account, Account.id == Grant.account_id)
        .where(
            Grant.role == Role.ADMINISTRATOR.value,
            Grant.jurisdiction_path.is_(None),
            Account.active,
            Account.id != account.id,
        )
        .limit(1)
    )
    mine = _find(session, account, Role.ADMINISTRATOR, None)
    if others is None and mine is not None:
        raise Refused(
            N_("%(name)s is the last administrator of the whole site; make another one first"),
            name=account.name,
        )


def actions_of(access: Access) -> list[Action]:
    """The actions an account may pass on to a token, in the table's order."""
    return [action for action in Action if access.scope(action)]
