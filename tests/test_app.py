"""The app around all pages: this machine only, health, errors, headers, the log."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from signing import SECRET, app_on, signed_in_client
from sqlalchemy import create_engine, text

from geo.errors import InputRefused, LianfangError
from web import logs
from web.access import PUBLIC, Action, Role, needs
from web.access.login import TOKEN_PATHS
from web.app import create_app
from web.hosts import loopback_host
from web.i18n import COOKIE
from web.requests import db
from web.uploads import LARGEST_FORM


@pytest.fixture
def app(served) -> Flask:
    """An app of the test's own, so that it may add views."""
    return app_on(served.engine, Path("unused"))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def failing(app: Flask, error: Exception) -> FlaskClient:
    """A client of the app with a view at /failing that raises."""

    @app.get("/failing")
    @needs(PUBLIC)
    def fail() -> str:
        raise error

    return app.test_client()


def test_pages_speak_the_language_of_the_browser(client: FlaskClient) -> None:
    """Chinese unless the browser says otherwise; the choice by ?lang= is kept in a cookie."""
    first = client.get("/sign-in")
    assert first.status_code == 200 and first.mimetype == "text/html"
    assert '<html lang="zh-Hans">' in first.text and "登录" in first.text
    assert "Sign in" in client.get("/sign-in", headers={"Accept-Language": "en-GB"}).text
    assert client.get_cookie(COOKIE) is None
    client.get("/sign-in?lang=en")
    assert "Sign in" in client.get("/sign-in", headers={"Accept-Language": "zh-CN"}).text
    client.get("/sign-in?lang=klingon")
    kept = client.get_cookie(COOKIE)
    assert kept is not None and kept.value == "en" and kept.http_only


def test_only_the_pages_own_scripts_may_run(client: FlaskClient) -> None:
    """A fresh nonce in the policy of every page; no outside host and nothing unsafe is allowed."""
    nonces = set()
    for _ in range(2):
        answer = client.get("/sign-in")
        policy = answer.headers["Content-Security-Policy"]
        (nonce,) = set(re.findall(r"'nonce-([^']+)'", policy))
        assert len(nonce) >= 20
        assert set(re.findall(r'<script[^>]* nonce="([^"]*)"', answer.text)) <= {nonce}
        assert "unsafe" not in policy and "http" not in policy and "*" not in policy
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        nonces.add(nonce)
    assert len(nonces) == 2


@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/healthz", "/nothing", "/static/site.css", "/api/v1/nothing"]
)
def test_every_answer_carries_the_security_headers(client: FlaskClient, path: str) -> None:
    """Pages, redirects, health, errors and files alike."""
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Content-Security-Policy" in headers
    assert "Cache-Control" in headers and "public" not in headers["Cache-Control"]


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("192.168.1.20", {}),
        ("2001:db8::1", {}),
        ("127.0.0.1", {"Host": "evil.example"}),
        ("127.0.0.1", {"Host": "localhost.evil.example:8000"}),
        ("127.0.0.1", {"Host": "192.168.1.5:8000"}),
        ("127.0.0.1", {"X-Forwarded-For": "8.8.8.8"}),
        ("127.0.0.1", {"Forwarded": "for=8.8.8.8"}),
    ],
)
def test_another_machine_is_refused(client: FlaskClient, peer: str, headers: dict) -> None:
    """By its address, by the name it called us (DNS rebinding), or by a proxy between."""
    for path in ("/", "/sign-in", "/readyz", "/static/map.css"):
        answer = client.get(path, headers=headers, environ_overrides={"REMOTE_ADDR": peer})
        assert answer.status_code == 403


def test_behind_a_proxy_only_the_public_name_is_answered(served) -> None:
    """Other Host headers are refused, cookies travel by https alone, and the address must be https."""
    app = create_app(
        served.engine,
        secret_key=SECRET,
        folder=Path("unused"),
        public_url="https://lianfang.example",
        testing=True,
    )
    client = app.test_client()
    through = {"REMOTE_ADDR": "10.0.0.2"}
    proxied = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "Host": "lianfang.example"}
    answer = client.get("/sign-in", headers=proxied, environ_overrides=through)
    assert answer.status_code == 200 and "max-age" in answer.headers["Strict-Transport-Security"]
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-lianfang=") and "Secure" in cookie and "HttpOnly" in cookie
    wrong = {**proxied, "Host": "evil.example"}
    assert client.get("/sign-in", headers=wrong, environ_overrides=through).status_code == 403
    with pytest.raises(LianfangError, match="https"):
        create_app(served.engine, secret_key=SECRET, folder=Path("unused"), public_url="http://x.example")


def test_a_peer_of_a_socket_for_both_families_is_this_machine(client: FlaskClient) -> None:
    """::ffff:127.0.0.1 is loopback, ::ffff:192.168.1.20 is not."""
    codes = [
        client.get("/healthz", environ_overrides={"REMOTE_ADDR": f"::ffff:{peer}"}).status_code
        for peer in ("127.0.0.1", "192.168.1.20")
    ]
    assert codes == [200, 403]


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "[::1]"])
def test_this_machine_is_answered_by_any_of_its_names(client: FlaskClient, host: str) -> None:
    """Loopback names and addresses, with and without a port."""
    answer = client.get("/healthz", headers={"Host": host}, environ_overrides={"REMOTE_ADDR": "::1"})
    assert answer.status_code == 200


def test_listening_to_other_machines_is_refused_with_the_remedy() -> None:
    """Passwords need https."""
    assert [loopback_host(host) for host in ("127.0.0.1", "::1", "localhost")] == [
        "127.0.0.1",
        "::1",
        "localhost",
    ]
    for host in ("0.0.0.0", "::", "192.168.1.5", "example.com", ""):
        with pytest.raises(LianfangError, match="--public-url"):
            loopback_host(host)


def test_health_tells_the_process_from_the_database() -> None:
    """The process is up while the database is away; then it is not ready, and why stays in the log."""
    away = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=1")
    client = app_on(away, Path("unused")).test_client()
    assert client.get("/healthz").get_json() == {"status": "up"}
    with structlog.testing.capture_logs() as written:
        answer = client.get("/readyz")
    assert answer.status_code == 503 and answer.get_json() == {"status": "unavailable"}
    assert any(entry["event"] == "not ready" for entry in written)
    for lang, words in (("zh", "数据库没有应答"), ("en", "The database does not answer")):
        with client.session_transaction() as cookie:
            cookie["_user_id"] = "a key nobody can look up now"
        answer = client.get("/", headers={"Accept-Language": lang})
        assert answer.status_code == 503 and words in answer.text and "127.0.0.1:1" not in answer.text


def test_a_ready_program_says_what_it_stands_on(client: FlaskClient) -> None:
    """The revision of the schema, as JSON."""
    answer = client.get("/readyz")
    assert answer.status_code == 200 and answer.get_json()["status"] == "ready"
    assert re.fullmatch(r"\d{4}", answer.get_json()["schema"])


def test_figures_for_prometheus_are_told_on_this_machine(client: FlaskClient) -> None:
    """Requests by endpoint, never by path."""
    client.get("/healthz")
    assert 'lianfang_requests_total{endpoint="health.healthz"' in client.get("/metrics").text


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", "此地址没有内容"), ("en", "There is nothing at this address")]
)
def test_a_wrong_address_is_told_in_both_languages(client: FlaskClient, lang: str, words: str) -> None:
    """A page to people, problem JSON to programs."""
    answer = client.get("/nothing", headers={"Accept-Language": lang})
    assert answer.status_code == 404 and words in answer.text and answer.mimetype == "text/html"
    assert answer.headers["Cache-Control"] == "no-store"
    answer = client.get("/api/v1/nothing", headers={"Accept-Language": lang})
    assert answer.status_code == 404 and answer.mimetype == "application/problem+json"
    assert answer.get_json(force=True)["status"] == 404


def test_a_failure_shows_its_number_and_not_its_cause(app: Flask) -> None:
    """The cause is in the log under the same number."""
    app.testing = False
    client = failing(app, RuntimeError("password=hunter2"))
    with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as written:
        answer = client.get("/failing", headers={"Accept-Language": "en"})
    assert answer.status_code == 500 and "hunter2" not in answer.text
    number = answer.headers["X-Request-Id"]
    assert number in answer.text
    assert any(entry["log_level"] == "error" and entry["request"] == number for entry in written)


def test_a_refused_input_is_told_row_by_row(app: Flask) -> None:
    """422, the sentence, and every row."""
    client = failing(app, InputRefused("2 rows are wrong", ("row 3: tilt 120", "row 9: tilt -1")))
    answer = client.get("/failing")
    assert answer.status_code == 422
    assert all(words in answer.text for words in ("2 rows are wrong", "row 3: tilt 120", "row 9: tilt -1"))


def test_a_request_is_one_transaction(app: Flask, served) -> None:
    """Kept when the view succeeds; gone when it answers with an error or raises."""

    def write(value: str) -> None:
        db().execute(
            text("INSERT INTO setting (name, value, changed_at, author) VALUES (:name, '1', now(), 'test')"),
            {"name": value},
        )

    @app.get("/kept")
    @needs(Action.SETTINGS_CHANGE)
    def kept() -> str:
        write("test.kept")
        return "done"

    @app.get("/gone")
    @needs(Action.SETTINGS_CHANGE)
    def gone() -> tuple[str, int]:
        write("test.gone")
        return "no", 409

    client = served.client(Role.ADMINISTRATOR)
    client.application = app
    assert client.get("/kept").status_code == 200 and client.get("/gone").status_code == 409
    with served.engine.begin() as connection:
        connection.execute(text("SELECT set_config('app.scope', '*', true)"))
        names = set(connection.execute(text("DELETE FROM setting RETURNING name")).scalars())
    assert names == {"test.kept"}


def test_each_request_is_one_line_of_structured_log(client: FlaskClient) -> None:
    """Method, path, status and duration; no query and no sign-in key, which are secrets."""
    with structlog.testing.capture_logs() as written:
        client.get("/readyz?token=abc")
        client.get("/sign-in/link/abcdef")
    first, second = [entry for entry in written if entry["event"] == "request"]
    assert (first["method"], first["path"], first["status"]) == ("GET", "/readyz", 200)
    assert first["ms"] >= 0 and "abc" not in str(first) and "abc" not in str(second)


@pytest.fixture
def restored_logging() -> Callable[[], None]:
    """Puts logging back as the other tests found it."""
    import logging

    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield lambda: None
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_log_line_is_json_and_keeps_secrets(restored_logging, capsys: pytest.CaptureFixture[str]) -> None:
    """One object a line on standard error, from structlog and from the standard library alike."""
    import logging

    logs.configure(fmt="json")
    structlog.get_logger("lianfang").info("started", port=8000, api_token="abc")
    logging.getLogger("library").warning("old: %s", "thing")
    out, err = capsys.readouterr()
    first, second = (json.loads(line) for line in err.splitlines())
    assert out == ""
    assert (first["event"], first["port"], first["api_token"], first["level"]) == (
        "started",
        8000,
        "…",
        "info",
    )
    assert (second["event"], second["logger"]) == ("old: thing", "library")
    for line in (first, second):
        assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize("wrong", [{"fmt": "xml"}, {"level": "loud"}])
def test_an_unknown_log_setting_is_refused(wrong: dict, restored_logging) -> None:
    """With the value and the known ones."""
    with pytest.raises(ValueError, match="is not one of"):
        logs.configure(**wrong)


def test_a_crash_is_kept_in_a_file_of_its_own(tmp_path) -> None:
    """With its traceback; only the newest twenty are kept."""
    for number in range(23):
        try:
            raise RuntimeError(f"defect {number}")
        except RuntimeError as error:
            path = logs.crash_log(error, tmp_path)
    assert "RuntimeError: defect 22" in path.read_text() and "raise RuntimeError" in path.read_text()
    assert len(list(tmp_path.iterdir())) == 20


# --- How large a request may be ---------------------------------------------------------------------------


class Unread(io.RawIOBase):
    """A body that nobody may read."""

    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: object) -> int:
        raise AssertionError("the body was read")


UPLOADS = ("/imports/new", "/start/own")


def test_only_those_who_may_hand_files_in_send_large_requests(served, app: Flask) -> None:
    """Others are refused without their request being read."""
    form = "multipart/form-data; boundary=x"
    body = {"wsgi.input": Unread(), "CONTENT_LENGTH": str(2 * 1024**3)}
    large = {"content_type": form, "environ_overrides": body}
    nobody = app.test_client()
    for address in UPLOADS:
        assert nobody.post(address, **large).status_code == 401
        assert signed_in_client(app, served.engine, Role.VIEWER).post(address, **large).status_code == 403
    for lang, told in (("en", "takes up to 1 MB"), ("zh", "最多接收 1 MB")):
        answer = nobody.post(f"/sign-in?lang={lang}", **large)
        assert answer.status_code == 413 and told in answer.text
    auditor = signed_in_client(app, served.engine, Role.AUDITOR)
    for address, most in zip(UPLOADS, ("takes up to 201 MB", "takes up to 36 MB"), strict=True):
        answer = auditor.post(f"{address}?lang=en", **large)
        assert answer.status_code == 413 and most in answer.text


def test_a_file_of_more_than_a_form_is_taken_where_files_are_handed_in(served) -> None:
    lines = b"code,name,lon,lat\n" + b"n1,x,116.6,23.3\n" * 100_000
    client = served.client(Role.AUDITOR)
    answer = client.post("/imports/new", data={"file": (io.BytesIO(lines), "list.csv")})
    assert len(lines) > LARGEST_FORM and answer.status_code == 302


def test_addresses_that_take_tokens_are_read_only_or_take_nothing_else(app: Flask) -> None:
    """Forms are guarded against forgery by what cookies bring; a token could only go around that."""
    changing = {
        str(rule)
        for rule in app.url_map.iter_rules()
        if str(rule).startswith(TOKEN_PATHS) and rule.methods and rule.methods - {"GET", "HEAD", "OPTIONS"}
    }
    assert changing == {"/api/v1/frames"}
    nobody = app.test_client()
    headers = {"Idempotency-Key": "k", "Content-Type": "application/x-ndjson"}
    assert nobody.post("/api/v1/frames?source=a", data=b"{}", headers=headers).status_code == 401
