"""Find jobs whose worker is gone, and give them back to the queue."""

from __future__ import annotations

import structlog
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.db import transaction
from geo.scope import WHOLE_SITE
from web.jobs.queue import DEFER, QUEUE, TASK
from web.jobs.running import LOCK_CLASS

log = structlog.get_logger("lianfang.jobs")

# Whoever runs a job holds its lock, so "doing" without a lock is a worker that died, or one in the moment
# between the queue and the lock: hence two looks.
STALLED = text(
    """SELECT j.id, CAST(j.args ->> 'job' AS bigint) AS job_id FROM procrastinate_jobs j
       WHERE j.status = 'doing' AND j.task_name = :task AND NOT EXISTS (
           SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
           WHERE l.locktype = 'advisory' AND l.classid = :class AND l.objsubid = 2 AND l.granted
               AND l.objid = CAST(j.args ->> 'job' AS bigint))"""
)
GIVE_BACK = text("SELECT procrastinate_retry_job_v2(:id, NULL, NULL, NULL, NULL)")
# Cannot happen while both tables are written together; a database that was repaired by hand may have them.
LOST = text(
    """SELECT id FROM job_run r WHERE status IN ('queued', 'running')
       AND NOT EXISTS (SELECT FROM procrastinate_jobs j WHERE j.id = r.procrastinate_id)
       FOR UPDATE SKIP LOCKED"""
)
FOUND = text("UPDATE job_run SET procrastinate_id = :row WHERE id = :id")


class Recovery:
    """Looks for stalled jobs; the first look of a worker that starts counts at once.

    Parameters
    ----------
    engine : Engine
        Of the program's role.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._suspects: set[int] | None = None

    def look(self) -> list[int]:
        """Give stalled jobs back to the queue; answers which.

        A job must be found stalled at two looks in a row, except at the first: a worker that starts has none
        of its own, and one of another worker's that is given back too early meets that worker's lock.
        """
        with transaction(self._engine, scope=WHOLE_SITE) as session:
            found = session.execute(STALLED, {"task": TASK, "class": LOCK_CLASS}).all()
            again = [row for row in found if self._suspects is None or row.id in self._suspects]
            for row in again:
                session.execute(GIVE_BACK, {"id": row.id})
            lost = [_deferred(session, job_id) for job_id in session.scalars(LOST).all()]
        self._suspects = {row.id for row in found} - {row.id for row in again}
        jobs = [row.job_id for row in again] + lost
        if jobs:
            log.warning("stalled jobs begin again", jobs=jobs)
        return jobs


def _deferred(session: Session, job_id: int) -> int:
    args = {"queue": QUEUE, "task": TASK, "args": f'{{"job": {job_id}}}'}
    session.execute(FOUND, {"id": job_id, "row": session.scalar(DEFER, args)})
    return job_id
