"""The job worker: Procrastinate's, in a process of its own, that outlives the database's restarts."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import structlog
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from psycopg_pool import PoolTimeout
from sqlalchemy import Engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from geo.db import make_engine
from web.database import var_dir
from web.jobs.clearing import Clearing
from web.jobs.queue import QUEUE, TASK
from web.jobs.recovery import Recovery
from web.jobs.running import BUSY_S, PutBack, run_job
from web.jobs.watching import Watching

log = structlog.get_logger("lianfang.jobs")

LOOK_EVERY_S = 3.0
"""How often stalled jobs are looked for."""
POLL_EVERY_S = 5.0
"""How often the queue is asked where no notice came."""
CONNECT_S = 10.0
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 15.0


class _PutBackAlone(BaseRetryStrategy):
    """Jobs go back only when the harness says so: everything else it has written down itself."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """When to try again, or None."""
        if not isinstance(exception, PutBack):
            return None
        return RetryDecision(retry_in={"seconds": exception.seconds})


class Worker:
    """Works off the queue until told to stop.

    Parameters
    ----------
    url : str
        SQLAlchemy address of the database for the program's role.
    concurrency : int
        Jobs run at the same time, each in a thread.
    wait : bool
        Whether to wait for more when the queue is empty.
    """

    def __init__(self, url: str, *, concurrency: int = 1, wait: bool = True) -> None:
        self._url = url
        self._concurrency = concurrency
        self._wait = wait
        self._stopping = False
        self._working: asyncio.Task[None] | None = None

    def run(self) -> None:
        """Work until stopped by SIGTERM or SIGINT; the running jobs go back. A second signal ends at once."""
        # Procrastinate tells each step of each job; ours say it once.
        logging.getLogger("procrastinate").setLevel(logging.WARNING)
        engine = make_engine(self._url, pool_size=3 + 3 * self._concurrency)
        try:
            asyncio.run(self._run(engine))
        finally:
            engine.dispose()

    async def _run(self, engine: Engine) -> None:
        pause = SHORTEST_PAUSE_S
        with self._signals():
            while not self._stopping:
                self._working = asyncio.create_task(self._work(engine))
                try:
                    await self._working
                    if not self._wait:
                        return
                    pause = SHORTEST_PAUSE_S
                except asyncio.CancelledError:
                    if not self._stopping:
                        raise
                except (ConnectorException, PoolTimeout, SQLAlchemyError) as error:
                    log.warning("no database for the jobs", reason=str(error).split("\n")[0], pause_s=pause)
                if not self._stopping:
                    await self._sleep(pause)
                    pause = min(2 * pause, LONGEST_PAUSE_S)

    async def _sleep(self, seconds: float) -> None:
        self._working = asyncio.create_task(asyncio.sleep(seconds))
        with suppress(asyncio.CancelledError):
            await self._working

    async def _work(self, engine: Engine) -> None:
        """Serve the queue over one pool of connections, until stopped or the database goes away."""
        app = self._app(engine)
        async with app.open_async():
            recovery = Recovery(engine)
            await asyncio.to_thread(recovery.look)
            log.info("job worker ready", concurrency=self._concurrency)
            looking = asyncio.create_task(self._look(recovery, Clearing(engine, var_dir())))
            watching = asyncio.create_task(self._watch(Watching(engine, stopping=lambda: self._stopping)))
            serving = asyncio.create_task(
                app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=self._concurrency,
                    wait=self._wait,
                    fetch_job_polling_interval=POLL_EVERY_S,
                    # The jobs' own rows are the record; the queue keeps what is still to do.
                    delete_jobs="always",
                    # Told to stop, a job hears of it at its next step and goes back.
                    shutdown_graceful_timeout=0.01,
                    install_signal_handlers=False,
                )
            )
            tasks = (looking, watching, serving)
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                ended = await asyncio.gather(*tasks, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error

    def _app(self, engine: Engine) -> App:
        connector = PsycopgConnector(
            conninfo=make_url(self._url).set(drivername="postgresql").render_as_string(hide_password=False),
            min_size=1,
            max_size=3 + self._concurrency,
            timeout=CONNECT_S,
        )
        app = App(connector=connector)

        @app.task(name=TASK, queue=QUEUE, pass_context=True, retry=_PutBackAlone())
        def run(context: JobContext, *, job: int) -> None:
            def stopping() -> bool:
                return self._stopping or context.should_abort()

            try:
                run_job(engine, job, procrastinate_id=context.job.id, stopping=stopping)
            except PutBack as back:
                log.info("job put back", job=job, reason=str(back))
                raise
            except Exception as error:
                # What the harness itself could not tell, a database that is away above all. The queue must
                # not forget the job.
                log.exception("job not run", job=job)
                raise PutBack(str(error), BUSY_S) from error

        return app

    async def _look(self, recovery: Recovery, clearing: Clearing) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await asyncio.to_thread(recovery.look)
            await asyncio.to_thread(clearing.look)

    async def _watch(self, watching: Watching) -> None:
        # A check takes seconds, in which stalled jobs are looked for all the same.
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await asyncio.to_thread(watching.look)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        if self._stopping:
            # Nothing is half stored: the database rolls back what it was not told to keep.
            os._exit(1)
        log.info("job worker stops")
        self._stopping = True
        if self._working is not None:
            self._working.cancel()
