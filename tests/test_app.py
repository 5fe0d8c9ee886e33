"""The app: the map at /, this machine only, health, errors, caching, policy."""

import gzip
import json
import re
import threading
from collections.abc import Callable

import map_scene
import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from geo.errors import LianfangError
from web import logs
from web.app import create_app, loopback_host
from web.i18n import COOKIE
from web.maps import MapData, NoMapYet


@pytest.fixture(scope="module", autouse=True)
def _texts() -> None:
    map_scene.compiled_catalogues()


class Source:
    """A source of maps that counts how often it is asked, and can be told to fail."""

    def __init__(self) -> None:
        self.made = 0
        self.now = "r1"
        self.error: Exception | None = None

    def __call__(self) -> MapData:
        if self.error:
            raise self.error
        self.made += 1
        empty = dict.fromkeys(("cameras", "footprints", "gaps", "stops", "routes"))
        return map_scene.scene(title=f"图{self.made}", title_en=f"Map {self.made}", **empty)

    def revision(self) -> str:
        return self.now


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def app(source: Source) -> Flask:
    return create_app(source, lambda: {"database": "up"})


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def title(body: bytes) -> str:
    found = re.search(r"<h1>(.*?)</h1>", body.decode())
    assert found
    return found.group(1)


def test_the_map_is_at_the_root_in_the_language_of_the_browser(client: FlaskClient) -> None:
    """Chinese unless the browser says otherwise; the choice by ?lang= is kept in a cookie."""
    first = client.get("/")
    assert first.status_code == 200 and first.mimetype == "text/html"
    assert '<html lang="zh-Hans">' in first.text and title(first.data).startswith("图")
    assert title(client.get("/", headers={"Accept-Language": "en-GB"}).data).startswith("Map")
    assert client.get_cookie(COOKIE) is None
    client.get("/?lang=en")
    assert title(client.get("/", headers={"Accept-Language": "zh-CN"}).data).startswith("Map")
    client.get("/?lang=klingon")
    kept = client.get_cookie(COOKIE)
    assert kept is not None and kept.value == "en" and kept.http_only


def test_a_map_is_drawn_once_for_each_revision_and_language(client: FlaskClient, source: Source) -> None:
    """Asking again costs nothing; a new revision shows a new map."""
    assert title(client.get("/").data) == title(client.get("/").data) == "图1"
    client.get("/?lang=en")
    assert source.made == 2
    source.now = "r2"
    assert title(client.get("/").data) == "Map 3", "the cookie holds"


def test_eight_readers_at_once_make_one_map(app: Flask, source: Source) -> None:
    """The others wait for it."""
    bodies: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: bodies.append(app.test_client().get("/").data)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert source.made == 1 and len(set(bodies)) == 1 and len(bodies) == 8


def test_an_unchanged_map_is_not_sent_again(client: FlaskClient, source: Source) -> None:
    """ETag and 304, separately for the compressed body; a changed map is sent."""
    for headers in ({}, {"Accept-Encoding": "gzip"}):
        first = client.get("/", headers=headers)
        again = client.get("/", headers={**headers, "If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304 and again.data == b""
    source.now = "r2"
    assert client.get("/", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_the_page_is_compressed_for_those_who_can_read_it(client: FlaskClient) -> None:
    """The same bytes after unpacking, and caches are told that there are two."""
    plain = client.get("/")
    packed = client.get("/", headers={"Accept-Encoding": "gzip, deflate"})
    assert packed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert "Accept-Encoding" in packed.headers["Vary"]


def test_only_the_pages_own_scripts_may_run(client: FlaskClient, source: Source) -> None:
    """One nonce in the policy and on every script; no outside host and nothing unsafe is allowed."""
    answer = client.get("/")
    policy = answer.headers["Content-Security-Policy"]
    (nonce,) = set(re.findall(r"'nonce-([^']+)'", policy))
    assert len(nonce) >= 20
    assert set(re.findall(r'<script[^>]* nonce="([^"]*)"', answer.text)) == {nonce}
    assert "unsafe" not in policy and "http" not in policy and "*" not in policy
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    source.now = "r2"
    assert nonce not in client.get("/").headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/", "/healthz", "/nothing", "/static/site.css"])
def test_every_answer_carries_the_security_headers(client: FlaskClient, path: str) -> None:
    """Pages, health, errors and files alike."""
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
def test_another_machine_is_refused(client: FlaskClient, source: Source, peer: str, headers: dict) -> None:
    """By its address, by the name it called us (DNS rebinding), or by a proxy between."""
    for path in ("/", "/readyz", "/static/map.css"):
        answer = client.get(path, headers=headers, environ_overrides={"REMOTE_ADDR": peer})
        assert answer.status_code == 403
    assert source.made == 0


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
    """Until there are accounts."""
    assert [loopback_host(host) for host in ("127.0.0.1", "::1", "localhost")] == [
        "127.0.0.1",
        "::1",
        "localhost",
    ]
    for host in ("0.0.0.0", "::", "192.168.1.5", "example.com", ""):
        with pytest.raises(LianfangError, match="SSH tunnel"):
            loopback_host(host)


def test_health_tells_the_process_from_the_database(source: Source) -> None:
    """The process is up while the database is away; then it is not ready, and why stays in the log."""

    def away() -> dict[str, str]:
        raise LianfangError("no answer from the database on host secret-host")

    client = create_app(source, away).test_client()
    assert client.get("/healthz").get_json() == {"status": "up"}
    with structlog.testing.capture_logs() as written:
        answer = client.get("/readyz")
    assert answer.status_code == 503 and answer.get_json() == {"status": "unavailable"}
    assert any("secret-host" in entry.get("reason", "") for entry in written)


def test_a_ready_program_says_what_it_stands_on(client: FlaskClient) -> None:
    """What the health question answered, as JSON."""
    answer = client.get("/readyz")
    assert answer.status_code == 200 and answer.get_json() == {"status": "ready", "database": "up"}


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", "这个地址没有页面"), ("en", "There is no page at this address")]
)
def test_a_wrong_address_is_told_in_both_languages(client: FlaskClient, lang: str, words: str) -> None:
    """A page, not the server's."""
    answer = client.get("/nothing", headers={"Accept-Language": lang})
    assert answer.status_code == 404 and words in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_page_can_only_be_read(client: FlaskClient) -> None:
    """POST is refused."""
    assert client.post("/").status_code == 405


def test_a_failure_shows_its_number_and_not_its_cause(client: FlaskClient, source: Source) -> None:
    """The cause is in the log under the same number."""
    source.error = RuntimeError("password=hunter2")
    with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as written:
        answer = client.get("/", headers={"Accept-Language": "en"})
    assert answer.status_code == 500 and "hunter2" not in answer.text
    number = answer.headers["X-Request-Id"]
    assert number in answer.text
    assert any(entry["log_level"] == "error" and entry["request"] == number for entry in written)


def test_a_database_that_is_away_is_said_in_both_languages(client: FlaskClient, source: Source) -> None:
    """Not a defect but a state; its address stays in the log."""
    source.error = OperationalError("SELECT 1", {}, Exception("connection to secret-host refused"))
    for lang, words in (("zh", "数据库没有应答"), ("en", "The database does not answer")):
        answer = client.get("/", headers={"Accept-Language": lang})
        assert answer.status_code == 503 and words in answer.text and "secret-host" not in answer.text


def test_an_empty_site_says_what_to_do_first(client: FlaskClient, source: Source) -> None:
    """And shows the map as soon as there is one."""
    source.error = NoMapYet("There is nothing to draw yet; run `lianfang demo`.")
    answer = client.get("/")
    assert answer.status_code == 503 and "run `lianfang demo`" in answer.text and "还没有地图" in answer.text
    source.error = None
    assert client.get("/").status_code == 200


def test_each_request_is_one_line_of_structured_log(client: FlaskClient) -> None:
    """Method, path, status and duration; no query, which may hold more than it should."""
    with structlog.testing.capture_logs() as written:
        client.get("/readyz?token=abc")
    (line,) = [entry for entry in written if entry["event"] == "request"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/readyz", 200)
    assert line["ms"] >= 0 and "abc" not in str(line)


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
