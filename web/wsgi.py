"""The app for gunicorn: `gunicorn --config python:web.gunicornconf 'web.wsgi:make_app()'`."""

from __future__ import annotations

import os

from flask import Flask

from geo.db import APP_URL_VARIABLE, make_engine
from geo.errors import LianfangError
from web.access.keys import secret_key
from web.app import create_app
from web.database import PUBLIC_URL_VARIABLE, THREADS, var_dir


def make_app() -> Flask:
    """The app on the database that the environment names; made in each web worker.

    Raises
    ------
    LianfangError
        When the environment names none.
    """
    url = os.environ.get(APP_URL_VARIABLE)
    if not url:
        raise LianfangError(f"set {APP_URL_VARIABLE}, or run `lianfang serve`, which knows the database")
    folder = var_dir().resolve()
    return create_app(
        # No fewer, or a page that asks for many things at once opens connections only to close them.
        make_engine(url, pool_size=THREADS),
        secret_key=secret_key(folder),
        folder=folder,
        public_url=os.environ.get(PUBLIC_URL_VARIABLE) or None,
    )
