"""Signing test clients in, with the roles a test needs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from geo.db import transaction
from geo.scope import WHOLE_SITE
from web.access import Role, accounts, signing
from web.app import create_app
from web.tables import Account, Grant

SECRET = "a secret key of tests"


def app_on(engine: Engine, folder: Path) -> Flask:
    """The app as a test uses it: CSRF checks off (they have tests of their own)."""
    app = create_app(engine, secret_key=SECRET, folder=folder, testing=True)
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def make_account(engine: Engine, name: str, *grants: tuple[Role, str | None]) -> str:
    """An account of that name with exactly these grants (None: the whole site); answers a sign-in key."""
    with transaction(engine, scope=WHOLE_SITE) as session:
        account = session.scalar(select(Account).where(Account.name == name))
        if account is None:
            account = accounts.add_account(session, name, author="test")
            for role, path in grants:
                accounts.grant(session, account, role, path, author="test", within=WHOLE_SITE)
        held = select(Grant.role, Grant.jurisdiction_path).where(Grant.account_id == account.id)
        assert {tuple(one) for one in session.execute(held)} == {(role.value, path) for role, path in grants}
        return signing.begin(session, account, now=datetime.now(UTC), peer="127.0.0.1", browser="test")


def signed_in_client(app: Flask, engine: Engine, role: Role, path: str | None = None) -> FlaskClient:
    """A client signed in as somebody with one role in one jurisdiction (None: the whole site)."""
    key = make_account(engine, f"{role.value}-{(path or 'site').replace('.', '-')}"[:60], (role, path))
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = key
    return client
