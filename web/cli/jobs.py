"""`lianfang jobs ...`: the long work that waits, runs and has ended, and the worker that does it."""

from __future__ import annotations

from typing import Any

import click
from sqlalchemy import select

from geo.db import transaction
from geo.scope import WHOLE_SITE
from web import jobs as queue
from web import logs
from web.cli.common import command_options
from web.database import migrate, open_database, running_database
from web.tables import JobRun

STATUSES = ("queued", "running", "done", "failed", "cancelled")


@click.group("jobs")
def jobs() -> None:
    """Imports, analyses and plans that a worker does in the background."""


def _words(stored: dict[str, Any] | None) -> str:
    """A stored sentence in English, the language of the command line."""
    return queue.told(stored, lambda text: text)


def _row(run: JobRun) -> dict[str, Any]:
    return {
        "id": run.id,
        "kind": run.kind,
        "status": run.status,
        "share": round(run.share, 3),
        "title": _words(run.title),
        "words": _words(run.words),
        "attempts": run.attempts,
        "cancel_requested": run.cancel_requested,
        "author": run.author,
        "error": _words(run.error) or None,
        "result": run.result,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
    }


@jobs.command("list")
@click.option("--status", type=click.Choice(STATUSES), help="Only these.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@command_options
def list_jobs(status: str | None, limit: int) -> dict[str, Any]:
    """List jobs, the newest first.

    Example: lianfang jobs list --status failed
    """
    wanted = select(JobRun).order_by(JobRun.id.desc()).limit(limit)
    if status:
        wanted = wanted.where(JobRun.status == status)
    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        rows = [_row(run) for run in session.scalars(wanted)]
    for row in rows:
        said = row["error"] or row["words"]
        click.echo(
            f"{row['id']:6d} {row['status']:<9} {100 * row['share']:3.0f} %  {row['title']}"
            + (f"  ({said})" if said else ""),
            err=True,
        )
    if not rows:
        click.echo("There are no jobs.", err=True)
    return {"jobs": rows}


@jobs.command("work")
@click.option(
    "--concurrency",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Jobs run at the same time.",
)
@click.option("--until-empty", is_flag=True, help="End when nothing waits any more.")
@command_options
def work(concurrency: int, until_empty: bool) -> None:
    """Do the jobs that wait, until stopped with Ctrl+C; what runs then begins again later.

    `lianfang serve` has a worker already. A larger site runs further ones, all with the same folder of
    uploaded files (LIANFANG_VAR).

    Example: lianfang jobs work --concurrency 2
    """
    # Loads Procrastinate, which the other commands of the group do without.
    from web.jobs.worker import Worker

    with running_database() as urls:
        migrate(urls)
        logs.configure()
        Worker(urls.app, concurrency=concurrency, wait=not until_empty).run()


@jobs.command("cancel")
@click.argument("job_id", metavar="ID", type=int)
@command_options
def cancel(job_id: int) -> dict[str, Any]:
    """Cancel a job that waits or runs; it leaves nothing behind.

    Example: lianfang jobs cancel 17
    """
    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        status = queue.cancel(session, job_id)
    said = "is cancelled" if status == "cancelled" else "is told to stop"
    click.echo(f"Job {job_id} {said}.", err=True)
    return {"job": job_id, "status": status, "cancel_requested": True}


@jobs.command("retry")
@click.argument("job_id", metavar="ID", type=int)
@command_options
def retry(job_id: int) -> dict[str, Any]:
    """Ask once more for a job that failed or was cancelled.

    Example: lianfang jobs retry 17
    """
    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        queue.retry(session, job_id)
    click.echo(f"Job {job_id} waits again.", err=True)
    return {"job": job_id, "status": "queued"}
