"""API tokens: scoped, expiring, hashed, revocable. Functions take an open session and never commit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.errors import Sentence
from web.access.accounts import access_of, place_word
from web.access.identity import Access
from web.access.roles import ACTION_TITLES, Action
from web.access.signing import SEEN_EVERY, key_hash, new_key
from web.i18n import N_
from web.refusals import Refused
from web.tables import Account, ApiToken

PREFIX = "lf_"
SHOWN = 9
LONGEST_DAYS = 366


def make_token(
    session: Session,
    owner: Access,
    *,
    title: str,
    actions: Iterable[Action],
    path: str | None,
    days: int,
    now: datetime,
) -> tuple[ApiToken, str]:
    """A new token and its text, which is shown once and kept nowhere.

    Raises
    ------
    InputRefused
        Without a title, without actions, for an action its owner may not do there, for a life of less than
        1 or more than 366 days.
    """
    wanted = list(dict.fromkeys(actions))
    if not title.strip():
        raise Refused(N_("a token needs a title that says what uses it, such as “gateway of the town”"))
    if not wanted:
        raise Refused(N_("a token needs at least one action"))
    if not 1 <= days <= LONGEST_DAYS:
        raise Refused(N_("a token lives 1 to %(most)s days, not %(days)s"), most=LONGEST_DAYS, days=days)
    for action in wanted:
        if not owner.scope(action).covers(path):
            raise Refused(
                N_("you may not do this in %(place)s yourself, so no token of yours may: %(action)s"),
                action=Sentence(ACTION_TITLES[action]),
                place=place_word(path),
            )
    text = PREFIX + new_key()
    made = ApiToken(
        account_id=owner.account.id,
        title=title.strip(),
        key_hash=key_hash(text),
        start=text[:SHOWN],
        actions=[action.value for action in wanted],
        jurisdiction_path=path,
        expires_at=now + timedelta(days=days),
    )
    session.add(made)
    session.flush()
    return made, text


def access_by_token(session: Session, text: str, *, now: datetime) -> Access | None:
    """What a token's bearer may do: no more than the token says, and no more than its owner still may."""
    row = session.execute(
        select(ApiToken, Account)
        .join(Account, Account.id == ApiToken.account_id)
        .where(
            ApiToken.key_hash == key_hash(text),
            ApiToken.expires_at > now,
            ApiToken.revoked_at.is_(None),
            Account.active,
        )
    ).one_or_none()
    if row is None:
        return None
    token = row.ApiToken
    if token.used_at is None or now - token.used_at > SEEN_EVERY:
        token.used_at = now
        session.flush()
    owner = access_of(session, row.Account)
    known = {action.value: action for action in Action}
    actions = frozenset(known[name] for name in token.actions if name in known)
    return Access(owner.account, owner.grants, (actions, token.jurisdiction_path))


def tokens_of(session: Session, account_id: int) -> list[ApiToken]:
    """An account's tokens, newest first."""
    return list(
        session.scalars(
            select(ApiToken).where(ApiToken.account_id == account_id).order_by(ApiToken.id.desc())
        )
    )


def revoke_token(session: Session, account_id: int, token_id: int, *, now: datetime) -> bool:
    """End one of an account's tokens; False when it has no such token."""
    found = session.get(ApiToken, token_id)
    if found is None or found.account_id != account_id:
        return False
    found.revoked_at = found.revoked_at or now
    session.flush()
    return True
