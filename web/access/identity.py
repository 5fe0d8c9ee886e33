"""A signed-in person or program, as one request knows it: plain data, asked by every rule."""

from __future__ import annotations

from dataclasses import dataclass

from geo.scope import NOWHERE, WHOLE_SITE, Scope
from web.access.roles import MAY, Action, Role

# Being signed in is enough for these.
_NEED_NO_GRANT = frozenset({Action.PROFILE_OWN, Action.PUBLIC})


@dataclass(frozen=True)
class Person:
    """Who an account belongs to, for pages and the audit log."""

    id: int
    name: str
    display_name: str


@dataclass(frozen=True)
class Access:
    """What somebody may do, and where.

    Parameters
    ----------
    account : Person
    grants : tuple of (Role, path or None)
        None is the whole site.
    limits : tuple of (actions, path or None), optional
        Of an API token: it may do no more than this, whatever its owner may.
    """

    account: Person
    grants: tuple[tuple[Role, str | None], ...]
    limits: tuple[frozenset[Action], str | None] | None = None

    def scope(self, action: Action) -> Scope:
        """Where `action` is allowed; falsy when nowhere."""
        paths = [path for role, path in self.grants if role in MAY[action]]
        whole = WHOLE_SITE if None in paths else Scope.of([path for path in paths if path is not None])
        if self.limits is None:
            return whole
        actions, limit = self.limits
        if action not in actions:
            return NOWHERE
        return whole if limit is None else _within(whole, limit)

    def may(self, action: Action) -> bool:
        """Whether `action` is allowed anywhere at all."""
        if action in _NEED_NO_GRANT:
            return self.limits is None
        return bool(self.scope(action))

    @property
    def roles(self) -> frozenset[Role]:
        """The roles held anywhere."""
        return frozenset(role for role, _ in self.grants)


def _within(scope: Scope, limit: str) -> Scope:
    """The part of a scope that lies in one jurisdiction."""
    if scope.covers(limit):
        return Scope.of([limit])
    return Scope.of([path for path in scope.paths if path.startswith(f"{limit}.")])
