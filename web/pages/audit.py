"""The audit log: who looked at, exported, changed what."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, unquote_plus, urlencode, urlsplit

from flask import Blueprint
from sqlalchemy import text
from werkzeug.wrappers import Response

from geo.scope import Scope
from web.access import Action, Role, needs
from web.access.roles import ACTION_TITLES, ROLE_TITLES
from web.i18n import N_, Translator
from web.maps.words import LEVELS
from web.requests import access, db, scope, translator
from web.settings import BY_NAME
from web.tabular import Column, TableSpec
from web.tabular.view import table_view

bp = Blueprint("audit", __name__)

EVENTS = {
    "sign-in": N_("signed in"),
    "sign-in refused": N_("sign-in refused"),
    "sign-out": N_("signed out"),
    "view": N_("looked at"),
    "search": N_("searched"),
    "export": N_("exported"),
    "add": N_("added"),
    "change": N_("changed"),
    "remove": N_("removed"),
    "run": N_("started"),
    "undo": N_("undid"),
    "cancel": N_("cancelled"),
    "approve": N_("approved"),
    "publish": N_("published"),
    "propose": N_("proposed"),
    "accept": N_("accepted"),
    "reject": N_("rejected"),
    "sign": N_("signed"),
    "withdraw": N_("withdrew"),
    "replace": N_("put in place of another"),
    "grant": N_("gave a role"),
    "revoke": N_("took back"),
    "invite": N_("invited"),
    "enable": N_("enabled"),
    "disable": N_("disabled the account"),
}

SUBJECTS = {
    "account": N_("account"),
    "alert": N_("alert"),
    "analysis": N_("analysis"),
    "api": N_("API"),
    "browser": N_("browser"),
    "calendar": N_("calendar"),
    "assessed list": N_("assessed list"),
    "camera": N_("camera"),
    "camera audit": N_("Camera audit"),
    "check-ins of plan": N_("check-ins of plan"),
    "meeting places of zone": N_("meeting places of zone"),
    "demo": N_("demonstration"),
    "finding": N_("finding"),
    "findings": N_("findings"),
    "footage": N_("who saw the place"),
    "fixed duty": N_("fixed duty"),
    "frame day": N_("frames of the day"),
    "frames": N_("frames of the source"),
    "gap": N_("gap"),
    "holidays": N_("public holidays"),
    "import": N_("import"),
    "invitation": N_("invitation"),
    "job": N_("job"),
    "map": N_("Map"),
    "maintenance": N_("planned maintenance"),
    "local link": N_("link of this machine"),
    "own data": N_("own data"),
    "password": N_("password"),
    "plan": N_("plan"),
    "plan for zone": N_("plan for zone"),
    "recordings": N_("recordings of the source"),
    "report": N_("weekly report"),
    "result": N_("own data"),
    "roster": N_("roster"),
    "sample": N_("spot check"),
    "setting": N_("setting"),
    "siting": N_("proposal"),
    "source": N_("source of frames"),
    "table": N_("table"),
    "thresholds": N_("learnt thresholds"),
    "team": N_("team"),
    "token": N_("token"),
    "zone": N_("zone"),
}
"""First words of a subject that are said in the reader's language; the rest names the thing."""

PAGES = {
    "account": "accounts",
    "alert": "alerts",
    "calendar": "calendars",
    "camera": "cameras",
    "finding": "checks",
    "fixed duty": "fixed-duties",
    "gap": "gaps",
    "job": "jobs",
    "plan": "plans",
    "plan for zone": "zones",
    "report": "reports",
    "roster": "rosters",
    "sample": "samples",
    "siting": "siting",
    "zone": "zones",
}

PAGE_WORDS = {
    "accounts": N_("Accounts"),
    "alerts": N_("Usually watched, not now"),
    "analyses": N_("Analyses"),
    "audit": N_("Audit log"),
    "calendars": N_("Calendars"),
    "cameras": N_("Cameras"),
    "changes": N_("Changes to review"),
    "checks": N_("Camera audit"),
    "fixed-duties": N_("Fixed duties"),
    "footage": N_("Who saw this place?"),
    "gaps": N_("Gaps"),
    "map": N_("Map"),
    "map/lists/cameras": N_("Cameras on the map"),
    "map/lists/gaps": N_("Gaps on the map"),
    "plans": N_("Plans"),
    "reports": N_("Weekly reports"),
    "rosters": N_("Rosters"),
    "samples": N_("Spot checks"),
    "siting": N_("Proposed cameras"),
    "try/break": N_("Break a camera"),
    "try/re-aims": N_("Which turn helps most"),
    "try/turn": N_("Turn a camera"),
    "zones": N_("Zones"),
}
"""What the pages that are written down show, by how their address begins."""

DETAILS = {
    "police_leader": N_("police leader"),
    "swap": N_("swapped"),
    "account": N_("account"),
    "actions": N_("rights"),
    "analyses": N_("analyses"),
    "after": N_("now"),
    "again": N_("once more"),
    "before": N_("before"),
    "browsers": N_("browsers"),
    "by_hand": N_("changed by hand"),
    "cameras": N_("cameras"),
    "count": N_("how many"),
    "datum": N_("datum"),
    "days": N_("days it lasts"),
    "end": N_("until"),
    "field": N_("field"),
    "fields": N_("fields"),
    "file": N_("file"),
    "filters": N_("filters"),
    "format": N_("format"),
    "job": N_("job"),
    "dimension": N_("buildings in the way"),
    "keep_good": N_("good rows alone"),
    "kind": N_("kind"),
    "learnt": N_("learnt thresholds"),
    "level": N_("level of detail"),
    "month": N_("month"),
    "note": N_("note"),
    "reason": N_("reason"),
    "team": N_("team"),
    "threshold": N_("open below"),
    "re_aims": N_("Cameras to turn"),
    "role": N_("role"),
    "rows": N_("rows"),
    "scene": N_("scene"),
    "seconds": N_("seconds"),
    "seed": N_("seed"),
    "sha256": N_("Fingerprint (SHA-256)"),
    "slot_min": N_("slot (min)"),
    "start": N_("from"),
    "still": N_("picture of"),
    "title": N_("title"),
    "unit": N_("maintenance unit"),
    "value": N_("value"),
    "villages": N_("villages"),
    "no_team": N_("has no team"),
    "place": N_("place"),
    "plan": N_("plan"),
    "struck": N_("struck"),
    "village": N_("village"),
    "what": N_("what"),
    "words": N_("searched for"),
    "zone": N_("zone"),
}

_ENTRIES = """
    SELECT e.id, e.at, e.account_name AS person, e.event, e.subject, e.jurisdiction_path AS path, e.peer,
           CASE WHEN e.jurisdiction_path IS NULL THEN CAST(:everywhere AS text)
                WHEN j.id IS NULL THEN CAST(e.jurisdiction_path AS text)
                WHEN :chinese THEN j.name ELSE COALESCE(NULLIF(j.name_en, ''), j.name) END AS place,
           (SELECT string_agg(key || ': ' || value, '; ' ORDER BY key)
            FROM jsonb_each_text(e.detail)) AS detail,
           e.detail AS details
    FROM audit_entry e LEFT JOIN jurisdiction j ON j.path = e.jurisdiction_path
    WHERE (:whole OR e.jurisdiction_path <@ ANY (CAST(:paths AS ltree[]))) IS TRUE"""

ENTRIES = TableSpec(
    "audit",
    (
        Column("at", N_("When"), "moment", filter="period"),
        Column("person", N_("Who"), filter="contains", search=True),
        Column("event", N_("What was done"), "choice", filter="choice", words=EVENTS),
        Column("subject", N_("To what"), filter="contains", search=True),
        Column("place", N_("Jurisdiction")),
        Column("detail", N_("Details"), sortable=False, search=True),
        Column("peer", N_("From address"), "code", filter="equals"),
    ),
    source=_ENTRIES,
    default_sort="-at",
    path="path",
    extra=("details",),
)


@bp.get("/audit")
@needs(Action.AUDIT_READ)
def page() -> Response:
    """All entries that somebody may see."""
    t = translator()
    return table_view(
        ENTRIES,
        "audit/list.html",
        parameters=_parameters(scope(), t),
        everywhere=scope().everywhere,
        **words(t),
    )


def last_deeds(account_id: int, count: int) -> list[Mapping[str, Any]]:
    """What an account did last, as far as whoever asks may read the log."""
    within = access().scope(Action.AUDIT_READ)
    rows = db(Action.AUDIT_READ).execute(
        text(f"{_ENTRIES} AND e.account_id = :account ORDER BY e.at DESC, e.id DESC LIMIT :count"),
        {**_parameters(within, translator()), "account": account_id, "count": count},
    )
    return [dict(row) for row in rows.mappings()]


def words(t: Translator) -> dict[str, Any]:
    """What a template needs to say an entry in words."""
    return {
        "event_words": {key: t(said) for key, said in EVENTS.items()},
        "subject_words": lambda subject: subject_words(subject, t),
        "subject_href": subject_href,
        "detail_words": lambda detail: detail_words(detail, t),
    }


def subject_words(subject: str, t: Translator) -> str:
    """A subject with its kind in words; a setting by its title, a page by what it shows."""
    if subject in SUBJECTS:
        return t(SUBJECTS[subject])
    if _is_address(subject):
        return _page_words(subject, t)
    kind, rest = _known_start(subject, " ", SUBJECTS)
    if kind == "setting" and rest in BY_NAME:
        return f"{t(SUBJECTS[kind])} {t(BY_NAME[rest].title)}"
    return f"{t(SUBJECTS[kind])} {rest}".strip() if kind else subject


def _known_start(said: str, between: str, known: Collection[str]) -> tuple[str, str]:
    """The longest of the known beginnings, of whole words, and what follows it; ("", said) without one."""
    fitting = [one for one in known if said == one or said.startswith(one + between)]
    start = max(fitting, key=len, default="")
    return start, said.removeprefix(start).removeprefix(between)


def _page_words(address: str, t: Translator) -> str:
    parts = urlsplit(address)
    path = parts.path.strip("/")
    first, rest = _known_start(path, "/", PAGE_WORDS)
    asked = urlencode([(name, value) for name, value in parse_qsl(parts.query) if name != "lang"])
    said = [t(PAGE_WORDS[first]), unquote(rest)] if first else [f"/{unquote(path)}"]
    return " ".join([*filter(None, said), *([f"?{unquote_plus(asked)}"] if asked else [])])


def subject_href(subject: str) -> str:
    """Where the thing can be looked at; an empty text where there is no such page."""
    if _is_address(subject):
        # A list of the map is a piece of that page.
        return "/map" if subject.startswith("/map/lists/") else subject
    kind, rest = _known_start(subject, " ", SUBJECTS)
    return f"/{PAGES[kind]}/{quote(rest, safe='')}" if kind in PAGES and rest else ""


def _is_address(subject: str) -> bool:
    return subject.startswith("/") and not subject.startswith("//")


def detail_words(detail: Mapping[str, Any], t: Translator) -> list[tuple[str, str]]:
    """Details as (what, value), as far as there are words for them."""
    return [
        (t(DETAILS[key]) if key in DETAILS else key, _value_words(key, value, t))
        for key, value in detail.items()
        if value not in (None, "", {}, [])
    ]


def _value_words(key: str, value: Any, t: Translator) -> str:
    if key == "role" and value in {role.value for role in Role}:
        return t(ROLE_TITLES[Role(value)])
    if isinstance(value, bool):
        return t("yes") if value else t("no")
    if key == "level" and value in LEVELS:
        return t(LEVELS[value][0])
    if isinstance(value, Mapping):
        return t.joined([f"{name} {one}" for name, one in value.items()])
    if isinstance(value, list):
        known = {action.value: said for action, said in ACTION_TITLES.items()}
        return t.joined([t(known[one]) if key == "actions" and one in known else str(one) for one in value])
    return str(value)


def _parameters(within: Scope, t: Translator) -> dict[str, Any]:
    return {
        "whole": within.everywhere,
        "paths": list(within.paths),
        "chinese": t.lang == "zh",
        "everywhere": t(N_("the whole site")),
    }
