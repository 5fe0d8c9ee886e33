"""What changes in the middle of a shift as a text for a chat group, for the teams concerned alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from web.duty.content import Duty
from web.duty.text import team_lines
from web.i18n import N_, Translator


def change_text(duty: Duty, concerned: Mapping[str, str], now: datetime, t: Translator) -> str:
    """The new routes of the teams concerned, without markup; "" where nobody is.

    Parameters
    ----------
    duty : Duty
        Of the plan that goes on.
    concerned : mapping of team code to name
    now : datetime
        Since when it goes on.
    """
    if not concerned:
        return ""
    head = [t(N_("Change of the patrol of %(zone)s from %(time)s on"), zone=duty.zone, time=t.clock(now))]
    if duty.draft:
        head.append(t(N_("DRAFT: not published, not to be walked by")))
    head.append(
        t(N_("Only for: %(teams)s. All others go on as before."), teams=t.joined(list(concerned.values())))
    )
    routes = {team.code: team for team in duty.teams}
    parts = ["\n".join(head)]
    for code, name in concerned.items():
        if code in routes and routes[code].visits:
            parts.append("\n".join(team_lines(duty, routes[code], t)))
        else:
            parts.append(t(N_("%(team)s: nothing more to visit"), team=name))
    return "\n\n".join(parts)
