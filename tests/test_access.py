"""Accounts, grants, signing in, links, tokens: who gets in, and how far."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import small_site
from flask import Flask
from signing import SECRET, app_on, make_account, signed_in_client
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from geo.db import transaction
from geo.errors import InputRefused, LianfangError
from geo.scope import NOWHERE, WHOLE_SITE, Scope
from web.access import MAY, Access, Action, Person, Role, accounts, passwords, rules, signing, tokens
from web.access.keys import secret_key
from web.app import create_app
from web.tables import Account, AuditEntry, SignIn

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PASSWORD = "correct horse battery"


@pytest.fixture
def person(session: Session) -> Account:
    """An account with a password and no grants."""
    return accounts.add_account(session, "Li.Hua", author="test", password=PASSWORD)


def access(*grants: tuple[Role, str | None]) -> Access:
    return Access(Person(1, "x", "X"), grants)


def test_every_action_has_its_roles_and_only_staff_see_blind_spots() -> None:
    """The table is complete; patrol members, volunteers and viewers see no camera, gap or draft (DESIGN)."""
    assert set(MAY) == set(Action) and all(MAY[action] for action in Action)
    outside = {Role.MEMBER, Role.VOLUNTEER, Role.VIEWER}
    for action in (Action.CAMERAS_VIEW, Action.GAPS_VIEW, Action.PLANS_VIEW_DRAFTS, Action.EXPORTS_MAKE):
        assert not MAY[action] & outside, action


def test_an_action_reaches_as_far_as_the_grants_that_allow_it() -> None:
    """A planner in one town who only looks at another plans in the first alone."""
    both = access((Role.PLANNER, "c.d.t"), (Role.VIEWER, "c.d.u"))
    assert both.scope(Action.PLANS_MAKE) == Scope.of(["c.d.t"])
    assert both.scope(Action.MAP_VIEW) == Scope.of(["c.d.t", "c.d.u"])
    assert both.scope(Action.ACCOUNTS_MANAGE) == NOWHERE and not both.may(Action.ACCOUNTS_MANAGE)
    assert access((Role.VIEWER, "c.d.t"), (Role.VIEWER, None)).scope(Action.MAP_VIEW) == WHOLE_SITE
    assert access().may(Action.PROFILE_OWN) and not access().may(Action.MAP_VIEW)


def test_a_token_does_no_more_than_it_says_nor_than_its_owner() -> None:
    """Its actions and jurisdiction cut what the owner may, and add nothing."""
    limits = frozenset({Action.GAPS_VIEW, Action.ACCOUNTS_MANAGE}), "c.d"
    narrow = Access(Person(1, "x", "X"), ((Role.PLANNER, "c.d.t"), (Role.PLANNER, "e")), limits)
    assert narrow.scope(Action.GAPS_VIEW) == Scope.of(["c.d.t"])
    assert narrow.scope(Action.CAMERAS_VIEW) == NOWHERE, "not among the token's actions"
    assert narrow.scope(Action.ACCOUNTS_MANAGE) == NOWHERE, "its owner may not"
    assert not narrow.may(Action.PROFILE_OWN), "a program has no profile"
    whole = Access(Person(1, "x", "X"), ((Role.AUDITOR, None),), limits)
    assert whole.scope(Action.GAPS_VIEW) == Scope.of(["c.d"])


def test_a_password_is_kept_as_argon2id_only(person: Account) -> None:
    """RFC 9106's id variant, with a salt: the same password twice gives two hashes."""
    assert person.password_hash is not None and person.password_hash.startswith("$argon2id$")
    assert PASSWORD not in person.password_hash
    assert passwords.hashed(PASSWORD) != passwords.hashed(PASSWORD)
    assert passwords.matches(PASSWORD, person.password_hash)
    assert not passwords.matches("Correct horse battery", person.password_hash)
    assert not passwords.matches(PASSWORD, None) and not passwords.matches(PASSWORD, "not a hash")


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("short", "at least 12"),
        ("a" * 20, "easily guessed"),
        ("x" * 201, "at most 200"),
        ("li.hua12345678", "name"),
    ],
)
def test_a_weak_password_is_refused_with_the_limit(
    session: Session, person: Account, wrong: str, why: str
) -> None:
    """And the old one stays."""
    with pytest.raises(InputRefused, match=why):
        accounts.set_password(session, person, wrong)
    assert passwords.matches(PASSWORD, person.password_hash)


@pytest.mark.parametrize("wrong", ["", " ", "a", "two words", "x" * 61, "<b>"])
def test_a_name_that_cannot_be_typed_is_refused(session: Session, wrong: str) -> None:
    """With what a name is made of; Chinese names are names."""
    with pytest.raises(InputRefused, match="2 to 60"):
        accounts.add_account(session, wrong, author="test")
    assert accounts.add_account(session, "李华", author="test").name == "李华"


def test_names_differ_by_more_than_case(session: Session, person: Account) -> None:
    """`Li.Hua` and `LI.HUA` are one person."""
    assert person.name == "li.hua" and accounts.account_named(session, " LI.HUA ") is person
    with pytest.raises(InputRefused, match="exists already"):
        accounts.add_account(session, "LI.HUA", author="test")
    with pytest.raises(LianfangError, match="no account"):
        accounts.account_named(session, "somebody")


def test_who_grants_stays_inside_their_own_jurisdiction(session: Session, person: Account) -> None:
    """Granting and revoking outside is refused; the last administrator of the site cannot be lost."""
    small_site.fill(session)
    mine = Scope.of(["c.d.t"])
    assert accounts.grant(session, person, Role.VIEWER, "c.d.t.v", author="t", within=mine)
    assert not accounts.grant(session, person, Role.VIEWER, "c.d.t.v", author="t", within=mine), "it is there"
    for path in ("c.d.u", "c.d", None):
        with pytest.raises(InputRefused, match="outside your own"):
            accounts.grant(session, person, Role.VIEWER, path, author="t", within=mine)
    accounts.grant(session, person, Role.ADMINISTRATOR, None, author="t", within=WHOLE_SITE)
    with pytest.raises(InputRefused, match="beyond your own"):
        accounts.set_active(session, person, False, within=mine)
    for others in session.scalars(select(Account).where(Account.id != person.id)):
        others.active = False
    with pytest.raises(InputRefused, match="last administrator"):
        accounts.revoke(session, person, Role.ADMINISTRATOR, None, within=WHOLE_SITE)
    with pytest.raises(InputRefused, match="last administrator"):
        accounts.set_active(session, person, False, within=WHOLE_SITE)
    accounts.revoke(session, person, Role.VIEWER, "c.d.t.v", within=mine)
    with pytest.raises(InputRefused, match="nothing to revoke"):
        accounts.revoke(session, person, Role.VIEWER, "c.d.t.v", within=mine)


def test_a_sign_in_ends_by_time_by_hand_and_with_the_account(session: Session, person: Account) -> None:
    """Twelve hours after the last visit; at once when ended; the key itself is nowhere in the database."""
    key = signing.begin(session, person, now=NOW, peer="::1", browser="b" * 500)
    assert session.scalar(select(SignIn.key_hash).where(SignIn.account_id == person.id)) != key
    found = signing.access_by_key(session, key, now=NOW + timedelta(hours=11))
    assert found is not None and found.account.name == "li.hua"
    assert signing.access_by_key(session, key, now=NOW + timedelta(hours=22)) is not None, "seen at 11 h"
    assert signing.access_by_key(session, key, now=NOW + timedelta(hours=35)) is None
    assert signing.access_by_key(session, key + "x", now=NOW) is None
    signing.end(session, key)
    assert signing.access_by_key(session, key, now=NOW) is None
    other = signing.begin(session, person, now=NOW, peer="::1", browser="b")
    accounts.set_password(session, person, "another long password")
    assert signing.access_by_key(session, other, now=NOW) is None, "a new password signs out everywhere"


def test_a_link_works_once_in_time_and_here(session: Session, person: Account) -> None:
    """Local links on this machine alone; a new link ends the one before."""
    key = signing.make_link(session, person, now=NOW, local=True)
    with pytest.raises(signing.SignInRefused, match="own machine"):
        signing.link_account(session, key, now=NOW, local=False)
    link, account = signing.link_account(session, key, now=NOW, local=True)
    assert account is person and signing.use_link(session, link, now=NOW)
    assert not signing.use_link(session, link, now=NOW), "two browsers at once: one gets in"
    with pytest.raises(signing.SignInRefused, match="used already"):
        signing.link_account(session, key, now=NOW, local=True)
    first = signing.make_link(session, person, now=NOW, local=True)
    second = signing.make_link(session, person, now=NOW, local=True)
    with pytest.raises(signing.SignInRefused):
        signing.link_account(session, first, now=NOW, local=True)
    with pytest.raises(signing.SignInRefused, match="too old"):
        signing.link_account(session, second, now=NOW + timedelta(minutes=31), local=True)


def test_the_first_start_makes_an_administrator_and_the_next_ones_use_it(session: Session) -> None:
    """However often the program starts."""
    for _ in range(2):
        key = signing.local_link(session, now=NOW)
    _, account = signing.link_account(session, key, now=NOW, local=True)
    found = accounts.access_of(session, account)
    assert found.scope(Action.ACCOUNTS_MANAGE) == WHOLE_SITE
    assert session.scalars(select(Account).where(Account.name.startswith("admin"))).all() == [account]


def test_a_token_is_shown_once_expires_and_can_be_revoked(session: Session, person: Account) -> None:
    """Only its hash is kept; it ends with its time, by hand, and with its owner's rights."""
    accounts.grant(session, person, Role.AUDITOR, None, author="t", within=WHOLE_SITE)
    owner = accounts.access_of(session, person)
    made, key = tokens.make_token(
        session, owner, title="gateway", actions=[Action.CAMERAS_VIEW], path=None, days=7, now=NOW
    )
    assert key.startswith("lf_") and key not in str(vars(made)) and made.start == key[:9]
    bearer = tokens.access_by_token(session, key, now=NOW)
    assert bearer is not None and bearer.may(Action.CAMERAS_VIEW) and not bearer.may(Action.GAPS_VIEW)
    assert tokens.access_by_token(session, key, now=NOW + timedelta(days=7)) is None
    accounts.revoke(session, person, Role.AUDITOR, None, within=WHOLE_SITE)
    left = tokens.access_by_token(session, key, now=NOW)
    assert left is not None and not left.may(Action.CAMERAS_VIEW), "its owner may no more"
    assert not tokens.revoke_token(session, person.id + 1, made.id, now=NOW), "not somebody else's"
    assert tokens.revoke_token(session, person.id, made.id, now=NOW)
    assert tokens.access_by_token(session, key, now=NOW) is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"title": " "}, "title"),
        ({"actions": []}, "at least one action"),
        ({"days": 0}, "1 to 366"),
        ({"days": 367}, "1 to 366"),
        ({"actions": [Action.ACCOUNTS_MANAGE]}, "may not do"),
        ({"path": "c.d.u"}, "may not do"),
    ],
)
def test_a_token_beyond_its_owner_is_refused(
    session: Session, person: Account, change: dict, why: str
) -> None:
    """In one sentence, and none is made."""
    small_site.fill(session)
    accounts.grant(session, person, Role.AUDITOR, "c.d.t", author="t", within=WHOLE_SITE)
    wanted = {"title": "t", "actions": [Action.CAMERAS_VIEW], "path": "c.d.t", "days": 1, **change}
    with pytest.raises(InputRefused, match=why):
        tokens.make_token(session, accounts.access_of(session, person), now=NOW, **wanted)
    assert tokens.tokens_of(session, person.id) == []


def test_the_program_cannot_change_the_audit_log(session: Session) -> None:
    """It writes entries; updating or deleting one is refused by the database."""
    session.add(AuditEntry(account_name="x", event="view", subject="s", detail={}, peer=""))
    session.flush()
    for statement in ("UPDATE audit_entry SET subject = 'other'", "DELETE FROM audit_entry"):
        with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
            session.execute(text(statement))


# -- through the app ---------------------------------------------------------------------------------------


@pytest.fixture
def app(served) -> Flask:
    return app_on(served.engine, Path("unused"))


def test_a_view_without_a_rule_keeps_the_app_from_starting(app: Flask) -> None:
    """Named, so that it is found."""
    app.add_url_rule("/open", "open_door", lambda: "come in")
    with pytest.raises(LookupError, match="open_door"):
        rules.check_rules(app)


def test_nobody_is_sent_to_sign_in_and_back(served, app: Flask) -> None:
    """To the page that was asked for, on this server only."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        if session.scalar(select(Account).where(Account.name == "wang")) is None:
            accounts.add_account(session, "wang", author="test", password=PASSWORD)
    client = app.test_client()
    asked = client.get("/?x=1")
    assert asked.status_code == 302 and asked.headers["Location"] == "/sign-in?next=/?x%3D1"
    for wanted, got in (
        ("/help", "/help"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil", "/"),
    ):
        answer = client.post("/sign-in", data={"name": "Wang", "password": PASSWORD, "next": wanted})
        assert (answer.status_code, answer.headers["Location"]) == (302, got)
        assert client.post("/sign-out").status_code == 302
    wrong = client.post("/sign-in", data={"name": "wang", "password": "wrong"})
    nobody = client.post("/sign-in", data={"name": "nobody", "password": "wrong"})
    assert wrong.status_code == nobody.status_code == 401
    hidden = re.compile(r'value="[^"]*"')
    assert hidden.sub("", wrong.text) == hidden.sub("", nobody.text), "it does not tell whether a name exists"
    with served.engine.begin() as connection:
        connection.execute(text("SELECT set_config('app.scope', '*', true)"))
        events = connection.execute(text("SELECT event FROM audit_entry WHERE subject = 'account wang'"))
        assert "sign-in refused" in set(events.scalars())


def test_signing_in_gives_a_fresh_key(served, app: Flask) -> None:
    """A cookie planted before is worth nothing after (session fixation)."""
    client = app.test_client()
    planted = make_account(served.engine, "viewer-planted", (Role.VIEWER, None))
    with client.session_transaction() as cookie:
        cookie["_user_id"] = planted
        cookie["left"] = "over"
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        key = signing.local_link(session)
    assert client.get(f"/sign-in/link/{key}").status_code == 302
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != planted and "left" not in cookie


def test_signing_out_ends_the_key_not_only_the_cookie(served, app: Flask) -> None:
    """Who kept a copy of the cookie is out too."""
    client = signed_in_client(app, served.engine, Role.VIEWER)
    with client.session_transaction() as cookie:
        key = cookie["_user_id"]
    client.post("/sign-out")
    copy = app.test_client()
    with copy.session_transaction() as cookie:
        cookie["_user_id"] = key
    assert copy.get("/").headers["Location"].startswith("/sign-in")


def test_a_form_without_its_token_changes_nothing(served) -> None:
    """A foreign page cannot make a signed-in browser act (CSRF)."""
    app = create_app(served.engine, secret_key=SECRET, folder=Path("unused"), testing=True)
    client = signed_in_client(app, served.engine, Role.VIEWER)
    assert client.post("/sign-out").status_code == 400
    assert client.get("/").headers["Location"] == "/map" or client.get("/").status_code == 200
    page = client.get("/sign-in", follow_redirects=False)
    assert page.status_code == 302, "still signed in"


def test_guessing_is_throttled_by_machine_and_by_name(served) -> None:
    """The seventh try at a name within a minute is refused, right or wrong."""
    app = create_app(served.engine, secret_key=SECRET, folder=Path("unused"))
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    answers = [
        client.post(
            "/sign-in",
            data={"name": "zhao", "password": "guess"},
            environ_overrides={"REMOTE_ADDR": f"127.0.0.{n}"},
        ).status_code
        for n in range(1, 8)
    ]
    assert answers == [401] * 6 + [429]


def test_a_request_is_known_by_cookie_on_pages_and_by_token_on_programs_addresses(served, app: Flask) -> None:
    """A token opens no page, so no page's form can be sent with one."""
    make_account(served.engine, "auditor-token", (Role.AUDITOR, None))
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        account = accounts.account_named(session, "auditor-token")
        _, key = tokens.make_token(
            session,
            accounts.access_of(session, account),
            title="t",
            actions=[Action.MAP_VIEW],
            path=None,
            days=1,
            now=datetime.now(UTC),
        )
    client = app.test_client()
    header = {"Authorization": f"Bearer {key}"}
    assert client.get("/", headers=header).headers["Location"].startswith("/sign-in")
    assert client.get("/api/v1/nothing", headers=header).status_code == 404


def test_the_secret_key_is_made_once_and_for_the_owner_alone(tmp_path: Path, monkeypatch) -> None:
    """A file of mode 0600; the environment's comes first, and a short one is refused."""
    monkeypatch.delenv("LIANFANG_SECRET_KEY", raising=False)
    made = secret_key(tmp_path / "var")
    assert len(made) >= 32 and secret_key(tmp_path / "var") == made
    assert (tmp_path / "var" / "secret.key").stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("LIANFANG_SECRET_KEY", "too short")
    with pytest.raises(LianfangError, match="at least 32"):
        secret_key(tmp_path)
    monkeypatch.setenv("LIANFANG_SECRET_KEY", "k" * 40)
    assert secret_key(tmp_path) == "k" * 40
