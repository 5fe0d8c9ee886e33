"""What people get of a plan, by the name of the file: for pages, for the command line, for packs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from geo.errors import LianfangError, Sentence
from geo.services import current_site
from patrols.repository import of_plan
from patrols.tables import Plan
from web.duty.calendar import calendar
from web.duty.content import Duty, Team
from web.duty.gpx import gpx, gpx_by_team
from web.duty.making import duty_of
from web.duty.picture import plan_picture
from web.duty.sheets import duty_sheets
from web.duty.tables import geojson, write_routes
from web.duty.text import plan_text
from web.duty.workbook import workbook
from web.exports import check_ending, complete
from web.i18n import N_, Translator

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HOME = "http://127.0.0.1:8000"
"""The server's address where nobody says another (`lianfang serve`)."""


@dataclass(frozen=True)
class Paper:
    """One thing that is handed out of a whole plan.

    Parameters
    ----------
    title : str
        Marked for translation.
    mimetype : str
    made : callable
        From what may be handed out, in a language, with the server's address.
    """

    title: str
    mimetype: str
    made: Callable[[Duty, Translator, str], bytes]


PAPERS: dict[str, Paper] = {
    ".pdf": Paper(
        N_("Duty sheets, a page a team"),
        "application/pdf",
        lambda duty, t, home: duty_sheets(duty, t, home=home),
    ),
    ".png": Paper(N_("One tall picture"), "image/png", lambda duty, t, home: plan_picture(duty, t)),
    ".txt": Paper(
        N_("Text for a chat group"),
        "text/plain",
        lambda duty, t, home: f"{plan_text(duty, t)}\n".encode(),
    ),
    ".xlsx": Paper(N_("Excel workbook"), XLSX, lambda duty, t, home: workbook(duty, t)),
    ".ics": Paper(
        N_("Shifts for a calendar"), "text/calendar", lambda duty, t, home: calendar(duty, t, home=home)
    ),
    ".zip": Paper(
        N_("Routes for phones, a GPX file a team"),
        "application/zip",
        lambda duty, t, home: gpx_by_team(duty, t),
    ),
    ".gpx": Paper(
        N_("All routes in one GPX file"), "application/gpx+xml", lambda duty, t, home: gpx(duty, t)
    ),
    ".geojson": Paper("GeoJSON", "application/geo+json", lambda duty, t, home: geojson(duty)),
}
"""Of a whole plan, by the file's ending."""

TEAM_PAPERS: dict[str, tuple[str, Callable[[Duty, Team, Translator, str], bytes]]] = {
    ".pdf": (
        "application/pdf",
        lambda duty, team, t, home: duty_sheets(duty, t, home=home, teams=[team]),
    ),
    ".gpx": ("application/gpx+xml", lambda duty, team, t, home: gpx(duty, t, [team])),
    ".ics": (
        "text/calendar",
        lambda duty, team, t, home: calendar(duty, t, home=home, teams=[team]),
    ),
}
"""(mimetype, maker) of what one team takes along, by the file's ending."""

TABLE_ENDINGS = (".gpkg", ".csv")
PLAN_ENDINGS = (".json", *PAPERS, *TABLE_ENDINGS)


def write_plan(
    session: Session, plan_id: int, path: Path, t: Translator | None = None, *, home: str = HOME
) -> None:
    """Write a plan by the ending of `path`; LianfangError for another ending or an unknown plan.

    No file but the `.json` holds a camera, a gap, a cause or a prize. That one is the plan format: for
    checking a plan, not for handing out. A file that was there is replaced only by a complete one.

    Parameters
    ----------
    session : Session
    plan_id : int
    path : Path
    t : Translator, optional
        Chinese in the site's time zone without.
    home : str
        Address of the server, for codes and links.
    """
    check_ending(path, PLAN_ENDINGS)
    stored = session.get(Plan, plan_id)
    plan = of_plan.plan(session, plan_id)
    if stored is None or plan is None:
        raise LianfangError(Sentence("plan %(plan)s is not stored", plan=plan_id))
    ending = path.suffix.lower()
    if ending == ".json":
        content = json.dumps(stored.document, ensure_ascii=False, allow_nan=False).encode("utf8")
    else:
        words = t or Translator("zh", ZoneInfo(current_site(session).timezone))
        duty = duty_of(session, plan, words)
        if ending in TABLE_ENDINGS:
            write_routes(duty, path)
            return
        content = PAPERS[ending].made(duty, words, home)
    with complete(path) as unfinished:
        unfinished.write_bytes(content)
