"""`lianfang serve` and `lianfang demo`."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Engine, select

from geo.db import APP_URL_VARIABLE, OWNER_URL_VARIABLE, make_engine, transaction
from geo.errors import LianfangError
from geo.scope import NOWHERE, WHOLE_SITE
from geo.tables import RoadEdge
from web import logs
from web.access.signing import local_link
from web.basemap import archive
from web.cli.common import author, command_options
from web.database import PUBLIC_URL_VARIABLE, VAR_VARIABLE, Urls, migrate, running_database, var_dir
from web.demostate import SCENE_NAMES, finished_summary
from web.hosts import is_loopback, loopback_host
from web.jobs import enqueue
from web.jobs.bodies import basemap
from web.jobs.bodies import demo as demojob
from web.progress import Steps
from web.supervision import PrivateDatabase, Program, handled, supervise

PORT = 8000


def taken_port(host: str, port: int) -> socket.socket:
    """A socket bound to (host, port); LianfangError when another program has it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise LianfangError(f"port {port} on {host} is taken; give another with --port") from error
        raise
    listener.set_inheritable(True)
    return listener


def _serve(urls: Urls, listener: socket.socket, host: str, port: int, public_url: str | None = None) -> None:
    logs.configure()
    _draw_missing_basemap(urls)
    shown = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    click.echo(f"The map is at {public_url or shown}  (stop with Ctrl+C)", err=True)
    if is_loopback(host):
        engine = make_engine(urls.app)
        with transaction(engine, scope=NOWHERE) as session:
            key = local_link(session)
        engine.dispose()
        click.echo(f"Sign in on this machine, once: {shown}/sign-in/link/{key}", err=True)
    folder = var_dir().resolve()
    database = PrivateDatabase(folder, ours=urls.started) if urls.private else None
    supervise(_programs(urls, folder, listener, public_url), database)


def _draw_missing_basemap(urls: Urls) -> None:
    """Let the job worker draw the base map of a site that has streets and none yet, as after an upgrade."""
    if archive.current(archive.basemap_folder(var_dir().resolve())) is not None:
        return
    engine = make_engine(urls.app)
    with transaction(engine, scope=WHOLE_SITE) as session:
        if session.scalar(select(RoadEdge.id).limit(1)) is not None:
            enqueue(
                session,
                basemap.KIND,
                {},
                account=None,
                title=basemap.title(),
                jurisdiction_path=None,
                author=author(),
            )
    engine.dispose()


def _programs(
    urls: Urls, folder: Path, listener: socket.socket, public_url: str | None
) -> tuple[Program, ...]:
    """The web server on a port that is taken already, and one job worker."""
    # Neither is the owner of the database, so neither is told how to become it.
    environment = {name: value for name, value in os.environ.items() if name != OWNER_URL_VARIABLE}
    environment |= {APP_URL_VARIABLE: urls.app, VAR_VARIABLE: str(folder)}
    web = environment | ({PUBLIC_URL_VARIABLE: public_url} if public_url else {})
    number = listener.fileno()
    gunicorn = ("gunicorn", "--config", "python:web.gunicornconf", "--bind", f"fd://{number}")
    return (
        Program("web server", (sys.executable, "-m", *gunicorn, "web.wsgi:make_app()"), web, (number,)),
        Program("job worker", (sys.executable, "-m", "web", "jobs", "work"), environment),
    )


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """Make SIGTERM and SIGHUP end a command as Ctrl+C does, so that it stops what it started."""

    def end(number: int) -> None:
        raise SystemExit(128 + number)

    with handled((signal.SIGTERM, signal.SIGHUP), end):
        yield


@click.command("serve")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Another than loopback needs --public-url."
)
@click.option("--public-url", help="The https address people come in by, through a reverse proxy.")
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True)
@command_options
def serve(host: str, port: int, public_url: str | None) -> None:
    """Serve the map to this machine, with a worker for the jobs.

    Whatever of it is killed is started again; Ctrl+C ends it all.

    Example: lianfang serve --port 8001
    """
    listener = taken_port(host if public_url else loopback_host(host), port)
    with _ending_in_order(), running_database() as urls:
        migrate(urls)
        _serve(urls, listener, host, port, public_url)


@click.command("demo")
@click.option(
    "--scene",
    type=click.Choice(SCENE_NAMES),
    default=SCENE_NAMES[0],
    show_default=True,
    help="Real streets of Helsinki, or an invented Chaoshan town.",
)
@click.option("--no-serve", is_flag=True, help="Load, analyse and plan, but do not serve.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True)
@click.option("--fresh", is_flag=True, help="Do it all again even when the demo is there already.")
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True)
@command_options
def demo(scene: str, no_serve: bool, seed: int, fresh: bool, port: int) -> dict[str, Any] | None:
    """Load a scene with one synthetic day, analyse it, plan the night after, and serve the map meanwhile.

    \b
    helsinki  Real: streets, buildings, places, camera positions (OpenStreetMap).
              Derived: jurisdictions, zone, teams.  Synthetic: every frame.
    town      Synthetic: everything.

    Example: lianfang demo --scene town --no-serve --json
    """
    listener = None if no_serve else taken_port("127.0.0.1", port)
    with _ending_in_order(), running_database() as urls:
        migrate(urls)
        engine = make_engine(urls.app)
        try:
            if listener is None:
                return _told(_summary(engine, scene, seed, fresh))
            number = _asked_for(engine, scene, seed, fresh)
        finally:
            engine.dispose()
        if number is not None:
            click.echo(
                f"The demo is being made; the map grows meanwhile. Its progress: /jobs/{number}", err=True
            )
        _serve(urls, listener, "127.0.0.1", port)
    return None


def _told(summary: dict[str, Any]) -> dict[str, Any]:
    """The summary, said in a line for people."""
    gaps = sum(summary["gaps"].values())
    click.echo(
        f"{summary['cameras']} cameras, {summary['frames']} frames, {gaps} gaps, "
        f"{summary['crossed_stops']} of {summary['reachable_stops']} stops crossed, "
        f"{summary['violations']} violations.",
        err=True,
    )
    return summary


def _summary(engine: Engine, scene: str, seed: int, fresh: bool) -> dict[str, Any]:
    """The scene's summary, made if it is not there."""
    if not fresh:
        with transaction(engine, scope=WHOLE_SITE) as session:
            done = finished_summary(session, seed, scene)
        if done is not None:
            return done
    # The solver and the kernels take seconds to load; a second start needs none of them.
    from web.demo import run_demo

    return run_demo(engine, _folder(), scene=scene, seed=seed, fresh=fresh, steps=Steps())


def _asked_for(engine: Engine, scene: str, seed: int, fresh: bool) -> int | None:
    """Leave the scene to the job worker; answers the job's id, None where the scene is there already."""
    with transaction(engine, scope=WHOLE_SITE) as session:
        done = None if fresh else finished_summary(session, seed, scene)
        if done is not None:
            _told(done)
            return None
        return demojob.ask_for(session, demojob.DemoOrder(scene, seed, fresh), author=author())


def _folder() -> Path:
    return var_dir().resolve() / "demo"
