"""`lianfang serve` and `lianfang demo`."""

from __future__ import annotations

import errno
import socket
from pathlib import Path
from typing import Any

import click
from gunicorn.app.base import BaseApplication
from sqlalchemy import Engine

from geo.db import make_engine, transaction
from geo.errors import LianfangError
from geo.scope import NOWHERE, WHOLE_SITE
from web import logs
from web.access.keys import secret_key
from web.access.signing import local_link
from web.app import create_app
from web.cli.common import command_options
from web.database import Urls, migrate, running_database, var_dir
from web.demostate import finished_summary
from web.hosts import is_loopback, loopback_host
from web.progress import Steps

PORT = 8000
WORKERS = 1
THREADS = 8


class Server(BaseApplication):
    """Gunicorn with threads, its engine made after the fork."""

    def __init__(self, url: str, listener: socket.socket, public_url: str | None) -> None:
        self._url = url
        self._public_url = public_url
        self._listener = listener
        super().__init__()

    def load_config(self) -> None:
        """Settings of gunicorn; the port was taken before, so that a taken one is told in words."""
        settings = {
            "bind": f"fd://{self._listener.fileno()}",
            "workers": WORKERS,
            "worker_class": "gthread",
            "threads": THREADS,
            "timeout": 120,
            "graceful_timeout": 5,
            "loglevel": "warning",
            "proc_name": "lianfang",
            "control_socket_disable": True,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The app, in the worker."""
        folder = var_dir().resolve()
        return create_app(
            make_engine(self._url), secret_key=secret_key(folder), folder=folder, public_url=self._public_url
        )


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
    shown = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    click.echo(f"The map is at {public_url or shown}  (stop with Ctrl+C)", err=True)
    if is_loopback(host):
        engine = make_engine(urls.app)
        with transaction(engine, scope=NOWHERE) as session:
            key = local_link(session)
        engine.dispose()
        click.echo(f"Sign in on this machine, once: {shown}/sign-in/link/{key}", err=True)
    Server(urls.app, listener, public_url).run()


@click.command("serve")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Another than loopback needs --public-url."
)
@click.option("--public-url", help="The https address people come in by, through a reverse proxy.")
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True)
@command_options
def serve(host: str, port: int, public_url: str | None) -> None:
    """Serve the map to this machine.

    Example: lianfang serve --port 8001
    """
    listener = taken_port(host if public_url else loopback_host(host), port)
    with running_database() as urls:
        migrate(urls)
        _serve(urls, listener, host, port, public_url)


@click.command("demo")
@click.option("--no-serve", is_flag=True, help="Load, analyse and plan, but do not serve.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True)
@click.option("--fresh", is_flag=True, help="Do it all again even when the demo is there already.")
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True)
@command_options
def demo(no_serve: bool, seed: int, fresh: bool, port: int) -> dict[str, Any] | None:
    """Load the demo city with one synthetic day, analyse it, plan the night after, and serve the map.

    \b
    Real: streets, buildings, places, camera positions (OpenStreetMap).
    Derived: jurisdictions, zone, teams.  Synthetic: every frame.

    Example: lianfang demo --no-serve --json
    """
    listener = None if no_serve else taken_port("127.0.0.1", port)
    with running_database() as urls:
        migrate(urls)
        engine = make_engine(urls.app)
        try:
            summary = _summary(engine, seed, fresh)
        finally:
            engine.dispose()
        gaps = sum(summary["gaps"].values())
        click.echo(
            f"{summary['cameras']} cameras, {summary['frames']} frames, {gaps} gaps, "
            f"{summary['crossed_stops']} of {summary['reachable_stops']} stops crossed, "
            f"{summary['violations']} violations.",
            err=True,
        )
        if listener is None:
            return summary
        _serve(urls, listener, "127.0.0.1", port)
    return None


def _summary(engine: Engine, seed: int, fresh: bool) -> dict[str, Any]:
    """The demo's summary, made if it is not there."""
    if not fresh:
        with transaction(engine, scope=WHOLE_SITE) as session:
            done = finished_summary(session, seed)
        if done is not None:
            return done
    # The solver and the kernels take seconds to load; a second start needs none of them.
    from web.demo import run_demo

    return run_demo(engine, _folder(), seed=seed, fresh=fresh, steps=Steps())


def _folder() -> Path:
    return var_dir().resolve() / "demo"
