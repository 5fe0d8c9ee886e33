"""Passwords: Argon2id hashes, and what a password must be."""

from __future__ import annotations

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from web.i18n import N_
from web.refusals import Refused

# NIST SP 800-63B asks for length and against nothing else; 15 where a password is all there is.
SHORTEST, LONGEST = 12, 200
_DISTINCT = 5


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    # The library's defaults are the low-memory profile of RFC 9106: Argon2id, 64 MiB, 3 passes, 4 lanes.
    return PasswordHasher()


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _hasher().hash("the password of nobody")


def hashed(password: str, *, name: str = "") -> str:
    """The Argon2id hash of a new password.

    Raises
    ------
    InputRefused
        For one that is too short, too long, hardly varied, or the account's own name.
    """
    if len(password) < SHORTEST:
        raise Refused(
            N_("a password needs at least %(least)s characters; this one has %(count)s"),
            least=SHORTEST,
            count=len(password),
        )
    if len(password) > LONGEST:
        raise Refused(
            N_("a password has at most %(most)s characters; this one has %(count)s"),
            most=LONGEST,
            count=len(password),
        )
    if len(set(password)) < _DISTINCT or (name and name.lower() in password.lower()):
        raise Refused(
            N_("that password is easily guessed: use at least %(least)s different characters, not the name"),
            least=_DISTINCT,
        )
    return _hasher().hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Whether a password is the stored one; takes as long for an account that does not exist."""
    try:
        _hasher().verify(stored or _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None
