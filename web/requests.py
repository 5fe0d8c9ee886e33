"""What a view may use of its request: the database session, whoever asks, the audit log, the page frame.

The rule of the view decides the scope of its session (`web.access`). The session is one transaction:
committed after the view has answered with success, rolled back otherwise.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import Response, current_app, g, make_response, render_template, request
from flask_login import current_user
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo import repository
from geo.db import session_factory, transaction
from geo.scope import NOWHERE, WHOLE_SITE, Scope
from geo.tables import Site
from web import i18n
from web.access import Access, Action, Person
from web.basemap.address import basemap_origins
from web.i18n import Translator
from web.tables import AuditEntry

EXTENSION = "lianfang"
DEFAULT_ZONE = "Asia/Shanghai"


@dataclass(frozen=True, eq=False)
class Server:
    """What the app was made with.

    Parameters
    ----------
    engine : Engine
        Of the program's role.
    folder : Path
        Where the program keeps what it makes for itself.
    public_url : str or None
        The https address people come in by; None answers this machine only.
    """

    engine: Engine
    folder: Path
    public_url: str | None = None


def server() -> Server:
    """What this app was made with."""
    return cast(Server, current_app.extensions[EXTENSION])


def db(action: Action | None = None) -> Session:
    """This request's session, in the scope of the action that its view needs.

    Parameters
    ----------
    action : Action, optional
        Where a page shows things that need different rights: a further session, to read from, in the scope of
        this one. It is rolled back at the end.
    """
    if "sessions" not in g:
        g.sessions = {}
    if action not in g.sessions:
        where = scope() if action is None else access().scope(action)
        g.sessions[action] = session_factory(server().engine, scope=where)()
    return cast(Session, g.sessions[action])


def close_sessions() -> None:
    """Roll back what was not committed, and give the connections back."""
    for session in g.pop("sessions", {}).values():
        session.close()


def scope() -> Scope:
    """Where the action of this view is allowed to whoever asks."""
    return cast(Scope, g.get("scope", NOWHERE))


def signed_in() -> bool:
    """Whether this request comes from somebody."""
    # Who asks stands in the database: the page that tells of its absence cannot know.
    return not g.get("database_away") and bool(current_user.is_authenticated)


def access() -> Access:
    """What whoever asks may do; only behind a rule that needs somebody."""
    return cast(Access, current_user.access)


def may(action: Action | str) -> bool:
    """Whether whoever asks may do `action` anywhere; False for nobody."""
    return signed_in() and access().may(Action(action))


def site() -> Site | None:
    """The site, or None before anything was imported. Its name is no secret: the sign-in page shows it."""
    if g.get("database_away"):
        return None
    if "site" not in g and scope():
        g.site = repository.site(db())
    elif "site" not in g:
        with transaction(server().engine, scope=WHOLE_SITE) as session:
            g.site = repository.site(session)
    return cast("Site | None", g.site)


def translator() -> Translator:
    """Texts, numbers and times in the reader's language and the site's time zone."""
    there = site()
    return Translator(i18n.negotiated(request), ZoneInfo(there.timezone if there else DEFAULT_ZONE))


def nonce() -> str:
    """The mark of scripts that this page may run; asking for it allows it in the page's policy."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return cast(str, g.nonce)


def audit(
    event: str, subject: str, *, path: str | None = None, who: Person | None = None, **detail: Any
) -> None:
    """Write down who did what; stored together with what was done.

    Parameters
    ----------
    event : str
        A short verb: sign-in, view, export, add, change, remove, run, publish, …
    subject : str
        What it was done to, such as ``camera 44051300001310000001``.
    path : str, optional
        The jurisdiction it belongs to; else the deepest one that holds all of where whoever asks may do what
        they did, so that it is read in the places it concerns. None then is the whole site.
    who : Person, optional
        Where nobody is signed in yet; else whoever asks.
    **detail
        What a later reader wants to know; never a password or a key.
    """
    person = who or (access().account if signed_in() else None)
    # What a view writes down itself needs no general entry (`web.looking`).
    g.audited = True
    db().add(
        AuditEntry(
            account_id=person.id if person else None,
            account_name=person.name if person else "",
            event=event,
            subject=subject,
            jurisdiction_path=path if path is not None else scope().root,
            detail=detail,
            peer=request.remote_addr or "",
        )
    )


def render(template: str, *, status: int = 200, **context: Any) -> Response:
    """A page in the common frame, or a piece of one; `context` goes to the template."""
    response = make_response(render_template(template, **frame(), **context), status)
    response.headers["Vary"] = "Accept-Language, Cookie, HX-Request"
    return response


def frame() -> dict[str, Any]:
    """What the common frame of pages shows: language, site, account, rights."""
    there = site()
    if may(Action.MAP_VIEW):
        # Small maps may ask an intranet's base map, where an administrator has set one.
        g.origins = basemap_origins(db())
    lang = i18n.negotiated(request)
    return {
        "lang": lang,
        "languages": i18n.LANGUAGE_NAMES,
        "nonce": nonce(),
        "policy": None,
        "account": access().account if signed_in() else None,
        "may": may,
        "site": there,
        "basemap": "/basemap/current.json" if may(Action.MAP_VIEW) else None,
        "site_name": "" if there is None else (there.name if lang == "zh" else there.name_en or there.name),
        "t": translator(),
        "styles": [],
        "scripts": [],
    }
