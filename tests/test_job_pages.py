"""The pages of jobs: seen inside one's area, in one's language, cancelled and asked for again by who may."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import small_site
from signing import make_account
from sqlalchemy import text

from geo.db import transaction
from geo.scope import WHOLE_SITE
from web import jobs
from web.access import Role
from web.jobs import Words
from web.jobs.bodies import analysis
from web.jobs.words import as_stored
from web.tables import AuditEntry, JobRun

PERIOD = {"start": "2026-11-20T16:00:00+00:00", "end": "2026-11-21T16:00:00+00:00"}


@pytest.fixture
def job(served) -> Iterator[int]:
    """An analysis that waits in the town of one's own; gone afterwards."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        number = jobs.enqueue(
            session,
            "analysis",
            PERIOD,
            account=None,
            title=analysis.title("2026-11-21 00:00 – 24:00", "observe"),
            jurisdiction_path=small_site.OWN,
            author="wang",
        )
    yield number
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM job_run; DELETE FROM procrastinate_jobs"))


def change(served, number: int, **values: object) -> None:
    """What a worker writes of a job."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        run = session.get_one(JobRun, number)
        for name, value in values.items():
            setattr(run, name, value)


def ended(served, number: int, status: str, **values: object) -> None:
    """A job that has ended so; the queue has forgotten it."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        now = session.scalar(text("SELECT now()"))
        session.execute(text("DELETE FROM procrastinate_jobs"))
    change(served, number, status=status, finished_at=now, **values)


def test_the_list_tells_what_each_job_is_in_the_readers_language(served, job) -> None:
    client = served.client(Role.PLANNER, small_site.OWN)
    assert "分析 2026-11-21 00:00 – 24:00：看得清动作" in client.get("/jobs?lang=zh").text
    page = client.get("/jobs?lang=en").text
    assert "Analysis of 2026-11-21 00:00 – 24:00: where what a person does can be seen" in page
    assert f'href="/jobs/{job}"' in page and "wang" in page


def test_a_job_elsewhere_is_not_found(served, job) -> None:
    """Neither on its page nor by its buttons; the parent's people see it."""
    sibling = served.client(Role.PLANNER, small_site.SIBLING)
    assert "分析 2026" not in sibling.get("/jobs").text
    for method, address in (("get", ""), ("get", "/progress"), ("post", "/cancel"), ("post", "/retry")):
        answer = getattr(sibling, method)(f"/jobs/{job}{address}")
        assert answer.status_code == 404, address
    assert served.client(Role.PLANNER, small_site.PARENT).get(f"/jobs/{job}").status_code == 200
    assert served.client(Role.VIEWER, small_site.OWN).get(f"/jobs/{job}").status_code == 403


def test_everybodys_jobs_stand_before_ones_own(served, job) -> None:
    """Also one that waits in a town one does not see."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        path = small_site.SIBLING
        number = jobs.enqueue(
            session, "analysis", PERIOD, account=None, title=Words("x"), jurisdiction_path=path
        )
    page = served.client(Role.PLANNER, small_site.SIBLING).get(f"/jobs/{number}?lang=en").text
    assert "1 job comes before it." in page


def test_progress_is_asked_for_anew_until_the_job_has_ended(served, job) -> None:
    client = served.client(Role.PLANNER, small_site.OWN)
    waiting = client.get(f"/jobs/{job}/progress?lang=en")
    assert "It is next." in waiting.text and "every 1s" in waiting.text
    assert "HX-Refresh" not in waiting.headers
    words = Words("Reading cameras, frames and streets").as_json()
    change(served, job, status="running", share=0.42, attempts=2, words=words)
    running = client.get(f"/jobs/{job}/progress").text
    assert 'value="0.420"' in running and "42 %" in running
    assert "Reading cameras, frames and streets" in running
    assert "Attempt 2 of 3" in running
    summary = Words("%(stored)s rows stored; %(problems)s bad, %(findings)s odd.")
    summary = Words(summary.text, {"stored": 12345, "problems": 7, "findings": 5}).as_json()
    ended(served, job, "done", result={"url": "/analyses/1", "summary": summary, "details": {}})
    done = client.get(f"/jobs/{job}/progress")
    assert done.headers["HX-Refresh"] == "true" and "every 1s" not in done.text
    page = client.get(f"/jobs/{job}").text
    assert "12,345 rows stored; 7 bad, 5 odd." in page and 'href="/analyses/1"' in page


def test_a_failure_is_told_with_its_rows_and_may_be_tried_again(served, job) -> None:
    sentence = Words("list.csv: 2 rows refused, 50 % of all").as_json()
    ended(served, job, "failed", error=sentence, problems=[as_stored("row 2: <b>"), as_stored("row 5")])
    client = served.client(Role.PLANNER, small_site.OWN)
    page = client.get(f"/jobs/{job}?lang=en").text
    assert "list.csv: 2 rows refused, 50 % of all" in page and "row 2: &lt;b&gt;" in page
    assert f'action="/jobs/{job}/retry"' in page
    assert client.post(f"/jobs/{job}/retry").status_code == 303
    assert "It is next." in client.get(f"/jobs/{job}").text


def test_a_cancelled_job_is_written_down_and_says_that_nothing_was_stored(served, job) -> None:
    client = served.client(Role.PLANNER, small_site.OWN)
    assert f'action="/jobs/{job}/cancel"' in client.get(f"/jobs/{job}").text
    assert client.post(f"/jobs/{job}/cancel").status_code == 303
    page = client.get(f"/jobs/{job}?lang=en").text
    assert "Cancelled; nothing was stored." in page and f'action="/jobs/{job}/cancel"' not in page
    assert client.post(f"/jobs/{job}/cancel").status_code == 303
    assert "there was nothing to cancel" in client.get(f"/jobs/{job}").text
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        written = session.query(AuditEntry).filter_by(event="cancel", subject=f"job {job}").all()
    assert [entry.jurisdiction_path for entry in written] == [small_site.OWN]


def test_who_may_not_ask_for_a_kind_of_job_may_not_ask_for_it_again(served, job) -> None:
    """An auditor runs analyses and imports, and makes no plans."""
    change(served, job, kind="plan")
    ended(served, job, "failed", error=Words("no gap").as_json())
    auditor = served.client(Role.AUDITOR, small_site.OWN)
    assert f'action="/jobs/{job}/retry"' not in auditor.get(f"/jobs/{job}").text
    assert auditor.post(f"/jobs/{job}/retry").status_code == 403


def test_what_an_import_found_odd_is_listed(served, job) -> None:
    summary = Words("%(stored)s rows stored; %(problems)s bad, %(findings)s odd.")
    summary = Words(summary.text, {"stored": 5, "problems": 0, "findings": 1}).as_json()
    details = {"problems": [], "findings": [as_stored("row 3: 25 m from any street")]}
    ended(served, job, "done", result={"url": None, "summary": summary, "details": details})
    page = served.client(Role.PLANNER, small_site.OWN).get(f"/jobs/{job}?lang=en").text
    assert "What looks odd" in page and "row 3: 25 m from any street" in page
    assert "Rows that were refused" not in page and "See the result" not in page


def test_to_ask_again_needs_the_right_where_the_job_is(served, job) -> None:
    """Not somewhere: a commander of this town is an administrator of another one."""
    change(served, job, kind="basemap")
    ended(served, job, "failed", error=Words("away").as_json())
    key = make_account(
        served.engine,
        "commands-and-rules",
        (Role.COMMANDER, small_site.OWN),
        (Role.ADMINISTRATOR, small_site.SIBLING),
    )
    client = served.app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = key
    assert f'action="/jobs/{job}/retry"' not in client.get(f"/jobs/{job}").text
    assert client.post(f"/jobs/{job}/retry").status_code == 403
    here = served.client(Role.ADMINISTRATOR, small_site.OWN)
    assert f'action="/jobs/{job}/retry"' in here.get(f"/jobs/{job}").text


def test_a_job_of_several_towns_is_seen_by_those_who_see_them_all(served, job) -> None:
    """Its rows are those of all; it stands under the first alone."""
    within = f"{small_site.OWN},{small_site.SIBLING}"
    change(served, job, kind="import", arguments={"within": within, "file": "list.csv"})
    ended(served, job, "failed", error=Words("refused").as_json(), problems=[as_stored("row 2: secret")])
    for path in (small_site.OWN, small_site.SIBLING):
        one = served.client(Role.AUDITOR, path)
        assert (
            one.get(f"/jobs/{job}").status_code == 404
            and "Analysis of 2026" not in one.get("/jobs?lang=en").text
        )
    key = make_account(
        served.engine, "audits-both", (Role.AUDITOR, small_site.OWN), (Role.AUDITOR, small_site.SIBLING)
    )
    both = served.app.test_client()
    with both.session_transaction() as cookie:
        cookie["_user_id"] = key
    assert "secret" in both.get(f"/jobs/{job}").text and f"/jobs/{job}" in both.get("/jobs").text
    assert f'action="/jobs/{job}/retry"' in both.get(f"/jobs/{job}").text
    assert served.client(Role.AUDITOR, small_site.ROOT).get(f"/jobs/{job}").status_code == 200


def test_pages_say_that_a_demonstration_is_being_made(served) -> None:
    """Home and map tell how far it is, ask by themselves, and come anew with every part and at the end."""
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        number = session.scalar(
            text(
                """INSERT INTO job_run (kind, title, arguments, author, status, share, words)
                   VALUES ('demo', '{"text": "Demo"}', '{}', 'test', 'running', 0.4,
                           '{"text": "Home", "values": {}}') RETURNING id"""
            )
        )
    client = served.client(Role.ADMINISTRATOR)
    for address in ("/", "/map"):
        page = client.get(f"{address}?lang=en").text
        assert "The demonstration is being made" in page and "/demo/progress?made=0" in page, address
    line = client.get("/demo/progress?made=0&lang=en")
    assert f"/jobs/{number}" in line.text and "40 %" in line.text and "HX-Refresh" not in line.headers
    assert client.get("/demo/progress?made=3").headers["HX-Refresh"] == "true", "the page is of another stage"
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        session.execute(text("DELETE FROM job_run WHERE id = :id"), {"id": number})
    assert client.get("/demo/progress?made=0").headers["HX-Refresh"] == "true"
    assert "being made" not in client.get("/?lang=en").text
