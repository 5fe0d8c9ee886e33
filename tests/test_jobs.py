"""Jobs: begun by a commit, done once, published whole, cancelled without a trace, told in a sentence."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from importlib import import_module
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from databases import another_database
from procrastinate.schema import SchemaManager
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from geo.db import make_engine, transaction
from geo.errors import InputRefused, LianfangError
from geo.scope import WHOLE_SITE
from geo.server import Cluster
from geo.tables import Setting
from migrations import runner
from web import jobs
from web.cli import main
from web.i18n import Translator
from web.imports import Upload, keep_upload
from web.jobs import Outcome, Tell, Words, telling, told, worker
from web.jobs.bodies import analysis
from web.jobs.recovery import Recovery
from web.jobs.registry import BODIES
from web.jobs.running import ATTEMPTS, PutBack, run_job
from web.jobs.watching import Watching
from web.jobs.words import Name
from web.jobs.worker import Worker
from web.pages.jobs import ASKED_BY, KINDS
from web.tables import Account, JobRun

TITLE = Words("Import of cameras: %(file)s", {"file": "list.csv"})


@pytest.fixture(scope="module")
def database(cluster: Cluster) -> Iterator[SimpleNamespace]:
    """A database of its own: jobs commit."""
    with another_database(cluster, "lianfang_jobs") as (app_url, owner_url):
        runner.upgrade(owner_url)
        made = make_engine(app_url)
        yield SimpleNamespace(engine=made, url=app_url)
        made.dispose()


@pytest.fixture
def site(database: SimpleNamespace, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Empty tables, and a folder for crash logs."""
    monkeypatch.setenv("LIANFANG_VAR", str(tmp_path))
    with transaction(database.engine, scope=WHOLE_SITE) as session:
        for table in ("job_run", "setting", "account", "procrastinate_jobs"):
            session.execute(text(f"DELETE FROM {table}"))
    return database.engine


Step = Callable[[Session, Tell], None]
STEPS: dict[str, Step] = {}


@jobs.job("test")
def _body(session: Session, arguments: Mapping[str, Any], tell: Tell) -> Outcome:
    """Stores a row, then does what the test wants."""
    session.add(
        Setting(name=arguments["name"], value=1, changed_at=datetime(2026, 11, 22, tzinfo=UTC), author="t")
    )
    session.flush()
    STEPS.get(arguments["name"], lambda session, tell: None)(session, tell)
    return Outcome("/settings", Words("%(stored)s rows stored; %(problems)s bad, %(findings)s odd.", {}))


def asked(engine: Engine, name: str, step: Step | None = None) -> int:
    """A job of the kind above, in the queue."""
    if step is not None:
        STEPS[name] = step
    with transaction(engine, scope=WHOLE_SITE) as session:
        return jobs.enqueue(
            session, "test", {"name": name}, account=None, title=TITLE, jurisdiction_path=None
        )


def run(engine: Engine, job_id: int, stopping: Callable[[], bool] = lambda: False) -> str | None:
    """Run it here, as a worker would."""
    return run_job(engine, job_id, procrastinate_id=None, stopping=stopping)


def job_of(engine: Engine, job_id: int) -> JobRun:
    """What is stored of a job."""
    with transaction(engine, scope=WHOLE_SITE) as session:
        return session.get_one(JobRun, job_id)


def stored(engine: Engine) -> set[str]:
    """What bodies have published."""
    with transaction(engine, scope=WHOLE_SITE) as session:
        return set(session.scalars(select(Setting.name)))


def queued(engine: Engine) -> int:
    """Rows of Procrastinate's queue."""
    with transaction(engine, scope=WHOLE_SITE) as session:
        return session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) or 0


def test_a_transaction_that_is_rolled_back_leaves_no_job(site):
    with pytest.raises(ZeroDivisionError), transaction(site, scope=WHOLE_SITE) as session:
        jobs.enqueue(session, "test", {"name": "a"}, account=None, title=TITLE, jurisdiction_path=None)
        assert session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) == 1
        1 / 0  # noqa: B018
    assert queued(site) == 0
    with transaction(site, scope=WHOLE_SITE) as session:
        assert session.scalars(select(JobRun)).all() == []


def test_a_job_keeps_who_asked_even_when_the_account_goes(site):
    with transaction(site, scope=WHOLE_SITE) as session:
        account = Account(name="li", display_name="李", active=True, author="t")
        session.add(account)
        session.flush()
        number = jobs.enqueue(
            session, "test", {"name": "a"}, account=account, title=TITLE, jurisdiction_path=None
        )
    with transaction(site, scope=WHOLE_SITE) as session:
        session.delete(session.get_one(Account, account.id))
    found = job_of(site, number)
    assert (found.account_id, found.author) == (None, "li")


@pytest.mark.parametrize(
    ("kind", "arguments", "sentence"),
    [
        ("dance", {}, "no job of kind 'dance'; it has analysis, "),
        ("analysis", {"start": "2026-11-21"}, "has no time zone"),
        ("analysis", {"start": "2026-11-21T00:00Z", "end": "2026-11-20T00:00Z"}, "is empty; give"),
        ("analysis", {"start": "2026-11-21T00:00Z", "end": "2026-11-22T00:00Z", "level": "far"}, "far"),
        ("plan", {"zone": "z", "start": "2026-11-21T18:00Z", "end": "2026-11-21T22:00Z", "seed": -1}, "-1"),
        ("plan", {"zone": 7}, "zone is 7; give a text"),
        ("plan", {"zones": "z"}, "no argument 'zones'; it takes zone,"),
        (
            "import",
            {"kind": "cameras", "datum": "xian80", "sha256": "0" * 64, "file": "a.csv"},
            "a.csv is gone",
        ),
        ("import", {"kind": "cameras", "datum": "wgs84", "sha256": "../x", "file": "a.csv"}, "no uploaded"),
    ],
)
def test_wrong_arguments_are_refused_at_the_door(site, kind, arguments, sentence):
    with pytest.raises(LianfangError, match=sentence), transaction(site, scope=WHOLE_SITE) as session:
        jobs.enqueue(session, kind, arguments, account=None, title=TITLE, jurisdiction_path=None)
    assert queued(site) == 0


def test_the_work_and_done_appear_in_one_moment(site):
    """Until the commit others see neither the row nor "done", after it both."""
    seen = []

    def look(session: Session, tell: Tell) -> None:
        seen.append((stored(site), job_of(site, tell.job_id).status))

    number = asked(site, "atomic", look)
    assert run(site, number) == "done"
    assert seen == [(set(), "running")]
    found = job_of(site, number)
    assert stored(site) == {"atomic"}
    assert (found.status, found.share, found.attempts) == ("done", 1.0, 1)
    assert found.result["url"] == "/settings"
    assert found.created_at <= found.started_at <= found.finished_at


def test_progress_is_seen_while_the_work_is_not(site):
    seen = []

    def half(session: Session, tell: Tell) -> None:
        tell(0.5, "Import of roads: %(file)s", file="a.pbf")
        found = job_of(site, tell.job_id)
        seen.append((found.share, told(found.words, lambda text: text)))

    assert run(site, asked(site, "progress", half)) == "done"
    assert seen == [(0.5, "Import of roads: a.pbf")]


def test_what_is_noted_is_told_with_the_next_question(site, monkeypatch):
    """A search tells what it has found without being asked to stop at that very place."""
    monkeypatch.setattr(telling, "TELL_EVERY_S", 0.0)
    seen = []

    def search(session: Session, tell: Tell) -> None:
        tell.noted("the best so far is worth %(value)s", value=1234)
        tell(0.5)
        found = job_of(site, tell.job_id)
        seen.append((found.share, told(found.words, lambda text: text)))

    assert run(site, asked(site, "noted", search)) == "done"
    assert seen == [(0.5, "the best so far is worth 1,234")]


def test_numbers_in_a_stored_sentence_have_their_thousands_marked_and_per_cent_signs_stay():
    assert told(Words("%(n)s frames", {"n": 12345}).as_json(), lambda text: text) == "12,345 frames"
    assert told(Words("50 % of rows").as_json(), lambda text: text) == "50 % of rows"
    assert told(None, lambda text: text) == ""
    zone = Words(
        "Patrol plan for %(zone)s, %(shift)s", {"zone": Name("湖片区", "Lake zone"), "shift": "18:00"}
    )
    assert told(zone.as_json(), Translator("zh")) == "巡逻方案：湖片区，18:00"
    assert told(zone.as_json(), Translator("en")) == "Patrol plan for Lake zone, 18:00"
    assert told(Words("%(zone)s", {"zone": Name("湖片区")}).as_json(), Translator("en")) == "湖片区"


def test_a_stored_sentence_is_read_in_the_language_of_the_reader():
    """Its parts too: the level has everyday words in both."""
    title = analysis.title("2026-11-21 00:00 – 24:00", "observe").as_json()
    assert told(title, Translator("zh")) == "分析 2026-11-21 00:00 – 24:00：看得清动作"
    assert told(title, Translator("en")).endswith(": where what a person does can be seen")


def test_an_analysis_leaves_no_counts_of_the_whole_site(session, monkeypatch):
    """A village's planner may ask for one; what it found is counted on its page, in the reader's area."""
    monkeypatch.setattr("cameras.services.analyse", lambda session, **asked: 7)

    class Silent:
        author = "t"

        def __call__(self, share: float, words: str) -> None: ...

    order = analysis.order({"start": "2026-11-21T00:00Z", "end": "2026-11-22T00:00Z"})
    outcome = analysis.run(session, order, Silent())
    assert (outcome.url, outcome.summary.values, outcome.details) == ("/analyses/7", {}, {"analysis": 7})


def test_a_cancelled_job_that_waits_is_never_begun(site):
    number = asked(site, "waiting")
    with transaction(site, scope=WHOLE_SITE) as session:
        assert jobs.cancel(session, number) == "cancelled"
    assert queued(site) == 0
    assert run(site, number) is None
    assert stored(site) == set()


def cancelled_inside(engine: Engine, job_id: int) -> None:
    """What the cancel button does while the body runs."""
    with transaction(engine, scope=WHOLE_SITE) as session:
        assert jobs.cancel(session, job_id) == "running"


def test_a_job_cancelled_while_it_runs_stores_nothing(site, monkeypatch):
    """It hears of it at its next statement, without asking itself."""
    monkeypatch.setattr("web.jobs.telling.TELL_EVERY_S", 0.0)
    went_on = []

    def work(session: Session, tell: Tell) -> None:
        cancelled_inside(site, tell.job_id)
        session.execute(text("SELECT 1"))
        went_on.append(True)

    number = asked(site, "running", work)
    assert run(site, number) == "cancelled"
    assert went_on == []
    assert stored(site) == set()
    assert job_of(site, number).status == "cancelled"


def test_a_job_cancelled_at_the_last_moment_stores_nothing_either(site):
    number = asked(site, "late", lambda session, tell: cancelled_inside(site, tell.job_id))
    assert run(site, number) == "cancelled"
    assert stored(site) == set()


def test_a_job_that_is_done_is_not_cancelled(site):
    number = asked(site, "done")
    run(site, number)
    with (
        pytest.raises(LianfangError, match=f"job {number} is done already"),
        transaction(site, scope=WHOLE_SITE) as session,
    ):
        jobs.cancel(session, number)


def failing(error: Exception) -> Step:
    """A step that raises."""

    def fail(session: Session, tell: Tell) -> None:
        raise error

    return fail


def test_a_refused_file_is_told_in_one_sentence_with_its_rows(site):
    number = asked(site, "bad", failing(InputRefused("list.csv: 2 rows refused", ["row 2: a", "row 5: b"])))
    assert run(site, number) == "failed"
    found = job_of(site, number)
    assert told(found.error, lambda text: text) == "list.csv: 2 rows refused"
    assert [told(row, lambda text: text) for row in found.problems] == ["row 2: a", "row 5: b"]
    assert (stored(site), found.share) == (set(), 0.0)


def test_a_defect_is_told_by_the_number_of_its_crash_log(site, tmp_path):
    number = asked(site, "defect", failing(KeyError("camera")))
    assert run(site, number) == "failed"
    sentence = told(job_of(site, number).error, lambda text: text)
    (log,) = (tmp_path / "logs").glob("crash-*.log")
    assert log.stem.removeprefix("crash-") in sentence
    assert "KeyError: 'camera'" in log.read_text()
    assert stored(site) == set()


def test_a_failed_job_is_retried_with_the_same_arguments(site):
    number = asked(site, "again", failing(LianfangError("no roads")))
    run(site, number)
    STEPS.pop("again")
    with transaction(site, scope=WHOLE_SITE) as session:
        jobs.retry(session, number)
    found = job_of(site, number)
    assert (found.status, found.error, found.finished_at) == ("queued", None, None)
    assert run(site, number) == "done"
    assert stored(site) == {"again"}


def test_a_job_that_is_done_is_not_retried(site):
    number = asked(site, "done")
    run(site, number)
    with (
        pytest.raises(LianfangError, match="only one that failed or was cancelled"),
        transaction(site, scope=WHOLE_SITE) as session,
    ):
        jobs.retry(session, number)


def test_a_job_that_was_committed_before_the_crash_is_not_done_twice(site):
    """The worker died between the commit and telling the queue, so the queue asks again."""
    times = []
    number = asked(site, "once", lambda session, tell: times.append(1))
    assert run(site, number) == "done"
    assert run(site, number) is None
    assert times == [1]


def test_an_attempt_that_was_given_to_another_worker_stores_nothing(site):
    """This one was taken for dead; whatever it still does is rolled back."""

    def another_claims_it(session: Session, tell: Tell) -> None:
        with transaction(site, scope=WHOLE_SITE) as other:
            other.execute(text("UPDATE job_run SET attempts = attempts + 1"))

    number = asked(site, "late", another_claims_it)
    assert run(site, number) == "superseded"
    assert stored(site) == set()
    assert job_of(site, number).status == "running"


def test_two_workers_never_run_one_job_at_once(site):
    second = []

    def meanwhile(session: Session, tell: Tell) -> None:
        try:
            run(site, tell.job_id)
        except PutBack as back:
            second.append(str(back))

    assert run(site, asked(site, "both", meanwhile)) == "done"
    assert second == ["another worker runs it"]


def test_a_worker_that_ends_gives_its_job_back_and_the_attempt_does_not_count(site, monkeypatch):
    ending = threading.Event()
    monkeypatch.setattr("web.jobs.telling.TELL_EVERY_S", 0.0)

    def work(session: Session, tell: Tell) -> None:
        ending.set()
        tell(0.5)

    number = asked(site, "ending", work)
    with pytest.raises(PutBack, match="the worker ends"):
        run(site, number, stopping=ending.is_set)
    found = job_of(site, number)
    assert (found.status, found.attempts, found.share) == ("queued", 0, 0.0)
    assert stored(site) == set()


def fetched(engine: Engine) -> None:
    """What the queue and the job look like when a worker was killed at work."""
    with transaction(engine, scope=WHOLE_SITE) as session:
        session.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))
        session.execute(text("UPDATE job_run SET status = 'running', attempts = attempts + 1"))


def test_a_job_whose_worker_died_begins_again_and_is_given_up_after_three_attempts(site, database):
    number = asked(site, "fatal")
    for _ in range(ATTEMPTS):
        fetched(site)
        assert Recovery(site).look() == [number]
    Worker(database.url, wait=False).run()
    found = job_of(site, number)
    assert found.status == "failed"
    assert "interrupted 3 times" in told(found.error, lambda text: text)
    assert stored(site) == set()
    assert queued(site) == 0


def test_a_job_that_somebody_runs_is_not_taken_for_stalled(site):
    looks = []

    def look(session: Session, tell: Tell) -> None:
        with transaction(site, scope=WHOLE_SITE) as other:
            other.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))
        looks.append(Recovery(site).look())

    assert run(site, asked(site, "alive", look)) == "done"
    assert looks == [[]]


def test_a_stalled_job_of_a_running_worker_must_be_seen_twice(site):
    """Between the queue and the lock lies a moment."""
    recovery = Recovery(site)
    recovery.look()
    number = asked(site, "moment")
    fetched(site)
    assert recovery.look() == []
    assert recovery.look() == [number]


def test_a_job_that_the_queue_has_lost_comes_back(site, database):
    number = asked(site, "lost")
    with transaction(site, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM procrastinate_jobs"))
    Worker(database.url, wait=False).run()
    assert job_of(site, number).status == "done"


def test_a_worker_does_what_waits_and_leaves_an_empty_queue(site, database):
    numbers = [asked(site, name) for name in ("one", "two")]
    Worker(database.url, wait=False).run()
    assert [job_of(site, number).status for number in numbers] == ["done", "done"]
    assert stored(site) == {"one", "two"}
    assert queued(site) == 0


def test_a_worker_looks_for_alerts_while_it_does_a_job(site, database, monkeypatch):
    looked = threading.Event()
    monkeypatch.setattr(worker, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(Watching, "look", lambda self: looked.set())

    def wait(session: Session, tell: Tell) -> None:
        assert looked.wait(60), "it never looked"

    number = asked(site, "long", wait)
    Worker(database.url, wait=False).run()
    assert job_of(site, number).status == "done"


def command(database: SimpleNamespace, *arguments: str) -> tuple[int, dict[str, Any] | None, str]:
    """(exit status, last line as JSON, what was said) of `lianfang jobs ...`."""
    given = CliRunner().invoke(
        main, ["jobs", *arguments, "--json"], env={"LIANFANG_DATABASE_URL": database.url}
    )
    said = given.stdout.strip().splitlines()
    return given.exit_code, json.loads(said[-1]) if said else None, given.stderr


def test_the_command_line_lists_cancels_retries_and_works(site, database):
    number = asked(site, "cli", failing(LianfangError("no roads")))
    code, told_, said = command(database, "list")
    assert (code, [row["id"] for row in told_["jobs"]]) == (0, [number])
    assert "Import of cameras: list.csv" in said and "queued" in said
    assert command(database, "cancel", str(number))[1] == {
        "job": number,
        "status": "cancelled",
        "cancel_requested": True,
    }
    assert command(database, "retry", str(number))[0] == 0
    assert command(database, "work", "--until-empty")[0] == 0
    code, told_, said = command(database, "list", "--status", "failed")
    assert [row["error"] for row in told_["jobs"]] == ["no roads"] and "(no roads)" in said
    code, told_, said = command(database, "cancel", "999999")
    assert (code, told_) == (1, None)
    assert "there is no job 999999" in said


def test_an_upload_is_kept_by_its_content_under_a_plain_name(tmp_path):
    """Whatever a browser calls it, it stays inside its folder; its ending tells the format."""
    content = b"code,lon,lat\n"
    digest = hashlib.sha256(content).hexdigest()
    for given, kept in (
        ("list.csv", "list.csv"),
        ("C:\\lists\\潮阳 清单.csv", "潮阳 清单.csv"),
        ("../../etc/passwd", "passwd"),
        (".hidden.csv", "hidden.csv"),
        ("a\x00b\n.csv", "ab.csv"),
        ("..", "file"),
        ("x" * 300 + ".geojson", "x" * 112 + ".geojson"),
    ):
        upload = keep_upload(tmp_path, BytesIO(content), given)
        assert upload == Upload(digest, kept)
        assert upload.path(tmp_path).read_bytes() == content
        assert upload.path(tmp_path).parent == tmp_path / "uploads" / digest
    assert [path.name for path in (tmp_path / "uploads").iterdir()] == [digest]


def test_the_queue_is_the_one_that_the_migration_made():
    """Another Procrastinate with another schema needs a migration that applies its SQL for the way there."""
    digest = hashlib.sha256(SchemaManager.get_schema().encode()).hexdigest()
    assert digest == "c70ec4b400a60ad9592787653aae5ae77ae41bf801d56b5bd2712751a07f2009"


@pytest.mark.parametrize("module", BODIES)
def test_every_kind_has_a_name_and_somebody_who_may_ask_for_it_again(module: str) -> None:
    """Else its page shows a word of the program, and a job that failed can never be begun again."""
    kind = import_module(module).KIND
    assert kind in KINDS and kind in ASKED_BY and KINDS.keys() == ASKED_BY.keys()
