"""`lianfang user ...`: who may sign in, as what, and where."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import click
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo.db import transaction
from geo.errors import InputRefused
from geo.scope import WHOLE_SITE
from web.access import Role, accounts, signing
from web.access.roles import ROLE_NAMES
from web.cli.common import PEER, author, command_options
from web.database import open_database
from web.tables import Account, AuditEntry, SignIn
from web.whereabouts import WHOLE_SITE as WHOLE_SITE_SIGN
from web.whereabouts import typed_path

ADDRESS = "http://127.0.0.1:8000"

role_option = click.option("--role", type=click.Choice(ROLE_NAMES), required=True, help="What they may do.")
place_option = click.option(
    "--jurisdiction", "place", required=True, help="Where: a code, a path or a name; * is the whole site."
)


@click.group("user")
def users() -> None:
    """Accounts: who may sign in, as what, and where."""


@users.command("add")
@click.argument("name")
@role_option
@place_option
@click.option("--display-name", default="", help="How pages and plans call them [default: NAME].")
@command_options
def add(name: str, role: str, place: str, display_name: str) -> dict[str, Any]:
    """Make an account with one role; `lianfang user link NAME` then invites its owner.

    Example: lianfang user add li.hua --role planner --jurisdiction hel.d02 --display-name 李华
    """
    with _session() as session:
        account = accounts.add_account(session, name, author=author(), display_name=display_name)
        _note(session, "add", account)
        path = _grant(session, account, Role(role), place)
        told = {"account": account.name, "role": role, "jurisdiction": path or WHOLE_SITE_SIGN}
    click.echo(f"{told['account']} is {role} in {_place(path)}.", err=True)
    click.echo(f"Invite them: lianfang user link {told['account']}", err=True)
    return told


@users.command("grant")
@click.argument("name")
@role_option
@place_option
@command_options
def grant(name: str, role: str, place: str) -> dict[str, Any]:
    """Give an account one more role.

    Example: lianfang user grant li.hua --role viewer --jurisdiction '*'
    """
    with _session() as session:
        account = accounts.account_named(session, name)
        path = _grant(session, account, Role(role), place)
        told = {"account": account.name, "role": role, "jurisdiction": path or WHOLE_SITE_SIGN}
    click.echo(f"{told['account']} is {role} in {_place(path)}.", err=True)
    return told


@users.command("revoke")
@click.argument("name")
@role_option
@place_option
@command_options
def revoke(name: str, role: str, place: str) -> dict[str, Any]:
    """Take a role back; the account stays.

    Example: lianfang user revoke li.hua --role viewer --jurisdiction '*'
    """
    with _session() as session:
        account = accounts.account_named(session, name)
        path = typed_path(session, place)
        accounts.revoke(session, account, Role(role), path, within=WHOLE_SITE)
        _note(session, "revoke", account, path=path, role=role)
        told = {"account": account.name, "role": role, "jurisdiction": path or WHOLE_SITE_SIGN}
    click.echo(f"{told['account']} is no longer {role} in {_place(path)}.", err=True)
    return told


@users.command("list")
@command_options
def list_users() -> dict[str, Any]:
    """Who may sign in, as what, and where.

    Example: lianfang user list
    """
    with _session() as session:
        found = [_described(session, account) for account in session.scalars(_by_name())]
    for one in found:
        roles = ", ".join(f"{role} in {_place(path)}" for role, path in one["roles"]) or "no role"
        marks = "".join(f" [{mark}]" for mark in _marks(one))
        click.echo(f"{one['account']} ({one['display_name']}): {roles}{marks}", err=True)
    if not found:
        click.echo("There is no account yet; `lianfang user add` makes one.", err=True)
    return {
        "accounts": [
            {**one, "roles": [[role, path or WHOLE_SITE_SIGN] for role, path in one["roles"]]}
            for one in found
        ]
    }


@users.command("link")
@click.argument("name")
@click.option("--days", type=int, default=3, show_default=True, help="How long it can be used.")
@click.option("--url", default=ADDRESS, show_default=True, help="The address people come in by.")
@command_options
def link(name: str, days: int, url: str) -> dict[str, Any]:
    """Print a one-time link by which somebody chooses a password and is signed in.

    The link is a key: give it to that person alone. A new one ends those not used yet.

    Example: lianfang user link li.hua --url https://lianfang.example
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise click.BadParameter(f"{url!r} is no address; write https://host", param_hint="--url")
    with _session() as session:
        account = accounts.account_named(session, name)
        if not account.active:
            raise InputRefused(
                f"{account.name} is disabled and cannot sign in; `lianfang user enable {account.name}` first"
            )
        key = signing.make_link(session, account, now=datetime.now(UTC), local=False, days=days)
        _note(session, "invite", account, days=days)
        told = {"account": account.name, "link": f"{url.rstrip('/')}/sign-in/link/{key}", "days": days}
    click.echo(told["link"])
    return told


@users.command("password")
@click.argument("name")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read it from standard input, for scripts.")
@command_options
def password(name: str, from_stdin: bool) -> dict[str, Any]:
    """Set an account's password; its browsers are signed out.

    Asked for twice and not shown. Better: `lianfang user link NAME`, so that nobody else ever knows it.

    Example: lianfang user password li.hua
    """
    with open_database() as engine:
        with transaction(engine, scope=WHOLE_SITE) as session:
            accounts.account_named(session, name)
        chosen = _typed_password(from_stdin)
        with transaction(engine, scope=WHOLE_SITE) as session:
            account = accounts.account_named(session, name)
            accounts.set_password(session, account, chosen)
            _note(session, "change", account, what="password")
            told = {"account": account.name}
    click.echo(f"The password of {told['account']} is changed; its browsers are signed out.", err=True)
    return told


@users.command("disable")
@click.argument("name")
@command_options
def disable(name: str) -> dict[str, Any]:
    """End an account: it cannot sign in, its browsers and tokens are out at once. What it did stays known.

    Example: lianfang user disable li.hua
    """
    return _set_active(name, active=False)


@users.command("enable")
@click.argument("name")
@command_options
def enable(name: str) -> dict[str, Any]:
    """Let a disabled account sign in again.

    Example: lianfang user enable li.hua
    """
    return _set_active(name, active=True)


@contextmanager
def _session() -> Iterator[Session]:
    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        yield session


def _typed_password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = click.prompt("New password", hide_input=True, confirmation_prompt=True, err=True)
    return typed


def _grant(session: Session, account: Account, role: Role, place: str) -> str | None:
    path = typed_path(session, place)
    if accounts.grant(session, account, role, path, author=author(), within=WHOLE_SITE):
        _note(session, "grant", account, path=path, role=role.value)
    return path


def _set_active(name: str, *, active: bool) -> dict[str, Any]:
    with _session() as session:
        account = accounts.account_named(session, name)
        accounts.set_active(session, account, active, within=WHOLE_SITE)
        _note(session, "enable" if active else "disable", account)
        told = {"account": account.name, "active": active}
    click.echo(f"{told['account']} {'can sign in again' if active else 'can no longer sign in'}.", err=True)
    return told


def _note(
    session: Session, event: str, account: Account, *, path: str | None = None, **detail: object
) -> None:
    """Write into the audit log what the page of accounts would."""
    session.add(
        AuditEntry(
            account_id=None,
            account_name=author(),
            event=event,
            subject=f"account {account.name}",
            jurisdiction_path=path,
            detail=detail,
            peer=PEER,
        )
    )


def _by_name() -> Any:
    return select(Account).order_by(Account.name)


def _described(session: Session, account: Account) -> dict[str, Any]:
    seen = session.scalar(select(func.max(SignIn.seen_at)).where(SignIn.account_id == account.id))
    return {
        "account": account.name,
        "display_name": account.display_name,
        "active": account.active,
        "has_password": account.password_hash is not None,
        "signed_in_seen_at": seen.isoformat() if seen else None,
        "roles": [(role.value, path) for role, path in accounts.access_of(session, account).grants],
    }


def _marks(one: dict[str, Any]) -> list[str]:
    marks = [] if one["active"] else ["disabled"]
    return marks if one["has_password"] else [*marks, "no password yet"]


def _place(path: str | None) -> str:
    return path or "the whole site"
