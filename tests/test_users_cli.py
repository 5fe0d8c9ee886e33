"""`lianfang user`: accounts from the command line of the server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import small_site
from click.testing import CliRunner
from databases import another_database
from sqlalchemy import select

from geo.db import make_engine, transaction
from geo.scope import WHOLE_SITE
from geo.server import Cluster
from migrations import runner
from web.access import Role, accounts, passwords, signing
from web.cli import main
from web.tables import Account, AuditEntry, Grant, SignIn

PASSWORD = "correct horse battery"
Call = Callable[..., tuple[int, str, dict[str, Any]]]


@pytest.fixture(scope="module")
def place(cluster: Cluster) -> Iterator[SimpleNamespace]:
    """The small site in a database of its own."""
    with another_database(cluster, "lianfang_users") as (app_url, owner_url):
        runner.upgrade(owner_url)
        made = make_engine(app_url)
        with transaction(made, scope=WHOLE_SITE) as session:
            small_site.fill(session)
        yield SimpleNamespace(engine=made, app_url=app_url, owner_url=owner_url)
        made.dispose()


@pytest.fixture
def user(place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run `lianfang user …`; answers the exit status, what was said, and the JSON line."""
    monkeypatch.setenv("LIANFANG_DATABASE_URL", place.app_url)
    monkeypatch.setenv("LIANFANG_OWNER_DATABASE_URL", place.owner_url)
    with transaction(place.engine, scope=WHOLE_SITE) as session:
        session.query(Account).delete()

    def call(*arguments: str, typed: str | None = None) -> tuple[int, str, dict[str, Any]]:
        result = CliRunner().invoke(main, ["user", *arguments, "--json"], input=typed)
        last = result.output.strip().splitlines()[-1] if result.output.strip() else ""
        return result.exit_code, result.output, json.loads(last) if last.startswith("{") else {}

    return call


def grants(place: SimpleNamespace, name: str) -> set[tuple[str, str | None]]:
    with transaction(place.engine, scope=WHOLE_SITE) as session:
        rows = session.execute(
            select(Grant.role, Grant.jurisdiction_path)
            .join(Account, Account.id == Grant.account_id)
            .where(Account.name == name)
        )
        return {(role, path) for role, path in rows}


def account(place: SimpleNamespace, name: str) -> Account:
    with transaction(place.engine, scope=WHOLE_SITE) as session:
        return accounts.account_named(session, name)


@pytest.mark.parametrize(
    ("typed", "path"),
    [("*", None), ("t", "c.d.t"), ("c.d.t", "c.d.t"), ("前埔镇", "c.d.t"), ("Qianpu", "c.d.t")],
)
def test_a_jurisdiction_is_named_by_code_path_or_name(
    user: Call, place: SimpleNamespace, typed: str, path: str | None
) -> None:
    """And the whole site by a star."""
    status, said, told = user("add", "Li.Hua", "--role", "planner", "--jurisdiction", typed)
    assert status == 0, said
    assert told == {"account": "li.hua", "role": "planner", "jurisdiction": path or "*"}
    assert grants(place, "li.hua") == {("planner", path)}
    assert "lianfang user link li.hua" in said


def test_roles_are_given_and_taken_back(user: Call, place: SimpleNamespace) -> None:
    """Giving one twice changes nothing; the account stays when the last is gone."""
    user("add", "li", "--role", "planner", "--jurisdiction", "t", "--display-name", "李华")
    for _ in range(2):
        assert user("grant", "li", "--role", "viewer", "--jurisdiction", "*")[0] == 0
    assert grants(place, "li") == {("planner", "c.d.t"), ("viewer", None)}
    assert user("revoke", "li", "--role", "planner", "--jurisdiction", "t")[0] == 0
    status, said, told = user("list")
    assert status == 0 and "li (李华): viewer in the whole site [no password yet]" in said
    (one,) = told["accounts"]
    assert one["roles"] == [["viewer", "*"]] and one["active"] and not one["has_password"]
    assert account(place, "li").display_name == "李华"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", "li", "--role", "viewer", "--jurisdiction", "*"), "exists already"),
        (("add", "l", "--role", "viewer", "--jurisdiction", "*"), "2 to 60"),
        (("add", "new", "--role", "viewer", "--jurisdiction", "*"), "take another"),
        (("add", "wang", "--role", "viewer", "--jurisdiction", "nowhere"), "no jurisdiction “nowhere”"),
        (("grant", "nobody", "--role", "viewer", "--jurisdiction", "*"), "no account 'nobody'"),
        (("revoke", "li", "--role", "planner", "--jurisdiction", "*"), "nothing to revoke"),
        (("revoke", "li", "--role", "administrator", "--jurisdiction", "*"), "last administrator"),
        (("disable", "li"), "last administrator"),
        (("link", "li", "--days", "31"), "1 to 30 days"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    user: Call, place: SimpleNamespace, arguments: tuple[str, ...], sentence: str
) -> None:
    """Exit status 1, and nothing is changed."""
    user("add", "li", "--role", "administrator", "--jurisdiction", "*")
    status, said, _ = user(*arguments)
    assert status == 1 and sentence in said, said
    assert said.strip().splitlines()[-1].startswith("lianfang: ") and "Traceback" not in said
    with transaction(place.engine, scope=WHOLE_SITE) as session:
        assert [one.name for one in session.scalars(select(Account))] == ["li"]
    assert grants(place, "li") == {("administrator", None)}


def test_a_wrong_role_is_wrong_usage(user: Call) -> None:
    """Exit status 2, with the roles there are."""
    status, said, _ = user("add", "li", "--role", "king", "--jurisdiction", "*")
    assert status == 2 and "volunteer" in said


def test_a_link_signs_in_who_holds_it_once(user: Call, place: SimpleNamespace) -> None:
    """At the address named, for the days named; a new one ends the one before."""
    user("add", "li", "--role", "viewer", "--jurisdiction", "t")
    first = user("link", "li")[2]["link"]
    _, said, told = user("link", "li", "--url", "https://lianfang.example/", "--days", "1")
    assert told["link"].startswith("https://lianfang.example/sign-in/link/") and told["link"] in said
    with transaction(place.engine, scope=WHOLE_SITE) as session:
        with pytest.raises(signing.SignInRefused):
            signing.link_account(session, first.rpartition("/")[2], now=datetime.now(UTC), local=False)
        link, invited = signing.link_account(
            session, told["link"].rpartition("/")[2], now=datetime.now(UTC), local=False
        )
        assert invited.name == "li" and link.expires_at < datetime.now(UTC) + timedelta(days=1)
    assert user("link", "li", "--url", "lianfang.example")[0] == 2


def test_a_password_is_read_from_standard_input_or_asked_for_twice(
    user: Call, place: SimpleNamespace
) -> None:
    """It is never shown, and whoever was signed in is out."""
    user("add", "li", "--role", "viewer", "--jurisdiction", "t")
    with transaction(place.engine, scope=WHOLE_SITE) as session:
        signing.begin(
            session, accounts.account_named(session, "li"), now=datetime.now(UTC), peer="::1", browser=""
        )
    status, said, _ = user("password", "li", "--stdin", typed=f"{PASSWORD}\n")
    assert status == 0 and PASSWORD not in said
    assert passwords.matches(PASSWORD, account(place, "li").password_hash)
    with transaction(place.engine, scope=WHOLE_SITE) as session:
        assert session.scalars(select(SignIn)).all() == []
    status, said, _ = user("password", "li", typed=f"{PASSWORD} 2\n{PASSWORD} 2\n")
    assert status == 0 and PASSWORD not in said
    assert passwords.matches(f"{PASSWORD} 2", account(place, "li").password_hash)
    status, said, _ = user("password", "li", "--stdin", typed="short\n")
    assert status == 1 and "at least 12" in said


def test_a_disabled_account_is_not_invited(user: Call, place: SimpleNamespace) -> None:
    """It stays, with what it did; enabled it is as it was."""
    user("add", "li", "--role", "viewer", "--jurisdiction", "t")
    assert user("disable", "li")[2] == {"account": "li", "active": False}
    assert "[disabled]" in user("list")[1]
    status, said, _ = user("link", "li")
    assert status == 1 and "lianfang user enable li" in said
    assert user("enable", "li")[2] == {"account": "li", "active": True}
    assert grants(place, "li") == {("viewer", "c.d.t")}


def test_what_is_done_is_written_down(user: Call, place: SimpleNamespace) -> None:
    """By the name of the system account that ran the command; without a key or a password."""
    with transaction(place.engine, scope=WHOLE_SITE) as session:
        before = session.scalars(select(AuditEntry.id).order_by(AuditEntry.id.desc()).limit(1)).first() or 0
    user("add", "li", "--role", "planner", "--jurisdiction", "t")
    key = user("link", "li")[2]["link"].rpartition("/")[2]
    user("password", "li", "--stdin", typed=f"{PASSWORD}\n")
    user("revoke", "li", "--role", "planner", "--jurisdiction", "t")
    user("disable", "li")
    with transaction(place.engine, scope=WHOLE_SITE) as session:
        written = session.scalars(
            select(AuditEntry).where(AuditEntry.id > before).order_by(AuditEntry.id)
        ).all()
    assert [one.event for one in written] == ["add", "grant", "invite", "change", "revoke", "disable"]
    assert {one.subject for one in written} == {"account li"}
    assert all(one.account_name and one.peer == "command line" for one in written)
    assert [one.jurisdiction_path for one in written] == [None, "c.d.t", None, None, "c.d.t", None]
    assert key not in str([vars(one) for one in written]) and PASSWORD not in str(
        [vars(one) for one in written]
    )
    assert Role.PLANNER.value == written[1].detail["role"]
