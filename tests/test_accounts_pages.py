"""Pages of accounts, of one's own profile and tokens, of settings, the audit log and help."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from signing import app_on, make_account, signed_in_client
from small_site import CHILD, OWN, PARENT, SIBLING
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geo.db import transaction
from geo.scope import NOWHERE, WHOLE_SITE, Scope
from geo.tables import Setting
from web.access import MAY, Action, Role, accounts, passwords, signing, tokens
from web.access.browsers import browser_words
from web.access.roles import ACTION_TITLES
from web.i18n import Translator
from web.pages import audit
from web.tables import Account, ApiToken, AuditEntry, Grant, SignIn

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "correct horse battery"
LINK = re.compile(r"http://localhost(/sign-in/link/[\w-]+)")


@pytest.fixture(scope="module")
def made_app(served) -> Flask:
    return app_on(served.engine, Path("unused"))


@pytest.fixture
def app(served, made_app: Flask) -> Iterator[Flask]:
    """The app; afterwards accounts, settings and sign-ins are as they were."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        known = set(session.scalars(select(Account.id)))
    yield made_app
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM account WHERE id <> ALL (:known)"), {"known": list(known)})
        session.execute(text("DELETE FROM setting"))


@pytest.fixture
def town(served, app: Flask) -> FlaskClient:
    """The administrator of the town c.d.t."""
    return signed_in_client(app, served.engine, Role.ADMINISTRATOR, OWN)


@pytest.fixture
def whole(served, app: Flask) -> FlaskClient:
    """The administrator of the whole site."""
    return signed_in_client(app, served.engine, Role.ADMINISTRATOR)


def ask(served, question: Any) -> Any:
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        return session.scalar(question)


def person(served, name: str, *grants: tuple[Role, str | None]) -> int:
    """An account; answers its number."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        made = accounts.add_account(session, name, author="test")
        for role, path in grants:
            accounts.grant(session, made, role, path, author="test", within=WHOLE_SITE)
        return made.id


def grants(served, name: str) -> set[tuple[str, str | None]]:
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        rows = session.execute(
            select(Grant.role, Grant.jurisdiction_path)
            .join(Account, Account.id == Grant.account_id)
            .where(Account.name == name)
        )
        return {(role, path) for role, path in rows}


def listed(client: FlaskClient, address: str = "/accounts") -> set[str]:
    answer = client.get(address)
    assert answer.status_code == 200
    return set(re.findall(r'data-href="/accounts/([^"]+)"', answer.text))


# -- accounts ----------------------------------------------------------------------------------------------


def test_an_administrator_sees_the_accounts_of_their_own_area(served, town, whole) -> None:
    """Those with a role inside, and those without any; the others are not there, nor are their roles."""
    person(served, "without")
    person(served, "both", (Role.VIEWER, CHILD), (Role.COMMANDER, PARENT))
    people = served.site.people
    seen = listed(town)
    assert {people[OWN], people[CHILD], "without", "both"} <= seen
    assert not {people[PARENT], people[SIBLING]} & seen
    assert {people[PARENT], people[SIBLING], "both"} <= listed(whole)
    page = town.get("/accounts/both?lang=en").text
    assert "viewer" in page and "c.d.t.v" in page and "1 role of this account lies outside" in page
    assert "given" in page and page.count("/grants/revoke") == 1
    table = re.search(r'data-href="/accounts/both".*?</tr>', town.get("/accounts?lang=en").text, re.S)
    assert table and "viewer · Xiazhai" in table[0] and "commander" not in table[0]
    assert town.get(f"/accounts/{people[SIBLING]}").status_code == 404
    assert town.get("/accounts/nobody").status_code == 404


def test_the_list_is_searched_by_role_and_narrowed_by_jurisdiction(served, whole) -> None:
    """In the reader's words; the state is a filter."""
    person(served, "both", (Role.VIEWER, CHILD), (Role.COMMANDER, SIBLING))
    assert "both" in listed(whole, "/accounts?q=指挥员&lang=zh")
    assert "both" in listed(whole, "/accounts?q=commander+·+Houpu&lang=en")
    assert served.site.people[OWN] not in listed(whole, "/accounts?q=commander&lang=en")
    assert listed(whole, "/accounts?state=disabled") == set()
    assert "both" in listed(whole, "/accounts?in=c.d.u")
    assert served.site.people[OWN] not in listed(whole)
    whole.get("/accounts?in=")
    assert served.site.people[OWN] in listed(whole)


def test_a_new_account_comes_with_a_role_and_an_invitation_shown_once(served, app, town) -> None:
    """Whoever opens the link chooses a password; the link is not in the page afterwards."""
    answer = town.post(
        "/accounts/new",
        data={"name": "Li.Hua", "display_name": "李华", "role": "planner", "place": "前埔镇"},
    )
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    link = LINK.search(answer.text)
    assert link and grants(served, "li.hua") == {("planner", OWN)}
    assert not LINK.search(town.get("/accounts/li.hua").text)
    client = app.test_client()
    assert "li.hua" in client.get(link[1]).text
    assert client.post(link[1], data={"password": PASSWORD}).headers["Location"] == "/"
    assert "李华" in client.get("/profile").text
    assert client.get(link[1]).status_code == 401, "used"
    entries = ask(
        served,
        select(text("string_agg(event, ',' ORDER BY id)"))
        .select_from(AuditEntry)
        .where(AuditEntry.subject == "account li.hua"),
    )
    assert entries == "add,grant,invite"


def test_an_invitation_ends_when_the_account_may_do_more(served, app, town, whole) -> None:
    """Whoever kept its link could sign in as somebody with rights that they never had."""
    answer = town.post("/accounts/new", data={"name": "kept", "role": "viewer", "place": "前埔镇"})
    link = LINK.search(answer.text)
    assert link
    promoted = whole.post("/accounts/kept/grants?lang=en", data={"role": "administrator", "place": "*"})
    assert promoted.status_code == 302
    assert "invitation that was open has ended" in whole.get("/accounts/kept?lang=en").text
    stranger = app.test_client()
    assert stranger.get(link[1]).status_code == 401
    assert stranger.post(link[1], data={"password": PASSWORD}).status_code == 401


def test_who_comes_second_to_an_invitation_leaves_no_password(served, app, town, monkeypatch) -> None:
    """Both opened it in time; the link is used up while the second one chooses."""
    answer = town.post("/accounts/new", data={"name": "twice", "role": "viewer", "place": "前埔镇"})
    link = LINK.search(answer.text)
    assert link
    monkeypatch.setattr(signing, "use_link", lambda *_, **__: False)
    assert app.test_client().post(link[1], data={"password": PASSWORD}).headers["Location"] == "/sign-in"
    assert ask(served, select(Account.password_hash).where(Account.name == "twice")) is None


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"name": "x"}, "2 至 60"),
        ({"name": "new"}, "请换一个"),
        ({"name": "Demo"}, "程序自用"),
        ({"name": "chen-1"}, "已存在"),
        ({"role": "king"}, "请选择角色"),
        ({"place": ""}, "请填写辖区"),
        ({"place": "后埔镇"}, "您的辖区内没有"),
        ({"place": "*"}, "不在您的辖区内"),
    ],
)
def test_what_is_wrong_is_said_in_the_readers_language_and_nothing_is_made(
    served, town, form: dict[str, str], sentence: str
) -> None:
    """The form comes back with what was typed; no account, no role."""
    asked = {"name": "li", "display_name": "小李", "role": "viewer", "place": "t", **form}
    answer = town.post("/accounts/new?lang=zh", data=asked)
    assert answer.status_code == 422 and sentence in answer.text and "小李" in answer.text
    assert ask(served, select(Account.id).where(Account.name == "li")) is None


def test_jurisdictions_are_offered_from_ones_own_area(town, whole) -> None:
    """The whole site to whoever has it."""
    mine = town.get("/accounts/new/places?place=").text
    assert 'value="c.d.t"' in mine and 'value="c.d.t.v"' in mine
    assert 'value="c.d.u"' not in mine and 'value="*"' not in mine
    below = town.get("/accounts/new/places?place=c.d.t").text
    assert 'value="c.d.t"' in below and 'value="c.d.t.v"' in below, "of a chosen one: it and what is below"
    all_of_it = whole.get("/accounts/new/places?place=埔").text
    assert 'value="c.d.u"' in all_of_it and 'value="*"' in all_of_it


def test_roles_are_given_and_taken_back_inside_ones_own_area(served, town) -> None:
    """Outside it nothing changes."""
    person(served, "li", (Role.VIEWER, OWN), (Role.PLANNER, PARENT))
    given = town.post("/accounts/li/grants", data={"role": "member", "place": "下寨村"})
    assert given.status_code == 302
    assert ("member", CHILD) in grants(served, "li")
    held = select(Grant.id).join(Account, Account.id == Grant.account_id).where(Account.name == "li")
    outside = ask(served, held.where(Grant.role == "planner"))
    refused = town.post("/accounts/li/grants/revoke?lang=en", data={"grant": str(outside)})
    assert refused.status_code == 422 and "outside your own jurisdiction" in refused.text
    inside = ask(served, held.where(Grant.role == "member"))
    assert town.post("/accounts/li/grants/revoke", data={"grant": str(inside)}).status_code == 302
    assert grants(served, "li") == {("viewer", OWN), ("planner", PARENT)}
    assert town.post("/accounts/li/grants/revoke", data={"grant": str(inside)}).status_code == 422


def test_nobody_takes_over_an_account_that_reaches_beyond_their_area(served, town) -> None:
    """A link, a sign-out, an end or a revoked token would be a way to act as, or against, somebody above."""
    number = person(served, "above", (Role.VIEWER, OWN), (Role.ADMINISTRATOR, None))
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        owner = accounts.account_named(session, "above")
        key = signing.begin(session, owner, now=datetime.now(UTC), peer="10.9.8.7", browser="")
        token, _ = tokens.make_token(
            session,
            accounts.access_of(session, owner),
            title="t",
            actions=[Action.MAP_VIEW],
            path=None,
            days=1,
            now=datetime.now(UTC),
        )
    for address, form in (
        ("link", {}),
        ("active", {"active": "no"}),
        ("sign-outs", {"browser": "all"}),
        ("sign-outs", {"browser": signing.key_hash(key)}),
        ("tokens/revoke", {"token": str(token.id)}),
    ):
        answer = town.post(f"/accounts/above/{address}?lang=en", data=form)
        assert answer.status_code == 422 and "beyond your own jurisdiction" in answer.text, address
        assert "/sign-in/link/" not in answer.text
        assert "10.9.8.7" not in answer.text and token.start not in answer.text, "nor where they sign in"
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        assert session.get_one(Account, number).active
        assert signing.access_by_key(session, key, now=datetime.now(UTC)) is not None
        assert session.get_one(ApiToken, token.id).revoked_at is None


def test_an_account_ends_at_once_and_can_begin_again(served, app, town) -> None:
    """Browsers are out with the answer to the click, not seconds later."""
    theirs = app.test_client()
    with theirs.session_transaction() as cookie:
        cookie["_user_id"] = make_account(served.engine, "li", (Role.VIEWER, OWN))
    assert theirs.get("/profile").status_code == 200
    assert town.post("/accounts/li/active", data={"active": "no"}).status_code == 302
    assert theirs.get("/profile").status_code == 302
    assert listed(town, "/accounts?state=disabled") == {"li"}
    assert town.post("/accounts/li/link").status_code == 422, "no invitation for a disabled account"
    assert town.post("/accounts/li/active", data={"active": "yes"}).status_code == 302
    assert LINK.search(town.post("/accounts/li/link").text)


def test_a_browser_and_a_token_of_an_account_are_ended_one_by_one(served, town) -> None:
    """The others go on."""
    number = person(served, "li", (Role.AUDITOR, OWN))
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        owner = accounts.account_named(session, "li")
        first, second = (
            signing.begin(session, owner, now=datetime.now(UTC), peer="::1", browser="Firefox/133 Windows")
            for _ in range(2)
        )
        made, _ = tokens.make_token(
            session,
            accounts.access_of(session, owner),
            title="gateway",
            actions=[Action.CAMERAS_VIEW],
            path=OWN,
            days=9,
            now=datetime.now(UTC),
        )
    page = town.get("/accounts/li?lang=en").text
    assert (
        "Firefox · Windows" in page and "gateway" in page and "see cameras and what they see · Qianpu" in page
    )
    town.post("/accounts/li/sign-outs", data={"browser": signing.key_hash(first)})
    left = ask(served, select(SignIn.key_hash).where(SignIn.account_id == number))
    assert left == signing.key_hash(second)
    town.post("/accounts/li/tokens/revoke", data={"token": str(made.id)})
    assert ask(served, select(ApiToken.revoked_at).where(ApiToken.id == made.id)) is not None


# -- one's own -----------------------------------------------------------------------------------------------


def another_browser(served, app: Flask) -> FlaskClient:
    """One more browser of the auditor."""
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = make_account(
            served.engine, "auditor", (Role.AUDITOR, OWN), (Role.VIEWER, SIBLING)
        )
    return client


@pytest.fixture
def mine(served, app: Flask) -> FlaskClient:
    """A technical auditor of the town, signed in."""
    return another_browser(served, app)


def test_the_profile_says_who_i_am_and_where_i_may_do_what(mine) -> None:
    """Roles with the names of their jurisdictions."""
    page = mine.get("/profile?lang=zh").text
    assert "auditor" in page and "前埔镇" in page and "后埔镇" in page and "技防审核员" in page
    assert "Qianpu" in mine.get("/profile?lang=en").text


def test_a_new_password_needs_the_old_one_and_signs_the_others_out(served, app, mine) -> None:
    """This browser stays, under a fresh key."""
    other = another_browser(served, app)
    assert mine.post("/profile/password", data={"new": PASSWORD, "again": PASSWORD}).status_code == 302
    assert other.get("/profile").status_code == 302, "the first one needs no old one"
    other.post("/sign-in", data={"name": "auditor", "password": PASSWORD})
    with mine.session_transaction() as cookie:
        before = cookie["_user_id"]
    new = f"{PASSWORD} staple"
    for form, sentence in (
        ({"old": "wrong", "new": new, "again": new}, "the old password is wrong"),
        ({"old": PASSWORD, "new": new, "again": "other"}, "the two new passwords differ"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "at least 12"),
    ):
        answer = mine.post("/profile/password?lang=en", data=form)
        assert answer.status_code == 422 and sentence in answer.text
    stored = ask(served, select(Account.password_hash).where(Account.name == "auditor"))
    assert passwords.matches(PASSWORD, stored)
    assert mine.post("/profile/password", data={"old": PASSWORD, "new": new, "again": new}).status_code == 302
    with mine.session_transaction() as cookie:
        assert cookie["_user_id"] != before
    assert mine.get("/profile").status_code == 200 and other.get("/profile").status_code == 302
    stored = ask(served, select(Account.password_hash).where(Account.name == "auditor"))
    assert passwords.matches(new, stored)


def test_one_browser_or_all_others_are_signed_out_but_never_somebody_elses(served, app, mine) -> None:
    """This one is left by its own menu."""
    theirs = make_account(served.engine, "somebody", (Role.VIEWER, OWN))
    others = [another_browser(served, app) for _ in range(2)]
    with others[0].session_transaction() as cookie:
        first = signing.key_hash(cookie["_user_id"])
    with mine.session_transaction() as cookie:
        own = signing.key_hash(cookie["_user_id"])
    mine.post("/profile/sign-outs", data={"browser": first})
    assert [client.get("/profile").status_code for client in others] == [302, 200]
    assert mine.post("/profile/sign-outs", data={"browser": own}).status_code == 422
    mine.post("/profile/sign-outs", data={"browser": signing.key_hash(theirs)})
    mine.post("/profile/sign-outs", data={"browser": "others"})
    assert others[1].get("/profile").status_code == 302 and mine.get("/profile").status_code == 200
    assert ask(served, select(SignIn.key_hash).where(SignIn.key_hash == signing.key_hash(theirs)))


def test_a_token_is_shown_once_with_an_example_that_works(served, app, mine) -> None:
    """The address in the example answers the token; what it was not given it may not do."""
    answer = mine.post(
        "/profile/tokens",
        data={
            "title": "gateway of the town",
            "actions": ["cameras.view", "map.view"],
            "place": "前埔镇",
            "days": "30",
        },
    )
    found = re.search(r"Bearer (lf_[\w-]+)&#34; http://localhost(/[\w./]+)", answer.text)
    assert answer.status_code == 200 and found
    client = app.test_client()
    header = {"Authorization": f"Bearer {found[1]}"}
    assert client.get(found[2], headers=header).status_code == 200
    assert client.get(found[2]).status_code == 401
    assert client.get("/basemap/current.json", headers=header).status_code == 200
    assert client.get("/api/v1/gaps", headers=header).status_code == 403
    page = mine.get("/profile/tokens?lang=en").text
    assert (
        found[1] not in page and found[1][:9] in page and "see cameras and what they see, see the map" in page
    )
    number = ask(served, select(ApiToken.id).where(ApiToken.title == "gateway of the town"))
    assert mine.post("/profile/tokens/revoke", data={"token": str(number)}).status_code == 302
    assert client.get(found[2], headers=header).status_code == 401


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"title": " "}, "needs a title"),
        ({"actions": []}, "at least one action"),
        ({"actions": ["accounts.manage"]}, "cannot be given that right"),
        ({"actions": ["tokens.own"]}, "cannot be given that right"),
        ({"actions": ["plans.view_drafts"]}, "cannot be given that right"),
        ({"actions": ["cameras.view"], "place": "c.d.u"}, "no jurisdiction “c.d.u” in your area"),
        ({"place": "*"}, "you may not do this in the whole site"),
        ({"days": "400"}, "1 to 366"),
        ({"days": "long"}, "not a whole number"),
    ],
)
def test_a_token_beyond_ones_own_rights_is_refused(served, mine, form: dict[str, Any], sentence: str) -> None:
    """A viewer's role elsewhere gives a token no place there: it is no role that may have tokens."""
    asked = {"title": "beyond", "actions": ["cameras.view"], "place": OWN, "days": "1", **form}
    answer = mine.post("/profile/tokens?lang=en", data=asked)
    assert answer.status_code == 422 and sentence in answer.text
    assert ask(served, select(ApiToken.id).where(ApiToken.title == "beyond")) is None


def test_tokens_of_others_are_out_of_reach(served, mine) -> None:
    """Neither shown nor revoked."""
    person(served, "owner", (Role.AUDITOR, OWN))
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        theirs, _ = tokens.make_token(
            session,
            accounts.access_of(session, accounts.account_named(session, "owner")),
            title="not mine",
            actions=[Action.MAP_VIEW],
            path=OWN,
            days=1,
            now=datetime.now(UTC),
        )
    assert "not mine" not in mine.get("/profile/tokens").text
    assert mine.post("/profile/tokens/revoke", data={"token": str(theirs.id)}).status_code == 422
    assert ask(served, select(ApiToken.revoked_at).where(ApiToken.id == theirs.id)) is None


def test_browsers_are_told_apart_by_two_words() -> None:
    """Headers as the vendors document them; one that nobody knows is shown as it begins."""
    edge = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 "
        "Safari/537.36 Edg/131.0.2903.86"
    )
    phone = (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.1 Mobile/15E148 Safari/604.1"
    )
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
    assert browser_words(edge) == "Edge · Windows"
    assert browser_words(phone) == "Safari · iPhone"
    assert browser_words(firefox) == "Firefox · Linux"
    assert browser_words("curl/8.5.0 " + "x" * 80) == ("curl/8.5.0 " + "x" * 80)[:40]
    assert browser_words("") == ""


# -- settings ------------------------------------------------------------------------------------------------


def settings_stored(served) -> dict[str, Any]:
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        return {one.name: one.value for one in session.scalars(select(Setting))}


def test_a_setting_is_changed_written_down_and_reset(served, whole) -> None:
    """The page then says who changed it and what the default was."""
    form = {"analysis.slot_min": "30", "analysis.threshold": "50", "analysis.level": "observe"}
    assert whole.post("/settings/analysis", data=form).status_code == 302
    assert settings_stored(served) == {"analysis.slot_min": 30}
    page = whole.get("/settings?lang=en").text
    assert "by administrator-site" in page and "Default: 15 min" in page and "Allowed: 1 to 1440" in page
    entry = ask(
        served,
        select(AuditEntry.detail)
        .where(AuditEntry.subject == "setting analysis.slot_min")
        .order_by(AuditEntry.id.desc())
        .limit(1),
    )
    assert entry == {"before": 15, "after": 30}
    assert whole.post("/settings/analysis/reset", data={"name": "analysis.slot_min"}).status_code == 302
    assert settings_stored(served) == {}


def test_a_form_sent_back_as_it_came_changes_nothing(served, whole) -> None:
    """Though 16:9 is shown with fewer digits than it has."""
    page = whole.get("/settings").text
    fields = dict(re.findall(r'name="(optics\.\w+)" value="([^"]*)"', page))
    assert len(fields) == 5
    assert whole.post("/settings/optics", data=fields).status_code == 302
    assert settings_stored(served) == {}


def test_a_wrong_value_is_told_beside_what_was_typed(served, whole) -> None:
    """None of the form is stored."""
    answer = whole.post("/settings/demand?lang=zh", data={"demand.stops": "5000", "demand.sight_m": "40"})
    assert answer.status_code == 422 and "5000 个巡逻点 超出范围 1 至 1000" in answer.text
    assert 'value="5000"' in answer.text and 'value="40"' in answer.text
    assert settings_stored(served) == {}
    assert whole.post("/settings/demand/reset", data={"name": "demo.state"}).status_code == 422
    assert whole.post("/settings/nothing", data={}).status_code == 404


def test_one_towns_administrator_reads_the_settings_and_changes_none(served, town) -> None:
    """They hold for the whole site."""
    assert "<fieldset disabled>" in town.get("/settings").text
    answer = town.post("/settings/planning?lang=en", data={"planning.search_s": "1"})
    assert answer.status_code == 422 and "only an administrator of the whole site" in answer.text
    assert settings_stored(served) == {}


# -- the audit log -------------------------------------------------------------------------------------------


def entries(client: FlaskClient, query: str = "") -> str:
    answer = client.get(f"/audit?lang=en{query}")
    assert answer.status_code == 200
    return answer.text


def test_the_log_tells_who_did_what_and_is_filtered_by_it(served, app, whole) -> None:
    """By person, event, subject and day; subjects in words, with a link."""
    person(served, "li", (Role.AUDITOR, OWN))
    client = signed_in_client(app, served.engine, Role.AUDITOR, OWN)
    assert client.get("/cameras").status_code == 200
    whole.post("/accounts/li/grants", data={"role": "viewer", "place": SIBLING})
    rows = entries(whole, "&event=grant&subject=account+li")
    assert (
        "gave a role" in rows and '<a href="/accounts/li">account li</a>' in rows and "role: viewer" in rows
    )
    assert "Houpu" in rows and "administrator-site" in rows
    looked = entries(whole, "&person=auditor-c-d-t&event=view")
    assert "looked at" in looked and '<a href="/cameras">Cameras</a>' in looked
    assert "No row matches" in entries(whole, "&person=nobody-at-all")
    assert "No row matches" in entries(whole, "&at_to=2020-01-01")


def test_a_town_reads_what_concerns_it(served, app, town, whole) -> None:
    """Deeds in it and deeds of its own people; not those of its neighbour or of the district."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        for path in (OWN, CHILD, PARENT, SIBLING, None):
            session.add(_entry(session, f"thing in {path}", path))
    signed_in_client(app, served.engine, Role.AUDITOR, OWN).get("/cameras")
    signed_in_client(app, served.engine, Role.AUDITOR, SIBLING).get("/cameras")
    rows = entries(town, "&size=200")
    assert f"thing in {OWN}<" in rows and f"thing in {CHILD}<" in rows
    for path in (PARENT, SIBLING, None):
        assert f"thing in {path}<" not in rows
        assert f"thing in {path}<" in entries(whole, "&size=200&subject=thing")
    assert "auditor-c-d-t" in rows and "auditor-c-d-u" not in rows


def _entry(session: Session, subject: str, path: str | None) -> AuditEntry:
    return AuditEntry(
        account_name="x", event="view", subject=subject, jurisdiction_path=path, detail={}, peer=""
    )


def test_a_deed_in_several_places_belongs_to_what_holds_them_all() -> None:
    """Two towns of a district: the district; labels are compared whole, not letter by letter."""
    assert Scope.of([OWN, SIBLING]).root == PARENT
    assert Scope.of([CHILD]).root == CHILD
    assert Scope.of(["c.d1.t", "c.d2.t"]).root == "c"
    assert Scope.of(["a.b", "c.d"]).root is None and WHOLE_SITE.root is None and NOWHERE.root is None


def test_the_log_is_exported_and_that_is_written_down(served, town) -> None:
    """As CSV, only what the town may read."""
    answer = town.get("/audit?format=csv&lang=en")
    assert answer.status_code == 200 and answer.mimetype == "text/csv"
    lines = answer.data.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("When") and len(lines) > 1
    assert "table audit" in entries(town, "&event=export") or "table audit" in entries(
        town, "&subject=table+audit"
    )


def test_every_event_that_is_written_down_has_words() -> None:
    """Read from the sources: what is audited can be filtered by."""
    written = set()
    for path in (ROOT / "web").rglob("*.py"):
        written |= set(re.findall(r'\baudit\(\s*"([^"]+)"', path.read_text(encoding="utf8")))
        written |= set(re.findall(r'\b_note\(session, "([^"]+)"', path.read_text(encoding="utf8")))
    assert {"sign-in", "view", "export", "grant", "change"} <= written
    assert written <= set(audit.EVENTS), written - set(audit.EVENTS)


@pytest.mark.parametrize(
    ("subject", "said", "href"),
    [
        ("account li.hua", "账号 li.hua", "/accounts/li.hua"),
        ("camera 44051300001310000001", "摄像机 44051300001310000001", "/cameras/44051300001310000001"),
        ("setting analysis.slot_min", "设置 时段长度", ""),
        ("plan 3", "方案 3", "/plans/3"),
        ("plan for zone hel-lf", "方案，联防片区 hel-lf", "/zones/hel-lf"),
        ("fixed duty gate", "定点勤务 gate", "/fixed-duties/gate"),
        ("local link", "本机登录链接", ""),
        ("/cameras/440?lang=zh", "摄像机 440", "/cameras/440?lang=zh"),
        ("/gaps?list=repair&q=%E4%B8%9C", "缺口 ?list=repair&q=东", "/gaps?list=repair&q=%E4%B8%9C"),
        ("//evil.example", "//evil.example", ""),
        ("something new", "something new", ""),
    ],
)
def test_a_subject_reads_as_words_and_leads_to_its_page(subject: str, said: str, href: str) -> None:
    """An address of another server is never a link."""
    assert audit.subject_words(subject, Translator("zh")) == said
    assert audit.subject_href(subject) == href


# -- help, and all pages -------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_help_explains_every_term_in_both_languages(served, app, lang: str) -> None:
    """The words of the field, the ranges of the standard's levels, who may do what."""
    page = signed_in_client(app, served.engine, Role.VOLUNTEER, OWN).get(f"/help?lang={lang}").text
    for term in ("辖区", "网格", "联防片区", "交叉巡逻", "一机一档", "在线率", "图像完好率", "定位率"):
        assert term in page
    for term in ("坏了", "没测", "没建", "看得到人", "看得清动作", "认得出熟人", "认得出生人"):
        assert term in page
    # DOMAIN: 1920 px at 90° and 60°, 3840 px at 90°.
    figures = ("38.4", "15.4", "7.7", "3.8", "66.5", "26.6", "13.3", "6.7", "76.8", "30.7")
    assert all(f">{figure} " in page for figure in figures)
    assert page.count('class="lf-icon"') >= sum(
        len(MAY[action]) for action in Action if action is not Action.PUBLIC
    )


@pytest.mark.parametrize(
    "address",
    [
        "/accounts?q=chen",
        "/accounts/new",
        "/accounts/chen-1",
        "/profile",
        "/profile/tokens",
        "/settings",
        "/audit?at_to=2020-01-01",
    ],
)
def test_no_word_of_the_other_language_is_left(whole, address: str) -> None:
    """But for codes, names of people, and what is typed."""
    with_lang = address + ("&" if "?" in address else "?") + "lang="
    page = whole.get(f"{with_lang}en").text
    body = page[page.index("<main") : page.index("</main>")]
    shown = re.sub(r"<(script|style).*?</\1>|<[^>]*>|“[^”]*”", " ", body, flags=re.S)
    allowed = {"赫市陈", "赫市", "城区陈", "前埔镇陈", "下寨村陈", "后埔镇陈", "中文"}
    assert set(re.findall(r"[\u4e00-\u9fff]+", shown)) <= allowed
    page = whole.get(f"{with_lang}zh").text
    body = page[page.index("<main") : page.index("</main>")]
    shown = re.sub(r"<(script|style).*?</\1>|<[^>]*>|<span class=\"lf-code.*?</span>", " ", body, flags=re.S)
    words = set(re.findall(r"\b[a-z]{4,}\b", shown)) - {"administrator", "site", "chen", "test", "localhost"}
    known = {"pmtiles", "auditor", "viewer", "member", "volunteer", "planner", "commander", "lang", "table"}
    assert not words - known, words


def test_the_page_on_access_shows_the_table_that_the_program_asks() -> None:
    """docs/access.md, row by row."""
    page = (ROOT / "docs" / "access.md").read_text(encoding="utf8")
    rows = re.findall(r"^\| `([\w.]+)` \|(.*)\|$", page, re.M)
    assert [action for action, _ in rows] == [action.value for action in Action]
    for action, cells in rows:
        title, *marks = [cell.strip() for cell in cells.split("|")]
        assert title == ACTION_TITLES[Action(action)], action
        held = {role for role, mark in zip(Role, marks, strict=True) if mark == "✓"}
        assert held == MAY[Action(action)], action
        assert set(marks) <= {"✓", ""}


def test_all_that_is_written_down_has_words() -> None:
    """Every subject and detail that the program hands to the audit log, read from its own source."""
    subjects: set[str] = set()
    details: set[str] = set()
    for path in (ROOT / "web").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(call, ast.Call) and getattr(call.func, "id", "") == "audit"):
                continue
            details |= {key.arg for key in call.keywords if key.arg} - {"path", "who"}
            first = call.args[1].values[0] if isinstance(call.args[1], ast.JoinedStr) else call.args[1]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                subjects.add(first.value.strip())
    assert len(subjects) > 10 and subjects <= audit.SUBJECTS.keys(), subjects - audit.SUBJECTS.keys()
    assert len(details) > 10 and details <= audit.DETAILS.keys(), details - audit.DETAILS.keys()


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("/try/break/cam-1?broken=yes&lang=zh", "断开一台摄像机 cam-1 ?broken=yes"),
        ("/cameras", "摄像机"),
        ("/nowhere/x", "/nowhere/x"),
        ("plan for zone lf-1", "方案，联防片区 lf-1"),
        ("own data", "自有数据"),
        ("table cameras", "表格 cameras"),
        ("tables", "tables"),
    ],
)
def test_a_subject_is_said_in_the_readers_language(subject: str, said: str) -> None:
    """The longest beginning that is known, of whole words; the rest as it is."""
    assert audit.subject_words(subject, Translator("zh", ZoneInfo("Asia/Shanghai"))) == said
