"""Errors told for whoever asks: a page in the common frame for people, problem JSON for programs."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import structlog
from flask import Flask, Response, g, request
from flask_babel import gettext
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from werkzeug.exceptions import HTTPException

from geo.errors import InputRefused, LianfangError
from web.access.login import wants_problem
from web.maps.data import NoMapYet
from web.refusals import said
from web.requests import close_sessions, render

log = structlog.get_logger("lianfang.web")


def told(code: int, title: str, sentence: str, problems: tuple[str, ...] = ()) -> Response:
    """An answer that says what is wrong.

    Parameters
    ----------
    code : int
        HTTP status.
    title, sentence : str
        What is wrong, and what to do; in the reader's language where it is ours.
    problems : tuple of str
        One sentence a row, where there are several.
    """
    # The page that tells of an error must not ask a session whose transaction has failed.
    close_sessions()
    g.pop("site", None)
    if wants_problem():
        body: dict[str, Any] = {"type": "about:blank", "title": title, "status": code, "detail": sentence}
        if problems:
            body["problems"] = list(problems)
        answer = Response(json.dumps(body, ensure_ascii=False), code, mimetype="application/problem+json")
        if code == 401:
            answer.headers["WWW-Authenticate"] = 'Bearer realm="lianfang"'
        return answer
    answer = render("error.html", status=code, code=code, title=title, sentence=sentence, problems=problems)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def init_app(app: Flask) -> None:
    """Register what answers each kind of failure."""

    @app.errorhandler(NoMapYet)
    def nothing_to_show(error: Exception) -> Response:
        return told(503, gettext("No map yet"), said(error, gettext))

    @app.errorhandler(InputRefused)
    def input_refused(error: InputRefused) -> Response:
        problems = tuple(said(problem, gettext) for problem in error.problems)
        return told(422, gettext("Not accepted"), said(error, gettext), problems)

    @app.errorhandler(LianfangError)
    def not_possible(error: Exception) -> Response:
        log.warning("refused", reason=str(error))
        return told(409, gettext("Not possible now"), said(error, gettext))

    @app.errorhandler(DataError)
    @app.errorhandler(psycopg.DataError)
    def no_such_value(error: DataError | psycopg.DataError) -> Response:
        # A number beyond 64 bits or a NUL in an address or a form: nothing is stored under such a name.
        # What COPY writes goes past SQLAlchemy.
        log.warning("refused", reason=str(error.orig if isinstance(error, DataError) else error))
        return told(
            422,
            gettext("Not accepted"),
            gettext("The address or the form holds a number or a sign that cannot be stored; correct it."),
        )

    @app.errorhandler(OperationalError)
    @app.errorhandler(InterfaceError)
    def away(error: OperationalError | InterfaceError) -> Response:
        log.error("database away", reason=str(error.orig))
        g.database_away = True
        # Flask-Login gives every template its user: without this the error page would ask the database.
        g._login_user = AnonymousUserMixin()
        return told(
            503,
            gettext("The database does not answer"),
            gettext("Try again in a moment; `lianfang doctor` on the server says what is wrong."),
        )

    @app.errorhandler(CSRFError)
    def forged(error: CSRFError) -> Response:
        return told(
            400,
            gettext("The form is too old"),
            gettext("Load the page again and repeat what you did; nothing was changed."),
        )

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        code = error.code or 500
        titles = {
            403: (
                gettext("Not for your account"),
                gettext("Your account may not do this; an administrator can grant the right."),
            ),
            404: (
                gettext("Not found"),
                gettext("There is nothing at this address, or not for your account."),
            ),
            405: (gettext("Not allowed"), gettext("This address does not take this kind of request.")),
            413: (
                gettext("Too large"),
                gettext(
                    "This address takes up to %(most)s MB in one request; hand in a smaller file, or an "
                    "extract of what you need.",
                    most=(request.max_content_length or 0) // 1024**2,
                ),
            ),
            429: (gettext("Too many attempts"), gettext("Wait a minute and try again.")),
        }
        title, sentence = titles.get(
            code, (gettext("Not possible"), gettext("The request could not be answered."))
        )
        return told(code, title, sentence)

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        log.exception("failed", path=request.path)
        return told(
            500,
            gettext("Something went wrong"),
            gettext("It was written down under number %(number)s.", number=g.request_id),
        )
